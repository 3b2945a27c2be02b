"""High-frequency error norm."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from mridiff.errors import DataError

from .magnitudes import magnitudes, mean_over

SIZE, SIGMA = 15, 1.5


def hfen(estimate: Tensor, reference: Tensor, *, region: Tensor | None = None) -> Tensor:
    """||LoG(x - truth)|| / ||LoG(truth)|| of magnitudes (sample, ..., y, x), per sample, over `region` if there is one.

    LoG is a 15 x 15 Laplacian of a Gaussian of 1.5 pixels (Ravishankar and Bresler, IEEE Trans. Med. Imaging 30, 2011), summing to
    zero; images are continued by reflection. Raises DataError for images too small to reflect.
    """
    x, truth = magnitudes(estimate, reference)
    if x.ndim < 3 or min(x.shape[-2:]) <= SIZE // 2:
        raise DataError(f"HFEN needs images (sample, ..., y, x) of more than {SIZE // 2} pixels a side, got {tuple(x.shape)}")
    return (mean_over(_log(x - truth) ** 2, region) / mean_over(_log(truth) ** 2, region)).sqrt()


def _log(x: Tensor) -> Tensor:
    r = torch.arange(SIZE, dtype=torch.float64, device=x.device) - SIZE // 2
    squared = r[:, None] ** 2 + r**2
    bell = torch.exp(-squared / (2 * SIGMA**2))
    kernel = bell / bell.sum() * (squared - 2 * SIGMA**2) / SIGMA**4
    kernel = kernel - kernel.mean()
    planes = functional.pad(x.reshape(-1, 1, *x.shape[-2:]), (SIZE // 2,) * 4, mode="reflect")
    return functional.conv2d(planes, kernel.to(x.dtype)[None, None]).reshape(x.shape)

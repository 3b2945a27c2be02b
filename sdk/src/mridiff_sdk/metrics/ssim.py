"""Structural similarity."""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional

from mridiff.errors import DataError

from .magnitudes import data_range_of, magnitudes, mean_over

WINDOW = 7
K1, K2 = 0.01, 0.03


def ssim(estimate: Tensor, reference: Tensor, *, data_range: float | Tensor | None = None, region: Tensor | None = None) -> Tensor:
    """Structural similarity of magnitudes (sample, ..., y, x), per sample; 1 for equal images.

    The mean of `ssim_map` over all windows that lie inside the image or, with a `region` (1 or sample, ..., y, x), over those whose
    centre is in it. The range is the maximum of the reference over all axes but sample unless given: that of the volume, as fastMRI
    has it, where a sample is a volume (1, z, y, x).
    """
    values = ssim_map(estimate, reference, data_range=data_range)
    edge = WINDOW // 2
    return mean_over(values, None if region is None else region[..., edge:-edge, edge:-edge])


def ssim_map(estimate: Tensor, reference: Tensor, *, data_range: float | Tensor | None = None) -> Tensor:
    """Structural similarity around each pixel, (sample, ..., y - 6, x - 6): only windows inside the image.

    Wang et al., IEEE Trans. Image Process. 13, 2004, with a uniform 7 x 7 window over y and x, k1 = 0.01, k2 = 0.03 and unbiased
    (co)variances. Raises DataError for images smaller than the window.
    """
    x, truth = magnitudes(estimate, reference)
    if x.ndim < 3 or min(x.shape[-2:]) < WINDOW:
        raise DataError(f"SSIM needs images (sample, ..., y, x) of at least {WINDOW} x {WINDOW}, got {tuple(x.shape)}")
    peak = data_range_of(truth, data_range).reshape(-1, *(1,) * (x.ndim - 1))
    c1, c2 = (K1 * peak) ** 2, (K2 * peak) ** 2
    unbiased = WINDOW**2 / (WINDOW**2 - 1)
    # variances do not change with an offset, and without the mean they lose fewer digits
    offset = truth.flatten(1).mean(1).reshape(peak.shape)
    a, b = x - offset, truth - offset
    mean_a, mean_b = _window_mean(a), _window_mean(b)
    var_a = unbiased * (_window_mean(a * a) - mean_a**2)
    var_b = unbiased * (_window_mean(b * b) - mean_b**2)
    covariance = unbiased * (_window_mean(a * b) - mean_a * mean_b)
    mean_x, mean_truth = mean_a + offset, mean_b + offset
    luminance = (2 * mean_x * mean_truth + c1) / (mean_x**2 + mean_truth**2 + c1)
    return luminance * (2 * covariance + c2) / (var_a + var_b + c2)


def _window_mean(x: Tensor) -> Tensor:
    planes = x.reshape(-1, 1, *x.shape[-2:])
    means = functional.avg_pool2d(planes, WINDOW, stride=1)
    return means.reshape(*x.shape[:-2], *means.shape[-2:])

"""Blur and downsampling with an unknown kernel: y = (k * x) at every n-th pixel."""

from __future__ import annotations

from collections.abc import Mapping
from math import log
from typing import Annotated, Self

import torch
from annotated_types import Ge, Gt
from torch import Tensor
from torch.nn import functional

from mridiff.errors import DataError
from mridiff.interfaces import LinearOperator, Measured, Nuisance, ParametricOperator, Space, single
from mridiff_sdk.fourier import fft, ifft

__all__ = ["BlurDownsample"]


class BlurDownsample(ParametricOperator):
    """y = D (k * x): x, complex (sample, y, x), convolved with phi["kernel"], real (sample, y, x), and kept at every `factor`-th pixel.

    The convolution is periodic and the middle n // 2 of y lies on that of x. A kernel has odd sides, no negative values and the sum 1;
    its shift cannot be told from that of the image and is left as it is. `start`, real (1, y, x), is where an estimate begins.
    Raises DataError for a kernel of another kind or larger than the image. Source: Liu et al., Blind image super-resolution, IEEE TPAMI
    45, 2023.
    """

    def __init__(self, sizes: tuple[int, int], factor: int, start: Tensor) -> None:
        super().__init__()
        image = (factor * sizes[0], factor * sizes[1])
        if start.is_complex() or start.ndim != 3 or any(n % 2 == 0 or n > m for n, m in zip(start.shape[1:], image, strict=True)):
            raise DataError(f"a kernel {start.dtype} of shape {tuple(start.shape)} does not fit an image of {image} pixels",
                            hint="Give a real kernel (1, y, x) with odd sides, no larger than the image.")  # fmt: skip
        self.factor = factor
        self.domain, self.codomain = Space(("y", "x"), image), Space(("y", "x"), sizes)
        space = Space(("y", "x"), tuple(start.shape[1:]), complex=False, kind="kernel")
        self.nuisance = {"kernel": Nuisance(space, summing_to_one(start), "", 1.0 / start[0].numel(), summing_to_one)}

    @classmethod
    def for_scan(cls, measured: Measured, *, factor: Annotated[int, Ge(1), "pixels of a side of x for one of y"] = 2,
                 side: Annotated[int, Ge(1), "pixels of x along a side of the kernel, odd"] = 7,
                 fwhm: Annotated[float, Gt(0), "full width at half maximum of the Gaussian to begin with, in pixels of x"] = 2.5,
                 ) -> Self:  # fmt: skip
        """The operator of a scan whose y is an image (sample, y, x); `kernel`, where the scan tells it, is where an estimate begins."""
        y, told = measured.y, measured.acquisition.get("kernel")
        if isinstance(y, tuple) or y is None or y.ndim != 3:
            raise DataError("a blurred image is (sample, y, x)", hint="Combine coils first.")
        return cls((y.shape[1], y.shape[2]), factor, gaussian(side, fwhm, y.real.dtype)[None] if told is None else told.data)

    def at(self, phi: Mapping[str, Tensor]) -> LinearOperator:
        """The operator with the kernel phi["kernel"] (1 or sample, y, x)."""
        return Blurred(self.domain, single(self.codomain), phi["kernel"], self.factor)


class Blurred(LinearOperator):
    """y = D (k * x) with a known kernel, which autograd reaches."""

    K: Tensor

    def __init__(self, domain: Space, codomain: Space, kernel: Tensor, factor: int) -> None:
        super().__init__()
        self.domain, self.codomain, self.factor = domain, codomain, factor
        sides = zip(reversed(kernel.shape[1:]), reversed(domain.shape), strict=True)
        pads = [p for n, m in sides for p in (m // 2 - n // 2, m - n - m // 2 + n // 2)]
        size = torch.Size(domain.shape).numel() ** 0.5
        self.register_buffer("K", size * fft(functional.pad(kernel, pads).to(kernel.dtype.to_complex())))
        # Where the middle of y lies: the first pixel that is kept, along each axis.
        self.first = tuple(m // 2 - factor * (n // 2) for m, n in zip(domain.shape, codomain.shape, strict=True))

    def forward(self, x: Tensor) -> Tensor:
        """x (sample, y, x) to the coarser y (sample, y, x)."""
        return ifft(self.K * fft(x))[:, self.first[0] :: self.factor, self.first[1] :: self.factor]

    def adjoint(self, y: Tensor) -> Tensor:
        """y (sample, y, x) to x (sample, y, x)."""
        f, (a, b) = self.factor, self.first
        spaced = functional.pad(y[:, :, None, :, None], (b, f - 1 - b, 0, 0, a, f - 1 - a)).flatten(3, 4).flatten(1, 2)
        return ifft(self.K.conj() * fft(spaced))


def gaussian(side: int, fwhm: float, precision: torch.dtype) -> Tensor:
    """A Gaussian (side, side) with its maximum in the middle."""
    i = torch.arange(side, dtype=precision) - side // 2
    line = torch.exp(-4 * log(2) * (i / fwhm) ** 2)
    return line[:, None] * line


def summing_to_one(kernel: Tensor) -> Tensor:
    """The kernel (sample, y, x) without negative values, divided by its sum; a point where nothing is left."""
    kept = kernel.clamp_min(0)
    total = kept.sum((-2, -1), keepdim=True)
    point = torch.zeros_like(kept)
    point[..., kept.shape[-2] // 2, kept.shape[-1] // 2] = 1
    return torch.where(total > 0, kept / torch.where(total > 0, total, torch.ones_like(total)), point)

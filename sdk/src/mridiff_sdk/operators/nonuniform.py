"""Non-uniform Fourier: an image at any places of k-space, with a normal operator that transforms on a grid."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from mridiff.errors import DataError
from mridiff.interfaces import LinearOperator, Space

from ..nufft import density, nufft, nufft_adjoint
from .linear import linear

Each = Callable[[Tensor, Tensor], Tensor]

BLOCK = 640 * 1024
"""Bytes of the images that are convolved at a time: a few of them fit into a processor's cache."""


class NonUniformFourier(LinearOperator):
    """y(k) = F x, x complex (sample, *domain) transformed along its last `axes`, which become (shot, readout).

    `trajectory` holds the places k, real (1 or sample, *frames, shot, readout, channel) in cycles per field of view, channels in the order
    of `axes`; along the axes `frames` of the domain each has its own. Where k lies on the grid this is `Fourier`. A^H A is a convolution
    with the point spread, on a grid twice as large (Fessler et al., IEEE Trans. Signal Process. 53, 2005). `weights` (1 or sample,
    *frames, shot, readout) are the areas of k-space that samples stand for, 1 on the grid; `density` finds them where they are not given.
    They serve the gridded image, `rough`, alone. Raises DataError for a trajectory that does not fit.
    """

    rough_name = "gridded"
    codomain: Space
    trajectory: Tensor
    weights: Tensor | None
    spread: Tensor

    def __init__(self, domain: Space, trajectory: Tensor, axes: tuple[str, ...] = ("y", "x"), frames: tuple[str, ...] = (),
                 weights: Tensor | None = None) -> None:  # fmt: skip
        super().__init__()
        batch = domain.axes[: -len(axes)]
        if not domain.complex or domain.axes[len(batch) :] != axes or not set(frames) <= set(batch):
            raise ValueError(f"cannot transform {domain} along {', '.join(axes)} with frames {', '.join(frames) or 'none'}: it takes "
                             "complex numbers, and the axes last")  # fmt: skip
        size = domain.shape[len(batch) :]
        self._check(trajectory, size, tuple(domain.shape[domain.axes.index(a)] for a in frames), frames)
        self.frames = tuple(1 + batch.index(a) for a in frames)
        self.size = size
        self.domain = domain
        self.codomain = replace(domain, axes=(*batch, "shot", "readout"), sizes=(*domain.shape[: len(batch)], *trajectory.shape[-3:-1]),
                                kind="k-space")  # fmt: skip
        k = trajectory.reshape(-1, *trajectory.shape[-3:])
        lead = trajectory.shape[:-3]
        spreads = torch.stack([_transfer(one, size) for one in k]).to(trajectory.dtype)
        self.register_buffer("trajectory", trajectory)
        self.register_buffer("weights", weights)
        self.register_buffer("spread", spreads.reshape(*lead, *spreads.shape[1:]))

    @staticmethod
    def _check(k: Tensor, size: tuple[int, ...], counts: tuple[int, ...], frames: tuple[str, ...]) -> None:
        """Raise DataError, with all that is wrong with a trajectory for an image of a size."""
        shape = f"(1 or sample, {''.join(f'{a}={n}, ' for a, n in zip(frames, counts, strict=True))}shot, readout, channel={len(size)})"
        if k.ndim != len(counts) + 4 or k.is_complex() or k.shape[-1] != len(size) or tuple(k.shape[1:-3]) != counts:
            raise DataError(f"the trajectory is {k.dtype} of shape {tuple(k.shape)}; expected real {shape}",
                            hint="Give places in cycles per field of view, their channels in the order of the image axes.")  # fmt: skip
        reach = [float(k[..., d].abs().max()) for d in range(len(size))]
        if any(r > n / 2 + 0.5 for r, n in zip(reach, size, strict=True)):
            raise DataError(f"the trajectory reaches {', '.join(f'{r:.4g}' for r in reach)} cycles per field of view, where an image of "
                            f"{' x '.join(map(str, size))} pixels holds half as many as pixels",
                            hint="Give it in cycles per field of view, or maps of a finer grid.")  # fmt: skip

    def forward(self, x: Tensor) -> Tensor:
        """F x."""
        return linear(x, self._there, self._back)

    def adjoint(self, y: Tensor) -> Tensor:
        """F^H y."""
        return linear(y, self._back, self._there)

    def normal(self, x: Tensor) -> Tensor:
        """F^H F x: a convolution."""
        return linear(x, self._convolved, self._convolved)

    def rough(self, y: Any) -> Tensor:
        """F^H W y with the density weights W: gridding."""
        if self.weights is None:  # it takes a while, and depends on the trajectory alone
            k = self.trajectory.reshape(-1, *self.trajectory.shape[-3:])
            self.weights = torch.stack([density(one, self.size) for one in k]).reshape(self.trajectory.shape[:-1])
        w = self.weights
        for dim in range(1, y.ndim - 2):
            w = w if dim in self.frames else w.unsqueeze(dim)
        return self.H(w * y)  # type: ignore[no-any-return]

    def _there(self, x: Tensor) -> Tensor:
        return self._each(nufft, x, self.trajectory, 3, len(self.size))

    def _back(self, y: Tensor) -> Tensor:
        return self._each(lambda one, k: nufft_adjoint(one, k, self.size), y, self.trajectory, 3, 2)

    def _convolved(self, x: Tensor) -> Tensor:
        return self._each(convolve, x, self.spread, len(self.size), len(self.size))

    def _each(self, apply: Each, x: Tensor, given: Tensor, own: int, last: int) -> Tensor:
        """`apply` to x (sample, *batch, ...) with `last` axes after the batch: one frame after the other, all else at once.

        Samples too, where each has places of its own.
        """
        first = len(self.frames) + 1
        if len(given) == 1 and not self.frames:
            made = apply(x.reshape(-1, *x.shape[x.ndim - last :]), given[0])
            return made.reshape(*x.shape[: x.ndim - last], *made.shape[1:])
        x = x.expand(max(len(x), len(given)), *x.shape[1:]).movedim(self.frames, tuple(range(1, first)))
        lead, rest = x.shape[:first], x.shape[first : x.ndim - last]
        given = given.expand(*lead, *given.shape[-own:]).flatten(0, first - 1)
        made = torch.stack([apply(one.reshape(-1, *one.shape[-last:]), g) for one, g in zip(x.flatten(0, first - 1), given, strict=True)])
        return made.reshape(*lead, *rest, *made.shape[2:]).movedim(tuple(range(1, first)), self.frames)


def convolve(x: Tensor, transfer: Tensor) -> Tensor:
    """F^H F x of images (batch, *image), by the real transfer function of `_transfer`: a few at a time, so that little memory is needed.

    Axis by axis, from the outermost in and back out: so what is zero, or cut away after, is not transformed.
    """
    out = torch.empty_like(x, memory_format=torch.contiguous_format)
    few, rank = max(1, BLOCK // (transfer.numel() * x.element_size())), transfer.ndim
    for images, made in zip(x.split(few), out.split(few), strict=True):
        z = images
        for d in range(-rank, 0):
            z = torch.fft.fft(z, n=transfer.shape[d], dim=d)
        z *= transfer
        for d in range(-1, -1 - rank, -1):
            z = torch.fft.ifft(z, dim=d).narrow(d, 0, images.shape[d])
        made.copy_(z)
    return out


def _transfer(k: Tensor, size: tuple[int, ...]) -> Tensor:
    """The transform of the point spread, real, on the smallest good grid that holds all differences of two pixels of an image."""
    from scipy.fft import next_fast_len  # seconds to import, and every operator of the shelf is imported with this one

    wide = [2 * n - 1 for n in size]
    finer = torch.tensor([m / n for m, n in zip(wide, size, strict=True)], dtype=torch.float64, device=k.device)
    ones = torch.ones(1, *k.shape[:-1], dtype=torch.complex128, device=k.device)
    spread = nufft_adjoint(ones, finer * k, wide)[0] * (math.sqrt(math.prod(wide)) / math.prod(size))
    grid = [int(next_fast_len(n)) for n in wide]
    spread = torch.nn.functional.pad(spread, [p for n, m in zip(reversed(wide), reversed(grid), strict=True) for p in (0, m - n)])
    spread = spread.roll([1 - n for n in size], tuple(range(len(size))))
    made: Tensor = torch.fft.fftn(spread).real
    return made

"""Subjects that keep every law: plain, slow, and what the deliberately broken ones are made from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Self

import torch
from torch import Tensor

from mridiff.interfaces import (  # fmt: skip
    LinearOperator,
    Measured,
    Nuisance,
    ParametricOperator,
    Prior,
    Problem,
    Sampler,
    Space,
    Step,
    Streams,
)

from .. import fourier
from ..consistency.proximal import proximal
from ..diffusions.ladders import karras_times
from ..diffusions.step import ddpm
from ..reverse import Reverse


class Whole(LinearOperator):
    """y = x."""

    def __init__(self, domain: Space) -> None:
        super().__init__()
        self.domain = self.codomain = domain

    def forward(self, x: Tensor) -> Tensor:
        """x."""
        return x

    def adjoint(self, y: Tensor) -> Tensor:
        """y."""
        return y


class Sense(LinearOperator):
    """y_c = M F S_c x, x (sample, y, x); written as on paper."""

    mask: Tensor
    maps: Tensor

    def __init__(self, maps: Tensor, mask: Tensor) -> None:
        super().__init__()
        self.register_buffer("maps", maps)
        self.register_buffer("mask", mask)
        self.domain = Space(("y", "x"), tuple(maps.shape[2:]))
        self.codomain = Space(("coil", "ky", "kx"), tuple(maps.shape[1:]), kind="k-space")

    @classmethod
    def for_scan(cls, measured: Measured) -> Self:
        """The operator of a scan with `mask` and `sensitivity_maps`."""
        mask, maps = measured.require("mask", "sensitivity_maps")
        return cls(maps, mask)

    def forward(self, x: Tensor) -> Tensor:
        """M F S x."""
        return self.mask[:, None] * fourier.fft(self.maps * x[:, None])

    def adjoint(self, y: Tensor) -> Tensor:
        """S^H F^H M y."""
        return (self.maps.conj() * fourier.ifft(self.mask[:, None] * y)).sum(1)


class Masked(LinearOperator):
    """y = M F x, coisometric."""

    mask: Tensor

    def __init__(self, mask: Tensor) -> None:
        super().__init__()
        self.register_buffer("mask", mask)
        self.domain = Space(("y", "x"), tuple(mask.shape[1:]))
        self.codomain = Space(("ky", "kx"), tuple(mask.shape[1:]), kind="k-space")

    @classmethod
    def for_scan(cls, measured: Measured) -> Self:
        """The operator of a scan with `mask`."""
        return cls(*measured.require("mask"))

    def forward(self, x: Tensor) -> Tensor:
        """M F x."""
        return self.mask * fourier.fft(x)

    def adjoint(self, y: Tensor) -> Tensor:
        """F^H M y."""
        return fourier.ifft(self.mask * y)


class RealMasked(Masked):
    """y = M F x for real x: the adjoint takes the real part."""

    def __init__(self, mask: Tensor) -> None:
        super().__init__(mask)
        self.domain = Space(("y", "x"), tuple(mask.shape[1:]), complex=False)

    def adjoint(self, y: Tensor) -> Tensor:
        """Re F^H M y."""
        return fourier.ifft(self.mask * y).real


class ShiftedAt(Masked):
    """`Shifted` at given shifts: y = M F x e^(2 pi i k s), s (sample, 2) in pixels along (y, x)."""

    phase: Tensor

    def __init__(self, mask: Tensor, shift: Tensor) -> None:
        super().__init__(mask)
        ky, kx = ((torch.arange(n) - n // 2) / n for n in mask.shape[1:])
        angle = 2 * torch.pi * (shift[:, 0, None, None] * ky[:, None].to(shift) + shift[:, 1, None, None] * kx.to(shift))
        self.register_buffer("phase", torch.polar(torch.ones_like(angle), angle))

    def forward(self, x: Tensor) -> Tensor:
        """M P F x."""
        return self.mask * self.phase * fourier.fft(x)

    def adjoint(self, y: Tensor) -> Tensor:
        """F^H P^H M y."""
        return fourier.ifft(self.phase.conj() * self.mask * y)


class Shifted(ParametricOperator):
    """A masked Fourier operator of an object that has moved by an unknown shift."""

    mask: Tensor

    def __init__(self, mask: Tensor) -> None:
        super().__init__()
        self.register_buffer("mask", mask)
        self.domain = Space(("y", "x"), tuple(mask.shape[1:]))
        self.codomain = Space(("ky", "kx"), tuple(mask.shape[1:]), kind="k-space")
        space = Space(("bin",), (2,), complex=False, unit="pixel", kind="shift")
        self.nuisance = {"shift": Nuisance(space, torch.zeros(1, 2, dtype=mask.dtype), "pixel", 0.5, lambda s: s.clamp(-2, 2))}

    @classmethod
    def for_scan(cls, measured: Measured) -> Self:
        """The operator of a scan with `mask`."""
        return cls(*measured.require("mask"))

    def at(self, phi: Mapping[str, Tensor]) -> LinearOperator:
        """The operator at a shift."""
        return ShiftedAt(self.mask, phi["shift"])


class Drawn(Sampler):
    """Draws from a posterior by the reverse process of a denoiser, every estimate drawn anew given the data; differentiates nothing."""

    def __init__(self, prior: Prior, *, steps: int = 20) -> None:
        super().__init__()
        self.prior, self.steps = prior, steps

    def trajectory(self, problem: Problem, rng: Streams) -> Iterator[Step]:
        """One step per time."""
        chain = Reverse(self.prior, problem, rng)
        times = karras_times(chain.diffusion, self.steps, 20.0, 0.01)
        x_t = chain.noise(times[0])
        for i, (t, s) in enumerate(pairwise(times)):
            x0 = proximal(problem, chain.x0(x_t, t), chain.uncertainty(t), iterations=30, tolerance=None, rng=rng)
            x_t = chain.onward(x_t, x0, t, s, ddpm)
            yield Step(i, self.steps, x0, t, x=x_t)

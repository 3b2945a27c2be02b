"""Relaxation: a series as one image and the rates at which it relaxes, which are unknown: y_ct = M_t F S_c w_t(r) x."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import pi
from typing import Annotated, Self

import torch
from torch import Tensor

from mridiff.errors import DataError
from mridiff.interfaces import Composition, LinearOperator, Measured, Nuisance, ParametricOperator, Space

from .sense import KtSense

__all__ = ["RelaxationSense"]


class RelaxationSense(ParametricOperator):
    """y_ct = M_t F S_c exp(-t r) x: x the image at time 0, complex (sample, y, x), and phi["rate"] the rate r of each pixel, real.

    After an inversion (`inverted`) the weight is 1 - 2 exp(-t r). With `frequency` the image turns too, by exp(-2 pi i t f) with
    phi["frequency"]. Both are (1 or sample, y, x), in one over the unit of `times` (1 or sample, t); rates lie between 0 and 3 over the
    shortest distance of two times. `maps` are complex (1 or sample, coil, y, x), `mask` real (1 or sample, t, ky, kx), y complex
    (sample, coil, t, ky, kx). Raises DataError for fewer than two different times. Source: Block, Uecker, Frahm, IEEE TMI 28, 2009.
    """

    times: Tensor

    def __init__(self, maps: Tensor, mask: Tensor, times: Tensor, *, inverted: bool = False, frequency: bool = False,
                 unit: str = "") -> None:  # fmt: skip
        super().__init__()
        apart = times.sort(-1).values.diff(dim=-1)
        if times.ndim != 2 or times.shape[1] != mask.shape[1] or not bool((times >= 0).all()) or not bool((apart > 0).any(-1).all()):
            raise DataError(f"{times.tolist()} are no times of a series of {mask.shape[1]} frames",
                            hint="Give a time for each frame, (1 or sample, t), none negative and not all the same.")  # fmt: skip
        self.register_buffer("times", times)
        self.frames, self.inverted = KtSense(maps, mask), inverted
        self.domain, self.codomain = Space(("y", "x"), tuple(maps.shape[2:])), self.frames.codomain
        first, fastest, turn = 2 / float(times.max()), 3 / float(apart[apart > 0].min()), 0.1 / float(apart.max())
        self.nuisance = {"rate": self._unknown("rate", first, first, unit, lambda r: r.clamp(0, fastest))}
        if frequency:
            self.nuisance["frequency"] = self._unknown("frequency", 0.0, turn, unit, lambda f: f)

    @classmethod
    def for_scan(cls, measured: Measured, *,
                 frequency: Annotated[bool, "whether the image turns too, as gradient echoes do"] = False) -> Self:  # fmt: skip
        """The operator of a scan with `mask` (t, ky, kx), `sensitivity_maps`, and `echo_times` (t) or `inversion_times` (t)."""
        mask, maps = measured.require("mask", "sensitivity_maps")
        name = next((n for n in ("inversion_times", "echo_times") if n in measured.acquisition), None)
        if name is None:
            raise DataError("the scan tells neither echo times nor inversion times", hint="Give `echo_times` or `inversion_times` (t).")
        told = measured.acquisition[name]
        times = told.data.to(mask.real.dtype)
        return cls(maps, mask, times, inverted=name == "inversion_times", frequency=frequency, unit=told.unit)

    def at(self, phi: Mapping[str, Tensor]) -> LinearOperator:
        """The operator at the rates phi["rate"], and at phi["frequency"], (1 or sample, y, x)."""
        t, rate = self.times[:, :, None, None], phi["rate"][:, None]
        left = torch.exp(-t * rate)
        weights = 1 - 2 * left if self.inverted else left
        if "frequency" in phi:
            weights = weights * torch.exp(-2j * pi * t * phi["frequency"][:, None])
        return Relaxed(self.frames, Weighted(self.domain, weights))

    def _unknown(self, name: str, start: float, step: float, unit: str, project: Callable[[Tensor], Tensor]) -> Nuisance:
        per = f"1/{unit}" if unit else ""
        space = Space(("y", "x"), self.domain.shape, complex=False, unit=per, kind=name)
        return Nuisance(space, self.times.new_full((1, *self.domain.shape), start), per, step, project)


class Relaxed(Composition):
    """M F S w at known rates. Its first look is the zero-filled image over the weights that its frames have together."""

    B: Weighted

    def rough(self, y: Tensor) -> Tensor:
        """A^H y over sum_t |w_t|^2."""
        seen = self.B.weights.abs().square().sum(1)
        image: Tensor = self.H(y)
        return image / seen.clamp_min(torch.finfo(seen.dtype).tiny)


class Weighted(LinearOperator):
    """w_t x: an image (sample, y, x) as frames (sample, t, y, x) with weights (1 or sample, t, y, x), which autograd reaches."""

    weights: Tensor

    def __init__(self, domain: Space, weights: Tensor) -> None:
        super().__init__()
        self.domain, self.codomain = domain, Space(("t", *domain.axes), tuple(weights.shape[1:]))
        self.register_buffer("weights", weights, persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        """w_t x."""
        return self.weights * x[:, None]

    def adjoint(self, y: Tensor) -> Tensor:
        """sum_t conj(w_t) y_t."""
        return (self.weights.conj() * y).sum(1)

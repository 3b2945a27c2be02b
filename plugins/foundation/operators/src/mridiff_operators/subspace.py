"""Subspace acquisition: a relaxing series as a few images of coefficients, y_ct = M_t F S_c sum_j B_tj x_j."""

from __future__ import annotations

from typing import Annotated, Self

import torch
from annotated_types import Ge, Gt
from torch import Tensor

from mridiff.errors import DataError
from mridiff.interfaces import Composition, Measured, Space
from mridiff_sdk.operators import Coils, Fourier, SampledBasis

__all__ = ["SubspaceSense", "relaxation_basis"]

TIMES = 256
"""Relaxation times of a dictionary, evenly spread in their logarithm."""


class SubspaceSense(Composition):
    """y_ct = M_t F S_c sum_j B_tj x_j: x complex (sample, channel, y, x), one image per vector of a temporal basis.

    `maps` are complex (1 or sample, coil, y, x), `basis` (1 or sample, t, channel), `mask` real (1 or sample, t, ky, kx); y is complex
    (sample, coil, t, ky, kx). The normal operator transforms channels, not frames. The series is `series(x)`. Raises DataError where
    they do not fit. Tamir et al., Magn. Reson. Med. 77, 2017.
    """

    def __init__(self, maps: Tensor, mask: Tensor, basis: Tensor) -> None:
        S = Coils(maps, domain=Space(("channel", "y", "x"), (basis.shape[-1], *maps.shape[2:])))
        F = Fourier(S.codomain, ["y", "x"])
        self.basis: Tensor
        super().__init__(SampledBasis(F.codomain, basis, mask), F @ S)
        self.register_buffer("basis", basis)

    @classmethod
    def for_scan(cls, measured: Measured, *, rank: Annotated[int, Ge(1), "images, where the scan tells echo times instead of a basis"] = 4,
                 shortest: Annotated[float, Gt(0), "shortest relaxation time of the basis, in the unit of the echo times"] = 10.0,
                 longest: Annotated[float, Gt(0), "longest relaxation time"] = 1000.0) -> Self:  # fmt: skip
        """The operator of a scan with `mask` (t, ky, kx) and `sensitivity_maps`, and with `basis` (t, channel) or `echo_times` (t)."""
        mask, maps = measured.require("mask", "sensitivity_maps")
        given, times = measured.acquisition.get("basis"), measured.acquisition.get("echo_times")
        if given is not None:
            return cls(maps, mask, given.data)
        if times is None:
            raise DataError("the scan has neither a temporal basis nor echo times", hint="Give `basis` (t, channel), or `echo_times` (t).")
        return cls(maps, mask, torch.stack([relaxation_basis(t, shortest, longest, rank) for t in times.data]).to(times.data.dtype))

    @property
    def image_space(self) -> Space:
        """That of the series."""
        return Space(("t", "y", "x"), (self.basis.shape[1], *self.domain.shape[1:]))

    def image(self, x: Tensor) -> Tensor:
        """The series, which is looked at and scored."""
        return self.series(x)

    def series(self, x: Tensor) -> Tensor:
        """The frames (sample, t, y, x) of coefficients x."""
        return torch.einsum("ntj,njyx->ntyx", self.basis.expand(len(x), *self.basis.shape[1:]).to(x.dtype), x)


def relaxation_basis(times: Tensor, shortest: float, longest: float, rank: int) -> Tensor:
    """The orthonormal vectors, real (t, rank), that best span exp(-t / T) for all T between two, at `times` (t,) in the same unit.

    The left singular vectors of a dictionary. Raises DataError where there are fewer times than vectors, or the range is empty.
    """
    if rank > len(times) or not shortest < longest:
        raise DataError(f"{len(times)} echoes cannot be spanned by {rank} vectors of relaxation times from {shortest:g} to {longest:g}",
                        hint="Lower rank, or give shortest < longest.")  # fmt: skip
    T = torch.logspace(0, 1, TIMES, base=longest / shortest, dtype=torch.float64, device=times.device) * shortest
    vectors: Tensor = torch.linalg.svd(torch.exp(-times.double()[:, None] / T), full_matrices=False)[0]
    return vectors[:, :rank] * vectors[:1, :rank].sign()

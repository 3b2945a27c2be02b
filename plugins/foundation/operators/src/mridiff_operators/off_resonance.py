"""Multi-coil acquisition off resonance: spirals that blur, echo-planar images that are displaced along the phase encoding."""

from __future__ import annotations

from typing import Annotated, Self

from annotated_types import Ge
from torch import Tensor

from mridiff.errors import DataError
from mridiff.interfaces import Composition, LinearOperator, Measured
from mridiff_sdk.operators import Coils, Fourier, Mask, NonUniformFourier, TimeSegmented

__all__ = ["OffResonanceSense"]


class OffResonanceSense(Composition):
    """y_c(k_j) = sum_p F_jp exp(-2 pi i f_p t_j) S_cp x_p: SENSE with a field map f (1 or sample, y, x) in Hz.

    `times` in seconds since the echo are those at which samples were taken: (shot, readout) along a trajectory, (ky, kx) on a grid, where
    the lines of an echo-planar train come one after the other; the displacement along its phase encoding is then part of the model.
    Either `trajectory` or `mask` is given, as in `NonCartesianSense` and `SenseOperator`.
    """

    def __init__(self, maps: Tensor, field: Tensor, times: Tensor, *, mask: Tensor | None = None, trajectory: Tensor | None = None,
                 segments: int = 8) -> None:  # fmt: skip
        S = Coils(maps)
        A: LinearOperator
        if trajectory is not None:
            A = NonUniformFourier(S.codomain, trajectory)
        elif mask is not None:
            F = Fourier(S.codomain, ["y", "x"])
            A = Mask(F.codomain, mask, ("ky", "kx")) @ F
        else:
            raise DataError("neither a trajectory nor a mask says where samples were taken", hint="Give one of them.")
        super().__init__(TimeSegmented(A, field, times, segments), S)

    @classmethod
    def for_scan(cls, measured: Measured, *,
                 segments: Annotated[int, Ge(2), "instants between which the phase is interpolated in time"] = 8) -> Self:  # fmt: skip
        """The operator of a scan with `sensitivity_maps`, `field_map` in Hz, `sample_times` in seconds, and `trajectory` or `mask`."""
        maps, field, times = measured.require("sensitivity_maps", "field_map", "sample_times")
        if len(times) != 1:
            raise DataError(f"there are {len(times)} sets of sample times", hint="Reconstruct scans with other timing one by one.")
        where = {name: f.data for name in ("mask", "trajectory") if (f := measured.acquisition.get(name)) is not None}
        return cls(maps, field, times[0], mask=where.get("mask"), trajectory=where.get("trajectory"), segments=segments)

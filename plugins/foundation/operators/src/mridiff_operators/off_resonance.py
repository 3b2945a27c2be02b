"""Multi-coil acquisition off resonance: spirals that blur, echo-planar images that are displaced along the phase encoding."""

from __future__ import annotations

from typing import Annotated, Literal, Self

import torch
from annotated_types import Ge
from torch import Tensor

from mridiff.errors import DataError
from mridiff.interfaces import Composition, LinearOperator, Measured
from mridiff_sdk.operators import Coils, EchoPlanar, Fourier, Mask, NonUniformFourier, TimeSegmented, check_mask, varying_axes

__all__ = ["OffResonanceSense"]

Direction = Literal["y", "y-", "x", "x-"]


class OffResonanceSense(Composition):
    """y_c(k_j) = sum_p F_jp exp(-2 pi i f_p t_j) S_cp x_p: SENSE with a field map f (1 or sample, y, x) in Hz.

    `times` in seconds since the echo are those at which samples were taken: (shot, readout) along a trajectory, (ky, kx) on a grid. Either
    `trajectory` or `mask` is given, as in `NonCartesianSense` and `SenseOperator`. Where the lines of a grid are taken as a whole, each at
    a time of its own, as in an echo-planar train, the model is exact (`EchoPlanar`), and the displacement along the phase encoding part of
    it; else the phase is interpolated in time between `segments` instants (`TimeSegmented`).
    """

    def __init__(self, maps: Tensor, field: Tensor, times: Tensor, *, mask: Tensor | None = None, trajectory: Tensor | None = None,
                 segments: int = 8) -> None:  # fmt: skip
        S = Coils(maps)
        if mask is not None and trajectory is None:
            check_mask(mask)
            axis = _phase_encoding(mask, times)
            if axis is not None:
                lines, when = (mask[:, :, 0], times[:, 0]) if axis == "y" else (mask[:, 0], times[0])
                super().__init__(EchoPlanar(S.codomain, field, when, lines, axis), S)
                return
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
                 echo_spacing: Annotated[float, Ge(0), "seconds between neighbouring lines of an echo-planar train, missing ones counted "
                                         "(BIDS: EffectiveEchoSpacing); 0 = the scan has sample_times"] = 0.0,
                 phase_encoding: Annotated[Direction, "axis of the train; with - it begins at the highest line"] = "y",
                 segments: Annotated[int, Ge(2), "instants between which the phase is interpolated in time"] = 8) -> Self:  # fmt: skip
        """The operator of a scan with `sensitivity_maps`, `field_map` in Hz, and `trajectory` or `mask`.

        `sample_times` in seconds are those of the scan, or of an echo-planar train with this spacing, 0 at the line through the origin.
        Raises DataError where neither is known.
        """
        maps, field = measured.require("sensitivity_maps", "field_map")
        where = {name: f.data for name in ("mask", "trajectory") if (f := measured.acquisition.get(name)) is not None}
        if echo_spacing > 0:
            times = _train(tuple(maps.shape[-2:]), echo_spacing, phase_encoding).to(field)[None]
        elif "sample_times" in measured.acquisition:
            (times,) = measured.require("sample_times")
        else:
            raise DataError("nothing says when samples were taken: the scan has no sample_times",
                            hint="Of an echo-planar image give echo_spacing in seconds, and phase_encoding.")  # fmt: skip
        if len(times) != 1:
            raise DataError(f"there are {len(times)} sets of sample times", hint="Reconstruct scans with other timing one by one.")
        return cls(maps, field, times[0], mask=where.get("mask"), trajectory=where.get("trajectory"), segments=segments)


def _phase_encoding(mask: Tensor, times: Tensor) -> str | None:
    """The axis along which lines, whole ones at one time each, follow each other; None where there is none."""
    if times.shape != mask.shape[1:]:
        return None
    varying = {*varying_axes(mask), *varying_axes(times[None])}
    return "y" if -1 not in varying else "x" if -2 not in varying else None


def _train(size: tuple[int, ...], spacing: float, direction: Direction) -> Tensor:
    """Times (ky, kx) in seconds of lines that follow each other, 0 at that through the origin."""
    axis = ("y", "x").index(direction[0])
    lines = torch.arange(size[axis], dtype=torch.float64) - size[axis] // 2
    times = lines * (-spacing if direction.endswith("-") else spacing)
    return (times[:, None] if axis == 0 else times).expand(size)

"""Multi-coil acquisition along any trajectory: y_c(k) = F S_c x, in a plane, in a volume, and over time."""

from __future__ import annotations

from typing import Self

from torch import Tensor

from mridiff.interfaces import Composition, Measured, Space
from mridiff_sdk.operators import Coils, Fourier, Mask, NonUniformFourier

__all__ = ["KtNonCartesianSense", "NonCartesianSense", "NonCartesianSense3D"]


class NonCartesianSense(Composition):
    """y_c(k) = F S_c x with coil maps S, complex (1 or sample, coil, y, x), at the places k of a trajectory.

    `trajectory` is real (1 or sample, shot, readout, channel), (ky, kx) in cycles per field of view: spokes, spirals, anything; x is
    complex (sample, y, x), y complex (sample, coil, shot, readout). `weights` (1 or sample, shot, readout), the area of k-space of each
    sample, serve the first look; they are computed where they are not given. The normal operator is a convolution. Raises DataError
    where maps and trajectory do not fit. Pruessmann et al., Magn. Reson. Med. 46, 2001.
    """

    def __init__(self, maps: Tensor, trajectory: Tensor, weights: Tensor | None = None) -> None:
        S = Coils(maps)
        super().__init__(NonUniformFourier(S.codomain, trajectory, weights=weights), S)

    @classmethod
    def for_scan(cls, measured: Measured) -> Self:
        """The operator of a scan whose acquisition holds `trajectory` and `sensitivity_maps`, and `density` if it has it."""
        return cls(*_parts(measured))


class KtNonCartesianSense(Composition):
    """y_cf(k) = F_f S_c x_f, a series in which every frame has places of its own: golden-angle spokes, for example.

    `maps` are complex (1 or sample, coil, y, x), the same at all times, `trajectory` real (1 or sample, t, shot, readout, channel) as in
    `NonCartesianSense`; x is complex (sample, t, y, x), y complex (sample, coil, t, shot, readout).
    """

    def __init__(self, maps: Tensor, trajectory: Tensor, weights: Tensor | None = None) -> None:
        S = Coils(maps, domain=Space(("t", "y", "x"), (trajectory.shape[1], *maps.shape[2:])))
        super().__init__(NonUniformFourier(S.codomain, trajectory, frames=("t",), weights=weights), S)

    @classmethod
    def for_scan(cls, measured: Measured) -> Self:
        """The operator of a scan whose acquisition holds `trajectory` and `sensitivity_maps`, and `density` if it has it."""
        return cls(*_parts(measured))


class NonCartesianSense3D(Composition):
    """y_c(k) = F S_c x of a volume, x complex (sample, z, y, x), maps complex (1 or sample, coil, z, y, x).

    A trajectory (1 or sample, shot, readout, channel) of three channels (kz, ky, kx) gives y complex (sample, coil, shot, readout). One of
    two channels (ky, kx) is repeated in every partition along kz, as in a stack of stars: y is (sample, coil, kz, shot, readout), zero in
    partitions that `mask`, real (1 or sample, kz), leaves out.
    """

    def __init__(self, maps: Tensor, trajectory: Tensor, weights: Tensor | None = None, mask: Tensor | None = None) -> None:
        S = Coils(maps, ("z", "y", "x"))
        if trajectory.shape[-1] == 3:
            super().__init__(NonUniformFourier(S.codomain, trajectory, ("z", "y", "x"), weights=weights), S)
            return
        F = Fourier(S.codomain, ["z"])
        partitions = F if mask is None else Mask(F.codomain, mask, ("kz",)) @ F
        super().__init__(NonUniformFourier(F.codomain, trajectory, weights=weights), partitions @ S)

    @classmethod
    def for_scan(cls, measured: Measured) -> Self:
        """The operator of a scan with `trajectory` and `sensitivity_maps`, and with `density` and `mask` (kz) if it has them."""
        mask = measured.acquisition.get("mask")
        return cls(*_parts(measured), None if mask is None else mask.data)


def _parts(measured: Measured) -> tuple[Tensor, Tensor, Tensor | None]:
    maps, trajectory = measured.require("sensitivity_maps", "trajectory")
    weights = measured.acquisition.get("density")
    return maps, trajectory, None if weights is None else weights.data

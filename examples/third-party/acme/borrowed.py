"""An operator of another project, given to mridiff by an adaptor."""

from typing import Self

from mridiff.interfaces import Measured, Space
from mridiff_sdk.adaptors import FromLinop


class SigpySense(FromLinop):
    """y_c = M F S_c x, one linop of sigpy for each mask."""

    @classmethod
    def for_scan(cls, measured: Measured) -> Self:
        """The operator of a scan with `mask` and one set of `sensitivity_maps`."""
        from sigpy.mri.linop import Sense

        mask, maps = measured.require("mask", "sensitivity_maps")
        linops = [Sense(maps[0].cpu().numpy(), weights=rows.cpu().numpy()) for rows in mask]
        coils = tuple(maps.shape[1:])
        return cls(linops, Space(("y", "x"), coils[1:]), Space(("coil", "ky", "kx"), coils, kind="k-space"))

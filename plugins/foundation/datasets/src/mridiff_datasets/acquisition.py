"""Acquisition: from what a file holds to a scan, with its measured half and its truth strictly apart.

The measured half is made of the sampled k-space and of nothing else (`measure`): maps, noise level and added noise as well. The truth
half (`reference`) may use all of k-space. A simulated image brings its maps along; they belong to the simulation.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import fields, replace

import torch
from torch import Tensor

from mridiff.errors import ConfigError, DataError
from mridiff.interfaces import Field, Gaussian, Measured, Scan, Streams
from mridiff_sdk.coils import calibration_region, espirit_maps, low_frequency_maps
from mridiff_sdk.fourier import ifft
from mridiff_sdk.sampling_patterns import mask as pattern_mask

from .noise_level import noise_level
from .offgrid import OffGrid
from .options import Sampling
from .plausible import doubts
from .raw import Raw, axes_of
from .support import held, plane

ESPIRIT_LEAST = 4
"""The least side of a calibration region for ESPIRiT by default: one more than its least kernel."""

CALIBRATION_LEAST = 6
"""Fewer lines about the origin resolve no coil map."""

ESPIRIT_MOST = 32
"""More of the centre makes calibration slower and hardly better."""


class Acquisition(Sampling):
    """How scans are made of raw slices; the options are those of every source."""

    @classmethod
    def of(cls, source: Sampling) -> Acquisition:
        """That of a source with these options."""
        return cls(**{f.name: getattr(source, f.name) for f in fields(Sampling)})

    def scan(self, raw: Raw | OffGrid, scan_id: str) -> Scan:
        """The scan of one slice: y and maps with axes (coil, ky, kx) and (coil, y, x), mask (ky, kx), and the truth, if there is one.

        A volume has kz and z before them, and is undersampled in the plane (kz, ky). With maps = none, y has no coil axis and there are
        no maps. Samples off a grid have a trajectory instead of a mask.

        Raises DataError naming all that is wrong with the slice, or why it cannot be undersampled as asked.
        """
        if isinstance(raw, OffGrid):
            return raw.scan(self, scan_id)
        raw.check()
        if self.maps == "given" and raw.maps is None:
            raise DataError(f"{raw.source}: there is no array 'sensitivity_maps'", hint="Choose maps = auto, espirit or low-frequency.")
        if self.maps == "none" and len(raw.kspace) > 1:
            raise DataError(f"{raw.source}: kspace has {len(raw.kspace)} coils, so it cannot do without maps",
                            hint="maps = none is for one channel; choose auto.")  # fmt: skip
        mask = self.mask(raw)
        measured = self.measure(raw, mask, scan_id)
        truth = dict(raw.truth)
        if "x" in truth:
            truth["x"] = replace(truth["x"], data=self.turned(truth["x"].data, raw, measured))
        elif raw.whole and (self.noise_std > 0 or bool((raw.taken & ~mask).any())):  # otherwise it would be the measurement over again
            truth["x"] = Field(self.reference(raw, raw.taken, measured), raw.axes)
        return Scan(scan_id, measured, truth, (*raw.notes, *self.doubts(raw, mask)))

    def measured(self, coils: int, size: Sequence[int]) -> dict[str, dict[str, int]]:
        """The axes and sizes of y and of all parts of the acquisition of a scan with so many coils and k-space of `size` ([kz,] ky, kx)."""
        image = dict(zip(axes_of(len(size)), size, strict=True))
        space = {f"k{axis}": n for axis, n in image.items()}
        if self.maps == "none":
            return {"y": space, "mask": space}
        return {"y": {"coil": coils, **space}, "mask": space, "sensitivity_maps": {"coil": coils, **image}}

    def measured_off_grid(self, coils: int, shots: int, readout: int, size: Sequence[int]) -> dict[str, dict[str, int]]:
        """The same of a scan of so many shots off a grid, of an image of `size` (y, x)."""
        lines = {"shot": shots, "readout": readout}
        held = {"y": lines, "trajectory": {**lines, "channel": 2}}
        if self.maps == "none":
            return held
        return {**held, "y": {"coil": coils, **lines}, "sensitivity_maps": {"coil": coils, **dict(zip(("y", "x"), size, strict=True))}}

    def measure(self, raw: Raw, mask: Tensor, scan_id: str) -> Measured:
        """The measured half: the k-space of `raw` where `mask` ([kz,] ky, kx) holds; values elsewhere are never looked at."""
        y = torch.where(mask, raw.kspace, 0)
        std = raw.noise_std if raw.noise_std is not None else noise_level(y, mask)
        weight = raw.weight
        calibration = raw.calibration
        if self.noise_std > 0:
            peak = raw.peak if raw.peak is not None else float(torch.linalg.vector_norm(ifft(y, raw.dims), dim=0).max())
            added = self.noise_std * peak
            rng = Streams.of(self.mask_seed, scan_id)
            y = torch.where(mask, y + added * rng.child("acquisition noise").normal(y.shape, y.dtype)[0], 0)
            if calibration is not None:
                n = added * rng.child("calibration noise").normal(y.shape, y.dtype)[0]
                calibration = torch.where((calibration != 0).any(0), calibration + n, 0)
            before, std = std or 0.0, math.hypot(std or 0.0, added)
            weight = None if weight is None else std**2 / (before**2 / weight + added**2)
        acquisition = {"mask": Field(mask.to(y.real.dtype)[None], tuple(f"k{axis}" for axis in raw.axes)), **raw.more}
        if self.maps != "none":
            where, region = (y, mask) if calibration is None else (calibration, (calibration != 0).any(0))
            acquisition["sensitivity_maps"] = Field(self.coil_maps(raw, where, region)[None], ("coil", *raw.axes))
        y = y if self.maps == "none" else y[None]
        noise = Gaussian(std or None, None if weight is None else torch.where(mask, weight, 1).to(y.real.dtype).expand(y.shape))
        return Measured(y, noise, acquisition, geometry=raw.geometry)

    def reference(self, raw: Raw, support: Tensor, measured: Measured) -> Tensor:
        """The truth "x" (1, [z,] y, x): all of k-space, combined with maps from all of it (or the given ones), in the measured phase."""
        if self.maps == "none":
            return ifft(raw.kspace, raw.dims)
        maps = self.coil_maps(raw, raw.kspace, support)
        return self.turned((maps.conj() * ifft(raw.kspace, raw.dims)).sum(0)[None], replace(raw, maps=maps), measured)

    def turned(self, x: Tensor, raw: Raw, measured: Measured) -> Tensor:
        """An image (1, [z,] y, x) of the maps of `raw`, in the phase that the measured maps (or the one coil without any) give it.

        Maps leave the phase of the image open: turned so, maps times image explain the data, and complex images can be compared.
        """
        if raw.maps is None:
            return x
        seen = measured.acquisition["sensitivity_maps"].data[0] if self.maps != "none" else torch.ones_like(raw.maps)
        phase = torch.sgn((seen.conj() * raw.maps).sum(0))
        return x * torch.where(phase == 0, 1, phase)

    def mask(self, raw: Raw) -> Tensor:
        """What is kept of a slice, bool ([kz,] ky, kx); raises DataError where it cannot be undersampled as asked."""
        support = raw.taken
        if self.acceleration == 1:
            return support if raw.mask is None else raw.mask & held(raw.source, raw.mask, support)
        if not raw.whole:
            kept = float(support.float().mean())
            raise DataError(f"{raw.source}: kspace: it is undersampled already ({kept:.1%} of shape {tuple(support.shape)} is measured), "
                            f"so acceleration {self.acceleration:g} cannot be simulated",
                            hint="Leave acceleration at 1 to use it as measured.")  # fmt: skip
        try:
            shape = plane(support).shape  # of a volume (kz, ky), along the readout all or nothing
            axis = raw.lines if support.ndim == 2 else -1
            chosen = pattern_mask(self.pattern, shape, self.acceleration, self.center_fraction, self.mask_seed, axis=axis)
        except ConfigError as error:
            raise DataError(f"{raw.source}: kspace of shape {tuple(support.shape)} cannot be undersampled: {error}",
                            hint="Change acceleration, pattern or center_fraction.") from error  # fmt: skip
        return chosen.reshape(*chosen.shape, *(1,) * (support.ndim - 2)) & support

    def estimates(self, raw: Raw) -> bool:
        """Whether the coil maps of a slice are estimated from its samples."""
        return len(raw.kspace) > 1 and not (self.maps in {"auto", "given"} and raw.maps is not None)

    def doubts(self, raw: Raw, mask: Tensor) -> tuple[str, ...]:
        """What is odd about the slice, or about what its coil maps rest on, in sentences."""
        found = doubts(raw.kspace) if raw.peak is None else []
        where = mask if raw.calibration is None else (raw.calibration != 0).any(0)
        if self.estimates(raw) and min(size := [s.stop - s.start for s in calibration_region(plane(where))]) < CALIBRATION_LEAST:
            places = ", ".join(f"k{axis}" for axis in raw.axes[:2])
            found.append(f"the coil maps rest on {size[0]} x {size[1]} calibration samples ({places}) about the origin, too few to tell "
                         "coils apart: expect aliasing; sample more of the centre (center_fraction), or give sensitivity_maps")  # fmt: skip
        return tuple(found)

    def coil_maps(self, raw: Raw, y: Tensor, mask: Tensor) -> Tensor:
        """Maps (coil, [z,] y, x) of unit root-sum-of-squares: given, or from the calibration region of y (coil, [kz,] ky, kx)."""
        if self.maps in {"auto", "given"} and raw.maps is not None:
            rss = torch.linalg.vector_norm(raw.maps, dim=0)
            return torch.where(rss > 0, raw.maps / torch.where(rss > 0, rss, 1), 0)
        if len(y) == 1:
            return torch.ones_like(y)
        try:
            region = calibration_region(plane(mask))
            if mask.ndim > 2:
                if self.maps == "espirit":
                    raise DataError("ESPIRiT is for planes", hint="Choose maps = low-frequency for a volume.")
                return low_frequency_maps(y[None], (*region, along_readout(mask[region])))[0]
            if self.maps == "low-frequency" or (self.maps == "auto" and min(s.stop - s.start for s in region) < ESPIRIT_LEAST):
                return low_frequency_maps(y[None], region)[0]
            return espirit_maps(y[None], (_inner(region[0]), _inner(region[1])))[0]
        except DataError as error:
            raise DataError(f"{raw.source}: maps = {self.maps}: {error.message}", hint=error.hint) from error


def along_readout(support: Tensor) -> slice:
    """Of the columns that all lines of a box (kz, ky, kx) have, those about the origin, as many as ESPIRiT would take."""
    held = support.all((0, 1)).nonzero().flatten().tolist()
    n = support.shape[-1]
    if not held:
        raise DataError("the lines about the origin of k-space have no column in common")
    reach = min(n // 2 - held[0], held[-1] - n // 2, ESPIRIT_MOST // 2)
    return slice(n // 2 - reach, n // 2 + reach + 1) if reach >= 0 else slice(held[0], held[-1] + 1)


def _inner(part: slice) -> slice:
    """At most `ESPIRIT_MOST` samples around the middle."""
    n = part.stop - part.start
    start = part.start + max(0, n // 2 - ESPIRIT_MOST // 2)
    return slice(start, min(part.stop, start + ESPIRIT_MOST))

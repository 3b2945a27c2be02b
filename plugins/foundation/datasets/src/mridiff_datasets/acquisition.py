"""Acquisition: from what a file holds to a scan, with its measured half and its truth strictly apart.

The measured half is made of the sampled k-space and of nothing else (`measure`): maps, noise level and added noise as well. The truth
half (`reference`) may use all of k-space. A simulated image brings its maps along; they belong to the simulation.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from mridiff.errors import ConfigError, DataError
from mridiff.interfaces import Field, Gaussian, Measured, Scan, Streams
from mridiff_sdk.coils import calibration_region, espirit_maps, low_frequency_maps
from mridiff_sdk.fourier import ifft
from mridiff_sdk.sampling_patterns import mask as pattern_mask

from .noise_level import noise_level
from .options import MapsChoice
from .raw import Raw
from .support import complete, sampled

ESPIRIT_LEAST = 12
"""The least side of a calibration region for ESPIRiT by default: twice its kernel."""

ESPIRIT_MOST = 32
"""More of the centre makes calibration slower and hardly better."""


@dataclass(frozen=True)
class Acquisition:
    """How scans are made of raw slices; the options are those of every source (see `options`)."""

    acceleration: float = 1.0
    pattern: str = "random"
    center_fraction: float = 0.08
    mask_seed: int = 0
    maps: MapsChoice = "auto"
    noise_std: float = 0.0

    def scan(self, raw: Raw, scan_id: str) -> Scan:
        """The scan of one slice: y and maps with axes (coil, ky, kx) and (coil, y, x), mask (ky, kx), and the truth, if there is one.

        With maps = none, y has axes (ky, kx) and there are no maps.

        Raises DataError naming all that is wrong with the slice, or why it cannot be undersampled as asked.
        """
        raw.check()
        if self.maps == "given" and raw.maps is None:
            raise DataError(f"{raw.source}: there is no array 'sensitivity_maps'", hint="Choose maps = auto, espirit or low-frequency.")
        if self.maps == "none" and len(raw.kspace) > 1:
            raise DataError(f"{raw.source}: kspace has {len(raw.kspace)} coils, so it cannot do without maps",
                            hint="maps = none is for one channel; choose auto.")  # fmt: skip
        support = sampled(raw.kspace) if raw.support is None else raw.support
        full = complete(support)
        measured = self.measure(raw, self._mask(raw, support, full), scan_id)
        truth = dict(raw.truth)
        if full and "x" not in truth:
            truth["x"] = Field(self.reference(raw, support, measured), ("y", "x"))
        return Scan(scan_id, measured, truth)

    def measure(self, raw: Raw, mask: Tensor, scan_id: str) -> Measured:
        """The measured half: the k-space of `raw` where `mask` (ky, kx) holds; values elsewhere are never looked at."""
        y = torch.where(mask, raw.kspace, 0)
        std = raw.noise_std if raw.noise_std is not None else noise_level(y, mask)
        if self.noise_std > 0:
            peak = raw.peak if raw.peak is not None else float(torch.linalg.vector_norm(ifft(y), dim=0).max())
            added = self.noise_std * peak
            n = Streams.of(self.mask_seed, scan_id).child("acquisition noise").normal(y.shape, y.dtype)[0]
            y = torch.where(mask, y + added * n, 0)
            std = math.hypot(std or 0.0, added)
        acquisition = {"mask": Field(mask.to(y.real.dtype)[None], ("ky", "kx"))}
        if self.maps != "none":
            acquisition["sensitivity_maps"] = Field(self._maps(raw, y, mask)[None], ("coil", "y", "x"))
        return Measured(y if self.maps == "none" else y[None], Gaussian(std or None), acquisition, geometry=raw.geometry)

    def reference(self, raw: Raw, support: Tensor, measured: Measured) -> Tensor:
        """The truth "x" (1, y, x): all of k-space, combined with maps from all of it (or the given ones).

        Maps leave the phase of the image open; it is turned to that of the measured maps, so that complex images can be compared.
        """
        if self.maps == "none":
            return ifft(raw.kspace)
        maps, (seen,) = self._maps(raw, raw.kspace, support), measured.require("sensitivity_maps")
        x = (maps.conj() * ifft(raw.kspace)).sum(0)
        return (x * torch.sgn((seen[0].conj() * maps).sum(0)))[None]

    def _mask(self, raw: Raw, support: Tensor, full: bool) -> Tensor:
        if self.acceleration == 1:
            return support if raw.mask is None else raw.mask
        if not full:
            kept = float(support.float().mean())
            raise DataError(f"{raw.source}: kspace: it is undersampled already ({kept:.1%} of shape {tuple(support.shape)} is measured), "
                            f"so acceleration {self.acceleration:g} cannot be simulated",
                            hint="Leave acceleration at 1 to use it as measured.")  # fmt: skip
        try:
            chosen = pattern_mask(self.pattern, support.shape, self.acceleration, self.center_fraction, self.mask_seed, axis=raw.lines)
        except ConfigError as error:
            raise DataError(f"{raw.source}: kspace of shape {tuple(support.shape)} cannot be undersampled: {error}",
                            hint="Change acceleration, pattern or center_fraction.") from error  # fmt: skip
        return chosen & support

    def _maps(self, raw: Raw, y: Tensor, mask: Tensor) -> Tensor:
        """Maps (coil, y, x) of unit root-sum-of-squares: given, or from the calibration region of y (coil, ky, kx)."""
        if self.maps in {"auto", "given"} and raw.maps is not None:
            rss = torch.linalg.vector_norm(raw.maps, dim=0)
            return torch.where(rss > 0, raw.maps / torch.where(rss > 0, rss, 1), 0)
        if len(y) == 1:
            return torch.ones_like(y)
        try:
            region = calibration_region(mask)
            if self.maps == "low-frequency" or (self.maps == "auto" and min(s.stop - s.start for s in region) < ESPIRIT_LEAST):
                return low_frequency_maps(y[None], region)[0]
            return espirit_maps(y[None], (_inner(region[0]), _inner(region[1])))[0]
        except DataError as error:
            raise DataError(f"{raw.source}: maps = {self.maps}: {error.message}", hint=error.hint) from error


def _inner(part: slice) -> slice:
    """At most `ESPIRIT_MOST` samples around the middle."""
    n = part.stop - part.start
    start = part.start + max(0, n // 2 - ESPIRIT_MOST // 2)
    return slice(start, min(part.stop, start + ESPIRIT_MOST))

"""Off grid: samples along spokes, spirals or any other trajectory in a plane, as a file has them."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from mridiff.errors import DataError
from mridiff.interfaces import Field, Gaussian, Geometry, Measured, Scan
from mridiff_sdk.coils import low_frequency_maps
from mridiff_sdk.fourier import fft
from mridiff_sdk.io import afford

from .centre import sides, thin_centre
from .files import refuse
from .options import Sampling

MOST = 20_000
"""As many samples of the centre tell the maps as well as all do."""

OUTER = 0.95
"""The part of samples nearer to the origin than those that tell the noise."""


@dataclass(frozen=True)
class OffGrid:
    """Samples y (coil, shot, readout) at the places `trajectory` (shot, readout, 2), (ky, kx) in cycles per field of view.

    The image has `size` (y, x). `noise_std` is per complex sample, None where it is not known.
    """

    source: str
    y: Tensor
    trajectory: Tensor
    size: tuple[int, int]
    noise_std: float | None = None
    geometry: Geometry | None = None
    notes: tuple[str, ...] = ()

    def scan(self, options: Sampling, scan_id: str) -> Scan:
        """The scan: y (coil, shot, readout), trajectory and coil maps; raises DataError with all that is wrong with it, or asked of it."""
        problems = [f"{name}: {int((~torch.isfinite(v)).sum())} of {v.numel()} values are NaN or infinite"
                    for name, v in (("data", self.y), ("trajectory", self.trajectory)) if not bool(torch.isfinite(v).all())]  # fmt: skip
        if options.acceleration != 1 or options.noise_std > 0:
            problems.append("its samples lie off a grid, and are used as measured; leave acceleration at 1 and noise_std at 0")
        if options.maps == "none" and len(self.y) > 1:
            problems.append(f"it has {len(self.y)} coils, so it cannot do without maps; choose maps = auto")
        if options.maps in {"given", "espirit"}:
            problems.append(f"maps = {options.maps} is for samples on a grid; choose auto")
        if not problems and not bool((self.y != 0).any()):
            problems.append("data: every value is zero; leave this scan out")
        refuse(self.source, problems)
        acquisition = {"trajectory": Field(self.trajectory[None], ("shot", "readout", "channel"))}
        if options.maps != "none":
            acquisition["sensitivity_maps"] = Field(self._maps()[None], ("coil", "y", "x"))
        std = self.noise_std if self.noise_std is not None else self._level()
        y = self.y if options.maps == "none" else self.y[None]
        measured = Measured(y, Gaussian(std or None), acquisition, geometry=self.geometry)
        return Scan(scan_id, measured, {}, (*self.notes, *self.doubts()))

    def doubts(self) -> tuple[str, ...]:
        """What is odd about what its coil maps rest on, in sentences."""
        return thin_centre(self.trajectory, self.size) if len(self.y) > 1 else ()

    def _level(self) -> float:
        """The noise of the outermost samples; what is left of the signal there can only raise it."""
        radius = self.trajectory.norm(dim=-1)
        outer = self.y[:, radius >= torch.quantile(radius.flatten()[:1_000_000], OUTER)]
        return math.sqrt(float(outer.abs().square().median()) / math.log(2))

    def _maps(self) -> Tensor:
        """Maps (coil, y, x) of unit root-sum-of-squares, of images of the centre of k-space that fit the samples there best."""
        coils, (ny, nx) = len(self.y), self.size
        if coils == 1:
            return torch.ones(1, ny, nx, dtype=self.y.dtype)
        n = sides(self.size)
        near = (self.trajectory.abs() < torch.tensor(n) / 2).all(-1)
        k, y = self.trajectory[near], self.y[:, near]
        k, y = k[:: len(k) // MOST + 1], y[:, :: len(k) // MOST + 1]
        if len(k) < n[0] * n[1] // 4:
            raise DataError(f"{self.source}: {len(k)} samples about the origin are too few to estimate coil maps",
                            hint="The trajectory may be in another unit than it seems; store parts of the sampling rate.")  # fmt: skip
        afford(len(k) * n[0] * n[1] * 8 * 2, f"{self.source}: estimating coil maps")
        waves = [torch.exp(-2j * math.pi * k[:, a : a + 1] * (torch.arange(n[a]) - n[a] // 2) / n[a]) for a in (0, 1)]
        E = torch.einsum("ka,kb->kab", *waves).flatten(1) / math.sqrt(n[0] * n[1])
        normal = E.mH @ E
        normal.diagonal().add_(1e-3 * float(normal.diagonal().real.mean()))
        images = torch.linalg.solve(normal, E.mH @ y.mT).mT.reshape(coils, *n)
        kspace = torch.zeros(coils, ny, nx, dtype=self.y.dtype)
        region = tuple(slice(size // 2 - m // 2, size // 2 - m // 2 + m) for size, m in zip(self.size, n, strict=True))
        kspace[:, region[0], region[1]] = fft(images)
        return low_frequency_maps(kspace[None], (region[0], region[1]))[0]

"""Along a trajectory: scans that are resampled from all of k-space at spokes or spirals."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Annotated, Literal

import torch
from annotated_types import Ge, Lt
from torch import Tensor

from mridiff.interfaces import Field, Gaussian, Measured, Scan, Space, Streams
from mridiff_sdk.consistency import conjugate_gradients
from mridiff_sdk.fourier import fft, ifft
from mridiff_sdk.nufft import nufft
from mridiff_sdk.operators import NonUniformFourier
from mridiff_sdk.sampling_patterns import centre, radial, spiral

from . import options
from .acquisition import Acquisition
from .centre import sides, thin_centre
from .noise_level import noise_level
from .raw import Raw

ITERATIONS = 20
"""Of the least squares that find them on the grid."""
OVERSAMPLING = 2
"""Samples of a readout per cycle of the field of view."""
ARMS = 32
"""Spiral arms of full sampling, whose turns are one cycle apart."""

Trajectory = Annotated[Literal["radial", "spiral"], "spokes through the origin, or arms that leave it; each turned by the golden angle"]
Acceleration = Annotated[float, Ge(1), f"full sampling over what is taken: of pi/2 spokes per pixel of a side, or of {ARMS} spiral arms"]
Maps = Annotated[
    Literal["auto", "given", "espirit", "low-frequency"],
    "coil maps: those of the simulation, or estimated from the centre of k-space; auto = given, else espirit",
]
Seed = Annotated[int, Ge(0), Lt(2**63), "seed of the first angle and of the added noise"]


@dataclass(kw_only=True, eq=False)
class Along:
    """Where samples are taken, with which coil maps, and the noise that is added."""

    trajectory: Trajectory = "radial"
    acceleration: Acceleration = 4.0
    seed: Seed = 0
    maps: Maps = "auto"
    noise_std: options.NoiseStd = 0.005

    def scan(self, raw: Raw, name: str) -> Scan:
        """The scan of one slice of which all of k-space is known: y (coil, shot, readout), `trajectory` (shot, readout, channel).

        Noise that was measured is resampled with the rest: its level stays, but neighbours along a readout share it.
        """
        raw.check()
        rng = Streams.of(self.seed, name)
        size = raw.kspace.shape[-2], raw.kspace.shape[-1]
        images = ifft(raw.kspace)
        k = self.places(size, rng)
        y = nufft(images, k)
        everywhere = torch.ones(size, dtype=torch.bool)
        std = (noise_level(raw.kspace, everywhere) if raw.noise_std is None else raw.noise_std) or 0.0
        if self.noise_std > 0:
            added = self.noise_std * (raw.peak or float(torch.linalg.vector_norm(images, dim=0).max()))
            y, std = y + added * rng.child("noise").normal(y.shape, y.dtype)[0], math.hypot(std, added)
        acquisition = Acquisition(maps=self.maps)
        maps = acquisition.coil_maps(raw, *calibration(y, k, size))
        fields = {"trajectory": Field(k[None], ("shot", "readout", "channel")), "sensitivity_maps": Field(maps[None], ("coil", "y", "x"))}
        measured = Measured(y[None], Gaussian(std or None), fields, geometry=raw.geometry)
        x = acquisition.turned(raw.truth["x"].data, raw, measured) if "x" in raw.truth else acquisition.reference(raw, everywhere, measured)
        notes = (*raw.notes, *(thin_centre(k, size) if acquisition.estimates(raw) else ()))
        return Scan(name, measured, {**raw.truth, "x": Field(x, ("y", "x"))}, notes)

    def places(self, size: tuple[int, int], rng: Streams) -> Tensor:
        """The trajectory (shot, readout, channel) over k-space of an image of a size, float32."""
        n, first = max(size), int(rng.child("angle").integers(0, 1000))
        if self.trajectory == "radial":
            k, _ = radial(max(1, round(math.pi / 2 * n / self.acceleration)), OVERSAMPLING * n, 1.0, first=first)
        else:
            turns = n / (2 * ARMS)
            readout = round(OVERSAMPLING * math.pi * turns * n / 2)
            k, _ = spiral(max(1, round(ARMS / self.acceleration)), readout, 1.0, turns=turns, golden=True, first=first)
        return k * torch.tensor(size)


def calibration(y: Tensor, k: Tensor, size: tuple[int, int]) -> tuple[Tensor, Tensor]:
    """The centre of k-space on the grid, (coil, ky, kx), zero elsewhere, and where it is, bool (ky, kx): least squares from y at k."""
    low = sides(size)
    box = tuple(centre(n, m) for n, m in zip(size, low, strict=True))
    near = (k.abs() < torch.tensor(low) / 2).all(-1)
    A = NonUniformFourier(Space(("coil", "y", "x"), (len(y), *low)), k[near][None, None])
    images = conjugate_gradients(A.gram, A.H(y[:, near][None, :, None]), iterations=ITERATIONS)[0]
    kspace, inside = y.new_zeros(len(y), *size), torch.zeros(size, dtype=torch.bool)
    kspace[:, box[0], box[1]], inside[box] = fft(images), True
    return kspace, inside

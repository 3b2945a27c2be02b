"""Moving: a multi-shot scan of an object that changes its pose between shots, simulated at twice the resolution of the image."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Annotated, Literal

import torch
from annotated_types import Ge, Le
from torch import Tensor

from mridiff.errors import DataError
from mridiff.interfaces import Dataset, Field, Gaussian, Measured, Scan, Streams
from mridiff_sdk.coils import simulate_maps
from mridiff_sdk.fourier import fft, ifft
from mridiff_sdk.motion import Kind, Order, Rigid, draw, shots_of
from mridiff_sdk.sampling_patterns import centre

from . import options
from .acquisition import Acquisition
from .brain import head
from .breathing import Breathing
from .raw import Raw

__all__ = ["Movement", "MovingBrain"]

Course = Annotated[
    Literal[Kind, "breathing"],
    "course of the motion: uniform = each pose for itself, walk = drift, smooth = slow waves, steps = a few jumps; "
    "breathing = each line of k-space shifted along its own axis, as `Breathing`",
]
Moved = Annotated[bool, "whether the coil sensitivities move with the object, instead of standing still"]
Told = Annotated[
    Literal["given", "espirit", "low-frequency"],
    "coil maps of the scan: those that were simulated, or estimated from its sampled centre as if nothing had moved",
]
Still = Annotated[float, Ge(0), Le(0.5), "the object lies as in the truth while lines are measured within this part of all of the centre"]


@dataclass(eq=False)
class Movement:
    """How a moving object is scanned: R-fold regular Cartesian lines along kx in `shots` echo trains, one rigid pose for each.

    The object has twice as many pixels along each side as the image and is moved on that finer grid, so that what is simulated is not
    the operator that a reconstruction inverts. With `still`, all shots that measure a line within still * n lines of the centre rest, and
    the truth is the object in their pose, not in the mean pose. Of the course "breathing" lines have phase errors instead of poses.
    Coil maps that the scan does not tell are the truth "sensitivity_maps".
    """

    acceleration: Annotated[int, Ge(1), Le(16), "every n-th line is measured; 1 = all"] = 1
    shots: Annotated[int, Ge(1), Le(512), "number of shots, each with one pose"] = 12
    order: Annotated[Order, "order of the lines: every n-th line is one shot's, or neighbours are"] = "interleaved"
    kind: Course = "uniform"
    rotation: Annotated[float, Ge(0), Le(30), "largest rotation, in degrees"] = 4.0
    shift: Annotated[float, Ge(0), Le(20), "largest shift, in pixels of the image"] = 3.0
    moving_coils: Moved = True
    noise_std: options.NoiseStd = 0.005
    coils: options.Coils = 4
    coil_seed: options.CoilSeed = 0
    seed: Annotated[int, Ge(0), "seed of motion and noise"] = 0
    still: Still = 0.0
    center_fraction: options.CenterFraction = 0.0
    maps: Told = "given"

    def scan(self, fine: Tensor, scan_id: str) -> Scan:
        """The scan of an object (2 y, 2 x), complex: truth "x" (y, x), and of a rigid motion "motion" (shot, 3) in degrees and pixels.

        y has axes (coil, ky, kx); `shots` holds the shot of each sample, -1 where nothing was measured. Raises DataError for an odd size,
        and where every shot measures a line of the centre that is `still`.
        """
        if any(n % 4 for n in fine.shape):
            raise DataError(f"{scan_id}: the object has {tuple(fine.shape)} pixels", hint="Give sides that can be divided by four.")
        size = (fine.shape[0] // 2, fine.shape[1] // 2)
        maps = simulate_maps(self.coils, fine.shape, self.coil_seed)
        rng = Streams.of(self.seed, scan_id)
        mask = torch.zeros(1, *size)
        mask[..., size[1] // 2 % self.acceleration :: self.acceleration] = 1
        mask[..., centre(size[1], round(self.center_fraction * size[1]))] = 1
        shots = shots_of(mask, self.shots, self.order)
        still = _coarse(fft(maps * fine))
        x = (maps[:, ::2, ::2].conj() * ifft(still)).sum(0)
        truth = {"x": Field(x[None], ("y", "x"))}
        if self.kind == "breathing":
            y = mask * Breathing(self.shift, self.still).displaced(still[None], rng.child("motion"))
        else:
            motion = self._motion(self.kind, shots, scan_id, rng.child("motion"))
            y = self._kspace(fine, maps, shots, motion)
            truth["motion"] = Field(motion, ("shot", "channel"), "degree, pixel")
        noise = Gaussian(self.noise_std * float(x.abs().max()) or None)
        y = y if noise.std is None else torch.where(mask > 0, noise.draw(y, rng.child("noise")), 0)
        known = Field(maps[None, :, ::2, ::2].clone(), ("coil", "y", "x"))
        if self.maps != "given":
            truth["sensitivity_maps"] = known
            estimated = Acquisition(maps=self.maps).coil_maps(Raw(scan_id, y[0]), y[0], mask[0] > 0)
            known = replace(known, data=estimated[None])
        acquisition = {"mask": Field(mask, ("ky", "kx")), "shots": Field(shots, ("ky", "kx")), "sensitivity_maps": known}
        return Scan(scan_id, Measured(y, noise, acquisition), truth)

    def _motion(self, kind: Kind, shots: Tensor, scan_id: str, rng: Streams) -> Tensor:
        """The poses (1, shot, 3) of the shots of samples (1, ky, kx); those of the still centre are all zero."""
        motion = draw(kind, self.shots, self.rotation, self.shift, rng).float()
        if not self.still:
            return motion
        k = torch.arange(shots.shape[-1]) - shots.shape[-1] // 2
        resting = shots[..., k.abs() <= self.still * len(k)].unique()
        resting = resting[resting >= 0].long()
        if len(resting) == self.shots:
            raise DataError(f"{scan_id}: every shot measures a line of the centre that is still, so that nothing can move",
                            hint="Take order = linear and more shots, or a smaller part that is still.")  # fmt: skip
        motion = motion - motion[:, resting[len(resting) // 2]][:, None]
        motion[:, resting] = 0
        return motion

    def _kspace(self, fine: Tensor, maps: Tensor, shots: Tensor, motion: Tensor) -> Tensor:
        """The samples of every shot (1, coil, ky, kx), one shot after the other to save memory."""
        total = torch.zeros(1, len(maps), *shots.shape[1:], dtype=maps.dtype)
        for s in range(motion.shape[1]):
            pose = motion[:, s] * torch.tensor([1.0, 2.0, 2.0])
            T = Rigid(pose, (fine.shape[0], fine.shape[1]))
            seen = T((maps * fine)[None]) if self.moving_coils else maps * T(fine[None])[:, None]
            total += (shots[:, None] == s) * _coarse(fft(seen))
        return total


def _coarse(k: Tensor) -> Tensor:
    """The inner half of k-space (..., 2 ky, 2 kx), as the coarse grid measures it."""
    ny, nx = k.shape[-2] // 4, k.shape[-1] // 4
    return k[..., ny:-ny, nx:-nx] / 2


@dataclass(eq=False)
class MovingBrain(Movement, Dataset):
    """One scan: the embedded head (sagittal T1 spin echo, 256 x 256), moved between shots or lines and imaged at 128 x 128.

    The true poses are truth["motion"]; nothing that is measured tells them. Coils, motion and noise are simulated.
    """

    def __len__(self) -> int:
        return 1

    def __getitem__(self, index: int) -> Scan:
        """The scan, under index 0 (or -1)."""
        if index not in (0, -1):
            raise IndexError(f"the embedded brain is one scan; there is no index {index}")
        return self.scan(head(), "moving-brain")

"""Moving: a multi-shot scan of an object that changes its pose between shots, simulated at twice the resolution of the image."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import torch
from annotated_types import Ge, Le
from torch import Tensor

from mridiff.errors import DataError
from mridiff.interfaces import Dataset, Field, Gaussian, Measured, Scan, Streams
from mridiff_sdk.coils import simulate_maps
from mridiff_sdk.fourier import fft, ifft
from mridiff_sdk.motion import Kind, Order, Rigid, draw, shots_of

from . import options
from .brain import head

__all__ = ["Movement", "MovingBrain"]

Moved = Annotated[bool, "whether the coil sensitivities move with the object, instead of standing still"]


@dataclass(frozen=True)
class Movement:
    """How a moving object is scanned: R-fold regular Cartesian lines along kx in `shots` echo trains, one rigid pose for each.

    The object has twice as many pixels along each side as the image and is moved on that finer grid, so that what is simulated is not
    the operator that a reconstruction inverts. `rotation` is in degrees, `shift` in pixels of the image.
    """

    acceleration: int = 1
    shots: int = 12
    order: Order = "interleaved"
    kind: Kind = "uniform"
    rotation: float = 4.0
    shift: float = 3.0
    moving_coils: bool = True
    noise_std: float = 0.005
    coils: int = 4
    coil_seed: int = 0
    seed: int = 0

    def scan(self, fine: Tensor, scan_id: str) -> Scan:
        """The scan of an object (2 y, 2 x), complex: truth "x" (y, x) in the mean pose, and "motion" (shot, 3) in degrees and pixels.

        y has axes (coil, ky, kx); `shots` holds the shot of each sample, -1 where nothing was measured. Raises DataError for an odd size.
        """
        if any(n % 4 for n in fine.shape):
            raise DataError(f"{scan_id}: the object has {tuple(fine.shape)} pixels", hint="Give sides that can be divided by four.")
        size = (fine.shape[0] // 2, fine.shape[1] // 2)
        maps = simulate_maps(self.coils, fine.shape, self.coil_seed)
        rng = Streams.of(self.seed, scan_id)
        mask = torch.zeros(1, *size)
        mask[..., size[1] // 2 % self.acceleration :: self.acceleration] = 1
        shots = shots_of(mask, self.shots, self.order)
        motion = draw(self.kind, self.shots, self.rotation, self.shift, rng.child("motion")).float()
        still = _coarse(fft(maps * fine))
        x = (maps[:, ::2, ::2].conj() * ifft(still)).sum(0)
        noise = Gaussian(self.noise_std * float(x.abs().max()) or None)
        y = self._kspace(fine, maps, shots, motion)
        y = y if noise.std is None else torch.where(mask > 0, noise.draw(y, rng.child("noise")), 0)
        acquisition = {"mask": Field(mask, ("ky", "kx")), "shots": Field(shots, ("ky", "kx")),
                       "sensitivity_maps": Field(maps[None, :, ::2, ::2].clone(), ("coil", "y", "x"))}  # fmt: skip
        return Scan(scan_id, Measured(y, noise, acquisition),
                    {"x": Field(x[None], ("y", "x")), "motion": Field(motion, ("shot", "channel"), "degree, pixel")})  # fmt: skip

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


class MovingBrain(Dataset):
    """One scan: the embedded head (sagittal T1 spin echo, 256 x 256), moved rigidly between shots and imaged at 128 x 128.

    The true poses are truth["motion"]; nothing that is measured tells them. Coils, motion and noise are simulated.
    """

    def __init__(
        self,
        *,
        acceleration: Annotated[int, Ge(1), Le(16), "every n-th line is measured; 1 = all"] = 1,
        shots: Annotated[int, Ge(1), Le(128), "number of shots, each with one pose"] = 12,
        order: Annotated[Order, "order of the lines: every n-th line is one shot's, or neighbours are"] = "interleaved",
        kind: Annotated[Kind, "course of the motion: uniform = each pose for itself, walk = drift, steps = a few jumps"] = "uniform",
        rotation: Annotated[float, Ge(0), Le(30), "largest rotation, in degrees"] = 4.0,
        shift: Annotated[float, Ge(0), Le(20), "largest shift, in pixels of the image"] = 3.0,
        moving_coils: Moved = True,
        noise_std: options.NoiseStd = 0.005,
        coils: options.Coils = 4,
        coil_seed: options.CoilSeed = 0,
        seed: Annotated[int, Ge(0), "seed of motion and noise"] = 0,
    ) -> None:
        self.movement = Movement(acceleration, shots, order, kind, rotation, shift, moving_coils, noise_std, coils, coil_seed, seed)

    def __len__(self) -> int:
        return 1

    def __getitem__(self, index: int) -> Scan:
        """The scan, under index 0 (or -1)."""
        if index not in (0, -1):
            raise IndexError(f"the embedded brain is one scan; there is no index {index}")
        return self.movement.scan(head(), "moving-brain")

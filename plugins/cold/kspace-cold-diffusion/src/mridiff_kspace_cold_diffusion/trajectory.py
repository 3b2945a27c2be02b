"""Trajectory: a restorer learns from the states into which its own calls lead, of coil images that imperfect maps combine."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from mridiff.interfaces import Streams
from mridiff_sdk.coils import simulate_maps
from mridiff_sdk.diffusions import NestedMasks
from mridiff_sdk.fourier import ifft
from mridiff_sdk.training import Batch, ColdObjective, MaskFamily
from mridiff_sdk.training_data import WholeSource

BAND = 12
"""Cycles per field of view up to which errors of coil maps vary: those of ESPIRiT from some ten lines."""


class SeenSlices(WholeSource):
    """Slices of a pool as `WholeSource` gives them, each with the maps of the coils that see it.

    A batch holds "x" (sample, y, x) and "maps" (sample, coil, y, x); in a `single` part of the cases one coil sees all, its map is 1
    and the others are 0.
    """

    def __init__(self, files: Sequence[Path], size: int, seed: int = 0, grain: float = 0.0, *, coils: int = 8, sets: int = 32,
                 single: float = 0.2) -> None:  # fmt: skip
        super().__init__(files, size, seed, grain, seen="body")
        self.share = single
        self.arrays = torch.stack([simulate_maps(coils, (size, size), 1000 * seed + i) for i in range(sets)])
        self.alone = torch.zeros_like(self.arrays[0])
        self.alone[0] = 1

    def seen_by(self, step: int, place: int) -> Tensor:
        """The coil maps (coil, y, x) of one sample."""
        rng = np.random.default_rng((self.seed, step, place, 3))
        return self.alone if rng.random() < self.share else self.arrays[int(rng.integers(len(self.arrays)))]

    def batch(self, step: int, samples: Sequence[int]) -> Batch:
        """The given samples of the batch of update `step`."""
        maps = torch.stack([self.seen_by(step, i) for i in samples])
        return Batch(truth={**super().batch(step, samples).truth, "maps": maps})


class TrajectoryObjective(ColdObjective):
    """Mean |image after call i - truth| over real and imaginary parts, for each of the `calls` of the rule "anew" in turn.

    The batch needs "x" (sample, y, x), clean, and "maps" (sample, coil, y, x). Coil images are scaled as `ColdObjective` scales
    images. The maps that combine them are off by a smooth error of up to `error` per voxel, and what the truth combines to with
    these maps is what is asked for: no more can be known. Each call starts from what the one before left, and is a step of the
    optimiser of its own. The idea is that of Ross, Gordon, Bagnell, AISTATS 2011: learn on the states that one's own choices reach.
    """

    def __init__(self, masks: MaskFamily, gain: NestedMasks, calls: int = 6, error: float = 0.2,
                 spread: tuple[float, float] = (1.0, 1.0)) -> None:  # fmt: skip
        super().__init__(masks, gain, spread=spread)
        self.calls, self.error = calls, error

    def losses(self, model: nn.Module, batch: Mapping[str, Tensor], rng: Streams) -> Iterator[tuple[str, Tensor]]:
        """One loss "restorer" per call."""
        diffusion = self.bound(batch["x"], rng)
        coils = self.scaled(batch["maps"] * batch["x"][:, None], diffusion, rng)
        maps = estimated(batch["maps"], self.error, rng.child("maps"))
        truth, measured = (maps.conj() * coils).sum(1), diffusion.mean(coils, 1.0)
        x_t = measured
        for i in range(self.calls):
            found = maps * model((maps.conj() * x_t).sum(1), 1 - i / self.calls)[:, None]
            kept = found + measured - diffusion.mean(found, 1.0)
            error = (maps.conj() * kept).sum(1) - truth
            yield "restorer", 0.5 * (error.real.abs() + error.imag.abs()).mean()
            x_t = diffusion.mean(kept.detach(), 1 - (i + 1) / self.calls)


def estimated(maps: Tensor, error: float, rng: Streams) -> Tensor:
    """Maps (sample, coil, y, x) as an estimate gives them: off by up to `error`, smooth, root-sum-of-squares 1; a map of 1 is exact."""
    ny, nx = maps.shape[-2:]
    reach = min(BAND, min(ny, nx) // 2 - 1)
    size = 2 * reach + 1
    drawn = rng.normal((maps.shape[1], size, size), maps.dtype, maps.device)
    far = (torch.arange(size, device=maps.device) - reach).abs() / (1 + BAND * rng.uniform((1, 1), device=maps.device))
    taper = torch.exp(-0.5 * (2 * far) ** 2)
    k = maps.new_zeros(maps.shape)
    top, left = ny // 2 - reach, nx // 2 - reach
    k[..., top : top + size, left : left + size] = drawn * (taper.mT * taper)[:, None]
    off = ifft(k)
    several = (maps[:, 1:].abs().amax((1, 2, 3)) > 0).to(off.real.dtype) if maps.shape[1] > 1 else off.real.new_zeros(len(maps))
    level = several * error * rng.uniform((), device=maps.device) / torch.linalg.vector_norm(off, dim=1).flatten(1).mean(1)
    guess = maps + level[:, None, None, None] * off
    unit: Tensor = guess / torch.linalg.vector_norm(guess, dim=1, keepdim=True)
    return unit

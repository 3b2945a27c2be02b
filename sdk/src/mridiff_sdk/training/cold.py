"""Cold: training pairs of a restorer, images and what undersampling leaves of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn

from mridiff.interfaces import Objective, Streams

from ..diffusions.fourier import FourierDiffusion
from ..diffusions.gains import NestedMasks
from ..sampling_patterns.cartesian import mask as draw_mask


@dataclass(frozen=True)
class MaskFamily:
    """The masks that a restorer learns to undo: a pattern, an acceleration within a range, and a centre, drawn for each sample."""

    patterns: tuple[str, ...] = ("random",)
    accelerations: tuple[float, float] = (4.0, 4.0)
    centre: float = 0.08

    def draw(self, shape: Sequence[int], rng: Streams) -> Tensor:
        """Masks, bool (sample, ky, kx)."""
        low, high = self.accelerations
        rates = low * (high / low) ** rng.uniform(())
        picks, seeds = rng.integers(0, len(self.patterns)), rng.integers(0, 2**62)
        draws = zip(picks.tolist(), rates.tolist(), seeds.tolist(), strict=True)
        return torch.stack([draw_mask(self.patterns[i], shape, rate, self.centre, seed) for i, rate, seed in draws])


class ColdObjective(Objective):
    """Mean |model(D(x0, t), t) - x0| over real and imaginary parts, t uniform on 0, 1/T .. 1, a new mask and order for every sample.

    The batch needs "x" (sample, ..., y, x), clean. Each image is scaled so that the largest magnitude of its zero-filled image
    D(x0, 1) is 1, a statistic that a measurement has, times a factor drawn from `spread`. Source: Shen et al., Learning to reconstruct
    accelerated MRI through k-space cold diffusion without noise, Scientific Reports 14, 2024.
    """

    sees: Literal["truth", "measured"] = "truth"

    def __init__(self, masks: MaskFamily, gain: NestedMasks, levels: int = 1000, spread: tuple[float, float] = (1.0, 1.0)) -> None:
        super().__init__()
        self.masks, self.gain, self.levels, self.spread = masks, gain, levels, spread

    def bound(self, x0: Tensor, rng: Streams) -> FourierDiffusion:
        """The degradation of these images (sample, ..., y, x): a mask and an order for each."""
        masks = self.masks.draw(x0.shape[-2:], rng.child("mask")).to(x0.device)
        return FourierDiffusion(self.gain.to_mask(masks, rng.child("removal")))

    def scaled(self, x0: Tensor, diffusion: FourierDiffusion, rng: Streams) -> Tensor:
        """The images in the units in which the restorer will meet them."""
        low, high = self.spread
        peak = diffusion.mean(x0, 1.0).abs().flatten(1).amax(1)
        factor = low * (high / low) ** rng.uniform((), device=x0.device) / peak.clamp_min(1e-12)
        return x0 * factor.reshape(-1, *(1,) * (x0.ndim - 1))

    def times(self, batch: Mapping[str, Tensor], rng: Streams) -> Tensor:
        """One time per sample, (sample,), a multiple of 1 / levels, stratified over the batch."""
        u = batch["place"] + rng.uniform((), device=batch["place"].device) * batch["stride"]
        return (u * (self.levels + 1)).floor().clamp(max=self.levels) / self.levels

    def losses(self, model: nn.Module, batch: Mapping[str, Tensor], rng: Streams) -> Iterator[tuple[str, Tensor]]:
        """One loss, "restorer"."""
        diffusion = self.bound(batch["x"], rng)
        x0 = self.scaled(batch["x"], diffusion, rng)
        t = self.times(batch, rng)
        error = model(diffusion.mean(x0, t), t) - x0
        yield "restorer", 0.5 * (error.real.abs() + error.imag.abs()).mean()

"""What the restorer is trained for: whitened k-space, the image, and its edges."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import torch
from torch import Tensor, nn

from mridiff.interfaces import Streams
from mridiff_sdk.diffusions import NestedMasks
from mridiff_sdk.fourier import fft, ifft
from mridiff_sdk.training import ColdObjective, MaskFamily

from .net import AMKNet
from .virtual import compress, compression

STEPS = 1000
"""Levels of time in training; any number of steps divides the same range."""


def edges(x: Tensor) -> Tensor:
    """Differences of neighbours along both axes, (sample, coil, 2, y, x)."""
    return torch.stack([x - x.roll(1, -1), x - x.roll(1, -2)], dim=2)


def magnitude(x: Tensor) -> Tensor:
    """Mean of |Re| and |Im|."""
    return 0.5 * (x.real.abs() + x.imag.abs()).mean()


class AMKObjective(ColdObjective):
    """kspace |(k0' - k0) / w| + image |x0' - x0| + edge |grad x0' - grad x0|, means of absolute values, over virtual coils.

    The batch needs "x" (sample, coil, y, x), clean coil images; degraded as in ColdObjective, by masks whose times follow energy.
    """

    def __init__(self, masks: MaskFamily, gain: NestedMasks, kspace: float = 0.1, image: float = 1.0, edge: float = 0.1) -> None:
        super().__init__(masks, gain, STEPS, (0.5, 1.0))
        self.kspace, self.image, self.edge = kspace, image, edge

    def times(self, batch: Mapping[str, Tensor], rng: Streams) -> Tensor:
        """One time per sample, (sample,), with a density that grows with t: the more is missing, the more there is to learn."""
        t: Tensor = (super().times(batch, rng).sqrt() * self.levels).ceil() / self.levels
        return t

    def losses(self, model: nn.Module, batch: Mapping[str, Tensor], rng: Streams) -> Iterator[tuple[str, Tensor]]:
        """One loss, "restorer"."""
        assert isinstance(model, AMKNet)
        diffusion = self.bound(batch["x"], rng)
        k = fft(self.scaled(batch["x"], diffusion, rng))
        t = self.times(batch, rng)
        M = diffusion.gain(t, k)
        k = compress(compression(M * k, model.architecture["coils"]), k)
        error = model(M * k, t) - k
        x = ifft(error)
        yield "restorer", (self.kspace * magnitude(error / model.weight(*k.shape[-2:])) + self.image * magnitude(x)
                           + self.edge * magnitude(edges(x)))  # fmt: skip

"""Where training batches come from: merged frames of undersampled series, of which nothing but the measurement is read."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import torch
from torch import Tensor

from mridiff.interfaces import Measured, Streams
from mridiff_sdk.codecs import RadialWeight, Ramp
from mridiff_sdk.fourier import ifft
from mridiff_sdk.training import Batch

from .merge import merge


def references(measured: Measured, length: int) -> Tensor:
    """Weighted k-space of all frames of one series, merged over `length` frames, complex (t, ky, kx).

    The series is scaled as the pipeline does at inference: the 99th percentile of the zero-filled magnitude becomes 1.
    """
    (mask,) = measured.require("mask")
    y = torch.where(mask > 0, measured.y, torch.zeros((), dtype=torch.complex64))  # type: ignore[arg-type]  # one tensor, no blocks
    magnitude = ifft(y).abs().flatten()
    scale = magnitude.kthvalue(max(1, round(0.99 * magnitude.numel()))).values
    return RadialWeight(Ramp(1.0), "pixel").encode(merge(y, mask, length) / scale)[0]


class MergedFrames:
    """Single frames, drawn with a random global phase, as "x" (sample, ky, kx) of the measured half of a batch."""

    def __init__(self, series: Iterable[Measured], length: int, seed: int) -> None:
        self.frames, self.seed = torch.cat([references(m, length) for m in series]), seed

    @property
    def sigma_data(self) -> float:
        """Root mean square of all frames."""
        return float(self.frames.abs().square().mean().sqrt())

    def batch(self, step: int, samples: Sequence[int]) -> Batch:
        """The given samples of the batch of update `step`."""
        rng = Streams([f"{self.seed}/frames/{step}/{i}" for i in samples])
        which = rng.integers(0, len(self.frames))
        turn = torch.polar(torch.ones(len(samples)), 2 * torch.pi * rng.uniform(()))
        return Batch(measured={"x": self.frames[which] * turn[:, None, None]})

"""Objective: an image at one resolution from what is left of it at a lower one, both drawn."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Literal

import torch
from torch import Tensor, nn

from mridiff.interfaces import Objective, Streams

from .ladder import ladder, rings


class ResolutionObjective(Objective):
    """Mean |model(x_t, t, s) - A_s x0|^2 with x_t = A_t x0 + sigma_t z; t a rung of the ladder, s one below it, or 0 in a share `full`.

    The batch needs "x" (sample, y, x), clean. The study adds || M_s F (model - A_s x0) ||^2, which, for a model whose estimates lie
    within the box of s, is the same number again (Parseval). Source: Wang et al., Medical Image Analysis 107, 2025.
    """

    sees: Literal["truth", "measured"] = "truth"

    def __init__(self, full: float = 1 / 3) -> None:
        super().__init__()
        self.full, self.ladder = full, ladder()

    def times(self, batch: Mapping[str, Tensor], rng: Streams) -> tuple[Tensor, Tensor]:
        """t, stratified over the batch, and s, (sample,) each."""
        N, place = max(rings(n) for n in batch["x"].shape[-2:]), batch["place"]
        drawn, wanted, whole = (rng.uniform((), device=place.device) for _ in range(3))
        i = ((place + drawn * batch["stride"]) * N).floor().clamp(max=N - 1) + 1
        j = torch.where(whole < self.full, torch.zeros_like(i), (wanted * i).floor())
        return i.double() / N, j.double() / N

    def losses(self, model: nn.Module, batch: Mapping[str, Tensor], rng: Streams) -> Iterator[tuple[str, Tensor]]:
        """One loss, "resolution"."""
        x0 = batch["x"]
        t, s = self.times(batch, rng)
        error = model(self.ladder.degrade(x0, t, rng), t, s) - self.ladder.mean(x0, s)
        yield "resolution", (error * error.conj()).real.mean()

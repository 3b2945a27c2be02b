"""Objective: an image from what blur and noise leave of it, judged by the frequencies that the blur leaves."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Literal

from torch import Tensor, nn

from mridiff.interfaces import Objective, Streams, spread

from .net import HeatNet


class HeatObjective(Objective):
    """Mean |F^-1 G_t F (model(x_t, t) - x0)|^2 / c_out^2 with x_t = F^-1 G_t F x0 + sigma_t z, t even on (0, 1], for a `HeatNet`.

    The batch needs "x" (sample, y, x), clean. The weight G_t makes it a score matching of attenuated images; c_out, the network's own
    measure of how much is missing, makes all times count about the same, which the study's loss does not. Source: Cui et al., IEEE
    TMI 2024, and its public code.
    """

    sees: Literal["truth", "measured"] = "truth"

    def losses(self, model: nn.Module, batch: Mapping[str, Tensor], rng: Streams) -> Iterator[tuple[str, Tensor]]:
        """One loss, "heat"."""
        assert isinstance(model, HeatNet)
        x0, place = batch["x"], batch["place"]
        t = 1 - (place + rng.uniform((), device=place.device) * batch["stride"]).double()
        error = model.diffusion.mean(model(model.diffusion.degrade(x0, t, rng), t) - x0, t) / spread(model.reach(t), x0)
        yield "heat", (error * error.conj()).real.mean()

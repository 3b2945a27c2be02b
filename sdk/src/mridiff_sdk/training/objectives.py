"""Objectives: what a prior is trained for."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Literal

import torch
from torch import Tensor, nn

from mridiff.interfaces import Objective, Streams

from .training import Validate


class NoiseLevels:
    """Distribution of noise levels: log-uniform over `often` with probability `share`, log-uniform over `always` otherwise."""

    def __init__(self, often: tuple[float, float] = (0.02, 1.0), always: tuple[float, float] = (0.005, 20.0), share: float = 0.7) -> None:
        self.often, self.always, self.share = often, always, share

    def at(self, quantile: Tensor) -> Tensor:
        """The levels at quantiles in [0, 1), any shape."""
        inside = quantile < self.share
        within = torch.where(inside, quantile / self.share, (quantile - self.share) / (1 - self.share))
        low = torch.where(inside, math.log(self.often[0]), math.log(self.always[0]))
        high = torch.where(inside, math.log(self.often[1]), math.log(self.always[1]))
        return (low + (high - low) * within).exp()


def errors_over_sigma(x0: Tensor, sigmas: Sequence[float]) -> Validate:
    """A function that says the error of denoised images (sample, *space), per number and relative to the noise, at some noise levels."""
    noise = Streams.of(0, "validation", len(x0)).normal_like(x0)

    @torch.no_grad()
    def validate(model: nn.Module) -> Mapping[str, float]:
        error = {s: float((model(x0 + s * noise, s) - x0).abs().square().mean().sqrt()) / s for s in sigmas}
        return {f"error_over_sigma_{s:g}": e for s, e in error.items()}

    return validate


class DenoisingObjective(Objective):
    """Mean squared error of model(x0 + sigma n, sigma) against x0, weighted so that every noise level counts about the same.

    The batch needs "x" (sample, *space), clean; noise levels are stratified by the "place" and "stride" that the trainer adds.
    Source: Karras et al., Elucidating the design space of diffusion models, 2022, table 1: weight (sigma^2 + sigma_data^2) /
    (sigma sigma_data)^2; the distribution of levels is wider than theirs.
    """

    sees: Literal["truth", "measured"] = "truth"

    def __init__(self, sigma_data: float, levels: NoiseLevels | None = None) -> None:
        super().__init__()
        self.sigma_data = sigma_data
        self.levels = levels or NoiseLevels()

    def losses(self, model: nn.Module, batch: Mapping[str, Tensor], rng: Streams) -> Iterator[tuple[str, Tensor]]:
        """One loss, "denoiser"."""
        x0 = batch["x"]
        # one level in each of as many strata as there are samples: far less noise in the gradient than with free draws
        sigma = self.levels.at(batch["place"] + rng.uniform((), device=x0.device) * batch["stride"])
        view = sigma.reshape(-1, *(1,) * (x0.ndim - 1))
        error = model(x0 + view * rng.normal_like(x0), sigma) - x0
        weight = (view**2 + self.sigma_data**2) / (view * self.sigma_data) ** 2
        yield "denoiser", (weight * (error * error.conj()).real).mean()

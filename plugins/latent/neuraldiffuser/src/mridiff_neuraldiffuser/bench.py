"""Bench: many pictures at once, what decodes them, and what scores the result."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from mridiff.interfaces import Field, Gaussian, Measured, Problem, Streams
from mridiff_datasets.sim_fmri import SimFMRI
from mridiff_sdk.metrics import pixcorr, ssim, two_way

from .judge import Judge
from .prior import FeatureGuided
from .sampler import NeuralDiffuser
from .train import wanted

FIGURES = ("PixCorr", "SSIM", "mini_alex2", "mini_alex5", "mini_clip", "distance")
"""Correlation and structural similarity with what was seen; two-way identification by the judge's second and fifth layer and by the
embedding of the vision tower that also guides; distance to the decoded features."""


class Bench:
    """Scans of one split as one problem with a sample for each; `oracle` holds what the decoders would give if they were perfect."""

    def __init__(self, prior: FeatureGuided, judge: Judge, split: str, count: int, noise: float = 2.0) -> None:
        self.prior, self.judge, self.split = prior, judge, split
        data = SimFMRI(split=split, stimuli=count, noise=noise, size=prior.stack.size)  # type: ignore[arg-type]
        scans = list(data)
        self.x = torch.cat([s.truth["x"].data for s in scans])
        self.voxels = torch.cat([s.measured.conditions["voxels"].data for s in scans])
        self.decoded = prior.conditions(self.problem())
        found = wanted(prior.stack, self.x, [data.scene(i) for i in range(count)], prior.decoders.layers)
        self.oracle = {name: Field(value, self.decoded[name].axes) for name, value in found.items()}
        self.truth = self.seen(self.x)

    def problem(self, conditions: Mapping[str, Field] | None = None, order: Tensor | None = None) -> Problem:
        """The problem, with some conditions given instead of decoded, or with the responses in another order."""
        voxels = Field(self.voxels if order is None else self.voxels[order], ("voxel",))
        measured = Measured(None, Gaussian(), conditions={"voxels": voxels, **(conditions or {})})
        return Problem.of(None, measured, space=self.prior.codec.domain(self.prior.space))

    def features(self, shift: int = 0) -> dict[str, Field]:
        """True vision features, of the pictures themselves or of those that come `shift` places later."""
        return {k: Field(f.data.roll(-shift, 0), f.axes) for k, f in self.oracle.items() if k.startswith("feature")}

    @torch.no_grad()
    def run(self, problem: Problem | None = None, seed: int = 0, prior: FeatureGuided | None = None, **options: Any) -> Tensor:
        """Pictures of all scans at once, one draw each."""
        x: Tensor = NeuralDiffuser(prior or self.prior, **options)(problem or self.problem(), Streams.of(seed, "measure", len(self.x)))
        return x

    @torch.no_grad()
    def seen(self, x: Tensor) -> list[Tensor]:
        """The features that identification compares."""
        layers = self.judge.layers(x)
        return [layers[1], layers[4], self.prior.stack.look(x)[1]]

    @torch.no_grad()
    def score(self, x: Tensor) -> dict[str, Tensor]:
        """Every figure, per picture."""
        ways = [two_way(a, b) for a, b in zip(self.seen(x), self.truth, strict=True)]
        plain = [pixcorr(x, self.x), ssim(x.mean(1), self.x.mean(1), data_range=1.0)]
        return dict(zip(FIGURES, [*plain, *ways, self.prior.distance(x, self.decoded)], strict=True))

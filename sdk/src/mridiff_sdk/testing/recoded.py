"""The same prior in other words: its space reflected, so that what a sampler does beside the codec and the bound diffusion shows."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any, Self

import torch
from torch import Tensor

from mridiff.interfaces import Codec, Diffusion, Field, Prior, Problem, Streams

from ..codecs.compose import Compose


def reflect(x: Tensor) -> Tensor:
    """x - 2 v v^T x along the last axis, for a fixed unit vector v: its own inverse, unitary, real, and no symmetry of images."""
    v = torch.linspace(1.0, 2.0, x.shape[-1], dtype=torch.float64, device=x.device)
    v = (v / torch.linalg.vector_norm(v)).to(x.dtype)
    mirrored: Tensor = x - 2 * (x @ v)[..., None] * v
    return mirrored


class Reflection(Codec):
    """u = reflect(x); axes keep their names, so that only values tell whether it was passed through."""

    kind = "unitary"

    def encode(self, x: Tensor, conditions: Mapping[str, Field] | None = None) -> Tensor:
        """reflect(x)."""
        return reflect(x)

    def decode(self, u: Tensor, conditions: Mapping[str, Field] | None = None) -> Tensor:
        """reflect(u)."""
        return reflect(u)


class RecodedDiffusion(Diffusion):
    """A diffusion of reflected states, whose noise is that of the original, reflected.

    Unbound it makes no noise, for a diffusion may be another for every scan.
    """

    def __init__(self, inner: Diffusion) -> None:
        self.inner, self.t_range, self.levels, self.bound = inner, inner.t_range, inner.levels, False

    def mean(self, x0: Tensor, t: float | Tensor) -> Tensor:
        """H_t of the original."""
        return reflect(self.inner.mean(reflect(x0), t))

    def sigma(self, t: float | Tensor) -> Tensor:
        """That of the original."""
        return self.inner.sigma(t)

    def alpha(self, t: float | Tensor) -> Tensor:
        """That of the original."""
        return self.inner.alpha(t)

    def time(self, ratio: float | Tensor) -> Tensor:
        """That of the original."""
        return self.inner.time(ratio)

    def noise(self, like: Tensor, rng: Streams) -> Tensor:
        """The original's draw, reflected; raises AssertionError where no scan was bound."""
        assert self.bound, "noise is drawn from a diffusion that was not bound to the scan: use diffusion.bind(problem, rng)"
        return reflect(self.inner.noise(reflect(like), rng))

    def bind(self, problem: Problem, rng: Streams) -> Self:
        """The original bound, reflected."""
        made = copy.copy(self)
        made.inner, made.bound = self.inner.bind(problem, rng), True
        return made


class Recoded(Prior):
    """What `prior` knows, of reflected images: through its codec it is the same prior."""

    def __init__(self, prior: Prior) -> None:
        super().__init__()
        self.prior, self.space, self.scaling = prior, prior.space, prior.scaling
        self.codec, self.diffusion = Compose(prior.codec, Reflection()), RecodedDiffusion(prior.diffusion)

    def conditions(self, problem: Problem) -> dict[str, Field]:
        """Those of the original."""
        return self.prior.conditions(problem)

    def forward(self, x_t: Tensor, t: float | Tensor, conditions: Mapping[str, Field] | None = None, rng: Streams | None = None) -> Tensor:
        """The estimate of the original, reflected."""
        return reflect(self.prior(reflect(x_t), t, conditions, rng))


class Watched:
    """A copy of a prior, of its own class, that counts how often its conditions are computed and its diffusion is bound.

    `shift` times a pattern of white noise is added to every estimate: a prior that says something else.
    """

    def __init__(self, prior: Prior, shift: float = 0.0) -> None:
        self.conditions = self.binds = 0
        self.prior, diffusion = copy.copy(prior), copy.copy(prior.diffusion)

        def conditions(problem: Problem) -> dict[str, Field]:
            self.conditions += 1
            return prior.conditions(problem)

        def bind(problem: Problem, rng: Streams) -> Diffusion:
            self.binds += 1
            return prior.diffusion.bind(problem, rng)

        def forward(*given: Any, **named: Any) -> Tensor:
            estimate: Tensor = prior.forward(*given, **named)
            return estimate + shift * Streams.of(0, "shift").normal_like(estimate)

        vars(self.prior).update(conditions=conditions, diffusion=diffusion, forward=forward)
        vars(diffusion)["bind"] = bind

"""What one step of the proximal diffusion sampler (DDIM noise, conjugate gradients as data step) costs beside network and operator."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from case import Case
from torch import Tensor

from mridiff.interfaces import Field, Gaussian, LinearOperator, Prior, Problem, Streams
from mridiff_operators.sense import SenseOperator

STEPS = 20


class Stopwatch:
    """Processor milliseconds spent inside `with watch():` blocks, and their number."""

    def __init__(self) -> None:
        self.milliseconds, self.calls = 0.0, 0

    @contextmanager
    def __call__(self) -> Iterator[None]:
        begin = time.process_time()
        yield
        self.milliseconds += 1e3 * (time.process_time() - begin)
        self.calls += 1


class Watched(LinearOperator):
    """An operator whose time is taken."""

    def __init__(self, A: LinearOperator, watch: Stopwatch) -> None:
        super().__init__()
        self.A, self.watch, self.domain, self.codomain = A, watch, A.domain, A.codomain

    def _timed(self, run: Callable[[Tensor], Tensor], v: Tensor) -> Tensor:
        with self.watch():
            return run(v)

    def forward(self, x: Tensor) -> Tensor:
        return self._timed(self.A, x)

    def adjoint(self, y: Tensor) -> Tensor:
        return self._timed(self.A.adjoint, y)

    def normal(self, x: Tensor) -> Tensor:
        return self._timed(self.A.normal, x)


class WatchedPrior(Prior):
    """A prior whose time is taken."""

    def __init__(self, prior: Prior, watch: Stopwatch) -> None:
        super().__init__()
        self.prior, self.watch, self.space, self.diffusion, self.codec = prior, watch, prior.space, prior.diffusion, prior.codec

    def forward(self, x_t: Tensor, t: float | Tensor, conditions: Mapping[str, Field] | None = None, rng: Streams | None = None) -> Tensor:
        with self.watch():
            return self.prior(x_t, t, conditions, rng)


class WatchedStreams(Streams):
    """Random numbers whose time is taken."""

    def __init__(self, keys: Sequence[str], watch: Stopwatch) -> None:
        super().__init__(keys)
        self.watch = watch

    def normal(self, *shape: Any, **options: Any) -> Tensor:
        with self.watch():
            return super().normal(*shape, **options)


def sampler_step(c: Case, iterations: int, rounds: int) -> dict[str, float] | None:
    """Processor milliseconds of a step: whole, in its parts, and besides; best of some runs; None without these packages."""
    try:
        from mridiff_priors.denoiser import Denoiser
        from mridiff_samplers.diffpir import DiffPIR
    except ImportError:
        return None
    prior = Denoiser()
    A = SenseOperator(c.maps[None], c.mask[None])
    results = []
    for _ in range(rounds):
        operator, network, random = Stopwatch(), Stopwatch(), Stopwatch()
        W = Watched(A, operator)
        sampler = DiffPIR(WatchedPrior(prior, network), steps=STEPS, iterations=iterations, start="noise")
        problem = Problem(W, c.y[None], Gaussian(0.002), A.domain)
        begin = time.process_time()
        with torch.no_grad():
            sampler(problem, WatchedStreams(["benchmark"], random))
        whole = 1e3 * (time.process_time() - begin)
        taken = {"operator": operator.milliseconds, "network": network.milliseconds, "random": random.milliseconds}
        parts = {"step": whole, **taken, "besides": whole - sum(taken.values()), "operator calls": operator.calls}
        results.append({name: value / STEPS for name, value in parts.items()})
    return min(results, key=lambda r: r["besides"])

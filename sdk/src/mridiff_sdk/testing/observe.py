"""One watched run of a sampler, of which many checks read: its steps, and what it did besides."""

from __future__ import annotations

import random
import warnings
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from mridiff.interfaces import Problem, Sampler, Step, Streams
from mridiff.pipeline.cost import Counter

from .values import identical, parts


@dataclass(frozen=True)
class Observed:
    """The steps of a run, and its side effects: steps yielded with gradients enabled, backward passes, what it changed."""

    steps: list[Step]
    with_gradients: list[int]
    backward: float
    spoilt: list[str]
    surroundings: list[str]


def observe(sampler: Sampler, problem: Problem, rng: Streams) -> Observed:
    """Run a sampler to its end, under `no_grad` as the pipeline does, and watch it."""
    held = _tensors(problem)
    before = {name: value.clone() for name, value in held.items()}
    _stir()
    around = _surroundings()
    steps, with_gradients = [], []
    with warnings.catch_warnings(), torch.no_grad(), Counter() as counter:
        for step in sampler.trajectory(problem, rng):
            steps.append(step)
            if torch.is_grad_enabled():
                with_gradients.append(step.index)
        changed = [name for name, value in _surroundings().items() if value != around[name]]
    spoilt = [name for name, value in held.items() if not identical(value, before[name])]
    return Observed(steps, with_gradients, counter.cost.backward, spoilt, changed)


def _stir() -> None:
    """Moves the global generators to where no run has left them, so that a constant seed shows at every look."""
    torch.rand(1)
    np.random.random()  # noqa: NPY002 - that generator is what is watched
    random.random()  # noqa: S311


def _tensors(problem: Problem) -> dict[str, Tensor]:
    blocks = () if problem.y is None else parts(problem.y)
    fields = {**problem.acquisition, **problem.conditions}
    buffers = {} if problem.A is None else dict(problem.A.named_buffers())
    return {**{f"y{i}": b for i, b in enumerate(blocks)}, **{name: f.data for name, f in fields.items()}, **buffers}


def _surroundings() -> dict[str, object]:
    return {
        "the global random numbers of torch": torch.random.get_rng_state().tolist(),
        "the global random numbers of numpy": repr(np.random.get_state(legacy=False)),  # noqa: NPY002 - all of its 624 numbers
        "the global random numbers of Python": random.getstate(),
        "the default dtype": torch.get_default_dtype(),
        "the number of threads": torch.get_num_threads(),
        "the warning filters": list(warnings.filters),
    }

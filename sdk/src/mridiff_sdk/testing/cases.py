"""Cases: subjects under check, each with all that a check needs to build and run it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

import torch
from torch import Tensor

from mridiff.errors import DataError
from mridiff.interfaces import (
    Dataset,
    Field,
    LinearOperator,
    Measured,
    Noise,
    Operator,
    ParametricOperator,
    Prior,
    Problem,
    Sampler,
    Scan,
    Space,
    Streams,
)
from mridiff.pipeline.method import Reconstruction
from mridiff.plugins.entry import Entry
from mridiff.spec import Trait

from .observe import Observed, observe

SINGLE, DOUBLE = torch.float32, torch.float64
LOOSEST = 0.5
"""The largest error of a posterior that a case may grant."""


@dataclass(frozen=True, kw_only=True)
class Case:
    """One subject: a name that says what is special about it, and the traits that it is held to."""

    kind: ClassVar[str] = ""

    id: str
    offers: frozenset[Trait] = frozenset()


@dataclass(frozen=True, kw_only=True)
class ComponentCase(Case):
    """A declaration and what it points to."""

    kind = "component"
    entry: Entry


@dataclass(frozen=True, kw_only=True)
class OperatorCase(Case):
    """An operator, built by `build` from what `measured` gives at a real precision; `samples` are there at once, each its own scan."""

    kind = "operator"
    measured: Callable[[torch.dtype], Measured]
    build: Callable[[Measured], Operator]
    samples: int = 1
    precision: torch.dtype = SINGLE

    @cached_property
    def scan(self) -> Measured:
        """What was measured, at the precision of the case."""
        return self.measured(self.precision)

    @cached_property
    def A(self) -> Operator:
        """The operator of all samples."""
        return self.build(self.scan)

    @property
    def linear(self) -> LinearOperator:
        """The operator, at the start of its nuisance where it has one."""
        A = self.A.at(self.A.start()) if isinstance(self.A, ParametricOperator) else self.A
        assert isinstance(A, LinearOperator), f"it claims to be linear and is {type(A).__name__}"
        return A

    @property
    def bound(self) -> float:
        """The relative error that rounding may cause."""
        return 2e-5 if self.precision == SINGLE else 1e-10

    def sample(self, index: int) -> OperatorCase:
        """The case of one sample alone."""
        return replace(self, measured=lambda precision: one(self.measured(precision), index), samples=1)


@dataclass(frozen=True, kw_only=True)
class NoiseCase(Case):
    """A noise model and a noise-free measurement, one sample in double precision, that it scatters about."""

    kind = "noise"
    noise: Noise
    Ax: Tensor


@dataclass(frozen=True, kw_only=True)
class PriorCase(Case):
    """A prior and images that it knows: `x0` (sample, *space) in its space; `problem` for one that reads conditions or a mask.

    `loss` is the error that the estimate may have at the clean end, relative to x0; `turn` the share of its correction by which a
    complex estimate may fail to follow a phase.
    """

    kind = "prior"
    build: Callable[[], Prior]
    x0: Tensor
    problem: Problem | None = None
    loss: float = 0.1
    turn: float = 0.2

    @cached_property
    def prior(self) -> Prior:
        """The prior, ready to be used."""
        return self.build().eval()

    @cached_property
    def conditions(self) -> Mapping[str, Field]:
        """What it reads beside x_t."""
        return {} if self.problem is None else self.prior.conditions(self.problem)


@dataclass(frozen=True, kw_only=True)
class SamplerCase(Case):
    """A sampler, built by `build(**options)` with its priors, and the problem that it solves.

    `exact` gives the mean (1, *space) and the covariance (n, n) of the true posterior; `mean_error` and `variance_error` are what the
    sampler may miss of them, in units of the posterior's standard deviation and relative, at most `LOOSEST`: beyond it they say nothing.
    """

    kind = "sampler"
    build: Callable[..., Sampler]
    problem: Problem
    exact: tuple[Tensor, Tensor] | None = None
    draws: int = 200
    mean_error: float = 0.25
    variance_error: float = 0.25
    shortest: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        loose = [name for name in ("mean_error", "variance_error") if not 0 < getattr(self, name) <= LOOSEST]
        if loose:
            raise ValueError(f"case {self.id!r}: {' and '.join(loose)} must lie between 0 and {LOOSEST}; a sampler that misses more "
                             f"draws from another posterior and should not claim this one")  # fmt: skip

    @cached_property
    def sampler(self) -> Sampler:
        """The sampler with its default options."""
        return self.build().eval()

    @cached_property
    def observed(self) -> Observed:
        """A watched run for two samples of seed 0."""
        return observe(self.sampler, self.problem, Streams.of(0, "sampler", 2))

    @cached_property
    def other(self) -> Tensor:
        """The result for two samples of seed 1."""
        x: Tensor = self.sampler(self.problem, Streams.of(1, "sampler", 2))
        return x

    @cached_property
    def drawn(self) -> Tensor:
        """As many draws as the case asks for, (sample, *space)."""
        x: Tensor = self.sampler(self.problem, Streams.of(0, "sampler", self.draws))
        return x


@dataclass(frozen=True, kw_only=True)
class DatasetCase(Case):
    """A data set; `missing` builds it for the path of a file, where it reads files.

    `clean` builds it fully sampled and without noise, by the combination of options; `noisy` with noise, for a seed that changes what it
    adds; `image` is the magnitude (y, x) of the image that its first scan then shows, where the case knows it from elsewhere.
    """

    kind = "dataset"
    build: Callable[[], Dataset]
    missing: Callable[[Path], Dataset] | None = None
    clean: Mapping[str, Callable[[], Dataset]] = field(default_factory=dict)
    noisy: Callable[[int], Dataset] | None = None
    image: Tensor | None = None

    @cached_property
    def dataset(self) -> Dataset:
        """The data set."""
        return self.build()


@dataclass(frozen=True, kw_only=True)
class RecipeCase(Case):
    """A method cut down to a few steps, and a scan for it."""

    kind = "recipe"
    build: Callable[[], Callable[[Scan], Reconstruction]]
    read: Callable[[], Scan]

    @cached_property
    def scan(self) -> Scan:
        """The scan."""
        return self.read()

    @cached_property
    def method(self) -> Callable[[Scan], Reconstruction]:
        """The method, built."""
        return self.build()

    @cached_property
    def result(self) -> Reconstruction:
        """What it makes of its scan."""
        return self.method(self.scan)


def one(measured: Measured, index: int) -> Measured:
    """One sample of a measurement of several; what all share stays."""

    def pick(tensor: Tensor) -> Tensor:
        return tensor if len(tensor) == 1 else tensor[index : index + 1]

    def fields(many: Mapping[str, Field]) -> dict[str, Field]:
        return {name: replace(f, data=pick(f.data)) for name, f in many.items()}

    y = measured.y
    picked = tuple(map(pick, y)) if isinstance(y, tuple) else None if y is None else pick(y)
    return replace(measured, y=picked, acquisition=fields(measured.acquisition), conditions=fields(measured.conditions))


def fixed(space: Space, sizes: Mapping[str, int]) -> Space:
    """A space with its open sizes filled in by axis name; raises DataError for an axis that is not given."""
    unknown = [a for a, n in zip(space.axes, space.sizes, strict=True) if n is None and a not in sizes]
    if unknown:
        raise DataError(f"no size is known for the axes {', '.join(unknown)}", hint="Give cases of your own.")
    return space.fixed(tuple(sizes[a] if n is None else n for a, n in zip(space.axes, space.sizes, strict=True)))

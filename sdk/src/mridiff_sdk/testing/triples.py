"""Triples: every sampler with every operator and prior that it is said to run with, for a few steps on a tiny scan."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any, Literal

import torch
from torch import Tensor

from mridiff.errors import DataError, MridiffError, NotFound
from mridiff.interfaces import Field, LinearOperator, Operator, ParametricOperator, Scan, Step, Streams
from mridiff.pipeline.compatibility import Choice, mismatches
from mridiff.pipeline.method import Method, load_dataset
from mridiff.pipeline.plan import Plan, option_rows, plan
from mridiff.plugins.entry import Entry
from mridiff.plugins.registry import Registry

from .automatic import cases_for, options_for
from .automatic.priors import smooth
from .automatic.samplers import STEPS, least
from .cases import SINGLE, OperatorCase

Combination = tuple[Entry, Entry | None, Mapping[str, list[Entry]]]
"""A sampler, an operator, and the priors that fit each of its slots, as `mridiff matrix` lists them."""
State = Literal["ran", "refused", "failed"]
COUNTED = (*STEPS, "calls")
"""Options that count steps: of the run, and of the estimate that it begins with."""
COUNTS = (3, 12, 48)
"""Steps of a run, and those of the next where so few explain the data worse than an empty image."""


@dataclass(frozen=True)
class Triple:
    """One cell: a sampler and the priors in its slots, with an operator or without."""

    sampler: Entry
    operator: Entry | None
    priors: Mapping[str, Entry]

    @property
    def names(self) -> tuple[str, str, str]:
        """Sampler, operator and priors, those of several slots joined by +."""
        priors = " + ".join(e.spec.name for e in self.priors.values())
        return self.sampler.spec.name, self.operator.spec.name if self.operator else "(none)", priors or "(none)"

    def has(self, words: Iterable[str]) -> bool:
        """Whether every word is the name of one of its components."""
        return set(words) <= {*self.names, *(e.spec.name for e in self.priors.values())}


@dataclass(frozen=True)
class Ran:
    """What became of a triple: `misfit` is ||A x - y|| / ||y|| after so many steps, 1 for an empty image; None where there is none."""

    sampler: str
    operator: str
    prior: str
    state: State
    message: str = ""
    misfit: float | None = None
    steps: int = 0
    seconds: float = 0.0

    def as_dict(self) -> dict[str, Any]:
        """The outcome as plain data."""
        return asdict(self) | {"seconds": round(self.seconds, 3)}


def triples(combinations: Iterable[Combination], only: str = "") -> list[Triple]:
    """Every triple, or those that have each of the components named in `only`; raises NotFound where there are none."""
    found = [Triple(sampler, operator, dict(zip(fits, priors, strict=True)))
             for sampler, operator, fits in combinations for priors in product(*fits.values())]  # fmt: skip
    kept = [t for t in found if t.has(only.split())]
    if only and not kept:
        raise NotFound(f"no combination has all of {', '.join(only.split())}", hint="`mridiff matrix` lists them.")
    return kept


class Runs:
    """Runs triples one by one; files that priors need are written into `folder`, small and with random weights."""

    def __init__(self, registry: Registry, folder: Path) -> None:
        self.registry = registry
        self.options = cache(lambda entry: options_for(entry, folder))
        self.scan = cache(tiny_scan)

    def __call__(self, triple: Triple) -> Ran:
        """Plan a triple as a user's run is planned, and run it until it explains the data, or has had all of its steps."""
        began, steps, found = time.perf_counter(), list[Step](), None
        state: State = "ran"
        message = ""
        try:
            for count in COUNTS if self.counts(triple.sampler, 1) else COUNTS[:1]:
                steps.clear()
                found = self.tried(triple, count, steps)
                if found is None or found[0] <= found[1]:
                    break
            else:
                state, message = "failed", f"after {len(steps)} steps it explains the data worse than an empty image and the first look"
        except MridiffError as error:  # who has made a step has taken the problem on
            state, message = "failed" if steps else "refused", error.message
        except Exception as error:
            state, message = "failed", f"{type(error).__name__}: {error}"
        return Ran(*triple.names, state, message, found and found[0], len(steps), time.perf_counter() - began)

    def tried(self, triple: Triple, count: int, steps: list[Step]) -> tuple[float, float] | None:
        """The misfit of what a run of about `count` steps gives, and the most that it may have; the steps are kept."""
        method = Method(self.plan(triple, count))
        scan = load_dataset(method.plan)[0] if triple.operator is None else self.scan(triple.operator)
        method(scan, samples=1, watch=lambda _scan, step, _first, _total: steps.append(step))
        if triple.operator is None:
            return None
        problem = method.prepare(scan)[0]
        A = problem.operator
        A = A.at({**A.start(), **steps[-1].nuisance}) if isinstance(A, ParametricOperator) else A
        with torch.no_grad():
            # The adjoint of overlapping measurements is too large, and no worse a first look for that.
            rough = misfit(A, A.rough(problem.y), problem.y) if isinstance(A, LinearOperator) else 1.0
            return misfit(A, steps[-1].x0, problem.y), max(1.0, rough)

    def plan(self, triple: Triple, count: int) -> Plan:
        """The plan of a run of about `count` steps."""
        node: dict[str, Any] = {
            "sampler": {"use": triple.sampler.qualified, "options": self.counts(triple.sampler, count)},
            "priors": {slot: {"use": e.qualified, "options": self.options(e)} for slot, e in triple.priors.items()},
        }
        if triple.operator is not None:
            return plan(node | {"operator": {"use": triple.operator.qualified}}, self.registry)
        datasets = self.registry.entries("dataset")
        fits = (e for e in datasets if not mismatches(Choice(triple.sampler, triple.priors, None, e), self.registry))
        if (dataset := next(fits, None)) is None:
            raise DataError("no installed dataset has scans for it", hint="Install one; `mridiff list` shows those that are there.")
        return plan(node | {"dataset": {"use": dataset.qualified}}, self.registry)

    def counts(self, sampler: Entry, count: int) -> dict[str, int]:
        """The options of a sampler that count its steps, and `count` for each, or the least that is allowed."""
        return {row["name"]: max(count, least(row)) for row in option_rows(sampler) if row["name"] in COUNTED}


def tiny_scan(entry: Entry) -> Scan:
    """The largest scan of an operator's conformance cases, its first sample in single precision, measuring a smooth object.

    Raises DataError where it has no cases.
    """
    every = [replace(case, precision=SINGLE).sample(0) for case in cases_for(entry, examples=0) if isinstance(case, OperatorCase)]
    if not every:
        raise DataError(
            f"there is no tiny scan for {entry.qualified}", hint="Give its package conformance cases, or install what they need."
        )
    case = max(every, key=lambda c: torch.Size(c.linear.domain.shape).numel())
    A: Operator = entry.load().for_scan(case.scan)  # with the options that a plan has by default, and not those of the case
    A = A.at(A.start()) if isinstance(A, ParametricOperator) else A
    x, noise = smooth(A.domain, 1), case.scan.noise
    Ax = blocks(A(x))
    drawn = blocks(noise.draw(A(x), Streams.of(0, "tiny scan")))
    # Where the object cannot be seen nothing was sampled, and there is no noise either.
    y = tuple(torch.where(clean == 0, clean, noisy) for clean, noisy in zip(Ax, drawn, strict=True))
    return Scan(entry.spec.name, replace(case.scan, y=y if isinstance(A.codomain, tuple) else y[0]), {"x": Field(x, A.domain.axes)})


def misfit(A: Operator, x: Tensor, y: Any) -> float:
    """||A x - y|| / ||y|| of the block that is explained worst."""
    return max(float((a - b).norm() / b.norm()) for a, b in zip(blocks(A(x)), blocks(y), strict=True))


def blocks(y: Any) -> tuple[Tensor, ...]:
    """A measurement as a tuple of its blocks."""
    return y if isinstance(y, tuple) else (y,)

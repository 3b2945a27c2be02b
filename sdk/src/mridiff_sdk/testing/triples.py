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
from mridiff.interfaces import Gaussian, LinearOperator, Noise, Operator, ParametricOperator, Prior, Scan, Space, Step, Streams
from mridiff.pipeline.compatibility import Choice, mismatches
from mridiff.pipeline.method import Method, load_dataset
from mridiff.pipeline.plan import Plan, option_rows, plan
from mridiff.plugins.entry import Entry
from mridiff.plugins.registry import Registry

from ..metrics import EVIDENCE
from .automatic import cases_for, options_for
from .automatic.priors import smooth
from .automatic.samplers import STEPS, least
from .cases import SINGLE, OperatorCase

Combination = tuple[Entry, Entry | None, Mapping[str, list[Entry]]]
"""A sampler, an operator, and the priors that fit each of its slots, as `mridiff matrix` lists them."""
State = Literal["ran", "refused", "failed"]
COUNTED = (*STEPS, "calls", "particles")
"""Options that count: steps of the run, those of the estimate that it begins with, chains beside each other."""
TYPICAL = {"ppm": 0.1}
"""The size of an object in units in which priors expect one: a vein's susceptibility. Without a unit it is 1."""
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


class Parts(Method):
    """A method of parts that stand already: its priors, by slot, and the operator of the one scan that it gets."""

    def __init__(self, plan: Plan, priors: Mapping[str, Prior], A: Operator | None) -> None:
        super().__init__(plan, priors)
        self.A = A

    def operator(self, scan: Scan) -> Operator | None:
        """The operator as it stands."""
        return self.A


class Runs:
    """Runs triples one by one, each prior and operator built once; `folder` is for files that priors need, with random weights."""

    def __init__(self, registry: Registry, folder: Path) -> None:
        self.registry = registry
        self.options = cache(lambda entry: options_for(entry, folder))
        self.prior = cache(lambda entry: entry.load()(**self.options(entry)))
        self.scan = cache(tiny_scan)
        self.met = set[tuple[str, str]]()
        """Operators and priors that a chain with a start of its own has met."""
        self.results = dict[tuple[str, str], dict[str, Tensor]]()
        """What a sampler made with an operator, by prior."""

    def __call__(self, triple: Triple) -> Ran:
        """Plan a triple as a user's run is planned, and run it until it explains the data, or has had all of its steps."""
        began, steps, found = time.perf_counter(), list[Step](), None
        state: State = "ran"
        message = ""
        try:
            for count in COUNTS if self.counts(triple, 1) else COUNTS[:1]:
                steps.clear()
                found = self.tried(triple, count, steps)
                if found is None or found[0] < found[1]:
                    break
            else:
                state, message = "failed", f"after {len(steps)} steps it explains the data no better than an empty image and the first look"
            if not message and (other := self.same(triple, torch.stack([step.x0 for step in steps]))):
                state, message = "failed", f"it asks its prior in vain: every step is that with {other}"
        except MridiffError as error:  # who has made a step has taken the problem on
            state, message = "failed" if steps else "refused", error.message
        except Exception as error:
            state, message = "failed", f"{type(error).__name__}: {error}"
        return Ran(*triple.names, state, message, found and found[0], len(steps), time.perf_counter() - began)

    def tried(self, triple: Triple, count: int, steps: list[Step]) -> tuple[float, float] | None:
        """The misfit of what a run of about `count` steps gives, and what it must be below; the steps are kept."""
        planned = self.plan(triple, count)
        scan, A = (load_dataset(planned)[0], None) if triple.operator is None else self.scan(triple.operator)
        method = Parts(planned, {slot: self.prior(e) for slot, e in triple.priors.items()}, A)
        method(scan, samples=1, watch=lambda _scan, step, _first, _total: steps.append(step))
        self.met.add(triple.names[1:])
        if A is None or any(field.unit == EVIDENCE for field in steps[-1].outputs.values()):  # what is found is painted over
            return None
        problem = method.prepare(scan)[0]
        B = problem.operator
        B = B.at({**B.start(), **steps[-1].nuisance}) if isinstance(B, ParametricOperator) else B
        with torch.no_grad():
            explained, most = misfit(B, steps[-1].x0, problem.y), 1.0
            if explained >= 1 and isinstance(B, LinearOperator):
                # The adjoint of overlapping measurements is too large, and no worse a first look for that.
                most = max(1.0, 1.001 * misfit(B, B.rough(problem.y), problem.y))
            return explained, most

    def same(self, triple: Triple, x: Tensor) -> str:
        """Of the priors with which sampler and operator made these steps before, one; none is a good sign.

        Not the result alone: where nothing is to be done, as on a still scan for a method that takes motion off, it is rightly one.
        """
        before = self.results.setdefault(triple.names[:2], {})
        found = next(
            (name for name, other in before.items() if other.shape == x.shape and bool((x - other).norm() <= 1e-4 * other.norm())), ""
        )
        before[triple.names[2]] = x
        return found

    def plan(self, triple: Triple, count: int) -> Plan:
        """The plan of a run of about `count` steps."""
        node: dict[str, Any] = {
            "sampler": {"use": triple.sampler.qualified, "options": self.counts(triple, count)},
            "priors": {slot: {"use": e.qualified, "options": self.options(e)} for slot, e in triple.priors.items()},
        }
        if triple.operator is not None:
            return plan(node | {"operator": {"use": triple.operator.qualified}}, self.registry)
        datasets = self.registry.entries("dataset")
        refused: MridiffError = DataError("no installed dataset has scans for it", hint="Install one; `mridiff list` shows those there.")
        for dataset in (e for e in datasets if not mismatches(Choice(triple.sampler, triple.priors, None, e), self.registry)):
            try:
                return plan(node | {"dataset": {"use": dataset.qualified}}, self.registry)
            except MridiffError as error:  # a reader wants a file; one that draws its scans does not
                refused = error
        raise refused

    def counts(self, triple: Triple, count: int) -> dict[str, float]:
        """The options of a sampler that count its steps, each `count` or the least that is allowed, and how it begins.

        A chain begins as it does by itself the first time that one meets operator and prior, later at CG-SENSE and a given level: what
        finds estimate and level is the same for all.
        """
        rows = {row["name"]: row for row in option_rows(triple.sampler)}
        given: dict[str, float] = {name: max(count, least(rows[name])) for name in COUNTED if name in rows}
        return given | ({"level": 1.0, "calls": 0} if {"start", "level", "calls"} <= rows.keys() and triple.names[1:] in self.met else {})


def tiny_scan(entry: Entry) -> tuple[Scan, Operator]:
    """The largest scan of an operator's conformance cases, a sample in single precision, measuring a smooth object; and its operator.

    Raises DataError where it has no cases.
    """
    every = [replace(case, precision=SINGLE).sample(0) for case in cases_for(entry, examples=0) if isinstance(case, OperatorCase)]
    if not every:
        raise DataError(
            f"there is no tiny scan for {entry.qualified}", hint="Give its package conformance cases, or install what they need."
        )
    case = max(every, key=lambda c: torch.Size(c.linear.domain.shape).numel())
    built: Operator = entry.load().for_scan(case.scan)  # with the options that a plan has by default, and not those of the case
    A = built.at(built.start()) if isinstance(built, ParametricOperator) else built
    several = isinstance(case.scan.y, tuple)
    seen = blocks(A(thing(A.domain)))[: len(blocks(case.scan.y))]  # what the operator asks of x besides is not measured
    Ax = seen if several else seen[0]
    noise = quiet(case.scan.noise, Ax)
    drawn = noise.draw(Ax, Streams.of(0, "tiny scan"))
    # Where the object cannot be seen nothing was sampled, and there is no noise either.
    y = tuple(torch.where(clean == 0, clean, noisy) for clean, noisy in zip(blocks(Ax), blocks(drawn), strict=True))
    made = Scan(entry.spec.name, replace(case.scan, y=y if several else y[0], noise=noise))
    return made, entry.load().for_scan(made.measured)  # some learn of y


def thing(space: Space) -> Tensor:
    """A smooth object (1, *space) within the image, in every frame, coil and modality, each somewhat fainter than the one before it.

    Along z it ends where there are slices enough; a thin slab is full of it.
    """
    sizes = dict(zip(space.axes, space.shape, strict=True))
    within = tuple(a for a, n in sizes.items() if a in {"y", "x"} or (a == "z" and n >= 8)) or space.axes
    x = smooth(Space(within, tuple(sizes[a] for a in within), space.complex), 1)
    x = x.reshape(1, *(n if a in within else 1 for a, n in sizes.items()))
    for i, (axis, n) in enumerate(sizes.items()):
        if axis not in within:
            x = x * torch.linspace(1, 0.6, n).reshape(-1, *(1,) * (len(sizes) - 1 - i))
    return TYPICAL.get(space.unit, 1.0) * x


def quiet(noise: Noise, Ax: Any) -> Noise:
    """Gaussian noise of a known level, at a twentieth of what is measured where anything is (root mean square); any other as it is."""
    if not isinstance(noise, Gaussian) or noise.std is None or isinstance(Ax, tuple):
        return noise
    return replace(noise, std=0.05 * float(Ax[Ax != 0].abs().square().mean().sqrt()))


def misfit(A: Operator, x: Tensor, y: Any) -> float:
    """||A x - y|| / ||y|| of the block that is explained worst, of those that hold anything."""
    return max(float((a - b).norm() / b.norm()) for a, b in zip(blocks(A(x)), blocks(y), strict=True) if bool((b != 0).any()))


def blocks(y: Any) -> tuple[Tensor, ...]:
    """A measurement as a tuple of its blocks."""
    return y if isinstance(y, tuple) else (y,)

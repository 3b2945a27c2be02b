"""Method: a plan built, ready to reconstruct scans; what `mridiff.load` returns."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from ..errors import ConfigError, DataError, Mistake, boundary, said
from ..interfaces.dataset import Dataset, Guarded
from ..interfaces.operator import LinearOperator, Operator, ParametricOperator
from ..interfaces.prior import Prior, Scaling
from ..interfaces.problem import Problem
from ..interfaces.sampler import Sampler, Step
from ..interfaces.scan import Field, Scan
from ..interfaces.space import Space
from ..interfaces.streams import Streams
from ..plugins.entry import Entry
from ..plugins.registry import Registry
from ..spec import Trait
from .check import fitted
from .cost import Cost, Counter
from .plan import Plan, plan
from .scale import measured_scale
from .services import service

Watch = Callable[[str, Step, int, int], None]
"""Called after every step with the scan's id, the step, the first sample of its batch and the number of samples."""


@dataclass(frozen=True)
class Reconstruction:
    """What a method made of one scan: `x` (mean over samples, in the scored space), the samples, what else came out, and its cost.

    `maps` (*axes), of the magnitude where complex, and `metrics["uncertainty"]` are what several samples say of themselves.
    """

    scan: str
    x: Tensor
    samples: Tensor
    axes: tuple[str, ...]
    scale: float
    baseline: Tensor | None = None
    baseline_name: str = ""
    estimates: Mapping[str, Tensor] = field(default_factory=dict)
    outputs: Mapping[str, Field] = field(default_factory=dict)
    maps: Mapping[str, Tensor] = field(default_factory=dict)
    metrics: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    cost: Cost = field(default_factory=Cost)

    @property
    def std(self) -> Tensor | None:
        """Standard deviation over samples, None for a single one."""
        return None if len(self.samples) < 2 else (self.samples / self.scale).std(0, correction=1).real * self.scale


class Method:
    """A sampler with its priors and the way to an operator; calling it reconstructs one scan."""

    def __init__(self, plan: Plan, priors: Mapping[str, Prior] | None = None) -> None:
        """Build the priors of a plan, if none are given by slot; raises ConfigError where two of them disagree on scale."""
        self.plan, self.device = plan, usable(plan.config.device)
        built = priors or {name: entry.load()(**plan.options[f"priors.{name}"]) for name, entry in plan.choice.priors.items()}
        self.priors = {name: prior.to(self.device).eval() for name, prior in built.items()}
        self._samplers: dict[Space, Sampler] = {}
        self._scaling = self._common_scaling()

    def __call__(self, scan: Scan, samples: int | None = None, seed: int | None = None, watch: Watch | None = None) -> Reconstruction:
        """Reconstruct a scan. The truth is set apart before anything is built, and used for scoring alone."""
        config = self.plan.config
        seed = config.seed if seed is None else seed
        point = Trait.POINT in self.plan.choice.sampler.spec.offers
        total = 1 if point else (samples or config.samples)
        until, n = None if point or samples else config.until, None
        with torch.no_grad(), Counter() as counter:
            problem, sampler, scale = self.prepare(scan)
            parts, last = [], None
            for first in range(0, total, config.batch):
                indices = range(first, min(first + config.batch, total))
                last = _drive(sampler, problem, Streams.of(seed, scan.id, list(indices)), watch, scan.id, first, total)
                parts.append(last.x0)
                counter.samples = indices.stop
                if until is not None and (n := _enough(problem, torch.cat(parts), first, until)) is not None:
                    break
            assert last is not None
        missed = until is not None and n is None
        notes = (f"{total} samples, the most that were allowed, do not reach the standard errors asked for",) if missed else ()
        return replace(made := self._finish(scan, problem, torch.cat(parts)[:n], last, scale, counter.cost), notes=(*made.notes, *notes))

    def prepare(self, scan: Scan) -> tuple[Problem, Sampler, float]:
        """The scaled problem of a scan, the sampler for it and the scale; raises DataError where the method does not fit the scan."""
        if not isinstance(scan, Scan):
            raise DataError(f"a method reconstructs a Scan, not {type(scan).__name__}", hint="Read one with open_scans, or make it.")
        entry = self.plan.choice.operator
        A = fitted(scan, f"operator {entry.qualified}" if entry else "the method", self.operator)
        measured = scan.measured.to(self.device)
        scale = measured_scale(self._scaling, A, measured)
        free = None if A is not None else next((p.codec.domain(p.space) for p in self.priors.values()), None)
        problem = Problem.of(A, measured, scale, free)
        return problem, self.sampler(problem.space), scale

    def operator(self, scan: Scan) -> Operator | None:
        """The operator of a scan, built from its measured half; None for a method without one."""
        entry = self.plan.choice.operator
        if entry is None:
            return None
        A: Operator = entry.load().for_scan(scan.measured, **self.plan.options["operator"])
        return A.to(self.device)

    def sampler(self, space: Space) -> Sampler:
        """The sampler with its priors, fitted by axis name to the space of the unknown."""
        if space not in self._samplers:
            adapt = service("adapt")
            fitted = {name: p if adapt is None else adapt(p, space) for name, p in self.priors.items()}
            sampler: Sampler = self.plan.choice.sampler.load()(**fitted, **self.plan.options["sampler"])
            self._samplers[space] = sampler.to(self.device).eval()
        return self._samplers[space]

    def _common_scaling(self) -> Scaling:
        scalings = {p.scaling for p in self.priors.values()}
        if len(scalings) > 1:
            raise ConfigError([Mistake("priors", f"these priors were trained on different scales: {', '.join(map(str, scalings))}")],
                              hint="Give one of them a codec that rescales, or choose priors of one scale.")  # fmt: skip
        return next(iter(scalings), Scaling())

    def _finish(self, scan: Scan, problem: Problem, x0: Tensor, last: Step, scale: float, cost: Cost) -> Reconstruction:
        look = (lambda x: x) if problem.A is None else problem.A.image
        samples = look(x0 * scale).cpu()
        x = samples.mean(0, keepdim=True)
        space = problem.space if problem.A is None else problem.A.image_space
        # A first look; where a part of the operator is unknown, that at the value that an estimate begins with.
        A = problem.A.at(problem.A.start()) if isinstance(problem.A, ParametricOperator) else problem.A
        linear = A if isinstance(A, LinearOperator) and problem.y is not None else None
        baseline, name = (None, "") if linear is None else (look(linear.rough(problem.y) * scale).cpu(), linear.rough_name)
        if linear is None and "baseline" in last.outputs:  # without an operator, what the sampler says that it began with
            baseline, name = last.outputs["baseline"].data.mean(0, keepdim=True).cpu(), "first guess"
        sure = service("uncertainty")
        maps, numbers = ({}, {}) if sure is None else sure(problem, x0)
        axes = scan.truth["x"].axes if "x" in scan.truth else space.axes
        odd = () if axes in {space.axes, problem.space.axes} else (f"x {space.axes} is not scored: its reference is {axes}",)
        result = Reconstruction(scan.id, x, samples, space.axes, scale, baseline, name,
                                {k: v.cpu() for k, v in last.nuisance.items()}, {k: f.to("cpu") for k, f in last.outputs.items()},
                                {k: v.cpu() * scale for k, v in maps.items()}, cost=cost, notes=odd)  # fmt: skip
        # A truth may lie in the scored space already: one combined image where the unknown is that of every coil.
        seen = look if "x" in scan.truth and scan.truth["x"].axes == problem.space.axes else None
        return replace(result, metrics=score(result, scan, space, seen) | ({"uncertainty": numbers} if numbers else {}))


def usable(device: str) -> torch.device:
    """The device of that name; raises ConfigError where there is none, or one that cannot compute."""
    try:
        torch.ones(1, device=device).item()
        return torch.device(device)
    except Exception as error:
        here = ", ".join(["cpu", *(f"cuda:{i}" for i in range(torch.cuda.device_count()))])
        raise ConfigError([Mistake("device", f"{device!r} cannot be used: {said(error)}")], hint=f"Here are: {here}.") from error


def score(result: Reconstruction, scan: Scan, space: Space, look: Callable[[Tensor], Tensor] | None = None) -> dict[str, dict[str, float]]:
    """Metrics of x in its space, of nuisances and of outputs, against the truths of the same name; empty without a metrics service.

    `look` leads a truth "x" in the space of the unknown to the scored space; None where it lies there.
    """
    metrics = service("metrics")
    if metrics is None:
        return {}
    made = {"x": (result.x, space)} if look or "x" not in scan.truth or scan.truth["x"].axes == space.axes else {}
    if result.baseline is not None and "x" in scan.truth and made:
        made["baseline"] = (result.baseline, space)
    known = {name: replace(scan.truth[name], data=v) for name, v in result.estimates.items() if name in scan.truth}
    made |= {name: (f.data, Space(f.axes, unit=f.unit)) for name, f in {**known, **result.outputs}.items()}
    found: dict[str, dict[str, float]] = {}
    for name in made.keys() & {*scan.truth, "baseline"}:
        what = "x" if name == "baseline" else name
        truth = scan.truth[what].data
        found[name] = metrics(what, made[name][0], look(truth) if what == "x" and look else truth, made[name][1], scan.truth)
    return found


def _enough(problem: Problem, x: Tensor, first: int, until: float) -> int | None:
    """How many of the samples x are enough, each number after `first` asked in turn, so that batches do not matter; None if all are not."""
    rule = service("enough")
    if rule is None:
        raise ConfigError([Mistake("until", "no installed package says when samples are enough")], hint="Install mridiff-sdk.")
    return next((n for n in range(first + 1, len(x) + 1) if rule(problem, x[:n], until)), None)


def _drive(sampler: Sampler, problem: Problem, rng: Streams, watch: Watch | None, scan: str, first: int, total: int) -> Step:
    last: Step | None = None
    for last in sampler.trajectory(problem, rng):
        if watch is not None:
            watch(scan, last, first, total)
    if last is None:
        raise RuntimeError(f"{type(sampler).__name__} yielded no step")
    if not bool(torch.isfinite(torch.view_as_real(last.x0) if last.x0.is_complex() else last.x0).all()):
        raise DataError(f"{type(sampler).__name__} diverged: its result holds NaN or infinite values",
                        hint="Reduce its step size or data weight, and check the noise level of the scan.")  # fmt: skip
    return last


@lru_cache(maxsize=1)
def default_registry() -> Registry:
    """The registry of everything that is installed, discovered once per process."""
    return Registry.discover()


def load(source: str | Path | Mapping[str, Any], registry: Registry | None = None, **changes: Any) -> Method:
    """A method by name, from a YAML file or a mapping; keywords are merged over it: `load("dps-mri", samples=4)`.

    Raises NotFound, ConfigError, Incompatible before anything heavy is built.
    """
    return Method(plan(source, registry or default_registry(), changes))


def load_dataset(plan: Plan) -> Dataset:
    """The dataset of a plan; raises ConfigError where it names none."""
    if plan.choice.dataset is None:
        raise ConfigError([Mistake("dataset", "nothing to reconstruct: no dataset")], hint="Give a file or folder, or a dataset.")
    return _opened(plan.choice.dataset, plan.options["dataset"])


def open_scans(path: str | Path, registry: Registry | None = None, dataset: str | None = None, **options: Any) -> Dataset:
    """The scans of a file or folder, with the dataset that understands it: `open_scans("scan.h5", acceleration=4)[0]`."""
    from .source import dataset_for

    return _opened(dataset_for(Path(path), registry or default_registry(), dataset), {"path": Path(path), **options})


def _opened(entry: Entry, options: Mapping[str, Any]) -> Dataset:
    with boundary(f"{entry.qualified} cannot open {options.get('path', 'its scans')}"):
        return Guarded(entry.load()(**options), f"{entry.qualified}, {options.get('path', 'built in')}")

"""Accuracy against cost: how far a sampler's draws are from exact posteriors, by number of steps; no training, no data."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from math import sqrt
from pathlib import Path
from statistics import median
from typing import Any

import torch
from torch import Tensor

from mridiff.errors import ConfigError, Mistake
from mridiff.interfaces import Problem, Sampler, Streams
from mridiff.pipeline.cost import Counter
from mridiff.plugins.entry import Entry
from mridiff.spec import SamplerSpec, Trait

from ..oracles import GaussianMixturePrior
from .exact import mixture_problem, problems
from .values import size

__all__ = [
    "Accuracy",
    "accuracy",
    "coverage",
    "gaussian_errors",
    "has_curve",
    "lines",
    "markdown",
    "mixture_problem",
    "plot",
    "report",
    "weight_error",
]

STEPS = (5, 10, 20, 50, 100)
RANKS = 19
"""Draws per truth for the coverage: with the truth twenty, of which the inner eighteen are nine tenths."""


@dataclass(frozen=True)
class Accuracy:
    """One sampler at one number of steps.

    `mean` is the error of the mean in standard deviations of the posterior (root mean square over pixels), `covariance` that of the
    covariance matrix relative to the exact one (Frobenius), `variance` the share of the exact variance that the draws have, `coverage` how
    often a truth lies in the central 90 % of the draws given its own measurement, `weights` the largest error of a mode's weight in a
    mixture; covariance and weights are beside what as many exact draws would show. `nfe` is per draw. `claims` is what the sampler says
    that it is; of one estimate there is the error of the mean alone.
    """

    sampler: str
    problem: str
    steps: int
    nfe: int
    mean: float | None = None
    covariance: float | None = None
    variance: float | None = None
    coverage: float | None = None
    weights: float | None = None
    by_chance: float = 0.0
    claims: str = ""

    def as_dict(self) -> dict[str, Any]:
        """The figures as plain data."""
        return asdict(self)


def has_curve(entry: Entry) -> bool:
    """Whether it is a sampler with one denoiser, for any linear operator, in a number of `steps`."""
    spec = entry.spec
    if not isinstance(spec, SamplerSpec):
        return False
    can = frozenset({Trait.DENOISER, Trait.DIFFERENTIABLE, Trait.UNITARY_CODEC, Trait.LINEAR_CODEC})
    demands, operator = list(spec.priors.values()), spec.needs.get("operator")
    special = operator is not None and bool(operator.missing(frozenset({Trait.LINEAR, Trait.MASKED})))
    return len(demands) == 1 and not demands[0].missing(can) and not special and "steps" in inspect.signature(entry.load()).parameters


def accuracy(entry: Entry, steps: Sequence[int] = STEPS, draws: int = 400, **options: Any) -> Iterator[Accuracy]:
    """The accuracy of a sampler with one denoiser on every problem of `exact`; raises ConfigError for one of which `has_curve` is false."""
    if not has_curve(entry):
        what = "does not draw with one denoiser, for any linear operator, in a number of steps"
        raise ConfigError([Mistake("sampler", f"{entry.qualified} {what}: it has no curve")])
    cls, point = entry.load(), Trait.POINT in entry.spec.offers
    row: Callable[..., Accuracy] = partial(Accuracy, entry.qualified, claims=claims(entry.spec.offers))
    for n in steps:
        for known in problems():
            sampler = cls(known.prior, steps=n, **options)
            x, nfe = _draw(sampler, known.problem, 1 if point else draws)
            if point:
                if not known.modes:
                    yield row(known.name, n, nfe, mean=off(x, *known.moments()))
                continue
            if known.modes:
                assert isinstance(known.prior, GaussianMixturePrior)
                exact, means, _ = known.prior.posterior(known.problem)
                by_chance = float((exact.max() * (1 - exact.max()) / draws).sqrt())
                yield row(known.name, n, nfe, weights=weight_error(x, exact, means), by_chance=by_chance)
                continue
            repeated, truths = known.repeated(max(1, draws // RANKS), RANKS)
            again, _ = _draw(sampler, repeated, len(truths) * RANKS)
            errors = gaussian_errors(x, *known.moments())
            yield row(known.name, n, nfe, coverage=coverage(again.unflatten(0, (len(truths), RANKS)), truths), **errors)


def lines(entry: Entry, steps: Sequence[int]) -> int:
    """How many rows `accuracy` gives; those of one estimate have none where modes are weighed."""
    point = Trait.POINT in entry.spec.offers
    return len(steps) * sum(not (point and known.modes) for known in problems())


def claims(offers: frozenset[Trait]) -> str:
    """What a sampler with these traits says that it is."""
    return "posterior sampler" if Trait.POSTERIOR in offers else "one estimate" if Trait.POINT in offers else "estimator that draws"


def _draw(sampler: Sampler, problem: Problem, draws: int) -> tuple[Tensor, int]:
    with torch.no_grad(), Counter(draws) as counter:
        x: Tensor = sampler.eval()(problem, Streams.of(0, "posterior", draws))
    return x, round(counter.cost.nfe)


def gaussian_errors(x: Tensor, mean: Tensor, C: Tensor) -> dict[str, float]:
    """The errors of draws x (draw, *space) against an exact mean (1, *space) and covariance (n, n)."""
    total = float(torch.diagonal(C).real.sum())
    r = (x - x.mean(0)).flatten(1).to(C.dtype)
    found = r.mT @ r.conj() / (len(x) - 1)
    return {"mean": off(x, mean, C), "covariance": size(found - C) / size(C),
            "variance": float(torch.diagonal(found).real.sum()) / total, "by_chance": total / size(C) / len(x) ** 0.5}  # fmt: skip


def off(x: Tensor, mean: Tensor, C: Tensor) -> float:
    """The error of the mean of draws x (draw, *space) in standard deviations of the posterior, root mean square over pixels."""
    return size(x.mean(0, keepdim=True) - mean) / sqrt(float(torch.diagonal(C).real.sum()))


def coverage(x: Tensor, truths: Tensor) -> float:
    """How often a truth (truth, *space) lies between the outermost of its own draws (truth, draw, *space), counted over all real numbers.

    For 19 exact draws, whose ranks and that of the truth are equally likely, 0.9.
    """
    draws, truth = (torch.view_as_real(v) if v.is_complex() else v for v in (x, truths[:, None]))
    return float(((draws.amin(1) < truth[:, 0]) & (truth[:, 0] < draws.amax(1))).float().mean())


def weight_error(x: Tensor, weights: Tensor, means: Tensor) -> float:
    """The largest error of the share of draws (draw, *space) that lie nearest to each mode's posterior mean (k, *space)."""
    distances = torch.stack([(x - m).abs().square().flatten(1).sum(1) for m in means])
    shares = torch.bincount(distances.argmin(0), minlength=len(means)) / len(x)
    return float((shares.to(weights) - weights).abs().max())


HEAD = """# Accuracy against cost of the samplers

Problems whose posterior is known exactly, so that a sampler's own error shows, free of any network's: a smooth Gaussian image measured
by one coil (6 x 7 pixels, noise 0.1), by three (5 x 6, noise 0.01, 0.1 and 1), and along three spokes by one and by three (6 x 7, noise
0.1); images that are three times as large once in five (heavy tails); and two modes of prior weights 0.3 and 0.7 with data that speak
for the rarer (exact weights 0.55 and 0.77). All options but the number of steps are the sampler's defaults; {draws} draws of seed 0.

What the tables say. `daps`, `diffpir`, `dps-mri` and `particles` declare the trait `posterior`: of one mode their means are within
about 0.2 of the posterior's deviations, and in 20 steps a truth lies in their central 90 % in 84 to 92 % of all cases, with one coil
and several, on a grid and along spokes, at any noise level. `pigdm`, `predictor-corrector` and `annealed-langevin` come near them and
do not claim it; `dds`, `ddnm`, `ddrm` and `resample` have means near the posterior's and a spread that is not its spread. `dps` and
`psld` have one step length for all directions: with several coils and little noise none fits. **Between modes only `particles`
weighs**, at thirty times the calls: evidence reaches the others in the directions that were measured alone, each by itself, so what the
data say of one mode against the other is mostly lost. A sampler without data has errors of 0.25 and 0.47 there. Those that begin at an
estimate (decision 18) keep the mode in which it lies - 0.55 and 0.23 in the table - and of heavy tails a quarter of the variance;
`start: noise` weighs as `dps-mri` does. Estimates are beside the mean of the posterior by what their own regularisation asks; samplers
of another purpose (`diffusion-qsm`) stand here since they take such a problem.

- *mean*: error of the mean over draws, in standard deviations of the posterior (root mean square over pixels)
- *covariance*: error of the covariance matrix, relative (Frobenius)
- *variance*: what the draws have of the exact variance, 1 where they spread as they should
- *coverage*: how often a truth lies in the central 90 % of 19 draws given its own measurement; exact draws give 0.90 within 0.02
- *mode weights*: largest error of a mode's share of the draws
- *by chance*: the error that as many exact draws show, of the covariance, or of the mode weights
- *NFE*: evaluations of the prior per draw

Made by `mridiff check --posterior --steps 5,10,20 --draws 190 -o docs`, of every installed sampler that such a problem can be given to.

![errors against calls of the prior](posterior.png)

"""


def report(rows: Sequence[Accuracy], draws: int) -> str:
    """The page of the documentation: what is measured, every sampler in a line, and the table."""
    return HEAD.replace("{draws}", str(draws)) + summary(rows) + "\n" + markdown(rows)


def summary(rows: Sequence[Accuracy]) -> str:
    """One line per sampler: what it says that it is, and mean and covariance of each problem at the most steps that were made."""
    of = {(r.sampler, r.problem, r.steps): r for r in rows if r.mean is not None}
    problems = list(dict.fromkeys(problem for _, problem, _ in of))
    lines = [f"| mean / covariance | is | NFE | {' | '.join(problems)} |", f"|---|---|--:|{'---|' * len(problems)}"]
    for name in dict.fromkeys(sampler for sampler, _, _ in of):
        most = max(n for sampler, _, n in of if sampler == name)
        found = [of.get((name, problem, most)) for problem in problems]
        cells = ["-" if r is None else f"{r.mean:.2f} / {'-' if r.covariance is None else f'{r.covariance:.2f}'}" for r in found]
        first = next(r for r in found if r is not None)
        lines.append(f"| {name} | {first.claims} | {first.nfe} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def markdown(rows: Sequence[Accuracy]) -> str:
    """The figures as a table, one row per sampler, problem and number of steps."""
    header = ("sampler", "problem", "steps", "NFE", "mean", "covariance", "variance", "coverage", "mode weights", "by chance")
    lines = [f"| {' | '.join(header)} |", "|---|---|--:|--:|--:|--:|--:|--:|--:|--:|"]
    for r in rows:
        cells = ["-" if v is None else f"{v:.3f}" for v in (r.mean, r.covariance, r.variance, r.coverage, r.weights)]
        lines.append(f"| {r.sampler} | {r.problem} | {r.steps} | {r.nfe} | {' | '.join(cells)} | {r.by_chance:.3f} |")
    return "\n".join(lines) + "\n"


def plot(rows: Sequence[Accuracy], path: Path) -> None:
    """Errors against calls of the prior, the median over the problems, one panel per figure, one line per sampler; written as a picture."""
    from matplotlib import colormaps
    from matplotlib.figure import Figure
    from matplotlib.ticker import NullFormatter, ScalarFormatter

    figure = Figure(figsize=(12, 4.2), layout="constrained")
    panels = (("mean", "error of the mean / std"), ("covariance", "error of the covariance"), ("weights", "error of mode weights"))
    samplers, colours = list(dict.fromkeys(r.sampler for r in rows)), colormaps["tab20"].colors  # type: ignore[attr-defined]
    for axes, (name, label) in zip(figure.subplots(1, 3), panels, strict=True):
        for i, sampler in enumerate(samplers):
            found = [r for r in rows if r.sampler == sampler and getattr(r, name) is not None]
            each = [[(r.nfe, getattr(r, name)) for r in found if r.steps == n] for n in sorted({r.steps for r in found})]
            points = [(median(nfe for nfe, _ in p), median(v for _, v in p)) for p in each]
            shown = {"marker": "osD^v<>P*X"[i % 10], "color": colours[i % 20], "label": sampler, "markersize": 5}
            axes.plot(*(zip(*points, strict=True) if points else ((), ())), **shown)
        axes.set(xscale="log", yscale="linear" if name == "weights" else "log", xlabel="calls of the prior (NFE)", ylabel=label)
        for axis in (axes.xaxis, axes.yaxis):
            axis.set_major_formatter(ScalarFormatter())
            axis.set_minor_formatter(NullFormatter())
    figure.legend(*axes.get_legend_handles_labels(), loc="outside right center", fontsize=7)
    figure.savefig(path, dpi=120)

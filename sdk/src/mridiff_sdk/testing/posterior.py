"""Accuracy against cost: how far a sampler's draws are from exact posteriors, by number of steps; no training, no data."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from mridiff.errors import ConfigError
from mridiff.errors import Problem as Fault
from mridiff.interfaces import Gaussian, Measured, Problem, Sampler, Streams
from mridiff.pipeline.cost import Counter
from mridiff.plugins.entry import Entry
from mridiff.spec import SamplerSpec, Trait

from ..diffusions.gaussian import VE
from ..oracles import Covariance, GaussianMixturePrior
from .automatic.samplers import MULTI_COIL, SINGLE_COIL, gaussian_problem
from .reference import Masked
from .values import size

STEPS = (5, 10, 20, 50, 100)


@dataclass(frozen=True)
class Accuracy:
    """One sampler at one number of steps.

    `mean` is the error of the mean in standard deviations of the posterior (root mean square over pixels), `covariance` that of the
    covariance matrix relative to the exact one (Frobenius), `variance` the share of the exact variance that the draws have, `weights` the
    largest error of a mode's weight in a mixture; each is beside what as many exact draws would show. `nfe` is per draw.
    """

    sampler: str
    problem: str
    steps: int
    nfe: int
    mean: float | None = None
    covariance: float | None = None
    variance: float | None = None
    weights: float | None = None
    by_chance: float = 0.0

    def as_dict(self) -> dict[str, Any]:
        """The figures as plain data."""
        return asdict(self)


def accuracy(entry: Entry, steps: Sequence[int] = STEPS, draws: int = 400, **options: Any) -> Iterator[Accuracy]:
    """The accuracy of a sampler with one denoiser on a single-coil and a multi-coil Gaussian, and on a mixture of two modes.

    Raises ConfigError for a sampler that draws no samples with a denoiser in a number of `steps`.
    """
    cls, spec = entry.load(), entry.spec
    assert isinstance(spec, SamplerSpec)
    can = frozenset({Trait.DENOISER, Trait.DIFFERENTIABLE, Trait.UNITARY_CODEC, Trait.LINEAR_CODEC})
    demands, operator = list(spec.priors.values()), spec.needs.get("operator")
    special = operator is not None and bool(operator.missing(frozenset({Trait.LINEAR, Trait.MASKED})))
    if len(demands) != 1 or demands[0].missing(can) or special or "steps" not in inspect.signature(cls).parameters:
        what = "does not draw with one denoiser, for any linear operator, in a number of steps"
        raise ConfigError([Fault("sampler", f"{entry.qualified} {what}: it has no curve")])
    for n in steps:
        for name, shape in (("single-coil", SINGLE_COIL), ("multi-coil", MULTI_COIL)):
            problem, prior = gaussian_problem(shape)
            mean, C = prior.posterior(problem)
            x, nfe = _draw(cls(prior, steps=n, **options), problem, draws)
            yield Accuracy(entry.qualified, name, n, nfe, **gaussian_errors(x, mean, C))
        problem, mixture = mixture_problem()
        x, nfe = _draw(cls(mixture, steps=n, **options), problem, draws)
        exact, means, _ = mixture.posterior(problem)
        by_chance = float((exact.max() * (1 - exact.max()) / draws).sqrt())
        yield Accuracy(entry.qualified, "two modes", n, nfe, weights=weight_error(x, exact, means), by_chance=by_chance)


def _draw(sampler: Sampler, problem: Problem, draws: int) -> tuple[Tensor, int]:
    with torch.no_grad(), Counter(draws) as counter:
        x: Tensor = sampler.eval()(problem, Streams.of(0, "posterior", draws))
    return x, round(counter.cost.nfe)


def gaussian_errors(x: Tensor, mean: Tensor, C: Tensor) -> dict[str, float]:
    """The errors of draws x (draw, *space) against an exact mean (1, *space) and covariance (n, n)."""
    total = float(torch.diagonal(C).real.sum())
    r = (x - x.mean(0)).flatten(1).to(C.dtype)
    found = r.mT @ r.conj() / (len(x) - 1)
    return {"mean": size(x.mean(0, keepdim=True) - mean) / total**0.5, "covariance": size(found - C) / size(C),
            "variance": float(torch.diagonal(found).real.sum()) / total, "by_chance": total / size(C) / len(x) ** 0.5}  # fmt: skip


def weight_error(x: Tensor, weights: Tensor, means: Tensor) -> float:
    """The largest error of the share of draws (draw, *space) that lie nearest to each mode's posterior mean (k, *space)."""
    distances = torch.stack([(x - m).abs().square().flatten(1).sum(1) for m in means])
    shares = torch.bincount(distances.argmin(0), minlength=len(means)) / len(x)
    return float((shares.to(weights) - weights).abs().max())


def mixture_problem() -> tuple[Problem, GaussianMixturePrior]:
    """Two well separated modes with weights 0.3 and 0.7 that the data hardly tell apart: 3 x 4 pixels, every second line sampled."""
    A = Masked((torch.arange(4) % 2).float().expand(1, 3, 4).clone())
    mode = torch.polar(torch.ones(3, 4), 0.3 * torch.arange(4.0)).to(torch.complex64)
    means = torch.stack([mode, -mode])
    prior = GaussianMixturePrior(torch.tensor([0.3, 0.7]), means, [Covariance.diagonal(A.domain, 0.05)] * 2, VE(0.01, 50.0))
    y = A(torch.zeros(1, 3, 4, dtype=torch.complex64))
    return Problem.of(A, Measured(y, Gaussian(2.0), {})), prior


HEAD = """# Accuracy against cost of the samplers

Three problems whose posterior is known exactly, so that a sampler's own error shows, free of any network's: a smooth Gaussian image
measured by one coil (6 x 7 pixels) and by three (5 x 6), noise 0.1, and two modes of weights 0.3 and 0.7 that the data hardly tell
apart. All options but the number of steps are the sampler's defaults; 400 draws of seed 0.

- *mean*: error of the mean over draws, in standard deviations of the posterior (root mean square over pixels)
- *covariance*: error of the covariance matrix, relative (Frobenius)
- *variance*: what the draws have of the exact variance, 1 where they spread as they should
- *mode weights*: largest error of a mode's share of the draws
- *by chance*: the error that as many exact draws show, of the covariance, or of the mode weights
- *NFE*: evaluations of the prior per draw

Made by `mridiff check NAME,NAME --posterior -o docs`.

![errors against calls of the prior](posterior.png)

"""


def report(rows: Sequence[Accuracy]) -> str:
    """The page of the documentation: what is measured, and the table."""
    return HEAD + markdown(rows)


def markdown(rows: Sequence[Accuracy]) -> str:
    """The figures as a table, one row per sampler, problem and number of steps."""
    header = ("sampler", "problem", "steps", "NFE", "mean", "covariance", "variance", "mode weights", "by chance")
    lines = [f"| {' | '.join(header)} |", "|---|---|--:|--:|--:|--:|--:|--:|--:|"]
    for r in rows:
        cells = ["-" if v is None else f"{v:.3f}" for v in (r.mean, r.covariance, r.variance, r.weights)]
        lines.append(f"| {r.sampler} | {r.problem} | {r.steps} | {r.nfe} | {' | '.join(cells)} | {r.by_chance:.3f} |")
    return "\n".join(lines) + "\n"


def plot(rows: Sequence[Accuracy], path: Path) -> None:
    """Errors against calls of the prior, one panel per figure, one line per sampler and problem; written as a picture."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(12, 3.6), layout="constrained")
    panels = (("mean", "error of the mean / std"), ("covariance", "error of the covariance"), ("weights", "error of mode weights"))
    for axes, (name, label) in zip(figure.subplots(1, 3), panels, strict=True):
        for key in dict.fromkeys((r.sampler, r.problem) for r in rows):
            points = [(r.nfe, getattr(r, name)) for r in rows if (r.sampler, r.problem) == key and getattr(r, name) is not None]
            if points:
                axes.plot(*zip(*points, strict=True), marker="o", label=" ".join(key))
                axes.legend(fontsize=7)
        axes.set(xscale="log", yscale="linear" if name == "weights" else "log", xlabel="calls of the prior (NFE)", ylabel=label)
    figure.savefig(path, dpi=120)

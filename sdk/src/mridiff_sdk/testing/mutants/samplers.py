"""Broken samplers, each a small change of one that draws from the posterior."""

# ruff: noqa: D102 - the class says what is wrong with its methods

from __future__ import annotations

import random
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from itertools import pairwise
from zlib import crc32

import numpy as np
import torch
from torch import Tensor

from mridiff.interfaces import Gaussian, Identity, Prior, Problem, Sampler, Step, Streams
from mridiff.spec import Trait

from ...consistency.conjugate_gradients import conjugate_gradients
from ...consistency.proximal import proximal
from ...diffusions.ladders import karras_times
from ...diffusions.step import ddpm
from ...diffusions.step import step as reverse_step
from ...reverse import Reverse, begin
from ..automatic.samplers import MULTI_COIL, SINGLE_COIL, gaussian_problem
from ..cases import SamplerCase
from ..reference import Drawn
from .mutant import Mutant, Sound

DRAWS = frozenset({Trait.POSTERIOR, Trait.NO_BACKWARD})
Steps = Iterator[Step]


def cases(kind: type[Sampler], offers: frozenset[Trait] = DRAWS, prior: bool = True, exact: bool = True) -> Callable[[], list[SamplerCase]]:
    """A sampler on the single-coil and the multi-coil problem; without `exact` it is not held to the posterior."""

    def make() -> list[SamplerCase]:
        made = []
        for shape in (SINGLE_COIL, MULTI_COIL):
            problem, oracle = gaussian_problem(shape)
            mean, C = oracle.posterior(problem)
            posterior = (mean.to(torch.complex64), C) if prior and exact else None
            build: Callable[..., Sampler] = partial(kind, oracle) if prior else kind
            made.append(SamplerCase(id=f"{shape.coils} coils", offers=offers, build=build, problem=problem, exact=posterior,
                                    shortest={"steps": 1} if prior else {}))  # fmt: skip
        return made

    return make


class Changed(Drawn):
    """A sound sampler whose problem, streams and steps pass through three functions that a mutant replaces."""

    def trajectory(self, problem: Problem, rng: Streams) -> Steps:
        for step in super().trajectory(self.problem(problem), self.streams(rng)):
            yield self.step(step, problem)

    def problem(self, problem: Problem) -> Problem:
        """What is solved."""
        return problem

    def streams(self, rng: Streams) -> Streams:
        """What is drawn from."""
        return rng

    def step(self, step: Step, problem: Problem) -> Step:
        """What is handed out."""
        return step


class OffByOne(Changed):
    """Counts from 1."""

    def step(self, step: Step, problem: Problem) -> Step:
        return replace(step, index=step.index + 1)


class NeedsTwo(Changed):
    """Divides by the number of its steps less one."""

    def step(self, step: Step, problem: Problem) -> Step:
        return replace(step, x0=step.x0 / (1 if self.steps > 1 else 0))


class SeedIgnored(Changed):
    """Takes another seed where it is 0: `if seed:`."""

    def streams(self, rng: Streams) -> Streams:
        fresh = torch.Generator()
        return Streams([f"{fresh.seed()}/{key}" if key.startswith("0/") else key for key in rng.keys])


class BatchMatters(Changed):
    """Draws that depend on how many there are."""

    def streams(self, rng: Streams) -> Streams:
        return Streams([f"{key} of {len(rng)}" for key in rng.keys])


class OneSeed(Changed):
    """Always the same draws."""

    def streams(self, rng: Streams) -> Streams:
        return Streams(["0"] * len(rng))


class InsideGrad(Changed):
    """Yields while gradients are enabled."""

    def trajectory(self, problem: Problem, rng: Streams) -> Steps:
        with torch.enable_grad():
            yield from super().trajectory(problem, rng)


class Backward(Changed):
    """Claims to do without, and differentiates through its prior."""

    def step(self, step: Step, problem: Problem) -> Step:
        with torch.enable_grad():
            x = step.x0.detach().clone().requires_grad_()
            torch.autograd.grad(self.prior(x, 0.5).abs().square().sum(), x)
        return step


class SpoilsProblem(Changed):
    """Weights y in place."""

    def step(self, step: Step, problem: Problem) -> Step:
        assert isinstance(problem.y, Tensor)
        if step.index == step.total - 1:
            problem.y.mul_(1 + 1e-7).add_(1e-9)
        return step


class ChangesFilters(Changed):
    """Silences warnings for the whole process."""

    def step(self, step: Step, problem: Problem) -> Step:
        warnings.filterwarnings("ignore", message=f"nothing {len(warnings.filters)}")
        return step


class SeedsTorch(Changed):
    """Seeds the global generator of torch with a constant, so that a second run leaves it as it found it."""

    def step(self, step: Step, problem: Problem) -> Step:
        torch.default_generator.manual_seed(0)
        return step


class DrawsFromNumpy(Changed):
    """Asks numpy's global generator for a number."""

    def step(self, step: Step, problem: Problem) -> Step:
        np.random.random()  # noqa: NPY002
        return step


class DrawsFromPython(Changed):
    """Asks Python's global generator for a number."""

    def step(self, step: Step, problem: Problem) -> Step:
        random.random()  # noqa: S311
        return step


class ConditionsAgain(Changed):
    """Computes the conditions in every step."""

    def step(self, step: Step, problem: Problem) -> Step:
        self.prior.conditions(problem)
        return step


class BoundAgain(Changed):
    """Binds the diffusion in every step."""

    def step(self, step: Step, problem: Problem) -> Step:
        self.prior.diffusion.bind(problem, Streams.of(0))
        return step


class CodecIgnored(Drawn):
    """Takes the prior's space for the operator's domain."""

    def trajectory(self, problem: Problem, rng: Streams) -> Steps:
        codec, self.prior.codec = self.prior.codec, Identity()
        yield from super().trajectory(problem, rng)
        self.prior.codec = codec


class Unbound(Drawn):
    """Binds the diffusion, and takes its noise from the one that is not bound."""

    def trajectory(self, problem: Problem, rng: Streams) -> Steps:
        chain = Reverse(self.prior, problem, rng)
        times = karras_times(chain.diffusion, self.steps, 20.0, 0.01)
        x_t = chain.noise(times[0])
        for i, (t, s) in enumerate(pairwise(times)):
            x0 = proximal(problem, chain.x0(x_t, t), chain.uncertainty(t), iterations=30, tolerance=None, rng=rng)
            u0 = chain.encode(x0)
            x_t = reverse_step(self.prior.diffusion, u0, x_t - chain.diffusion.mean(u0, t), s, *ddpm(chain.diffusion, t, s), rng)
            yield Step(i, self.steps, x0, t, x=x_t)


class WhiteStart(Drawn):
    """Starts from white noise, whatever noise the diffusion makes."""

    def trajectory(self, problem: Problem, rng: Streams) -> Steps:
        chain = Reverse(self.prior, problem, rng)
        times = karras_times(chain.diffusion, self.steps, 20.0, 0.01)
        x_t = times[0] * rng.normal_like(chain.decode(chain.noise(times[0])))
        for i, (t, s) in enumerate(pairwise(times)):
            x0 = proximal(problem, chain.x0(x_t, t), chain.uncertainty(t), iterations=30, tolerance=None, rng=rng)
            x_t = chain.onward(x_t, x0, t, s, ddpm)
            yield Step(i, self.steps, x0, t, x=x_t)


class FromEstimate(Drawn):
    """Begins at an estimate, by the rule."""

    level: float | None = None

    def trajectory(self, problem: Problem, rng: Streams) -> Steps:
        chain = Reverse(self.prior, problem, rng)
        begun = begin(chain, "estimate", self.level, 0.01, 20.0)
        times = karras_times(chain.diffusion, self.steps, begun.level, 0.01)
        x_t = begun.state(times[0])
        for i, (t, s) in enumerate(pairwise(times)):
            x0 = proximal(problem, chain.x0(x_t, t), chain.uncertainty(t), iterations=30, tolerance=None, rng=rng)
            x_t = chain.onward(x_t, x0, t, s, ddpm)
            yield Step(i, self.steps, x0, t, x=x_t)


class TooLow(FromEstimate):
    """Begins at an estimate with little noise about it, which leaves no room for what is unknown."""

    level = 0.1


class PriorIgnored(Drawn):
    """Calls its prior, and takes the least squares."""

    def trajectory(self, problem: Problem, rng: Streams) -> Steps:
        chain = Reverse(self.prior, problem, rng)
        for i in range(self.steps):
            chain.x0(chain.noise(1.0), 1.0)
            x = conjugate_gradients(problem.linear.gram, problem.linear.H(problem.y))
            yield Step(i, self.steps, x + 0.1 * rng.normal_like(x))


class DataIgnored(Changed):
    """Reads no measurement."""

    def problem(self, problem: Problem) -> Problem:
        assert isinstance(problem.y, Tensor)
        return replace(problem, y=torch.zeros_like(problem.y))


class Misjudged(Changed):
    """Takes the noise of the data for three times what it is."""

    factor = 3.0

    def problem(self, problem: Problem) -> Problem:
        assert isinstance(problem.noise, Gaussian) and isinstance(problem.noise.std, float)
        return replace(problem, noise=Gaussian(self.factor * problem.noise.std))


class Trusting(Misjudged):
    """Takes it for a third."""

    factor = 1 / 3


class SeesReference(Changed):
    """Pulls its result towards a reference, if it finds one."""

    def step(self, step: Step, problem: Problem) -> Step:
        reference = problem.acquisition.get("reference")
        return step if reference is None else replace(step, x0=0.5 * (step.x0 + reference.data))


class StopsByTruth(Changed):
    """Stops at the step that is nearest to the ground truth, if it finds it."""

    def trajectory(self, problem: Problem, rng: Streams) -> Steps:
        truth = problem.conditions.get("ground_truth")
        steps = list(super().trajectory(problem, rng))
        if truth is not None:
            best = min(range(len(steps)), key=lambda i: float((steps[i].x0 - truth.data).abs().sum()))
            steps = [replace(s, total=best + 1) for s in steps[: best + 1]] if best < len(steps) - 1 else steps[:-1]
        yield from steps


class GradientRescaled(Changed):
    """Normalises the likelihood's gradient, so that its strength follows the units of y."""

    def problem(self, problem: Problem) -> Problem:
        y, noise = problem.y, problem.noise
        assert isinstance(y, Tensor) and isinstance(noise, Gaussian) and isinstance(noise.std, float)
        size = float(torch.linalg.vector_norm(y)) / y.numel() ** 0.5
        return replace(problem, noise=Gaussian(noise.std * size))


class Biased(Changed):
    """Reads half of what was measured."""

    def problem(self, problem: Problem) -> Problem:
        y = problem.y
        assert isinstance(y, Tensor)
        return replace(problem, y=0.5 * y)


class Halved(Streams):
    """Normal numbers half as large."""

    def normal(self, shape: Sequence[int], dtype: torch.dtype = torch.complex64, device: torch.device | str = "cpu") -> Tensor:
        return 0.5 * super().normal(shape, dtype, device)


class Narrow(Changed):
    """Draws with half of the spread."""

    def streams(self, rng: Streams) -> Streams:
        return Halved(rng.keys)


class Tailed(Streams):
    """Normal numbers three times as large in one stream of ten, and a third in the others, so that their variance over streams is 1."""

    def normal(self, shape: Sequence[int], dtype: torch.dtype = torch.complex64, device: torch.device | str = "cpu") -> Tensor:
        size = torch.tensor([3.0 if crc32(key.encode()) % 10 == 0 else 1 / 3 for key in self.keys], device=device)
        return size.reshape(-1, *(1,) * len(shape)) * super().normal(shape, dtype, device)


class Outlying(Changed):
    """Draws of which a few have all of the spread."""

    def streams(self, rng: Streams) -> Streams:
        return Tailed(rng.keys)


class Mean(Sampler):
    """The adjoint: one estimate without a prior."""

    def trajectory(self, problem: Problem, rng: Streams) -> Steps:
        x = problem.linear.H(problem.y)
        yield Step(0, 1, x.expand(len(rng), *x.shape[1:]))


class Wavering(Mean):
    """Claims to be one estimate and dithers."""

    def trajectory(self, problem: Problem, rng: Streams) -> Steps:
        for step in super().trajectory(problem, rng):
            yield replace(step, x0=step.x0 + 1e-3 * rng.normal_like(step.x0))


class FixedThreshold(Mean):
    """Cuts small values off, below a threshold in absolute units."""

    def trajectory(self, problem: Problem, rng: Streams) -> Steps:
        for step in super().trajectory(problem, rng):
            yield replace(step, x0=step.x0 * (step.x0.abs() > 0.3))


class FromPrior(Sampler):
    """Draws nothing from the measurement: the prior's estimate from noise alone."""

    def __init__(self, prior: Prior, *, steps: int = 1) -> None:
        super().__init__()
        self.prior, self.steps = prior, steps

    def trajectory(self, problem: Problem, rng: Streams) -> Steps:
        chain = Reverse(self.prior, problem, rng)
        high = chain.diffusion.t_range[1]
        for i in range(self.steps):
            yield Step(i, self.steps, chain.x0(chain.noise(high), high))


class Replaces(Changed):
    """Puts the measured part back at the end, exactly."""

    def step(self, step: Step, problem: Problem) -> Step:
        A = problem.linear
        x = step.x0
        for _ in range(200):
            x = x + A.H(problem.y - A(x))
        return replace(step, x0=x)


POINT = frozenset({Trait.POINT, Trait.NO_BACKWARD})
FREE = frozenset({Trait.OPERATOR_FREE})
KEEPS = frozenset({Trait.NO_BACKWARD, Trait.KEEPS_DATA})
SOUND = (
    Sound("posterior draws", cases(Drawn)),
    Sound("posterior draws from an estimate", cases(FromEstimate)),
    Sound("adjoint", cases(Mean, POINT, prior=False)),
    Sound("replacement", lambda: cases(Replaces, KEEPS)()[:1]),
    Sound("draw from the prior", cases(FromPrior, FREE, exact=False)),
)
MUTANTS = (
    Mutant("steps counted from 1", "sampler.trajectory", cases(OffByOne)),
    Mutant("no single step", "sampler.shortest", cases(NeedsTwo)),
    Mutant("seed 0 ignored", "sampler.seeded", cases(SeedIgnored), "deepinv: `if seed:` in DDRM and DiffPIR"),
    Mutant("draws depend on the batch", "sampler.samples-alone", cases(BatchMatters)),
    Mutant("every seed gives the same draws", "sampler.seeds-differ", cases(OneSeed)),
    Mutant("estimate that varies", "sampler.one-estimate", cases(Wavering, POINT, prior=False)),
    Mutant("yields inside enable_grad", "sampler.gradients-off", cases(InsideGrad)),
    Mutant("differentiates through its prior", "sampler.no-backward", cases(Backward)),
    Mutant("asks for an operator that it claims not to need", "sampler.operator-free", cases(Mean, POINT | FREE, prior=False)),
    Mutant("modifies y", "sampler.problem-kept", cases(SpoilsProblem)),
    Mutant("changes warning filters", "sampler.surroundings-kept", cases(ChangesFilters)),
    Mutant("seeds torch with a constant", "sampler.surroundings-kept", cases(SeedsTorch), "deepinv, InverseBench"),
    Mutant("draws from numpy's global generator", "sampler.surroundings-kept", cases(DrawsFromNumpy)),
    Mutant("draws from Python's global generator", "sampler.surroundings-kept", cases(DrawsFromPython)),
    Mutant("conditions computed in every step", "sampler.conditions-once", cases(ConditionsAgain)),
    Mutant("diffusion bound in every step", "sampler.conditions-once", cases(BoundAgain)),
    Mutant("codec ignored", "sampler.codec-passed", cases(CodecIgnored)),
    Mutant("noise of a diffusion that was not bound", "sampler.codec-passed", cases(Unbound)),
    Mutant("noise source of the diffusion ignored at the start", "sampler.codec-passed", cases(WhiteStart)),
    Mutant("prior called and not heard", "sampler.prior-heard", cases(PriorIgnored)),
    Mutant("measurement not read", "sampler.data-heard", cases(DataIgnored)),
    Mutant("noise level wrong by three", "sampler.posterior-variance", lambda: cases(Misjudged)()[:1]),
    Mutant("noise level wrong by a third", "sampler.posterior-variance", cases(Trusting)),
    Mutant("sees the reference", "sampler.truth-unseen", cases(SeesReference)),
    Mutant("early stop by ground truth", "sampler.truth-unseen", cases(StopsByTruth)),
    Mutant("data kept only in part", "sampler.data-kept", cases(Mean, POINT | KEEPS, prior=False)),
    Mutant("likelihood gradient rescaled silently", "sampler.units", cases(GradientRescaled), "csgm-mri-langevin: divided by its norm"),
    Mutant("threshold in absolute units", "sampler.homogeneous", cases(FixedThreshold, POINT, prior=False)),
    Mutant("pulled to half of the data", "sampler.posterior-mean", cases(Biased)),
    Mutant("chain from an estimate that starts too low", "sampler.posterior-variance", cases(TooLow)),
    Mutant("half of the spread", "sampler.posterior-variance", cases(Narrow)),
    Mutant("most of the spread in a few draws", "sampler.posterior-coverage", cases(Outlying)),
)

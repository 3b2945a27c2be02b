"""Checks of samplers: the laws of a trajectory, of what it asks its prior, and the posterior in closed form."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import torch
from torch import Tensor

from mridiff.interfaces import Blocks, Field, Gaussian, Noise, Prior, Problem, Sampler, Step, Streams
from mridiff.spec import Trait

from ..uncertainty.coverage import limits
from .cases import LOOSEST, SamplerCase
from .check import collect, law
from .observe import observe
from .operators import DECOYS
from .recoded import Recoded, Watched
from .values import close, distance, draw, finite, identical, parts, size

LEVEL = 0.9
"""Of the intervals whose coverage is looked at."""


def _run(sampler: Sampler, problem: Problem, samples: int = 2) -> list[Step]:
    return list(sampler.trajectory(problem, Streams.of(0, "sampler", samples)))


def _result(case: SamplerCase, problem: Problem | None = None, samples: int = 2) -> Tensor:
    return _run(case.sampler, problem or case.problem, samples)[-1].x0


def _first(case: SamplerCase) -> Tensor:
    """The result of seed 0 for two samples, which many checks compare with."""
    return case.observed.steps[-1].x0


def _scaled(problem: Problem, c: float) -> Problem:
    """The same problem with y measured in other units: A, y and the noise times c, block by block."""
    return replace(_louder(problem, c), A=c * problem.linear)


def _louder(problem: Problem, c: float) -> Problem:
    """The same problem with y and the noise times c; counts have no other scale."""
    assert problem.y is not None
    blocks = [(n, y) for n, y in zip(_noises(problem), parts(problem.y), strict=True) if isinstance(n, Gaussian)]
    return _with(problem, [c * y for _, y in blocks], [replace(n, std=None if n.std is None else c * n.std) for n, _ in blocks])


def _gaussian(case: SamplerCase) -> bool:
    return all(isinstance(noise, Gaussian) for noise in _noises(case.problem))


def _priors(sampler: Sampler) -> dict[str, Prior]:
    return {name: child for name, child in sampler.named_children() if isinstance(child, Prior)}


def _has_prior(case: SamplerCase) -> bool:
    return bool(_priors(case.sampler))


def _has_codec(case: SamplerCase) -> bool:
    """Whether there is an operator's domain from which a codec leads."""
    return _has_prior(case) and case.problem.A is not None


def _has_data(case: SamplerCase) -> bool:
    return case.problem.y is not None and Trait.OPERATOR_FREE not in case.offers


def _with_priors(case: SamplerCase, make: Callable[[str, Prior], Prior]) -> Sampler:
    """A fresh sampler with other priors in the same places."""
    sampler = case.build().eval()
    for name, prior in _priors(sampler).items():
        setattr(sampler, name, make(name, prior))
    return sampler


def _has_closed_form(case: SamplerCase) -> bool:
    return case.exact is not None


def _noises(problem: Problem) -> tuple[Noise, ...]:
    return problem.noise.parts if isinstance(problem.noise, Blocks) else (problem.noise,)


def _with(problem: Problem, y: Sequence[Tensor], noises: Sequence[Noise]) -> Problem:
    """The problem with other data and noise, one of each per block."""
    several = isinstance(problem.y, tuple)
    return replace(problem, y=tuple(y) if several else y[0], noise=Blocks(tuple(noises)) if several else noises[0])


@law("sampler")
def trajectory(case: SamplerCase) -> None:
    """Steps count from 0 to total - 1, each with an estimate of every sample in the problem's domain; the last is finite."""
    steps = case.observed.steps
    assert steps, "it yields no step"
    found = [s.index for s in steps]
    assert found == list(range(len(steps))), f"the steps are numbered {found[:6]}...; they count from 0"
    totals = {s.total for s in steps}
    assert totals == {len(steps)}, f"the steps say that there are {sorted(totals)}; there are {len(steps)}"
    shape = (2, *case.problem.space.shape)
    for step in steps:
        assert step.x0.shape == shape, f"step {step.index} has an estimate of shape {tuple(step.x0.shape)}; two samples have {shape}"
        assert step.x0.is_complex() == case.problem.space.complex, f"step {step.index} has an estimate of type {step.x0.dtype}"
    assert finite(steps[-1].x0), "the result holds NaN or infinite numbers"


@law("sampler", after=("trajectory",), applies=lambda case: bool(case.shortest))
def shortest(case: SamplerCase) -> None:
    """It runs with the least number of steps that its options allow."""
    steps = _run(case.build(**case.shortest).eval(), case.problem)
    assert steps and finite(steps[-1].x0), f"with {dict(case.shortest)} the result is not finite"


@law("sampler", Trait.OPERATOR_FREE, after=("trajectory",))
def operator_free(case: SamplerCase) -> None:
    """It gives an estimate where there is no forward operator."""
    bare = replace(case.problem, A=None)
    try:
        x = _result(case, bare)
    except (TypeError, AttributeError) as error:
        raise AssertionError(f"without an operator it fails: {error}") from error
    assert x.shape == (2, *bare.space.shape) and finite(x), "without an operator its result is not an estimate of every sample"


@law("sampler", after=("trajectory",))
def problem_kept(case: SamplerCase) -> None:
    """The problem is not modified: neither y, nor what A is made of."""
    assert not case.observed.spoilt, f"a run modified {', '.join(case.observed.spoilt)}"


@law("sampler", after=("trajectory", "problem_kept"))
def seeded(case: SamplerCase) -> None:
    """The same seed gives the same result, seed 0 included; nothing is remembered from a run."""
    _ = case.observed, case.other
    again = _result(case)
    assert identical(_first(case), again), f"two runs with seed 0 differ by {distance(again, _first(case)):.2g}"


@law("sampler", after=("seeded",))
def samples_alone(case: SamplerCase) -> None:
    """Several samples at once are what each is alone: a draw does not depend on the batch."""
    together, rng = _first(case), Streams.of(0, "sampler", 2)
    close(together[1:], case.sampler(case.problem, rng[1]), 1e-3, "the second sample of two against the same alone")


@law("sampler", Trait.POSTERIOR, after=("seeded",))
def seeds_differ(case: SamplerCase) -> None:
    """Other seeds and other samples give other draws."""
    zero, one = _first(case), case.other
    assert not identical(zero, one), "the seeds 0 and 1 give the same draws"
    assert not identical(zero[:1], zero[1:]), "the two samples of one run are the same"


@law("sampler", Trait.POINT, after=("seeded",))
def one_estimate(case: SamplerCase) -> None:
    """One estimate, whatever the seed."""
    close(case.other, _first(case), 1e-6, "the estimate with seed 1 against seed 0")


@law("sampler", after=("trajectory",))
def gradients_off(case: SamplerCase) -> None:
    """It never yields while gradients are enabled, and hands out nothing that is part of a graph."""
    inside = case.observed.with_gradients
    assert not inside, f"the steps {inside[:5]} are yielded inside enable_grad"
    held = [step.index for step in case.observed.steps if step.x0.requires_grad]
    assert not held, f"the estimates of the steps {held[:5]} hold on to their graph"


@law("sampler", Trait.NO_BACKWARD, after=("trajectory",))
def no_backward(case: SamplerCase) -> None:
    """It never differentiates through its prior."""
    passes = case.observed.backward
    assert not passes, f"{passes} backward passes went through the prior; it claims that there are none"


@law("sampler", after=("trajectory",))
def surroundings_kept(case: SamplerCase) -> None:
    """The process is left as it was: global random numbers, default precision, threads, warning filters."""
    changed = case.observed.surroundings
    if changed:  # a module that torch imports when it is first needed may do that; it does not a second time
        changed = observe(case.sampler, case.problem, Streams.of(0, "sampler", 2)).surroundings
    assert not changed, f"a run changed {', '.join(changed)}"


@law("sampler", after=("seeded",), applies=_has_prior)
def conditions_once(case: SamplerCase) -> None:
    """Each prior's conditions are computed once a run, and its diffusion is bound to the scan once."""
    watched: dict[str, Watched] = {}

    def watch(name: str, prior: Prior) -> Prior:
        watched[name] = Watched(prior)
        return watched[name].prior

    _run(_with_priors(case, watch), case.problem)
    for name, seen in watched.items():
        assert seen.conditions == 1, f"the conditions of {name} are computed {seen.conditions} times in a run; once is right"
        assert seen.binds == 1, f"the diffusion of {name} is bound to the scan {seen.binds} times in a run; once is right"


@law("sampler", after=("conditions_once",), applies=_has_codec)
def codec_passed(case: SamplerCase) -> None:
    """Through a unitary codec the same prior gives the same result: of every prior its own codec and its bound diffusion are used."""
    for chosen in _priors(case.sampler):
        sampler = _with_priors(case, lambda name, prior, chosen=chosen: Recoded(prior) if name == chosen else prior)  # type: ignore[misc]
        close(_run(sampler, case.problem)[-1].x0, _first(case), 5e-3, f"the result with {chosen} in other words")


@law("sampler", after=("codec_passed",), applies=_has_prior)
def prior_heard(case: SamplerCase) -> None:
    """A prior that says something else gives something else."""
    for chosen in _priors(case.sampler):
        sampler = _with_priors(case, lambda name, prior, chosen=chosen: Watched(prior, 1.0).prior if name == chosen else prior)  # type: ignore[misc]
        change = distance(_run(sampler, case.problem)[-1].x0, _first(case))
        assert change > 1e-3, f"the result changes by {change:.2g} where {chosen} says something else: it is not heard"


@law("sampler", after=("seeded",), applies=_has_data)
def data_heard(case: SamplerCase) -> None:
    """Another measurement gives another result."""
    assert case.problem.y is not None
    doubled = _with(case.problem, [2 * block for block in parts(case.problem.y)], _noises(case.problem))
    change = distance(_result(case, doubled), _first(case))
    assert change > 1e-3, f"the result changes by {change:.2g} where y is doubled: the measurement is not heard"


@law("sampler", after=("seeded",))
def truth_unseen(case: SamplerCase) -> None:
    """Nothing that looks like a reference is used, neither for a result nor to stop: such fields in the problem change nothing."""
    decoy = draw(case.problem.space, 99, 1, torch.float32)
    assert isinstance(decoy, Tensor)
    fields = {name: Field(5 * decoy, case.problem.space.axes) for name in DECOYS}
    planted = replace(case.problem, acquisition={**fields, **case.problem.acquisition}, conditions={**fields, **case.problem.conditions})
    plain, found = case.observed.steps, _run(case.sampler, planted)
    assert len(found) == len(plain), f"with a field named like a reference it stops after {len(found)} instead of {len(plain)} steps"
    change = distance(found[-1].x0, plain[-1].x0)
    assert identical(found[-1].x0, plain[-1].x0), f"the result changes by {change:.2g} with a field named like a reference"


@law("sampler", Trait.KEEPS_DATA, after=("trajectory",))
def data_kept(case: SamplerCase) -> None:
    """Measurements without noise are kept: A x = y."""
    A = case.problem.linear
    x = draw(case.problem.space, 11, 1, torch.float32)
    assert isinstance(x, Tensor)
    y = A(x)
    problem = _with(case.problem, parts(y), [Gaussian(1e-6)] * len(parts(y)))
    found = A(_result(case, problem, samples=1))
    close(found, y, 1e-3, "A x against y without noise")


@law("sampler", Trait.POSTERIOR, after=("seeded",), applies=_gaussian)
def units(case: SamplerCase) -> None:
    """Other units of y (A, y and the noise times 2) change nothing: the likelihood is not rescaled in silence."""
    close(_result(case, _scaled(case.problem, 2.0)), _first(case), 0.02, "the result with y in other units")


@law("sampler", Trait.POINT, after=("seeded",), applies=lambda case: _gaussian(case) and not [*case.sampler.children()])
def homogeneous(case: SamplerCase) -> None:
    """A point estimate without a prior follows the measurement: y and the noise times 3 give the result times 3."""
    close(_result(case, _louder(case.problem, 3.0)), 3 * _first(case), 1e-3, "the result of 3 y against 3 times the result of y")


@law("sampler", after=("seeds_differ", "units", "samples_alone", "no_backward", "prior_heard", "data_heard"), applies=_has_closed_form)
def posterior_mean(case: SamplerCase) -> None:
    """The mean over draws is that of the exact posterior of a Gaussian prior, within the stated error, or what none may exceed."""
    assert case.exact is not None
    mean, C = case.exact
    error = size(case.drawn.mean(0, keepdim=True) - mean) / float(C.diagonal().real.sum()) ** 0.5
    bound = (case.mean_error if Trait.POSTERIOR in case.offers else LOOSEST) + 2 / case.draws**0.5
    assert error <= bound, f"the mean of {case.draws} draws is off by {error:.2g} posterior standard deviations, at most {bound:.2g}"


@law("sampler", Trait.POSTERIOR, after=("posterior_mean",), applies=_has_closed_form)
def posterior_variance(case: SamplerCase) -> None:
    """The variance over draws is that of the exact posterior of a Gaussian prior, within the stated error, of x and of A x."""
    assert case.exact is not None
    A, (_, C) = case.problem.linear, case.exact
    draws, bound = case.drawn, case.variance_error + 4 / case.draws**0.5
    # A column of the covariance's root is an image: those of A x are the images seen.
    root = torch.linalg.cholesky(C + 1e-9 * C.abs().max() * torch.eye(len(C), dtype=C.dtype)).mT.reshape(-1, *case.problem.space.shape)
    root = root.to(draws.dtype)
    for what, seen, exact in (("x", (draws,), (root,)), ("A x", parts(A(draws)), parts(A(root)))):
        found = sum(float((v - v.mean(0)).abs().square().sum()) for v in seen) / (case.draws - 1)
        ratio = found / sum(float(v.abs().square().sum()) for v in exact)
        assert abs(ratio - 1) <= bound, f"{what} has {ratio:.3g} of the posterior's variance over draws, 1 within {bound:.2g} allowed"


@law("sampler", Trait.POSTERIOR, after=("posterior_variance",), applies=_has_closed_form)
def posterior_coverage(case: SamplerCase) -> None:
    """The central 90 % of the draws hold 90 % of the exact posterior of a Gaussian prior, pixel by pixel, within the stated errors."""
    assert case.exact is not None
    mean, C = case.exact
    std = C.diagonal().real.sqrt().reshape(mean.shape[1:])
    draws = (case.drawn - mean) / std.clamp_min(1e-9)
    real = torch.view_as_real(draws) * 2**0.5 if draws.is_complex() else draws  # each part of a complex number has half of its variance
    lower, upper = limits(real, LEVEL)
    found = float((torch.special.ndtr(upper) - torch.special.ndtr(lower)).mean())
    half = torch.special.ndtri(torch.tensor((1 + LEVEL) / 2))
    low, high = (float(2 * torch.special.ndtr(half * (1 + e) ** 0.5) - 1) for e in (-case.variance_error, case.variance_error))
    chance = 2 * (LEVEL * (1 - LEVEL) / case.draws) ** 0.5
    assert low - chance <= found <= high + chance, f"intervals of {LEVEL:.0%} of {case.draws} draws hold {found:.3f} of the posterior"


CHECKS = collect(globals())

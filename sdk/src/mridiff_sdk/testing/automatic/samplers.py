"""Samplers with their defaults, on a tiny linear problem with priors in closed form."""

from __future__ import annotations

from functools import partial
from typing import Any

import torch
from torch import Tensor

from mridiff.interfaces import Gaussian, Measured, Operator, Prior, Problem, Sampler, Streams
from mridiff.pipeline.plan import option_rows
from mridiff.plugins.entry import Entry
from mridiff.spec import SamplerSpec, Trait

from ...diffusions.gaussian import VE
from ...oracles import Covariance, GaussianPrior
from ..cases import SINGLE, Case, SamplerCase
from ..reference import Masked, Sense
from ..scans import Shape, cartesian

STEPS = ("steps", "iterations")
"""Options that count the steps of a trajectory."""
SINGLE_COIL = Shape(("y", "x"), (6, 7), coils=1, samples=1, seed=4)
LEVELS = ((0.01, "-quiet"), (1.0, "-loud"))
"""Other noise levels, beside 0.1, at which a sampler that claims the posterior is held to it."""
MULTI_COIL = Shape(("y", "x"), (5, 6), coils=3, samples=1, seed=3)


def sampler_cases(entry: Entry, examples: int) -> list[Case]:  # noqa: ARG001 - one signature for all kinds
    """A single-coil and a multi-coil problem, for samplers of denoisers and for those without a prior; none for any other.

    The multi-coil one at three noise levels for one that claims the posterior.
    """
    spec = entry.spec
    assert isinstance(spec, SamplerSpec)
    can = frozenset({Trait.DENOISER, Trait.DIFFERENTIABLE, Trait.UNITARY_CODEC, Trait.LINEAR_CODEC})
    if any(demand.missing(can) for demand in spec.priors.values()) or Trait.OPERATOR_FREE in spec.offers:
        return []
    operator = spec.needs.get("operator")
    made: list[Case] = []
    for shape, traits in ((SINGLE_COIL, {Trait.LINEAR, Trait.MASKED, Trait.COISOMETRIC}), (MULTI_COIL, {Trait.LINEAR, Trait.MASKED})):
        if operator is None or not operator.missing(frozenset(traits)):
            made.append(_case(entry, spec, shape))
            made += [_case(entry, spec, shape, *other) for other in LEVELS if Trait.POSTERIOR in spec.offers and shape is MULTI_COIL]
    return made


def _case(entry: Entry, spec: SamplerSpec, shape: Shape, std: float = 0.1, suffix: str = "") -> Case:
    problem, prior = gaussian_problem(shape, std)
    build = partial(_build, entry, dict.fromkeys(spec.priors, prior))
    mean, C = prior.posterior(problem)
    exact = (mean.to(torch.complex64), C) if spec.priors else None
    least_steps = {row["name"]: least(row) for row in option_rows(entry) if row["name"] in STEPS}
    name = f"{'single' if shape.coils == 1 else 'multi'}-coil{suffix}"
    return SamplerCase(id=name, offers=spec.offers, build=build, problem=problem, exact=exact, shortest=least_steps)


def _build(entry: Entry, priors: dict[str, Prior], **options: Any) -> Sampler:
    sampler: Sampler = entry.load()(**priors, **options)
    return sampler


def least(row: dict[str, Any]) -> int:
    """The smallest value of an option, by its bound."""
    bounds = [int(part.strip(" )").split("=")[1]) for part in str(row["bounds"]).split(", ") if part.startswith("Ge(")]
    return max([1, *bounds])


def gaussian_problem(shape: Shape, std: float = 0.1) -> tuple[Problem, GaussianPrior]:
    """A draw of a smooth Gaussian prior, measured by a masked Fourier operator with coils or without, and that prior."""
    scan = cartesian(shape, SINGLE, with_maps=shape.coils > 1)
    A: Operator = (Sense if shape.coils > 1 else Masked).for_scan(scan)
    prior = smooth_prior(A)
    x = prior.draw(Streams.of(shape.seed, "x"))
    y = Gaussian(std).draw(A(x), Streams.of(shape.seed, "noise")) * _outside(scan)
    return Problem.of(A, Measured(y, Gaussian(std), scan.acquisition)), prior


def _outside(scan: Measured) -> Tensor:
    mask, y = scan.acquisition["mask"].data, scan.y
    assert isinstance(y, Tensor)
    return mask.reshape(len(mask), *(1,) * (y.ndim - mask.ndim), *mask.shape[1:])


def smooth_prior(A: Operator) -> GaussianPrior:
    """A Gaussian prior of unit variance per pixel whose power falls with frequency."""
    ky, kx = (torch.fft.fftshift(torch.fft.fftfreq(n)) for n in A.domain.shape)
    power = 1 / (0.02 + ky[:, None] ** 2 + kx**2)
    covariance = Covariance.stationary(A.domain, power / power.mean())
    return GaussianPrior(torch.full(A.domain.shape, 0.5 + 0.5j), covariance, VE(0.01, 50.0))

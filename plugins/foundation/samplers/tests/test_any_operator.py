"""Every reference sampler with a linear data step, on every kind of operator: planes, volumes and series, on the grid and off it."""

from dataclasses import replace
from importlib.util import find_spec

import pytest
import torch

from mridiff.interfaces import Field, Gaussian, Measured, Problem, Streams
from mridiff_operators.noncartesian_sense import KtNonCartesianSense, NonCartesianSense, NonCartesianSense3D
from mridiff_operators.sense import KtSense, Sense3D, SenseOperator
from mridiff_operators.spirit import Spirit
from mridiff_samplers.daps import DAPS
from mridiff_samplers.particles import Particles
from mridiff_samplers.pnp_admm import PnPADMM
from mridiff_samplers.red_admm import REDADMM
from mridiff_samplers.red_diff import REDDiff
from mridiff_sdk.coils import simulate_maps
from mridiff_sdk.diffusions import VE
from mridiff_sdk.oracles import Covariance, GaussianPrior
from mridiff_sdk.testing import DOUBLE, Shape, cartesian


class Consistent(Spirit):
    """Coil images whose weights are learnt of random data, in a full centre."""

    @classmethod
    def for_scan(cls, measured):
        mask = measured.acquisition["mask"]
        full = mask.data.clone()
        full[:, 1:4, 2:5] = 1
        return super().for_scan(replace(measured, acquisition={**measured.acquisition, "mask": replace(mask, data=full)}), kernel=3)


PLANE, VOLUME, SERIES = (Shape(axes, sizes) for axes, sizes in (("yx", (5, 6)), ("zyx", (3, 5, 4)), ("tyx", (3, 5, 4))))
OPERATORS = {"sense": (SenseOperator, PLANE), "spirit": (Consistent, PLANE), "sense-3d": (Sense3D, VOLUME), "kt-sense": (KtSense, SERIES),
             "noncartesian-sense": (NonCartesianSense, PLANE), "noncartesian-sense-3d": (NonCartesianSense3D, VOLUME),
             "kt-noncartesian-sense": (KtNonCartesianSense, SERIES)}  # fmt: skip
SAMPLERS = {
    "pnp-admm": (PnPADMM, {"sigma_max": 2.0, "sigma_min": 0.5, "weight": 1.0}, 1, 0.02),
    "red-admm": (REDADMM, {"sigma_max": 2.0, "sigma_min": 0.2, "weight": 1.0}, 1, 0.05),
    "red-diff": (REDDiff, {"steps": 100, "sigma_min": 0.2, "weight": 1.0, "rate": 0.2}, 1, 0.4),
    "daps": (DAPS, {"steps": 6, "start": "noise", "iterations": 8}, 12, 0.5),
    "particles": (Particles, {"steps": 8, "particles": 4, "iterations": 8}, 8, 0.6),
}  # fmt: skip
"""The class, options, how many draws, and by how much their mean may miss that of the posterior, in its standard deviations."""


def scan(shape: Shape, grid: bool) -> Measured:
    """Points of a grid, or random places in k-space, another set in every frame, seen by two coils."""
    shape = Shape(tuple(shape.axes), shape.sizes)
    if grid:
        return cartesian(shape, DOUBLE, with_maps=True)
    image = {a: n for a, n in zip(shape.axes, shape.sizes, strict=True) if a != "t"}
    frames = shape.sizes[: len(shape.sizes) - len(image)]
    reach = torch.tensor([*image.values()], dtype=DOUBLE)
    k = (Streams.of(0, "places").uniform((*frames, 4, 5, len(image)), DOUBLE) - 0.5) * reach
    maps = simulate_maps(2, tuple(image.values()), 0, DOUBLE.to_complex())[None]
    fields = {"trajectory": Field(k, ("t", "shot", "readout", "channel")[-k.ndim + 1 :]), "sensitivity_maps": Field(maps, ("coil", *image))}
    return Measured(None, Gaussian(0.5), fields)


def blocks(y):
    """A measurement as a tuple of its blocks."""
    return y if isinstance(y, tuple) else (y,)


@pytest.fixture(scope="module", params=OPERATORS)
def known(request):
    """White images about a mean of which some is measured: the problem, the prior, and the mean and covariance of the posterior."""
    make, shape = OPERATORS[request.param]
    grid = not request.param.endswith(("noncartesian-sense", "noncartesian-sense-3d"))
    if not grid and not find_spec("finufft"):
        pytest.skip("needs finufft")
    A = make.for_scan(scan(shape, grid))
    rng = Streams.of(1, "image")
    prior = GaussianPrior(
        torch.full(A.domain.shape, 0.5 + 0.5j, dtype=DOUBLE.to_complex()), Covariance.diagonal(A.domain, 1.0), VE(0.01, 20.0)
    )
    Ax, everywhere = (blocks(A(x))[0] for x in (prior.draw(rng), torch.ones_like(prior.mean)))
    y = Gaussian(0.5).draw(Ax, rng)
    if grid:
        y = y * (everywhere != 0)
    problem = Problem.of(A, Measured(y, Gaussian(0.5)))
    return problem, prior, *prior.posterior(problem)


@pytest.mark.parametrize("name", SAMPLERS)
def test_the_mean_is_that_of_the_posterior(known, name):
    make, options, draws, bound = SAMPLERS[name]
    problem, prior, mean, C = known
    with torch.no_grad():
        x = make(prior, **options)(problem, Streams.of(0, "x", draws))
    off = torch.linalg.vector_norm(x.mean(0) - mean) / C.diagonal().real.sum().sqrt()
    assert off < bound

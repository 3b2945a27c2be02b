"""What makes it this method: every estimate agrees with the data, and through what."""

import pytest
import torch

from mridiff.interfaces import Gaussian, Problem, Streams
from mridiff_diffinr.sampler import DiffINR
from mridiff_operators.fourier import FourierOperator
from mridiff_operators.sense import SenseOperator
from mridiff_sdk.diffusions import VE
from mridiff_sdk.testing import Operators, closed_form

OPERATORS = Operators(FourierOperator, SenseOperator)
FEW = {"steps": 6, "prior_iterations": 12, "data_iterations": 8, "calls": 2}


def case(coils=1, std=0.1, diffusion=None):
    return closed_form("smooth", coils, std, diffusion, operators=OPERATORS)


def test_one_call_of_the_prior_per_step_after_the_start_and_no_gradient_through_it():
    c = case()
    calls = []
    c.prior.register_forward_hook(lambda _, given, out: calls.append(torch.is_grad_enabled()))
    with torch.enable_grad():
        x = DiffINR(c.prior, **FEW)(c.problem, Streams.of(0))
    assert calls == [False] * (2 + 6) and not x.requires_grad


@pytest.mark.parametrize("refine", ["inr", "projection", "cg"])
@pytest.mark.parametrize("coils", [1, 3])
def test_the_posterior_mean_is_near(refine, coils):
    """With the exact prior of smooth images, noise 0.1: no posterior is claimed, but the result is within two deviations of its mean."""
    c = case(coils)
    off, _ = c.errors(DiffINR(c.prior, refine=refine, prior_iterations=30, data_iterations=20), 1)
    assert off < 2.0


def test_the_data_are_heard_in_every_step():
    c = case()
    louder = Problem(c.problem.A, 1.1 * c.problem.y, c.problem.noise, c.problem.space)
    a, b = (list(DiffINR(c.prior, **FEW, start="noise").trajectory(p, Streams.of(0))) for p in (c.problem, louder))
    assert [s.t for s in a] == sorted((s.t for s in a), reverse=True) and len(a) == FEW["steps"]
    assert not torch.equal(a[0].x0, b[0].x0)


def test_projection_puts_the_measured_samples_into_the_result():
    c = case()
    A, y = c.problem.operator, c.problem.operator(c.mean)
    problem = Problem(A, y, Gaussian(0.0), c.problem.space)
    soft, hard = (DiffINR(c.prior, **FEW, refine=refine)(problem, Streams.of(0)) for refine in ("inr", "projection"))
    assert (A(hard) - y).abs().max() < 1e-10 < 1e-4 < (A(soft) - y).abs().max()


def test_any_gaussian_diffusion_is_the_same_sampler():
    ve, vp = (case(diffusion=d) for d in (VE(0.005, 20.0), None))
    x, z = (DiffINR(c.prior, **FEW, refine="projection", noise=1.0)(c.problem, Streams.of(0)) for c in (ve, vp))
    torch.testing.assert_close(x, z, rtol=1e-6, atol=1e-6)


def test_without_noise_seeds_differ_by_the_weights_of_fresh_networks_alone():
    c = case()
    same, drawn = [
        DiffINR(c.prior, **FEW, **options)(c.problem, Streams.of(0, "a", 2)) for options in ({"noise": 0.0, "refine": "cg"}, {"noise": 1.0})
    ]
    assert torch.equal(same[0], same[1])
    assert not torch.equal(drawn[0], drawn[1])


def test_the_fit_has_streams_of_its_own():
    """The length of a fit shifts no draw of the chain."""
    c = case()
    seen = []
    for n in (8, 9):
        rng = Streams.of(0)
        DiffINR(c.prior, **{**FEW, "data_iterations": n}, noise=1.0)(c.problem, rng)
        seen.append(rng.normal((3,)))
    assert torch.equal(*seen)


@pytest.mark.parametrize("std", [None, 0.1])
def test_an_unknown_level_of_noise_is_no_obstacle(std):
    c = case()
    problem = Problem(c.problem.A, c.problem.y, Gaussian(std), c.problem.space)
    assert DiffINR(c.prior, **FEW, start="noise", noise=1.0)(problem, Streams.of(0)).isfinite().all()

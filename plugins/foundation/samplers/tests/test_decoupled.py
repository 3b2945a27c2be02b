"""DAPS, RED-diff and particles: their boxes, and what they draw in closed form."""

import pytest
import torch

from mridiff.interfaces import Gaussian, Poisson, Problem, Streams
from mridiff_samplers.daps import DAPS
from mridiff_samplers.particles import Particles
from mridiff_samplers.red_diff import REDDiff
from mridiff_sdk.diffusions import VE, karras_times
from mridiff_sdk.oracles import Covariance, GaussianMixturePrior
from mridiff_sdk.testing import Masked


def columns(f, like):
    """The matrix of a linear map of images."""
    basis = torch.eye(like[0].numel(), dtype=like.dtype).reshape(-1, *like.shape[1:])
    return f(basis).flatten(1).T


@pytest.mark.parametrize("start", ["noise", "estimate"])
@pytest.mark.parametrize(("kind", "coils", "std"), [("white", 1, 0.1), ("smooth", 1, 0.1), ("smooth", 3, 0.01), ("smooth", 3, 1.0)])
def test_daps_draws_from_the_posterior(case, kind, coils, std, start):
    c = case(kind, coils, std=std)
    off, variance = c.errors(DAPS(c.prior, start=start), 200)
    assert off < (0.4 if std == 1 else 0.25) and 0.85 < variance < 1.15


def test_daps_is_its_box(case):
    """Against dense algebra and the noise that its streams hold: of the state, of the data, of the estimate, afresh."""
    c = case("smooth", 3, diffusion=VE(0.05, 4.0))
    A, y = c.problem.linear, c.problem.y
    gram, rng, shape = columns(A.gram, A.H(y)), Streams.of(0), (6, 5)
    times = karras_times(c.prior.diffusion, 3, 3.0, 0.1)
    x_t = 3.0 * rng.normal(shape, torch.complex128)
    sampler = DAPS(c.prior, steps=3, variance=0.5, iterations=60, sigma_max=3.0, sigma_min=0.1, start="noise")
    for step, t, s in zip(sampler.trajectory(c.problem, Streams.of(0)), times, times[1:], strict=False):
        r2 = 1 / (1 / t**2 + 1 / 0.5)
        seen = y + 0.1 * rng.normal_like(y)
        near = c.prior(x_t, t) + r2**0.5 * rng.normal(shape, torch.complex128)
        H = gram / 0.01 + torch.eye(30) / r2
        e = step.x0.flatten() - torch.linalg.solve(H, A.H(seen).flatten() / 0.01 + near.flatten() / r2)
        assert (e.conj() @ H @ e).real <= 30 * 0.1**2  # as far as the conjugate gradients promise
        x_t = step.x0 + (s * rng.normal(shape, torch.complex128) if s else 0)
        torch.testing.assert_close(step.x, x_t)


def test_red_diff_is_its_box(case):
    c, rate, weight, power = case("smooth", 3, diffusion=VE(0.05, 4.0)), 0.7, 0.4, 0.5
    A, y, rng = c.problem.linear, c.problem.y, Streams.of(0, "red-diff")
    gram, ATy = columns(A.gram, A.H(y)), A.H(y).flatten()
    x = torch.linalg.solve(gram, ATy)
    sampler = REDDiff(c.prior, steps=2, sigma_max=0.5, sigma_min=0.25, rate=rate, weight=weight, power=power, iterations=200)
    for step, sigma in zip(sampler.trajectory(c.problem, Streams.of(3)), (0.5, 0.25), strict=True):
        x0 = c.prior.denoise(x.reshape(1, 6, 5) + sigma * rng.normal((6, 5), torch.complex128), sigma).flatten()
        ratio = 0.1**2 * weight / sigma ** (2 * power) / rate
        x = torch.linalg.solve(gram + ratio * torch.eye(30), ATy + ratio * (x + rate * (x0 - x)))
        torch.testing.assert_close(step.x0.flatten(), x, rtol=1e-4, atol=1e-4)


def test_red_diff_is_one_estimate(case):
    c = case("smooth", 3)
    x, again = (REDDiff(c.prior, steps=5)(c.problem, Streams.of(seed, "", 2)) for seed in (0, 1))
    assert torch.equal(x, again) and torch.equal(x[0], x[1])


@pytest.mark.parametrize(("c", "exact"), [(1.0, 0.55), (2.0, 0.77)])
def test_particles_weigh_modes_by_the_data(c, exact):
    """Two modes of prior weights 0.3 and 0.7 and data that speak for the rarer; a chain alone gives the prior's weights or worse."""
    A = Masked((torch.arange(4) % 2).double().expand(1, 3, 4).clone())
    mode = torch.polar(torch.ones(3, 4, dtype=torch.float64), 0.3 * torch.arange(4.0, dtype=torch.float64))
    prior = GaussianMixturePrior(torch.tensor([0.3, 0.7]), torch.stack([mode, -mode]), [Covariance.diagonal(A.domain, 0.05)] * 2,
                                 VE(0.01, 50.0))  # fmt: skip
    problem = Problem(A, A(c * mode[None]), Gaussian(2.0), A.domain)
    weights = prior.posterior(problem)[0]
    assert float(weights[0]) == pytest.approx(exact, abs=0.01)

    def share(sampler):
        x = sampler(problem, Streams.of(0, "x", 100))
        return float(((x.conj() * mode).real.flatten(1).sum(1) > 0).float().mean())

    assert share(Particles(prior, steps=30)) == pytest.approx(exact, abs=0.12)  # chance alone gives 0.05
    assert abs(share(Particles(prior, steps=30, particles=1)) - exact) > 0.15


@pytest.mark.parametrize("std", [0.1, 1.0])
def test_particles_draw_from_the_posterior_of_one_mode(case, std):
    c = case("smooth", 3, std=std)
    off, variance = c.errors(Particles(c.prior, steps=20), 50)
    assert off < 0.3 and 0.75 < variance < 1.25


def test_the_effective_number_of_particles_is_told(case):
    c = case("smooth", 1, std=1.0)
    steps = list(Particles(c.prior, steps=8, particles=16).trajectory(c.problem, Streams.of(0, "", 3)))
    found = steps[-1].outputs["effective"].data
    assert found.shape == (3, 1) and ((found >= 1) & (found <= 16)).all() and len(steps) == 8


@pytest.mark.parametrize("make", [DAPS, REDDiff, Particles])
def test_other_noise_is_refused(case, make):
    c = case("white", 1)
    with pytest.raises(TypeError, match="Gaussian"):
        make(c.prior)(Problem(c.problem.A, c.problem.y, Poisson(), c.problem.space), Streams.of(0))


@pytest.mark.parametrize("std", [None, 0.0])
def test_particles_need_a_noise_level_and_daps_keeps_data_without(case, std):
    c = case("white", 3)
    y = c.problem.operator(c.mean)
    problem = Problem(c.problem.A, y, Gaussian(std), c.problem.space)
    with pytest.raises(TypeError, match="known level"):
        Particles(c.prior)(problem, Streams.of(0))
    x = DAPS(c.prior, steps=8, iterations=60)(problem, Streams.of(0))
    assert (problem.operator(x) - y).abs().max() < 1e-3 * y.abs().max()

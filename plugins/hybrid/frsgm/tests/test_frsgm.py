"""What makes it this method: a score and a denoiser in turn, noise that does not stay, and kernels that are adapted on the way."""

from itertools import pairwise

import pytest
import torch

from mridiff.interfaces import Gaussian, Poisson, Problem, Streams
from mridiff_frsgm.sampler import FRSGM
from mridiff_frsgm.self_consistency import SelfConsistency
from mridiff_operators.fourier import FourierOperator
from mridiff_operators.sense import SenseOperator
from mridiff_sdk.diffusions import VE, VP
from mridiff_sdk.reverse import Reverse, denoisers
from mridiff_sdk.testing import Operators, closed_form

OPERATORS = Operators(FourierOperator, SenseOperator)


def case(coils=3, std=0.1, diffusion=None, kind="smooth"):
    return closed_form(kind, coils, std, diffusion or VE(0.005, 20.0), operators=OPERATORS)


def calls_of(c):
    """What levels the prior is called with, and whether with gradients."""
    found = []
    c.prior.register_forward_hook(lambda _, given, out: found.append((float(given[1]), torch.is_grad_enabled())))
    return found


@pytest.mark.parametrize(("stages", "each"), [("both", 2), ("score", 1), ("denoiser", 1)])
def test_calls_of_the_prior(stages, each):
    c = case()
    seen = calls_of(c)
    with torch.enable_grad():
        x = FRSGM(c.prior, steps=6, stages=stages)(c.problem, Streams.of(0))
    assert len(seen) == 6 * each and not any(grad for _, grad in seen) and not x.requires_grad


def test_the_score_step_takes_what_is_denoised_and_leaves_the_noise():
    """v = z + sigma^2 s(z + n), and then the denoiser at the level that this left."""
    c, sigma = case(), 0.2
    z = c.mean + 0.1
    chain = Reverse(c.prior, c.problem, Streams.of(0))
    v = FRSGM(c.prior, stages="score").denoised(chain, denoisers(chain), z, sigma)
    n = sigma * Streams.of(0).normal_like(z)
    torch.testing.assert_close(v, z + sigma**2 * c.prior.score(z + n, float(c.prior.diffusion.time(sigma))))
    t = 1.3 * (v - z).abs().square().mean().sqrt()
    chain = Reverse(c.prior, c.problem, Streams.of(0))
    both = FRSGM(c.prior, level=1.3).denoised(chain, denoisers(chain), z, sigma)
    torch.testing.assert_close(both, c.prior.denoise(v.flip(-1), t).flip(-1), rtol=1e-5, atol=1e-5)


def test_each_sample_is_denoised_at_its_own_level():
    c = case()
    z = torch.cat((c.mean, 3 * c.mean))
    chain = Reverse(c.prior, c.problem, Streams.of(0, "", 2))
    both = FRSGM(c.prior).denoised(chain, denoisers(chain), z, 0.2)
    chain = Reverse(c.prior, c.problem, Streams.of(0, "", [1]))
    torch.testing.assert_close(both[1:], FRSGM(c.prior).denoised(chain, denoisers(chain), z[1:], 0.2))


@pytest.mark.parametrize("coils", [1, 3])
@pytest.mark.parametrize("stages", ["both", "score", "denoiser"])
def test_the_posterior_mean_is_near(coils, stages):
    """With the exact prior of smooth images and data as noisy as they say: within a standard deviation, though no posterior is claimed."""
    c = case(coils)
    c.prior.mean = torch.zeros_like(c.prior.mean)  # which its mirror images have too
    mean, covariance = c.prior.posterior(c.problem)
    x = FRSGM(c.prior, stages=stages, weight=1.0)(c.problem, Streams.of(0))
    assert (x - mean).norm() < covariance.diagonal().real.sum().sqrt()


def test_it_converges_and_two_seeds_agree():
    """The specification's numbers with exact denoisers: an iteration's change falls by 50 times, two seeds agree to 38 dB."""
    c = case()
    c.prior.mean = torch.zeros_like(c.prior.mean)
    (a, b) = ([s.x0 for s in FRSGM(c.prior, steps=60).trajectory(c.problem, Streams.of(seed))] for seed in (0, 1))
    changes = [float((x - before).norm() / x.norm()) for before, x in pairwise(a)]
    assert changes[4] > 50 * changes[-1]
    assert 10 * torch.log10(a[-1].abs().max() ** 2 / (a[-1] - b[-1]).abs().square().mean()) > 38


def test_the_iterations_are_those_of_the_box():
    """Three iterations against dense algebra: the dual variable, its rescaling, the weight of the data."""
    c = case(std=0.1)
    c.prior.mean = torch.zeros_like(c.prior.mean)
    A, y = c.problem.linear, c.problem.y
    basis = torch.eye(30, dtype=y.dtype).reshape(-1, 6, 5)
    gram, back = A.gram(basis).flatten(1).T, A.H(y).flatten()
    x, u, before = A.H(y).flatten(), torch.zeros_like(back), 0.6
    steps = FRSGM(c.prior, steps=3, sigma_max=0.6, sigma_min=0.15, stages="denoiser", weight=0.7, start="adjoint", iterations=200)
    for step, sigma, mirror in zip(steps.trajectory(c.problem, Streams.of(0)), (0.6, 0.3, 0.15), ([], [-1], [-2]), strict=True):
        u, ratio, before = u * (sigma / before) ** 2, 0.7 * (0.1 / sigma) ** 2, sigma
        v = c.prior.denoise((x + u).reshape(1, 6, 5).flip(mirror), sigma).flip(mirror).flatten()
        x = torch.linalg.solve(gram + ratio * torch.eye(30), back + ratio * (v - u))
        torch.testing.assert_close(step.x0.flatten(), x, rtol=1e-4, atol=1e-4)
        u = u + x - v


def test_self_consistency_is_asked_before_every_data_step_and_only_if_wished(monkeypatch):
    c, seen = case(), []
    monkeypatch.setattr(SelfConsistency, "of", lambda problem, x, reach: lambda p, image: seen.append((reach, image)) or p)
    x = FRSGM(c.prior, steps=4)(c.problem, Streams.of(0))
    assert not seen
    assert torch.equal(FRSGM(c.prior, steps=4, reach=2)(c.problem, Streams.of(0)), x)
    assert [reach for reach, _ in seen] == [2] * 4 and not torch.equal(seen[0][1], seen[3][1])


@pytest.mark.parametrize("diffusion", [VP(), VE(0.005, 20.0)])
def test_any_gaussian_diffusion_is_the_same_sampler(diffusion):
    a, b = case(), case(diffusion=diffusion)
    x, z = (FRSGM(c.prior, steps=4)(c.problem, Streams.of(0)) for c in (a, b))
    torch.testing.assert_close(x, z, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("std", [0.0, None])
def test_data_without_noise_or_of_unknown_noise_are_met(std):
    c = case()
    y = c.problem.operator(c.mean)
    x = FRSGM(c.prior, iterations=60)(Problem(c.problem.A, y, Gaussian(std), c.problem.space), Streams.of(0))
    assert (c.problem.operator(x) - y).abs().max() < 1e-3 * y.abs().max()


def test_other_noise_is_refused():
    c = case()
    with pytest.raises(TypeError, match="Gaussian"):
        FRSGM(c.prior)(Problem(c.problem.A, c.problem.y, Poisson(), c.problem.space), Streams.of(0))

"""Splitting methods: their limits in closed form, and one estimate, for the operators that users take."""

import pytest
import torch

from mridiff.interfaces import Gaussian, Poisson, Problem, Streams
from mridiff_samplers.pnp_admm import PnPADMM
from mridiff_samplers.red_admm import REDADMM
from mridiff_sdk.diffusions import VE, VP

SAMPLERS = [PnPADMM, REDADMM]


def columns(f, like):
    """The matrix of a linear map of images."""
    basis = torch.eye(like[0].numel(), dtype=like.dtype).reshape(-1, *like.shape[1:])
    return f(basis).flatten(1).T


@pytest.mark.parametrize(("kind", "coils", "sigma"), [("white", 1, 0.5), ("smooth", 3, 0.5), ("smooth", 3, 1.0)])
def test_pnp_admm_ends_at_the_posterior_mean_whatever_the_level(case, kind, coils, sigma):
    c = case(kind, coils, std=0.5)
    c.prior.mean = torch.zeros_like(c.prior.mean)  # which its mirror images have too
    x = PnPADMM(c.prior, steps=120, sigma_max=sigma, sigma_min=sigma, weight=1.0)(c.problem, Streams.of(0))
    torch.testing.assert_close(x, c.prior.posterior(c.problem)[0], rtol=2e-3, atol=2e-3)


@pytest.mark.parametrize(("coils", "penalty", "weight"), [(1, 1.0, 1.0), (3, 0.5, 2.0), (3, 2.0, 0.5)])
def test_red_admm_ends_where_the_data_and_the_blurred_score_balance(case, coils, penalty, weight):
    """(A^H A / sigma_y^2 + weight (C + sigma^2)^-1) x = A^H y / sigma_y^2 for a Gaussian prior of mean 0, whatever the penalty."""
    c, sigma = case("smooth", coils, std=0.5), 1.0
    c.prior.mean = torch.zeros_like(c.prior.mean)
    b = c.problem.linear.H(c.problem.y) / 0.5**2
    blurred = c.prior.covariance.matrix() + sigma**2 * torch.eye(b.numel())
    H = columns(c.problem.linear.gram, b) / 0.5**2 + weight * torch.linalg.inv(blurred)
    x = torch.linalg.solve(H, b.flatten()).reshape(b.shape)
    sampler = REDADMM(c.prior, steps=120, sigma_max=sigma, sigma_min=sigma, weight=weight, penalty=penalty)
    torch.testing.assert_close(sampler(c.problem, Streams.of(0)), x, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("make", SAMPLERS)
def test_a_first_step_is_its_box(case, make):
    """Two steps at falling levels against dense algebra, mirrored at the second call; the dual variable is rescaled with the penalty."""
    c = case("smooth", 3)
    A, y = c.problem.linear, c.problem.y
    gram, ATy = columns(A.gram, A.H(y)), A.H(y).flatten()
    z, u, before = torch.linalg.solve(gram, ATy), torch.zeros_like(ATy), 0.5
    steps = make(c.prior, steps=2, sigma_max=0.5, sigma_min=0.25, weight=0.7, iterations=200).trajectory(c.problem, Streams.of(0))
    for step, sigma, mirror in zip(steps, (0.5, 0.25), ([], [-1]), strict=True):
        u, ratio, before = u * (sigma / before) ** 2, 0.7 * (0.1 / sigma) ** 2, sigma
        x = torch.linalg.solve(gram + ratio * torch.eye(len(gram)), ATy + ratio * (z - u))
        torch.testing.assert_close(step.x0.flatten(), x, rtol=1e-4, atol=1e-4)

        def D(v, sigma=sigma, mirror=mirror):
            return c.prior.denoise(v.reshape(y.shape[:1] + A.domain.shape).flip(mirror), sigma).flip(mirror).flatten()

        z = D(x + u) if make is PnPADMM else (D(x) + x + u) / 2
        u = u + x - z


@pytest.mark.parametrize("make", SAMPLERS)
def test_one_estimate_whatever_the_seed_and_the_diffusion(case, make):
    vp = VP()
    a = case("smooth", 3, diffusion=VP(t_range=(float(vp.time(0.01)), float(vp.time(80.0)))))
    b = case("smooth", 3, diffusion=VE(0.01, 80.0))
    x, again, other = (make(c.prior)(c.problem, Streams.of(seed, "", 2)) for c, seed in ((a, 0), (a, 1), (b, 0)))
    assert torch.equal(x, again) and torch.equal(x[0], x[1])
    torch.testing.assert_close(x, other, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("make", SAMPLERS)
def test_data_without_noise_or_of_unknown_noise_are_met(case, make):
    c = case("smooth", 3)
    y = c.problem.operator(c.mean)
    for std in (0.0, None):
        x = make(c.prior, iterations=60)(Problem(c.problem.A, y, Gaussian(std), c.problem.space), Streams.of(0))
        assert (c.problem.operator(x) - y).abs().max() < 1e-3 * y.abs().max()


@pytest.mark.parametrize("make", SAMPLERS)
def test_other_noise_is_refused(case, make):
    c = case("white", 1)
    with pytest.raises(TypeError, match="Gaussian"):
        make(c.prior)(Problem(c.problem.A, c.problem.y, Poisson(), c.problem.space), Streams.of(0))

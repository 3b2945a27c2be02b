"""DDS, DDNM and PiGDM: near the posterior's mean in closed form, through any linear operator, and each by what makes it itself."""

import pytest
import torch

from mridiff.errors import MridiffError
from mridiff.interfaces import Gaussian, Poisson, Problem, Streams
from mridiff_operators.noncartesian_sense import NonCartesianSense
from mridiff_operators.sense import KtSense, Sense3D, SenseOperator
from mridiff_samplers.ddnm import DDNM
from mridiff_samplers.dds import DDS
from mridiff_samplers.pigdm import PiGDM
from mridiff_sdk.coils import simulate_maps
from mridiff_sdk.consistency import conjugate_gradients
from mridiff_sdk.diffusions import VE, VP, ddim, karras_times
from mridiff_sdk.oracles import Covariance, GaussianPrior

METHODS = {"dds": DDS, "ddnm": DDNM, "pigdm": PiGDM}
ALL = pytest.mark.parametrize("method", METHODS.values(), ids=METHODS)


def measured(name):
    """A tiny operator of each kind."""
    u = Streams.of(7, name).uniform((4, 5, 6), torch.float64)
    mask = (u < 0.5).double()
    if name == "sense-3d":
        return Sense3D(simulate_maps(3, (4, 5, 6), 0, torch.complex128)[None], mask)
    maps = simulate_maps(3, (5, 6), 0, torch.complex128)[None]
    if name == "kt-sense":
        return KtSense(maps, mask)
    if name == "noncartesian-sense":
        pytest.importorskip("finufft")
        return NonCartesianSense(maps, (Streams.of(7, name).uniform((3, 5, 2), torch.float64) - 0.5) * torch.tensor([5.0, 6.0]).double())
    return SenseOperator(maps, mask[:, 0])


@pytest.mark.parametrize("name", ["sense", "noncartesian-sense", "kt-sense", "sense-3d"])
@ALL
def test_any_linear_operator_will_do(method, name):
    """White images, so that the mean over draws has a closed form; no operator is decomposed."""
    A = measured(name)
    prior = GaussianPrior(torch.ones(A.domain.shape, dtype=torch.complex128), Covariance.diagonal(A.domain, 1.0), VP())
    y = Gaussian(0.1).draw(A(prior.draw(Streams.of(1, "x"))), Streams.of(1, "n"))
    problem = Problem(A, y * (A(prior.mean) != 0), Gaussian(0.1), A.domain)
    mean, C = prior.posterior(problem)
    x = method(prior, steps=16, start="noise")(problem, Streams.of(0, "scan", 20))
    off = torch.linalg.vector_norm(x.mean(0) - mean[0]) / C.diagonal().real.sum().sqrt()
    assert off < 0.5 and bool(torch.isfinite(torch.view_as_real(x)).all())


@pytest.mark.parametrize("std", [0.01, 1.0])
@pytest.mark.parametrize("kind", ["white", "smooth"])
@ALL
def test_the_mean_is_that_of_the_posterior_at_any_noise_level(case, method, kind, std):
    """Within a fraction of a standard deviation; three coils, so that singular values differ."""
    c = case(kind, 3, std=std)
    assert c.errors(method(c.prior, steps=20), 100)[0] < (0.3 if kind == "white" else 0.45)


@pytest.mark.parametrize("start", ["noise", "estimate"])
@ALL
def test_batch_is_a_loop_and_another_diffusion_the_same_sampler(case, method, start):
    c = case("smooth", 3)
    sampler = method(c.prior, steps=4, start=start)
    together = sampler(c.problem, Streams.of(0, "scan", 3))
    torch.testing.assert_close(sampler(c.problem, Streams.of(0, "scan", [1])), together[1:2])
    low, high = 0.01, 20.0
    vp = VP()
    pair = [case("smooth", 3, diffusion=d) for d in (VE(low, high), VP(t_range=(float(vp.time(low)), float(vp.time(high)))))]
    x, z = (method(c.prior, steps=4, start=start)(c.problem, Streams.of(0, "scan", 2)) for c in pair)
    torch.testing.assert_close(x, z, rtol=1e-5, atol=1e-5)


@ALL
def test_other_noise_is_refused(case, method):
    c = case("white", 1)
    with pytest.raises((TypeError, MridiffError), match="Gaussian"):
        method(c.prior, start="noise")(Problem(c.problem.A, c.problem.y, Poisson(), c.problem.space), Streams.of(0))


def test_dds_is_its_box(case):
    """Two conjugate gradients from x0, the network's noise carried on, with a weight by hand."""
    c = case("smooth", 3, diffusion=VE(0.05, 4.0))
    A, y, gamma, eta = c.problem.linear, c.problem.y, 3.0, 0.5
    times = karras_times(c.prior.diffusion, 4, 3.0, 0.1)
    rng = Streams.of(0)
    x_t = 3.0 * rng.normal((6, 5), torch.complex128)
    sampler = DDS(c.prior, steps=4, gamma=gamma, eta=eta, iterations=2, sigma_max=3.0, sigma_min=0.1, start="noise")
    for step, t, s in zip(sampler.trajectory(c.problem, Streams.of(0)), times, times[1:], strict=False):
        x0 = c.prior(x_t, t)
        near = conjugate_gradients(lambda v: v + gamma * A.gram(v), x0 + gamma * A.H(y), x0, iterations=2, tolerance=0)
        torch.testing.assert_close(step.x0, near)
        r, tau = (float(v) for v in ddim(c.prior.diffusion, t, s, eta))
        x_t = near + r * (x_t - x0) + (tau * rng.normal((6, 5), torch.complex128) if s else 0)
        torch.testing.assert_close(step.x, x_t)


@pytest.mark.parametrize("coils", [1, 3])
def test_without_noise_ddnm_meets_the_data_and_leaves_the_null_space_alone(case, coils):
    """The range from y and the null space from the prior, as the pseudo-inverse of a dense matrix has it; the chain's noise is whole."""
    c = case("smooth", coils)
    A = torch.stack([c.problem.linear(e[None]).flatten() for e in torch.eye(30, dtype=torch.complex128).reshape(30, 6, 5)], dim=1)
    y = c.problem.operator(c.mean)
    problem = Problem(c.problem.A, y, Gaussian(0.0), c.problem.space)
    rng = Streams.of(0)
    x_t = 20.0 * rng.normal((6, 5), torch.complex128) * float(c.prior.diffusion.alpha(c.prior.diffusion.time(20.0)))
    step = next(iter(DDNM(c.prior, start="noise", iterations=30).trajectory(problem, Streams.of(0))))
    x0 = c.prior(x_t * float(c.prior.diffusion.sigma(step.t) / c.prior.diffusion.alpha(step.t) / 20.0), step.t).flatten()
    exact = x0 + torch.linalg.pinv(A, rtol=1e-6) @ (y.flatten() - A @ x0)
    torch.testing.assert_close(step.x0.flatten(), exact, rtol=1e-3, atol=1e-3)
    x = DDNM(c.prior, steps=10, iterations=30)(problem, Streams.of(0))
    assert (problem.operator(x) - y).abs().max() < 1e-4 * y.abs().max()


def test_the_noise_of_a_ddnm_step_is_the_prior_s_with_that_of_the_data():
    """Whatever of the step's noise the data's takes, both together are tau^2 in every direction, and the data come in by 1 at most."""
    sampler, a, tau = DDNM(torch.nn.Identity()), 0.7, 0.2  # type: ignore[arg-type]
    h = torch.logspace(-6, 6, 50, dtype=torch.float64)[None]
    for most in (tau / a, 0.05):
        L = h * sampler.inverse(h, most)
        left = (tau * sampler.fresh(h, most, (a / tau) ** 2)) ** 2
        torch.testing.assert_close(left + a**2 * L**2 / h, torch.full_like(h, tau**2))
        assert bool((L <= 1 + 1e-9).all()) and L[0, 0] < 1e-5 and L[0, -1] == pytest.approx(1)


def test_pigdm_is_tweedie_s_formula(case):
    """x0' is E[x0 | x_t, y] itself for a white prior, against dense algebra, at every noise level; weight 0 hears no data."""
    c = case("white", 3, diffusion=VE(0.05, 4.0))
    A = torch.stack([c.problem.linear(e[None]).flatten() for e in torch.eye(30, dtype=torch.complex128).reshape(30, 6, 5)], dim=1)
    x_t = 3.0 * Streams.of(0).normal((6, 5), torch.complex128)
    sampler = PiGDM(c.prior, steps=3, sigma_max=3.0, sigma_min=0.1, start="noise", iterations=60)
    for step, t in zip(sampler.trajectory(c.problem, Streams.of(0)), karras_times(c.prior.diffusion, 3, 3.0, 0.1), strict=False):
        precision = A.mH @ A / 0.01 + (1 + 1 / t**2) * torch.eye(30)
        b = A.mH @ c.problem.y.flatten() / 0.01 + c.prior.mean.flatten() + x_t.flatten() / t**2
        e = step.x0.flatten() - torch.linalg.solve(precision, b)
        assert (e.conj() @ precision @ e).real <= 30 * 0.1**2  # as far as the conjugate gradients promise
        x_t = step.x
    deaf = PiGDM(c.prior, steps=3, weight=0.0, start="noise")
    other = Problem(c.problem.A, 2 * c.problem.y, c.problem.noise, c.problem.space)
    assert torch.equal(deaf(c.problem, Streams.of(0)), deaf(other, Streams.of(0)))


@pytest.mark.parametrize("std", [0.1, 1.0])
def test_pigdm_spreads_as_the_posterior(case, std):
    c = case("smooth", 3, std=std)
    assert 0.8 < c.errors(PiGDM(c.prior), 150)[1] < 1.2

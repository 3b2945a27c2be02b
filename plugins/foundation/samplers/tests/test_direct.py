"""DDS, DDNM, PiGDM, DDRM, predictor and corrector, annealed Langevin: near the posterior's mean in closed form, through any linear operator, and each by what makes it itself."""

import pytest
import torch

from mridiff.errors import MridiffError
from mridiff.interfaces import Gaussian, Poisson, Problem, Streams
from mridiff_operators.noncartesian_sense import NonCartesianSense
from mridiff_operators.sense import KtSense, Sense3D, SenseOperator
from mridiff_samplers.annealed_langevin import AnnealedLangevin
from mridiff_samplers.ddnm import DDNM
from mridiff_samplers.ddrm import DDRM
from mridiff_samplers.dds import DDS
from mridiff_samplers.pigdm import PiGDM
from mridiff_samplers.predictor_corrector import PredictorCorrector
from mridiff_sdk.coils import simulate_maps
from mridiff_sdk.consistency import conjugate_gradients, proximal
from mridiff_sdk.diffusions import VE, VP, ddim, karras_times
from mridiff_sdk.oracles import Covariance, GaussianPrior

METHODS = {"dds": DDS, "ddnm": DDNM, "pigdm": PiGDM, "ddrm": DDRM, "pc": PredictorCorrector, "langevin": AnnealedLangevin}
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


@pytest.mark.parametrize("variance", [1e14, 1.0], ids=["published", "ours"])
@pytest.mark.parametrize("coils", [1, 3])
def test_ddrm_is_that_of_a_dense_singular_value_decomposition(case, coils, variance):
    """Direction by direction as the paper writes it; one coil has directions without data, three have many singular values."""
    c = case("smooth", coils, std=0.3, diffusion=VE(0.05, 4.0))
    A = torch.stack([c.problem.linear(e[None]).flatten() for e in torch.eye(30, dtype=torch.complex128).reshape(30, 6, 5)], dim=1)
    U, singular, V = torch.linalg.svd(A, full_matrices=False)
    seen = singular > 1e-6
    e = 0.3 / singular.clamp_min(1e-9)  # sigma_y / l
    y = U.mH @ c.problem.y.flatten() / singular.clamp_min(1e-9)
    w = torch.where(seen, (1 + e**2 / variance).rsqrt(), 0)
    eta, eta_b, rng = 0.6, 0.7, Streams.of(0)
    sampler = DDRM(c.prior, steps=5, eta=eta, eta_b=eta_b, variance=variance, iterations=30, sigma_max=3.0, sigma_min=0.1, start="noise")
    times = karras_times(c.prior.diffusion, 5, 3.0, 0.1)
    x_t, better = 3.0 * rng.normal((6, 5), torch.complex128), []
    for step, t, s in zip(sampler.trajectory(c.problem, Streams.of(0)), times, times[1:], strict=False):
        x, x0 = V @ x_t.flatten(), V @ c.prior(x_t, t).flatten()
        n = V @ rng.normal((6, 5), torch.complex128).flatten() if s else 0
        worse = x0 + (1 - eta**2) ** 0.5 * s * (w * (y - x0) / e + (1 - w**2) ** 0.5 * (x - x0) / t) + eta * s * n
        best = (1 - eta_b) * x0 + eta_b * y + (s**2 - eta_b**2 * e**2).clamp_min(0).sqrt() * n
        x_t = (V.mH @ torch.where(seen & (e <= s), best, worse)).reshape(1, 6, 5)
        torch.testing.assert_close(step.x, x_t, rtol=1e-5, atol=1e-5)
        better.append(int((seen & (e <= s)).sum()))
    assert max(better) > 0 and min(better) == 0  # both lines were taken


def test_predictor_corrector_is_its_box(case):
    """The ancestral step about the estimate that has seen the data, then a Langevin move as long as its signal-to-noise ratio says."""
    c = case("white", 3, diffusion=VE(0.05, 4.0))
    rng, snr = Streams.of(0), 0.2
    times = karras_times(c.prior.diffusion, 3, 3.0, 0.1)
    x_t = 3.0 * rng.normal((6, 5), torch.complex128)
    sampler = PredictorCorrector(c.prior, steps=3, snr=snr, sigma_max=3.0, sigma_min=0.1, start="noise")

    def near(x, t):
        return proximal(c.problem, c.prior(x, t), (1 / (1 + 1 / t**2)) ** 0.5, iterations=20, tolerance=1e-3)

    for step, t, s in zip(sampler.trajectory(c.problem, Streams.of(0)), times, times[1:], strict=False):
        x0 = near(x_t, t)
        q = (s / t) ** 2
        x_t = x0 + q * (x_t - x0) + (s * (1 - q) ** 0.5 * rng.normal((6, 5), torch.complex128) if s else 0)
        if s:
            score = (near(x_t, s) - x_t) / s**2
            z = rng.normal((6, 5), torch.complex128)
            delta = 2 * (snr * torch.linalg.vector_norm(z) / torch.linalg.vector_norm(score)) ** 2
            x_t = x_t + delta * score + (2 * delta).sqrt() * z
        torch.testing.assert_close(step.x, x_t)


def test_corrections_mend_a_chain_of_few_steps(case):
    """In five steps the predictor alone leaves too little variance; Langevin moves bring it back."""
    c = case("white", 3, std=0.1)
    alone, corrected = (abs(c.errors(PredictorCorrector(c.prior, steps=5, corrections=n, start="noise"), 100)[1] - 1) for n in (0, 8))
    assert corrected < 0.7 * alone


@pytest.mark.parametrize("likelihood", ["exact", "annealed"])
def test_langevin_rests_at_its_target(case, likelihood):
    """Many moves at one level draw from the prior of that level times the likelihood, in closed form; `rate` widens it by a known factor."""
    c = case("white", 3, std=0.1, diffusion=VE(0.05, 4.0))
    A = torch.stack([c.problem.linear(e[None]).flatten() for e in torch.eye(30, dtype=torch.complex128).reshape(30, 6, 5)], dim=1)
    H, g = A.mH @ A / 0.01, A.mH @ (c.problem.y.flatten() - A @ c.prior.mean.flatten()) / 0.01
    sigma, rate, eye = 0.5, 0.5, torch.eye(30, dtype=torch.complex128)
    soft = 1.0 if likelihood == "exact" else 1 / (1 + 1.06 * float(torch.linalg.eigvalsh(H)[-1]) * sigma**2)
    P = soft * H + eye / (1 + sigma**2)
    M = torch.linalg.inv(H + eye / sigma**2) if likelihood == "exact" else sigma**2 / 2 * eye
    sampler = AnnealedLangevin(c.prior, steps=2, moves=40, rate=rate, likelihood=likelihood, sigma_max=sigma, sigma_min=sigma * 0.999, start="noise", iterations=30)  # fmt: skip
    x = list(sampler.trajectory(c.problem, Streams.of(0, "", 100)))[-1].x
    mean = c.prior.mean.flatten() + soft * torch.linalg.solve(P, g)
    # the stationary covariance of x <- x - rate M P (x - mean) + sqrt(2 rate M) n is P^-1 (1 - rate M P / 2)^-1
    C = torch.linalg.inv(P @ (eye - rate / 2 * M @ P))
    r = x.flatten(1) - mean
    assert torch.linalg.vector_norm(r.mean(0)) < 0.25 * C.diagonal().real.sum().sqrt()
    assert float(r.abs().square().mean(0).sum() / C.diagonal().real.sum()) == pytest.approx(1, abs=0.12)

import pytest
import torch

from mridiff.errors import MridiffError
from mridiff.interfaces import Gaussian, Poisson, Problem, Streams
from mridiff_samplers.diffpir import DiffPIR
from mridiff_samplers.dps import DPS
from mridiff_sdk.codecs import Channels
from mridiff_sdk.diffusions import VE, VP, karras_times, linear_beta_times, reach
from mridiff_sdk.oracles import Covariance, GaussianPrior

SAMPLERS = [lambda p, **k: DPS(p, steps=10, **k), lambda p, **k: DiffPIR(p, steps=10, **k)]


@pytest.mark.parametrize("diffusion", [VP(), VE(), VE(0.01, 20.0), VP(levels=1000)], ids=lambda d: type(d).__name__)
def test_times_fall_from_the_top_of_the_range_to_zero(diffusion):
    low, high = reach(diffusion)
    for times in (linear_beta_times(diffusion, 50), karras_times(diffusion, 50, 1e4, 1e-4)):
        assert len(times) == 51 and times[-1] == 0 and all(a > b for a, b in zip(times, times[1:], strict=False))
        assert (diffusion.sigma(times[0]) / diffusion.alpha(times[0])).item() == pytest.approx(high, rel=0.05)
    assert (diffusion.sigma(times[-2]) / diffusion.alpha(times[-2])).item() == pytest.approx(low, rel=0.02)


@pytest.mark.parametrize("start", ["noise", "estimate"])
@pytest.mark.parametrize("std", [0.01, 0.1, 1.0])
@pytest.mark.parametrize(("kind", "coils"), [("white", 1), ("white", 3), ("smooth", 1), ("smooth", 3)])
def test_diffpir_draws_from_the_posterior_at_any_noise_level(case, kind, coils, std, start):
    """Of a white prior nearly exactly; of a smooth one the mean is off where little was measured, for the error of x0 is taken for white."""
    c = case(kind, coils, std=std)
    off, variance = c.errors(DiffPIR(c.prior, start=start), 300)
    from_noise = start == "noise"
    assert off < (0.4 if kind == "smooth" else 0.15 if from_noise else 0.2) and 0.8 < variance < (1.15 if from_noise else 1.2)


@pytest.mark.parametrize("coils", [1, 3])
def test_in_ten_steps_only_the_ruled_start_has_the_spread(case, coils):
    c = case("smooth", coils, std=0.01)
    assert c.errors(DiffPIR(c.prior, steps=10), 300)[1] > 0.9
    if coils == 1:
        assert c.errors(DiffPIR(c.prior, steps=10, start="noise"), 300)[1] < 0.75


def test_without_drawing_what_was_measured_does_not_spread(case):
    """The mean in place of a draw, as published: at low noise most of the posterior's variance is missing."""
    c = case("smooth", 3, std=0.02)
    (off, variance), (_, drawn) = (c.errors(DiffPIR(c.prior, draw=d, start="noise"), 300) for d in (False, True))
    assert off < 0.3 and variance < 0.75 and drawn > 0.9


def test_diffpir_is_its_box(case):
    """Every option away from its default, against dense algebra and the noise that its streams hold."""
    c = case("smooth", 3, diffusion=VE(0.05, 4.0))
    eta, weight, variance, y = 0.6, 2.0, 0.1, c.problem.y
    A = torch.stack([c.problem.linear(e[None]).flatten() for e in torch.eye(30, dtype=y.dtype).reshape(30, 6, 5)], dim=1)
    rng = Streams.of(0)
    sampler = DiffPIR(c.prior, steps=4, eta=eta, weight=weight, variance=variance, draw=False, iterations=60, sigma_max=3.0, sigma_min=0.1,
                      start="noise")  # fmt: skip
    times = karras_times(c.prior.diffusion, 4, 3.0, 0.1)
    x_t = 3.0 * rng.normal((6, 5), torch.complex128)
    for step, t, s in zip(sampler.trajectory(c.problem, Streams.of(0)), times, times[1:], strict=False):
        r2 = 1 / (1 / t**2 + 1 / variance)
        H, b = A.mH @ A / 0.01 + weight / r2 * torch.eye(30), A.mH @ y.flatten() / 0.01 + weight / r2 * c.prior(x_t, t).flatten()
        x0 = torch.linalg.solve(H, b).reshape(1, 6, 5)
        e = (step.x0 - x0).flatten()
        assert (e.conj() @ H @ e).real <= 30 * 0.1**2  # as far as the conjugate gradients promise
        tau = eta * (1 - (s / t) ** 2) ** 0.5 * s
        x_t = step.x0 + (s**2 - tau**2) ** 0.5 / t * (x_t - step.x0) + (tau * rng.normal((6, 5), torch.complex128) if s else 0)
        torch.testing.assert_close(step.x, x_t)


def test_dps_is_its_box(case):
    """From the noised adjoint, with a step against the gradient of the misfit's norm through the prior."""
    c = case("smooth", 3, diffusion=VE(0.05, 4.0))
    rng, A, y = Streams.of(0), c.problem.linear, c.problem.y
    times = linear_beta_times(c.prior.diffusion, 3)
    x_t = A.H(y) + times[0] * rng.normal((6, 5), torch.complex128)
    sampler = DPS(c.prior, steps=3, zeta=2.0, eta=0.5, start="adjoint", level=4.0)
    for step, t, s in zip(sampler.trajectory(c.problem, Streams.of(0)), times, times[1:], strict=False):
        z = x_t.clone().requires_grad_()
        x0 = c.prior(z, t)
        (g,) = torch.autograd.grad(torch.linalg.vector_norm(A(x0) - y), z)
        x0, tau = x0.detach(), 0.5 * (1 - (s / t) ** 2) ** 0.5 * s
        x_t = x0 + (s**2 - tau**2) ** 0.5 / t * (x_t - x0) + (tau * rng.normal((6, 5), torch.complex128) if s else 0)
        x_t = x_t - 2.0 * 30**0.5 / 3 * ((1 + t**2) * (1 + s**2)) ** 0.5 * g
        torch.testing.assert_close(step.x, x_t)


@pytest.mark.parametrize("kind", ["white", "smooth"])
def test_dps_draws_from_the_posterior_of_one_coil(case, kind):
    """Several coils have directions of which none is served by one step length: `dps` claims no posterior, and its card says why."""
    c = case(kind, 1)
    off, variance = c.errors(DPS(c.prior), 200)
    assert off < 0.2 and 0.85 < variance < 1.1


@pytest.mark.parametrize("make", SAMPLERS, ids=["dps", "diffpir"])
def test_another_diffusion_is_the_same_sampler(case, make):
    """VP and VE priors of one range give the same chain, up to the factor alpha."""
    low, high = 0.01, 80.0
    vp = VP()
    a = case("smooth", 3, diffusion=VP(t_range=(float(vp.time(low)), float(vp.time(high)))))
    b = case("smooth", 3, diffusion=VE(low, high))
    x, z = (make(c.prior)(c.problem, Streams.of(0, "", 2)) for c in (a, b))
    torch.testing.assert_close(x, z, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("make", SAMPLERS, ids=["dps", "diffpir"])
def test_batch_is_a_loop_over_samples_and_seeds_are_distinct(case, make):
    c = case("smooth", 3)
    sampler = make(c.prior)
    together = sampler(c.problem, Streams.of(0, "scan", 3))
    for i in range(3):
        torch.testing.assert_close(sampler(c.problem, Streams.of(0, "scan", [i])), together[i : i + 1])
    assert torch.equal(together, sampler(c.problem, Streams.of(0, "scan", 3)))
    others = [sampler(c.problem, Streams.of(seed, scan)) for seed, scan in ((1, "scan"), (0, "other"))]
    assert min((together[:1] - o).abs().max() for o in (*others, together[1:2])) > 1e-3


@pytest.mark.parametrize("make", SAMPLERS, ids=["dps", "diffpir"])
@pytest.mark.parametrize("dtype", [torch.complex64, torch.complex128])
def test_precision_is_that_of_the_measurement(case, measure, make, dtype):
    c = case("smooth", 3, shape=(7, 5))
    problem = measure(3, (7, 5), 0.1, c.mean, dtype)
    c.prior.mean = c.prior.mean.to(dtype)
    before = problem.y.clone()
    steps = list(make(c.prior, start="estimate").trajectory(problem, Streams.of(0, "", 2)))
    assert [s.index for s in steps] == list(range(10)) and all(s.x0.dtype == dtype and not s.x0.requires_grad for s in steps)
    assert steps[-1].x0.shape == (2, 7, 5) and torch.equal(problem.y, before)


def test_adjoint_start_is_near_the_adjoint(case):
    c = case("smooth", 1)
    step = next(iter(DiffPIR(c.prior, sigma_min=0.01, steps=2, start="adjoint", level=0.011).trajectory(c.problem, Streams.of(0))))
    near = c.problem.linear.H(c.problem.y)
    assert (step.x0 - near).abs().max() < 0.3 * (near - c.mean).abs().max()


@pytest.mark.parametrize("coils", [1, 3])
def test_diffpir_keeps_noise_free_measurements(case, coils):
    c = case("smooth", coils)
    y = c.problem.operator(c.mean)
    for std in (0.0, None):
        problem = Problem(c.problem.A, y, Gaussian(std), c.problem.space)
        x = DiffPIR(c.prior, steps=10, iterations=40)(problem, Streams.of(0))
        assert (problem.operator(x) - y).abs().max() < 1e-5 * y.abs().max()


def test_diffpir_through_a_unitary_codec(case):
    """A prior that holds real and imaginary parts apart draws from the same posterior."""
    c = case("white", 3)

    both = Covariance.diagonal(Channels().space(c.problem.space), 1.0)
    prior = GaussianPrior(Channels().encode(c.prior.mean), both, c.prior.diffusion, Channels())
    direct, apart = c.deviation(DiffPIR(c.prior), 100), c.deviation(DiffPIR(prior), 100)
    assert apart == pytest.approx(direct, abs=0.06)


def test_diffpir_calls_the_prior_without_gradients_and_dps_with(case):
    c = case("white", 1)
    seen = []
    c.prior.register_forward_hook(lambda *_: seen.append(torch.is_grad_enabled()))
    with torch.enable_grad():
        DiffPIR(c.prior, steps=3)(c.problem, Streams.of(0))
    with torch.no_grad():
        for _ in DPS(c.prior, steps=3).trajectory(c.problem, Streams.of(0)):
            assert not torch.is_grad_enabled()
    assert not any(seen[:-3]) and seen[-3:] == [True] * 3


@pytest.mark.parametrize("make", SAMPLERS, ids=["dps", "diffpir"])
def test_other_noise_is_refused(case, make):
    c = case("white", 1)
    with pytest.raises((TypeError, MridiffError), match="Gaussian"):
        make(c.prior)(Problem(c.problem.A, c.problem.y, Poisson(), c.problem.space), Streams.of(0))


def test_larger_zeta_means_smaller_residual(case):
    c = case("smooth", 1)
    left = [torch.linalg.vector_norm(c.problem.operator(DPS(c.prior, steps=50, zeta=z)(c.problem, Streams.of(0))) - c.problem.y)
            for z in (0.0, 2.0, 8.0)]  # fmt: skip
    assert left[0] > 1.2 * left[1] and left[1] > 1.2 * left[2]

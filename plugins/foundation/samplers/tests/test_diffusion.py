import pytest
import torch

from mridiff.errors import MridiffError
from mridiff.interfaces import Gaussian, Poisson, Problem, Streams
from mridiff_samplers.diffpir import DiffPIR
from mridiff_samplers.dps import DPS
from mridiff_sdk.codecs.channels import Channels
from mridiff_sdk.diffusions import VE, VP
from mridiff_sdk.diffusions.ladders import karras_times, linear_beta_times, reach
from mridiff_sdk.oracles import Covariance, GaussianPrior

SAMPLERS = [lambda p, **k: DPS(p, steps=10, **k), lambda p, **k: DiffPIR(p, steps=10, **k)]


@pytest.mark.parametrize("diffusion", [VP(), VE(), VE(0.01, 20.0), VP(levels=1000)], ids=lambda d: type(d).__name__)
def test_times_fall_from_the_top_of_the_range_to_zero(diffusion):
    low, high = reach(diffusion)
    for times in (linear_beta_times(diffusion, 50), karras_times(diffusion, 50, 1e4, 1e-4)):
        assert len(times) == 51 and times[-1] == 0 and all(a > b for a, b in zip(times, times[1:], strict=False))
        assert (diffusion.sigma(times[0]) / diffusion.alpha(times[0])).item() == pytest.approx(high, rel=0.05)
    assert (diffusion.sigma(times[-2]) / diffusion.alpha(times[-2])).item() == pytest.approx(low, rel=0.02)


@pytest.mark.parametrize(("kind", "coils", "mean", "variance"),
                         [("white", 1, 0.04, (0.75, 0.95)), ("white", 3, 0.02, (0.65, 0.9)), ("smooth", 1, 0.16, (0.85, 1.15)),
                          ("smooth", 3, 0.04, (0.6, 0.9))])  # fmt: skip
def test_diffpir_against_the_closed_form(case, kind, coils, mean, variance):
    c = case(kind, coils)
    off, ratio = c.deviation(DiffPIR(c.prior), 300)
    assert off < mean and variance[0] < ratio < variance[1]


@pytest.mark.parametrize(("zeta", "kind", "coils", "mean", "variance"),
                         [(8.0, "white", 1, 0.06, (0.85, 1.1)), (8.0, "white", 3, 0.3, (2.0, 4.0)), (8.0, "smooth", 1, 0.1, (0.8, 1.05)),
                          (8.0, "smooth", 3, 0.1, (0.8, 1.3)), (36.0, "white", 3, 0.06, (0.02, 0.1)), (36.0, "smooth", 1, 0.2, (0.75, 1.0)),
                          (36.0, "smooth", 3, 0.1, (0.03, 0.1))])  # fmt: skip
def test_dps_against_the_closed_form(case, zeta, kind, coils, mean, variance):
    """One coil: near. Several: no step fits all directions; a long one draws the well measured ones too close together."""
    c = case(kind, coils)
    off, ratio = c.deviation(DPS(c.prior, zeta=zeta), 150)
    assert off < mean and variance[0] < ratio < variance[1]


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
    steps = list(make(c.prior, adjoint_start=True).trajectory(problem, Streams.of(0, "", 2)))
    assert [s.index for s in steps] == list(range(10)) and all(s.x0.dtype == dtype and not s.x0.requires_grad for s in steps)
    assert steps[-1].x0.shape == (2, 7, 5) and torch.equal(problem.y, before)


def test_adjoint_start_is_near_the_adjoint(case):
    c = case("smooth", 1)
    step = next(iter(DiffPIR(c.prior, sigma_max=0.011, sigma_min=0.01, steps=2, adjoint_start=True).trajectory(c.problem, Streams.of(0))))
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
    assert seen == [False] * 3 + [True] * 3


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

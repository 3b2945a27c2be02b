import pytest
import torch

from mridiff.interfaces import Codec, Gaussian, Prior, Problem, Streams
from mridiff_samplers.few_steps import FewSteps
from mridiff_sdk.diffusions import VP


class Generator(Prior):
    """Draws from the exact p(x0 | x_t, y) of a Gaussian case."""

    def __init__(self, case):
        super().__init__()
        self.space, self.diffusion, self.mean = case.prior.space, VP(), case.mean
        self.precision = torch.linalg.inv(case.covariance)

    def forward(self, x_t, t, conditions=None, rng=None):
        a, v = self.diffusion.alpha(t), self.diffusion.sigma(t) ** 2
        C = torch.linalg.inv(self.precision + a**2 / v * torch.eye(len(self.precision)))
        h = self.mean.flatten(1) @ self.precision.mT + a / v * x_t.flatten(1)
        n = rng.normal_like(x_t).flatten(1) @ torch.linalg.cholesky(C).mT
        return (h @ C.mT + n).reshape(x_t.shape)


@pytest.mark.parametrize("steps", [1, 2, 4, 8])
@pytest.mark.parametrize("coils", [1, 3])
def test_with_an_exact_generator_few_steps_follow_the_posterior(case, coils, steps):
    """However large the steps are: nothing is assumed of them but that x0 is drawn rightly."""
    c = case("smooth", coils)
    mean, variance = c.deviation(FewSteps(Generator(c), steps=steps, error=None), 400)
    assert mean < 0.05 and 0.9 < variance < 1.1


def test_the_same_few_steps_of_a_denoiser_lose_the_spread(case):
    """What makes the generator a generator: an estimate in its place leaves far too little variance."""
    c = case("smooth", 1)
    _, variance = c.deviation(FewSteps(c.prior, steps=4), 200)
    assert variance < 0.8


@pytest.mark.parametrize("error", [0.05, 0.2])
def test_the_error_decides_how_much_of_the_measurement_comes_in(case, error):
    """For one coil by the share error^2 / (error^2 + sigma_y^2)."""
    c = case("smooth", 1)
    y = c.problem.operator(c.mean)
    problem = Problem(c.problem.A, y, Gaussian(0.1), c.problem.space)
    first, drawn = (next(iter(FewSteps(Generator(c), error=e).trajectory(problem, Streams.of(0)))).x0 for e in (error, None))
    left = 0.1**2 / (error**2 + 0.1**2)
    torch.testing.assert_close(problem.operator(first) - y, left * (problem.operator(drawn) - y))


def test_several_coils_are_met_by_conjugate_gradients(case):
    c = case("smooth", 3)
    y = c.problem.operator(c.mean)
    problem = Problem(c.problem.A, y, Gaussian(1e-6), c.problem.space)
    x = FewSteps(Generator(c))(problem, Streams.of(0))
    assert (problem.operator(x) - y).norm() < 1e-3 * y.norm()


def test_one_call_of_the_prior_per_step(case):
    c = case("white", 1)
    prior, calls = Generator(c), []
    prior.register_forward_hook(lambda _, given, __: calls.append(float(given[1])))
    steps = list(FewSteps(prior).trajectory(c.problem, Streams.of(0)))
    assert calls == [1.0, 0.75, 0.5, 0.25] and [s.index for s in steps] == [0, 1, 2, 3]
    assert torch.equal(steps[-1].x, steps[-1].x0) and not torch.equal(steps[0].x, steps[0].x0)


def test_batch_is_a_loop_and_draws_repeat(case):
    c = case("smooth", 3)
    sampler = FewSteps(Generator(c))
    x = sampler(c.problem, Streams.of(0, "scan", 3))
    assert torch.equal(x, sampler(c.problem, Streams.of(0, "scan", 3)))
    torch.testing.assert_close(sampler(c.problem, Streams.of(0, "scan", [2])), x[2:])
    assert (sampler(c.problem, Streams.of(1, "scan", 3)) - x).abs().max() > 1e-3


class Cubed(Codec):
    """x = u |u|^2, for a prior that speaks of something nonlinear."""

    kind = "nonlinear"

    def encode(self, x, conditions=None):
        return x / x.abs().clamp_min(1e-12) ** (2 / 3)

    def decode(self, u, conditions=None):
        return u * u.abs() ** 2


def test_any_codec_will_do_and_the_data_come_back_through_it(case):
    """Measured numbers are put in place in the image, which is encoded anew: the next step starts from what the data say."""
    c = case("smooth", 1)
    prior = Generator(c)
    prior.codec = Cubed()
    y = c.problem.operator(c.mean)
    problem = Problem(c.problem.A, y, Gaussian(0.0), c.problem.space)
    steps = list(FewSteps(prior).trajectory(problem, Streams.of(0)))
    for step in steps:
        torch.testing.assert_close(problem.operator(step.x0), y, atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(prior.codec.decode(steps[-1].x), steps[-1].x0)

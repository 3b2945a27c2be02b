"""What makes it this method: the oracle is followed exactly, blur and noise leave in one step, the data through the restorer."""

from itertools import pairwise

import pytest
import torch

from mridiff.interfaces import Gaussian, Measured, Problem, Streams
from mridiff_heat_diffusion.ladder import ladder
from mridiff_heat_diffusion.quality import snr, studied_rate
from mridiff_heat_diffusion.sampler import HeatDiffusion, first
from mridiff_operators.sense import SenseOperator
from mridiff_operators.spirit import Spirit
from mridiff_sdk.coils import simulate_maps
from mridiff_sdk.consistency import misfit_gradient
from mridiff_sdk.diffusions import Blur, FourierDiffusion
from mridiff_sdk.fourier import fft, ifft
from mridiff_sdk.oracles import RestorerOracle
from mridiff_sdk.sampling_patterns import masks

N = 24
PLAIN = {"rate": 0.0, "error": None}


def case(std=0.0):
    x0 = Streams.of(0, "x").normal((N, N), torch.complex128)
    A = SenseOperator(simulate_maps(4, (N, N), 0)[None].to(torch.complex128), masks("random", (N, N), 3, 0.25, 1).double())
    y = A(x0)
    return x0, Problem.of(A, Measured(y + std * Streams.of(0, "noise").normal_like(y), Gaussian(std or None)))


def oracle(x0, problem, error=0.0, diffusion=None):
    return RestorerOracle(x0, problem.space, diffusion or ladder(), error=error)


@pytest.mark.parametrize("noise", [0.0, 1.0])
@pytest.mark.parametrize(
    "options", [{}, {"steps": 1}, {"rate": None}, {"error": None}, {"begin": "noise", "start": 1.0}, {"rule": "ve-reverse"}]
)
@pytest.mark.parametrize("grows", [True, False])
def test_the_truth_leads_to_the_truth(noise, options, grows):
    x0, problem = case()
    x = HeatDiffusion(oracle(x0, problem, diffusion=ladder(grows=grows)), noise=noise, **options)(problem, Streams.of(0, samples=2))
    assert (x - x0).norm() < 1e-3 * x0.norm()


@pytest.mark.parametrize(("rule", "steps"), [("ve-reverse", 10), ("ve-reverse", 25), ("ve-ancestral", 10)])
def test_the_noise_of_a_step_has_the_variance_of_its_algebra(rule, steps):
    """Of the study's rule sigma_s^4 / sigma_t^2 + sigma_t^2 - sigma_s^2 about a perfect restorer, of the exact one sigma_s^2."""
    x0, problem = case()
    draws, v = 64, None
    sampler = HeatDiffusion(oracle(x0, problem), steps=steps, start=1.0, noise=1.0, rule=rule, **PLAIN)
    times = [1 - i / steps for i in range(steps)]
    for step, (t, s) in zip(sampler.trajectory(problem, Streams.of(0, samples=draws)), pairwise(times), strict=False):
        a, b = (float(ladder().sigma(u)) ** 2 for u in (t, s))
        v = (b / a) ** 2 * (a if v is None else v) + (a - b) * (1 if rule == "ve-reverse" else b / a)
        noise = step.x - ladder().mean(x0, s)
        assert float((noise - noise.mean(0)).abs().square().mean()) == pytest.approx(v, rel=0.05)
        assert rule == "ve-reverse" or v == pytest.approx(b)
    assert rule == "ve-ancestral" or v > b


def test_one_step_is_that_of_the_study():
    """z = x + (a - b) (u_t - x) / a, x <- z + u_s - u_t, with a, b = sigma_t^2, sigma_s^2 and u = F^-1 G F x0."""
    x0, problem = case(std=0.1)
    prior = oracle(x0 + 0.1, problem, error=0.3)
    steps = list(HeatDiffusion(prior, steps=4, start=0.8, rate=0.7, error=None).trajectory(problem, Streams.of(0)))
    x = ladder().mean(first(problem), 0.8)
    for step, (t, s) in zip(steps, pairwise([0.8, 0.6, 0.4, 0.2]), strict=False):
        found = prior(x, t)
        found = found - 0.7 * 0.3 * problem.linear.H(problem.linear(found) - problem.y)  # the derivative of this restorer is 0.3
        torch.testing.assert_close(step.x0, found)
        a, b = (float(ladder().sigma(u)) ** 2 for u in (t, s))
        u_t, u_s = (ladder().mean(found, u) for u in (t, s))
        x = x + (a - b) * (u_t - x) / a + u_s - u_t
        torch.testing.assert_close(step.x, x)
    torch.testing.assert_close(steps[-1].x, steps[-1].x0)


def test_without_growing_noise_it_is_the_cold_rule():
    """x_s = x_t + (G_s - G_t) x0, though its noise has one level."""
    x0, problem = case()
    cold = ladder(grows=False)
    prior = oracle(x0, problem, error=0.5, diffusion=cold)
    steps = list(HeatDiffusion(prior, steps=4, start=0.8, noise=1.0, **PLAIN).trajectory(problem, Streams.of(0)))
    for before, after in pairwise(steps[:-1]):
        expected = before.x + cold.mean(after.x0, after.t) - cold.mean(after.x0, before.t)
        torch.testing.assert_close(after.x, expected)


def test_a_ladder_without_any_noise_has_no_second_data_step():
    x0, problem = case()
    prior = oracle(x0, problem, error=0.3, diffusion=FourierDiffusion(Blur()))
    a, b = (HeatDiffusion(prior, error=error)(problem, Streams.of(0)) for error in (None, 1.0))
    assert torch.equal(a, b)


def test_it_begins_with_blurred_cg_sense_or_with_noise_alone():
    x0, problem = case()
    seen = []

    class Seen(RestorerOracle):
        def forward(self, x_t, t, conditions=None, rng=None):
            seen.append(x_t.detach())
            return super().forward(x_t, t)

    prior = Seen(x0, problem.space, ladder())
    for options in ({}, {"noise": 0.5}, {"begin": "noise", "start": 1.0}):
        HeatDiffusion(prior, steps=1, **options)(problem, Streams.of(0, samples=64))
    still, noisy, alone = seen
    blurred = ladder().mean(first(problem), 0.7)
    torch.testing.assert_close(still, blurred.expand_as(still))
    assert float((noisy - blurred).abs().square().mean().sqrt()) == pytest.approx(0.5 * float(ladder().sigma(0.7)), rel=0.02)
    assert float(alone.abs().square().mean()) == pytest.approx(2.0, rel=0.02)
    residual = problem.linear.gram(first(problem)) - problem.linear.H(problem.y)
    assert residual.norm() < 0.02 * problem.linear.H(problem.y).norm()


def test_data_steps_lessen_the_misfit():
    x0, problem = case()
    prior = oracle(0.9 * x0 + 0.2, problem, error=0.3)
    misfits = [float((problem.linear(HeatDiffusion(prior, **o)(problem, Streams.of(0))) - problem.y).norm())
               for o in (PLAIN, {"error": None}, {"rate": 0.0}, {})]  # fmt: skip
    assert misfits[1] < 0.95 * misfits[0] and misfits[2] < 0.5 * misfits[0] and misfits[3] < misfits[2]


def test_draws_differ_where_noise_is_wanted_alone():
    x0, problem = case()
    prior = oracle(x0, problem, error=0.3)
    a, b = (HeatDiffusion(prior)(problem, Streams.of(seed)) for seed in (0, 1))
    assert torch.equal(a, b)
    c, d = (HeatDiffusion(prior, noise=1.0)(problem, Streams.of(seed)) for seed in (0, 1))
    assert not torch.equal(c, d)


def test_the_data_term_may_be_that_of_spirit():
    """M^T (M k - y) + w (G - 1)^H (G - 1) k, in images of coils: what the squared misfit of the operator `spirit` is."""
    maps, mask = simulate_maps(4, (N, N), 0)[None].to(torch.complex128), torch.ones(1, N, N, dtype=torch.float64)
    mask[..., ::2] = 0
    mask[..., 8:16] = 1
    x = Streams.of(0, "coils").normal((4, N, N), torch.complex128)
    G = Streams.of(0, "G").normal((4, 4, N, N), torch.complex128)
    A = Spirit(maps, mask, G, weight=0.5)
    problem = Problem.of(A, Measured(mask[:, None] * fft(maps), Gaussian()))
    found = misfit_gradient(problem, x, "squared") / 2
    off = torch.einsum("nabyx,nbyx->nayx", G, x) - x
    back = torch.einsum("nabyx,nayx->nbyx", G.conj(), off) - off
    torch.testing.assert_close(found, ifft(mask[:, None] * (fft(x) - fft(maps))) + 0.5 * back)


def test_the_studys_rate_follows_the_signal_to_noise_ratio_of_middle_and_corners():
    x = torch.zeros(1, 100, 100)
    x[:, 45:55, 45:55] = 10 * torch.arange(2).repeat(5)
    x[:, :10, :10] = x[:, -10:, -10:] = x[:, :10, -10:] = x[:, -10:, :10] = torch.arange(2).repeat(5).float()
    assert float(snr(x)) == pytest.approx(20, abs=0.1)
    for decibels, rate in ((5, 0.2), (11, 0.2), (13, 0.35), (15, 0.5), (16.5, 0.55), (18, 0.6), (40, 0.6)):
        y = x.clone()
        y[:, 45:55, 45:55] *= 10 ** ((decibels - float(snr(x))) / 20)
        assert studied_rate(y) == pytest.approx(rate, abs=1e-3)

"""What makes it this method: rings that are written once, noise that is denoised on the way, any size by one network."""

from itertools import pairwise

import pytest
import torch

from mridiff.interfaces import Gaussian, Measured, Problem, Space, Streams
from mridiff_kspace_sr_ddimo.ladder import ladder, sigma
from mridiff_kspace_sr_ddimo.prior import WANTED
from mridiff_kspace_sr_ddimo.sampler import PRDDiff
from mridiff_operators.truncation import TruncationOperator
from mridiff_sdk.fourier import fft, ifft
from mridiff_sdk.oracles import RestorerOracle

N = 32


def case(size=(N, N), samples=(N // 4, N // 4), seed=0):
    x0 = Streams.of(seed, "x").normal(size, torch.complex128)
    A = TruncationOperator(size, samples)
    return x0, Problem.of(A, Measured(A(x0), Gaussian()))


def oracle(x0, **options):
    return RestorerOracle(x0, Space(("y", "x"), tuple(x0.shape[1:])), ladder(), **options)


@pytest.mark.parametrize(("size", "samples"), [((32, 32), (8, 8)), ((48, 48), (18, 18)), ((33, 45), (21, 20))])
@pytest.mark.parametrize("options", [{}, {"middle": 0.7}, {"rings": 3}, {"target": 0.75}, {"rule": "ve-ancestral"}, {"noise": 1.0}])
def test_the_truth_leads_to_the_truth(size, samples, options):
    """A perfect network is followed exactly, to any size, in one stage or two, whatever the matrix; where less is wanted, to its A_s x0."""
    x0, problem = case(size, samples)
    x = PRDDiff(oracle(x0), **options)(problem, Streams.of(0, samples=2))
    expected = ladder().mean(x0, (1 - options.get("target", 1.0)) / 0.75)
    torch.testing.assert_close(x, expected.expand_as(x))


@pytest.mark.parametrize("rule", ["ve-reverse", "ve-ancestral"])
def test_the_noise_follows_its_recursion(rule):
    """About a perfect network x_t has the mean A_t x0 and the variance v_s = (sigma_s^2 / sigma_t^2)^2 v_t + tau^2."""
    x0, problem = case((16, 16), (4, 4))
    draws = 400
    sampler, rng = PRDDiff(oracle(x0), rule=rule, noise=1.0), Streams.of(0, samples=draws)
    steps = list(sampler.trajectory(problem, rng))
    levels = [float(sigma(torch.tensor(t, dtype=torch.float64))) ** 2 for t in (1.0, *(s.t for s in steps))]
    v = levels[0]
    for step, (before, after) in zip(steps, pairwise(levels), strict=True):
        v = (after / before) ** 2 * v + (before - after) * (after / before if rule == "ve-ancestral" else 1)
        noise = step.x - ladder().mean(x0, step.t)
        assert float(noise.abs().square().mean()) == pytest.approx(v, rel=0.05, abs=1e-12)
        assert float(noise.mean(0).abs().square().mean()) == pytest.approx(v / draws, rel=0.3, abs=1e-12)
        if rule == "ve-ancestral":
            assert v == pytest.approx(after)
    assert rule == "ve-ancestral" or v > after


def test_each_step_adds_a_ring_and_draws_the_inside_to_its_estimate():
    """k_s = k_t + (M_s - M_t) F x0 + (1 - sigma_s^2 / sigma_t^2) (M_t F x0 - k_t), without noise; one call per ring."""
    x0, problem = case()
    calls = []

    class Counting(RestorerOracle):
        def forward(self, x_t, t, conditions=None, rng=None):
            calls.append(t)
            return ifft(torch.full_like(x_t, len(calls)))

    prior = Counting(x0, Space(("y", "x"), (N, N)), ladder())
    border = torch.minimum(torch.arange(N), N - 1 - torch.arange(N))
    lost = torch.minimum(border[:, None], border)
    k = fft(problem.linear.H(problem.y))
    for i, step in enumerate(PRDDiff(prior, keep=False).trajectory(problem, Streams.of(0))):
        before, after = (float(sigma(torch.tensor(n / 12, dtype=torch.float64))) ** 2 for n in (12 - i, 11 - i))
        k[:, lost >= 12 - i] += (1 - after / before) * (i + 1 - k[:, lost >= 12 - i])
        k[:, lost == 11 - i] = i + 1
        torch.testing.assert_close(fft(step.x), k)
    assert calls == pytest.approx([1 - i / 12 for i in range(12)])


def test_what_was_measured_stays_and_is_lost_where_it_is_not_put_back():
    x0, problem = case(samples=(12, 10))
    prior = oracle(x0, error=0.3)
    kept, lost = (PRDDiff(prior, keep=keep)(problem, Streams.of(0)) for keep in (True, False))
    scale = problem.y.abs().max()
    assert (problem.linear(kept) - problem.y).abs().max() < 1e-5 * scale
    assert (problem.linear(lost) - problem.y).abs().max() > 1e-3 * scale


@pytest.mark.parametrize(("target", "pixels"), [(0.75, 24), (0.5, 16), (0.25, 8)])
def test_an_early_stop_gives_the_size_between(target, pixels):
    """Nothing lies outside the box that was wanted; the same on fewer pixels has its samples and its intensity."""
    x0, problem = case()
    flat = Problem.of(problem.A, Measured(problem.A(torch.ones_like(x0)), Gaussian()), 2.0)
    *_, step = PRDDiff(oracle(x0), target=target).trajectory(problem, Streams.of(0))
    outside = step.x0 - ladder().mean(step.x0, (1 - target) / 0.75)
    assert outside.norm() < 1e-9 * step.x0.norm()
    small = step.outputs["cropped"]
    assert small.data.shape == (1, pixels, pixels) and small.axes == ("y", "x")
    *_, even = PRDDiff(oracle(torch.ones_like(x0) / 2), target=target).trajectory(flat, Streams.of(0))
    torch.testing.assert_close(even.outputs["cropped"].data, torch.ones(1, pixels, pixels, dtype=torch.complex128))


def test_no_call_where_all_that_is_wanted_was_measured():
    x0, problem = case(samples=(24, 24))
    prior = oracle(x0)
    prior.forward = None
    (step,) = PRDDiff(prior, target=0.5).trajectory(problem, Streams.of(0))
    torch.testing.assert_close(step.x0, ladder().mean(x0, (1 - 0.5) / 0.75))


def test_the_network_is_told_what_is_wanted_and_a_second_stage_begins_anew():
    x0, problem = case()
    told = []

    class Told(RestorerOracle):
        def forward(self, x_t, t, conditions=None, rng=None):
            told.append((round(12 * t), round(12 * float(conditions[WANTED].data))))
            return super().forward(x_t, t)

    prior = Told(x0, Space(("y", "x"), (N, N)), ladder(), error=0.2)
    steps = list(PRDDiff(prior, middle=0.5).trajectory(problem, Streams.of(0)))
    assert told == [(12 - i, 8) for i in range(4)] + [(8 - i, 0) for i in range(8)]
    assert [s.index for s in steps] == list(range(12)) and {s.total for s in steps} == {12}
    between = fft(steps[3].x0)
    inside = between.abs() > 1e-9
    assert int(inside.sum()) == 16**2
    for step in steps[4:]:  # what the first stage made is data to the second
        torch.testing.assert_close(fft(step.x0)[inside], between[inside])


def test_noise_is_drawn_where_it_is_wanted_alone():
    x0, problem = case()
    prior = oracle(x0, error=0.3)
    a, b = (PRDDiff(prior)(problem, Streams.of(seed)) for seed in (0, 1))
    assert torch.equal(a, b)
    c, d = (PRDDiff(prior, noise=1.0)(problem, Streams.of(seed)) for seed in (0, 1))
    assert not torch.equal(c, d)

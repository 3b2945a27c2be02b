"""Where a chain begins: what the rule finds, and what a start at its level keeps of a posterior that is known."""

from itertools import pairwise

import pytest
import torch

from mridiff.interfaces import Gaussian, Problem, Space, Streams
from mridiff_sdk.consistency import proximal
from mridiff_sdk.diffusions import VE, VP, ddpm, karras_times
from mridiff_sdk.oracles import Covariance, GaussianPrior
from mridiff_sdk.reverse import Reverse, begin
from mridiff_sdk.reverse.start import BIAS, GAIN, probe
from mridiff_sdk.testing.closed_form import closed_form, measured

SHAPE, NOISE = (40, 35), 0.1
UNSEEN = 2 / 5
"""Columns of k-space that are not measured, of which a white prior leaves a variance of 1."""


def white(diffusion=None, samples=1):
    """Images of variance 1 about 0.5, measured by one coil: every direction of k-space is measured or not."""
    prior = GaussianPrior(torch.full(SHAPE, 0.5 + 0j, dtype=torch.complex128), Covariance.diagonal(Space(("y", "x"), SHAPE), 1.0),
                          diffusion or VP())  # fmt: skip
    problem = measured(1, SHAPE, NOISE, prior.draw(Streams.of(0)))
    return Reverse(prior, problem, Streams.of(0, "", samples))


def exact_mean(chain):
    """Of the white case: the data shrunk towards the prior's mean where measured, the mean where not."""
    A, y, mean = chain.problem.linear, chain.problem.y, chain.prior.mean
    return mean + A.H(y - A(mean)) / (1 + NOISE**2)


def gains(level):
    """The eigenvalues of J, measured and not: a step of the prior, 1 / (1 + level^2), and of the data."""
    r2 = level**2 / (1 + level**2)
    return NOISE**2 / (NOISE**2 + r2) / (1 + level**2), 1 / (1 + level**2)


@pytest.mark.parametrize("diffusion", [VP(), VE(0.01, 50.0)], ids=["vp", "ve"])
@pytest.mark.parametrize("level", [0.3, 1.0, 3.0])
def test_a_probe_finds_the_gain_of_the_step_and_an_unbiased_estimate_unbiased(diffusion, level):
    chain = white(diffusion)
    found = probe(chain, exact_mean(chain), level)
    seen, unseen = gains(level)
    exact = ((1 - UNSEEN) * seen**2 + UNSEEN * unseen**2) / ((1 - UNSEEN) * seen + UNSEEN * unseen)
    assert found.gain == pytest.approx(exact, rel=0.1) and found.bias < 1e-12
    torch.testing.assert_close(found.centre, exact_mean(chain))


@pytest.mark.parametrize("level", [0.5, 1.0])
def test_a_probe_finds_what_is_left_of_a_bias(level):
    chain = white()
    b = Streams.of(3).normal(SHAPE, torch.complex128)
    A = chain.problem.linear
    b = 0.5 * (b - A.H(A(b)))  # where nothing was measured
    seen, unseen = gains(level)
    left = unseen**2 * b.abs().square().mean() / (level**2 * ((1 - UNSEEN) * seen + UNSEEN * unseen))
    assert probe(chain, exact_mean(chain) + b, level).bias == pytest.approx(float(left), rel=0.1)


def test_the_level_is_a_stated_multiple_of_the_posterior_deviation():
    """sigma^2 / variance = (1 - GAIN) / GAIN, of the directions that are unknown."""
    chain = white()
    found = begin(chain, "estimate", None, 0.01, 20.0, calls=30)
    assert found.level**2 == pytest.approx((1 - GAIN) / GAIN, rel=0.3) and found.probe.bias <= BIAS


def test_the_state_has_the_posterior_variance_and_that_of_the_level():
    chain = white(samples=60)
    begun = begin(chain, "estimate", None, 0.01, 20.0)
    t = float(chain.diffusion.time(begun.level))
    x = begun.state(t) / chain.diffusion.alpha(t)
    A = chain.problem.linear
    apart = x - x.mean(0)
    unseen = (apart - A.H(A(apart))).abs().square().sum() / 59 / (UNSEEN * x[0].numel())
    assert float(unseen) == pytest.approx(1 + begun.level**2, rel=0.1)
    assert float((x.mean(0) - begun.u).abs().square().mean().sqrt()) < 1.2 * ((1 + begun.level**2) / 60) ** 0.5


def test_a_worse_estimate_begins_higher():
    c = closed_form("smooth", 3)
    chain = Reverse(c.prior, c.problem, Streams.of(0))
    levels = [begin(chain, kind, None, 0.01, 20.0, calls).level for kind, calls in (("estimate", 20), ("estimate", 0), ("adjoint", 0))]
    assert 2 * max(levels[:2]) < levels[2]


def test_samples_share_estimate_and_level_whatever_the_seed():
    chains = white(samples=3), Reverse(white().prior, white().problem, Streams.of(7, "other"))
    a, b = (begin(chain, "estimate", None, 0.01, 20.0) for chain in chains)
    assert a.level == b.level and torch.equal(a.u, b.u) and len(a.u) == 1
    assert (a.state(0.2)[0] - b.state(0.2)[0]).abs().max() > 1e-3


def test_noise_is_as_ever_and_a_level_of_the_caller_is_plain_noise_about_the_estimate():
    calls = []
    chain = white(samples=2)
    chain.prior.register_forward_hook(lambda *_: calls.append(1))
    begun = begin(chain, "noise", None, 0.01, 20.0)
    assert begun.level == 20.0 and torch.equal(begun.state(0.9), white(samples=2).noise(0.9))
    begun = begin(chain, "adjoint", 0.3, 0.01, 20.0)
    assert begun.level == 0.3 and not calls
    again = Streams.of(0, "", 2)
    again.normal(SHAPE, torch.complex128)  # what the noise above took
    x = chain.problem.linear.H(chain.problem.y)
    torch.testing.assert_close(begun.state(0.2), chain.diffusion.degrade(x.expand(2, *SHAPE), 0.2, again))


def test_a_level_below_the_last_is_refused():
    with pytest.raises(ValueError, match=r"ends at the noise level 0\.1, and cannot begin at 0\.05"):
        begin(white(), "estimate", 0.05, 0.1, 20.0)


def drawn(chain, begun, steps=30):
    times = karras_times(chain.diffusion, steps, begun.level, 0.01)
    x_t = begun.state(times[0])
    for t, s in pairwise(times):
        x0 = proximal(chain.problem, chain.x0(x_t, t), chain.uncertainty(t), iterations=30, tolerance=None, rng=chain.rng)
        x_t = chain.onward(x_t, x0, t, s, ddpm)
    return x0


@pytest.mark.parametrize(("kind", "coils"), [("white", 1), ("white", 3), ("smooth", 1), ("smooth", 3)])
def test_a_chain_from_the_ruled_start_keeps_mean_and_variance(kind, coils):
    """As far as the chain does from noise: of a smooth prior its mean is off where little was measured."""
    c = closed_form(kind, coils)
    chain = Reverse(c.prior, c.problem, Streams.of(0, "", 300))
    x = drawn(chain, begin(chain, "estimate", None, 0.01, 20.0))
    total = c.covariance.diagonal().real.sum()
    off = torch.linalg.vector_norm(x.mean(0) - c.mean) / total.sqrt()
    assert off < (0.22 if kind == "white" else 0.35)
    assert 0.87 < (x - x.mean(0)).abs().square().mean(0).sum() / total < 1.2


@pytest.mark.parametrize("coils", [1, 3])
def test_a_chain_that_starts_too_low_has_too_little_spread(coils):
    c = closed_form("white", coils, 0.1)
    chain = Reverse(c.prior, c.problem, Streams.of(0, "", 300))
    level = 0.3 * begin(chain, "estimate", None, 0.01, 20.0).level
    x = drawn(chain, begin(chain, "estimate", level, 0.01, 20.0))
    assert (x - x.mean(0)).abs().square().mean(0).sum() < 0.7 * c.covariance.diagonal().real.sum()


def test_data_without_noise_are_begun_at_too():
    c = closed_form("smooth", 3)
    problem = Problem(c.problem.A, c.problem.operator(c.mean), Gaussian(None), c.problem.space)
    chain = Reverse(c.prior, problem, Streams.of(0))
    begun = begin(chain, "estimate", None, 0.01, 20.0)
    assert 0.01 < begun.level <= 20 and bool(begun.state(0.1).isfinite().all())

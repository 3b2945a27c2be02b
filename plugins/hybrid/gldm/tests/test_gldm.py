import pytest
import torch

from mridiff.interfaces import Gaussian, Measured, Prior, Problem, Streams
from mridiff_gldm.conformance import small_problem
from mridiff_gldm.net import KSpaceNet, position
from mridiff_gldm.prior import weighting
from mridiff_gldm.sampler import GLDM
from mridiff_sdk.consistency import hankel_low_rank
from mridiff_sdk.fourier import fft, ifft
from mridiff_sdk.reverse import Reverse


def run():
    return Streams.of(0, "scan")


class Recorded(Prior):
    """A prior that notes what it is asked, under a name."""

    def __init__(self, prior, name, calls):
        super().__init__()
        self.prior, self.name, self.calls = prior, name, calls
        self.codec, self.diffusion, self.space = prior.codec, prior.diffusion, prior.space

    def forward(self, x_t, t, *rest):
        self.calls.append((self.name, x_t.clone(), float(t)))
        return self.prior(x_t, t, *rest)


def recorded(**options):
    problem, prior = small_problem()
    calls = []
    sampler = GLDM(Recorded(prior, "global", calls), Recorded(prior, "local", calls), window=3, snr=0.075, **options)
    return problem, sampler, calls


def test_weighting_is_exact_off_the_centre():
    x = Streams.of(1).normal((3, 9, 8), torch.complex128)
    codec = weighting()
    k = fft(codec.decode(codec.encode(x)))
    want = fft(x)
    want[..., 4, 4] = 0
    torch.testing.assert_close(k, want)
    torch.testing.assert_close(codec.encode(x)[..., 4, 6], 2 * fft(x)[..., 4, 6])


def test_low_rank_is_the_identity_at_full_rank():
    k = Streams.of(1).normal((3, 9, 8), torch.complex128)
    torch.testing.assert_close(hankel_low_rank(k, 3 * 9, (3, 3)), k)
    assert float((hankel_low_rank(k, 5, (3, 3)) - k).norm()) > 1


def test_the_cascade_is_global_then_local_in_every_step():
    problem, sampler, calls = recorded(steps=3, copies=2)
    steps = list(sampler.trajectory(problem, run()))
    assert [name for name, _, _ in calls] == ["global", "global", "local", "local"] * 3
    assert [len(x) for _, x, _ in calls] == [1, 2, 1, 2] * 3  # all frames of a series in one batch, copies for the correctors
    levels = [t for _, _, t in calls[::4]]
    assert levels == sorted(levels, reverse=True) and levels[0] == pytest.approx(8.0) and len(steps) == 3
    assert all(a == pytest.approx(b) for a, b in zip(levels, [s.t for s in steps], strict=True))


def test_it_starts_from_the_zero_filled_series_not_from_noise():
    problem, sampler, calls = recorded(steps=1)
    sampler(problem, run())
    torch.testing.assert_close(calls[0][1], sampler.global_prior.codec.encode(problem.linear.H(problem.y)))


def test_measured_samples_are_kept_exactly_at_every_step():
    problem, sampler, _ = recorded(steps=4)
    for step in sampler.trajectory(problem, run()):
        torch.testing.assert_close(problem.linear(step.x0), problem.y, atol=1e-5, rtol=1e-5)


def test_low_rank_over_time_helps():
    problem, prior = small_problem()
    truth = ifft(small_problem(acceleration=1)[0].y)
    error = {
        flag: float((GLDM(prior, prior, steps=25, snr=0.075, window=3, rank=0.7, low_rank=flag)(problem, run()) - truth).norm())
        for flag in (True, False)
    }
    zero_filled = float((problem.linear.H(problem.y) - truth).norm())
    assert error[True] < 0.4 * error[False] and error[True] < 0.4 * zero_filled


def test_the_predictor_is_the_noise_free_reverse_step():
    problem, prior = small_problem()
    u = Streams.of(2).normal(problem.space.shape)
    s, t = 0.5, 1.0
    want = u + (t**2 - s**2) * prior.score(u, t)
    torch.testing.assert_close(GLDM(prior, prior).predict(Reverse(prior, problem, run()), u, t, s), want)


def test_the_corrector_moves_along_the_mean_score_as_far_as_its_rule_says():
    problem, prior = small_problem()
    u = Streams.of(2).normal(problem.space.shape)
    chain = Reverse(prior, problem, Streams.of(3))
    few, many = (GLDM(prior, prior, snr=0.1, copies=n).correct(chain, u, 1.0) - u for n in (1, 64))
    score = prior.score(u, 1.0)
    cosine = [float((m.conj() * score).real.sum() / m.norm() / score.norm()) for m in (few, many)]
    assert 0.9 < cosine[0] < cosine[1] <= 1.0001
    numbers = u.numel()
    assert float(many.norm()) == pytest.approx(2 * 0.1**2 * numbers / float(score.norm()), rel=0.15)  # 2 snr^2 |n|^2 / |g|
    assert torch.equal(GLDM(prior, prior, snr=0.0).correct(chain, u, 1.0), u)


def test_the_copies_stand_as_far_as_the_rule_says():
    problem, prior = small_problem()
    seen = []
    handle = prior.register_forward_pre_hook(lambda _, given: seen.append(given[0]))
    u = torch.zeros(1, *problem.space.shape, dtype=torch.complex64)
    GLDM(prior, prior, snr=0.1, copies=32).correct(Reverse(prior, problem, Streams.of(3)), u, 1.5)
    handle.remove()
    assert float(seen[0].abs().square().mean().sqrt()) == pytest.approx(2 * 0.1 * 1.5, rel=0.05)


def test_samples_are_what_each_is_alone_and_the_problem_is_kept():
    problem, sampler, _ = recorded(steps=2)
    before = problem.y.clone()
    x = sampler(problem, Streams.of(0, "scan", 2))
    torch.testing.assert_close(sampler(problem, Streams.of(0, "scan", [1])), x[1:], rtol=1e-4, atol=1e-4)
    assert torch.equal(problem.y, before) and torch.equal(x, sampler(problem, Streams.of(0, "scan", 2)))


def test_levels_fall_by_equal_factors():
    levels = torch.tensor(GLDM(None, None, steps=5, sigma_max=3.2, sigma_min=0.1).levels())
    torch.testing.assert_close(levels, torch.tensor([3.2, 1.6, 0.8, 0.4, 0.2, 0.1]))


def test_the_network_knows_where_it_is():
    where = position(torch.zeros(2, 6, 5, dtype=torch.complex64))
    assert where.shape == (1, 3, 6, 5) and not where[0, :, 3, 2].any() and float(where[0, 0, 0, 2]) == -1
    with torch.random.fork_rng():
        net = KSpaceNet({"widths": [4], "blocks": [1], "features": 8, "condition_channels": 3}, 1.5, (0.02, 20.0)).requires_grad_(False)
    net.net.tail.weight.normal_(generator=torch.Generator().manual_seed(0))
    flat = torch.ones(1, 32, 32, dtype=torch.complex64)
    out = net(flat, 1.0)
    assert float((out[0, 10:14, 10:14] - out[0, 22:26, 22:26]).abs().max()) > 1e-3


def test_noisy_measurements_run_too():
    problem, prior = small_problem(std=0.05)
    assert isinstance(problem.noise, Gaussian) and problem.noise.std == 0.05
    noiseless = Problem.of(problem.operator, Measured(problem.y, Gaussian(None)))
    x = GLDM(prior, prior, steps=2, snr=0.075, window=3)
    assert torch.equal(x(problem, run()), x(noiseless, run()))  # the level is not used: measured values are kept as they are


def test_what_is_real_stays_real_under_the_low_rank_projection():
    x = torch.rand(1, 4, 12, 10)
    found = GLDM(None, None, window=3).project(x)
    assert found.dtype == x.dtype and found.shape == x.shape

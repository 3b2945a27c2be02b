"""What makes it this method: two priors on one ladder, their merge, the data between, and what becomes of the spread."""

from functools import partial
from itertools import pairwise

import pytest
import torch

from mridiff.interfaces import Gaussian, Measured, Poisson, Prior, Problem, Streams
from mridiff_alternating_ddpm.sampler import AlternatingDDPM
from mridiff_operators.coil_fourier import CoilFourierOperator
from mridiff_operators.fourier import FourierOperator
from mridiff_operators.sense import SenseOperator
from mridiff_samplers.dds import DDS
from mridiff_sdk.adaptors import Fold
from mridiff_sdk.codecs import Fourier
from mridiff_sdk.consistency import proximal
from mridiff_sdk.diffusions import VE, VP, karras_times
from mridiff_sdk.fourier import fft, ifft
from mridiff_sdk.oracles import Covariance, GaussianPrior
from mridiff_sdk.testing import Operators, closed_form

OPERATORS = Operators(FourierOperator, SenseOperator)
SHORT = {"steps": 4, "sigma_max": 3.0, "sigma_min": 0.1, "start": "noise", "level": None, "noise": 1.0}


def case(coils=3, std=0.1, diffusion=None, kind="smooth"):
    """Images of zero mean, which are as likely mirrored, as the network's are, and their problem."""
    c = closed_form(kind, coils, std, diffusion or VE(0.005, 20.0), operators=OPERATORS)
    c.prior.mean = torch.zeros_like(c.prior.mean)
    return c


def in_kspace(prior, variance=1.0, diffusion=None):
    """White images of another variance about the mean of `prior`, as a prior of their k-space."""
    space = Fourier().space(prior.space)
    return GaussianPrior(fft(prior.mean), Covariance.diagonal(space, variance), diffusion or prior.diffusion, Fourier())


class Recorded(Prior):
    """A prior that notes under a name what it is asked."""

    def __init__(self, prior, name, calls):
        super().__init__()
        self.prior, self.name, self.calls = prior, name, calls
        self.codec, self.diffusion, self.space = prior.codec, prior.diffusion, prior.space

    def forward(self, x_t, t, *rest):
        self.calls.append((self.name, x_t.clone(), float(t)))
        return self.prior(x_t, t, *rest)


def recorded(c, **options):
    """The sampler, and what it asks its priors."""
    calls = []
    return AlternatingDDPM(Recorded(c.prior, "image", calls), Recorded(in_kspace(c.prior), "kspace", calls), **options), calls


@pytest.mark.parametrize("start", ["noise", "estimate"])
@pytest.mark.parametrize("diffusion", [VE(0.005, 20.0), VP()])
def test_the_mode_image_is_dds(start, diffusion):
    c = case(diffusion=diffusion)
    options = {"steps": 6, "start": start, "eta": 0.6, "level": None, "calls": 20}
    mine = AlternatingDDPM(c.prior, in_kspace(c.prior), mode="image", noise=1.0, weight=1.0, sigma_min=0.01, **options)
    a, b = (sampler(c.problem, Streams.of(0, "", 2)) for sampler in (DDS(c.prior, **options), mine))
    torch.testing.assert_close(b, a, rtol=1e-8, atol=1e-8)


@pytest.mark.parametrize(
    ("mode", "want"), [("image", ["image"] * 4), ("dual", ["image", "kspace"] * 4), ("alternate", ["image", "image", "kspace", "image"])]
)
def test_which_prior_is_asked_at_which_level(mode, want):
    c = case()
    sampler, calls = recorded(c, mode=mode, **SHORT)
    with torch.enable_grad():
        x = sampler(c.problem, Streams.of(0))
    assert [name for name, _, _ in calls] == want and not x.requires_grad
    levels = karras_times(c.prior.diffusion, 4, 3.0, 0.1)[:4]
    assert [t for _, _, t in calls] == pytest.approx([t for t in levels for _ in range(len(want) // 4)])


def test_an_odd_ladder_ends_with_the_image_too():
    c = case()
    sampler, calls = recorded(c, mode="alternate", **{**SHORT, "steps": 5})
    sampler(c.problem, Streams.of(0))
    assert [name for name, _, _ in calls] == ["image", "kspace", "image", "kspace", "image"]


def test_the_dual_mode_is_its_box():
    """Two steps against dense algebra and the noise that the streams hold: two states, their merge, one data step, noise of their own."""
    c, eta, gamma, merge, noise = case(), 0.6, 3.0, 0.3, 0.7
    A = torch.stack([c.problem.linear(e[None]).flatten() for e in torch.eye(30, dtype=torch.complex128).reshape(30, 6, 5)], dim=1)
    ks, rng, y = in_kspace(c.prior), Streams.of(0), c.problem.y.flatten()
    sampler = AlternatingDDPM(c.prior, ks, merge=merge, eta=eta, gamma=gamma, iterations=60, **{**SHORT, "noise": noise})
    times = karras_times(c.prior.diffusion, 4, 3.0, 0.1)
    a, b = (3.0 * rng.normal((6, 5), torch.complex128) for _ in range(2))
    for step, t, s in zip(sampler.trajectory(c.problem, Streams.of(0)), times, times[1:], strict=False):
        by_image, by_kspace = c.prior(a, t), ifft(ks(fft(b), t))
        x0 = (1 - merge) * by_image + merge * by_kspace
        x = torch.linalg.solve(torch.eye(30) + gamma * A.mH @ A, x0.flatten() + gamma * A.mH @ y).reshape(1, 6, 5)
        torch.testing.assert_close(step.x0, x, rtol=1e-6, atol=1e-6)
        tau = eta * (1 - (s / t) ** 2) ** 0.5 * s
        left = ((s**2 - tau**2) ** 0.5 / t * (x_t - x0) + (tau * rng.normal((6, 5), torch.complex128) if s else 0) for x_t in (a, b))
        a, b = (x + noise * n for n in left)
        torch.testing.assert_close(step.x, a, rtol=1e-6, atol=1e-6)


def test_without_noise_it_is_plug_and_play():
    """One estimate whatever the seed: denoise, then the data step of `plug_and_play`, at the levels of the ladder."""
    c = case()
    options = {"steps": 4, "level": 1.0, "sigma_min": 0.1, "noise": 0.0, "weight": 0.3, "iterations": 60}
    steps = list(AlternatingDDPM(c.prior, in_kspace(c.prior), mode="image", **options).trajectory(c.problem, Streams.of(7)))
    x = proximal(c.problem, torch.zeros_like(c.mean), 1.0, iterations=20, tolerance=None)
    for step, t in zip(steps, karras_times(c.prior.diffusion, 4, 1.0, 0.1), strict=False):
        x = proximal(c.problem, c.prior.denoise(x, t), (t**2 / (1 + t**2) / 0.3) ** 0.5, iterations=60, tolerance=0.0)
        torch.testing.assert_close(step.x0, x, rtol=1e-6, atol=1e-6)


def test_it_begins_at_the_estimate_with_as_much_noise_as_a_step_leaves():
    c = case()
    sampler, calls = recorded(c, steps=4, level=1.5, noise=0.4)
    sampler(c.problem, Streams.of(0))
    estimate = proximal(c.problem, torch.zeros_like(c.mean), 1.0, iterations=20, tolerance=None)
    rng = Streams.of(0)
    for (_, x_t, _), space in zip(calls[:2], ("image", "kspace"), strict=True):
        state = x_t if space == "image" else ifft(x_t)
        torch.testing.assert_close(state, estimate + 0.4 * 1.5 * rng.normal((6, 5), torch.complex128))


def test_where_it_is_the_turn_of_k_space_the_last_image_is_merged_in():
    c, merge = case(), 0.3
    sampler, calls = recorded(c, mode="alternate", merge=merge, iterations=0, **SHORT)
    steps = list(sampler.trajectory(c.problem, Streams.of(0)))
    (_, x_t, t), ks = calls[2], in_kspace(c.prior)
    torch.testing.assert_close(steps[2].x0, merge * ifft(ks(x_t, t)) + (1 - merge) * steps[1].x0)


@pytest.mark.parametrize("mode", ["image", "dual", "alternate"])
def test_noise_is_as_strong_in_k_space_as_in_the_image(mode):
    """The same white prior, spoken of in the image and in k-space, finds the same: a unitary transform between them."""
    c = case(kind="white")
    found = [AlternatingDDPM(c.prior, second, mode=mode, steps=6)(c.problem, Streams.of(0)) for second in (c.prior, in_kspace(c.prior))]
    torch.testing.assert_close(found[0], found[1])


def test_priors_of_different_diffusions_share_one_ladder():
    c = case()
    a, b = (AlternatingDDPM(c.prior, in_kspace(c.prior, diffusion=d), steps=6)(c.problem, Streams.of(0)) for d in (VE(0.005, 20.0), VP()))
    torch.testing.assert_close(a, b, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("std", [0.0, None])
def test_measured_samples_are_kept_after_every_merge(std):
    """Without noise M k is y, to a millionth, for one coil and for each coil by itself."""
    c = case(1)
    y = c.problem.operator(c.mean)
    one = Problem(c.problem.A, y, Gaussian(std), c.problem.space)
    mask = (y != 0).double()
    A = CoilFourierOperator(torch.ones(1, 2, *y.shape[1:], dtype=torch.complex128), mask)
    each = Problem.of(A, Measured(torch.stack([y, 1j * y], dim=1), Gaussian(std)))
    for problem, wrap in ((one, lambda p: p), (each, lambda p: Fold(p, p.codec.space(A.domain)))):
        sampler = AlternatingDDPM(wrap(c.prior), wrap(in_kspace(c.prior)), steps=5)
        for step in sampler.trajectory(problem, Streams.of(0)):
            assert (problem.operator(step.x0) - problem.y).abs().max() < 2e-6 * problem.y.abs().max()


def test_the_data_step_solves_the_normal_equation():
    c, r = case(), 0.7
    x0 = Streams.of(5).normal_like(c.mean)
    x = proximal(c.problem, x0, r, sigma_y=1.0, iterations=60, tolerance=0.0)
    A, b = c.problem.linear, x0 + r**2 * c.problem.linear.H(c.problem.y)
    assert (x + r**2 * A.gram(x) - b).norm() < 1e-4 * b.norm()


def spread(c, samples=200, **options):
    """Standard deviation over samples, and distance of a sample from the posterior's mean, both root mean square."""
    x = AlternatingDDPM(c.prior, in_kspace(c.prior), **options)(c.problem, Streams.of(0, "", samples))
    return float((x - x.mean(0)).abs().square().mean().sqrt()), float((x - c.prior.posterior(c.problem)[0]).abs().square().mean().sqrt())


def test_two_noises_spread_less_than_one():
    """With as good a prior in k-space: the mean of two estimates with noise of their own, at no loss."""
    c = case(kind="white")
    options = {"steps": 12, "start": "noise", "level": None, "noise": 1.0, "weight": 1.0, "sigma_min": 0.01}
    one, off = spread(c, mode="image", **options)
    two, off_two = spread(c, mode="dual", merge=0.5, **options)
    assert 0.65 < two / one < 0.76 and off_two < off


def toy(variance, gamma, eta=0.85, samples=64):
    """Half of k-space measured of white images, 50 steps: the exact data, the sampled part of the last image, and the steps."""
    space = closed_form().prior.space
    prior = GaussianPrior(torch.zeros(space.shape, dtype=torch.complex128), Covariance.diagonal(space, variance), VE(0.002, 80.0))
    mask = torch.zeros(1, *space.shape, dtype=torch.float64)
    mask[..., ::2] = 1
    A = FourierOperator(mask)
    problem = Problem.of(A, Measured(A(prior.draw(Streams.of(3))), Gaussian(0.05)))
    published = {"steps": 50, "start": "noise", "level": None, "noise": 1.0, "weight": 1.0, "sigma_max": 80.0, "sigma_min": 0.01}
    sampler = AlternatingDDPM(prior, in_kspace(prior, variance), mode="image", gamma=gamma, eta=eta, **published)
    return problem, mask[0], list(sampler.trajectory(problem, Streams.of(0, "", samples)))


@pytest.mark.parametrize("variance", [0.05, 1.0])
@pytest.mark.parametrize(("gamma", "most"), [(1.0, 0.05), (10.0, 0.004)])
def test_it_ends_at_the_measurement_and_not_at_the_posterior(variance, gamma, most):
    """The toy of the specification: a scalar Gaussian prior. What was measured is met whatever its noise, the rest keeps the prior's spread."""
    problem, mask, steps = toy(variance, gamma)
    k = fft(steps[-1].x0)
    off = (mask * k - problem.y).norm() / problem.y.expand_as(k).norm()
    assert off < most
    free = float(k[:, mask == 0].abs().square().mean())
    assert 0.75 * variance < free < 1.15 * variance


def test_the_misfit_does_not_grow_in_the_last_half_of_the_steps():
    problem, _, steps = toy(1.0, 1.0)
    left = [float((problem.operator(s.x0) - problem.y).norm()) for s in steps[25:]]
    assert all(b <= a * (1 + 1e-9) for a, b in pairwise(left)) and left[-1] < 0.5 * left[0]


def test_a_weight_that_is_matched_to_the_noise_leaves_noise_in_the_data():
    """Where the weight by hand ends at y, the rule ends between y and the prior."""
    (problem, mask, by_hand), (_, _, matched) = toy(0.05, 10.0), toy(0.05, None)
    truth = problem.linear.H(problem.y)
    left = [float((mask * fft(steps[-1].x0 - truth)).norm()) for steps in (by_hand, matched)]
    assert left[1] > 3 * left[0]


def test_without_a_data_step_nothing_is_known_of_the_data():
    c = case()
    found = [AlternatingDDPM(c.prior, in_kspace(c.prior), iterations=0, **SHORT)(p, Streams.of(0))
             for p in (c.problem, Problem(c.problem.A, 2 * c.problem.y, c.problem.noise, c.problem.space))]  # fmt: skip
    torch.testing.assert_close(found[0], found[1])


def test_batch_is_a_loop_over_samples():
    c = case()
    sampler = partial(AlternatingDDPM(c.prior, in_kspace(c.prior), steps=4), c.problem)
    together = sampler(Streams.of(0, "scan", 3))
    for i in range(3):
        torch.testing.assert_close(sampler(Streams.of(0, "scan", [i])), together[i : i + 1])


def test_other_noise_is_refused():
    c = case()
    with pytest.raises(TypeError, match="Gaussian"):
        AlternatingDDPM(c.prior, in_kspace(c.prior))(Problem(c.problem.A, c.problem.y, Poisson(), c.problem.space), Streams.of(0))


@pytest.mark.parametrize("mode", ["image", "dual"])
def test_each_call_sees_another_mirror_image(mode):
    c = case()
    sampler, calls = recorded(c, mode=mode, steps=4, noise=0.0, level=1.5)
    steps = list(sampler.trajectory(c.problem, Streams.of(0)))
    seen = [x_t for name, x_t, _ in calls if name == "image"]
    for x_t, step, mirror in zip(seen[1:], steps, ([-1], [-2], [-2, -1]), strict=False):
        torch.testing.assert_close(x_t, step.x.flip(mirror))

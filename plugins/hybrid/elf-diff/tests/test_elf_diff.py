"""What makes it this method: an ensemble that is one image after every step, a box that grows, data that are met."""

from dataclasses import replace
from itertools import pairwise
from math import cos, pi

import pytest
import torch

from mridiff.interfaces import Gaussian, Poisson, Problem, Streams
from mridiff_elf_diff import sampler as module
from mridiff_elf_diff.low_frequency import mixed
from mridiff_elf_diff.sampler import FIRST, LAST, ElfDiff, cosine_times
from mridiff_operators.fourier import FourierOperator
from mridiff_operators.sense import SenseOperator
from mridiff_sdk.consistency import proximal
from mridiff_sdk.diffusions import VE, VP
from mridiff_sdk.reverse import Reverse
from mridiff_sdk.testing import Operators, closed_form

OPERATORS = Operators(FourierOperator, SenseOperator)


def case(coils=3, std=0.1, diffusion=None, kind="smooth"):
    """With images about zero, which their mirror images are too."""
    found = closed_form(kind, coils, std, diffusion or VE(0.005, 20.0), operators=OPERATORS)
    found.prior.mean = torch.zeros_like(found.prior.mean)
    return replace(found, mean=found.prior.posterior(found.problem)[0])


def calls_of(c):
    """What the prior is called with: states, levels, and whether with gradients."""
    found = []
    c.prior.register_forward_hook(lambda _, given, out: found.append((given[0].detach(), float(given[1]), torch.is_grad_enabled())))
    return found


@pytest.mark.parametrize(("gradient", "backward"), [(0.0, False), (0.1, True)])
def test_calls_of_the_prior(gradient, backward):
    c = case()
    seen = calls_of(c)
    with torch.enable_grad():
        x = ElfDiff(c.prior, steps=4, members=3, start="noise", gradient=gradient)(c.problem, Streams.of(0, "", 2))
    assert [len(x_t) for x_t, *_ in seen] == [6] * 4 and all(grad == backward for *_, grad in seen)
    assert x.shape == (2, 6, 5) and not x.requires_grad


def test_after_each_step_members_are_one_image_with_noise_of_their_own():
    c = case()
    seen = calls_of(c)
    steps = list(ElfDiff(c.prior, steps=4, members=400, start="noise").trajectory(c.problem, Streams.of(0)))
    for step, (x_t, t, _), mirror in zip(steps, seen[1:], ([-1], [-2], [-2, -1]), strict=False):
        n = (x_t - step.x0.flip(mirror)) / t
        assert float(n.abs().square().mean()) == pytest.approx(1, abs=0.05)
        apart = torch.linalg.vector_norm(n.mean(0)) / n.mean(0).numel() ** 0.5
        assert float(apart) == pytest.approx(400**-0.5, rel=0.5)  # no noise is shared


def test_it_is_its_box():
    """Three steps against dense algebra and the noise that its streams hold: the mean of members, the data, the mixing, noise afresh."""
    c = case(diffusion=VE(0.01, 3.0))
    A, y, E = c.problem.linear, c.problem.y, 2
    gram, back = A.gram(torch.eye(30, dtype=y.dtype).reshape(-1, 6, 5)).flatten(1).T, A.H(y).flatten()
    streams = [Streams([f"{key}/member{e}"]) for e in range(E) for key in Streams.of(0).keys]
    noise = [3.0 * s.normal((6, 5), torch.complex128) for s in streams]
    u = sum(noise) / E / 10**0.5
    sampler = ElfDiff(c.prior, steps=3, members=E, share=0.6, weight=0.7, iterations=200, start="noise")
    notches, notch = torch.linspace(FIRST, LAST, 3, dtype=torch.float64), torch.zeros(1, dtype=torch.long)
    times = cosine_times(Reverse(c.prior, c.problem, Streams.of(0)), 3, 3.0)
    mirrors = ([], [-1], [-2])
    for step, mirror, (t, s) in zip(sampler.trajectory(c.problem, Streams.of(0)), mirrors, pairwise(times), strict=True):
        x0 = sum(c.prior(x_t.flip(mirror), t).flip(mirror) for x_t in noise) / E
        ratio = 0.7 * (0.1 / t) ** 2
        x = torch.linalg.solve(gram + ratio * torch.eye(30), back + ratio * x0.flatten()).reshape(1, 6, 5)
        notch = module.grown(x, u, notches, notch)
        u = mixed(x, u, notches[notch], 0.6)
        torch.testing.assert_close(step.x0, u, rtol=1e-4, atol=1e-4)
        noise = [u + s * r.normal((6, 5), torch.complex128) for r in streams]


def test_the_gradient_is_that_of_the_norm_through_the_prior():
    c = case(diffusion=VP())
    chain = Reverse(c.prior, c.problem, Streams.of(0, "", 2))
    x_t, t = chain.noise(0.6), 0.6
    z, alpha = x_t.clone().requires_grad_(), float(c.prior.diffusion.alpha(t))
    with torch.enable_grad():
        sizes = torch.linalg.vector_norm((c.problem.operator(c.prior(z, t)) - c.problem.y).flatten(1), dim=1)
        g = torch.autograd.grad(sizes.sum(), z)[0]
    found = ElfDiff(c.prior, members=2, gradient=0.2).guided(chain, x_t / alpha, t, 0.5)
    torch.testing.assert_close(found, c.prior(x_t, t) - 0.2 * 0.5 * 30**0.5 * g)


def test_gradient_steps_fall_to_a_tenth(monkeypatch):
    c, found = case(), []
    monkeypatch.setattr(ElfDiff, "guided", lambda self, chain, z, t, length: found.append(length) or z)
    ElfDiff(c.prior, steps=5, members=1, gradient=0.1, start="noise")(c.problem, Streams.of(0))
    assert found == pytest.approx([1.0, 0.775, 0.55, 0.325, 0.1])


@pytest.mark.parametrize("coils", [1, 3])
def test_the_projection_meets_the_data_and_changes_nothing_else(coils):
    c = case(coils)
    y = c.problem.operator(c.mean)
    x = Streams.of(5).normal_like(c.mean)
    problem = Problem(c.problem.A, y, Gaussian(0.1), c.problem.space)
    found = ElfDiff(c.prior, weight=0.0, iterations=60).consistent(problem, x, 0.3)
    assert (c.problem.operator(found) - y).abs().max() < 1e-5 * y.abs().max()
    gram = c.problem.linear.gram(torch.eye(30, dtype=y.dtype).reshape(-1, 6, 5)).flatten(1).T
    h, U = torch.linalg.eigh(gram)
    null = U[:, h < 1e-9 * h.max()]
    torch.testing.assert_close(null.mH @ (found - x).flatten(), torch.zeros(null.shape[1], dtype=y.dtype), atol=1e-6, rtol=0)


@pytest.mark.parametrize("weight", [0.0, 0.7])
def test_the_mean_of_data_steps_is_the_data_step_of_the_mean(weight):
    c = case()
    method = ElfDiff(c.prior, weight=weight, iterations=100)
    x = Streams.of(5, "", 4).normal(c.mean.shape[1:], c.mean.dtype)
    mean = method.consistent(c.problem, x, 0.3).mean(0, keepdim=True)
    torch.testing.assert_close(mean, method.consistent(c.problem, x.mean(0, keepdim=True), 0.3), rtol=1e-4, atol=1e-4)


def test_without_mixing_the_box_changes_nothing(monkeypatch):
    c = case()
    plain = ElfDiff(c.prior, steps=6, members=2, share=1.0)(c.problem, Streams.of(0))
    mixing = ElfDiff(c.prior, steps=6, members=2)(c.problem, Streams.of(0))
    monkeypatch.setattr(module, "grown", lambda x, before, notches, notch: notch + len(notches) - 1 - notch)
    assert torch.equal(ElfDiff(c.prior, steps=6, members=2, share=1.0)(c.problem, Streams.of(0)), plain)
    assert not torch.equal(ElfDiff(c.prior, steps=6, members=2)(c.problem, Streams.of(0)), mixing)


def test_the_box_begins_smallest_and_grows_by_a_notch_at_most(monkeypatch):
    c, found, real = case(), [], module.grown
    monkeypatch.setattr(module, "grown", lambda *a: found.append((a[3], real(*a))) or found[-1][1])
    ElfDiff(c.prior, steps=12, members=2)(c.problem, Streams.of(0, "", 3))
    assert (found[0][0] == 0).all() and len(found) == 12
    assert all(torch.equal(after, before) for (_, after), (before, _) in pairwise(found))
    assert all(bool(((after - before >= 0) & (after - before <= 1)).all()) for before, after in found)


def test_levels_are_those_of_a_respaced_cosine_chain():
    """abar at the levels that are kept is that of the whole chain of 1000."""
    c = case(diffusion=VE(1e-4, 200.0))
    chain = Reverse(c.prior, c.problem, Streams.of(0))

    def ratio(k, of=1000):
        abar = (cos((k / of + 0.008) / 1.008 * pi / 2) / cos(0.008 / 1.008 * pi / 2)) ** 2
        return ((1 - abar) / abar) ** 0.5

    kept = [900 - 90 * i for i in range(10)]
    times = cosine_times(chain, 10, ratio(900))
    assert times == pytest.approx([*(ratio(k) for k in kept), 0.0])


@pytest.mark.parametrize("coils", [1, 3])
@pytest.mark.parametrize("start", ["estimate", "noise"])
def test_the_posterior_mean_is_near_and_seeds_hardly_differ(coils, start):
    """With the exact prior an estimate of the posterior mean; it has little of the posterior's spread, for it draws nothing."""
    c = case(coils)
    off, variance = c.errors(ElfDiff(c.prior, steps=10, start=start), 12)
    assert off < 1 and variance < 0.2


def test_more_members_spread_less():
    c = case()
    few, many = (c.errors(ElfDiff(c.prior, steps=8, members=E, start="noise"), 20)[1] for E in (1, 8))
    assert 3 * many < few


def test_every_sample_is_what_it_is_alone():
    c = case()
    y = torch.cat((c.problem.y, 2 * c.problem.y))
    both = ElfDiff(c.prior, members=3, gradient=0.05, start="noise")(Problem(c.problem.A, y, c.problem.noise, c.problem.space),
                                                                      Streams.of(0, "", 2))  # fmt: skip
    one = Problem(c.problem.A, y[1:], c.problem.noise, c.problem.space)
    alone = ElfDiff(c.prior, members=3, gradient=0.05, start="noise")(one, Streams.of(0, "", [1]))
    torch.testing.assert_close(both[1:], alone, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("diffusion", [VP(t_range=(1e-5, float(VP().time(20.0)))), VE(0.005, 20.0)])
@pytest.mark.parametrize(("gradient", "start"), [(0.0, "estimate"), (0.05, "estimate"), (0.0, "noise")])
def test_any_gaussian_diffusion_is_the_same_sampler(diffusion, gradient, start):
    a, b = case(), case(diffusion=diffusion)
    x, z = (ElfDiff(c.prior, steps=4, members=2, level=1.0, gradient=gradient, start=start)(c.problem, Streams.of(0)) for c in (a, b))
    torch.testing.assert_close(x, z, rtol=1e-3, atol=1e-3)


def test_the_data_step_is_matched_to_the_noise():
    c = case()
    x = Streams.of(5).normal_like(c.mean)
    found = ElfDiff(c.prior, weight=0.25).consistent(c.problem, x, 0.3)
    torch.testing.assert_close(found, proximal(c.problem, x, 0.6))


def test_other_noise_is_refused():
    c = case()
    with pytest.raises(TypeError, match="Gaussian"):
        ElfDiff(c.prior)(Problem(c.problem.A, c.problem.y, Poisson(), c.problem.space), Streams.of(0))

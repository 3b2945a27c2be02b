import pytest
import torch

from mridiff.errors import ConfigError
from mridiff.interfaces import Space, Streams
from mridiff_neuraldiffuser.sampler import NeuralDiffuser
from mridiff_sdk.diffusions import VP, ddim
from mridiff_sdk.oracles import Covariance, GaussianPrior


def first(prior, problem, **options):
    """The first step, and what it depends on."""
    with torch.no_grad():
        return next(iter(NeuralDiffuser(prior, **options).trajectory(problem, Streams.of(0, samples=2))))


def test_a_prior_without_features_is_refused():
    prior = GaussianPrior(torch.zeros(2), Covariance.diagonal(Space(("token",), (2,), complex=False), 1.0), VP())
    with pytest.raises(ConfigError, match="vision features"):
        NeuralDiffuser(prior)


def test_it_begins_at_the_first_visited_time_with_the_noised_latent(prior, pose):
    problem = pose()
    sampler = NeuralDiffuser(prior, steps=50, strength=0.75, cfg=1.0, kappa=0.0)
    with torch.no_grad():
        steps = list(sampler.trajectory(problem, Streams.of(0, samples=2)))
        assert len(steps) == 37 and steps[0].t == pytest.approx(0.74)
        d, z, t = prior.diffusion, prior.conditions(problem)["latent"].data, steps[0].t
        x = d.mean(z, t) + float(d.sigma(t)) * Streams.of(0, samples=2).normal_like(z)
        x0 = prior(x, t, prior.conditions(problem))
        torch.testing.assert_close(steps[0].x0, prior.codec.decode(x0), rtol=1e-4, atol=1e-5)
        baseline = steps[-1].outputs["baseline"].data
        torch.testing.assert_close(baseline, prior.codec.decode(z))


def test_the_text_is_weighted_against_none(prior, pose):
    problem = pose()
    with torch.no_grad():
        found = {w: first(prior, problem, cfg=w, kappa=0.0).x for w in (0.0, 1.0, 3.0)}
    torch.testing.assert_close(found[3.0] - found[0.0], 3 * (found[1.0] - found[0.0]), rtol=1e-3, atol=1e-4)
    assert not torch.equal(found[0.0], found[1.0])


def test_the_guided_step_adds_sigma_kappa_times_the_gradient_to_the_noise(prior, pose):
    problem, d = pose(), prior.diffusion
    plain, guided = (first(prior, problem, steps=10, kappa=k) for k in (0.0, 50.0))
    t, s = plain.t, plain.t - 0.1
    sampler, conditions = NeuralDiffuser(prior), prior.conditions(problem)
    z = conditions["latent"].data
    x = d.mean(z, t) + float(d.sigma(t)) * Streams.of(0, samples=2).normal_like(z)
    gradient = sampler.gradient(x, t, conditions)
    r, _ = ddim(d, t, s)
    expected = -50.0 * float(d.sigma(t)) ** 2 / float(d.alpha(t)) * gradient * float(d.alpha(s) - r * d.alpha(t))
    torch.testing.assert_close(guided.x - plain.x, expected, rtol=1e-2, atol=1e-3 * float(expected.abs().max()))


def test_the_gradient_is_that_of_finite_differences(prior, pose):
    problem, t = pose(), 0.6
    sampler, conditions = NeuralDiffuser(prior), prior.conditions(problem)
    x = prior.diffusion.degrade(conditions["latent"].data, t, Streams.of(1, samples=2))
    slope = sampler.gradient(x, t, conditions)
    direction = slope / slope.flatten(1).norm(dim=1)[:, None, None, None]
    with torch.no_grad():
        h = 0.02
        ahead, behind = (sampler.distance(x + e * h * direction, t, conditions) for e in (1, -1))
    torch.testing.assert_close((ahead - behind) / (2 * h), (slope * direction).flatten(1).sum(1), rtol=1e-2, atol=1e-5)


def test_only_the_first_fraction_is_guided(prior, pose):
    problem, calls = pose(), []
    sampler = NeuralDiffuser(prior, steps=20, strength=0.5, fraction=0.3)
    sampler.gradient = lambda x, t, _: calls.append(float(t)) or torch.zeros_like(x)
    with torch.no_grad():
        list(sampler.trajectory(problem, Streams.of(0, samples=2)))
    assert calls == pytest.approx([0.5, 0.45, 0.4])


def test_the_code_of_the_study_estimates_another_image(prior, pose):
    problem, t = pose(), torch.tensor(0.7)
    conditions = prior.conditions(problem)
    x = prior.diffusion.degrade(conditions["latent"].data, t, Streams.of(1, samples=2))
    with torch.no_grad():
        ours, code = (NeuralDiffuser(prior, paper_code_x0=p).distance(x, t, conditions) for p in (False, True))
        a, s = float(prior.diffusion.alpha(t)), float(prior.diffusion.sigma(t))
        eps = (x - a * prior(x, t, conditions)) / s
        picture = prior.codec.decode(s * (x - s**2 * eps) / a + (1 - s) * x)
        torch.testing.assert_close(code, prior.distance(picture, conditions), rtol=1e-3, atol=1e-5)
    assert not torch.allclose(ours, code)

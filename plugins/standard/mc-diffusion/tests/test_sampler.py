from functools import cache

import pytest
import torch

from mridiff.errors import DataError
from mridiff.interfaces import Gaussian, Measured, Poisson, Prior, Problem, Streams
from mridiff_datasets.pet_mr import PetMrPhantom
from mridiff_mc_diffusion import sampler
from mridiff_mc_diffusion.classical import Classical
from mridiff_mc_diffusion.conformance import small_problem
from mridiff_mc_diffusion.noise import Uneven
from mridiff_mc_diffusion.operator import PetMrOperator
from mridiff_mc_diffusion.sampler import MCDiffusion
from mridiff_sdk.consistency import separate
from mridiff_sdk.diffusions import VE
from mridiff_sdk.metrics import psnr

ACCURATE = {"steps": 200, "snr": 0.3, "sigma_max": 3.0, "sigma_min": 0.05}


@cache
def draws(fidelity, smooth):
    problem, prior = small_problem(Gaussian(0.3), smooth=smooth)
    return MCDiffusion(prior, fidelity=fidelity, **ACCURATE)(problem, Streams.of(0, "closed form", 200))


def mean_of(fidelity, smooth):
    return draws(fidelity, smooth).mean(0, keepdim=True)


@pytest.mark.parametrize("smooth", [0.0, 2.0])
@pytest.mark.parametrize("fidelity", ["proximal", "gradient"])
def test_the_mean_is_that_of_the_closed_form(fidelity, smooth):
    problem, prior = small_problem(Gaussian(0.3), smooth=smooth)
    exact, C = prior.posterior(problem)
    error = float((mean_of(fidelity, smooth) - exact).norm() / exact.norm())
    prior_error = float((prior.mean - exact).norm() / exact.norm())
    assert error < 0.05 < 0.3 * prior_error
    assert 0.85 < float(draws(fidelity, smooth).var(0).sum() / torch.diagonal(C).sum()) < 1.25


@pytest.mark.parametrize("smooth", [0.0, 2.0])
def test_both_fidelities_converge_to_the_same(smooth):
    a, b = mean_of("proximal", smooth), mean_of("gradient", smooth)
    assert float((a - b).norm() / b.norm()) < 0.05


def test_the_prior_of_the_pair_lets_mr_improve_pet():
    error = {}
    for coupling in (0.0, 0.95):
        problem, oracle = small_problem(Poisson(0.5), scale=5.0)
        _, prior = small_problem(Poisson(0.5), scale=5.0, coupling=coupling)
        truth = small_truth(oracle)
        x = MCDiffusion(prior, steps=60)(problem, Streams.of(0, "pair", 30)).mean(0, keepdim=True)
        error[coupling] = float((x - truth)[:, 0].norm())
    assert error[0.95] < 0.85 * error[0.0]


def small_truth(oracle):
    return oracle.draw(Streams.of(3)).clamp_min(0.05)


def test_the_state_starts_at_the_first_level_and_the_last_step_is_the_estimate():
    problem, prior = small_problem(Gaussian(0.3))
    steps = list(MCDiffusion(prior, steps=5, sigma_max=2.0, sigma_min=0.1).trajectory(problem, Streams.of(0, "s", 3)))
    levels = torch.tensor([s.t for s in steps])
    torch.testing.assert_close(levels[1:] / levels[:-1], torch.full((4,), (0.1 / 2.0) ** 0.25))
    assert torch.equal(steps[-1].x, steps[-1].x0) and not torch.equal(steps[-2].x, steps[-2].x0)


def test_counts_make_the_estimate_positive_at_every_step_and_gaussian_noise_does_not():
    for noise, sign in ((Poisson(0.5), True), (Gaussian(500.0), False)):
        problem, prior = small_problem(noise, scale=5.0)
        low = replaced_mean(prior, -0.2)
        steps = MCDiffusion(low, steps=6).trajectory(problem, Streams.of(0, "p"))
        assert all(bool((s.x0[:, 0] >= 0).all()) for s in steps) == sign


def replaced_mean(prior, mean):
    prior.mean.fill_(mean)
    return prior


def test_without_the_corrector_a_level_costs_one_evaluation():
    problem, prior = small_problem(Gaussian(0.3))
    seen = []
    prior.register_forward_hook(lambda module, inputs, output: seen.append(float(inputs[1])))
    MCDiffusion(prior, steps=4, snr=0.0)(problem, Streams.of(0))
    assert len(seen) == 4
    seen.clear()
    first, *later = [step.t for step in MCDiffusion(prior, steps=4).trajectory(problem, Streams.of(0))]
    assert seen == pytest.approx([first, *(t for t in later for _ in range(2))])  # predictor and corrector, none after the last level


def test_the_corrector_follows_the_score_at_the_level_that_was_reached(monkeypatch):
    """(x0 - x) / s^2, with s the level after the predictor and x0 estimated there."""
    problem, prior = small_problem(Gaussian(0.3))
    seen, plain = [], sampler.corrector
    monkeypatch.setattr(sampler, "corrector", lambda x, score, *rest: seen.append((x, score)) or plain(x, score, *rest))
    steps = list(MCDiffusion(prior, steps=4).trajectory(problem, Streams.of(0)))
    for (x, score), before, after in zip(seen, steps, steps[1:], strict=False):
        torch.testing.assert_close(score * after.t**2, before.x0 - x, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("fidelity", ["proximal", "gradient"])
def test_counts_never_leave_a_negative_activity(fidelity):
    problem, prior = small_problem(Poisson(0.5), scale=5.0)
    pet = separate(problem)[0]
    low = torch.full((1, *pet.space.shape), -3.0, dtype=torch.float64)
    assert (MCDiffusion(prior, fidelity=fidelity).move(pet, low, low, low.abs(), 0.5) >= 0).all()


def test_weaker_noise_in_one_modality_has_the_same_closed_form():
    problem, prior = small_problem(Gaussian(0.3))
    exact, _ = prior.posterior(problem)
    x = MCDiffusion(UnevenOracle(prior, (1.0, 0.5)), **ACCURATE)(problem, Streams.of(0, "uneven", 100)).mean(0, keepdim=True)
    assert float((x - exact).norm() / exact.norm()) < 0.06


class UnevenOracle(Prior):
    """E[x0 | x_t] of a Gaussian prior where modality i has noise t std[i]."""

    def __init__(self, prior, std):
        super().__init__()
        self.space, self.scaling, self.mean = prior.space, prior.scaling, prior.mean.flatten(1)
        self.C = prior.covariance.matrix().to(self.mean.dtype)
        self.diffusion, self.per = (
            VE(0.005, 20.0, source=Uneven(std)),
            torch.tensor(std, dtype=self.mean.dtype).repeat_interleave(self.C.shape[0] // 2),
        )

    def forward(self, x_t, t, conditions=None, rng=None):
        N = torch.diag((float(t) * self.per) ** 2)
        shift = torch.linalg.solve(self.C + N, (x_t.flatten(1) - self.mean).mT)
        return (self.mean + (self.C @ shift).mT).reshape(x_t.shape)


def test_the_gradient_is_limited_by_the_score():
    problem, prior = small_problem(Gaussian(1e-4))
    pet, _ = separate(problem)
    x = torch.randn(1, 6, 6, dtype=torch.float64)
    guess = prior(torch.stack((x, x), 1), 1.0)[:, 0]
    moved = MCDiffusion(prior, fidelity="gradient", weight=0.5).move(pet, x, guess, guess, 1.0)
    assert float((moved - guess).norm()) == pytest.approx(0.5 * float((guess - x).norm()))
    problem, prior = small_problem(Gaussian(1e4))
    pet, _ = separate(problem)
    faint = MCDiffusion(prior, fidelity="gradient", weight=0.5).move(pet, x, guess, guess, 1.0)
    torch.testing.assert_close(faint, guess - pet.grad(x))


def test_classical_methods_know_their_data():
    scan = PetMrPhantom(first=350_010)[0]
    problem = Problem.of(PetMrOperator.for_scan(scan.measured), scan.measured)
    truth = scan.truth["x"].data
    found = {name: Classical(**options)(problem, Streams.of(0, "c", 2)) for name, options in
             {"rough": {"pet": "fbp", "mr": "zero-filled"}, "best": {}, "cg": {"mr": "cg"}}.items()}  # fmt: skip
    value = {name: psnr(x[:1, 0], truth[:, 0]).item() for name, x in found.items()}
    assert value["best"] > value["rough"] and found["best"].shape == (2, 2, 64, 64)
    value = {name: psnr(x[:1, 1], truth[:, 1]).item() for name, x in found.items()}
    assert value["best"] > value["cg"] + 1 and value["best"] > value["rough"] + 2
    assert float(found["best"][:, 0].min()) >= 0


def test_a_scan_without_projections_is_refused():
    problem, prior = small_problem(Gaussian(0.3))
    with pytest.raises(DataError, match="not counts of projections"):
        Classical()(problem, Streams.of(0))
    plain = Problem.of(problem.A.parts[1], Measured(problem.y[1], Gaussian(0.1)))
    with pytest.raises(TypeError, match="no blocks"):
        MCDiffusion(prior)(plain, Streams.of(0))

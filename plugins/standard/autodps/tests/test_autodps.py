"""What makes it this method: the motion comes first, from the data, and the image from a chain that is told of it."""

from dataclasses import replace

import pytest
import torch

import mridiff
from mridiff.errors import DataError
from mridiff.interfaces import Gaussian, Problem, Streams
from mridiff_autodps import sampler
from mridiff_autodps.autofocus import autofocus, blur
from mridiff_autodps.fit import fitted, misfit
from mridiff_autodps.sampler import AutoDPS
from mridiff_autodps.shots import at, in_motion, part
from mridiff_datasets.moving import Movement, MovingBrain
from mridiff_operators.motion import RigidMotionSense
from mridiff_operators.sense import SenseOperator
from mridiff_samplers.dpir import DPIR
from mridiff_samplers.dps import DPS
from mridiff_sdk.consistency import proximal
from mridiff_sdk.diffusions import VE
from mridiff_sdk.metrics import psnr
from mridiff_sdk.motion import errors, registered
from mridiff_sdk.nuisance import gradient
from mridiff_sdk.oracles import Covariance, GaussianPrior

N, SHOTS = 32, 4
PUBLISHED = {"focus": 80, "steps": 0, "image": "dps", "finish": 5}


def case(rotation=3.0, shift=1.5, acceleration=1, **options):
    """Blobs of 64 pixels a side, moved there and imaged at 32: not the operator that is inverted."""
    y, x = torch.meshgrid(*(torch.linspace(-1, 1, 2 * N),) * 2, indexing="ij")
    blobs = ((1.0, 0.1, -0.3, 0.01), (0.7, -0.35, 0.2, 0.02), (0.8, 0.3, 0.3, 0.01), (0.5, -0.1, 0.0, 0.05), (0.6, 0.35, -0.15, 0.01))
    truth = sum(a * torch.exp(-((y - b) ** 2 + (x - c) ** 2) / w) for a, b, c, w in blobs)
    movement = Movement(acceleration, SHOTS, rotation=rotation, shift=shift, **{"noise_std": 0.003, "coils": 2, **options})
    scan = movement.scan(torch.polar(truth, 0.5 * x), "blobs")
    A = RigidMotionSense.for_scan(scan.measured, coils="moving" if options.get("moving_coils", True) else "static")
    prior = GaussianPrior(
        torch.zeros(N, N, dtype=torch.complex64), Covariance.diagonal(A.domain, truth[::2, ::2] ** 2 + 1e-6), VE(0.005, 20.0)
    )
    return scan, Problem.of(A, scan.measured), prior


def last(sampler, problem, samples=1, seed=0):
    *_, step = sampler.trajectory(problem, Streams.of(seed, "autodps", samples))
    return step


def quality(step, scan):
    x = scan.truth["x"].data
    return float(psnr(registered(step.x0, x), x))


@pytest.fixture(scope="module")
def moved():
    return case()


def test_the_motion_is_found_and_the_image_near_that_of_the_true_motion(moved):
    scan, problem, prior = moved
    truth = scan.truth["motion"].data
    mine = last(AutoDPS(prior), problem)
    blind, told = (last(DPIR(prior, steps=10), at(problem, motion)) for motion in (torch.zeros_like(truth), truth))
    found = errors(mine.nuisance["motion"], truth)
    assert found["mae_degrees"] < 0.5 and found["mae_pixels"] < 0.06
    assert quality(mine, scan) > quality(blind, scan) + 6 and quality(mine, scan) > quality(told, scan) - 1.5


def test_as_published_the_focus_finds_shifts_and_dps_gives_the_image():
    scan, problem, prior = case(rotation=0.0)
    truth = scan.truth["motion"].data
    mine = last(AutoDPS(prior, **PUBLISHED), problem)
    found = mine.nuisance["motion"]
    blind, told = (last(DPIR(prior, steps=5), at(problem, motion)) for motion in (torch.zeros_like(truth), found))
    assert errors(found, truth)["mae_pixels"] < 0.25
    assert quality(told, scan) > quality(blind, scan) + 2
    assert torch.equal(mine.x0, last(DPS(prior, steps=5), at(problem, found)).x0)


def test_no_harm_where_nothing_moved():
    scan, problem, prior = case(rotation=0.0, shift=0.0, noise_std=0.02)
    rest = torch.zeros(1, SHOTS, 3)
    mine, always, plain = (
        last(AutoDPS(prior), problem),
        last(AutoDPS(prior, doubt=0.0), problem),
        last(DPIR(prior, steps=10), at(problem, rest)),
    )
    assert torch.equal(mine.nuisance["motion"], rest) and torch.equal(mine.x0, plain.x0)
    assert not torch.equal(always.nuisance["motion"], rest) and quality(always, scan) > quality(plain, scan) - 0.3


def test_a_little_motion_is_believed():
    scan, problem, prior = case(rotation=0.5, shift=0.3)
    found = last(AutoDPS(prior), problem).nuisance["motion"]
    truth = scan.truth["motion"].data
    assert found.abs().sum() > 0
    assert (found - truth).abs().mean() < 0.5 * (truth - truth.mean(1, keepdim=True)).abs().mean()


def test_image_and_motion_together_find_what_the_rounds_leave(moved):
    scan, problem, prior = moved
    truth = scan.truth["motion"].data
    rounds, mine = (errors(last(AutoDPS(prior, joint=joint), problem).nuisance["motion"], truth) for joint in (0, 3))
    assert mine["mae_pixels"] < rounds["mae_pixels"], (mine, rounds)
    assert mine["mae_degrees"] < 0.2 * rounds["mae_degrees"], (mine, rounds)


def test_rounds_find_more_than_the_focus(moved):
    scan, problem, prior = moved
    truth = scan.truth["motion"].data
    found = {
        steps: errors(last(AutoDPS(prior, focus=20, steps=steps, finish=2 - steps // 8), problem).nuisance["motion"], truth)
        for steps in (0, 16)
    }
    assert found[16]["mae_degrees"] < found[0]["mae_degrees"] and found[16]["mae_pixels"] < found[0]["mae_pixels"]


def test_each_half_is_fitted_to_the_image_of_the_other(moved, monkeypatch):
    _, problem, prior = moved
    asked, seen = [], []
    monkeypatch.setattr(sampler, "fitted", lambda p, x, m, n: asked.append(p.y.abs().sum((0, 1, 2)) > 0) or fitted(p, x, m, n))
    monkeypatch.setattr(sampler, "proximal", lambda p, *a, **k: seen.append(p.y.abs().sum((0, 1, 2)) > 0) or proximal(p, *a, **k))
    last(AutoDPS(prior, steps=2, finish=2), problem)
    assert all(bool((a ^ b).all()) for a, b in zip(asked[:4], seen[:4], strict=True)) and len(asked) == 4
    assert bool((asked[0] ^ asked[1]).all()) and not all(torch.equal(a, asked[0]) for a in asked[2:])


def test_the_part_of_some_shots_sees_what_the_whole_sees_of_them(moved):
    scan, problem, _ = moved
    motion, x = scan.truth["motion"].data, scan.truth["x"].data
    few = torch.tensor([0, 3])
    taken = in_motion(problem).taken[:, few].sum(1, keepdim=True)
    less = part(problem, few)
    assert torch.equal(less.y, taken * problem.y)
    torch.testing.assert_close(at(less, motion[:, few]).linear(x), taken * at(problem, motion).linear(x))
    assert in_motion(less).nuisance["motion"].space.shape == (2, 3)


@pytest.mark.parametrize("moving", [True, False], ids=["moving", "static"])
def test_the_true_image_gives_the_poses(moving):
    scan, problem, _ = case(moving_coils=moving)
    truth, x = scan.truth["motion"].data, scan.truth["x"].data
    near = fitted(problem, x, torch.zeros_like(truth), 6)
    assert (near - truth).abs()[..., 1:].max() < 0.1


def test_a_fit_never_makes_a_shot_worse(moved):
    scan, problem, _ = moved
    x = scan.truth["x"].data + 0.1 * Streams.of(1, "off").normal_like(scan.truth["x"].data)
    motion = torch.zeros_like(scan.truth["motion"].data)
    before = misfit(problem, at(problem, motion).linear(x))
    for steps in (1, 2, 5):
        after = misfit(problem, at(problem, fitted(problem, x, motion, steps)).linear(x))
        assert bool((after <= before).all())
        before = after


def test_the_derivative_of_a_fit_is_the_gradient(moved):
    """One step of Gauss and Newton is against the gradient of the misfit, which autograd knows."""
    scan, problem, _ = moved
    x, motion = scan.truth["x"].data, torch.zeros(1, SHOTS, 3)
    g = gradient(replace(problem, noise=Gaussian(None)), in_motion(problem), x, {"motion": motion})["motion"]
    way = fitted(problem, x, motion, 1)
    assert bool(((g * way).sum(-1) < 0).all())


def test_the_focus_falls_and_is_the_gradient_of_the_blur(moved):
    _, problem, _ = moved
    start = torch.zeros(1, SHOTS, 3)
    found = autofocus(problem, start, 40, 0.1)
    before, after = (float(blur(at(problem, m).linear.H(problem.y))) for m in (start, found))
    assert after < before - 0.005 and found.mean(1).abs().max() < 1e-5
    double = replace(problem, y=problem.y.to(torch.complex128))
    leaf = (0.3 * torch.ones(1, SHOTS, 3)).double().requires_grad_()
    assert torch.equal(autofocus(problem, start, 0, 0.1), start)
    value = lambda m: blur(at(double, m).linear.H(double.y))
    (g,) = torch.autograd.grad(value(leaf), leaf)
    for c in range(3):
        e = torch.zeros(1, SHOTS, 3).double()
        e[0, 1, c] = 0.02
        with torch.no_grad():
            assert float((value(leaf + e) - value(leaf - e)) / 0.04) == pytest.approx(float(g[0, 1, c]), rel=0.05, abs=1e-4)


def test_one_motion_for_all_samples_and_all_seeds(moved):
    _, problem, prior = moved
    draws = AutoDPS(prior, steps=4, image="diffpir", finish=3)
    step = last(draws, problem, samples=2)
    assert torch.equal(*step.nuisance["motion"]) and not torch.equal(*step.x0)
    again = last(AutoDPS(prior, steps=4), problem, seed=5)
    assert torch.equal(again.nuisance["motion"][0], step.nuisance["motion"][0])
    assert torch.equal(again.x0, last(AutoDPS(prior, steps=4), problem).x0)


def test_what_a_navigator_found_is_where_it_begins(moved):
    scan, problem, prior = moved
    truth = scan.truth["motion"].data
    A = in_motion(problem)
    told = replace(problem, A=RigidMotionSense(A.maps, (A.taken * torch.arange(SHOTS)[:, None, None]).sum(1), start=truth))
    assert torch.allclose(last(AutoDPS(prior, steps=0, finish=2), told).nuisance["motion"], truth, atol=1e-5)


def test_an_operator_without_shots_is_refused(moved):
    scan, problem, prior = moved
    maps, mask = scan.measured.require("sensitivity_maps", "mask")
    with pytest.raises(DataError, match="no shots in unknown poses"):
        last(AutoDPS(prior), replace(problem, A=SenseOperator(maps, mask)))


def test_the_recipe_takes_the_motion_of_the_embedded_head_away():
    few = {"sampler": {"options": {"steps": 4, "finish": 2, "iterations": 3}}, "priors": {"prior": {"options": {"weights": "brain-small"}}}}
    result = mridiff.load("autodps", **few)(MovingBrain(2, 8, rotation=2.0, shift=2.0, coils=2)[0])
    assert result.metrics["x"]["psnr_registered"] > result.metrics["baseline"]["psnr_registered"] + 1


def test_the_blur_does_not_hear_how_bright_an_image_is():
    """Several coils agree less the further their shots are moved apart; a darker image is no sharper one."""
    x = Streams.of(0, "x").normal((N, N))
    assert float(blur(0.5 * x)) == pytest.approx(float(blur(x)))
    spot = torch.zeros_like(x)
    spot[0, 3, 4] = 1
    assert float(blur(spot)) == pytest.approx(1 / N) and float(blur(torch.ones_like(x))) == pytest.approx(1)

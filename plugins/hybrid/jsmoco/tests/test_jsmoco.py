"""What makes it this method: motion and coil maps are found inside the reverse process, each helps, and neither drifts."""

import math
from dataclasses import replace

import pytest
import torch

from mridiff.errors import DataError
from mridiff.interfaces import Problem, Streams
from mridiff_datasets.moving import Movement
from mridiff_jsmoco import sampler as module
from mridiff_jsmoco.maps import off
from mridiff_jsmoco.poses import refined
from mridiff_jsmoco.sampler import JSMoCo
from mridiff_operators.motion import RigidMotionSense
from mridiff_operators.motion_and_maps import MotionAndMapsSense
from mridiff_sdk.diffusions import VE
from mridiff_sdk.metrics import psnr
from mridiff_sdk.motion import draw, errors, registered
from mridiff_sdk.oracles import Covariance, GaussianPrior

N, SHOTS, DEGREE = 32, 4, 4
FEW = {"steps": 10, "sweeps": 1, "rounds": 2}


def case(rotation=4.0, shift=1.5, maps="low-frequency", standing=False):
    """Blobs of 64 pixels a side, moved there and imaged at 32, by coils whose maps are those of the corrupted centre."""
    y, x = torch.meshgrid(*(torch.linspace(-1, 1, 2 * N),) * 2, indexing="ij")
    blobs = ((1.0, 0.1, -0.4, 0.01), (0.7, -0.45, 0.2, 0.02), (0.8, 0.4, 0.4, 0.01), (0.5, -0.1, 0.0, 0.05), (0.6, 0.45, -0.25, 0.01))
    truth = 0.5 * torch.sigmoid(20 * (0.7 - (y**2 + (1.2 * x) ** 2).sqrt()))
    truth = truth + sum(a * torch.exp(-((y - b) ** 2 + (x - c) ** 2) / w) for a, b, c, w in blobs)
    movement = Movement(1, SHOTS, rotation=rotation, shift=shift, noise_std=0.003, coils=4, center_fraction=0.25, maps=maps,
                        moving_coils=not standing)  # fmt: skip
    scan = movement.scan(torch.polar(truth, 0.5 * x), "blobs")
    A = MotionAndMapsSense.for_scan(scan.measured, coils="static" if standing else "moving", degree=DEGREE)
    x = scan.truth["x"].data
    mean = torch.nn.functional.avg_pool2d(torch.view_as_real(x).permute(0, 3, 1, 2), 3, 1, 1).permute(0, 2, 3, 1).contiguous()
    spread = Covariance.diagonal(A.domain, 0.05 * x[0].abs() ** 2 + 1e-5)
    # The prior knows the object blurred, and how bright it is: as much as a network sees in a moved image.
    return scan, A, Problem.of(A, scan.measured), GaussianPrior(torch.view_as_complex(mean)[0], spread, VE(0.005, 20.0))


def last(sampler, problem, samples=1):
    *_, step = sampler.trajectory(problem, Streams.of(0, "jsmoco", samples))
    return step


def quality(step, scan):
    x = scan.truth["x"].data
    return float(psnr(registered(step.x0, x), x))


def map_error(maps, scan):
    x = scan.truth["x"].data
    return float(off(maps, scan.truth["sensitivity_maps"].data, x.abs() > 0.1 * x.abs().max()))


@pytest.fixture(scope="module")
def moved():
    return case(standing=True)


@pytest.mark.parametrize("standing", [False, True])
def test_motion_and_maps_are_both_found_and_both_are_needed(standing):
    scan, A, problem, prior = case(standing=standing)
    joint, fixed, blind = (last(JSMoCo(prior, **FEW, **o), problem) for o in ({}, {"maps": False}, {"motion_most": 0.0}))
    truth = scan.truth["motion"].data
    found, before = errors(joint.nuisance["motion"], truth), errors(A.start()["motion"], truth)
    assert found["mae_degrees"] < 0.1 * before["mae_degrees"] and found["mae_pixels"] < 0.1 * before["mae_pixels"]
    assert map_error(joint.outputs["maps"].data, scan) < 0.35 * map_error(A.maps(A.start()["coefficients"]), scan)
    assert quality(joint, scan) > max(quality(fixed, scan) + 6, quality(blind, scan) + 1.5)
    assert torch.equal(fixed.nuisance["coefficients"], A.start()["coefficients"]) and not blind.nuisance["motion"].any()


def test_coils_that_stand_still_want_maps_that_do_where_the_head_turns_far_and_only_there():
    gain = []
    for rotation, shift in ((8.0, 3.0), (0.0, 0.0)):
        scan, still, _, prior = case(rotation, shift, standing=True)
        along = MotionAndMapsSense.for_scan(scan.measured, coils="moving", degree=DEGREE)
        a, b = (quality(last(JSMoCo(prior, **FEW), Problem.of(A, scan.measured)), scan) for A in (still, along))
        gain.append(a - b)
    assert gain[0] > 1 and abs(gain[1]) < 0.5


def test_nothing_drifts_where_nothing_moved():
    scan, _, problem, prior = case(rotation=0.0, shift=0.0)
    step = last(JSMoCo(prior, **FEW), problem)
    found = errors(step.nuisance["motion"], scan.truth["motion"].data)
    assert found["mae_degrees"] < 0.2 and found["mae_pixels"] < 0.1
    blind = last(JSMoCo(prior, **FEW, motion_most=0.0), problem)
    assert quality(step, scan) > quality(blind, scan) - 1.5


def test_a_step_on_the_poses_goes_to_the_least_squares_and_no_farther_than_told(moved):
    scan, A, problem, _ = moved
    x, truth = scan.truth["x"].data, scan.truth["motion"].data
    phi = {"motion": truth, "coefficients": A.normalised(A.start()["coefficients"], x)}
    problem = replace(problem, y=A.at(phi)(x))
    away = {**phi, "motion": truth + draw("uniform", SHOTS, 0.4, 0.4, Streams.of(0)).float()}
    once = refined(A, problem, x, away, 1.0)
    assert (once - truth).abs().max() < 0.2 * (away["motion"] - truth).abs().max()
    assert (refined(A, problem, x, {**phi, "motion": once}, 1.0) - truth).abs().max() < 0.01
    little = refined(A, problem, x, away, 0.05) - away["motion"]
    assert 0.03 < little.abs().max() < 0.1 and little.mean(1).abs().max() < 1e-5  # the mean is taken out after


def test_samples_have_motion_and_maps_of_their_own(moved):
    step = last(JSMoCo(moved[3], steps=4, sweeps=1, rounds=1, maps_from=0.5), moved[2], samples=2)
    for found in step.nuisance.values():
        assert len(found) == 2 and not torch.equal(*found)
    assert step.outputs["maps"].data.shape == (2, 4, N, N) and step.outputs["maps"].axes == ("coil", "y", "x")


def test_rounds_begin_anew_at_their_level_and_unknowns_wait_for_their_time(moved):
    sampler = JSMoCo(moved[3], steps=10, sweeps=1, rounds=3, motion_from=0.4, maps_from=0.2, sigma_again=0.5)
    steps = list(sampler.trajectory(moved[2], Streams.of(0)))
    levels = [s.t for s in steps]
    again = [i for i in range(1, len(levels)) if levels[i] > levels[i - 1]]
    assert [s.index for s in steps] == list(range(len(steps))) and {s.total for s in steps} == {len(steps)}
    assert len(again) == 2 and all(0.2 < levels[i] <= 0.5 for i in again) and levels[:10] == sorted(levels[:10], reverse=True)
    start = moved[1].start()["coefficients"]
    assert [bool(s.nuisance["motion"].any()) for s in steps[:10]] == [False] * 4 + [True] * 6
    assert [not torch.equal(s.nuisance["coefficients"], start) for s in steps[:10]] == [False] * 2 + [True] * 8
    assert all(s.nuisance["motion"].mean(1).abs().max() < 1e-5 for s in steps)


def test_motion_and_maps_are_asked_of_the_priors_estimate(moved, monkeypatch):
    """Not of an image that was made to agree with those at hand, which would ask for no other."""
    _, _, problem, prior = moved
    made, asked, plain, components = [], [], module.refined, MotionAndMapsSense.components
    handle = prior.register_forward_hook(lambda _, __, x0: made.append(x0.clone()))
    monkeypatch.setattr(module, "refined", lambda A, p, x, phi, most: asked.append(x) or plain(A, p, x, phi, most))
    monkeypatch.setattr(MotionAndMapsSense, "components", lambda A, x, phi: asked.append(x) or components(A, x, phi))
    last(JSMoCo(prior, steps=4, sweeps=2, rounds=1, motion_from=0, maps_from=0), problem)
    handle.remove()
    assert len(made) == 8 and all(torch.equal(x, made[i // 2]) for i, x in enumerate(asked)) and len(asked) == 16


def test_the_result_is_held_to_the_data(moved):
    scan, A, problem, prior = moved
    estimates = []
    handle = prior.register_forward_hook(lambda _, __, x0: estimates.append(x0.clone()))
    step = last(JSMoCo(prior, **FEW, iterations=20), problem)
    handle.remove()
    found = A.at(step.nuisance)
    held, estimate = (float((found(x) - problem.y).norm() / problem.y.norm()) for x in (step.x0, estimates[-1]))
    assert held < 0.9 * estimate
    assert quality(step, scan) > quality(replace(step, x0=estimates[-1]), scan)


def test_an_operator_without_these_unknowns_is_refused(moved):
    scan, _, problem, prior = moved
    with pytest.raises(DataError, match="no unknown motion and maps"):
        last(JSMoCo(prior), replace(problem, A=RigidMotionSense.for_scan(scan.measured)))


def test_map_errors_are_without_a_factor_of_all_coils():
    angle = torch.linspace(0, 1, 12)[:, None].expand(12, 12)
    maps, where = torch.stack((angle.cos(), angle.sin())).to(torch.complex64)[None], torch.ones(1, 12, 12, dtype=torch.bool)
    factor = torch.polar(torch.rand(1, 1, 12, 12) + 0.5, torch.rand(1, 1, 12, 12))
    assert off(factor * maps, maps, where) < 1e-3
    turned = torch.stack(((angle + 0.1).cos(), (angle + 0.1).sin())).to(torch.complex64)[None]
    assert float(off(turned, maps, where)) == pytest.approx(math.sin(0.1), rel=1e-3)
    where[..., :6] = False
    assert off(torch.where(where[:, None], maps, turned), maps, where) < 1e-3

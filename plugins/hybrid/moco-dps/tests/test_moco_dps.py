"""What makes it this method: the motion is found inside the reverse process, helps, and costs little where nothing moved."""

from dataclasses import replace
from functools import partial

import pytest
import torch

import mridiff
from mridiff.errors import DataError
from mridiff.interfaces import Gaussian, Problem, Streams
from mridiff_datasets.moving import Movement
from mridiff_moco_dps import ddim
from mridiff_moco_dps.beside import cg_told
from mridiff_moco_dps.ddim import MocoDDIM
from mridiff_moco_dps.sampler import MocoDPS
from mridiff_operators.motion import RigidMotionSense
from mridiff_operators.sense import SenseOperator
from mridiff_sdk.diffusions import VE
from mridiff_sdk.metrics import psnr
from mridiff_sdk.motion import errors, registered
from mridiff_sdk.oracles import Covariance, GaussianPrior
from mridiff_sdk.study import told

N, SHOTS = 32, 4


def case(rotation=4.0, shift=2.0, acceleration=1):
    """Blobs of 64 pixels a side, moved there and imaged at 32: not the operator that is inverted."""
    y, x = torch.meshgrid(*(torch.linspace(-1, 1, 2 * N),) * 2, indexing="ij")
    blobs = ((1.0, 0.1, -0.3, 0.01), (0.7, -0.35, 0.2, 0.02), (0.8, 0.3, 0.3, 0.01), (0.5, -0.1, 0.0, 0.05), (0.6, 0.35, -0.15, 0.01))
    truth = sum(a * torch.exp(-((y - b) ** 2 + (x - c) ** 2) / w) for a, b, c, w in blobs)
    movement = Movement(acceleration, SHOTS, rotation=rotation, shift=shift, noise_std=0.003, coils=2)
    scan = movement.scan(torch.polar(truth, 0.5 * x), "blobs")
    expected = truth[::2, ::2] ** 2 + 1e-6
    A = RigidMotionSense.for_scan(scan.measured)
    # The prior knows how bright each pixel is. An outline says little of rotations, and a stationary prior takes lines for independent.
    prior = GaussianPrior(torch.zeros(N, N, dtype=torch.complex64), Covariance.diagonal(A.domain, expected), VE(0.005, 20.0))
    return scan, A, Problem.of(A, scan.measured), prior


def quality(step, scan):
    x = scan.truth["x"].data
    return float(psnr(registered(step.x0, x), x))


def last(sampler, problem, samples=1):
    *_, step = sampler.trajectory(problem, Streams.of(0, "moco", samples))
    return step


@pytest.fixture(scope="module")
def moved():
    return case()


@pytest.fixture(scope="module")
def moved_less():
    """Within what `moco-dps` finds in every draw; of larger motions some draws stop at a wrong one."""
    return case(rotation=2.0, shift=1.0)


def near(sampler, scan, problem):
    """Quality blind, joint and with the true motion, and the motion's errors: most of the gap of image errors is closed."""
    truth = scan.truth["motion"].data
    blind, joint = last(sampler(motion_steps=0), problem), last(sampler(), problem)
    oracle = last(sampler(motion_steps=0), replace(problem, A=RigidMotionSense.for_scan(told(scan, "motion").measured)))
    b, j, o = (quality(s, scan) for s in (blind, joint, oracle))
    assert (10 ** (-b / 20) - 10 ** (-j / 20)) > 0.6 * (10 ** (-b / 20) - 10 ** (-o / 20))
    return b, j, o, errors(joint.nuisance["motion"], truth)


def test_langevin_is_near_the_oracle_and_far_above_the_blind(moved):
    """The oracle is no bound: the object was moved on a finer grid, of which a found motion makes up a little."""
    scan, _, problem, prior = moved
    b, j, _, found = near(partial(MocoDPS, prior, steps=30), scan, problem)
    assert j > b + 3 and found["mae_pixels"] < 0.1


def test_the_proximal_way_is_near_the_oracle_where_little_moved(moved_less):
    scan, A, problem, prior = moved_less
    b, j, o, found = near(partial(MocoDDIM, prior), scan, problem)
    x = scan.truth["x"].data
    assert float(psnr(registered(A.at(A.start()).H(problem.y), x), x)) < b + 0.5 and b + 2 < j < o + 0.5
    assert found["mae_degrees"] < 0.9 and found["mae_pixels"] < 0.1  # the blobs lie within 11 pixels: 0.9 degrees move them 0.17


def test_the_blind_one_keeps_the_motion_where_it_starts(moved):
    assert last(MocoDDIM(moved[3], motion_steps=0, steps=3), moved[2]).nuisance["motion"].abs().max() == 0


@pytest.mark.parametrize(("sampler", "loss"), [(partial(MocoDPS, steps=30), 1.5), (MocoDDIM, 4.0)], ids=["langevin", "proximal"])
def test_little_is_lost_where_nothing_moved(sampler, loss):
    scan, _, problem, prior = case(rotation=0, shift=0)
    joint, blind = last(sampler(prior), problem), last(sampler(prior, motion_steps=0), problem)
    assert quality(blind, scan) - loss < quality(joint, scan) < quality(blind, scan) + 0.5
    found = errors(joint.nuisance["motion"], scan.truth["motion"].data)
    assert found["mae_degrees"] < 0.7 and found["mae_pixels"] < 0.1


def test_the_motion_rests_until_its_time(moved):
    steps = list(MocoDDIM(moved[3], steps=10, motion_from=0.5).trajectory(moved[2], Streams.of(0)))
    assert [bool(s.nuisance["motion"].abs().max() > 0) for s in steps] == [False] * 5 + [True] * 5
    assert all(s.nuisance["motion"].mean(1).abs().max() < 1e-5 for s in steps)


def test_the_motion_is_asked_of_the_priors_estimate(moved, monkeypatch):
    """Not of what was made to agree with the present motion, which would ask for none."""
    _, _, problem, prior = moved
    made, asked, plain = [], [], ddim.gradient
    handle = prior.register_forward_hook(lambda _, __, x0: made.append(x0.clone()))
    monkeypatch.setattr(ddim, "gradient", lambda p, A, x, phi: asked.append(x.clone()) or plain(p, A, x, phi))
    for _ in MocoDDIM(prior, steps=4, motion_steps=1, motion_from=0.0).trajectory(problem, Streams.of(0)):
        pass
    handle.remove()
    assert len(asked) == 4 and all(torch.equal(a, b) for a, b in zip(asked, made, strict=True))


def test_an_estimate_is_off_by_no_more_than_images_vary(moved):
    """x0' solves the equations with r^2 = t^2 / (1 + t^2), not t^2: where images vary by 1, so does the error of the first estimates."""
    _, A, problem, prior = moved
    made = []
    handle = prior.register_forward_hook(lambda _, __, x0: made.append(x0.clone()))
    sampler = MocoDDIM(prior, steps=3, J=30, motion_steps=0)
    step = next(iter(sampler.trajectory(replace(problem, noise=Gaussian(1.0)), Streams.of(0))))
    handle.remove()
    still, r2 = A.at(A.start()), step.t**2 / (1 + step.t**2)
    left = still.H(still(step.x0) - problem.y) + (step.x0 - made[0]) / r2
    assert float(left.norm()) < 1e-3 * float(((step.x0 - made[0]) / r2).norm())


def test_the_gradient_through_the_prior_finds_motion_too(moved_less):
    scan, _, problem, prior = moved_less
    truth = scan.truth["motion"].data
    found = errors(last(MocoDDIM(prior, data="gradient", zeta=2.0), problem).nuisance["motion"], truth)
    before = errors(torch.zeros_like(truth), truth)
    assert found["mae_degrees"] < 0.9 * before["mae_degrees"] and found["mae_pixels"] < 0.2 * before["mae_pixels"]


def test_each_sample_has_its_own_motion(moved):
    step = last(MocoDDIM(moved[3], steps=6), moved[2], samples=2)
    assert step.nuisance["motion"].shape == (2, SHOTS, 3) and not torch.equal(*step.nuisance["motion"])
    assert not torch.equal(*last(MocoDPS(moved[3], steps=3, temperature=1.0), moved[2], samples=2).nuisance["motion"])


@pytest.mark.parametrize("sampler", [MocoDDIM, MocoDPS])
def test_an_operator_without_an_unknown_is_refused(moved, sampler):
    scan, _, problem, prior = moved
    maps, mask = scan.measured.require("sensitivity_maps", "mask")
    with pytest.raises(DataError, match="no unknown motion"):
        next(iter(sampler(prior).trajectory(replace(problem, A=SenseOperator(maps, mask), noise=Gaussian(0.1)), Streams.of(0))))


def test_a_method_that_is_told_the_motion_begins_with_it(moved):
    scan, _, _, _ = moved
    blind = mridiff.load("moco-dps", sampler={"options": {"steps": 2, "inner": 1, "motion_steps": 0}})
    without, result = blind(scan).metrics["baseline"]["psnr_registered"], blind(told(scan, "motion"))
    assert max(result.metrics["motion"].values()) < 1e-5
    assert result.metrics["baseline"]["psnr_registered"] > without + 1.5
    assert float(psnr(cg_told(scan, 0), scan.truth["x"].data)) > without + 6


def test_the_pipeline_shows_the_uncorrected_image_and_scores_motion_without_its_gauge(moved):
    scan, A, _, _ = moved
    result = mridiff.load("moco-dps", sampler={"options": {"steps": 2, "inner": 1}})(scan)
    uncorrected = A.at(A.start()).H(scan.measured.y)
    assert result.baseline is not None and torch.allclose(result.baseline, uncorrected, atol=1e-5)
    assert result.estimates["motion"].shape == (1, SHOTS, 3)
    assert result.metrics["motion"] == pytest.approx(errors(result.estimates["motion"], scan.truth["motion"].data))
    assert result.metrics["baseline"]["psnr"] < 40


def test_the_last_chain_is_at_the_motion_found_and_nearer_to_what_the_data_tell(moved):
    scan, A, problem, prior = moved
    plain = last(MocoDPS(prior, steps=20, finish=0), problem)
    *before, step = MocoDPS(prior, steps=20, joint=0, finish=5).trajectory(problem, Streams.of(0, "moco", 1))
    assert [s.index for s in before] == list(range(24)) and {s.total for s in (*before, step)} == {25}
    assert torch.equal(step.nuisance["motion"], plain.nuisance["motion"])
    assert quality(step, scan) > quality(plain, scan) + 1
    exact = prior.posterior(replace(problem, A=A.at(step.nuisance)))[0]
    left = [float((x - exact).norm() / exact.norm()) for x in (plain.x0, step.x0)]
    assert left[1] < 0.7 * left[0]


def test_image_and_motion_together_bring_the_motion_home_and_leave_rest_alone(moved):
    scan, A, problem, prior = moved
    truth = scan.truth["motion"].data
    plain, mine = (errors(last(MocoDPS(prior, joint=joint), problem).nuisance["motion"], truth) for joint in (0, 3))
    assert mine["mae_pixels"] < 0.5 * plain["mae_pixels"] and mine["mae_degrees"] < 0.5 * plain["mae_degrees"], (plain, mine)
    still = replace(problem, y=A.at(A.start())(scan.truth["x"].data))
    assert last(MocoDPS(prior), still).nuisance["motion"].abs().max() == 0

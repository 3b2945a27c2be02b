from dataclasses import replace
from functools import partial

import pytest
import torch

from mridiff_gldm.source import MergedFrames, references
from mridiff_gldm.train import Data, MergedObjective, Net, ScanOptions, global_training, local_training, training
from mridiff_sdk.codecs import RadialWeight, Ramp
from mridiff_sdk.training import Batch, Run, prepare

SCAN = ScanOptions(frames=8, size=16, acceleration=4, center_lines=4, noise_std=0.01)
DATA = Data(3, SCAN)
NET = Net(widths=[4, 8], blocks=[1, 1], features=8)
FIT = {"sigma_data": 1.5, "often": (0.1, 4.0), "updates": 3, "batch": 4}


def poisoned(measured):
    (mask,) = measured.require("mask")
    return replace(measured, y=torch.where(mask > 0, measured.y, torch.full_like(measured.y, complex(float("nan"), float("nan")))))


def weights(folder, series, which="global"):
    return prepare(partial(training, which=which, series=series), Run(folder), data=DATA, net=NET, **FIT).run().state_dict()


@pytest.mark.parametrize("which", ["global", "local"])
def test_poisoned_unsampled_values_give_the_same_weights(tmp_path, which):
    series = list(DATA.series(range(3)))
    clean = weights(tmp_path / "clean", series, which)
    poison = weights(tmp_path / "poison", map(poisoned, series), which)
    start = weights(tmp_path / "start", DATA.series(range(5, 8)), which)
    assert all(torch.equal(clean[k], poison[k]) for k in clean)
    assert not all(torch.equal(clean[k], start[k]) for k in clean)  # other measurements do matter


def test_no_truth_is_passed(tmp_path):
    run = global_training(Run(tmp_path), data=DATA, net=NET, **FIT)
    assert MergedObjective.sees == "measured" == run.objective.sees
    batch = run.stages[0].source.batch(0, range(4))
    assert isinstance(batch, Batch) and not batch.truth and set(batch.measured) == {"x"}
    assert not any(hasattr(m, "truth") for m in DATA.series(range(1)))


def test_references_are_scaled_by_the_measurement_and_weighted():
    (measured,) = DATA.series([0])
    frames = references(measured, 4)
    assert frames.shape == (8, 16, 16) and not frames[:, 8, 8].any()
    torch.testing.assert_close(references(replace(measured, y=7 * measured.y), 4), frames, rtol=1e-5, atol=1e-6)
    line = RadialWeight(Ramp(1.0), "pixel").encode(measured.y)[0, 0, 0]
    share = (frames[0, 0] / line)[line.abs() > 0]
    torch.testing.assert_close(share, share[:1].expand_as(share), rtol=1e-4, atol=0)


def test_frames_are_drawn_by_update_and_place_with_a_random_phase():
    source = MergedFrames(DATA.series(range(2)), 8, seed=0)
    whole, part = source.batch(3, range(6)).measured["x"], source.batch(3, [4, 5]).measured["x"]
    assert whole.shape == (6, 16, 16) and torch.equal(whole[4:], part) and not torch.equal(whole, source.batch(4, range(6)).measured["x"])
    own = {round(float(f.abs().sum()), 2) for f in source.frames}
    assert {round(float(f.abs().sum()), 2) for f in whole} <= own and len(source.frames) == 16


def test_the_two_trainings_differ_by_the_length_of_their_merges(tmp_path):
    made = [task(Run(tmp_path), data=DATA, net=NET, **FIT).stages[0].source.frames for task in (global_training, local_training)]
    assert made[0].shape == made[1].shape == (24, 16, 16) and not torch.equal(made[0], made[1])
    assert float((made[1] - made[0]).norm() / made[0].norm()) < 0.5

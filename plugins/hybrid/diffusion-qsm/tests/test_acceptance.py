"""The shipped weights on scans of a subject that they have not seen, cubes side by side; the card has the full numbers."""

import pytest
import torch

from mridiff import load
from mridiff_datasets.qsm import QsmPhantom
from mridiff_diffusion_qsm.measure import BASELINES, measured, scores
from mridiff_diffusion_qsm.prior import QsmPatches
from mridiff_diffusion_qsm.sampler import DiffusionQSM

SHORT = {"steps": 16, "late": 6, "repeats": 1}
APART = {"prior": {"options": {"patch": 24, "stride": 24}}}


@pytest.fixture(scope="module")
def scan():
    return QsmPhantom(first=960)[0]


@pytest.fixture(scope="module")
def found(scan):
    return load("diffusion-qsm", priors=APART)(scan)


def test_it_beats_classical_inversions_of_an_unseen_brain(scan, found):
    row = scores(found.x, scan)
    others = {name: measured(build(), [scan])[0] for name, build in BASELINES.items()}
    for name in ("TKD 0.2", "Tikhonov (CG, l2 0.003)"):
        assert row["nrmse"] < 0.75 * others[name]["nrmse"] and row["cone"] < 0.5 * others[name]["cone"], name
    assert found.metrics["x"]["nrmse"] == pytest.approx(row["nrmse"], rel=1e-3)
    assert found.metrics["baseline"]["nrmse"] == pytest.approx(others["TKD 0.2"]["nrmse"], rel=1e-3)


def test_the_map_is_in_ppm_zero_outside_of_the_brain_and_on_average(scan, found):
    head = scan.truth["head"].data
    assert found.scale == pytest.approx(0.03) and not found.x[~head].any() and abs(float(found.x[head].mean())) < 1e-6
    assert float(found.x[head].std()) == pytest.approx(float(scan.truth["x"].data[head].std()), rel=0.1)


def test_each_evaluation_denoises_every_cube_once(found):
    assert found.cost.nfe == found.cost.items == 90 * 8  # 24 of 48 voxels, twice along each axis
    assert found.cost.backward == 0


def test_time_travel_helps_and_a_turned_field_needs_no_training(scan):
    turned = QsmPhantom(first=960, tilt=30.0)[0]
    prior = QsmPatches("phantom", 24, 24)
    travelled, plain = (measured(DiffusionQSM(prior, **{**SHORT, "repeats": r}), [scan])[0] for r in (1, 0))
    (other,) = measured(DiffusionQSM(prior, **SHORT), [turned])
    assert travelled["nrmse"] < 0.95 * plain["nrmse"] and travelled["nfe"] == plain["nfe"] + 6 * 8
    assert other["nrmse"] < 1.15 * travelled["nrmse"]


def test_without_fresh_noise_and_travel_runs_repeat_bit_by_bit(scan):
    short = {"steps": 3, "repeats": 0, "eta": 0.0}
    a, b = (load("diffusion-qsm", priors=APART, sampler={"options": short})(scan).x for _ in range(2))
    assert torch.equal(a, b)

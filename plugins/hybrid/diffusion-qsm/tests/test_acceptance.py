"""The shipped weights on scans of a subject that they have not seen, cubes side by side; the card has the full numbers."""

import pytest
import torch

from mridiff import load
from mridiff_datasets.qsm import QsmPhantom
from mridiff_diffusion_qsm.studies import apart, cone, studies, upright

SHORT = {"steps": 16, "late": 6, "repeats": 1}


@pytest.fixture(scope="module")
def scan():
    return QsmPhantom(first=960)[0]


@pytest.fixture(scope="module")
def found(scan):
    return load(apart())(scan)


def test_it_beats_classical_inversions_of_an_unseen_brain(scan, found):
    rows = studies()["diffusion-qsm"].rows
    others = {name: load(rows[name])(scan) for name in ("TKD", "Tikhonov")}
    for name, other in others.items():
        assert found.metrics["x"]["nrmse"] < 0.75 * other.metrics["x"]["nrmse"] and cone(found, scan) < 0.5 * cone(other, scan), name
    assert found.metrics["baseline"]["nrmse"] == pytest.approx(others["TKD"].metrics["x"]["nrmse"], rel=1e-3)


def test_the_map_is_in_ppm_zero_outside_of_the_brain_and_on_average(scan, found):
    head = scan.truth["head"].data
    assert found.scale == pytest.approx(0.03) and not found.x[~head].any() and abs(float(found.x[head].mean())) < 1e-6
    assert float(found.x[head].std()) == pytest.approx(float(scan.truth["x"].data[head].std()), rel=0.1)


def test_each_evaluation_denoises_every_cube_once(found):
    assert found.cost.nfe == found.cost.items == 90 * 8  # 24 of 48 voxels, twice along each axis
    assert found.cost.backward == 0


def test_time_travel_helps_and_a_turned_field_needs_no_training(scan):
    turned, method = QsmPhantom(first=960, tilt=30.0)[0], load(apart(**SHORT))
    travelled, other, forgotten = (method(s) for s in (scan, turned, upright(turned)))
    plain = load(apart(**{**SHORT, "repeats": 0}))(scan)
    worse = {name: r.metrics["x"]["nrmse"] / travelled.metrics["x"]["nrmse"] for name, r in (("plain", plain), ("turned", other))}
    assert worse["plain"] > 1 / 0.95 and travelled.cost.nfe == plain.cost.nfe + 6 * 8
    assert worse["turned"] < 1.15 and forgotten.metrics["x"]["nrmse"] > 3 * other.metrics["x"]["nrmse"]


def test_without_fresh_noise_and_travel_runs_repeat_bit_by_bit(scan):
    method = load(apart(steps=3, repeats=0, eta=0.0))
    assert torch.equal(method(scan).x, method(scan).x)

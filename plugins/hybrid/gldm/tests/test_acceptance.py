"""The shipped weights in a short run on a small scan of a subject that they have not seen; the card has the full numbers."""

import pytest
import torch

from mridiff import load
from mridiff_datasets.cine import Cine
from mridiff_gldm.measure import sake, scores, sliding_window, zero_filled
from mridiff_sdk.fourier import fft

STEPS = 12


@pytest.fixture(scope="module")
def scan():
    return Cine(first=960, frames=8)[0]


@pytest.fixture(scope="module")
def found(scan):
    return load("gldm", sampler={"options": {"steps": STEPS, "snr": 0.0}})(scan)


def test_it_beats_zero_filling_and_low_rank_alone(scan, found):
    truth = scan.truth["x"].data
    made = {"gldm": found.x, "zero-filled": zero_filled(scan), "low rank": sake(scan, 37, STEPS), "window": sliding_window(scan)}
    row = {name: scores(x, truth) for name, x in made.items()}
    assert row["gldm"]["psnr"] > row["zero-filled"]["psnr"] + 5
    assert row["gldm"]["psnr"] > row["low rank"]["psnr"] + 0.5
    assert row["gldm"]["psnr_moving"] > row["window"]["psnr_moving"] + 1
    assert row["gldm"]["nmse_temporal"] < 0.5 * row["low rank"]["nmse_temporal"]
    assert found.metrics["x"]["psnr"] == pytest.approx(row["gldm"]["psnr"], abs=0.01)


def test_it_keeps_the_measured_samples(scan, found):
    (mask,) = scan.measured.require("mask")
    torch.testing.assert_close(mask * fft(found.x), scan.measured.y, rtol=1e-4, atol=1e-4)


def test_each_step_costs_two_evaluations_of_each_frame_without_correctors(found):
    assert found.cost.nfe == found.cost.items == 2 * STEPS * 8

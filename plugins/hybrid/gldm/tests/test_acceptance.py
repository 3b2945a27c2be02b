"""The shipped weights in a short run on a small scan of a subject that they have not seen; the card has the full numbers."""

import pytest
import torch

from mridiff import load
from mridiff_datasets.cine import Cine
from mridiff_gldm.studies import low_rank, sliding_window
from mridiff_sdk.fourier import fft, ifft
from mridiff_sdk.metrics import moving_region, psnr, temporal_nmse

STEPS = 12


@pytest.fixture(scope="module")
def scan():
    return Cine(first=960, frames=8)[0]


@pytest.fixture(scope="module")
def found(scan):
    return load("gldm", sampler={"options": {"steps": STEPS, "snr": 0.0}})(scan)


def test_it_beats_zero_filling_and_low_rank_alone(scan, found):
    truth, row = scan.truth["x"].data, found.metrics["x"]
    alone = low_rank(scan, 0, passes=STEPS)
    assert row["psnr"] > float(psnr(ifft(scan.measured.y), truth)) + 5
    assert row["psnr"] > float(psnr(alone, truth)) + 0.5
    assert row["psnr_moving"] > float(psnr(sliding_window(scan, 0, 4), truth, region=moving_region(truth))) + 1
    assert row["nmse_temporal"] < 0.5 * float(temporal_nmse(alone, truth))


def test_it_keeps_the_measured_samples(scan, found):
    (mask,) = scan.measured.require("mask")
    torch.testing.assert_close(mask * fft(found.x), scan.measured.y, rtol=1e-4, atol=1e-4)


def test_each_step_costs_two_evaluations_of_each_frame_without_correctors(found):
    assert found.cost.nfe == found.cost.items == 2 * STEPS * 8

import pytest
import torch

from mridiff_datasets.cine import Cine
from mridiff_gldm.measure import measured, sake, scores, sliding_window, zero_filled
from mridiff_sdk.fourier import fft, ifft


@pytest.fixture(scope="module")
def scan():
    return Cine(first=7, frames=8, size=32, acceleration=2, center_lines=4, noise_std=0.0)[0]


def test_a_sliding_window_shares_lines_of_the_frames_about(scan):
    x, (mask,), y = sliding_window(scan, 2), scan.measured.require("mask"), scan.measured.y
    k = fft(x)
    torch.testing.assert_close(k[mask > 0], y[mask > 0])
    torch.testing.assert_close(k[0, 3, 1::2], torch.where(mask[0, 3, 1::2] > 0, y[0, 3, 1::2], y[0, 2, 1::2]))
    torch.testing.assert_close(k[0, 0, 1], y[0, 1, 1])  # the first frame has none before it


def test_merging_and_low_rank_remove_aliasing(scan):
    rows = {name: measured(method, [scan]) for name, method in
            {"zero": zero_filled, "window": sliding_window, "low": lambda s: sake(s, 25, 20)}.items()}  # fmt: skip
    for name in ("window", "low"):
        assert rows[name]["psnr"] > rows["zero"]["psnr"] + 8 and rows[name]["nmse_temporal"] < 0.1 * rows["zero"]["nmse_temporal"]
    assert rows["zero"]["seconds"] >= 0


def test_still_and_moving_parts_are_scored_apart(scan):
    truth = scan.truth["x"].data
    blurred = truth.mean(1, keepdim=True).expand_as(truth)
    row = scores(blurred, truth)
    assert scores(truth, truth)["nmse_temporal"] == 0
    assert row["psnr_still"] > row["psnr_moving"] + 15 and row["nmse_temporal"] == pytest.approx(1, abs=0.05)


def test_low_rank_alone_keeps_the_data(scan):
    (mask,) = scan.measured.require("mask")
    torch.testing.assert_close((mask * fft(sake(scan, 25, 3))), scan.measured.y, atol=1e-4, rtol=1e-4)
    assert not torch.allclose(sake(scan, 25, 3), ifft(scan.measured.y), atol=1e-2)

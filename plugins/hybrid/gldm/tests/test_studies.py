"""The baselines of the card that need no prior."""

import pytest
import torch

from mridiff_datasets.cine import Cine
from mridiff_gldm.studies import low_rank, sliding_window
from mridiff_sdk.fourier import fft, ifft
from mridiff_sdk.metrics import psnr, temporal_nmse


@pytest.fixture(scope="module")
def scan():
    return Cine(first=7, frames=8, size=32, acceleration=2, center_lines=4, noise_std=0.0)[0]


def test_a_sliding_window_shares_lines_of_the_frames_about(scan):
    x, (mask,), y = sliding_window(scan, 0, 2), scan.measured.require("mask"), scan.measured.y
    k = fft(x)
    torch.testing.assert_close(k[mask > 0], y[mask > 0])
    torch.testing.assert_close(k[0, 3, 1::2], torch.where(mask[0, 3, 1::2] > 0, y[0, 3, 1::2], y[0, 2, 1::2]))
    torch.testing.assert_close(k[0, 0, 1], y[0, 1, 1])  # the first frame has none before it


def test_sharing_and_low_rank_remove_aliasing(scan):
    truth, zero_filled = scan.truth["x"].data, ifft(scan.measured.y)
    for x in (sliding_window(scan, 0, 4), low_rank(scan, 0, passes=20, rank=25)):
        assert psnr(x, truth) > psnr(zero_filled, truth) + 8 and temporal_nmse(x, truth) < 0.1 * temporal_nmse(zero_filled, truth)


def test_low_rank_alone_keeps_the_data(scan):
    (mask,), x = scan.measured.require("mask"), low_rank(scan, 0, passes=3, rank=25)
    torch.testing.assert_close(mask * fft(x), scan.measured.y, atol=1e-4, rtol=1e-4)
    assert not torch.allclose(x, ifft(scan.measured.y), atol=1e-2)

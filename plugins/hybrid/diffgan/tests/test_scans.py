import pytest
import torch

from mridiff.interfaces import Space, Streams
from mridiff_diffgan.scans import Scans, scores, sharpness
from mridiff_sdk.testing import smooth


@pytest.fixture
def scans():
    return Scans.simulated(smooth(Space(("y", "x"), (40, 32)), 3), 4.0, 0.0)


def test_scans_are_scaled_by_what_was_measured(scans):
    torch.testing.assert_close(scans.problem.linear.H(scans.problem.y).abs().flatten(1).quantile(0.99, dim=1), torch.ones(3))
    torch.testing.assert_close(scans.problem.operator(scans.x), scans.problem.y, atol=1e-5, rtol=0)


def test_sharpness_is_one_for_the_truth_less_after_blurring_more_with_noise(scans):
    x = scans.x
    blurred = torch.nn.functional.avg_pool2d(x.abs()[:, None], 7, 1, 3)[:, 0]
    assert torch.equal(sharpness(x, x), torch.ones(3))
    assert (sharpness(blurred, x) < 0.97).all()
    assert (sharpness(x + 0.1 * Streams.of(0, "", 3).normal_like(x), x) > 1.2).all()


def test_scores_of_the_truth_are_perfect(scans):
    found = scores(scans.x, scans.x)
    assert found["psnr"] == float("inf") and found["ssim"] == pytest.approx(1) and found["hfen"] == found["l1"] == 0

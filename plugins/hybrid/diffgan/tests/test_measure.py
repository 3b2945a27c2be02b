import pytest
import torch

from mridiff.interfaces import Prior, Space, Streams
from mridiff_diffgan.measure import Gradual, scatter
from mridiff_diffgan.scans import Scans, scores, sharpness
from mridiff_sdk.diffusions import VE
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


def test_scatter_is_split_by_the_mask(scans):
    noise = torch.stack([Streams.of(i, "", 3).normal_like(scans.x) for i in range(50)])
    kept = torch.stack([scans.x + n - scans.problem.linear.H(scans.problem.operator(n)) for n in noise])
    found = scatter(kept, scans)
    assert found["unsampled"] == pytest.approx(1, abs=0.05) and found["sampled"] < 1e-5
    assert found["size relative to the error"] == pytest.approx(50**0.5, rel=0.05)


class Exact(Prior):
    """E[x0 | x0 + t n] of white images of unit variance."""

    def __init__(self):
        super().__init__()
        self.space, self.diffusion = Space(("y", "x")), VE()

    def forward(self, x_t, t, conditions=None, rng=None):
        return x_t / (1 + torch.as_tensor(t).reshape(-1, *(1,) * (x_t.ndim - 1)) ** 2).to(x_t.real.dtype)


def test_a_denoiser_answers_the_same_on_the_generators_diffusion():
    x = Streams.of(0, "", 2).normal((8, 8))
    prior = Gradual(Exact())
    for t in (0.25, 0.75):
        torch.testing.assert_close(prior(x, t), prior.diffusion.alpha(t).float() * x)

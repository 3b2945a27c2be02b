"""The shipped weights on an image that they have not seen, at 128 pixels; the card has the full numbers."""

import pytest
import torch

from mridiff import load, load_dataset
from mridiff_datasets.brain import head
from mridiff_diffgan.prior import DiffGANGenerator
from mridiff_diffgan.scans import Scans, scores
from mridiff_priors.denoiser import Denoiser
from mridiff_samplers.diffpir import DiffPIR
from mridiff_sdk.fourier import fft, ifft

SIZE, MASKS, DRAWS = 128, 4, 8


@pytest.fixture(scope="module")
def scans():
    """The embedded head at half of its resolution, behind several masks."""
    x = ifft(fft(head())[64 : 64 + SIZE, 64 : 64 + SIZE])
    return Scans.simulated((x / x.abs().flatten().quantile(0.99)).expand(MASKS, SIZE, SIZE))


@pytest.fixture(scope="module")
def drawn(scans):
    return torch.stack([scans.reconstruct(DiffGANGenerator(), draw=i) for i in range(DRAWS)])


def test_one_draw_beats_zero_filling_and_a_denoiser_in_as_many_calls(scans, drawn):
    zero_filled = scans.problem.linear.H(scans.problem.y)
    found = {
        "draw": drawn[0],
        "mean": drawn.mean(0),
        "zero-filled": zero_filled,
        "denoiser": scans.run(DiffPIR(Denoiser(), steps=4, start="noise")),
    }
    psnr = {name: scores(x, scans.x)["psnr"] for name, x in found.items()}
    assert psnr["draw"] > psnr["zero-filled"] + 0.5
    assert psnr["mean"] > psnr["zero-filled"] + 1
    assert psnr["draw"] > psnr["denoiser"] + 1


def test_four_calls_are_as_good_as_eight(scans, drawn):
    eight = scans.reconstruct(DiffGANGenerator(), steps=8)
    assert abs(scores(drawn[0], scans.x)["psnr"] - scores(eight, scans.x)["psnr"]) < 0.5


def test_draws_differ_where_nothing_was_measured_and_their_mean_is_nearer_and_smoother(scans, drawn):
    std, mask = fft(drawn).std(0), scans.problem.linear.mask.bool().expand(scans.x.shape)
    assert std[~mask].mean() > 1e-2 and std[mask].mean() < 1e-5
    one, mean = scores(drawn[0], scans.x), scores(drawn.mean(0), scans.x)
    assert mean["psnr"] > one["psnr"] and mean["sharpness"] < one["sharpness"]


def test_measured_numbers_are_kept(scans, drawn):
    torch.testing.assert_close(scans.problem.linear(drawn[0]), scans.problem.y, atol=1e-5, rtol=1e-5)


def test_the_recipe_makes_four_evaluations():
    method = load("diffgan")
    assert method(load_dataset(method.plan)[0]).cost.nfe == 4

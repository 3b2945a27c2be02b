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


def mean_of(scans, draws=DRAWS, weights="brain", **options):
    return torch.stack([scans.reconstruct(DiffGANGenerator(weights), draw=i, **options) for i in range(draws)]).mean(0)


def test_the_mean_beats_zero_filling_and_a_denoiser_in_as_many_calls_as_a_draw(scans, drawn):
    zero_filled = scans.problem.linear.H(scans.problem.y)
    found = {
        "mean": drawn.mean(0),
        "near": mean_of(scans, 1, "brain-near"),
        "zero-filled": zero_filled,
        "denoiser": scans.run(DiffPIR(Denoiser(), steps=4, start="noise")),
    }
    psnr = {name: scores(x, scans.x)["psnr"] for name, x in found.items()}
    assert psnr["mean"] > psnr["zero-filled"] + 1 and psnr["mean"] > psnr["denoiser"] + 1
    assert psnr["near"] > psnr["zero-filled"] + 0.5 and psnr["near"] > psnr["denoiser"] + 1


def test_draws_differ_as_much_as_their_mean_is_off_and_those_near_their_mean_do_not(scans, drawn):
    """Exact draws have 1; to be within 40 % of it is what distinguishes these weights."""
    head = scans.x.abs() > 0.1 * scans.x.abs().amax()
    near = torch.stack([scans.reconstruct(DiffGANGenerator("brain-near"), draw=i) for i in range(DRAWS)])

    def ratio(x):
        error = (x.mean(0).abs() - scans.x.abs())[head].square().mean()
        return float(((1 + 1 / DRAWS) * x.abs().var(0)[head].mean() / error).sqrt())

    assert ratio(near) < 0.5 and 0.6 < ratio(drawn) < 1.3


def test_four_calls_are_as_good_as_eight(scans, drawn):
    assert abs(scores(drawn.mean(0), scans.x)["psnr"] - scores(mean_of(scans, steps=8), scans.x)["psnr"]) < 0.5


def test_draws_differ_where_nothing_was_measured_and_their_mean_is_nearer_and_smoother(scans, drawn):
    std, mask = fft(drawn).std(0), scans.problem.linear.mask.bool().expand(scans.x.shape)
    assert std[mask].mean() < 0.1 * std[~mask].mean()
    one, mean = scores(drawn[0], scans.x), scores(drawn.mean(0), scans.x)
    assert mean["psnr"] > one["psnr"] and mean["sharpness"] < one["sharpness"]


def test_measured_numbers_take_the_place_of_drawn_ones(scans):
    x = scans.reconstruct(DiffGANGenerator(), error=100.0)
    torch.testing.assert_close(scans.problem.linear(x), scans.problem.y, atol=1e-4, rtol=1e-4)


def test_the_recipe_makes_eight_draws_of_four_evaluations():
    method = load("diffgan")
    assert method(load_dataset(method.plan)[0]).cost.nfe == 4

"""The shipped weights on slices of heads that they have not seen; the card has the full numbers."""

import pytest
import torch

from mridiff import load, load_dataset
from mridiff.interfaces import Streams
from mridiff_sdk.metrics import auc
from mridiff_simplex_anomaly.dataset import DrawnLesions
from mridiff_simplex_anomaly.prior import P99, SimplexDDPM
from mridiff_simplex_anomaly.sampler import SimplexOneStep


@pytest.fixture(scope="module")
def slices():
    """Eight slices with a lesion, the same without, in units of the prior; lesions and brains."""
    scans = list(DrawnLesions(count=4))
    ill, healthy = (P99 * torch.cat(list(parts)) for parts in zip(*((s.measured.y, s.truth["x"].data) for s in scans), strict=True))
    return ill, healthy, torch.cat([s.truth["lesion"].data for s in scans]), torch.cat([s.truth["head"].data for s in scans])


def error(x, level):
    """Squared difference of slices (sample, y, x) from what the network makes of them."""
    prior = SimplexDDPM()
    return (x - prior(prior.diffusion.degrade(x, level, Streams.of(0, "draw", len(x))), level).clamp(0, 2)).square()


def test_lesions_stand_out(slices):
    ill, _, lesion, brain = slices
    assert float(auc(error(ill, 0.1), lesion, brain).mean()) > 0.55


def test_a_lesion_is_further_from_healthy_than_the_same_place_without_it(slices):
    ill, healthy, lesion, _ = slices
    assert float(error(ill, 0.1)[lesion].mean()) > 1.2 * float(error(healthy, 0.1)[lesion].mean())


def test_hardly_noised_a_slice_comes_back_and_what_is_healthy_is_lost_the_more_the_further_it_is_noised(slices):
    _, healthy, _, brain = slices
    errors = [float(error(healthy, level)[brain].mean()) for level in (0.005, 0.1, 0.4)]
    assert errors == sorted(errors) and errors[0] < 0.05 * errors[2]


def test_the_recipe_makes_one_evaluation_and_scores_what_it_finds():
    method = load("simplex-anomaly")
    result = method(load_dataset(method.plan)[0])
    assert result.cost.nfe == 1
    assert {"auc", "dice", "dice_best", "flagged"} == set(result.metrics["lesion"]) and "psnr" in result.metrics["x"]


def test_the_chain_makes_one_evaluation_per_level():
    method = load({"recipe": "simplex-anomaly", "sampler": {"use": "simplex-iterative", "options": {"level": 0.01}}})
    assert method(load_dataset(method.plan)[0]).cost.nfe == 10


def test_the_level_is_in_the_range_of_both_networks():
    for weights in ("simplex", "gaussian"):
        prior = SimplexDDPM(weights)
        assert SimplexOneStep(prior).level <= prior.diffusion.t_range[1]

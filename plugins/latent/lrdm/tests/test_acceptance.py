"""The shipped weights on a head that they have not seen: the embedded scan as one channel, at 128 pixels, Poisson discs, R = 4."""

import pytest
import torch

from mridiff.interfaces import Streams
from mridiff_datasets.brain import head
from mridiff_lrdm.measure import codes, run, single_coil
from mridiff_lrdm.prior import HighFrequencyPrior, LatentPrior
from mridiff_lrdm.sampler import LatentRefine
from mridiff_lrdm.seen import CENTRE
from mridiff_sdk.fourier import fft, ifft
from mridiff_sdk.metrics import outer_nmse, psnr


@pytest.fixture(scope="module")
def priors():
    return LatentPrior(), HighFrequencyPrior()


@pytest.fixture(scope="module")
def case():
    x = ifft(fft(head())[64:192, 64:192])[None]
    return single_coil(x / x.abs().max(), "poisson")


def test_it_is_far_better_than_zero_filling(priors, case):
    problem, x0 = case
    with torch.no_grad():
        x = run(LatentRefine(*priors), problem)
    assert float(psnr(x, x0)) > float(psnr(problem.linear.H(problem.y), x0)) + 2.5


def test_the_second_prior_lowers_the_error_of_high_frequencies(priors, case):
    problem, x0 = case
    with torch.no_grad():
        alone, refined = (run(LatentRefine(*priors, combine=c), problem) for c in ("latent", "average"))
    assert float(outer_nmse(refined, x0, share=2 * CENTRE)) < float(outer_nmse(alone, x0, share=2 * CENTRE))


def test_the_code_matters(priors, case):
    problem, x0 = case
    with torch.no_grad():
        found = {name.split()[0]: float(psnr(x, x0)) for name, x in codes(problem, x0, priors).items()}
    assert found["drawn"] > found["zero"]
    assert found["teacher's"] > found["zero"]


def test_the_seed_hardly_matters(priors, case):
    problem, x0 = case
    with torch.no_grad():
        values = [float(psnr(LatentRefine(*priors)(problem, Streams.of(seed)), x0)) for seed in range(3)]
    assert len(set(values)) == 3 and max(values) - min(values) < 0.1

"""The shipped weights on a head that they have not seen: the embedded scan as one channel, at 128 pixels, Poisson discs, R = 4."""

import pytest
import torch

from mridiff.interfaces import Field, Gaussian, Measured, Problem, Streams
from mridiff_datasets.brain import head
from mridiff_lrdm.prior import HighFrequencyPrior, LatentPrior
from mridiff_lrdm.sampler import LRDM
from mridiff_lrdm.seen import CENTRE
from mridiff_operators.fourier import FourierOperator
from mridiff_sdk.consistency import replacement
from mridiff_sdk.fourier import fft, ifft
from mridiff_sdk.metrics import outer_nmse, psnr
from mridiff_sdk.reverse import Reverse
from mridiff_sdk.sampling_patterns import masks


@pytest.fixture(scope="module")
def priors():
    return LatentPrior(), HighFrequencyPrior()


@pytest.fixture(scope="module")
def case():
    """The problem, and the image in its units: the 99th percentile of the zero-filled image is 1."""
    x, mask = ifft(fft(head())[64:192, 64:192])[None], masks("poisson", (128, 128), 4, 0.08, 1).float()
    A = FourierOperator(mask)
    scale = A.H(A(x)).abs().quantile(0.99)
    y = A(x) / scale + 0.005 * mask * Streams.of(0).normal_like(x)
    return Problem.of(A, Measured(y, Gaussian(0.005), {"mask": Field(mask, ("ky", "kx"))})), x / scale


@pytest.fixture(scope="module", autouse=True)
def without_gradients():
    with torch.no_grad():
        yield


def run(priors, problem, seed=0, **options):
    return LRDM(*priors, **options)(problem, Streams.of(seed))


def test_it_is_far_better_than_zero_filling(priors, case):
    problem, x0 = case
    assert float(psnr(run(priors, problem), x0)) > float(psnr(problem.linear.H(problem.y), x0)) + 2.5


def test_the_second_prior_lowers_the_error_of_high_frequencies(priors, case):
    problem, x0 = case
    alone, refined = (run(priors, problem, combine=c) for c in ("latent", "average"))
    assert float(outer_nmse(refined, x0, share=2 * CENTRE)) < float(outer_nmse(alone, x0, share=2 * CENTRE))


def test_the_chain_draws_what_the_teacher_would_and_nothing_is_worse_than_no_code(priors, case):
    problem, x0 = case
    sampler, found = LRDM(*priors), {}
    chains = [Reverse(prior, problem, Streams.of(0)) for prior in priors]
    for name, code in {
        "teacher": lambda c: c.encode(x0),
        "drawn": sampler.code,
        "none": lambda c: torch.zeros_like(sampler.code(c)),
    }.items():
        x = replacement(problem, sampler.combined(*(chain.decode(code(chain)) for chain in chains)))
        found[name] = float(psnr(x, x0))
    assert abs(found["drawn"] - found["teacher"]) < 0.1 and min(found["drawn"], found["teacher"]) > found["none"] + 0.5


def test_measured_samples_are_kept(priors, case):
    problem, _ = case
    assert (problem.linear(run(priors, problem)) - problem.y).abs().max() < 1e-6 * problem.y.abs().max()


def test_the_seed_hardly_matters(priors, case):
    problem, x0 = case
    values = [float(psnr(run(priors, problem, seed), x0)) for seed in range(3)]
    assert len(set(values)) == 3 and max(values) - min(values) < 0.1

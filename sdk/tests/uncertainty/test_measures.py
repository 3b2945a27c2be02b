import math

import pytest
import torch
from exact_draws import exact

from mridiff.errors import DataError
from mridiff.interfaces import Field, Gaussian, Measured, Scan
from mridiff.pipeline.method import Reconstruction
from mridiff_sdk.uncertainty import (
    UNCERTAINTY,
    coverage,
    crps,
    least,
    rank_histogram,
    sharpness,
    spread_error_correlation,
    spread_over_error,
    width,
)


@pytest.mark.parametrize("count", [19, 20, 25, 39, 60])
@pytest.mark.parametrize("part", ["real", "magnitude"])
def test_exact_draws_cover_as_their_number_says(count, part):
    e = exact(count)
    samples, truth = e.real() if part == "real" else (e.samples, e.truth)
    assert float(coverage(samples, truth)) == pytest.approx(0.9, abs=0.015)
    assert float(coverage(samples, truth, 0.5)) == pytest.approx(0.5, abs=0.025)


@pytest.mark.parametrize(("count", "level"), [(19, 0.9), (24, 0.9), (39, 0.95), (7, 0.6)])
def test_of_exchangeable_numbers_each_rank_counts_once(count, level):
    # A truth at each of the S + 1 ranks, once: the share covered is the probability, with no chance in it.
    samples = torch.arange(count).double().reshape(-1, 1).expand(-1, count + 1)
    truth = torch.arange(count + 1).double()[None] - 0.5
    assert float(coverage(samples, truth, level)) == pytest.approx(level)
    assert rank_histogram(samples, truth).tolist() == pytest.approx([1 / (count + 1)] * (count + 1))


def test_halved_spread_and_a_bias_cover_less():
    from scipy.stats import norm

    halved, biased = exact(199, spread=0.5), exact(199, bias=1.0)
    assert float(coverage(*halved.real())) == pytest.approx(2 * norm.cdf(1.645 / 2) - 1, abs=0.025)
    shift = math.sqrt(2)  # one deviation of the complex number is that many of its real part
    assert float(coverage(*biased.real())) == pytest.approx(norm.cdf(1.645 - shift) - norm.cdf(-1.645 - shift), abs=0.025)


def test_ranks_are_flat_for_exact_draws_a_u_for_little_spread_and_a_slope_for_a_bias():
    e, halved, biased = (exact(9, **options) for options in ({}, {"spread": 0.5}, {"bias": 1.0}))
    flat = rank_histogram(e.samples, e.truth)
    assert flat.sum() == pytest.approx(1) and (flat - 0.1).abs().max() < 0.02
    ends = rank_histogram(*halved.real())
    assert ends[0] > 0.15 and ends[-1] > 0.15 and ends[4] < 0.1
    assert rank_histogram(*biased.real())[0] > 0.3


def test_the_score_is_the_closed_form_and_does_not_depend_on_the_number_of_samples():
    for count in (2, 5, 200):
        for spread, bias in ((1.0, 0.0), (0.5, 0.0), (1.0, 1.0)):
            e = exact(count, spread, bias)
            s = spread * e.std / math.sqrt(2)
            z = (e.truth.real - e.mean.real - bias * e.std) / s
            density, below = torch.exp(-z * z / 2) / math.sqrt(2 * math.pi), torch.special.ndtr(z)
            known = (s * (z * (2 * below - 1) + 2 * density - 1 / math.sqrt(math.pi))).mean()
            assert float(crps(*e.real())) == pytest.approx(float(known), rel=0.04)


def test_the_score_is_best_for_exact_draws():
    exactly = float(crps(*exact(50).real()))
    assert all(float(crps(*exact(50, **o).real())) > 1.02 * exactly for o in ({"spread": 0.5}, {"spread": 2.0}, {"bias": 0.5}))


@pytest.mark.parametrize("count", [2, 4, 19])
def test_spread_over_error_is_one_for_exact_draws_and_half_for_half(count):
    assert float(spread_over_error(*exact(count).real())) == pytest.approx(1, abs=0.05)
    many = exact(200, spread=0.5)
    assert float(spread_over_error(*many.real())) == pytest.approx(0.5, abs=0.03)


def test_correlation_says_whether_spread_tells_where_errors_are():
    generator = torch.Generator().manual_seed(0)
    std = torch.linspace(0.1, 4, 4000, dtype=torch.float64)[None]
    samples, truth = (std * torch.randn(n, 4000, generator=generator, dtype=torch.float64) for n in (200, 1))
    # |error| = std |z|: with u = std, the correlation is E|z| sd(u) / sqrt(E u^2 - (E|z| E u)^2), E|z| = sqrt(2 / pi)
    m = math.sqrt(2 / math.pi)
    known = m * std.std() / (std.square().mean() - (m * std.mean()) ** 2).sqrt()
    assert float(spread_error_correlation(samples, truth)) == pytest.approx(float(known), abs=0.03)
    assert abs(float(spread_error_correlation(samples.flip(1), truth))) < float(known)


def test_sharpness_is_the_deviation_and_the_width():
    e = exact(199)
    assert float(sharpness(e.samples.real)) == pytest.approx(float((e.std.square() / 2).mean().sqrt()), rel=0.02)
    assert float(width(e.samples.real)) == pytest.approx(2 * 1.645 * float(e.std.mean()) / math.sqrt(2), rel=0.02)


def test_measures_look_into_the_region_alone():
    e = exact()
    region = torch.zeros(e.truth.shape, dtype=torch.bool)
    region[:, :75] = True
    spoiled = torch.where(region, e.truth, 100.0)
    inside = e.samples[:, :75], e.truth[:, :75]
    for measure in (coverage, crps, rank_histogram, spread_over_error, spread_error_correlation):
        torch.testing.assert_close(measure(e.samples, spoiled, region=region), measure(*inside))


def test_too_few_samples_have_no_interval():
    assert (least(0.9), least(0.95), least(0.5)) == (19, 39, 3)
    e = exact(18)
    with pytest.raises(DataError, match="18 samples have no interval of 90%: their range holds 89%"):
        coverage(e.samples, e.truth)
    with pytest.raises(DataError, match="1 sample tells nothing"):
        crps(e.samples[:1], e.truth)
    with pytest.raises(DataError, match="one shape"):
        crps(e.samples, e.truth[:, :1])
    with pytest.raises(DataError, match="between 0 and 1"):
        coverage(e.samples, e.truth, 1.5)


def shown(samples, truth):
    """The columns of a scan whose object is everything."""
    region = Field(torch.ones(truth.shape, dtype=torch.bool), ("z", "y", "x"))
    scan = Scan("s/1", Measured(None, Gaussian(0.1)), {"x": Field(truth, ("z", "y", "x")), "head": region})
    result = Reconstruction("s/1", samples.mean(0, keepdim=True), samples, ("z", "y", "x"), 1.0)
    return {name: column(result, scan) for name, column in UNCERTAINTY.items()}


def test_columns_of_a_study():
    e = exact()
    found = shown(e.samples, e.truth)
    assert found["coverage_90"] == pytest.approx(0.9, abs=0.02) and found["spread_over_error"] == pytest.approx(1, abs=0.05)
    assert found["crps"] == pytest.approx(100 * float(crps(e.samples, e.truth)) / float(e.truth.abs().max()))
    few = shown(e.samples[:8], e.truth)
    assert math.isnan(few["coverage_90"]) and few["spread_over_error"] == pytest.approx(1, abs=0.06)
    assert all(math.isnan(value) for value in shown(e.samples[:1], e.truth).values())

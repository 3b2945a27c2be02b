import pytest
import torch
from exact_draws import exact

from mridiff.errors import DataError
from mridiff_sdk.uncertainty.conformal import conformal, covered, gaussian, promised, ratios, realised, score


@pytest.mark.parametrize(("n", "confidence", "k"), [(5, 0.5, 3), (9, 0.5, 5), (9, 0.9, 9), (19, 0.9, 18), (8, 0.5, 5)])
def test_one_more_subject_needs_no_more_as_often_as_promised(n, confidence, k):
    assert promised(n, confidence) == pytest.approx(k / (n + 1)) and promised(n, confidence) >= confidence
    scores = torch.rand(20_000, n + 1, generator=torch.Generator().manual_seed(n)).exp().tolist()
    kept = sum(conformal(row[:n], confidence) >= row[n] for row in scores) / len(scores)
    assert kept == pytest.approx(k / (n + 1), abs=0.012)


def test_what_is_realised_of_it_scatters_as_said():
    low, high = realised(5, 0.5)
    uniform = torch.rand(20_000, 5, generator=torch.Generator().manual_seed(0))
    factors = uniform.sort(1).values[:, 2]  # of uniform scores, the factor is the probability itself
    assert float(((factors > low) & (factors < high)).float().mean()) == pytest.approx(0.9, abs=0.01)
    assert float((factors <= low).float().mean()) == pytest.approx(0.05, abs=0.006)


def test_more_than_the_subjects_can_promise_is_refused():
    with pytest.raises(DataError, match=r"5 subjects promise no more than 0.83, less than 0.9\n.*on 9 or more"):
        conformal([1.0] * 5, 0.9)
    assert conformal([1.0] * 9, 0.9) == 1.0


def test_the_score_is_the_least_factor_that_covers():
    e = exact(20)
    found = ratios(e.samples, e.truth, torch.ones(e.truth.shape, dtype=torch.bool))
    factor = score(found, 0.9)
    assert 0.9 <= covered(found, factor) < 0.9 + 1 / len(found) and covered(found, factor * (1 - 1e-9)) < 0.9
    mean, std = e.samples.abs().mean(0), e.samples.abs().std(0)
    assert covered(found, factor) == pytest.approx(float(((e.truth.abs()[0] - mean).abs() <= factor * std).double().mean()), abs=1e-6)


def test_agreement_is_covered_where_it_is_right_and_never_where_it_is_wrong():
    samples, truth = torch.ones(3, 2), torch.tensor([[1.0, 2.0]])
    assert ratios(samples, truth, torch.ones(1, 2, dtype=torch.bool)).tolist() == [0.0, float("inf")]


@pytest.mark.parametrize("count", [3, 6, 20])
def test_gaussian_samples_of_any_number_are_covered_before(count):
    samples, truth = exact(count).real()
    found = ratios(samples, truth, torch.ones(truth.shape, dtype=torch.bool))
    assert covered(found, gaussian(count, 0.9)) == pytest.approx(0.9, abs=0.012)

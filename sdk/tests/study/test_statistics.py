import numpy as np
import pytest
from scipy import stats

from mridiff_sdk.study.statistics import FEW, Estimate, by_subject, difference, mean, subject

RNG = np.random.default_rng(3)
X = dict(enumerate(RNG.normal(30, 2, 24)))
Y = {k: v - 0.5 + 0.4 * RNG.normal() for k, v in X.items()}


def test_interval_is_that_of_scipy():
    found = mean(X)
    other = stats.bootstrap(
        (list(X.values()),), np.mean, method="percentile", n_resamples=10_000, rng=np.random.default_rng(1)
    ).confidence_interval
    width = other.high - other.low
    assert found.mean == pytest.approx(np.mean(list(X.values()))) and found.n == 24
    assert abs(found.low - other.low) < 0.06 * width and abs(found.high - other.high) < 0.06 * width


def test_interval_in_closed_form():
    """Of many values the bootstrap is normal: 1.96 standard errors to each side."""
    x = RNG.normal(0, 1, 400)
    found, half = mean(dict(enumerate(x))), 1.96 * x.std() / 20
    assert found.low == pytest.approx(x.mean() - half, abs=0.08 * half) and found.high == pytest.approx(x.mean() + half, abs=0.08 * half)


def test_difference_is_paired_and_has_wilcoxons_p():
    found = difference(X, Y)
    each = np.array([X[k] - Y[k] for k in X])
    assert found.p == stats.wilcoxon(each).pvalue and found.mean == pytest.approx(each.mean())
    assert found.high - found.low < 0.5 * (mean(X).high - mean(X).low) and found.direction == 1
    assert difference(Y, X).direction == -1 and difference(X, X) == Estimate(0, 0, 0, 24, 1.0)
    assert difference({1: 1.0}, {2: 1.0}) is None and difference(X, dict(list(Y.items())[:7])).n == 7


def test_the_same_numbers_every_time():
    assert mean(X) == mean(X) and difference(X, Y) == difference(X, Y)


def test_slices_of_a_subject_count_once():
    """Ten slices each of four subjects are no forty: the interval is that of the subjects."""
    people, scans = RNG.normal(0, 1, 4), [f"p{i}/{j}" for i in range(4) for j in range(10)]
    found = by_subject(scans, [people[i] + 0.01 * j for i in range(4) for j in range(10)])
    assert found == pytest.approx({f"p{i}": people[i] + 0.045 for i in range(4)})
    assert mean(found).n == 4 and subject("a/b/3") == "a/b" and subject("alone") == "alone"


def test_what_is_missing_is_left_out():
    assert by_subject(["a/1", "a/2", "b/1", "c/1"], [1.0, None, float("nan"), float("inf")]) == {"a": 1.0}


def test_few_subjects_say_nothing():
    assert next(n for n in range(1, 20) if stats.wilcoxon(np.arange(1.0, n + 1)).pvalue < 0.05) == FEW
    up = {k: 10.0 + k for k in range(FEW)}
    down = dict.fromkeys(range(FEW), 0.0)
    assert difference(up, down).direction == 1
    assert difference(dict(list(up.items())[1:]), down).direction == 0

"""Intervals, tests and sample sizes, on the literature's worked examples."""

from math import isnan, nan
from statistics import NormalDist

import numpy as np
import pytest

from qa.evaluation.statistics import (
    cases_to_tell_means,
    cases_to_tell_shares,
    cohen_kappa,
    interval,
    mcnemar,
    resampled_by,
    resamples,
    weighted_mean,
    weighted_median,
    wilson,
)

ALONE = [f"d{number}" for number in range(40)]


@pytest.mark.parametrize(
    ("count", "n", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718), (29, 29, 0.8830, 1.0)],
)
def test_wilson_as_tabled_by_newcombe(count: int, n: int, low: float, high: float) -> None:
    """Newcombe (1998), Statistics in Medicine 17, table I, method 3; the last by symmetry with 0 of 29."""
    assert wilson(count, n) == pytest.approx((low, high), abs=5e-5)


def test_wilson_of_nothing_is_anything() -> None:
    assert wilson(0, 0) == (0, 1)


def test_mcnemar_counts_the_pairs_that_differ() -> None:
    assert mcnemar(6, 0) == mcnemar(0, 6) == 2 / 64
    assert mcnemar(1, 8) == 2 * (1 + 9) / 512
    assert mcnemar(4, 4) == mcnemar(0, 0) == 1
    assert mcnemar(86, 150) == pytest.approx(3.7e-5, abs=5e-7)  # approval of the prime minister, Agresti (1990)


def test_mcnemar_of_large_counts() -> None:
    assert mcnemar(5000, 5000) == 1
    assert mcnemar(0, 3000) == 0
    assert mcnemar(4900, 5100) == pytest.approx(2 * (1 - NormalDist().cdf(199 / 100)), rel=1e-3)


def test_kappa_by_hand() -> None:
    """Both say yes 20 times, both no 15 times, and 5 and 10 times they differ: 0.7 agreed, 0.5 by chance."""
    pairs = [(True, True)] * 20 + [(True, False)] * 5 + [(False, True)] * 10 + [(False, False)] * 15
    one, other = zip(*pairs, strict=True)
    assert cohen_kappa(one, other) == pytest.approx(0.4)
    assert cohen_kappa([True, False], [False, True]) == -1
    assert cohen_kappa([True, True], [True, True]) is None
    assert cohen_kappa([], []) is None


def test_a_sample_has_as_many_cases_and_is_the_same_for_a_seed() -> None:
    weights = np.concatenate(list(resamples(ALONE, seed=3, times=50)))
    assert weights.shape == (50, 40)
    assert weights.dtype == np.float32
    assert set(weights.sum(axis=1)) == {40}
    assert (weights == np.concatenate(list(resamples(ALONE, seed=3, times=50)))).all()
    assert (weights != np.concatenate(list(resamples(ALONE, seed=4, times=50)))).any()


def test_many_cases_come_in_chunks() -> None:
    chunks = list(resamples([str(number) for number in range(10_000)], seed=1, times=600))
    assert sum(len(chunk) for chunk in chunks) == 600
    assert max(chunk.nbytes for chunk in chunks) <= 10_000_000


def test_cases_of_one_document_are_drawn_together() -> None:
    clusters = [f"d{number % 25}" for number in range(100)]
    (weights,) = resamples(clusters, seed=1, times=30)
    for number in range(25):
        assert (weights[:, number : number + 1] == weights[:, number::25]).all()
    assert set(weights[:, :25].sum(axis=1)) == {25}


def test_below_twenty_documents_cases_are_drawn() -> None:
    (weights,) = resamples([f"d{number % 19}" for number in range(95)], seed=1, times=30)
    assert (weights[:, 0] != weights[:, 19]).any()
    assert set(weights.sum(axis=1)) == {95}
    assert list(resamples([], seed=1)) == []


def test_how_it_was_resampled() -> None:
    assert resampled_by([f"d{number % 57}" for number in range(200)]) == "by document: 57 clusters"
    assert resampled_by([f"d{number % 5}" for number in range(200)]) == "by case: only 5 documents"
    assert resampled_by(["d"] * 9) == "by case: only 1 document"
    assert resampled_by(ALONE) == "by case: no two share a document"


def test_clusters_widen_the_interval() -> None:
    """Where all cases of a document are alike, there are only as many cases as documents."""
    marks = np.repeat(np.arange(30) % 2, 10).astype(float)
    clusters = [f"d{number // 10}" for number in range(300)]

    def width(names: list[str]) -> float:
        low, high = interval(np.concatenate([weighted_mean(marks, weights) for weights in resamples(names, seed=5)]))
        return high - low

    assert width(clusters) / width([str(number) for number in range(300)]) == pytest.approx(10**0.5, rel=0.1)


def test_interval_by_percentiles_without_nan() -> None:
    assert interval(np.array([*range(1001), nan], dtype=float)) == (25, 975)
    assert all(isnan(bound) for bound in interval(np.array([nan])))
    assert all(isnan(bound) for bound in interval(np.array([])))


def test_weighted_mean_and_median_are_those_of_the_expanded_sample() -> None:
    random = np.random.default_rng(11)
    values = random.normal(size=31).round(1)
    values[[3, 17]] = nan
    weights = random.integers(0, 4, (40, 31)).astype(np.float32)
    expanded = [np.repeat(values, row.astype(int)) for row in weights]
    assert weighted_mean(values, weights) == pytest.approx([float(np.nanmean(sample)) for sample in expanded])
    assert weighted_median(values, weights).tolist() == [float(np.nanmedian(sample)) for sample in expanded]


@pytest.mark.parametrize("values", [[1.0, 9.0, 2.0], [4.0, 1.0, 9.0, 2.0], [5.0], [1.0, 1.0]])
def test_weighted_median_of_unit_weights_is_the_median(values: list[float]) -> None:
    assert weighted_median(np.array(values), np.ones((1, len(values)), dtype=np.float32)) == [np.median(values)]


def test_where_nothing_counts_there_is_no_mean() -> None:
    values, weights = np.array([1.0, nan]), np.array([[0, 5], [2, 0]], dtype=np.float32)
    for middle in (weighted_mean, weighted_median):
        assert middle(values, weights) == pytest.approx([nan, 1.0], nan_ok=True)
        assert middle(np.array([nan, nan]), weights) == pytest.approx([nan, nan], nan_ok=True)


def test_cases_to_tell_shares_by_connor() -> None:
    """Changes of 45% one way and 5% the other need 23 pairs: (1.96 √0.5 + 0.84 √(0.5 - 0.16))² / 0.16."""
    assert cases_to_tell_shares(20, 9, 1) == 23 - 20
    assert cases_to_tell_shares(20, 1, 9) == 23 - 20
    assert cases_to_tell_shares(100, 7, 7) is None
    assert cases_to_tell_shares(100, 0, 0) is None
    assert cases_to_tell_shares(1000, 450, 50) == 0
    assert cases_to_tell_shares(5, 5, 0) == 1  # p is 1/16, whatever the approximation says


def test_as_many_cases_tell_in_eight_of_ten_trials() -> None:
    gained, lost, n = 12, 6, 100
    more = cases_to_tell_shares(n, gained, lost)
    assert more is not None
    trials = np.random.default_rng(1).multinomial(n + more, [gained / n, lost / n, 1 - (gained + lost) / n], size=400)
    told = [mcnemar(int(up), int(down)) < 0.05 for up, down, _ in trials]
    assert sum(told) / len(told) == pytest.approx(0.8, abs=0.06)


def test_cases_to_tell_means() -> None:
    """A mean of half a standard deviation needs (2.8 / 0.5)² = 32 pairs, the textbook's number before the correction for t."""
    differences = np.array([1.5, -0.5] * 8) / np.std([1.5, -0.5] * 8, ddof=1)
    differences += 0.5 - differences.mean()
    assert cases_to_tell_means(differences) == 32 - 16
    assert cases_to_tell_means(np.append(differences, nan)) == 32 - 16
    assert cases_to_tell_means(np.array([1.0, -1.0])) is None
    assert cases_to_tell_means(np.array([1.0])) is None
    assert cases_to_tell_means(np.array([1.0, 1.0])) == 0

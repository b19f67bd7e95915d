"""Brier score, calibration error, risk and coverage, on examples worked by hand."""

import numpy as np
import pytest

from qa.evaluation.calibration import area_under_risk_coverage, brier, expected_calibration_error, reliability, risk_coverage
from qa.evaluation.types import Bin

FORECASTS = np.array([0.7, 0.9, 0.8, 0.4, 0.2, 0.0, 0.0, 0.0, 0.0, 0.1])
RAIN = np.array([True, True, True, False, True, False, False, False, False, False])

CONFIDENCE = np.array([0.95, 0.85, 0.75, 0.65])
RIGHT = np.array([True, False, True, True])


def test_briers_own_forecasts() -> None:
    """Brier (1950), ten forecasts of rain: 0.19, summed over rain and no rain; ours is of one of the two."""
    assert 2 * brier(FORECASTS, RAIN) == pytest.approx(0.19)


def test_calibration_error_by_hand() -> None:
    """Two answers at 0.9 of which one is right, two at 0.6 of which both are: (2 · 0.4 + 2 · 0.4) / 4."""
    assert expected_calibration_error(np.array([0.88, 0.92, 0.6, 0.6]), np.array([True, False, True, True]), bins=5) == pytest.approx(0.4)
    assert expected_calibration_error(np.array([1.0, 0.0]), np.array([True, False])) == 0


def test_within_a_bin_errors_may_cancel() -> None:
    """What the mean of the bin hides, Brier's score tells (Guo et al. 2017)."""
    confidence, right = np.array([0.42, 0.48]), np.array([True, False])
    assert expected_calibration_error(confidence, right) == pytest.approx(0.05)
    assert brier(confidence, right) == pytest.approx((0.58**2 + 0.48**2) / 2)


def test_reliability_leaves_empty_bins_out_and_keeps_edges_below() -> None:
    bars = reliability(np.array([0.0, 0.1, 0.1000001, 1.0]), np.array([False, True, False, True]))
    assert [(bar.low, bar.high, bar.n, bar.right) for bar in bars] == [
        (0, 0.1, 2, 0.5),
        (0.1, 0.2, 1, 0),
        (pytest.approx(0.9), 1, 1, 1),
    ]
    assert bars[0] == Bin(0.0, 0.1, 2, 0.05, 0.5)


def test_calibration_error_is_the_mean_gap_of_the_bars() -> None:
    bars = reliability(FORECASTS, RAIN)
    gap = sum(bar.n * abs(bar.confidence - bar.right) for bar in bars) / len(RAIN)
    assert expected_calibration_error(FORECASTS, RAIN) == pytest.approx(gap)


def test_risk_and_coverage_by_hand() -> None:
    points = risk_coverage(CONFIDENCE[::-1], RIGHT[::-1], asked=8)
    assert points == ((1 / 8, 0), (2 / 8, 1 / 2), (3 / 8, 1 / 3), (4 / 8, 1 / 4))
    assert area_under_risk_coverage(CONFIDENCE, RIGHT) == pytest.approx((0 + 1 / 2 + 1 / 3 + 1 / 4) / 4)


def test_equal_confidence_moves_together_whatever_the_order() -> None:
    confidence = np.array([0.9, 0.5, 0.5, 0.5])
    areas = []
    for wrong in (1, 2, 3):
        right = np.arange(4) != wrong
        assert risk_coverage(confidence, right, 4) == ((1 / 4, 0), (1, 1 / 4))
        areas.append(float(area_under_risk_coverage(confidence, right)))
    assert areas == [pytest.approx(3 * (1 / 4) / 4)] * 3


def test_no_ranking_is_worth_the_share_wrong_and_a_perfect_one_less() -> None:
    right = np.array([True] * 6 + [False] * 2)
    assert area_under_risk_coverage(np.full(8, 0.5), right) == 1 / 4
    assert area_under_risk_coverage(np.linspace(1, 0, 8), right) == pytest.approx((1 / 7 + 2 / 8) / 8)
    assert area_under_risk_coverage(np.linspace(0, 1, 8), right) > 1 / 4


@pytest.mark.parametrize("measure", [brier, expected_calibration_error, area_under_risk_coverage])
def test_a_weight_is_how_often_an_answer_stands_in_the_sample(measure: object) -> None:
    assert callable(measure)
    random = np.random.default_rng(7)
    confidence, right = random.integers(0, 11, 60) / 10, random.random(60) < 0.6
    weights = random.integers(0, 4, (5, 60)).astype(np.float32)
    expanded = [float(measure(np.repeat(confidence, row.astype(int)), np.repeat(right, row.astype(int)))) for row in weights]
    assert measure(confidence, right, weights) == pytest.approx(expanded, abs=1e-12)
    assert measure(confidence, right, weights[0]) == pytest.approx(expanded[0], abs=1e-12)
    assert measure(confidence, right, np.ones(60)) == pytest.approx(measure(confidence, right), abs=1e-12)


def test_over_no_answers_there_is_no_figure() -> None:
    none, no_marks = np.array([]), np.array([], dtype=bool)
    for measure in (brier, expected_calibration_error, area_under_risk_coverage):
        assert np.isnan(measure(none, no_marks))
        assert np.isnan(measure(CONFIDENCE, RIGHT, np.array([[0, 0, 0, 0], [1, 1, 1, 1]], dtype=np.float32))).tolist() == [True, False]
    assert reliability(none, no_marks) == ()
    assert risk_coverage(none, no_marks, 5) == ()

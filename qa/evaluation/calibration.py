"""What confidence is worth: Brier score, calibration error, reliability, risk and coverage. Pure.

`confidence` (n,) lies between 0 and 1, `right` (n,) is what came of it. `weights` tell how often each answer counts: (n,) gives one figure,
an array of shape (), and (resamples, n) as many, of shape (resamples,). A figure over no answers is NaN.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from qa.evaluation.types import Bin

BINS: Final = 10  # Guo et al. 2017 use 15; ten is the widespread choice and what reliability diagrams show

Floats = NDArray[np.float64]
Weights = NDArray[np.float32] | NDArray[np.float64]


def brier(confidence: Floats, right: NDArray[np.bool_], weights: Weights | None = None) -> Floats:
    """Mean squared distance of confidence and outcome, 0 to 1, less is better (Brier 1950, one of its two equal halves)."""
    counts = _counts(confidence, weights)
    return _ratio(counts @ (confidence - right) ** 2, counts.sum(axis=-1))


def expected_calibration_error(confidence: Floats, right: NDArray[np.bool_], weights: Weights | None = None, bins: int = BINS) -> Floats:
    """Mean gap of confidence and share right over bins of equal width, by the answers in each, 0 to 1 (Guo et al. 2017)."""
    counts = _counts(confidence, weights)
    gaps = np.zeros((len(confidence), bins))
    gaps[np.arange(len(confidence)), _bins(confidence, bins)] = confidence - right
    return _ratio(np.abs(counts @ gaps).sum(axis=-1), counts.sum(axis=-1))


def reliability(confidence: Floats, right: NDArray[np.bool_], bins: int = BINS) -> tuple[Bin, ...]:
    """The bars of a reliability diagram, from the least confident on, without the empty ones."""
    members, edges = _bins(confidence, bins), _edges(bins)
    return tuple(
        Bin(
            float(edges[number]), float(edges[number + 1]), int(inside.sum()), float(confidence[inside].mean()), float(right[inside].mean())
        )
        for number in range(bins)
        if (inside := members == number).any()
    )


def risk_coverage(confidence: Floats, right: NDArray[np.bool_], asked: int) -> tuple[tuple[float, float], ...]:
    """Coverage and risk as ever less confident answers are given, from the most confident on (El-Yaniv & Wiener 2010).

    Coverage is the share of all `asked` cases that are answered by then, risk the share wrong among these. Equal confidence is one point.
    """
    order, ends = _ranked(confidence)
    given = ends + 1
    wrong = np.cumsum(~right[order])[ends]
    return tuple(zip((given / asked).tolist(), (wrong / given).tolist(), strict=True))


def area_under_risk_coverage(confidence: Floats, right: NDArray[np.bool_], weights: Weights | None = None) -> Floats:
    """The mean, over the answers given, of the risk down to each of them, 0 to 1, less is better (Geifman & El-Yaniv 2017).

    Answers of equal confidence are given together, so each counts the risk after all of them: the order of the input makes no difference.
    """
    counts = _counts(confidence, weights)
    order, ends = _ranked(confidence)
    ranked = counts[..., order]
    given = ranked.cumsum(axis=-1)[..., ends]
    wrong = (ranked * ~right[order]).cumsum(axis=-1)[..., ends]
    together = np.diff(given, axis=-1, prepend=0)
    risks = np.divide(wrong, given, out=np.zeros_like(given), where=given > 0)
    return _ratio((together * risks).sum(axis=-1), counts.sum(axis=-1))


def _counts(confidence: Floats, weights: Weights | None) -> Floats:
    return np.ones(len(confidence)) if weights is None else np.asarray(weights, dtype=np.float64)


def _ratio(total: Floats, count: Floats) -> Floats:
    total, count = np.asarray(total), np.asarray(count)
    ratio: Floats = np.divide(total, count, out=np.full(total.shape, np.nan), where=count > 0)
    return ratio


def _edges(bins: int) -> Floats:
    return np.linspace(0.0, 1.0, bins + 1)


def _bins(confidence: Floats, bins: int) -> NDArray[np.intp]:
    """The bin of each; what lies on an edge belongs to the bin below it, as in scikit-learn's `calibration_curve`."""
    return np.searchsorted(_edges(bins)[1:-1], confidence)


def _ranked(confidence: Floats) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """The answers from the most confident on, and the place of the last one of each confidence."""
    order = np.argsort(-confidence, kind="stable")
    falls = np.diff(confidence[order]) != 0
    return order, np.flatnonzero(np.append(falls, True)) if len(order) else order

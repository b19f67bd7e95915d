"""The marks of a measure over some cases as one figure that can be drawn again, for intervals and comparisons. Pure."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

import numpy as np
from numpy.typing import NDArray

from qa.evaluation.calibration import area_under_risk_coverage, brier, expected_calibration_error
from qa.evaluation.measures import MEASURES
from qa.evaluation.statistics import FEWEST_CLUSTERS, resamples, weighted_means, weighted_median
from qa.evaluation.types import Measure, Scored

Floats = NDArray[np.float64]
Under = Callable[[Floats], Floats]

WHOLE: Final = {"aurc": area_under_risk_coverage, "ece": expected_calibration_error, "brier": brier}


@dataclass(frozen=True, slots=True)
class Sample:
    """A measure over n marks: `marks`, shape (cases,) with NaN where it does not apply, for one that is their mean; else `under`, which
    gives its value for each row of weights (r, cases), shape (r,)."""

    measure: Measure
    n: int
    count: int | None  # where all marks are 0 or 1
    value: float
    marks: Floats | None = None
    under: Under | None = None


def samples(scored: Sequence[Scored], names: Iterable[str], only: NDArray[np.bool_] | None = None) -> dict[str, Sample]:
    """The measures of these names that any case (of those that `only` marks) has a mark for, in the order of the report."""
    wanted, inside = set(names), np.ones(len(scored), dtype=bool) if only is None else only
    found = {
        measure.name: _whole(measure, scored, inside) if measure.kind == "whole" else _marks(measure, scored, inside)
        for measure in MEASURES
        if measure.name in wanted
    }
    return {name: sample for name, sample in found.items() if sample.n}


def column(scored: Sequence[Scored], measure: str) -> Floats:
    """The marks of a measure, shape (cases,); NaN where it does not apply."""
    return np.array([one.marks[measure].value if measure in one.marks else np.nan for one in scored], dtype=np.float64)


def given(scored: Sequence[Scored]) -> NDArray[np.bool_]:
    """Which cases got an answer that could be judged, shape (cases,): those that calibration is about."""
    return np.array(["wrong_given" in one.marks for one in scored], dtype=bool)


def confidence(scored: Sequence[Scored]) -> Floats:
    return np.array([one.reply.confidence for one in scored], dtype=np.float64)


def right(scored: Sequence[Scored]) -> NDArray[np.bool_]:
    return np.array([one.outcome == "right" for one in scored], dtype=bool)


def clusters(scored: Sequence[Scored]) -> list[str]:
    """What to draw together: the cases on one document, as they rise and fall together, and each case without one by itself.

    Each case by itself where the cases are about so few documents that drawing these would tell little.
    """
    if len(set(documents(scored))) < FEWEST_CLUSTERS:
        return [one.case.id for one in scored]
    return [one.case.documents[0] if one.case.documents else f"\0{one.case.id}" for one in scored]


def documents(scored: Sequence[Scored]) -> list[str]:
    """The first document of each case that names one."""
    return [one.case.documents[0] for one in scored if one.case.documents]


def draw(samples_: Sequence[Sample], groups: Sequence[str], seed: int) -> list[Floats]:
    """Each figure over the same resamples of the cases, shape (resamples,) each; all means in one multiplication."""
    columns = {place: sample.marks for place, sample in enumerate(samples_) if sample.marks is not None}
    table = np.array(list(columns.values())).reshape(len(columns), len(groups)).T
    parts: list[Floats] = []
    for weights in resamples(groups, seed):
        exact = weights.astype(np.float64)
        part = np.full((len(exact), len(samples_)), np.nan)
        part[:, list(columns)] = weighted_means(table, exact)
        for place, sample in enumerate(samples_):
            if sample.under is not None:
                part[:, place] = sample.under(exact)
        parts.append(part)
    return list(np.concatenate(parts).T) if parts else [np.empty(0) for _ in samples_]


def _marks(measure: Measure, scored: Sequence[Scored], inside: NDArray[np.bool_]) -> Sample:
    values = np.full(len(scored), np.nan)
    places = np.flatnonzero(inside)
    values[places] = column([scored[place] for place in places.tolist()], measure.name)
    told = values[~np.isnan(values)]
    whole = measure.kind != "median" and bool(np.isin(told, (0, 1)).all())
    count = int(told.sum()) if whole else None
    if measure.kind == "median":
        return Sample(measure, len(told), count, float(np.median(told)) if len(told) else 0.0, under=partial(weighted_median, values))
    return Sample(measure, len(told), count, float(np.mean(told)) if len(told) else 0.0, marks=values)


def _whole(measure: Measure, scored: Sequence[Scored], inside: NDArray[np.bool_]) -> Sample:
    places = np.flatnonzero(given(scored) & inside)
    figure = partial(WHOLE[measure.name], confidence(scored)[places], right(scored)[places])
    return Sample(measure, len(places), None, float(figure()) if len(places) else 0.0, under=lambda weights: figure(weights[:, places]))

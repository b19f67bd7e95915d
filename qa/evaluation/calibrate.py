"""Fitting confidence to answers that were judged: a regularised logistic model of the signals, with its figures on answers left out."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from qa.confidence import NAMES, Confidence, Signals, scaled
from qa.errors import UsageError
from qa.evaluation.calibration import brier, expected_calibration_error
from qa.evaluation.types import Scored

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline

Floats = NDArray[np.float64]
FOLDS: Final = 5
FEWEST: Final = 40  # answers; with fewer, seven weights say more of chance than of the model
FEWEST_OF_EACH: Final = 10  # right ones, and wrong ones
STRENGTHS: Final = (0.01, 0.03, 0.1, 0.3, 1.0)  # inverse strengths of the penalty that are tried; the one of the least loss is taken
CAUTIONS: Final = tuple(tenths / 10 for tenths in range(1, 10))


@dataclass(frozen=True, slots=True)
class Cost:
    """What a caution would have cost: of the answerable questions the share answered rightly, of the unanswerable the share withheld (None
    where there are none), and of the answers given the share wrong. By probabilities of answers left out of the fit."""

    caution: float
    right: float | None
    withheld: float | None
    wrong: float | None


@dataclass(frozen=True, slots=True)
class Fitted:
    """`left_out`: the probability of each answer by its case's id, from a model that was fitted without it."""

    confidence: Confidence
    left_out: Mapping[str, float]
    costs: tuple[Cost, ...]


def fit(scored: Sequence[Scored], model: str, signals: Collection[str] = NAMES) -> Fitted:
    """Fits some signals to the answers among these, which must have been given at any confidence (caution 0).

    Raises UsageError where they are too few, or scikit-learn is not there.
    """
    answers = [one for one in scored if one.reply.answered and one.reply.signals and outcome(one) is not None]
    right = np.array([bool(outcome(one)) for one in answers], dtype=bool)
    hint = f"Bring cases until there are {FEWEST} answers, {FEWEST_OF_EACH} of them wrong; unanswerable questions count as such."
    if len(answers) < FEWEST or min(right.sum(), (~right).sum()) < FEWEST_OF_EACH:
        raise UsageError(f"{len(answers)} answers, {int((~right).sum())} of them wrong, are too few to calibrate", hint)
    told = [scaled(Signals(**one.reply.signals)) for one in answers]
    names = [name for name in NAMES if name in signals and any(name in one for one in told)]
    usual = {name: float(np.mean([one[name] for one in told if name in one])) for name in names}
    table = np.array([[one.get(name, usual[name]) for name in names] for one in told])
    pipeline, left_out = _fitted(table, right)
    weights, intercept = _unscaled(pipeline)
    confidence = Confidence(
        model,
        round(intercept, 4),
        {name: round(float(weight), 4) for name, weight in zip(names, weights, strict=True)},
        {name: round(value, 4) for name, value in usual.items()},
        len(answers),
        int(right.sum()),
        round(_auc(left_out, right), 4),
        round(float(expected_calibration_error(left_out, right)), 4),
        round(float(brier(left_out, right)), 4),
    )
    probabilities = {one.case.id: p for one, p in zip(answers, left_out.tolist(), strict=True)}
    return Fitted(confidence, probabilities, tuple(_costs(scored, probabilities)))


def outcome(one: Scored) -> bool | None:
    """Whether an answer is right. One whose reference is too long to be looked for is right where every sentence cites the support."""
    if one.outcome == "unjudged":
        cited = one.marks.get("citation_recall")
        return None if cited is None else cited.value == 1
    return one.outcome == "right"


def _fitted(table: Floats, right: NDArray[np.bool_]) -> "tuple[Pipeline, Floats]":
    """The model over all answers, and for each answer the probability of models that did not see it."""
    try:
        from sklearn.linear_model import LogisticRegression
        from sklearn.model_selection import GridSearchCV, StratifiedKFold, cross_val_predict
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import StandardScaler
    except ImportError as error:
        raise UsageError("To calibrate, scikit-learn is needed", "Run `pip install 'footnote[calibrate]'`.") from error
    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=0)
    search = GridSearchCV(
        make_pipeline(StandardScaler(), LogisticRegression()), {"logisticregression__C": STRENGTHS}, scoring="neg_log_loss", cv=folds
    )
    left_out: Floats = cross_val_predict(search, table, right, cv=folds, method="predict_proba")[:, 1]
    return search.fit(table, right).best_estimator_, left_out


def _unscaled(pipeline: "Pipeline") -> tuple[Floats, float]:
    """Weights and intercept for signals that are not standardised."""
    scaler, logistic = pipeline[0], pipeline[-1]
    weights: Floats = logistic.coef_[0] / scaler.scale_
    return weights, float(logistic.intercept_[0] - weights @ scaler.mean_)


def _auc(probabilities: Floats, right: NDArray[np.bool_]) -> float:
    """The probability that a right answer stands above a wrong one."""
    gaps = probabilities[right][:, None] - probabilities[~right][None, :]
    return float(np.mean(gaps > 0) + np.mean(gaps == 0) / 2)


def _costs(scored: Sequence[Scored], probabilities: dict[str, float]) -> Iterable[Cost]:
    answerable = [one for one in scored if one.case.answerable]
    unanswerable = [one for one in scored if not one.case.answerable]
    for caution in CAUTIONS:
        given = {id_ for id_, probability in probabilities.items() if probability >= caution}
        yield Cost(
            caution,
            _share([one.case.id in given and bool(outcome(one)) for one in answerable]),
            _share([one.case.id not in given for one in unanswerable]),
            _share([not outcome(one) for one in scored if one.case.id in given]),
        )


def _share(marks: Sequence[bool]) -> float | None:
    return sum(marks) / len(marks) if marks else None

"""Scored replies → the figures of a report, each with its 95% interval. Pure."""

from collections.abc import Sequence
from typing import Final

import numpy as np

from qa.evaluation.calibration import reliability, risk_coverage
from qa.evaluation.measures import BY_NAME
from qa.evaluation.sample import Floats, Sample, clusters, confidence, documents, draw, given, right, samples
from qa.evaluation.score import outcomes
from qa.evaluation.statistics import interval, resampled_by, wilson
from qa.evaluation.types import Estimate, Group, Report, Run, Scored

OF_TYPES: Final = (
    "overall", "right", "refused_answerable", "refused_unanswerable", "wrong_given", "f1", "citation_precision", "citation_recall",
    "hit@5", "recall@5", "ndcg@10", "evidence_answer",
)  # fmt: skip
"""The measures that are told of each type as well."""
FEW: Final = 30  # below so many cases a bootstrap of shares is too narrow (Brown, Cai & DasGupta 2001)


def summarise(run: Run, scored: Sequence[Scored], seed: int = 0) -> Report:
    judged = given(scored)
    sure, good = confidence(scored)[judged], right(scored)[judged]
    return Report(
        run=run,
        scored=tuple(scored),
        groups=groups(scored, seed),
        outcomes=outcomes(scored),
        risk_coverage=risk_coverage(sure, good, len(scored)),
        reliability=reliability(sure, good),
        resampled=resampled_by(documents(scored)),
    )


def groups(scored: Sequence[Scored], seed: int = 0) -> tuple[Group, ...]:
    """The figures of all cases, then of each type where there are several."""
    types = sorted({one.case.type for one in scored})
    found: dict[str, dict[str, Sample]] = {"": samples(scored, BY_NAME)}
    sizes = {"": len(scored)}
    for name in types if len(types) > 1 else ():
        inside = np.array([one.case.type == name for one in scored], dtype=bool)
        found[name or "(none)"] = samples(scored, OF_TYPES, inside)
        sizes[name or "(none)"] = int(inside.sum())
    drawn = iter(draw([sample for group in found.values() for sample in group.values()], clusters(scored), seed))
    return tuple(
        Group(name, sizes[name], {measure: estimate(sample, next(drawn)) for measure, sample in group.items()})
        for name, group in found.items()
    )


def estimate(sample: Sample, drawn: Floats) -> Estimate:
    """A figure with its interval: Wilson's for shares of few or of all alike, else that of the resamples."""
    low, high = interval(drawn)
    if sample.count is not None and (sample.n < FEW or sample.count in (0, sample.n)):
        low, high = wilson(sample.count, sample.n)
    told = not np.isnan(low)
    return Estimate(sample.value, low if told else None, high if told else None, sample.n, sample.count)

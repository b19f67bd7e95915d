"""Two runs, case by case: better, worse, or cannot tell, and how many more cases it would take to tell. Pure."""

from collections.abc import Sequence
from typing import Final

import numpy as np

from qa.evaluation.measures import BY_NAME
from qa.evaluation.sample import Floats, Sample, clusters, column, draw, samples
from qa.evaluation.statistics import TOLD_FROM, cases_to_tell_means, cases_to_tell_shares, interval, mcnemar
from qa.evaluation.types import Change, Comparison, Scored, Verdict

TESTED: Final = ("overall", "right", "refused_answerable", "refused_unanswerable")
"""Shares whose marks both runs have for the same cases: McNemar's test. The rest are bootstrapped, both runs over the same resamples."""


def compare(before: Sequence[Scored], after: Sequence[Scored], previous: str, seed: int = 0) -> Comparison:
    """The cases that both runs have, with the same question and the same expectations; other cases say nothing about a change."""
    old = {one.case.id: one for one in before}
    pairs = [(old[one.case.id], one) for one in after if one.case.id in old and old[one.case.id].case == one.case]
    first, second = [one for one, _ in pairs], [one for _, one in pairs]
    known = samples(first, BY_NAME)
    now = {name: sample for name, sample in samples(second, BY_NAME).items() if name in known}
    drawn = iter(draw([sample for name in now for sample in (known[name], now[name])], clusters(second), seed))
    changes = tuple(_change(known[name], now[name], first, second, differences=-next(drawn) + next(drawn)) for name in now)
    gained, lost = _moved(first, second, "overall")
    return Comparison(previous, changes, gained, lost)


def _change(before: Sample, after: Sample, first: Sequence[Scored], second: Sequence[Scored], *, differences: Floats) -> Change:
    name = after.measure.name
    low, high = interval(differences)
    p = more = gained = lost = None
    value, other = before.value, after.value
    if name in TESTED:
        up, down = (len(ids) for ids in _moved(first, second, name))
        gained, lost = (up, down) if after.measure.better == "higher" else (down, up)
        p = mcnemar(up, down)
        told = p < TOLD_FROM
        more = None if told else cases_to_tell_shares(after.n, up, down)
    else:
        told = bool(low > 0 or high < 0)
        if not told and after.measure.kind in ("share", "mean"):
            more = cases_to_tell_means(column(second, name) - column(first, name))
    n = int((~np.isnan(column(first, name)) & ~np.isnan(column(second, name))).sum()) or min(before.n, after.n)
    known = not np.isnan(low)
    return Change(
        name, n, value, other, low if known else None, high if known else None, p, gained, lost, _verdict(after, other - value, told), more
    )


def _verdict(sample: Sample, difference: float, told: bool) -> Verdict:
    if not told or difference == 0:
        return "cannot tell"
    return "better" if (difference > 0) == (sample.measure.better == "higher") else "worse"


def _moved(first: Sequence[Scored], second: Sequence[Scored], measure: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The ids of the cases whose mark rose, and of those whose mark fell."""
    differences = column(second, measure) - column(first, measure)
    ids = [one.case.id for one in second]
    return (
        tuple(id_ for id_, difference in zip(ids, differences, strict=True) if difference > 0),
        tuple(id_ for id_, difference in zip(ids, differences, strict=True) if difference < 0),
    )

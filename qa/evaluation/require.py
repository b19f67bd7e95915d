"""Thresholds of a run: `right>=0.75`, `refused_unanswerable >= 85%`. Pure."""

import operator
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from qa.errors import UsageError
from qa.evaluation.measures import BY_NAME
from qa.evaluation.types import Comparison, Estimate, Group, Requirement

FORM: Final = re.compile(r"\s*([a-z0-9_@]+)\s*(>=|<=|>|<)\s*(\d+(?:\.\d+)?)\s*(%?)\s*")
OPERATORS: Final[dict[str, Callable[[float, float], bool]]] = {
    ">=": operator.ge, "<=": operator.le, ">": operator.gt, "<": operator.lt,
}  # fmt: skip
SLACK: Final = 1e-9  # 0.29 of 100 is 0.28999999999999998


@dataclass(frozen=True, slots=True)
class Threshold:
    """A measure must stand in a relation to a value."""

    text: str
    measure: str
    relation: str
    value: float

    def check(self, group: Group) -> Requirement:
        """Against the figures of all cases; a measure that no case has is not met."""
        estimate = group.estimates.get(self.measure)
        if estimate is None:
            return Requirement(self.text, False, "no case tells")
        slack = SLACK if self.relation == ">=" else -SLACK if self.relation == "<=" else 0.0
        return Requirement(self.text, OPERATORS[self.relation](estimate.value + slack, self.value), _found(estimate))


def parse(text: str) -> Threshold:
    """Raises UsageError for what is no threshold, or names no measure."""
    match = FORM.fullmatch(text)
    if not match:
        raise UsageError(f"--require {text!r} is no threshold", "Write it like 'right>=0.75' or 'refused_unanswerable>=85%'.")
    measure, relation, number, percent = match.groups()
    if measure not in BY_NAME:
        raise UsageError(f"--require names no measure: {measure!r}", f"There are: {', '.join(BY_NAME)}.")
    return Threshold(text.strip(), measure, relation, float(number) / (100 if percent else 1))


def check(thresholds: Sequence[Threshold], group: Group, comparison: Comparison | None, no_worse: bool) -> tuple[Requirement, ...]:
    """What became of each threshold; `no_worse` asks that the comparison calls neither `overall` nor a part of it worse.

    For retrieval alone that is asked of Hit@5 and nDCG@10.
    """
    found = tuple(threshold.check(group) for threshold in thresholds)
    if not no_worse:
        return found
    if comparison is None:
        return (*found, Requirement("no worse than the last run", True, "there is none yet"))
    if not comparison.changes:
        return (*found, Requirement(f"no worse than {comparison.previous}", False, "no case in common"))
    deciding = [change for change in comparison.changes if change.measure in ("overall", "right", "refused_unanswerable")]
    deciding = deciding or [change for change in comparison.changes if change.measure in ("hit@5", "ndcg@10")]
    worse = [change for change in deciding if change.verdict == "worse"]
    told = ", ".join(f"{change.measure} {change.before:.3g} → {change.after:.3g}" for change in worse or deciding)
    return (*found, Requirement(f"no worse than {comparison.previous}", not worse, told))


def _found(estimate: Estimate) -> str:
    counts = f" ({estimate.count} of {estimate.n})" if estimate.count is not None else ""
    return f"{estimate.value:.3g}{counts}"

"""Figures with their intervals, and two runs compared."""

import dataclasses
import math

import numpy as np
import pytest

from qa.evaluation.compare import compare
from qa.evaluation.sample import clusters, column, samples
from qa.evaluation.score import score
from qa.evaluation.statistics import mcnemar, wilson
from qa.evaluation.summary import groups, summarise
from qa.evaluation.types import Case, Run, Scored, Support
from tests.test_score import REPLY, WITHHELD

RUN = Run("set", "2026-01-01T00:00:00Z", "m", "i", "c", {})


def scored(marks: str, kind: str = "fact", confidence: float = 0.8) -> list[Scored]:
    """A case for each letter: r right, w wrong, s withheld though answerable, n rightly silent, i invented. Each has its own document."""
    found = []
    for number, letter in enumerate(marks):
        id_ = f"{kind}{number}"
        case = Case(id_, f"Question {id_}?", letter in "rws", answers=("mayor",) if letter in "rws" else (), type=kind)
        case = dataclasses.replace(case, support=(Support(f"{id_}.txt"),)) if letter in "rws" else case
        answer = {"r": "The mayor [1].", "w": "The king [1].", "i": "The king [1]."}.get(letter)
        reply = dataclasses.replace(REPLY, answer=answer, confidence=confidence) if answer else WITHHELD
        found.append(score(case, dataclasses.replace(reply, case=id_, total_ms=1000.0 * (number + 1))))
    return found


def test_the_figures_of_a_run() -> None:
    report = summarise(RUN, scored("rrrrwsnni"))
    figures = report.groups[0].estimates
    assert [(figures[name].count, figures[name].n) for name in ("overall", "right", "refused_answerable", "refused_unanswerable")] == [
        (6, 9), (4, 6), (1, 6), (2, 3),
    ]  # fmt: skip
    assert (figures["wrong_given"].count, figures["wrong_given"].n) == (2, 6)
    assert figures["total_ms"].value == 5000
    assert figures["brier"].value == pytest.approx((4 * 0.2**2 + 2 * 0.8**2) / 6)
    assert figures["ece"].value == pytest.approx(0.8 - 4 / 6)
    assert report.outcomes == {"right": 4, "silent": 2, "withheld": 1, "wrong": 1, "invented": 1, "unjudged": 0}
    assert report.risk_coverage[-1] == pytest.approx((6 / 9, 2 / 6))
    assert report.resampled.startswith("by case")


def test_every_figure_has_an_interval_around_it() -> None:
    for figure in summarise(RUN, scored("rrwsnni" * 10)).groups[0].estimates.values():
        assert figure.low is not None
        assert figure.high is not None
        assert figure.low <= figure.value <= figure.high


def test_shares_of_few_or_of_all_alike_have_wilsons_interval() -> None:
    few = summarise(RUN, scored("rrrw")).groups[0].estimates["right"]
    assert (few.low, few.high) == wilson(3, 4)
    all_ = summarise(RUN, scored("r" * 50)).groups[0].estimates["right"]
    assert (all_.low, all_.high) == wilson(50, 50)


def test_the_interval_is_about_as_wide_as_theory_says() -> None:
    figure = summarise(RUN, scored("rrrw" * 100)).groups[0].estimates["right"]
    assert figure.low is not None
    assert figure.high is not None
    assert figure.high - figure.low == pytest.approx(2 * 1.96 * math.sqrt(0.75 * 0.25 / 400), rel=0.08)


def test_cases_of_one_document_are_drawn_together() -> None:
    alone = scored(("r" * 10 + "w" * 10) * 20)
    shared = [
        dataclasses.replace(one, case=dataclasses.replace(one.case, support=(Support(f"{number // 10}.txt"),)))
        for number, one in enumerate(alone)
    ]
    narrow, wide = (summarise(RUN, some).groups[0].estimates["right"] for some in (alone, shared))
    assert wide.high - wide.low > 2.5 * (narrow.high - narrow.low)  # type: ignore[operator] # √10 in theory
    assert len(set(clusters(shared))) == 40


def test_the_same_seed_gives_the_same_figures() -> None:
    some = scored("rrwsnni" * 10)
    assert groups(some, seed=1) == groups(some, seed=1)
    assert groups(some, seed=1) != groups(some, seed=2)


def test_types_have_figures_of_their_own() -> None:
    report = summarise(RUN, scored("rrw", "fact") + scored("rs", "date") + scored("nni", ""))
    assert [(group.name, group.cases) for group in report.groups] == [("", 8), ("(none)", 3), ("date", 2), ("fact", 3)]
    by_name = {group.name: group.estimates for group in report.groups}
    assert (by_name["date"]["right"].count, by_name["date"]["right"].n) == (1, 2)
    assert "total_ms" not in by_name["date"]
    assert "right" not in by_name["(none)"]
    assert len(summarise(RUN, scored("rrw")).groups) == 1


def test_nothing_at_all_has_no_figures() -> None:
    report = summarise(RUN, [])
    assert report.groups[0].estimates == {}
    assert report.risk_coverage == ()


def test_a_column_leaves_out_what_does_not_apply() -> None:
    values = column(scored("rn"), "right")
    assert values[0] == 1
    assert np.isnan(values[1])
    assert samples(scored("n"), ["right", "overall"]).keys() == {"overall"}


def test_a_worse_run_is_called_worse_and_a_better_one_better() -> None:
    good, bad = scored("r" * 30 + "n" * 10), scored("r" * 15 + "s" * 15 + "n" * 10)
    worse = {change.measure: change for change in compare(good, bad, "before").changes}
    better = {change.measure: change for change in compare(bad, good, "before").changes}
    assert (worse["overall"].verdict, worse["overall"].gained, worse["overall"].lost) == ("worse", 0, 15)
    assert worse["overall"].p == mcnemar(0, 15)
    assert (worse["overall"].before, worse["overall"].after) == (1.0, 25 / 40)
    assert worse["overall"].low < 0 > worse["overall"].high  # type: ignore[operator]
    assert (better["overall"].verdict, better["overall"].gained) == ("better", 15)
    assert worse["refused_answerable"].verdict == "worse"
    assert (worse["refused_answerable"].gained, worse["refused_answerable"].lost) == (0, 15)
    assert worse["f1"].verdict == "worse"
    assert worse["f1"].p is None
    assert compare(good, bad, "before").lost == tuple(f"fact{number}" for number in range(15, 30))


def test_the_same_run_twice_cannot_be_told_apart() -> None:
    run = scored("rrwsnni" * 5)
    comparison = compare(run, run, "before")
    assert {change.verdict for change in comparison.changes} == {"cannot tell"}
    assert comparison.gained == comparison.lost == ()
    assert {change.more for change in comparison.changes} == {None}


def test_a_small_difference_cannot_be_told_and_how_many_cases_would() -> None:
    change = compare(scored("r" * 20), scored("r" * 17 + "w" * 3), "before").changes[0]
    assert (change.measure, change.verdict) == ("overall", "cannot tell")
    assert change.more is not None
    assert 10 < change.more < 60


def test_only_cases_that_both_runs_have_are_compared() -> None:
    before = scored("rrrr")
    after = scored("rrww")[1:] + scored("w", "date")
    changed = dataclasses.replace(after[0], case=dataclasses.replace(after[0].case, answers=("other",)))
    overall = compare(before, [changed, *after[1:]], "before").changes[0]
    assert (overall.n, overall.lost) == (2, 2)
    assert compare(before, scored("w", "date"), "before").changes == ()

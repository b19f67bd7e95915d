"""Thresholds: read, checked, and told."""

import pytest

from qa.errors import UsageError
from qa.evaluation.compare import compare
from qa.evaluation.require import check, parse
from qa.evaluation.summary import groups
from tests.test_summary import scored


@pytest.mark.parametrize(
    ("text", "met"),
    [
        ("right>=0.75", True), ("right >= 75%", True), ("right>0.75", False), ("right<=75%", True), ("right<0.76", True),
        ("right>=0.76", False), ("refused_unanswerable>=0.5", False), ("total_ms<=3000", True), ("prompt_tokens<200", False),
    ],
)  # fmt: skip
def test_a_threshold_is_met_or_not(text: str, met: bool) -> None:
    (requirement,) = check([parse(text)], groups(scored("rrrw"))[0], None, False)
    assert requirement.met is met
    assert requirement.text == text


def test_what_was_found_is_told() -> None:
    found = check([parse("right>=0.9"), parse("refused_unanswerable>=0.9")], groups(scored("rrrw"))[0], None, False)
    assert [one.found for one in found] == ["0.75 (3 of 4)", "no case tells"]


def test_a_share_that_floats_do_not_hold_exactly_is_met() -> None:
    assert check([parse("right>=0.29")], groups(scored("r" * 29 + "w" * 71))[0], None, False)[0].met


@pytest.mark.parametrize("text", ["right", "right=0.9", "right>=high", ">=1", "", "right>=0.9 and more"])
def test_what_is_no_threshold(text: str) -> None:
    with pytest.raises(UsageError, match="is no threshold"):
        parse(text)


def test_an_unknown_measure_is_named_with_those_there_are() -> None:
    with pytest.raises(UsageError, match="rigth") as caught:
        parse("rigth>=0.9")
    assert "refused_unanswerable" in caught.value.hint


def test_no_worse_than_before() -> None:
    good, bad = scored("r" * 30), scored("r" * 15 + "w" * 15)
    group = groups(good)[0]
    assert check([], group, compare(bad, good, "b"), True)[0].met
    assert check([], group, compare(good, good, "b"), True)[0].met
    worse = check([], group, compare(good, bad, "run 1"), True)[0]
    assert not worse.met
    assert worse.text == "no worse than run 1"
    assert worse.found == "overall 1 → 0.5, right 1 → 0.5"
    assert check([], group, compare(good, bad, "b"), False) == ()


def test_a_run_without_anything_to_compare_says_so() -> None:
    group = groups(scored("rr"))[0]
    first = check([], group, None, True)[0]
    assert (first.met, first.found) == (True, "there is none yet")
    other = check([], group, compare(scored("rr"), scored("w", "date"), "b"), True)[0]
    assert (other.met, other.found) == (False, "no case in common")

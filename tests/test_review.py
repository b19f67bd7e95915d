"""Reviewing proposals with a keyboard made of a list, and real files."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from qa.evaluation.box import Box
from qa.evaluation.review import Counts, review
from qa.evaluation.types import Case, Proposal, Support

QUOTE = "Mayor Kari Dahl opened the harbour bridge in Bergen on Monday."
ANSWERED = Case("d-1", "Who opened the harbour bridge in Bergen?", True, answers=("Kari Dahl",), support=(Support("a.txt", QUOTE),))
SILENT = Case("u-2", "Who opened the harbour bridge in Oslo?", False, type="swapped", note="“Bergen” was swapped for “Oslo”")
DOWN = Case("f-3", "When was the bridge opened?", True, type="feedback")


@dataclass
class Desk:
    """A terminal, a box and a file of cases."""

    folder: Path
    shown: list[str] = field(default_factory=list)

    @property
    def path(self) -> Path:
        return self.folder / "cases.jsonl"

    @property
    def box(self) -> Box:
        return Box(self.folder)

    def review(self, *typed: str, cases: tuple[Case, ...] = (ANSWERED, SILENT)) -> Counts:
        return review([Proposal(case, "drafted", "from a.txt") for case in cases], self.path, self.box, keyboard(typed), self.shown.append)

    def accepted(self) -> list[dict[str, object]]:
        return [json.loads(line) for line in self.path.read_text(encoding="utf-8").splitlines()] if self.path.exists() else []


def keyboard(typed: tuple[str, ...]) -> Callable[[str], str]:
    lines: Iterator[str] = iter(typed)

    def ask(prompt: str) -> str:
        try:
            return next(lines)
        except StopIteration as error:
            raise EOFError(prompt) from error

    return ask


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def test_everything_there_is_to_know_is_shown(desk: Desk) -> None:
    desk.review("s", "s")
    text = "\n".join(desk.shown)
    for part in (ANSWERED.question, "Kari Dahl", QUOTE, "a.txt", "origin:   drafted", "the documents do not tell", SILENT.note, "2 of 2"):
        assert part in text


def test_accepted_and_refused(desk: Desk) -> None:
    assert desk.review("a", "R") == Counts(accepted=1, refused=1)
    assert [row["id"] for row in desk.accepted()] == ["d-1"]
    assert desk.box.decided() == {"d-1": "accepted", "u-2": "refused"}


def test_skipped_ones_wait_on(desk: Desk) -> None:
    assert desk.review("s", "a") == Counts(accepted=1, skipped=1)
    assert desk.box.decided() == {"u-2": "accepted"}


@pytest.mark.parametrize("typed", [("a", "q"), ("a",)])
def test_quitting_keeps_what_was_decided(desk: Desk, typed: tuple[str, ...]) -> None:
    assert desk.review(*typed) == Counts(accepted=1)
    assert desk.box.decided() == {"d-1": "accepted"}


def test_a_key_that_is_none_is_asked_again(desk: Desk) -> None:
    assert desk.review("", "x", "a", "q") == Counts(accepted=1)


def test_every_decision_is_on_disk_before_the_next_is_shown(desk: Desk) -> None:
    decided: list[set[str]] = []
    proposals = [Proposal(case, "drafted") for case in (ANSWERED, SILENT)]
    review(proposals, desk.path, desk.box, keyboard(("a", "a")), lambda _: decided.append(set(desk.box.decided())))
    assert decided == [set(), {"d-1"}]


def test_an_empty_line_keeps_a_field(desk: Desk) -> None:
    assert desk.review("e", "", "", "a", "q") == Counts(accepted=1)
    assert desk.accepted()[0]["answers"] == ["Kari Dahl"]


def test_an_edited_case_is_written_as_edited(desk: Desk) -> None:
    assert desk.review("e", "Which mayor opened it?", "Kari  dahl | Dahl", "a", "q") == Counts(accepted=1, edited=1)
    assert desk.accepted()[0]["question"] == "Which mayor opened it?"
    assert desk.accepted()[0]["answers"] == ["Kari  dahl", "Dahl"]
    assert desk.box.decided() == {"d-1": "accepted"}


def test_an_answer_that_is_not_in_the_quote_is_asked_again(desk: Desk) -> None:
    desk.review("e", "", "Ole Lund", "n", "the mayor | Dahl", "a", "q")
    assert any("“Ole Lund” does not stand in the quote" in text for text in desk.shown)
    assert desk.accepted()[0]["answers"] == ["the mayor", "Dahl"]


def test_an_answer_that_is_not_in_the_quote_may_be_kept(desk: Desk) -> None:
    desk.review("e", "", "Ole Lund", "y", "a", "q")
    assert desk.accepted()[0]["answers"] == ["Ole Lund"]


def test_a_question_that_is_too_long_is_asked_again(desk: Desk) -> None:
    desk.review("e", "x" * 2001, "Who opened it?", "", "a", "q")
    assert any("2001 characters" in text for text in desk.shown)
    assert desk.accepted()[0]["question"] == "Who opened it?"


def test_a_silent_case_has_no_answers_to_edit(desk: Desk) -> None:
    assert desk.review("e", "Who opened the bridge in Rome?", "a", cases=(SILENT,)) == Counts(accepted=1, edited=1)
    assert desk.accepted()[0]["question"] == "Who opened the bridge in Rome?"


def test_a_thumbs_down_needs_an_answer_first(desk: Desk) -> None:
    assert desk.review("a", cases=(DOWN,)) == Counts()
    assert "There is no answer yet: edit it first." in desk.shown
    assert desk.accepted() == []
    assert desk.review("a", "e", "", "Monday", "a", cases=(DOWN,)) == Counts(accepted=1, edited=1)
    assert desk.accepted()[0]["answers"] == ["Monday"]

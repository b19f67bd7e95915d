"""The gold questions over the seed articles: well formed, and true to the articles they quote."""

import json
from pathlib import Path
from typing import NotRequired, TypedDict

import pytest


class Evidence(TypedDict):
    file: str
    quote: str


class Row(TypedDict):
    id: str
    question: str
    history: NotRequired[list[dict[str, str]]]
    answers: NotRequired[list[str]]
    all_of: NotRequired[list[list[str]]]
    patterns: NotRequired[list[str]]
    evidence: NotRequired[list[Evidence]]
    answerable: bool
    type: str
    note: NotRequired[str]


ROOT = Path(__file__).parent.parent
ARTICLES = {f"seeds/{path.name}": path.read_bytes().decode("utf-8") for path in sorted((ROOT / "seeds").glob("*.txt"))}
ROWS: list[Row] = [json.loads(line) for line in (ROOT / "seeds" / "questions.jsonl").read_text(encoding="utf-8").splitlines()]
ANSWERABLE = [row for row in ROWS if row["answerable"]]
UNANSWERABLE = [row for row in ROWS if not row["answerable"]]
KEYS = Row.__required_keys__ | Row.__optional_keys__
TYPES = {"fact", "across", "list", "typo", "follow_up", "date", "unanswerable"}


def groups(row: Row) -> list[list[str]]:
    """The answer as groups, each of which one alternative must meet."""
    return row.get("all_of") or [row["answers"]]


def occurs(alternative: str, text: str) -> bool:
    return alternative.lower() in text.lower()


def test_there_are_enough_and_each_has_its_own_id_and_wording() -> None:
    assert len(ROWS) >= 60
    assert len({row["id"] for row in ROWS}) == len(ROWS)
    assert len({(row["question"], json.dumps(row.get("history"))) for row in ROWS}) == len(ROWS)


def test_a_third_is_unanswerable() -> None:
    assert abs(len(UNANSWERABLE) / len(ROWS) - 1 / 3) <= 0.05


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["id"])
def test_row_has_known_keys_and_a_plain_question(row: Row) -> None:
    assert set(row) <= KEYS
    assert row["type"] in TYPES
    assert 0 < len(row["question"].strip()) <= 2000
    assert [turn["role"] for turn in row.get("history", [])] in ([], ["user", "assistant"])


@pytest.mark.parametrize("row", UNANSWERABLE, ids=lambda row: row["id"])
def test_unanswerable_says_why_and_gives_no_answer(row: Row) -> None:
    assert row["type"] == "unanswerable"
    assert row["note"]
    assert not {"answers", "all_of", "patterns", "evidence"} & set(row)


@pytest.mark.parametrize("row", ANSWERABLE, ids=lambda row: row["id"])
def test_answerable_has_one_form_of_answer_and_evidence(row: Row) -> None:
    assert row["type"] != "unanswerable"
    assert ("answers" in row) != ("all_of" in row)
    assert all(group and all(group) for group in groups(row))
    assert row["evidence"]


@pytest.mark.parametrize("row", ANSWERABLE, ids=lambda row: row["id"])
def test_evidence_stands_verbatim_in_its_file(row: Row) -> None:
    for piece in row["evidence"]:
        assert piece["quote"].strip()
        assert piece["quote"] in ARTICLES[piece["file"]]


@pytest.mark.parametrize("row", [row for row in ANSWERABLE if "answers" in row], ids=lambda row: row["id"])
def test_answer_stands_in_its_evidence_or_a_note_says_why_not(row: Row) -> None:
    found = any(occurs(alternative, piece["quote"]) for alternative in row["answers"] for piece in row["evidence"])
    assert found or row.get("note")


@pytest.mark.parametrize("row", [row for row in ANSWERABLE if "all_of" in row], ids=lambda row: row["id"])
def test_each_group_stands_in_the_evidence(row: Row) -> None:
    quotes = " ".join(piece["quote"] for piece in row["evidence"])
    assert all(any(occurs(alternative, quotes) for alternative in group) for group in row["all_of"])


@pytest.mark.parametrize("row", ANSWERABLE, ids=lambda row: row["id"])
def test_repeating_the_question_is_not_an_answer(row: Row) -> None:
    asked = " ".join([row["question"], *(turn["content"] for turn in row.get("history", []))])
    assert not all(any(occurs(alternative, asked) for alternative in group) for group in groups(row))


def test_across_questions_draw_on_two_files() -> None:
    assert all(len({piece["file"] for piece in row["evidence"]}) >= 2 for row in ROWS if row["type"] == "across")


def test_every_article_is_asked_about() -> None:
    assert {piece["file"] for row in ANSWERABLE for piece in row["evidence"]} == set(ARTICLES)
    assert len(ARTICLES) == 5
    canada_starts = ARTICLES["seeds/002_466a4c17d71ee6e5.txt"].index("Pakistan, Canada explore")
    offsets = [ARTICLES[piece["file"]].index(piece["quote"]) for row in ANSWERABLE for piece in row["evidence"] if "/002_" in piece["file"]]
    assert min(offsets) < canada_starts < max(offsets)

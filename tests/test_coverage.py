"""How much was read, in words and as a table."""

import json
from dataclasses import replace

import pytest

from qa.coverage import REST, left_out, matching, numbers, percent, totals, wrong
from qa.status import DocumentStatus
from qa.terminal import documents_text
from qa.wire import DocumentsForm

LETTER = DocumentStatus(
    "1", "docs/letter.txt", "A letter", "2021-05-04", "indexed", 3, 1000, 900,
    dropped=(("menus and buttons", 60), ("title", 30)), dated="its date line", language="de",
)  # fmt: skip
SCAN = DocumentStatus("2", "docs/scan.pdf", "Scan", None, "indexed", 2, 400, 400, pages=12, empty_pages=(2, 7, 8, 9))
SECRET = DocumentStatus("", "docs/a-secret.pdf", "", None, "unreadable", 0, 0, 0, "it asks for a password")
EMPTY = DocumentStatus("4", "docs/empty.txt", "Empty", None, "indexed", 0, 10, 0)
ALL = (LETTER, SCAN, SECRET, EMPTY)


@pytest.mark.parametrize(("pages", "told"), [((7,), "7"), ((2, 7, 8, 9), "2, 7-9"), ((1, 2), "1-2"), ((1, 3, 5), "1, 3, 5"), ((), "")])
def test_numbers_of_pages(pages: tuple[int, ...], told: str) -> None:
    assert numbers(pages) == told


@pytest.mark.parametrize(
    ("document", "told"),
    [
        (LETTER, ""),
        (SCAN, "pages 2, 7-9 of 12 gave no text"),
        (replace(SCAN, empty_pages=(7,)), "page 7 of 12 gave no text"),
        (SECRET, "it asks for a password"),
        (replace(SECRET, error=None), "no reason is known"),
        (EMPTY, "nothing in it can be searched"),
        (replace(LETTER, error="it changed while it was read"), "it changed while it was read"),
    ],
)
def test_what_is_wrong(document: DocumentStatus, told: str) -> None:
    assert wrong(document) == told


@pytest.mark.parametrize(("part", "told"), [(0, "0%"), (0.0001, "1%"), (0.5, "50%"), (0.9999, "99%"), (1, "100%")])
def test_a_part_is_never_rounded_to_all_or_nothing(part: float, told: str) -> None:
    assert percent(part) == told


def test_what_is_left_out_adds_up() -> None:
    assert left_out(LETTER) == (("menus and buttons", 60), ("title", 30), (REST, 10))
    assert LETTER.kept + sum(count for _, count in left_out(LETTER)) == LETTER.characters
    assert left_out(SCAN) == ()


def test_what_is_wrong_comes_first() -> None:
    assert matching(ALL, "") == [SECRET, EMPTY, SCAN, LETTER]


@pytest.mark.parametrize(
    ("words", "found"),
    [("DOCS/letter", [LETTER]), ("pdf no text", [SCAN]), ("unreadable", [SECRET]), ("a 2021-05", [LETTER]), ("nowhere", []), ("  ", 4)],
)
def test_filter(words: str, found: list[DocumentStatus] | int) -> None:
    assert matching(ALL, words) == found if isinstance(found, list) else len(matching(ALL, words)) == found


def test_totals() -> None:
    assert totals(ALL) == "3 documents, 5 passages, 92% of 1,410 characters kept; 1 unreadable, 1 with pages that gave no text"
    assert totals([SECRET]) == "0 documents, 0 passages; 1 unreadable"


TABLE = """
FILE               STATUS      PAGES  PASSAGES  KEPT  LANGUAGE  DATE                        TITLE
docs/letter.txt    indexed                   3   90%  de        2021-05-04 (its date line)  A letter
docs/scan.pdf      indexed        12         2  100%  -         -                           Scan
    pages 2, 7-9 of 12 gave no text
docs/a-secret.pdf  unreadable
    it asks for a password

2 documents, 5 passages, 93% of 1,400 characters kept; 1 unreadable, 1 with pages that gave no text
"""


def test_the_table_of_the_command_line() -> None:
    assert documents_text(ALL[:3]) == TABLE.strip()


def test_details_tell_what_was_left_out() -> None:
    lines = documents_text(ALL[:3], details=True).splitlines()
    assert lines[2] == "    kept 900 of 1,000 characters; left out: menus and buttons 60, title 30, blank space and marks 10"
    assert lines[5] == "    kept 400 of 400 characters; left out: nothing"


def test_one_long_name_does_not_widen_the_table() -> None:
    long = replace(LETTER, file="docs/" + "x" * 300)
    plain, pushed = documents_text([LETTER, long]).splitlines()[1:3]
    assert len(plain) < 150 < len(pushed)


def test_no_name_breaks_a_line() -> None:
    strange = replace(LETTER, file="docs/two\nlines.txt", title="A\ttitle\n" + "x" * 100)
    assert len(documents_text([strange]).splitlines()) == 4
    assert len(documents_text([replace(SECRET, error="one\ntwo")]).splitlines()) == 5


def test_the_form_has_it_all() -> None:
    letter, scan, *_ = json.loads(DocumentsForm.of_all(ALL).model_dump_json())["documents"]
    assert letter["dropped"] == [{"kind": "menus and buttons", "characters": 60}, {"kind": "title", "characters": 30}]
    assert (letter["dated"], letter["language"]) == ("its date line", "de")
    assert (scan["pages"], scan["empty_pages"], scan["dropped"]) == (12, [2, 7, 8, 9], [])

"""What is dropped, by kind: every character of a paragraph is either kept or accounted for."""

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qa.article import article, articles
from qa.dropped import KINDS, together
from qa.furniture import FORMS
from qa.paragraph import paragraphs_of
from qa.read import read
from qa.types import Article, Span

TOP = Path(__file__).parent.parent
TEXTS = [*sorted((TOP / "tests" / "layouts").glob("*.txt")), *sorted((TOP / "seeds").glob("*.txt"))]
DRAWN = ("T ", "+ ", ". ", "- ")
LINES = (
    "Bridge over the Alna reopens after a year of repairs",
    "Updated 4 May 1998",
    "By Jane Doe",
    "The bridge was opened by the mayor of Oslo on Monday, in the rain, before a crowd.",
    "It had cost 40 million kroner, which the town will pay back over the next twenty years.",
    "Recent posts",
    "Share",
    "3 hours ago",
    "Sign in to continue reading",
    "Photo: Jane Doe",
    "A crowd on the new bridge on Monday. | Photo: Jane Doe",
    "Costs",
    "12",
    "We use cookies. Please accept our privacy policy to comment on your account.",
    "Also read: Ferry goes to Horten",
    "Leave a reply",
    "",
)


def text_of(path: Path) -> str:
    """A text, of a drawing without its signs."""
    text = path.read_text(encoding="utf-8")
    if path.parent.name != "layouts":
        return text
    return "\n".join(line[2:].replace("%", "") for line in text.split("\n") if line.startswith(DRAWN) or not line)


def length(span: Span) -> int:
    return span.end - span.start


def told(found: tuple[Article, ...]) -> int:
    """The characters kept and dropped."""
    kept = sum(length(block) for one in found for block in one.blocks)
    return kept + sum(count for one in found for _, count in one.dropped)


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: path.stem)
def test_kept_and_dropped_are_all_there_is(path: Path) -> None:
    text = text_of(path)
    assert told(articles(text, "fallback")) == sum(length(one.span) for one in paragraphs_of(text, wrapped=True))
    lines = sum(length(one.span) for one in paragraphs_of(text, wrapped=False))
    assert told((article(text, "A title", web=True),)) == lines


@settings(deadline=None, derandomize=True, max_examples=300)
@given(st.lists(st.sampled_from(LINES), min_size=1, max_size=24))
def test_whatever_the_order_of_lines_nothing_goes_unaccounted(lines: list[str]) -> None:
    text = "\n\n".join(lines)
    found = articles(text, "fallback")
    assert told(found) == sum(length(one.span) for one in paragraphs_of(text, wrapped=True))
    assert all(count > 0 and kind in KINDS.values() for one in found for kind, count in one.dropped)


def test_every_kind_of_furniture_has_a_word_for_readers() -> None:
    assert {form.name for form in FORMS} <= set(KINDS)


PAGE = """Bridge over the Alna reopens after a year

Bridge over the Alna reopens after a year

Updated 4 May 1998

By Jane Doe

Share

The bridge was opened by the mayor of Oslo on Monday, in the rain, before a crowd.

It had cost 40 million kroner, which the town will pay back over the next twenty years.

Recent posts

Ferry timetable changes

Baker wins the silver spoon
"""


def test_a_pasted_page_says_what_was_dropped_and_where_its_date_stood() -> None:
    (found,) = articles(PAGE, "x")
    assert dict(found.dropped) == {
        "title": 2 * len("Bridge over the Alna reopens after a year"),
        "teasers, other articles and comments": len("Recent posts" + "Ferry timetable changes" + "Baker wins the silver spoon"),
        "date and byline": len("Updated 4 May 1998" + "By Jane Doe"),
        "menus and buttons": len("Share"),
    }
    assert [count for _, count in found.dropped] == sorted((count for _, count in found.dropped), reverse=True)
    assert (found.date, found.dated) == ("1998-05-04", "its date line")


def test_a_picture_credit_is_cut_off_and_told() -> None:
    (found,) = articles(PAGE.replace("Share\n", "Share\n\nA crowd waits on the new bridge. | Photo: Jane Doe\n"), "x")
    assert dict(found.dropped)["picture credits"] == len(" | Photo: Jane Doe")


def test_the_date_before_the_first_dash_is_the_first_lines() -> None:
    text = "Ash closes airport\n\nLONDON, March 3, 2021 (Agency) — The airport closed on Wednesday, the second time this year.\n"
    (found,) = articles(text, "x")
    assert (found.date, found.dated) == ("2021-03-03", "the text's first lines")


def test_a_date_that_is_given_goes_before_one_that_is_found() -> None:
    assert article(PAGE, "T", "2001-02-03", dated="the file's metadata").dated == "the file's metadata"
    assert article(PAGE, "T").dated == "its date line"
    assert article("Nothing here tells when it was written.", "T").dated == ""


def test_where_everything_is_text_nothing_is_dropped() -> None:
    (found,) = articles("Share\n\nFollow\n\nUpdated 4 May 1998\n", "x")
    assert found.blocks
    assert told((found,)) == len("Share" + "Follow" + "Updated 4 May 1998")


def test_sums_are_sorted_and_without_nothing() -> None:
    assert together((("a", 1), ("b", 2)), (("a", 4), ("c", 0))) == (("a", 5), ("b", 2))


BODY = "The bridge was opened by the mayor on Monday.\n\nIt had cost 40 million kroner, which is a lot.\n"


@pytest.mark.parametrize(
    ("name", "content", "date", "dated"),
    [
        ("a.md", f"---\ntitle: Bridge\ndate: 2021-05-04\n---\n{BODY}", "2021-05-04", "the file's metadata"),
        ("a.md", f"---\nauthor: Jane Doe\n---\nBridge opens\n\nUpdated 4 May 1998\n\n{BODY}", "1998-05-04", "its date line"),
        ("a.md", f"---\nauthor: Jane Doe\n---\n{BODY}", None, ""),
        ("a.jsonl", json.dumps({"text": BODY, "date": "2020-01-02T10:00:00"}), "2020-01-02", "the row"),
        ("a.jsonl", json.dumps({"text": f"Updated 4 May 1998\n\n{BODY}", "title": "Bridge", "id": "b"}), "1998-05-04", "its date line"),
        ("a.txt", f"Bridge opens\n\nUpdated 4 May 1998\n\n{BODY}", "1998-05-04", "its date line"),
        ("a.txt", f"Bridge opens\n\n{BODY}", None, ""),
    ],
)
def test_where_the_date_of_a_file_was_found(tmp_path: Path, name: str, content: str, date: str | None, dated: str) -> None:
    (tmp_path / name).write_text(content, encoding="utf-8")
    (found,) = read(tmp_path / name, name)
    assert (found.date, found.articles[0].dated) == (date, dated)
    assert found.language == "en"


def test_the_date_of_a_page_is_from_its_metadata(tmp_path: Path) -> None:
    head = '<head><title>Bridge</title><meta property="article:published_time" content="2021-05-04"></head>'
    paragraphs = "".join(f"<p>{BODY}</p>" for _ in range(4))
    (tmp_path / "a.html").write_text(f"<html>{head}<body><article><h1>Bridge</h1>{paragraphs}</article></body></html>", encoding="utf-8")
    (found,) = read(tmp_path / "a.html", "a.html")
    assert (found.date, found.articles[0].dated) == ("2021-05-04", "the file's metadata")

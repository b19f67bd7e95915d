"""What a question names, and whether the sources speak of it: names, numbers, months, stretches of years, the day of "as of"."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qa.terms import missing_terms, out_of_time
from tests.claims import evidence_of


@pytest.mark.parametrize(
    "question",
    [
        "Who leads the Delmar Museum?",
        "who leads the delmar museum",
        "WHO LEADS THE DELMAR MUSEUM IN BRAZIL?",
        "Which American city is it in?",
        "Name the Delmr Museum's director.",
        "In October, did the Museum of Delmar close?",
        "Describe President Varga's plans",
        "What three things happened in 2025?",
        "What did the U.S. say in April 2025?",
    ],
)
def test_nothing_is_missing_that_stands_somewhere(question: str) -> None:
    shown = evidence_of("Delmar notes (13 April 2025)", "Tomas Varga leads the Delmar Museum in the US until October.")
    assert missing_terms(question, (), [shown[0].passage.heading, shown[0].text]) == ()
    assert missing_terms(question, shown, ()) == ()


@pytest.mark.parametrize(
    ("question", "missing"),
    [
        ("Who leads the Prado Museum?", ("Prado",)),
        ("How tall is Mount Everest?", ("Mount Everest",)),
        ("What happened in May 2024?", ("2024", "May")),
        ("Did Canadians visit the Delmar Museum?", ("Canadians",)),
        ("Who paid $40 million?", ("40000000",)),
        ("Did Gambia pay?", ("Gambia",)),
    ],
)
def test_what_is_missing_is_told(question: str, missing: tuple[str, ...]) -> None:
    shown = evidence_of("Delmar notes (13 April 2025)", "Tomas Varga leads the Delmar Museum in Zambia until October.")
    assert missing_terms(question, shown, ()) == missing


@pytest.mark.parametrize(
    "question",
    [
        "Who led the Delmar Museum from 1994 to 1996?",
        "Who led the Delmar Museum from Mar 1989 to Jan 1993?",
        "Between 2002 and 2003, who led the Delmar Museum?",
        "Who led the Delmar Museum in 1998–1999?",
    ],
)
def test_a_stretch_of_years_is_met_by_one_that_touches_it_or_a_year_near_it(question: str) -> None:
    shown = evidence_of("Delmar Museum", "Lena Fischer led it from 1990 until 1999.", "In January 2001 it closed.")
    assert missing_terms(question, shown, ()) == ()


def test_a_stretch_of_years_that_nothing_comes_near_is_missing() -> None:
    shown = evidence_of("Delmar Museum", "Lena Fischer led it from 1990 until 1999.")
    assert missing_terms("Who led the Delmar Museum from 1950 to 1960?", shown, ()) == ("1950 to 1960",)
    assert missing_terms("Who led the Delmar Museum in 1995?", shown, ()) == ("1995",)  # a single year must stand there


@pytest.mark.parametrize(
    ("question", "dated", "of_time"),
    [
        ("As of 2 July 2024: Who leads the museum?", "2024-06-20", True),
        ("As of 2 July 2024: Who leads the museum?", "2023-09-01", True),
        ("As of 2 July 2024: Who leads the museum?", "2021-09-01", False),
        ("As of 2 July 2024: Who leads the museum?", "2025-01-15", False),
        ("As of 2 July 2024: Which museum burned down this week?", "2024-06-30", True),
        ("As of 2 July 2024: Which museum burned down this week?", "2024-01-30", False),
        ("As of May 2024, who leads the museum?", "2024-05-11", True),
        ("As of 2024, who leads the museum?", "2024-12-11", True),
        ("Who leads the museum?", "1999-01-01", True),
        ("As of 2 July 2024: Who leads the museum?", None, True),
    ],
)
def test_the_day_of_a_question_wants_an_article_of_its_time(question: str, dated: str | None, of_time: bool) -> None:
    shown = evidence_of("Delmar Museum", "Lena Fischer leads the museum.")
    passages = [replace(item.passage, date=dated) for item in shown]
    assert (out_of_time(question, passages) is None) == of_time
    assert missing_terms(question, shown, ()) == ()


def test_one_article_of_the_time_is_enough() -> None:
    (shown,) = evidence_of("Delmar Museum", "Lena Fischer leads the museum.")
    old, new = replace(shown.passage, date="2019-01-01"), replace(shown.passage, date="2024-06-30")
    assert out_of_time("As of 2 July 2024: Who leads the museum?", [old, new]) is None
    assert out_of_time("As of 2 July 2024: Who leads the museum?", [old]) == "2024-07-02"


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=60), st.text(max_size=60), st.text(max_size=60))
def test_no_text_is_too_odd(question: str, source: str, around: str) -> None:
    shown = evidence_of("Notes", source or ".")
    missing_terms(question, shown, [around])
    out_of_time(question, [item.passage for item in shown])

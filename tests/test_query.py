"""What a question asks to be found: the day that it speaks of, its names, years and neighbouring words."""

import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa.query import LONGEST_RANGE, Period, analysed, content_stems, names, without_date, years
from tests.passages import asked, unit

DAY = (datetime.date(2024, 7, 2), datetime.date(2024, 7, 2))


@pytest.mark.parametrize(
    ("question", "rest", "period"),
    [
        ("As of July 2024, who is the mayor?", "who is the mayor?", (datetime.date(2024, 7, 1), datetime.date(2024, 7, 31))),
        ("Who is the mayor as of 2 July 2024?", "Who is the mayor?", DAY),
        ("Who, as of 2021, leads the town?", "Who, leads the town?", (datetime.date(2021, 1, 1), datetime.date(2021, 12, 31))),
        ("As of July 2, 2024: who leads?", "who leads?", DAY),
        ("Who as at 2024-07-02 leads?", "Who leads?", DAY),
        ("as of Feb 2024 who leads", "who leads", (datetime.date(2024, 2, 1), datetime.date(2024, 2, 29))),
        ("AS OF 2 JULY 2024 , who leads?", "who leads?", DAY),
    ],
)
def test_the_days_are_taken_out_of_a_question(question: str, rest: str, period: Period) -> None:
    assert without_date(question) == (rest, period)


@pytest.mark.parametrize(
    "question",
    [
        "Who leads?",
        "",
        "Who led in July 2024?",
        "Who leads as of today?",
        "It was as of old in 1999",
        "Who leads as of 31 June 2024?",  # no such day
        "Who leads as of 29 February 2023?",
        "As of July 2024",  # nothing else is asked
        "And as of 2024?",
    ],
)
def test_a_question_without_such_a_day_stays_as_it_is(question: str) -> None:
    assert without_date(question) == (question, None)


@given(st.dates(datetime.date(1000, 1, 1), datetime.date(2099, 12, 31)), st.sampled_from(["%Y-%m-%d", "{} %B %Y", "%B {}, %Y", "{} %b %Y"]))
def test_every_day_is_read_as_it_was_written(day: datetime.date, form: str) -> None:
    written = day.strftime(form.replace("%Y", f"{day.year:04}")).format(day.day)
    assert without_date(f"As of {written}, who leads the town?") == ("who leads the town?", (day, day))


@given(st.text(max_size=40), st.text(max_size=40))
def test_any_text_may_stand_around_the_day(before: str, after: str) -> None:
    rest, day = without_date(f"{before} as of 2 July 2024 {after}")
    assert day is None or (day == DAY and rest)


def test_the_words_of_a_question_have_their_months_in_full() -> None:
    assert content_stems("The mayors of Oslo opened it in Sept 2020") == ["mayor", "oslo", "open", "septemb", "2020"]
    assert content_stems("on Jan. 3") == content_stems("on January 3")


def test_names_have_capitals() -> None:
    found = names("The University of Oslo honoured John Smith, said Kari in London 2012.")
    assert found[("universiti", "oslo")] == "The University of Oslo"
    assert set(found) >= {("john", "smith"), ("kari",)}
    assert set(names("in Łódź, Ålesund or the Élysée, Владимир met Ødegård").values()) == {
        "Łódź",
        "Ålesund",
        "Élysée",
        "Владимир",
        "Ødegård",
    }
    assert names("nobody said anything") == {}


def test_the_first_word_alone_is_a_name_only_where_it_may_be() -> None:
    assert set(names("Bridges fell in Rome")) == {("bridg",), ("rome",)}
    assert set(names("Bridges fell in Rome", first=False)) == {("rome",)}
    assert set(names("John Smith fell", first=False)) == {("john", "smith")}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("in 1998", [(1998, 1998)]),
        ("1998-99", [(1998, 1999)]),
        ("1890–1910 and 2001", [(1890, 1910), (2001, 2001)]),
        ("1998 - 2001", [(1998, 2001)]),
        ("2020-19", [(2020, 2020)]),  # no range goes backwards
        ("1500-1999", [(1500, 1500)]),  # nor over centuries
        ("2024-07-02", [(2024, 2024)]),
        ("1,998 or 12000 or 0.1998 or 3000", []),
    ],
)
def test_years_and_their_ranges(text: str, expected: list[tuple[int, int]]) -> None:
    assert years(text) == expected


@given(st.integers(1000, 2099), st.integers(0, 99))
def test_a_range_never_goes_backwards_nor_too_far(first: int, end: int) -> None:
    ((start, last),) = years(f"{first}-{end:02}")
    assert start == first <= last <= first + LONGEST_RANGE


@pytest.mark.parametrize(
    ("question", "newest"),
    [
        ("What is the latest news of the strike?", True),
        ("Who currently leads the town?", True),
        ("What is today's price?", True),
        ("What is the currency of Peru?", False),
        ("Who was late?", False),
        ("As of 2 July 2024, what is the latest price?", False),  # the latest of that day
    ],
)
def test_whether_the_newest_is_wanted(question: str, newest: bool) -> None:
    assert asked(question).newest is newest


def test_a_question_is_taken_apart() -> None:
    query = asked("As of 2 July 2024, did John Smith lead Oslo from 1998 to 2003?")
    assert query.text == "did John Smith lead Oslo from 1998 to 2003?"
    assert (query.as_of, query.years) == (DAY, (1998, 2003))
    assert query.names == (("john", "smith"), ("oslo",))
    assert query.pairs[:2] == (("john", "smith"), ("smith", "lead"))
    assert query.weight == len(query.weights) == 6


def test_a_question_that_tells_nothing_can_be_divided_by() -> None:
    query = asked("?")
    assert (query.pairs, query.names, query.years, query.as_of, query.newest) == ((), (), None, None, False)
    assert query.weight == 1


def test_queries_compare_by_their_words() -> None:
    assert analysed("Who?", ("a",), {"a": 1.0}, unit(1.0)) == analysed("Who?", ("a",), {"a": 1.0}, unit(0.0))
    assert asked("Who swam?") != asked("Who ran?")

"""Quantities and dates in every format have one form."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa.facts import Date, facts


def told(text: str) -> set[tuple[str, str]]:
    return {(str(quantity), quantity.unit) for quantity in facts(text).quantities}


@pytest.mark.parametrize(
    ("text", "value", "unit"),
    [
        ("$7bn", "7000000000", "$"),
        ("7 billion dollars", "7000000000", "$"),
        ("US$ 7 billion", "7000000000", "$"),
        ("USD 7bn", "7000000000", "$"),
        ("seven billion dollars", "7000000000", "$"),
        ("680m euros", "680000000", "€"),
        ("Rs 500 crore", "5000000000", "₹"),
        ("25%", "25", "%"),
        ("25 per cent", "25", "%"),
        ("twenty-five percent", "25", "%"),
        ("half of it", "50", "%"),
        ("two-thirds of it", "66.7", "%"),
        ("a quarter of it", "25", "%"),
        ("0.25 percentage points", "0.25", "point"),
        ("1,250 children", "1250", ""),
        ("24 climbers", "24", ""),
        ("twenty four climbers", "24", ""),
        ("a hundred", "100", ""),
        ("two hundred and fifty thousand", "250000", ""),
        ("half a million", "500000", ""),
        ("two dozen eggs", "24", ""),
        ("a decade", "10", "year"),
        ("a ten-year plan", "10", "year"),
        ("two decades", "20", "year"),
        ("a fortnight", "2", "week"),
        ("the 1970s", "1970", "era"),
        ("the 21st century", "21", "ordinal"),
        ("the twenty-first", "21", "ordinal"),
        ("the second largest", "2", "ordinal"),
        ("412 metres", "412", "m"),
        ("43m tall", "43", "m"),
        ("5m people", "5000000", ""),
        ("90 km/h", "90", "km/h"),
        ("2.5 million cubic meters", "2500000", "cu m"),
        ("twice", "2", "times"),
        ("three times", "3", "times"),
        ("9:40 pm", "21:40", "clock"),
        ("9.40 p.m.", "21:40", "clock"),
        ("at 21:40", "21:40", "clock"),
        ("5 to 7 billion dollars", "5000000000", "$"),
        ("$5-7bn", "7000000000", "$"),
        ("from 5-7%", "5", "%"),
    ],
)
def test_quantities(text: str, value: str, unit: str) -> None:
    assert (value, unit) in told(text)


@pytest.mark.parametrize("text", ["one day", "at one point", "this decade", "a quarterback", "Dozens came.", "someone"])
def test_what_is_no_quantity(text: str) -> None:
    assert told(text) == set()


def test_hyphenated_years_and_scores_are_read_number_by_number() -> None:
    assert told("2010-2015") >= {("2010", ""), ("2015", "")}
    assert facts("They won 3–1.").scores == {(1, 3)}


def test_what_is_counted() -> None:
    (quantity,) = facts("More than 300 stranded passengers of two trains slept there.").quantities[:1]
    assert (quantity.counted, quantity.bound) == (("strand", "passeng"), "over")
    assert facts("three of the 45 patients").quantities[1].part


@pytest.mark.parametrize(
    "text",
    [
        "31st October 2025",
        "October 31, 2025",
        "31 Oct. 2025",
        "Oct 31st 2025",
        "the 31st of October, 2025",
        "2025-10-31",
        "31/10/2025",
        "31.10.2025",
        "10/31/2025",
    ],
)
def test_one_date_in_many_forms(text: str) -> None:
    assert facts(f"It began on {text}.").dates == {Date(2025, 10, 31)}


def test_dates_in_part_and_in_a_row() -> None:
    assert facts("in March 2022").dates == {Date(2022, 3, None)}
    assert facts("on 4 May").dates == {Date(None, 5, 4)}
    assert facts("from 4 to 6 May 2020").dates == {Date(2020, 5, 4), Date(2020, 5, 6)}
    assert facts("04/05/2020").dates == {Date(2020, 4, 5), Date(2020, 5, 4)}


@pytest.mark.parametrize("text", ["They may march.", "May he march?", "the March of Dimes", "an august body", "99/99/2020", "2020-13-01"])
def test_what_is_no_month(text: str) -> None:
    assert facts(text).dates == frozenset()


def test_months_that_are_words_too() -> None:
    assert facts("It rained in May and June.").dates == {Date(None, 5, None), Date(None, 6, None)}
    assert facts("It rained last March.").dates == {Date(None, 3, None)}


def test_days_of_the_week_and_rates() -> None:
    found = facts("It was shut on Monday, opens tomorrow, four days a week, and closes next year.")
    assert found.weekdays == {"monday"}
    assert found.relative == {"tomorrow", "per week", "next year"}
    assert facts("a weekly market").relative == facts("10 boats per week").relative


@given(st.integers(0, 10**12))
def test_any_integer_is_read_with_and_without_commas(number: int) -> None:
    assert (str(number), "") in told(f"They counted {number} of them.")
    assert (str(number), "") in told(f"They counted {number:,} of them.")


@given(st.text())
def test_no_text_is_too_odd(text: str) -> None:
    facts(text)

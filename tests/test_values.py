"""Times and amounts as texts tell them, and whether two of them agree."""

import pytest

from qa.values import amounts, moments, same_amount, written_amount, written_moment


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("It cost $7 billion.", "It cost $7.1 billion.", True),
        ("It cost $7 billion.", "It cost $9 billion.", False),
        ("It cost about $7.3 billion.", "It cost $7.1 billion.", True),
        ("It cost $7.3 billion.", "It cost $7.1 billion.", False),
        ("It drew more than 300 guests.", "It drew 412 guests.", True),
        ("It drew more than 500 guests.", "It drew 412 guests.", False),
        ("It drew 20 guests.", "It drew 22 guests.", False),
        ("It drew about 20 guests.", "It drew 22 guests.", True),
        ("It drew 2,200 guests.", "It drew 2,214 guests.", True),
        ("It grew by half.", "It grew by 50 percent.", True),
        ("It grew by 4%.", "It grew by 5%.", False),
        ("It leaves at 7 pm.", "It leaves at 19:00.", True),
        ("It leaves at 7 pm.", "It leaves at 7 am.", False),
    ],
)
def test_amounts_that_agree_and_that_do_not(one: str, other: str, same: bool) -> None:
    ((first, *_), (second, *_)) = amounts(one), amounts(other)
    assert same_amount(first, one, second, other) == same_amount(second, other, first, one) == same


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("in April 2025", "on April 13, 2025", True),
        ("in 2025", "on April 13, 2025", True),
        ("on 13 April", "on April 13, 2025", True),
        ("on 13 April", "on April 14, 2025", False),
        ("in May 2025", "on April 13, 2025", False),
        ("in 2024", "in April 2025", False),
    ],
)
def test_times_that_agree_and_that_do_not(one: str, other: str, same: bool) -> None:
    ((first,), (second,)) = moments(one), moments(other)
    assert first.agrees(second) == second.agrees(first) == same


@pytest.mark.parametrize(
    "text", ["In 2019 it fell.", "It was the third.", "Of the 45 members none came.", "It sold another 30 ferries.", "Up from 12%."]
)
def test_numbers_that_are_no_amounts(text: str) -> None:
    assert amounts(text) == ()


def test_values_as_they_are_written() -> None:
    text = "Opened on 4 May 2019 in “Ørby”, it cost about $7.1 billion, or twenty-two million a day."
    assert [written_amount(text, one) for one in amounts(text)] == ["$7.1 billion", "twenty-two million"]
    assert [written_moment(text, one) for one in moments(text)] == ["4 May 2019"]
    assert moments("From 1862–90 he ruled.") == ()

"""What text and question share, by values worked out by hand."""

import math

import pytest

from qa.match import SEPARATOR, YEARS_APART, coverage, known, pair_coverage, reading, title_stems, year_nearness
from tests.passages import asked, passage

QUESTION = asked("Who owned the old mill?", {"own": 3.0, "old": 1.0, "mill": 2.0})


def test_a_passage_is_read_sentence_by_sentence() -> None:
    taken = reading(passage("The mill was built in 1911.", "Its owners left.", title="Two mills", start=70))
    assert taken.title == ("two", "mill")
    assert taken.sentences == (("mill", "build", "1911"), ("owner", "leav"))
    assert taken.years == (((1911, 1911),), ())
    assert taken.flat[-3:] == [SEPARATOR, "two", "mill"]


def test_each_word_covers_what_it_tells_and_in_the_title_half() -> None:
    assert coverage(QUESTION, {"own", "old", "mill"}) == 1
    assert coverage(QUESTION, {"own"}) == pytest.approx(3 / 6)
    assert coverage(QUESTION, {"mill"}) == pytest.approx(2 / 6)
    assert coverage(QUESTION, set()) == 0
    assert coverage(asked("?"), set()) == 0


def test_the_words_of_the_question_are_known_in_a_text() -> None:
    assert known(QUESTION, ["mill", "wheel", "own", "mill"]) == {"mill", "own"}
    assert known(QUESTION, []) == set()


def test_neighbours_in_the_question_are_sought_as_neighbours() -> None:
    assert QUESTION.pairs == (("own", "old"), ("old", "mill"))  # 4 and 3
    assert pair_coverage(QUESTION, ["old", "mill", "own"]) == pytest.approx(3 / 7)
    assert pair_coverage(QUESTION, ["own", "old", "mill"]) == 1
    assert pair_coverage(QUESTION, ["mill", "old", "own"]) == 0
    assert pair_coverage(asked("Mill?"), ["mill", "mill"]) == 0


def test_no_pair_reaches_from_the_text_into_the_title() -> None:
    assert pair_coverage(asked("Is it an old mill?"), reading(passage("It is old.", title="Mill and wheel")).flat) == 0
    assert pair_coverage(asked("Is it an old mill?"), reading(passage("It stands.", title="The old mill")).flat) == 1


def test_nearness_of_years() -> None:
    query = asked("Who owned it from 1920 to 1925?")
    assert year_nearness(query, [(1922, 1922)]) == year_nearness(query, [(1900, 1920)]) == 1
    assert year_nearness(query, [(1927, 1930)]) == pytest.approx(math.exp(-2 / YEARS_APART))
    assert year_nearness(query, [(1800, 1801), (1910, 1919)]) == pytest.approx(math.exp(-1 / YEARS_APART))
    assert year_nearness(query, []) == year_nearness(asked("Who owned it?"), [(1922, 1922)]) == 0


def test_titles_are_stems() -> None:
    assert title_stems("The Mills of Lima") == ("mill", "lima")
    assert title_stems("") == ()

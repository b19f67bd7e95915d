"""A text that no longer tells its answer."""

import random

import pytest

from qa.training.general import AMOUNTS, PEOPLE, PLACES, TIMES, general

TEXT = "Mayor Rita Holm opened the bridge of Orrin in 1874 with 240 guests."


def made(question: str, answer: str, text: str = TEXT) -> set[str]:
    start = text.index(answer)
    found = [general(question, text, start, start + len(answer), random.Random(seed)) for seed in range(80)]
    return {one for one in found if one is not None}


@pytest.mark.parametrize(
    ("question", "answer", "phrases", "before", "after"),
    [
        ("Who opened the bridge?", "Rita Holm", PEOPLE, "Mayor ", " opened the bridge of Orrin in 1874 with 240 guests."),
        ("When was it opened?", "1874", TIMES, "Mayor Rita Holm opened the bridge of Orrin ", " with 240 guests."),
        ("How many guests were there?", "240", AMOUNTS, "Mayor Rita Holm opened the bridge of Orrin in 1874 with ", " guests."),
        ("Where is the bridge?", "Orrin", PLACES, "Mayor Rita Holm opened the bridge of ", " in 1874 with 240 guests."),
    ],
)
def test_what_is_asked_for_is_said_in_general(question: str, answer: str, phrases: tuple[str, ...], before: str, after: str) -> None:
    assert made(question, answer) == {f"{before}{phrase}{after}" for phrase in phrases}


def test_a_thing_may_be_called_by_the_word_of_the_question() -> None:
    found = made("Which river does it cross?", "Lima", "It crosses the Lima.")
    assert "It crosses the one river." in found
    assert not any("Lima" in text for text in found)


def test_a_sentence_goes_on_beginning_with_a_capital() -> None:
    assert all(text[0].isupper() for text in made("Who built it?", "Rita Holm", "Rita Holm built it."))


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("Rita built it, and Rita sold it.", "Rita"),
        ("It was the 97th.", "97"),
        ("It " + "really " * 12 + "rained.", "really " * 12 + "rained"),
    ],
)
def test_what_would_leave_half_of_it_is_left_alone(text: str, answer: str) -> None:
    assert not made("What?", answer, text)

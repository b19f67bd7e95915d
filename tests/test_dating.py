"""Which questions ask how things are now, and on which day the answer stands."""

import pytest

from qa.dating import standing_on, wants_now
from qa.types import Evidence
from tests.passages import passage


@pytest.mark.parametrize(
    "question",
    [
        "What is the latest price of a Marlow ticket?",
        "Who is the mayor of Marlow?",
        "Who's Norway's foreign minister?",
        "Who is Selby's current goalkeeper?",
        "Is the Ardo mill still open?",
        "How many people live in Tolva now?",
        "Where is the ferry currently?",
        "What does the museum show today?",
    ],
)
def test_a_question_of_how_things_are(question: str) -> None:
    assert wants_now(question)


@pytest.mark.parametrize(
    "question",
    [
        "Who was the mayor of Marlow?",
        "Who is the mayor of Marlow in 2012?",
        "Who is Ines Calvo?",
        "What is an ocean current?",
        "What is a still life?",
        "Which town is now known as Tolva?",
        "When did the mill close?",
    ],
)
def test_a_question_of_something_else(question: str) -> None:
    assert not wants_now(question)


def evidence(*dates: str | None) -> tuple[Evidence, ...]:
    places = [passage("It costs $7.", document=f"d{number}", date=date) for number, date in enumerate(dates)]
    return tuple(Evidence(number, place, 0, place.end, place.text, 1.0) for number, place in enumerate(places, 1))


def test_an_answer_stands_on_its_newest_article() -> None:
    assert standing_on("What is the latest price?", evidence("2025-05-12", None, "2024-01-31")) == "2025-05-12"
    assert standing_on("As of 2 June 2025: what is the price?", evidence("2025-05-12")) == "2025-05-12"
    assert standing_on("What is the latest price?", evidence(None)) is None
    assert standing_on("What was the price?", evidence("2025-05-12")) is None

"""Questions about a topic and nothing more, and the sentences that tell of it."""

from typing import Final

import pytest

from qa.topics import LONGEST_SENTENCE, TOLD, sentences_about, topic_of
from qa.types import Evidence
from tests.passages import passage

MINISTRY: Final = "The Ministry of Inland Fisheries closed four harbours in May."


@pytest.mark.parametrize(
    ("question", "topic"),
    [
        ("What is said about the Ardo Water Mill?", "the Ardo Water Mill"),
        ("what do the documents tell about Lake Morna?", "Lake Morna"),
        ("What do you know about cod quotas?", "cod quotas"),
        ("Tell me more about Ines Calvo.", "Ines Calvo"),
        ("Can you tell us something of the ferry?", "the ferry"),
        ("Is there anything about the strike?", "the strike"),
        ("Anything on pensions?", "pensions"),
        ("Ardo Water Mill", "Ardo Water Mill"),
        ("CIS-MOA", "CIS-MOA"),
    ],
)
def test_a_question_about_a_topic_and_nothing_more(question: str, topic: str) -> None:
    assert topic_of(question) == topic


@pytest.mark.parametrize(
    "question",
    [
        "What did Ines Calvo say about the mill?",
        "Who told the mayor about the mill?",
        "What is said about why the mill closed?",  # asks for something about it
        "Tell me about how many came.",
        "What is the Ardo Water Mill?",
        "The mill?",  # a doubt, rather than a heading
        "The mill closed because of the",
        "how tall is the mill",
        "mayor, mill and four more words here now",
        "",
        "?",
    ],
)
def test_a_question_that_asks_for_something(question: str) -> None:
    assert topic_of(question) is None


def about(topic: str, *texts: str) -> list[str]:
    return [item.text for item in sentences_about(topic, evidence(*texts))]


def evidence(*texts: str) -> list[Evidence]:
    places = [passage(text, document=str(number)) for number, text in enumerate(texts)]
    return [Evidence(number, place, 0, place.end, place.text, 1.0) for number, place in enumerate(places, 1)]


def test_only_sentences_that_name_all_of_it_tell_of_it() -> None:
    assert about("Ministry of Fisheries", MINISTRY, "The Ministry of Trade opened one.", "Inland fisheries pay little.") == [MINISTRY]


@pytest.mark.parametrize(
    "text", ["Fisheries are no ministry’s favourite.", "The Ministry told those who live by the sea and off Fisheries."]
)
def test_the_words_of_a_name_stand_together_and_in_order(text: str) -> None:
    assert about("Ministry of Fisheries", text) == []


@pytest.mark.parametrize(
    "text",
    [
        "It was then that Lake Morna froze.",
        "However, Lake Morna froze.",
        "“Lake Morna freezes every year.",
        "Lake Morna in winter",
        "Lake Morna " + "froze and " * (LONGEST_SENTENCE // 10) + "thawed.",
    ],
)
def test_a_sentence_that_cannot_be_read_alone_is_not_told(text: str) -> None:
    assert about("Lake Morna", text, "Lake Morna froze.") == ["Lake Morna froze."]


def test_a_few_sentences_are_enough() -> None:
    assert len(about("Lake Morna", *(f"Lake Morna froze in {year}." for year in range(1980, 1990)))) == TOLD


def test_sentences_of_a_document_come_in_its_order() -> None:
    place = passage("Lake Morna froze.", "Ines swam in Lake Morna.")
    first, second = place.sentences
    shown = [Evidence(n, place, span.start, span.end, span.of(place.text), 1.0) for n, span in ((1, second), (2, first))]
    assert [item.number for item in sentences_about("Lake Morna", shown)] == [2, 1]


def test_nothing_is_told_of_a_topic_of_no_words() -> None:
    assert about("the", "The mill closed.") == []

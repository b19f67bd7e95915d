"""Example questions are about names that one article uses most and no other does."""

from qa.suggest import suggestions
from qa.types import Passage, Span


def document(*sentences: str) -> list[Passage]:
    text = " ".join(sentences)
    spans = tuple(Span(text.index(sentence), text.index(sentence) + len(sentence)) for sentence in sentences)
    return [Passage("p", "d", "d.txt", "Title", None, None, 0, len(text), text, spans)]


MILL = document(
    "Last year the Ardo Water Mill ground wheat for Ines Calvo.",
    "Then the Ardo Water Mill’s wheel broke.",
    "Many people in Porto Alegre saw it.",
)
LAKE = document(
    "The deepest part of Lake Morna is cold.", "Not even Álvaro Núñez swims in Lake Morna.", "Snow fell in Porto Alegre in May."
)


def test_each_document_is_asked_about_with_its_most_used_name() -> None:
    asked = suggestions([MILL, LAKE], 2)
    assert sum("Ardo Water Mill?" in question for question in asked) == 1
    assert sum("Lake Morna?" in question for question in asked) == 1


def test_names_that_two_documents_share_tell_nothing() -> None:
    assert not any("Porto Alegre" in question for question in suggestions([MILL, LAKE], 9))


def test_when_every_document_has_had_its_turn_the_next_names_come() -> None:
    asked = suggestions([MILL, LAKE], 9)
    assert len(asked) == 4
    assert any("Ines Calvo" in question for question in asked[2:])
    assert any("Álvaro Núñez" in question for question in asked[2:])


def test_no_more_than_asked_for() -> None:
    assert [len(suggestions([MILL, LAKE], limit)) for limit in (0, 1, 3)] == [0, 1, 3]


def test_days_and_first_words_are_no_names() -> None:
    assert suggestions([document("Ana Ruiz came.", "They met Monday May the fourth.", "And So It Goes.")], 4) == ()


def test_nothing_of_nothing() -> None:
    assert suggestions([], 4) == suggestions([[]], 4) == ()

"""Surnames that several people bear. The people are of our own making."""

import pytest

from qa.namesakes import namesakes
from qa.types import Evidence
from tests.passages import passage


def evidence(*texts: str) -> tuple[Evidence, ...]:
    """Each text as a sentence of its own document."""
    places = [passage(text, document=f"d{number}", title="News") for number, text in enumerate(texts)]
    return tuple(Evidence(number, place, 0, place.end, place.text, 1.0) for number, place in enumerate(places, 1))


PETRA, JONAS = "Petra Holm said the mill would close.", "The mayor met Jonas Holm, who owns the ferry."


@pytest.mark.parametrize(
    ("question", "texts", "people"),
    [
        ("What did Holm say?", (PETRA, JONAS), ("Petra Holm", "Jonas Holm")),
        ("What did Mayor Holm say?", ("Mayor Petra Holm spoke.", "Mayor Jonas Holm left."), ("Petra Holm", "Jonas Holm")),
        ("Why was Holm's proposal rejected?", (PETRA, JONAS), ("Petra Holm", "Jonas Holm")),
        ("When did Holm resign?", ("Minister Petra Holm resigned.", "Then Jonas Erik Holm resigned."), ("Petra Holm", "Jonas Erik Holm")),
        ("What did Varga sign?", ("Tomas Varga told the court.", "It was signed by Director Ines Varga."), ("Tomas Varga", "Ines Varga")),
        ("Whom did Holm meet?", (PETRA, JONAS, "Petra M. Holm met no one."), ("Petra M. Holm", "Jonas Holm")),
        # the question tells which
        ("What did Petra Holm say?", (PETRA, JONAS), ()),
        ("What did Mayor Holm say?", ("Mayor Petra Holm spoke.", JONAS), ()),
        ("What did physicist Holm say?", (PETRA, JONAS), ()),
        # one person
        ("What did Holm say?", (PETRA, "P. Holm said no more."), ()),
        ("What did Holm say?", (PETRA, "Petra Maria Holm said no more."), ()),
        ("What did Holm say?", (PETRA, "Mayor Holm said no more."), ()),
        ("What did Holm say?", (PETRA, "The mayor, Pedra Holm, said no more."), ()),
        # no person
        ("What did Holm say?", (PETRA, "Yesterday Holm said no more."), ()),
        ("What did Holm say?", (PETRA, "They live in New Holm and East Holm."), ()),
        ("What did Holm say?", (PETRA, "The Jonas Holm Foundation said no more."), ()),
        ("Where is Holm?", ("It lies between Upper Holm and Nether Holm.", "The road to Jarle Holm is closed."), ()),
        ("Who won the Cup?", ("Arne Cup said so.", "The Selby Cup was won by Kari Dahl."), ()),
        ("What did Norway say?", ("Petra Norway said so.", "Jonas Norway said so."), ()),
        ("What did the Holm do?", (PETRA, JONAS), ()),
    ],
)
def test_people_of_one_surname(question: str, texts: tuple[str, ...], people: tuple[str, ...]) -> None:
    assert namesakes(question, evidence(*texts)) == people

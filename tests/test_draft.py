"""Claims become cited sentences, or are withdrawn."""

import pytest

from qa.draft import Draft, with_footnotes
from qa.types import Claim, Sentence
from tests.claims import evidence, evidence_of

QUESTION = "What is said of the bridge?"


def draft(*texts: str, article: str = "bridge") -> Draft:
    made = Draft(QUESTION, evidence(article))
    for text in texts:
        made.take(Claim(text, ()))
    return made


def test_supported_claims_stand_with_their_footnotes() -> None:
    made = draft("The bridge is 412 metres long.", "It was opened by Mayor Helen Ostrow.", "It carries 25% of the town's commuters.")
    assert made.text() == (
        "The bridge is 412 metres long [1]. It was opened by Mayor Helen Ostrow [2]. It carries 25% of the town's commuters [1]."
    )
    assert made.withdrawn == []
    assert [citation.number for citation in made.citations.values()] == [1, 2]


def test_a_citation_is_a_span_of_the_source() -> None:
    made = draft("The bridge is 412 metres long.")
    (citation,) = made.citations.values()
    passage = evidence("bridge")[1].passage
    assert citation.quote == passage.text[citation.start : citation.end]
    assert (citation.document, citation.file, citation.title) == ("bridge", "bridge.txt", passage.title)


def test_an_unsupported_claim_is_withdrawn_with_the_reason() -> None:
    made = draft("The bridge is 421 metres long.")
    assert made.text() == ""
    assert [(gone.text, gone.reason) for gone in made.withdrawn] == [
        ("The bridge is 421 metres long.", "the number 421 does not stand in its source")
    ]
    assert made.citations == {}


def test_a_sentence_said_twice_counts_once() -> None:
    made = draft("The bridge is 412 metres long.", "the bridge is 412 metres long")
    assert len(made.sentences) == 1
    assert made.withdrawn == []


def test_all_may_be_withdrawn_in_the_end() -> None:
    made = draft("The bridge is 412 metres long.", "The bridge is 500 metres long.")
    made.withdraw_all("it is not what was asked")
    assert (made.text(), made.sentences, made.support, made.citations) == ("", [], [], {})
    assert [gone.reason for gone in made.withdrawn] == ["the number 500 does not stand in its source", "it is not what was asked"]


def test_each_standing_sentence_keeps_its_support() -> None:
    made = draft("It was opened by Mayor Helen Ostrow.", "The bridge is 500 metres long.", "The bridge is 412 metres long.")
    assert [[item.number for item in group] for group in made.support] == [[1], [2]]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("They met.", "They met [1][3]."),
        ("They met", "They met [1][3]."),
        ("Did they?!", "Did they [1][3]?!"),
        ("They met … ", "They met [1][3]…"),
        ("They met...", "They met [1][3]..."),
        ("“They met.”", "“They met.” [1][3]."),
        ("In Lugo", "In Lugo [1][3]."),
    ],
)
def test_footnotes_stand_before_the_final_stop(text: str, expected: str) -> None:
    assert with_footnotes(Sentence(text, (1, 3))) == expected


def test_where_nothing_stands_the_sentence_pointed_at_is_quoted() -> None:
    made = Draft(QUESTION, evidence("bridge"))
    made.take(Claim("The bridge is 421 metres long.", (2,)))
    assert made.quote()
    (sentence,) = made.sentences
    assert sentence.text == " ".join(made.evidence[1].text.split())
    assert [citation.quote for citation in made.citations.values()] == [made.evidence[1].text]
    assert [gone.text for gone in made.withdrawn] == ["The bridge is 421 metres long."]


@pytest.mark.parametrize(
    ("question", "claims"),
    [
        (QUESTION, [Claim("The bridge is 421 metres long.", ())]),
        (QUESTION, [Claim("The bridge is 421 metres long.", (2,)), Claim("The bridge is 412 metres long.", (2,))]),
        ("Why is the bridge red in 1850, and in which year was it?", []),
    ],
    ids=["points at nothing", "another sentence stands", "nothing was said"],
)
def test_nothing_is_quoted_where(question: str, claims: list[Claim]) -> None:
    made = Draft(question, evidence("bridge"))
    for claim in claims:
        made.take(claim)
    before = made.text()
    assert not made.quote()
    assert made.text() == before


def test_a_sentence_that_is_not_what_was_asked_for_is_not_quoted() -> None:
    made = Draft("How many people opened it?", evidence_of("Bridge", "The mayor opened it."))
    made.take(Claim("Seven people opened it.", (1,)))
    assert not made.quote()

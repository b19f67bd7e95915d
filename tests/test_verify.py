"""Sound claims stand, corrupted ones are withdrawn with their reason. The claims are of our own making."""

import re
import time
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qa.types import Claim
from qa.verify import fault, kind_fault, support
from tests.claims import ARTICLES, CORRUPTED, SOUND, evidence, evidence_of

REASONS = {
    "number": r"the number|says (?:over|under)|of all|“\d+-\d+”",
    "unit": r"counts something else|the number|“Per",
    "date": r"the date|the time|the number",
    "name": r"the name|is said of another",
    "negation": r"denies|affirms",
    "modality": r"as a fact|may be|possibility|word of another",
    "direction": r"where its source says|other way round|of another|says (?:over|under)",
    "quote": r"the quotation|the name",
    "demand": r"was asked for",
}


def reason(article: str, question: str, text: str, pointers: tuple[int, ...] = ()) -> str | None:
    return support(Claim(text, pointers), question, evidence(article))[1]


@pytest.mark.parametrize(("article", "question", "text"), SOUND, ids=lambda value: value)
def test_a_sound_claim_stands(article: str, question: str, text: str) -> None:
    assert reason(article, question, text) is None


@pytest.mark.parametrize(("article", "question", "text", "kind"), CORRUPTED, ids=lambda value: value)
def test_a_corrupted_claim_is_withdrawn_with_its_reason(article: str, question: str, text: str, kind: str) -> None:
    assert re.search(REASONS[kind], str(reason(article, question, text)))


@pytest.mark.parametrize("strange", ["俄罗斯", "Россия", "ليبيا", "דרום", "日本へ", "\ufffd"])
def test_letters_that_no_source_uses_are_not_let_through(strange: str) -> None:
    item = evidence(next(iter(ARTICLES)))[0]
    said = f"{item.text.rstrip('.')} {strange}."
    assert fault(said, "", [item]) == f"“{strange}” is written in letters that its source does not use"
    assert fault(said, "", [replace(item, text=f"{item.text} {strange}")]) is None


def test_there_are_enough_of_both() -> None:
    assert len(SOUND) >= 60
    assert len(CORRUPTED) >= 120
    assert {row[3] for row in CORRUPTED} == set(REASONS)


@pytest.mark.parametrize("article", ARTICLES)
def test_every_sentence_supports_itself(article: str) -> None:
    for item in evidence(article):
        assert fault(item.text, "", [item]) is None


@pytest.mark.parametrize("article", ARTICLES)
def test_no_sentence_supports_one_of_another_article(article: str) -> None:
    for other in ARTICLES:
        if other != article:
            assert all(fault(item.text, "", evidence(article)) for item in evidence(other))


def test_the_checker_cites_the_sentence_that_says_it_whatever_the_model_points_at() -> None:
    group, why = support(Claim("Tomas Varga may resign.", (1,)), "Who may resign?", evidence("museum"))
    assert why is None
    assert [item.number for item in group] == [2]


def test_what_the_model_points_at_is_tried_first() -> None:
    shown = evidence_of("Bakers", "Ana Ruiz bakes bread.", "In Lugo, Ana Ruiz bakes bread.")
    assert [item.number for item in support(Claim("Ana Ruiz bakes bread.", (2,)), "Who bakes bread?", shown)[0]] == [2]


def test_neighbours_support_together_what_neither_says_alone() -> None:
    claim = Claim("The painting, the second largest work of the artist, was bought by Clara Beck.", ())
    group, why = support(claim, "Who bought the painting?", evidence("painting"))
    assert why is None
    assert [item.number for item in group] == [1, 2]


def test_sentences_far_from_each_other_are_not_joined_unless_the_model_points_at_both() -> None:
    shown = evidence_of("Two towns", "Arna has 300 wells.", "Nothing else is known of it. " * 12, "Beros has a lake.")
    shown = (shown[0], shown[2])
    text = "Arna has 300 wells and Beros has a lake."
    assert support(Claim(text, (1,)), "What do the towns have?", shown)[1]
    assert support(Claim(text, (1, 3)), "What do the towns have?", shown)[1] is None


def test_a_claim_may_rest_on_two_articles_that_the_model_points_at() -> None:
    shown = (*evidence_of("Arna", "Arna has 300 wells.", document="a"), *evidence_of("Beros", "Beros has a lake.", document="b", first=2))
    group, why = support(Claim("Arna has 300 wells and Beros has a lake.", (1, 2)), "What do they have?", shown)
    assert (len(group), why) == (2, None)


def test_the_reason_is_that_of_the_nearest_sentence() -> None:
    assert (
        reason("dam", "How many villages does it supply?", "The dam supplies 41 villages.") == "the number 41 does not stand in its source"
    )


def test_without_evidence_nothing_stands() -> None:
    assert support(Claim("It rains.", (1,)), "Does it rain?", ()) == ((), "it points at no evidence")


@pytest.mark.parametrize("text", ["", "...", "It is so.", "Not stated.", "The evidence does not say."])
def test_what_says_nothing_is_withdrawn(text: str) -> None:
    assert reason("dam", "When was the dam built?", text)


@pytest.mark.parametrize(
    ("question", "text"),
    [
        ("Who opened the footbridge?", "The footbridge was opened."),
        ("Where is the bridge?", "The bridge is 412 metres long."),
        ("What did the bridge cost?", "The bridge cost."),
    ],
)
def test_what_only_repeats_the_question_is_withdrawn(question: str, text: str) -> None:
    assert reason("bridge", question, text)


def test_words_of_the_question_alone_need_support_too() -> None:
    assert reason("film", "Was the film shot in Osaka by Hana Mori with donkeys?", "Hana Mori shot the film with donkeys.")


def test_a_question_of_two_parts_makes_no_single_demand() -> None:
    assert reason("bridge", "Who opened the footbridge, and when?", "Mayor Helen Ostrow opened the footbridge.") is None


def test_when_as_a_conjunction_asks_for_no_time() -> None:
    assert reason("school", "Who refused to sign when the teachers voted?", "Ivan Kos refused to sign the letter.") is None


@pytest.mark.parametrize(
    ("source", "claim", "stands"),
    [
        ("Iran and Oman met in Muscat.", "Iraq and Oman met in Muscat.", False),
        ("The Peruvian minister visited Quito.", "The minister of Peru visited Quito.", True),
        ("The Peruvian minister visited Quito.", "The minister of Paraguay visited Quito.", False),
        ("Anna Weber wrote to Otto Weber.", "Otto Weber wrote to Anna Weber.", False),
        ("William Dover resigned.", "Williams Dover resigned.", False),
        ("The World Bridge Union met in May.", "The WBU met in May.", True),
        ("José Álvarez won the race.", "Jose Alvarez won the race.", True),
        ("Jane Hall and Peter Moss won.", "Jane Moss won.", False),
        ("The UK imports 5 tonnes of tea.", "The United Kingdom imports five tonnes of tea.", True),
        ("The mill closed in 1999.", "The mill closed in late 1999 only.", False),
        ("The oldest mill closed.", "The largest mill closed.", False),
        ("The paper mill closed in 1999.", "The cotton mill closed in 1999.", False),
        ("The port opened between 5 and 7 May 2001.", "The port opened on 7 May 2001.", True),
        ("The shop did not open until 2010.", "The shop opened in 2010.", True),
        ("It cost 5 to 7 billion dollars.", "It cost 7 billion euros.", False),
        ("Navy improved to 5–4.", "Navy improved to 5-5.", False),
        ("It cost $5-7bn.", "It cost at least 5 billion dollars.", False),
        ("It cost $5-7bn.", "It cost 5 to 7 billion dollars.", True),
        ("The board agreed to the terms in Rome.", "The terms were agreed in Rome.", True),
        ("The shop may or may not open on Monday.", "The shop may open on Monday.", True),
    ],
)
def test_one_sentence_against_another(source: str, claim: str, stands: bool) -> None:
    assert (fault(claim, "", evidence_of("Notes", source)) is None) == stands


# What letters stand for


@pytest.mark.parametrize(
    ("question", "text", "tells"),
    [
        ("What does the PTA stand for?", "It is the Port Transit Agreement of 1998.", True),
        ("What is PTA short for?", "PTA is the agreement that opened the port.", False),
        ("What is the acronym DRAM-MOU short for?", "Delmar and Rosk Aid Mission Memorandum of Understanding", True),
        ("What is the acronym DRAM-MOU short for?", "It is a memorandum that both towns signed.", False),
        ("What does PTA do?", "It keeps the harbour open.", True),
        ("What does U.P.A. stand for?", "United Ports Authority", True),
    ],
)
def test_what_letters_stand_for_is_told_by_words_that_begin_with_them(question: str, text: str, tells: bool) -> None:
    assert (kind_fault(text, question) is None) == tells


# Any text, and speed


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=60), st.text(max_size=60), st.text(max_size=60))
def test_no_text_is_too_odd(claim: str, question: str, source: str) -> None:
    shown = evidence_of("Notes", source or ".")
    support(Claim(claim, (1,)), question, shown)


def test_a_claim_over_ten_sentences_is_checked_in_milliseconds() -> None:
    shown = evidence_of(
        "Notes", *(f"In {1990 + i} the town of Arna{i} sold {i + 3} old trams to Beros{i} for {i + 2} million euros." for i in range(10))
    )
    claims = [Claim(f"In 2004 Carona bought {i} trams from Arna{i}, which had never used them.", (1, 4, 7)) for i in range(20)]
    began = time.process_time()
    assert all(support(claim, "Who bought trams?", shown)[1] for claim in claims)
    assert (time.process_time() - began) / len(claims) < 0.01

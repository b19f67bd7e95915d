"""The best sentences, each once, with what they lean on, under the articles that they are from."""

from collections.abc import Sequence

import pytest

from qa import parameters
from qa.evidence import MARKS, candidates, choose, is_wide, needs_several
from qa.types import Evidence, Passage
from tests.passages import asked, hit, passage, rows

TEXT = (
    "The Ardo mill grinds wheat.",
    "It was built in 1911.",
    "Its owner is Ines Calvo.",
    "The river Lima floods every spring.",
    "A dog sleeps at the door.",
)
MILL = passage(*TEXT, title="The mill")
PLENTY = 1000
QUESTION = asked("Swimming?")


def count(text: str) -> int:
    return len(text.split())


def chosen(question: str, *parts: tuple[Passage, Sequence[float]], budget: int = PLENTY) -> tuple[Evidence, ...]:
    """What is shown of passages, given the cosines of their sentences with the question."""
    hits = [hit(part) for part, _ in parts]
    return choose(asked(question), hits, {part.id: rows(*cosines) for part, cosines in parts}, count, budget)


def texts(found: Sequence[Evidence]) -> list[str]:
    return [item.text for item in found]


def test_the_best_come_first_numbered_from_one() -> None:
    found = chosen("Swimming?", (MILL, (0.9, -1, -1, 0.95, -1)))
    assert texts(found) == [TEXT[3], TEXT[0]]
    assert [item.number for item in found] == [1, 2]


def test_what_is_far_worse_than_the_best_is_left_out() -> None:
    assert texts(chosen("Swimming?", (MILL, (1, -1, -1, -1, -1)))) == [TEXT[0]]


def test_a_span_is_where_its_text_stands() -> None:
    part = passage(*TEXT, start=500)
    found = chosen("Swimming?", (part, (0.9, 0.9, 0.9, 0.9, 0.9)))
    assert len(found) == 5
    assert all(part.text[item.start - 500 : item.end - 500] == item.text for item in found)


def test_the_article_with_the_best_sentence_comes_first_and_stays_together() -> None:
    beja = passage("Beja has a mill too.", "Nothing grinds there.", document="beja", title="Beja")
    found = chosen("Swimming?", (beja, (0.8, 0.86)), (MILL, (0.9, -1, -1, 0.83, -1)))
    assert [item.passage.document for item in found] == ["mill", "mill", "beja", "beja"]


def test_nothing_of_nothing() -> None:
    assert choose(QUESTION, [], {}, count, PLENTY) == ()
    assert choose(QUESTION, [hit(passage())], {}, count, PLENTY) == ()


def test_without_vectors_the_words_decide() -> None:
    found = choose(asked("Who is the owner?"), [hit(MILL)], {}, count, PLENTY)
    assert TEXT[2] in texts(found)[:2]  # after the one that it leans on


# Neighbours


@pytest.mark.parametrize("opening", ["It", "They", "Its wheels", "This", "However, it", "The agreement", "“It"])
def test_a_leaning_sentence_brings_the_one_before(opening: str) -> None:
    part = passage("A dog sleeps.", "The mill of Ardo was closed.", f"{opening} ended on Monday.")
    assert texts(chosen("Swimming?", (part, (-1, -1, 1)))) == ["The mill of Ardo was closed.", f"{opening} ended on Monday."]


def test_but_not_where_there_is_no_room_for_both() -> None:
    budget = count("The mill") + MARKS + count(TEXT[2]) + MARKS
    question = "Why does it grind?"  # wide, so that it has the whole budget
    assert texts(chosen(question, (MILL, (-1, -1, 1, -1, -1)), budget=budget)) == [TEXT[2]]
    assert texts(chosen(question, (MILL, (-1, -1, 1, -1, -1)), budget=budget + count(TEXT[1]) + MARKS)) == [TEXT[1], TEXT[2]]


def test_the_first_sentence_of_a_passage_leans_on_nothing() -> None:
    assert texts(chosen("Swimming?", (passage(*TEXT[1:]), (1, -1, -1, -1)))) == [TEXT[1]]


def test_a_bare_quotation_brings_who_said_it() -> None:
    after = passage("The mill closed.", "“We open in May.”", "So said Ines Calvo, its owner.", "A dog sleeps.")
    assert texts(chosen("Swimming?", (after, (-1, 1, -1, -1)))) == ["“We open in May.”", "So said Ines Calvo, its owner."]
    before = passage("A dog sleeps.", "Ines Calvo told the town about it.", "“We open in May.”", "The mill closed.")
    assert texts(chosen("Swimming?", (before, (-1, -1, 1, -1)))) == ["Ines Calvo told the town about it.", "“We open in May.”"]
    alone = passage("“We open in May.”")
    assert texts(chosen("Swimming?", (alone, (1,)))) == ["“We open in May.”"]


def test_of_two_passages_that_overlap_the_one_with_the_sentence_before_gives_the_context() -> None:
    first, second = passage(*TEXT[:2]), passage(*TEXT[1:3], start=len(TEXT[0]) + 1)
    found = choose(asked("Swimming?"), [hit(first, 0.9), hit(second)], {first.id: rows(-1, 1), second.id: rows(1, -1)}, count, PLENTY)
    assert texts(found) == [TEXT[0], TEXT[1]]


# The same told twice

STORY = "The mill of Ardo, which had stood for a hundred years, burnt down early on Monday, the mayor of the town said."


def test_the_same_sentence_comes_once() -> None:
    one, other = passage(STORY, document="a"), passage(STORY.upper(), document="b")
    assert len(chosen("Swimming?", (one, (0.9,)), (other, (0.9,)))) == 1


def test_the_same_story_of_two_papers_comes_once() -> None:
    one, other = passage(STORY, document="a"), passage(STORY.replace("early ", ""), document="b")
    assert [item.passage.document for item in chosen("Swimming?", (one, (0.9,)), (other, (0.8,)))] == ["a"]


def test_but_twice_where_the_numbers_differ() -> None:
    one = passage(STORY.replace("a hundred", "100"), document="a")
    other = passage(STORY.replace("a hundred", "120"), document="b")
    assert len(chosen("Swimming?", (one, (0.9,)), (other, (0.9,)))) == 2


def test_and_two_stories_that_share_some_words_are_two() -> None:
    one, other = passage(STORY, document="a"), passage("The mill of Beja burnt down on Monday in a storm.", document="b")
    assert len(chosen("Swimming?", (one, (0.9,)), (other, (0.9,)))) == 2


# What a question needs


@pytest.mark.parametrize(
    ("question", "wide"),
    [
        ("Who owns the mill?", False),
        ("When was the mill built?", False),
        ("Is the mill older than the bridge?", True),
        ("Why did the mill close?", True),
        ("List all owners of the mill", True),
        ("How does a mill work?", True),
        ("How many wheels has the mill?", False),
    ],
)
def test_which_questions_ask_for_much(question: str, wide: bool) -> None:
    assert is_wide(asked(question)) is wide


def test_a_wide_question_gets_more_than_a_short_fact() -> None:
    part = passage(*(f"Wheel {number} of the mill turns to the left." for number in range(9)), title="The mill")
    budget = 8 * (9 + MARKS)
    short, wide = (chosen(question, (part, [0.9] * 9), budget=budget) for question in ("Who owns it?", "Why is it, compared to others?"))
    assert 0 < len(short) < len(wide)


def test_questions_that_need_two_documents_get_a_sentence_of_each() -> None:
    agnes = passage("Agnes Moe was born in Ardo.", "She was tall.", document="agnes", title="Agnes Moe")
    ardo = passage("Ardo lies on the river Lima.", document="ardo", title="Ardo")
    vectors = {agnes.id: rows(0.9, 0.8), ardo.id: rows(-0.9)}
    question = asked("Which river flows through the town where Agnes Moe was born?")
    for gain, documents in ((parameters.SEVERAL + 0.1, {"agnes", "ardo"}), (0.0, {"agnes"})):
        hits = [hit(agnes, 0.9, hop=gain), hit(ardo, 0.1, hop=gain)]
        assert needs_several(hits) is (gain > 0)
        found = choose(question, hits, vectors, count, PLENTY)
        assert {item.passage.document for item in found} == documents
        assert [item.number for item in found] == list(range(1, len(found) + 1))


def test_one_document_is_not_several() -> None:
    hits = [hit(MILL, 0.9, hop=9.0), hit(passage(*TEXT, start=200), 0.8, hop=9.0)]
    assert not needs_several(hits)


@pytest.mark.parametrize(
    ("question", "better", "worse"),
    [
        ("Who owned the mill in 1950?", "In 1950 a baker owned the mill.", "In 1850 a farmer owned the mill."),
        ("When was the mill sold?", "The mill was sold in June.", "The mill was sold in haste."),
        ("How many wheels has the mill?", "The mill has 9 wheels.", "The mill has many wheels."),
        ("Who owns the mill?", "The mill is owned by Ines Calvo.", "The mill is owned by a baker."),
    ],
)
def test_what_the_question_asks_for_is_preferred(question: str, better: str, worse: str) -> None:
    part = passage("A dog sleeps.", worse, "A cat sleeps.", better)  # each after one that tells nothing
    ranked = sorted(candidates(asked(question), [hit(part)], {part.id: rows(0, 0.5, 0, 0.5)}), key=lambda candidate: -candidate.score)
    assert ranked[0].text == better


def test_the_passage_counts_beside_the_sentence() -> None:
    near, far = passage("Its owner left.", document="a"), passage("Its owner left in May.", document="b")
    by_document = {found.passage.document: found.score for found in candidates(asked("Whose owner?"), [hit(near, 0.9), hit(far, 0.1)], {})}
    assert by_document["a"] > by_document["b"]

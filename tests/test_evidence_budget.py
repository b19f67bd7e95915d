"""The budget of evidence, whatever the sentences."""

from collections.abc import Callable, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qa import parameters
from qa.evidence import MARKS, choose
from qa.tokens import estimate
from qa.types import Evidence, Hit
from tests.passages import asked, hit, passage, rows

WORDS = st.sampled_from(["mill", "Ardo", "It", "“We", "open.”", "said", "1911", "Calvo", "wheat", "owner", "é", "ß", "🐕", "水", "\u0301"])
SENTENCE = st.lists(WORDS, min_size=1, max_size=12).map(" ".join)
PASSAGE = st.tuples(st.sampled_from("abc"), st.lists(SENTENCE, max_size=6), st.floats(-1, 1), st.booleans())
QUESTION = st.sampled_from(["Who owns the mill?", "Why does it grind, compared to Ardo in 1911?", "?", "When was it?", "🐕"])


def spent(found: Sequence[Evidence], count: Callable[[str], int]) -> int:
    headings = {(item.passage.document, item.passage.heading) for item in found}
    return sum(count(item.text) + MARKS for item in found) + sum(count(heading) + MARKS for _, heading in headings)


def hits_of(made: Sequence[tuple[str, list[str], float, bool]]) -> list[Hit]:
    parts = [
        passage(*sentences, document=document, title=f"Paper {document}", start=1000 * place, date="2024-07-02" if dated else None)
        for place, (document, sentences, _, dated) in enumerate(made)
    ]
    return [hit(part, score, hop=1 - score) for part, (_, _, score, _) in zip(parts, made, strict=True)]


@settings(deadline=None)
@given(st.lists(PASSAGE, max_size=6), QUESTION, st.integers(0, 120), st.sampled_from([len, estimate, lambda text: len(text.split())]))
def test_the_budget_is_kept(
    made: list[tuple[str, list[str], float, bool]], question: str, budget: int, count: Callable[[str], int]
) -> None:
    hits = hits_of(made)
    vectors = {one.passage.id: rows(*[one.score] * len(one.passage.sentences)) for one in hits}
    found = choose(asked(question), hits, vectors, count, budget)
    assert spent(found, count) <= budget or len(found) == 1
    assert bool(found) == any(one.passage.sentences for one in hits)
    assert [item.number for item in found] == list(range(1, len(found) + 1))
    assert len({(item.passage.document, item.start) for item in found}) == len(found) <= parameters.MOST_SENTENCES + 1
    for item in found:
        assert item.passage.text[item.start - item.passage.start : item.end - item.passage.start] == item.text


@pytest.mark.parametrize("budget", [0, 1, 7])
def test_the_best_sentence_is_given_whatever_the_budget(budget: int) -> None:
    part = passage("The mill of Ardo grinds.", "It was built in a year that nobody knows.")
    found = choose(asked("Who built it?"), [hit(part)], {part.id: rows(0.0, 1.0)}, lambda text: len(text.split()), budget)
    assert [item.text for item in found] == ["It was built in a year that nobody knows."]


def test_a_heading_is_paid_for_once() -> None:
    part = passage("One mill.", "Two mills.", "Three mills.", title="A heading of five words")
    budget = 5 + MARKS + 3 * (2 + MARKS)
    question = asked("Why, compared to others?")
    found = choose(question, [hit(part)], {part.id: rows(0.9, 0.9, 0.9)}, lambda text: len(text.split()), budget)
    assert len(found) == 3


def test_a_long_sentence_leaves_room_for_a_shorter_one() -> None:
    part = passage("The mill of Ardo.", "A long one, " + "and on " * 50 + "it goes.", "The mill of Beja.")
    question = asked("Why, compared to others?")
    found = choose(question, [hit(part)], {part.id: rows(0.95, 0.9, 0.85)}, lambda text: len(text.split()), 40)
    assert [item.text for item in found] == ["The mill of Ardo.", "The mill of Beja."]

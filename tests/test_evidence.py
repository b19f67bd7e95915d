"""The best sentences within a budget, each once, with the sentence that they lean on, in document order."""

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qa.evidence import MARKS, MOST_SENTENCES, candidates, choose, coverage
from qa.retrieve import Query
from qa.types import Evidence, Hit, Passage, Span

TEXT = (
    "The Ardo mill grinds wheat.",
    "It was built in 1911.",
    "Its owner is Ines Calvo.",
    "The river Lima floods every spring.",
    "A dog sleeps at the door.",
)


def passage(*sentences: str, document: str = "mill", title: str = "The mill", start: int = 0, date: str | None = None) -> Passage:
    text, spans = "", []
    for sentence in sentences:
        text += " " if text else ""
        spans.append(Span(start + len(text), start + len(text) + len(sentence)))
        text += sentence
    return Passage(f"{document}{start}", document, f"{document}.txt", title, date, None, start, start + len(text), text, tuple(spans))


def hit(part: Passage, cosine: float = 0.5) -> Hit:
    return Hit(part, cosine, {"dense": cosine})


def unit(cosine: float) -> npt.NDArray[np.float32]:
    return np.array([cosine, (1 - cosine**2) ** 0.5], dtype=np.float32)


QUERY = Query("Who owns the mill?", ("mill", "owner"), {"mill": 1.0, "owner": 2.0}, unit(1.0))


def scored(**cosines: float) -> dict[str, npt.NDArray[np.float32]]:
    """Vectors of the sentences of TEXT by their cosine with the query: s0, s1, …"""
    return {TEXT[int(name[1:])]: unit(cosine) for name, cosine in cosines.items()}


def count(text: str) -> int:
    return len(text.split())


def texts(found: tuple[Evidence, ...]) -> list[str]:
    return [item.text for item in found]


def test_the_best_come_in_document_order_numbered_from_one() -> None:
    found = choose(QUERY, [hit(passage(*TEXT))], scored(s0=0.9, s1=-1.0, s2=-1.0, s3=0.95, s4=-1.0), count, 100)
    assert texts(found) == [TEXT[0], TEXT[3]]
    assert [item.number for item in found] == [1, 2]


def test_a_span_is_where_its_text_stands() -> None:
    part = passage(*TEXT, start=500)
    for item in choose(QUERY, [hit(part)], scored(s0=0.9, s2=0.9, s3=0.9), count, 100):
        assert part.text[item.start - 500 : item.end - 500] == item.text


def test_a_leaning_sentence_brings_the_one_before() -> None:
    found = choose(QUERY, [hit(passage(*TEXT))], scored(s0=0.0, s1=0.0, s2=1.0, s3=0.0, s4=0.0), count, 100)
    assert texts(found) == [TEXT[1], TEXT[2]]


def test_but_not_where_there_is_no_room_for_both() -> None:
    budget = count(TEXT[2]) + MARKS + count("The mill") + MARKS
    assert texts(choose(QUERY, [hit(passage(*TEXT))], scored(s2=1.0), count, budget)) == [TEXT[2]]


def test_the_best_sentence_is_given_whatever_the_budget() -> None:
    assert texts(choose(QUERY, [hit(passage(*TEXT))], scored(s2=1.0), count, 0)) == [TEXT[2]]


def test_scores_below_zero_leave_the_best() -> None:
    far = Query("Who?", (), {}, unit(-1.0))
    assert len(choose(far, [hit(passage(*TEXT[:2]), -0.5)], scored(s0=0.4, s1=0.9), count, 100)) == 1


def test_nothing_of_nothing() -> None:
    assert choose(QUERY, [], {}, count, 100) == ()


def test_what_is_far_worse_than_the_best_is_left_out() -> None:
    assert texts(choose(QUERY, [hit(passage(*TEXT))], scored(s0=1.0, s1=0.1, s2=0.0, s3=0.0, s4=0.0), count, 100)) == [TEXT[0]]


def test_the_same_sentence_comes_once() -> None:
    hits = [hit(passage(TEXT[0], TEXT[3])), hit(passage(TEXT[0].upper(), document="copy"), 0.4)]
    found = choose(QUERY, hits, {**scored(s0=0.9), TEXT[0].upper(): unit(0.9)}, count, 100)
    assert [(item.passage.document, item.text) for item in found] == [("mill", TEXT[0])]


def test_of_two_passages_that_overlap_the_one_with_the_sentence_before_gives_the_context() -> None:
    first, second = passage(*TEXT[:2]), passage(*TEXT[1:3], start=len(TEXT[0]) + 1)
    found = choose(QUERY, [hit(second, 0.6), hit(first, 0.1)], scored(s0=0.0, s1=1.0, s2=0.0), count, 100)
    assert texts(found)[:2] == [TEXT[0], TEXT[1]]


def test_the_article_with_the_best_sentence_comes_first() -> None:
    hits = [hit(passage("The mill in Beja burnt.", document="b")), hit(passage(TEXT[0], document="a"))]
    found = choose(QUERY, hits, {**scored(s0=0.9), "The mill in Beja burnt.": unit(0.85)}, count, 100)
    assert [item.passage.document for item in found] == ["a", "b"]


def test_words_that_tell_more_weigh_more_and_a_title_counts_half() -> None:
    assert coverage(QUERY, "Its owners left.", "") == pytest.approx(2 / 3)
    assert coverage(QUERY, "Its owners left.", "Two mills") == pytest.approx(5 / 6)
    assert coverage(QUERY, "It rained.", "") == 0
    assert coverage(Query("", (), {}, unit(1.0)), "It rained.", "") == 0


def test_the_passage_and_the_words_count_beside_the_sentence() -> None:
    near, far = passage("Its owner left.", document="a"), passage("Its owner left in May.", document="b")
    by_document = {found.passage.document: found.score for found in candidates(QUERY, [hit(near, 0.9), hit(far, 0.1)], {})}
    assert by_document["a"] > by_document["b"] > 0


@settings(deadline=None)
@given(st.integers(0, 80), st.lists(st.floats(0, 1), min_size=12, max_size=12), st.booleans())
def test_the_budget_is_kept(budget: int, cosines: list[float], split: bool) -> None:
    sentences = [f"{'It' if i % 3 else 'The mill'} had {i} wheels." for i in range(12)]
    parts = [passage(*sentences[:6]), passage(*sentences[6:], document="b" if split else "mill", start=0 if split else 900)]
    vectors = {sentence: unit(cosine) for sentence, cosine in zip(sentences, cosines, strict=True)}
    found = choose(QUERY, [hit(part) for part in parts], vectors, count, budget)
    headings = {(item.passage.document, item.passage.heading) for item in found}
    spent = sum(count(item.text) + MARKS for item in found) + sum(count(heading) + MARKS for _, heading in headings)
    assert spent <= budget or len(found) == 1
    assert 1 <= len(found) <= MOST_SENTENCES
    assert len({(item.passage.document, item.start) for item in found}) == len(found)

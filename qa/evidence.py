"""Hits → the few sentences that the model is shown, within a budget of the model's own tokens."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from qa.catalog import Vector
from qa.retrieve import Query
from qa.types import Evidence, Hit, Passage, Span
from qa.words import stem, words

LEAST_SCORE: Final = 0.75  # of the best sentence's score; what is further off is noise to a small model, and costs time
MOST_SENTENCES: Final = 10
MARKS: Final = 5  # tokens of a sentence's number and line break, of a heading's quotation marks
COVERAGE_WEIGHT: Final = 1.0  # of the question's words covered, against the cosine
PASSAGE_WEIGHT: Final = 1.0  # of the passage's own cosine
LEANS: Final = re.compile(  # openings of a sentence that speaks of what the one before it named
    r"^[\W_]*(?:he|she|it|they|his|her|its|their|this|that|these|those|such|both|however|but|also|in addition|moreover|"
    r"the (?:agreement|deal|pact|treaty|accord|statement|report|officer|official|two|move|announcement|development|company|project|meeting|"
    r"visit|former|latter))\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A sentence that may become evidence; `previous` is the sentence before it in the passage, where there is one."""

    passage: Passage
    span: Span
    text: str
    score: float
    previous: Span | None


def choose(
    query: Query, hits: Sequence[Hit], vectors: Mapping[str, Vector], count: Callable[[str], int], budget: int
) -> tuple[Evidence, ...]:
    """The best sentences of the hits whose tokens, with their articles' headings, stay within the budget; the best first, from 1.

    `vectors` maps a sentence's text to its vector (shape: dimensions). A sentence that leans on the one before it ("It also …") brings
    that one along where there is room. The best sentence is chosen even where it alone exceeds the budget.
    """
    ranked = sorted(candidates(query, hits, vectors), key=lambda candidate: -candidate.score)
    chosen: dict[tuple[str, int], Candidate] = {}
    headings: set[tuple[str, str]] = set()
    spent = 0
    for candidate in ranked:
        if chosen and (len(chosen) >= MOST_SENTENCES or candidate.score < LEAST_SCORE * ranked[0].score):
            break
        heading = (candidate.passage.document, candidate.passage.heading)
        above = 0 if heading in headings else count(candidate.passage.heading) + MARKS
        for parts in (_with_context(candidate), (candidate,)):
            wanted = [part for part in parts if _key(part) not in chosen]
            cost = above + sum(count(part.text) + MARKS for part in wanted)
            fits = spent + cost <= budget and len(chosen) + len(wanted) <= MOST_SENTENCES
            if fits or (not chosen and len(parts) == 1):
                spent += cost
                headings.add(heading)
                chosen.update((_key(part), part) for part in wanted)
                break
    return _numbered(chosen.values())


def candidates(query: Query, hits: Sequence[Hit], vectors: Mapping[str, Vector]) -> list[Candidate]:
    """Every sentence of the hits once, scored by cosine, share of the question's words (by what they tell), and its passage's cosine."""
    seen: dict[str, Candidate] = {}
    for hit in hits:
        previous: Span | None = None
        for span in hit.passage.sentences:
            text = hit.passage.text[span.start - hit.passage.start : span.end - hit.passage.start]
            score = _score(query, text, vectors.get(text), hit)
            candidate = Candidate(hit.passage, span, text, score, previous)
            previous = span
            known = seen.get(_same(text))
            seen[_same(text)] = _better(known, candidate) if known else candidate
    return list(seen.values())


def _better(one: Candidate, other: Candidate) -> Candidate:
    """The one with the higher score; of a sentence that two passages share, the passage that holds the sentence before it too."""
    best, rest = (one, other) if one.score >= other.score else (other, one)
    shared = _key(best) == _key(rest)
    return replace(rest, score=best.score) if shared and best.previous is None and rest.previous is not None else best


def _score(query: Query, text: str, vector: Vector | None, hit: Hit) -> float:
    cosine = float(np.dot(query.vector, vector)) if vector is not None else 0.0
    return cosine + COVERAGE_WEIGHT * coverage(query, text, hit.passage.title) + PASSAGE_WEIGHT * hit.scores.get("dense", 0.0)


def coverage(query: Query, text: str, title: str) -> float:
    """The share, 0 to 1, of the question's words that stand in the text (in the title: half), each weighted by what it tells."""
    whole = sum(query.weights.values())
    if not whole:
        return 0.0
    inside, above = {stem(word) for word in words(text)}, {stem(word) for word in words(title)}
    return (
        sum(weight * (1.0 if stem(term) in inside else 0.5 if stem(term) in above else 0.0) for term, weight in query.weights.items())
        / whole
    )


def _with_context(candidate: Candidate) -> tuple[Candidate, ...]:
    if candidate.previous is None or not LEANS.match(candidate.text):
        return (candidate,)
    before = candidate.previous
    passage = candidate.passage
    text = passage.text[before.start - passage.start : before.end - passage.start]
    return (replace(candidate, span=before, text=text, previous=None), candidate)


def _numbered(chosen: Iterable[Candidate]) -> tuple[Evidence, ...]:
    """Article by article, the best first: a small model is drawn to what stands first."""
    articles: dict[tuple[str, str], list[Candidate]] = {}
    for candidate in chosen:
        articles.setdefault((candidate.passage.document, candidate.passage.heading), []).append(candidate)
    ranked = [candidate for article in articles.values() for candidate in article]
    return tuple(Evidence(i, c.passage, c.span.start, c.span.end, c.text, c.score) for i, c in enumerate(ranked, 1))


def _key(candidate: Candidate) -> tuple[str, int]:
    return candidate.passage.document, candidate.span.start


def _same(text: str) -> str:
    return " ".join(words(text)).casefold()

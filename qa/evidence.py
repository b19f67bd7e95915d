"""Hits → the few sentences that the model is shown, within a budget of the model's own tokens. Pure."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final

import numpy as np

from qa import parameters
from qa.match import coverage, known, reading, year_nearness
from qa.query import Matrix, Query, names
from qa.reader import Reading, Text
from qa.types import Evidence, Hit, Passage, Span
from qa.words import words

MARKS: Final = 5  # tokens of a sentence's number and line break, of a heading's quotation marks
LEANS: Final = re.compile(  # openings of a sentence that speaks of what the one before it named
    r"^[\W_]*(?:he|she|it|they|his|her|its|their|this|that|these|those|such|both|however|but|also|in addition|moreover|"
    r"the (?:agreement|deal|pact|treaty|accord|statement|report|officer|official|two|move|announcement|development|company|project|meeting|"
    r"visit|former|latter))\b",
    re.IGNORECASE,
)
QUOTED: Final = re.compile(r"^\s*[\"“][^\"“”]*[\"”]?\s*$")
SPEAKS: Final = re.compile(r"\b(?:said|says|told|added|asked|wrote|stated|explained|replied|announced|according)\b", re.IGNORECASE)
WHO_OR_WHAT: Final = re.compile(r"\b(?:who|whom|whose|which|what|where|name|names)\b", re.IGNORECASE)
HOW_MANY: Final = re.compile(r"\bhow (?:many|much|old|long|tall|far|high|big|large)\b|\bper\s?cent|\bpercentage\b", re.IGNORECASE)
WHEN: Final = re.compile(r"\bwhen\b|\b(?:what|which) (?:year|date|day|month|century|time)\b", re.IGNORECASE)
TIME: Final = re.compile(
    r"\b(?:1\d|20)\d\d\b|\b(?:january|february|march|april|may|june|july|august|september|october|november|december|\w+day|century|noon|"
    r"midnight|morning|evening)\b",
    re.IGNORECASE,
)
WIDE: Final = re.compile(
    r"\b(?:compar\w+|differ\w*|versus|vs|both|between|same|either|older|younger|earlier|later|larger|more|less|than|list|all|every|"
    r"how (?:do|does|did|is|are|was|were|has|have|can|could|should|would|to)|why|explain|describe|summari\w+|tell me|what (?:do|does) the|"
    r"reasons?|ways|steps|kinds|types|advantages|effects?|which \w+s|what are)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A sentence that may become evidence. `parts` are what its score is made of; `place` its place among the passage's sentences."""

    passage: Passage
    place: int
    text: str
    stems: frozenset[str]
    parts: Mapping[str, float]
    score: float
    answers: float | None = None
    answer: Span | None = None

    @property
    def span(self) -> Span:
        return self.passage.sentences[self.place]

    @property
    def key(self) -> tuple[str, int]:
        return self.passage.document, self.span.start


def choose(
    query: Query,
    hits: Sequence[Hit],
    vectors: Mapping[str, Matrix],
    count: Callable[[str], int],
    most: int,
    *,
    second: Callable[[Sequence[Text]], Sequence[Reading]] | None = None,
) -> tuple[Evidence, ...]:
    """The best sentences of the hits whose tokens, with their articles' headings, stay within the budget; the best article first, from 1.

    `vectors` holds the vectors of each passage's sentences by its id, shape (sentences, dimensions); `most` is the budget, in tokens as
    `count` counts them, of a question that needs much; a short fact gets a share of it. A sentence that leans on a neighbour ("It also …")
    brings that one along where there is room. The best sentence is chosen even where it alone exceeds the budget. `second` is the second
    reader, which reads the best of them once more.
    """
    ranked = _ranked(candidates(query, hits, vectors))
    if second is not None:
        ranked = reread(ranked, second)
    if not ranked:
        return ()
    several = needs_several(hits)
    wide = several or is_wide(query)
    least = ranked[0].score - _farthest(wide=wide, read=second is not None)
    chosen = _Chosen(count, most if wide else max(1, int(parameters.SHORT_SHARE * most)))
    for candidate in _best_of_each(ranked) if several else ():
        chosen.take(candidate)
    for candidate in ranked:
        if candidate.score < least or len(chosen.sentences) >= parameters.MOST_SENTENCES:
            break
        chosen.take(candidate)
    return _numbered(chosen.sentences.values())


def _farthest(*, wide: bool, read: bool) -> float:
    """How far below the best sentence the score of another may be."""
    if read:
        return parameters.LEAST_WIDE_REREAD if wide else parameters.LEAST_REREAD
    return parameters.LEAST_WIDE if wide else parameters.LEAST


def reread(ranked: Sequence[Candidate], second: Callable[[Sequence[Text]], Sequence[Reading]]) -> list[Candidate]:
    """The candidates in a new order, the best of them as the second reader sees them, each beside the sentence before it."""
    best, rest = ranked[: parameters.REREAD], ranked[parameters.REREAD :]
    windows = [_window(candidate) for candidate in best]
    read = second([Text(text, candidate.passage.heading) for candidate, (_, text) in zip(best, windows, strict=True)])
    return _ranked([*map(_as_read, best, windows, read), *rest])


def _window(candidate: Candidate) -> tuple[int, str]:
    """Where a candidate with the sentence before it begins in the document, and their text; without that one where both are long."""
    passage = candidate.passage
    before = passage.sentences[max(0, candidate.place - 1)].start
    start = before if candidate.span.end - before <= parameters.WINDOW else candidate.span.start
    return start, passage.text[start - passage.start : candidate.span.end - passage.start]


def _as_read(candidate: Candidate, window: tuple[int, str], reading: Reading) -> Candidate:
    """What answers is the sentence that holds the words, not its neighbour."""
    answer = Span(window[0] + reading.start, window[0] + reading.end)
    share = reading.answers if answer.end > candidate.span.start else parameters.BESIDE * reading.answers
    inside = Span(max(answer.start, candidate.span.start), answer.end) if answer.end > candidate.span.start else None
    score = candidate.score + parameters.READER * share
    return replace(candidate, parts={**candidate.parts, "reader": share}, score=score, answers=share, answer=inside)


def _ranked(found: Iterable[Candidate]) -> list[Candidate]:
    return sorted(found, key=lambda candidate: -candidate.score)


def is_wide(query: Query) -> bool:
    """Whether a question asks for more than one short fact: a comparison, a list, an explanation, what was true from year to year."""
    return (query.years is not None and query.years[0] < query.years[1]) or bool(WIDE.search(query.text))


def needs_several(hits: Sequence[Hit]) -> bool:
    """Whether the second hop found a document that has what the best one lacks."""
    return any(hit.scores.get("hop", 0.0) >= parameters.SEVERAL for hit in hits if hit.passage.document != hits[0].passage.document)


def candidates(query: Query, hits: Sequence[Hit], vectors: Mapping[str, Matrix]) -> list[Candidate]:
    """Every sentence of the best hits once, with its score."""
    seen: dict[str, Candidate] = {}
    for hit in hits[: parameters.READ]:
        for candidate in _of_hit(query, hit, vectors.get(hit.passage.id)):
            same = _same(candidate.text)
            if same not in seen or seen[same].score < candidate.score:
                seen[same] = candidate
    return list(seen.values())


def _of_hit(query: Query, hit: Hit, vectors: Matrix | None) -> list[Candidate]:
    taken, passage = reading(hit.passage), hit.passage
    cosines = vectors @ query.vector if vectors is not None and len(vectors) else np.zeros(len(passage.sentences))
    nearness = max((year_nearness(query, told) for told in taken.years), default=0.0)
    around: Sequence[tuple[int, int]] = ()
    found = []
    for place, span in enumerate(passage.sentences):
        text = passage.text[span.start - passage.start : span.end - passage.start]
        told = taken.years[place]
        around = told[-1:] or around
        parts = {
            "sentence": float(cosines[place]),
            "passage": hit.score,
            "words": coverage(query, known(query, taken.sentences[place])),
            "years": year_nearness(query, told or around),
            "passage's years": nearness,
            "kind": float(_is_kind(query, text)),
            "before": 0.0,
        }
        score = sum(parameters.SENTENCE[name] * part for name, part in parts.items())
        found.append(Candidate(passage, place, text, frozenset(taken.sentences[place]), parts, score))
    return _beside(found)


def _is_kind(query: Query, text: str) -> bool:
    """Whether a text holds the kind of thing that is asked for: a number, a time, a name that the question does not have."""
    if HOW_MANY.search(query.text):
        return any(character.isdigit() for character in text)
    if WHEN.search(query.text):
        return bool(TIME.search(text))
    return bool(WHO_OR_WHAT.search(query.text)) and any(stem not in query.weights for name in names(text, first=False) for stem in name)


def _beside(found: Sequence[Candidate]) -> list[Candidate]:
    """The sentences of a passage, each with how much better the one before it is."""
    made = list(found[:1])
    for before, candidate in pairwise(found):
        part = before.score - candidate.score
        score = candidate.score + parameters.SENTENCE["before"] * part
        made.append(replace(candidate, parts={**candidate.parts, "before": part}, score=score))
    return made


def _best_of_each(ranked: Sequence[Candidate]) -> list[Candidate]:
    """The best sentence of each of the best documents."""
    first: dict[str, Candidate] = {}
    for candidate in ranked:
        first.setdefault(candidate.passage.document, candidate)
    return list(first.values())[: parameters.DOCUMENTS]


class _Chosen:
    """Sentences taken so far, and the tokens they cost."""

    def __init__(self, count: Callable[[str], int], budget: int) -> None:
        self.sentences: dict[tuple[str, int], Candidate] = {}
        self._headings: set[tuple[str, str]] = set()
        self._count = count
        self._left = budget

    def take(self, candidate: Candidate) -> None:
        """Take a sentence with what it leans on, or alone, as there is room; nothing where the same has been told."""
        if candidate.key in self.sentences or any(_tells_same(candidate, other) for other in self.sentences.values()):
            return
        for parts in (_with_neighbour(candidate), (candidate,)):
            wanted = [part for part in parts if part.key not in self.sentences]
            cost = self._cost(wanted)
            if cost <= self._left or (not self.sentences and len(parts) == 1):
                self._left -= cost
                self._headings.add(_heading(candidate))
                self.sentences.update((part.key, part) for part in wanted)
                return

    def _cost(self, wanted: Sequence[Candidate]) -> int:
        heading = _heading(wanted[0])
        above = 0 if heading in self._headings else self._count(heading[1]) + MARKS
        return above + sum(self._count(part.text) + MARKS for part in wanted)


def _heading(candidate: Candidate) -> tuple[str, str]:
    return candidate.passage.document, candidate.passage.heading


def _tells_same(one: Candidate, other: Candidate) -> bool:
    """Whether two sentences of different documents tell the same, up to a few words and none of the numbers (Jaccard 1901)."""
    if one.passage.document == other.passage.document or not one.stems or not other.stems:
        return False
    if len(one.stems & other.stems) < parameters.SAME_STORY * len(one.stems | other.stems):
        return False
    return not any(character.isdigit() for stem in one.stems ^ other.stems for character in stem)


def _with_neighbour(candidate: Candidate) -> tuple[Candidate, ...]:
    """The sentence with the one that it leans on: before a pronoun, or beside a bare quotation the one that says whose it is."""
    before = _neighbour(candidate, -1)
    if QUOTED.match(candidate.text):
        after = _neighbour(candidate, 1)
        if after is not None and SPEAKS.search(after.text):
            return (candidate, after)
        return (candidate,) if before is None else (before, candidate)
    return (before, candidate) if before is not None and LEANS.match(candidate.text) else (candidate,)


def _neighbour(candidate: Candidate, step: int) -> Candidate | None:
    place, passage = candidate.place + step, candidate.passage
    if not 0 <= place < len(passage.sentences):
        return None
    span = passage.sentences[place]
    stems = frozenset(reading(passage).sentences[place])
    return Candidate(passage, place, passage.text[span.start - passage.start : span.end - passage.start], stems, {}, candidate.score)


def _numbered(chosen: Iterable[Candidate]) -> tuple[Evidence, ...]:
    """Article by article, the best first: a small model is drawn to what stands first."""
    articles: dict[tuple[str, str], list[Candidate]] = {}
    for candidate in chosen:
        articles.setdefault(_heading(candidate), []).append(candidate)
    ranked = [candidate for article in articles.values() for candidate in article]
    return tuple(Evidence(i, c.passage, c.span.start, c.span.end, c.text, c.score, c.answers, c.answer) for i, c in enumerate(ranked, 1))


def _same(text: str) -> str:
    return " ".join(words(text)).casefold()

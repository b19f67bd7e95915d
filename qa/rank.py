"""Passages in the order in which they answer a question: each stage is a function from hits to hits. Pure."""

import datetime
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from qa import parameters
from qa.match import coverage, known, pair_coverage, reading, title_stems
from qa.query import Matrix, Period, Query, Vector, names
from qa.types import Hit, Passage

MOST_BM25: Final = 2.2  # of a term, against its inverse document frequency: k1 + 1 at SQLite's k1 of 1.2
ROUNDING: Final = 1e-9  # more than the sums of scores are off by


def fuse(rankings: Sequence[Sequence[str]]) -> list[tuple[str, float]]:
    """Reciprocal rank fusion: each id's sum of 1 / (k + rank), best first (Cormack, Clarke and Büttcher 2009)."""
    scores: dict[str, float] = {}
    for ranking in rankings:
        for rank, id_ in enumerate(ranking, 1):
            scores[id_] = scores.get(id_, 0.0) + 1 / (parameters.RANK_CONSTANT + rank)
    return sorted(scores.items(), key=lambda pair: -pair[1])


def rescored(query: Query, hits: Sequence[Hit], vectors: Mapping[str, Matrix]) -> tuple[Hit, ...]:
    """The hits by a weighted sum of what their passages share with the question; each part becomes one of their scores.

    `vectors` holds the vectors of each passage's sentences by its id, shape (sentences, dimensions).
    """
    found = [known(query, reading(hit.passage).flat) for hit in hits]
    covered: dict[str, set[str]] = {}
    for hit, stems in zip(hits, found, strict=True):
        covered.setdefault(hit.passage.document, set()).update(stems)
    return ordered(_rescored(query, hit, vectors.get(hit.passage.id), covered[hit.passage.document]) for hit in hits)


def ordered(hits: Iterable[Hit]) -> tuple[Hit, ...]:
    """The hits, best first."""
    return tuple(sorted(hits, key=lambda hit: -hit.score))


def _rescored(query: Query, hit: Hit, vectors: Matrix | None, document: set[str]) -> Hit:
    taken = reading(hit.passage)
    parts = {
        "sentence": float((vectors @ query.vector).max()) if vectors is not None and len(vectors) else 0.0,
        "words": hit.scores.get("lexical", 0.0) / (MOST_BM25 * query.weight),
        "pairs": pair_coverage(query, taken.flat),
        "title": coverage(query, known(query, taken.title)),
        "document": coverage(query, document),
    }
    score = sum(parameters.PASSAGE[name] * part for name, part in parts.items())
    return replace(hit, score=score, scores={**hit.scores, **parts, "rescored": score})


# Dates


def timely(query: Query, hits: Sequence[Hit]) -> tuple[Hit, ...]:
    """Articles near the day that the question speaks of first, those before it rather than those after; of "latest", the newest.

    Nothing changes for a question that speaks of no such day, and for articles without a date.
    """
    period = query.as_of or (_newest(hits) if query.newest else None)
    if period is None:
        return tuple(hits)
    share = 1.0 if query.as_of else parameters.NEWEST_SHARE
    return ordered(_dated(hit, share * _timeliness(hit.passage.date, period)) for hit in hits)


def _newest(hits: Sequence[Hit]) -> Period | None:
    day = max((datetime.date.fromisoformat(hit.passage.date) for hit in hits if hit.passage.date), default=None)
    return (day, day) if day else None


def _dated(hit: Hit, date: float) -> Hit:
    return replace(hit, score=hit.score + date, scores={**hit.scores, "date": date})


def _timeliness(date: str | None, period: Period) -> float:
    if date is None:
        return 0.0
    day = datetime.date.fromisoformat(date)
    before, after = max(0, (period[0] - day).days), max(0, (day - period[1]).days)
    near = math.exp(-before / parameters.DAYS_BEFORE - after / parameters.DAYS_AFTER)
    return parameters.NEAR * near - parameters.FAR * min(3.0, math.log1p((before + after) / 30))


# The second hop


@dataclass(frozen=True, slots=True)
class Lead:
    """A passage of the first hop: the names (stems → as written) by which it may lead to another, the question's words (stems) that it
    does not have, and the question's vector, moved towards its best sentence (Rocchio 1971)."""

    hit: Hit
    names: Mapping[tuple[str, ...], str]
    rest: frozenset[str]
    vector: Vector


def leads(query: Query, hits: Sequence[Hit], vectors: Mapping[str, Matrix]) -> tuple[Lead, ...]:
    """The best passages of the best documents; none where the very best has all words of the question."""
    best: dict[str, Hit] = {}
    for hit in hits:
        best.setdefault(hit.passage.document, hit)
    made = [_lead(query, hit, vectors.get(hit.passage.id)) for hit in list(best.values())[: parameters.LEADS]]
    return tuple(made) if made and made[0].rest else ()


def _lead(query: Query, hit: Hit, vectors: Matrix | None) -> Lead:
    passage = hit.passage
    rest = query.weights.keys() - known(query, reading(passage).flat)
    told = {name: phrase for name, phrase in names(passage.text).items() if name not in query.names}
    vector = query.vector
    if vectors is not None and len(vectors):
        vector = vector + parameters.LEAD_SHARE * vectors[int(np.argmax(vectors @ vector))]
    return Lead(hit, told, frozenset(rest), vector / np.linalg.norm(vector))


def hopped(query: Query, hits: Sequence[Hit], found: Sequence[Lead], vectors: Mapping[str, Vector]) -> tuple[Hit, ...]:
    """The hits with what the first hop leads to: an article that is called what a lead names, that is near to question and lead together,
    and that has the words of the question which the lead has not. `vectors` holds the vector of each passage by its id."""
    gains = [_best_gain(query, hit, found, vectors.get(hit.passage.id)) for hit in hits]
    most, first = max(gains, default=0.0), found[0].hit.passage.document  # the document that leads stays ahead of what it leads to
    gained = ordered(_gained(hit, most if hit.passage.document == first else gain) for hit, gain in zip(hits, gains, strict=True))
    return _kept(documents(hits)[: parameters.KEPT], gained)


def documents(hits: Iterable[Hit]) -> list[str]:
    """The documents of hits, each once, in order."""
    return list(dict.fromkeys(hit.passage.document for hit in hits))


def _kept(first: Sequence[str], hits: tuple[Hit, ...]) -> tuple[Hit, ...]:
    """The hits with those documents among the first SHOWN: what was found at once does not go for the sake of what may be guessed."""
    order = documents(hits)
    lost = [document for document in first if document not in order[: parameters.SHOWN]]
    if not lost:
        return hits
    best = {document: next(hit.score for hit in hits if hit.passage.document == document) for document in order}
    place = best[[document for document in order[: parameters.SHOWN] if document not in first][-len(lost)]] + ROUNDING
    raised = [_gained(hit, hit.scores["hop"] + place - best[hit.passage.document]) for hit in hits if hit.passage.document in lost]
    return ordered([*raised, *(hit for hit in hits if hit.passage.document not in lost)])


def _best_gain(query: Query, hit: Hit, found: Sequence[Lead], vector: Vector | None) -> float:
    others = [lead for lead in found if lead.hit.passage.document != hit.passage.document]
    return max((_gain(query, hit.passage, lead, vector) for lead in others), default=0.0)


def _gained(hit: Hit, gain: float) -> Hit:
    return replace(hit, score=hit.score - hit.scores.get("hop", 0.0) + gain, scores={**hit.scores, "hop": gain})


def _gain(query: Query, passage: Passage, lead: Lead, vector: Vector | None) -> float:
    taken = reading(passage)
    called = float(title_name(passage.title) in lead.names)
    near = float(vector @ lead.vector) if vector is not None else 0.0
    rest = sum(query.weights[stem] for stem in known(query, taken.flat) & lead.rest) / query.weight
    return parameters.CALLED * called + parameters.NEAR_LEAD * near + parameters.REST * rest


def title_name(title: str) -> tuple[str, ...]:
    """A title as the stems of a name, without what stands in brackets at its end: "Mercury (planet)" is mercuri."""
    return title_stems(title.rsplit(" (", maxsplit=1)[0] if title.endswith(")") else title)


# Several searches, and the list that is shown


def together(rankings: Sequence[Sequence[Hit]]) -> tuple[Hit, ...]:
    """The hits of several searches by their mean score; a search that did not find a hit gives it the score of its last one."""
    least = [min((hit.score for hit in hits), default=0.0) for hits in rankings]
    scores = [{hit.passage.id: hit.score for hit in hits} for hits in rankings]
    known = {hit.passage.id: hit for hits in reversed(rankings) for hit in hits}
    means = {id_: sum(one.get(id_, low) for one, low in zip(scores, least, strict=True)) / len(rankings) for id_ in known}
    return ordered(replace(hit, score=means[id_], scores={**hit.scores, "together": means[id_]}) for id_, hit in known.items())


def spread(hits: Sequence[Hit], limit: int) -> tuple[Hit, ...]:
    """The first `limit` hits, where each further passage of one document stands back behind the best of others."""
    seen: dict[str, int] = {}
    placed = []
    for hit in hits:
        times = seen[hit.passage.document] = seen.get(hit.passage.document, -1) + 1
        placed.append((hit.score - parameters.REPEATED * times, hit))
    return tuple(hit for _, hit in sorted(placed, key=lambda pair: -pair[0])[:limit])

"""Passages, hits and questions made by hand, with vectors in a plane: the question lies on its first axis."""

from collections.abc import Mapping, Sequence

import numpy as np

from qa.query import Matrix, Query, Vector, analysed, without_date
from qa.types import Hit, Passage, Span
from qa.words import content_words, stem


def passage(
    *sentences: str, document: str = "mill", title: str = "", start: int = 0, date: str | None = None, file: str | None = None
) -> Passage:
    """A passage of these sentences, which begins at `start` of its document."""
    text, spans = "", []
    for sentence in sentences:
        text += " " if text else ""
        spans.append(Span(start + len(text), start + len(text) + len(sentence)))
        text += sentence
    file = file or f"{document}.txt"
    return Passage(f"{document}{start}", document, file, title, date, None, start, start + len(text), text, tuple(spans))


def hit(part: Passage, score: float = 0.5, **scores: float) -> Hit:
    return Hit(part, score, scores)


def unit(cosine: float) -> Vector:
    """A vector of length 1 with that cosine to the question's."""
    return np.array([cosine, (1 - cosine**2) ** 0.5], dtype=np.float32)


def rows(*cosines: float) -> Matrix:
    return np.array([unit(cosine) for cosine in cosines], dtype=np.float32).reshape(len(cosines), 2)


def asked(text: str, weights: Mapping[str, float] | None = None) -> Query:
    """A question whose words tell what `weights` says by their stems, else 1 each."""
    terms = content_words(without_date(text)[0])
    return analysed(text, terms, {stem(term): 1.0 for term in terms} if weights is None else weights, unit(1.0))


def order(hits: Sequence[Hit]) -> list[str]:
    """The documents of hits, as they come."""
    return [one.passage.document for one in hits]

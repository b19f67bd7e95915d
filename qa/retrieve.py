"""Question → hits: nearest by meaning (Chroma) and by words (BM25), fused by reciprocal rank."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from qa.catalog import Catalog, Vector
from qa.embed import Embedder
from qa.types import Hit
from qa.vectors import Vectors
from qa.words import content_words, fold, near, stem, tolerance

DEPTH: Final = 40  # hits that each ranking contributes
RANK_CONSTANT: Final = 60  # k of reciprocal rank fusion (Cormack, Clarke and Büttcher 2009)


@dataclass(frozen=True, slots=True)
class Query:
    """A question prepared for search: its content words (spelt as the documents spell them), what each tells (its inverse
    document frequency, 0 where the documents do not hold it), and its vector of `Embedder.dimensions` floats."""

    text: str
    terms: tuple[str, ...]
    weights: Mapping[str, float]
    vector: Vector = field(compare=False)


class Retriever:
    """Searches one library."""

    def __init__(self, catalog: Catalog, vectors: Vectors, embedder: Embedder) -> None:
        self._catalog = catalog
        self._vectors = vectors
        self._embedder = embedder

    def prepare(self, question: str) -> Query:
        """Embed the question and look its words up."""
        total = self._catalog.count()
        found = {spelt: frequency for word in content_words(question) for spelt, frequency in [self._spell(word)]}
        weights = {term: math.log(1 + total / frequency) if frequency else 0.0 for term, frequency in found.items()}
        return Query(question, tuple(found), weights, self._embedder.embed([question])[0])

    def search(self, query: Query, limit: int) -> tuple[Hit, ...]:
        """The best passages, best first; `Hit.scores` holds `dense` (cosine), `lexical` (BM25) and `fused`."""
        dense = self._vectors.nearest(query.vector, DEPTH)
        lexical = self._catalog.lexical(query.terms, DEPTH)
        fused = fuse([[id_ for id_, _ in dense], [id_ for id_, _ in lexical]])[:limit]
        passages = self._catalog.passages([id_ for id_, _ in fused])
        by_dense, by_lexical = dict(dense), dict(lexical)
        hits = []
        for id_, score in fused:
            if id_ in passages:
                scores = {"dense": by_dense.get(id_, 0.0), "lexical": by_lexical.get(id_, 0.0), "fused": score}
                hits.append(Hit(passages[id_], score, scores))
        return tuple(hits)

    def _spell(self, word: str) -> tuple[str, int]:
        """A word with the number of passages that hold it; if none does, the nearest spelling that some do."""
        frequency = self._catalog.frequency(word)
        if frequency or not tolerance(word):
            return word, frequency
        plain, most = fold(word), tolerance(word)
        other = near(plain, self._catalog.vocabulary(plain[0], len(plain) - most, len(plain) + most)) or near(
            stem(word), self._catalog.vocabulary(plain[0], len(stem(word)) - most, len(stem(word)) + most)
        )
        return (other, self._catalog.frequency(other)) if other else (word, 0)


def fuse(rankings: Sequence[Sequence[str]]) -> list[tuple[str, float]]:
    """Reciprocal rank fusion: each id's sum of 1 / (60 + rank), best first."""
    scores: dict[str, float] = {}
    for ranking in rankings:
        for rank, id_ in enumerate(ranking, 1):
            scores[id_] = scores.get(id_, 0.0) + 1 / (RANK_CONSTANT + rank)
    return sorted(scores.items(), key=lambda pair: -pair[1])

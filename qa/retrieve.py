"""Question → hits: wide and cheap first (BM25 and cosine, fused), then narrow: reranked, dated, a second hop, spread over documents."""

import math
import re
from collections.abc import Callable, Mapping, Sequence
from itertools import chain
from typing import Final, Literal, get_args

from qa import parameters, rank
from qa.catalog import Catalog
from qa.embed import Embedder
from qa.pack import Matrix
from qa.query import Query, analysed, root, without_date
from qa.types import Hit, Step
from qa.vectors import Vectors
from qa.words import beginnings, content_words, fold, forms, near, respelling, stem, tolerance, transliterated

Stage = Literal["lexical", "dense", "rescore", "date", "hop"]
STAGES: Final[tuple[Stage, ...]] = get_args(Stage)
MOST_STRANGE: Final = 12  # words of a question whose spelling is looked up; a text pasted in may hold hundreds


class Retriever:
    """Searches one library. `without` names stages to leave out, to measure what they do."""

    def __init__(self, catalog: Catalog, vectors: Vectors, embedder: Embedder, without: frozenset[Stage] = frozenset()) -> None:
        self._catalog = catalog
        self._vectors = vectors
        self._embedder = embedder
        self._without = without

    def prepare(self, question: str) -> Query:
        """Embed the question and look its words up."""
        text, _ = without_date(question)
        total = self._catalog.count()
        found = self._spelt(content_words(text))
        weights = {root(term): math.log(1 + total / frequency) if frequency else 0.0 for term, frequency in found.values()}
        spelt = respelt(text, found)
        terms = tuple(dict.fromkeys(form for term in _searched(dict(found.values())) for form in forms(term)))
        return analysed(question, terms, weights, self._embedder.embed([spelt])[0], spelt)

    def spelt(self, question: str) -> str:
        """The question without its date, its words as the documents spell them."""
        text, _ = without_date(question)
        return respelt(text, self._spelt(content_words(text)))

    def stages(self, query: Query, limit: int = 0) -> tuple[Step, ...]:
        """The hits after each stage, best first, at least `limit` where there are so many. `Hit.scores` holds what each stage saw in it."""
        steps = [Step("fuse", self._gathered(query, limit))]
        stages: tuple[tuple[Stage, Callable[[Query, Sequence[Hit]], tuple[Hit, ...]]], ...] = (
            ("rescore", self._rescored),
            ("date", rank.timely),
            ("hop", self._hopped),
        )
        for stage, run in stages:
            if stage not in self._without:
                steps.append(Step(stage, run(query, steps[-1].hits)))
        return tuple(steps)

    def sentence_vectors(self, hits: Sequence[Hit]) -> dict[str, Matrix]:
        """The vectors of the sentences of hits by passage id, shape (sentences, dimensions)."""
        return self._catalog.sentence_vectors([hit.passage.id for hit in hits], self._embedder.fingerprint)

    def _gathered(self, query: Query, limit: int) -> tuple[Hit, ...]:
        depth = max(parameters.DEPTH, limit)
        dense = self._vectors.nearest(query.vector, depth) if "dense" not in self._without else []
        lexical = self._catalog.lexical(query.terms, depth) if "lexical" not in self._without else []
        fused = rank.fuse([[id_ for id_, _ in dense], [id_ for id_, _ in lexical]])[: max(parameters.POOL, limit)]
        return self._hits([id_ for id_, _ in fused], {"dense": dict(dense), "lexical": dict(lexical), "fused": dict(fused)})

    def _hits(self, ids: Sequence[str], scores: Mapping[str, Mapping[str, float]]) -> tuple[Hit, ...]:
        """Hits of passages, best fused first, with those scores that each has."""
        passages = self._catalog.passages(ids)
        known = {id_: {name: values[id_] for name, values in scores.items() if id_ in values} for id_ in ids}
        return tuple(Hit(passages[id_], known[id_].get("fused", 0.0), known[id_]) for id_ in ids if id_ in passages)

    def _rescored(self, query: Query, hits: Sequence[Hit]) -> tuple[Hit, ...]:
        return rank.rescored(query, hits, self.sentence_vectors(hits))

    def _hopped(self, query: Query, hits: Sequence[Hit]) -> tuple[Hit, ...]:
        found = rank.leads(query, hits, self.sentence_vectors(hits[: 4 * parameters.LEADS]))
        if not found:
            return tuple(hits)
        present = {hit.passage.id for hit in hits}
        near = [id_ for lead in found for id_, _ in self._vectors.nearest(lead.vector, parameters.HOP_DEPTH)]
        called = self._catalog.titled([phrase for lead in found for phrase in lead.names.values()], parameters.TITLED)
        new = [id_ for id_ in dict.fromkeys([*near, *called]) if id_ not in present]
        added = rank.timely(query, self._rescored(query, self._hits(new, {})))
        both = [*hits, *added]
        ids, vectors = self._catalog.passage_vectors(self._embedder.fingerprint, [hit.passage.id for hit in both])
        return rank.hopped(query, both, found, dict(zip(ids, vectors, strict=True)))

    def _spelt(self, words: Sequence[str]) -> dict[str, tuple[str, int]]:
        """Each word as the documents spell it, with how many passages hold it."""
        held = {word: sum(map(self._catalog.frequency, forms(word))) for word in words}
        strange = [word for word, frequency in held.items() if not frequency and tolerance(word)][:MOST_STRANGE]
        return {word: self._spell(word) if word in strange else (word, frequency) for word, frequency in held.items()}

    def _spell(self, word: str) -> tuple[str, int]:
        """A word that no passage holds as the nearest spelling that some do, a name also by its sound, with how many do."""
        plain, root, most = fold(word), stem(word), tolerance(word)
        held = self._catalog.vocabulary(plain[0], min(len(plain), len(root)) - most, len(plain) + most)
        other = near(plain, held) or near(root, held)
        if other is None and word[0].isupper():
            most = respelling(plain)
            sounding = (self._catalog.vocabulary(letter, len(plain) - most, len(plain) + most) for letter in beginnings(plain))
            other = transliterated(plain, chain.from_iterable(sounding))
        return (other, self._catalog.frequency(other)) if other else (word, 0)


def respelt(text: str, found: Mapping[str, tuple[str, int]]) -> str:
    """A text with its words as they were found to be spelt."""
    other = {word: spelling for word, (spelling, _) in found.items() if fold(word) != fold(spelling)}
    return re.sub(rf"(?<!\w)(?:{'|'.join(map(re.escape, other))})(?!\w)", lambda found: other[found[0]], text) if other else text


def _searched(frequencies: Mapping[str, int]) -> tuple[str, ...]:
    """The words to look for by BM25, in order: without the commonest, as far as these would have too many passages scored."""
    kept: set[str] = set()
    rows = 0
    for term in sorted(frequencies, key=lambda term: frequencies[term]):
        rows += frequencies[term]
        if len(kept) > 1 and rows > parameters.MOST_SCORED:
            break
        kept.add(term)
    return tuple(term for term in frequencies if term in kept)

"""How a text meets a question: the words, pairs and years that they share. Pure."""

import functools
import math
from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass
from itertools import chain, pairwise
from typing import Final

from qa.query import Query, content_stems, years
from qa.types import Passage

YEARS_APART: Final = 2.0  # in so many years the nearness of two falls to 1/e
SEPARATOR: Final = "|"  # between two texts, so that no pair reaches across


@dataclass(frozen=True, slots=True)
class Reading:
    """A passage taken apart: the content stems of its title and of each of its sentences, in order, and the sentences' years."""

    title: tuple[str, ...]
    sentences: tuple[tuple[str, ...], ...]
    years: tuple[tuple[tuple[int, int], ...], ...]

    @property
    def flat(self) -> list[str]:
        """All stems in order, the title last."""
        return [*chain.from_iterable(self.sentences), SEPARATOR, *self.title]


@functools.lru_cache(maxsize=1024)
def reading(passage: Passage) -> Reading:
    """The reading of a passage. The last ones are kept, as evidence is chosen from what was just ranked."""
    texts = [passage.text[span.start - passage.start : span.end - passage.start] for span in passage.sentences]
    sentences = tuple(tuple(content_stems(text)) for text in texts)
    return Reading(title_stems(passage.title), sentences, tuple(tuple(years(text)) for text in texts))


@functools.lru_cache(maxsize=4096)
def title_stems(title: str) -> tuple[str, ...]:
    """The content stems of a title."""
    return tuple(content_stems(title))


def known(query: Query, stems: Iterable[str]) -> set[str]:
    """The stems of a text that the question has too."""
    return query.weights.keys() & stems


def coverage(query: Query, stems: Set[str]) -> float:
    """The share, 0 to 1, that those of the question's words have of all that it tells."""
    return sum(query.weights[stem] for stem in stems) / query.weight


def pair_coverage(query: Query, stems: Sequence[str]) -> float:
    """The share of the question's neighbouring words that are neighbours in the text too, each pair by what both tell."""
    weights = [query.weights.get(one, 0.0) + query.weights.get(other, 0.0) for one, other in query.pairs]
    present = set(pairwise(stems)) if query.pairs else set()
    return sum(weight for weight, pair in zip(weights, query.pairs, strict=True) if pair in present) / (sum(weights) or 1.0)


def year_nearness(query: Query, spans: Sequence[tuple[int, int]]) -> float:
    """1 where a year of the text lies in the question's years, falling to 0 with the distance; 0 where either has none."""
    if query.years is None or not spans:
        return 0.0
    first, last = query.years
    apart = min(max(0, start - last, first - end) for start, end in spans)
    return math.exp(-apart / YEARS_APART)

"""What the second reader is worth in the choice of evidence: a gold sentence within the budget, with it less without it."""

from collections.abc import Callable, Sequence
from contextlib import closing
from functools import partial
from math import ceil
from pathlib import Path
from statistics import median
from typing import Final

import numpy as np

from qa import evidence, parameters
from qa.evaluation.types import Case
from qa.library import Library
from qa.query import Matrix, Query
from qa.reader import Reader, Reading, Text
from qa.types import Hit
from tests import retrieval_sets as sets
from tests.retrieval_sets import TOKENS, QuestionSet, Told, clusters, figure, name, opened, readable

BUDGETS: Final = (TOKENS // 2, TOKENS)
Second = Callable[[Sequence[Text]], Sequence[Reading]]


def table(second: Reader, bench: Path, home: Path, sample: int | None, seed: int) -> None:
    """Print both, and the difference with its interval, for each set and budget."""
    print("| set | tokens | without | with | difference | median tokens without, with |\n|---|--:|--:|--:|--:|--:|")
    for one in sets.present(bench, ["clapnq", "timeqa_human", "squad2_cs224n_dev"]):
        cases = sets.cases(one, bench, sample, seed)
        with closing(opened(one, bench, home, lambda *_: None)) as library:
            found = [_searched(library, case) for case in cases]
        for budget in BUDGETS:
            _row(one, cases, found, budget, second, seed)


def _searched(library: Library, case: Case) -> tuple[Query, Sequence[Hit], dict[str, Matrix]]:
    query = library.retriever.prepare(case.question)
    hits = library.retriever.stages(query)[-1].hits[: parameters.READ]
    return query, hits, library.retriever.sentence_vectors(hits)


def _row(one: QuestionSet, cases: Sequence[Case], found: Sequence[tuple[Query, Sequence[Hit], dict[str, Matrix]]],
         budget: int, second: Reader, seed: int) -> None:  # fmt: skip
    is_found = sets.is_gold if one.evidence == "gold sentence in the evidence" else sets.has_answer
    values, spent = {}, {}
    for way in ("without", "with"):
        told = [_told(*each, budget, partial(second.read, each[0].spelt) if way == "with" else None) for each in found]
        values[way] = np.array(
            [any(is_found(case, sentence) for sentence in each) for case, each in zip(cases, told, strict=True)], dtype=float
        )
        spent[way] = median(map(sets.cost, told))
    drawn = clusters(cases)
    cells = [readable(figure(values[way], drawn, seed), "share") for way in ("without", "with")]
    gained = figure(values["with"] - values["without"], drawn, seed, "difference")
    difference = f"{100 * gained.value:+.1f} ({100 * gained.low:+.1f}…{100 * gained.high:+.1f})"
    print(f"| {one.name} | {budget} | {' | '.join(cells)} | {difference} | {spent['without']:.0f}, {spent['with']:.0f} |", flush=True)


def _told(query: Query, hits: Sequence[Hit], vectors: dict[str, Matrix], budget: int, second: Second | None) -> list[Told]:
    is_short = bool(hits) and not evidence.needs_several(hits) and not evidence.is_wide(query)
    most = ceil(budget / parameters.SHORT_SHARE) if is_short else budget
    chosen = evidence.choose(query, hits, vectors, sets.tokens, most, second=second)
    return [Told(name(item.passage), item.passage.heading, item.text) for item in chosen]

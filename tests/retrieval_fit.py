"""Fits the weights of `qa/parameters.py` anew, and says how well they do on questions and on sets that they were not fitted on.

A question is a list to choose from (listwise softmax, Cao et al. 2007): of documents, each by its best passage, or of sentences. What is
minimised is -log of the share of the softmax that falls on what is wanted, each set weighted alike, with an L2 penalty; weights are not
negative. Two folds: questions about one document are in the same fold. The parts of sentences "before" and "after" are differences of
scores, and so depend on the present weights: after a great change, fit again.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize  # type: ignore[import-untyped]

from qa import evidence, parameters
from qa.evaluation.ranking import hit, recall
from qa.evaluation.statistics import Floats
from qa.evaluation.types import Case
from qa.query import Query
from qa.retrieve import Retriever
from qa.types import Hit, Step
from tests.retrieval_sets import EVIDENCE, SHOWN, TOKENS, EvidenceMeasure, Figure, Told, figure, folded, has_answer, name, readable, tokens

PENALTY: Final = 3e-3  # times the sum of squared weights
START: Final = 0.2  # of every weight
ROUNDS: Final = 2  # the best passage of a document may change with the weights, where the loss has an edge
LONG: Final = 60  # characters; a longer answer is not looked for word for word

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
Row = dict[str, object]


@dataclass(frozen=True, slots=True)
class Weighting:
    """The weights to fit: as they are, how many times their sum goes into the softmax, and which of them may be negative."""

    title: str
    present: Mapping[str, float]
    steepness: float
    signed: frozenset[str] = frozenset()

    @property
    def weights(self) -> Floats:
        return np.array(list(self.present.values()))


PASSAGES: Final = Weighting("PASSAGE", parameters.PASSAGE, 20.0)
SENTENCES: Final = Weighting("SENTENCE", parameters.SENTENCE, 10.0, frozenset({"before", "after"}))


@dataclass(frozen=True, slots=True, eq=False)
class Listing:
    """What a question has to choose from: rows with their parts, shape (rows, weights), and what else is in their score, (rows,).

    `group` is which document each row belongs to, (rows,); `wanted` which of these should come first, (groups,); `judge` says what an
    order by scores (rows,) is worth, by measure.
    """

    cluster: str
    parts: Floats
    beside: Floats
    group: Ints
    wanted: Bools
    judge: Callable[[Floats], dict[str, float]]


def of_passages(case: Case, steps: Sequence[Step]) -> Listing:
    """The documents of the hits as they are before the second hop; what the date adds to a score stays."""
    hits = next(step.hits for step in steps if step.stage == "date")
    names = [name(hit.passage) for hit in hits]
    places = {document: place for place, document in enumerate(dict.fromkeys(names))}
    return Listing(
        case.documents[0],
        _table(PASSAGES, [hit.scores for hit in hits]),
        np.array([hit.score - hit.scores["rescored"] for hit in hits]),
        np.array([places[document] for document in names], dtype=np.int64),
        np.array([document in case.documents for document in places], dtype=np.bool_),
        lambda scores: _judged_documents(case, names, scores),
    )


def _judged_documents(case: Case, names: Sequence[str], scores: Floats) -> dict[str, float]:
    ranking = [names[row] for row in np.argsort(-scores, kind="stable")]
    return {
        "Hit@1": hit(ranking, case.documents, 1),
        "Hit@5": hit(ranking, case.documents, SHOWN),
        "all gold documents in the top 5": float(recall(ranking, case.documents, SHOWN) == 1.0),
    }


def of_sentences(measure: EvidenceMeasure, case: Case, query: Query, retriever: Retriever) -> Listing:
    """The sentences of the hits; wanted is one of a gold document that is right, and holds the answer where that is short."""
    hits: Sequence[Hit] = retriever.stages(query)[-1].hits[: parameters.READ]
    found = evidence.candidates(query, hits, retriever.sentence_vectors(hits))
    told = [Told(name(one.passage), one.passage.heading, one.text) for one in found]
    right = np.array([EVIDENCE[measure](case, one) for one in told], dtype=np.bool_)
    is_long = any(len(folded(answer)) > LONG for answer in case.answers[:1])
    wanted = [one.document in case.documents and (is_long or has_answer(case, one)) for one in told]
    costs = [tokens(one.text) + evidence.MARKS for one in told]
    above = [tokens(one.heading) + evidence.MARKS for one in told]
    return Listing(
        case.documents[0],
        _table(SENTENCES, [one.parts for one in found]),
        np.zeros(len(found)),
        np.arange(len(found), dtype=np.int64),
        right & np.array(wanted, dtype=np.bool_),
        lambda scores: {measure: float(right[_filled(told, costs, above, scores)].any())},
    )


def _filled(told: Sequence[Told], costs: Sequence[int], above: Sequence[int], scores: Floats) -> Ints:
    """The rows that fit the budget, best first, without the neighbours, the cut-off and the deduplication of the product."""
    taken: list[int] = []
    headings: set[tuple[str, str]] = set()
    left = TOKENS
    for row in np.argsort(-scores, kind="stable"):
        heading = (told[row].document, told[row].heading)
        cost = costs[row] + (0 if heading in headings else above[row])
        if cost <= left or not taken:
            taken.append(int(row))
            headings.add(heading)
            left -= cost
    return np.array(taken, dtype=np.int64)


def _table(weighting: Weighting, rows: Sequence[Mapping[str, float]]) -> Floats:
    return np.array([[row[part] for part in weighting.present] for row in rows]).reshape(len(rows), len(weighting.present))


# The fit


def loss(weights: Floats, listing: Listing, steepness: float) -> tuple[float, Floats]:
    """-log of the softmax's share of what is wanted, and its gradient; a list of which all or nothing is wanted says nothing."""
    if not listing.wanted.any() or listing.wanted.all():
        return 0.0, np.zeros_like(weights)
    scores = listing.parts @ weights + listing.beside
    best = _best(scores, listing.group)
    steep = steepness * scores[best]
    shares = np.exp(steep - steep.max())
    shares /= shares.sum()
    wanted = max(float(shares[listing.wanted].sum()), 1e-12)
    excess = shares - np.where(listing.wanted, shares / wanted, 0.0)
    return -float(np.log(wanted)), steepness * (excess @ listing.parts[best])


def _best(scores: Floats, group: Ints) -> Ints:
    """The best row of each group, in the order of the groups."""
    order = np.lexsort((-scores, group))
    first = np.ones(len(order), dtype=np.bool_)
    first[1:] = group[order][1:] != group[order][:-1]
    return order[first]


def fitted(weighting: Weighting, sets: Sequence[Sequence[Listing]]) -> Floats:
    """The weights that are best for some sets, each weighted alike, shape (weights,)."""

    def total(weights: Floats) -> tuple[float, Floats]:
        value, gradient = PENALTY * float(weights @ weights), 2 * PENALTY * weights
        for listings in sets:
            told = [listing for listing in listings if listing.wanted.any() and not listing.wanted.all()]
            for listing in told:
                one, slope = loss(weights, listing, weighting.steepness)
                value += one / (len(told) * len(sets))
                gradient = gradient + slope / (len(told) * len(sets))
        return value, gradient

    weights: Floats = np.full(len(weighting.present), START)
    bounds = [(None if part in weighting.signed else 0.0, None) for part in weighting.present]
    for _ in range(ROUNDS):
        weights = np.asarray(minimize(total, weights, jac=True, method="L-BFGS-B", bounds=bounds).x, dtype=np.float64)
    return weights


def folds(listings: Sequence[Listing]) -> tuple[list[Listing], list[Listing]]:
    """Two halves; the questions about one document, by turns, in one of them."""
    turn = {cluster: place % 2 for place, cluster in enumerate(dict.fromkeys(listing.cluster for listing in listings))}
    return [one for one in listings if not turn[one.cluster]], [one for one in listings if turn[one.cluster]]


# The report


def report(weighting: Weighting, sets: Mapping[str, Sequence[Listing]], seed: int) -> list[Row]:
    """Prints the weights and what they are worth: cross-validated, with the set left out, on what they were fitted on, and the present."""
    halves = {title: folds(listings) for title, listings in sets.items()}
    whole = fitted(weighting, list(sets.values()))
    half = [fitted(weighting, [halves[title][number] for title in sets]) for number in (0, 1)]
    print(f"\n{weighting.title}: {_written(weighting, whole)}\n- of one half: {_written(weighting, half[0])}")
    print(f"- of the other: {_written(weighting, half[1])}\n- at present: {_written(weighting, weighting.weights)}")
    print("\n| set | measure | cross-validated | fitted on the other sets | fitted on all | present weights |\n|---|---|---|---|---|---|")
    rows: list[Row] = [{"part": "fit", "weights": weighting.title, "value": dict(zip(weighting.present, whole.tolist(), strict=True))}]
    for title, listings in sets.items():
        others = [other for one, other in sets.items() if one != title]
        left_out = fitted(weighting, others) if others else None
        crossed = [(listing, half[1 - number]) for number in (0, 1) for listing in halves[title][number]]
        columns = {
            "cross-validated": _worth(crossed, seed),
            "fitted on the other sets": _worth([(listing, left_out) for listing in listings], seed) if left_out is not None else {},
            "fitted on all": _worth([(listing, whole) for listing in listings], seed),
            "present weights": _worth([(listing, weighting.weights) for listing in listings], seed),
        }
        for measure in columns["fitted on all"]:
            cells = [readable(column[measure], measure) if column else "–" for column in columns.values()]
            print(f"| {title} | {measure} | {' | '.join(cells)} |", flush=True)
            rows += [
                {"part": "fit", "weights": weighting.title, "set": title, "measure": measure, "way": way, "value": column[measure].value}
                for way, column in columns.items()
                if column
            ]
    return rows


def _worth(listings: Sequence[tuple[Listing, Floats]], seed: int) -> dict[str, Figure]:
    """The measures of listings, each ordered by its weights."""
    judged = [listing.judge(listing.parts @ weights + listing.beside) for listing, weights in listings]
    drawn_by = [listing.cluster for listing, _ in listings]
    return {measure: figure(np.array([one[measure] for one in judged]), drawn_by, seed) for measure in judged[0]}


def _written(weighting: Weighting, weights: Floats) -> str:
    return "{" + ", ".join(f'"{part}": {weight:.2f}' for part, weight in zip(weighting.present, weights, strict=True)) + "}"

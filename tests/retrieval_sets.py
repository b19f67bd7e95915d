"""Public question sets: their indexes, their questions, and what counts as found. Their texts are read where they are."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

import numpy as np

from qa.evaluation.cases import chosen, read_cases
from qa.evaluation.ranking import ROW, hit, recall
from qa.evaluation.statistics import Floats, interval, resamples, weighted_mean, weighted_median, wilson
from qa.evaluation.types import Case
from qa.evidence import MARKS
from qa.library import Library
from qa.settings import Settings
from qa.tokens import estimate
from qa.types import Passage, Progress, Span
from qa.words import fold, words

TOKENS: Final = 350  # the budget at which evidence is compared
SHARE: Final = 0.8  # of `estimate`, which on English text counts a quarter more tokens than the embedded models do
SHOWN: Final = 5  # documents of a ranking that count

DocumentMeasure = Literal["Hit@5", "all gold documents in the top 5"]
Kind = Literal["share", "difference", "median"]
EvidenceMeasure = Literal["gold sentence in the evidence", "answer in the evidence"]


@dataclass(frozen=True, slots=True)
class QuestionSet:
    """A set by the name of its folder; `beside` are folders whose documents are indexed with its own. `bars` are shares, 0 to 1."""

    name: str
    documents: DocumentMeasure = "Hit@5"
    evidence: EvidenceMeasure | None = None
    beside: tuple[str, ...] = ()
    bars: Mapping[str, float] | None = None

    def corpora(self, bench: Path) -> tuple[Path, ...]:
        return tuple(bench / name / "corpus.jsonl" for name in (self.name, *self.beside))

    def questions(self, bench: Path) -> Path:
        return bench / self.name / "questions.jsonl"


SETS: Final = (
    QuestionSet("realtimeqa_dev", bars={"Hit@5": 0.95}),
    QuestionSet("multihop_musique_hotpot", "all gold documents in the top 5", bars={"all gold documents in the top 5": 0.5}),
    QuestionSet("clapnq", evidence="gold sentence in the evidence", bars={"gold sentence in the evidence": 0.9}),
    QuestionSet("timeqa_human", evidence="gold sentence in the evidence", bars={"gold sentence in the evidence": 0.85}),
    QuestionSet(
        "squad2_cs224n_dev",
        evidence="answer in the evidence",
        beside=("wiki_distractors",),
        bars={"Hit@5": 0.97, "answer in the evidence": 0.93},
    ),
)


def present(bench: Path, names: Sequence[str]) -> tuple[QuestionSet, ...]:
    """The sets, of these names (none: all), whose files are there; which are not is said."""
    wanted = [one for one in SETS if not names or one.name in names]
    missing = {one.name: path for one in wanted for path in (*one.corpora(bench), one.questions(bench)) if not path.is_file()}
    for name, path in missing.items():
        print(f"There is no {path}: {name} is left out", flush=True)
    return tuple(one for one in wanted if one.name not in missing)


def cases(one: QuestionSet, bench: Path, sample: int | None, seed: int) -> list[Case]:
    """The answerable questions whose documents are known; of these a random sample."""
    known = [case for case in read_cases(one.questions(bench)).cases if case.answerable and case.support]
    return chosen(known, sample=sample, seed=seed)


def home_of(one: QuestionSet, home: Path) -> Path:
    return home / one.name


def opened(one: QuestionSet, bench: Path, home: Path, progress: Progress) -> Library:
    """The index of a set, brought up to date with its documents: slow the first time only."""
    library = Library.open(Settings(home=home_of(one, home), embedder="embedded"), progress)
    try:
        library.sync(one.corpora(bench), progress)
    except BaseException:
        library.close()
        raise
    return library


# What was found, and what it is worth


@dataclass(frozen=True, slots=True)
class Told:
    """A sentence of a document that is chosen as evidence."""

    document: str
    heading: str
    text: str


@dataclass(frozen=True, slots=True)
class Found:
    """What one way of searching found: documents by name, best first, and sentences within so many tokens of budget.

    `usual` are those of the budget that the product would set; None where a way has none.
    """

    documents: tuple[str, ...]
    evidence: tuple[Told, ...]
    usual: tuple[Told, ...] | None = None


def tokens(text: str) -> int:
    """Tokens of a text for the embedded model, to some 5% on English text: `SHARE` of the estimate."""
    return round(SHARE * estimate(text))


def cost(told: Sequence[Told]) -> int:
    """Tokens of sentences as `qa.evidence` counts them: each with its marks, and the heading of each article once."""
    headings = {(one.document, one.heading) for one in told}
    return sum(tokens(one.text) + MARKS for one in told) + sum(tokens(heading) + MARKS for _, heading in headings)


def filled(passages: Sequence[Passage], most: int) -> tuple[Told, ...]:
    """The sentences of passages in order, until the next would exceed the budget: what a plain search would hand over."""
    taken: list[Told] = []
    for passage in passages:
        for text in sentences(passage):
            one = Told(name(passage), passage.heading, text)
            if cost([*taken, one]) > most:
                return tuple(taken)
            taken.append(one)
    return tuple(taken)


def sentences(passage: Passage) -> list[str]:
    return [Span(span.start - passage.start, span.end - passage.start).of(passage.text) for span in passage.sentences]


def name(passage: Passage) -> str:
    """A document's name in its set: the id of its row, else its file."""
    return passage.file.partition(ROW)[2] or passage.file


def folded(text: str) -> str:
    """The words of a text between blanks, without case and accents, so that one text stands in another by whole words."""
    return f" {' '.join(map(fold, words(text)))} "


def is_gold(case: Case, told: Told) -> bool:
    """Whether a sentence stands in a gold sentence or paragraph of its document, or that in it, word for word after folding."""
    text = folded(told.text)
    golds = [folded(one.quote) for one in case.support if one.quote and one.document == told.document]
    return bool(text.strip()) and any(text in gold or gold in text for gold in golds if gold.strip())


def has_answer(case: Case, told: Told) -> bool:
    """Whether an accepted answer stands in a sentence, by whole words."""
    text = folded(told.text)
    return any(answer in text for answer in map(folded, case.answers) if answer.strip())


EVIDENCE: Final[Mapping[EvidenceMeasure, Callable[[Case, Told], bool]]] = {
    "gold sentence in the evidence": is_gold,
    "answer in the evidence": has_answer,
}


def ranked(measure: DocumentMeasure, case: Case, found: Found) -> float:
    """The value, 0 or 1, of a measure of documents."""
    if measure == "Hit@5":
        return hit(found.documents, case.documents, SHOWN)
    return float(recall(found.documents, case.documents, SHOWN) == 1.0)


def measured(one: QuestionSet, case: Case, found: Found) -> dict[str, float]:
    """The measures of a set for one question: 0 or 1, but tokens; NaN for what a way does not have."""
    values: dict[str, float] = {one.documents: ranked(one.documents, case, found)}
    if one.evidence is None:
        return values
    right = EVIDENCE[one.evidence]
    values[one.evidence] = float(any(right(case, told) for told in found.evidence))
    values["tokens"] = float(cost(found.evidence))
    usual = found.usual
    values[f"{one.evidence}, as set"] = float("nan") if usual is None else float(any(right(case, told) for told in usual))
    values["tokens, as set"] = float("nan") if usual is None else float(cost(usual))
    return values


# Figures


@dataclass(frozen=True, slots=True)
class Figure:
    """A mean (of tokens: a median) over `n` questions, with its 95% interval; NaN for what there is none of."""

    value: float
    low: float
    high: float
    n: int


def clusters(cases: Sequence[Case]) -> list[str]:
    """Questions about one document are right or wrong together; they are drawn together."""
    return [case.documents[0] for case in cases]


def figure(values: Floats, drawn_by: Sequence[str], seed: int, kind: Kind = "share") -> Figure:
    """The mean or median of values (n,) with its bootstrap interval; of shares that are all alike with Wilson's, as there is no spread."""
    statistic = weighted_median if kind == "median" else weighted_mean
    told = values[~np.isnan(values)]
    whole = float(statistic(values, np.ones((1, len(values)), dtype=np.float32))[0])
    if kind == "share" and len(told) and told.min() == told.max():
        return Figure(whole, *wilson(int(told.sum()), len(told)), len(told))
    drawn = [statistic(values, weights) for weights in resamples(drawn_by, seed)]
    return Figure(whole, *interval(np.concatenate(drawn)), len(told))


def is_tokens(measure: str) -> bool:
    return measure.startswith("tokens")


def readable(found: Figure, measure: str) -> str:
    """`93.2 (91.0–95.1)` of a share, `312` of tokens, a dash of nothing."""
    if np.isnan(found.value):
        return "–"
    if is_tokens(measure):
        return f"{found.value:.0f}"
    return f"{100 * found.value:.1f} ({100 * found.low:.1f}–{100 * found.high:.1f})"

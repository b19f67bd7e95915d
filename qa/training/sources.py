"""The public files that are learned from, how much of each, and which stays out. FOLDER/README.md of the files has licences and noise."""

import gzip
import json
import random
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final, Literal

from qa.errors import FootnoteError
from qa.training import news, questions
from qa.training.pair import Pair, shuffled
from qa.training.questions import Pool, Question

QUESTIONS: Final[Mapping[str, int]] = {
    "squadshifts_new_wiki": 7727, "squad11_train_fragment": 4321, "qamr": 6000, "nq_oracle": 1596, "qed_dev": 1331,
    "timeqa_human_train": 2278, "fairytaleqa": 1500, "squadshifts_amazon": 1500, "squadshifts_reddit": 1500, "covidqa": 500,
    "policyqa": 300, "selqa": 2000, "squad_train_sentences": 12000, "neg_passage_constructed": 4000, "neg_swap_constructed": 2352,
}  # fmt: skip
"""Rows taken of each file, at most: few of those that are noisy or far from articles."""
TWICE: Final = frozenset({"squadshifts_new_wiki", "squad11_train_fragment", "nq_oracle", "qed_dev"})
"""Read twice, each time in other windows and beside other near misses: the nearest to what the product reads."""
WHOLE: Final = frozenset({"squad_train_sentences", "selqa"})
CLAIMS: Final[Mapping[str, int]] = {
    "conjnli": 6000, "fever": 6000, "fever_symmetric": 1416, "fever_nei_constructed": 2000, "scifact": 771, "wice": 1518,
    "dialfact_small": 299, "factcheck_gpt": 1000, "begin": 800, "faithdial_audit": 400,
}  # fmt: skip
ARTICLES: Final = 1000
"""News articles that pairs are made of by rule."""
OTHERS: Final = 0.2
"""Share of answered questions that are also beside a text of another article."""
LONGEST: Final = 900
"""Characters of a claim's evidence; longer ones would be cut."""
VALIDATION: Final = 40
"""One group (article) in so many is kept for validation."""


def pairs(folder: Path, articles: Path | None, seed: int, share: float = 1.0) -> list[Pair]:
    """All pairs in a random order that the seed decides. `articles`: a collection of news whose rows have text, title, date; `share` takes
    so much of each file. Raises FootnoteError where a file is missing."""
    rng = random.Random(seed)
    made: list[Pair] = []
    pool = Pool()
    for source, most in QUESTIONS.items():
        rows = _taken(folder / f"qa_{source}.jsonl.gz", round(most * share), rng)
        for row in [*rows, *rows] if source in TWICE else rows:
            made += _with_others(questions.pairs(_question(row, source), rng), pool, rng)
    for source, most in CLAIMS.items():
        rows = _taken(folder / f"claims_{source}.jsonl.gz", round(most * share), rng)
        made += questions.claims((row for row in rows if len(row["evidence"]) <= LONGEST), source)
    if articles is not None:
        for row in _lines(articles, round(ARTICLES * share), rng):
            made += _with_others(news.pairs(row["text"][:12000], row["title"], row.get("date", ""), rng), pool, rng)
    return shuffled(made, seed)


def _with_others(pairs: Iterable[Pair], pool: Pool, rng: random.Random) -> Iterator[Pair]:
    """The pairs, and of a share of the answered questions another beside a window of another article."""
    for pair in pairs:
        yield pair
        if pair.task == "answer" and pair.label:
            other = pool.beside(pair, rng) if rng.random() < OTHERS else None
            if other:
                yield other
            pool.add(pair)


NEAR: Final = questions.Chances(swaps=0.15, others=0.3)


def near_misses(rows: Iterator[Mapping[str, Any]], passages: Mapping[str, Mapping[str, Any]], seed: int) -> list[Pair]:
    """Pairs of questions that people wrote, answerable or so that their passage only seems to answer them."""
    rng = random.Random(seed)
    made: list[Pair] = []
    for row in rows:
        passage = passages[row["related_doc_ids"][0]]
        text = passage["text"]
        answers = tuple((answer, text.find(answer)) for answer in row["answers"] if answer in text)
        question = Question(row["question"], passage["title"], text, answers if row["answerable"] else (), "near_misses")
        made += questions.pairs(question, rng, NEAR)
    return shuffled(made, seed)


def is_held_out(pair: Pair) -> bool:
    """Whether a pair's article is kept for validation; the same for the same article, always."""
    return sum(pair.group.encode()) % VALIDATION == 0


def _question(row: Mapping[str, Any], source: str) -> Question:
    answers = tuple((answer["text"], answer["start"]) for answer in row["answers"]) if row["answerable"] else ()
    return Question(row["question"], row["title"], row["passage"], answers, source, source in WHOLE)


def _taken(path: Path, most: int, rng: random.Random) -> list[Mapping[str, Any]]:
    try:
        with gzip.open(path, "rt", encoding="utf-8") as file:
            rows = [json.loads(line) for line in file]
    except (OSError, EOFError, ValueError) as error:
        raise FootnoteError(
            f"Cannot read {path}: {getattr(error, 'strerror', None) or error}", "Name the folder that holds the training files, each whole."
        ) from error
    rng.shuffle(rows)
    return rows[:most]


def _lines(path: Path, most: int, rng: random.Random) -> list[Mapping[str, Any]]:
    try:
        rows = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    except OSError as error:
        raise FootnoteError(f"Cannot read {path}: {error.strerror}", "Name a collection of news articles, one JSON row each.") from error
    rng.shuffle(rows)
    return rows[:most]


Half = Literal["odd", "even"]


def half(titles: Iterable[str], which: Half) -> frozenset[str]:
    """Every other article in alphabetical order, the first being odd: one half is learned from where the other is measured."""
    return frozenset(sorted(set(titles))[0 if which == "odd" else 1 :: 2])

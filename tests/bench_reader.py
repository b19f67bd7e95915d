"""How well the second reader reads: `make bench-reader`, or `python -m tests.bench_reader BENCH_FOLDER [part …]`.

`near` SQuAD 2.0's human-written near misses, `other` RealTimeQA beside texts that answer others, `seeds` the gold questions beside every
window of the shipped articles, `claims` sound and changed sentences, `evidence` a gold sentence within half the budget and the whole of it,
with the reader and without, `speed` pairs of 128 tokens on one core. Intervals are percentiles of a bootstrap in which the questions about
one article are drawn together. `--model` measures another file. Of SQuAD's articles the odd ones are measured on, since the shipped reader
learned from the even ones; `--articles` takes others.
"""

import argparse
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from qa import reader, weights
from qa.evaluation.matching import token_f1
from qa.evaluation.statistics import interval, resamples
from qa.reader import Reader, Reading, Text
from qa.settings import Settings
from qa.training.sources import Half, half
from tests import reader_evidence
from tests import reader_sets as sets
from tests.reader_sets import Asked

PARTS: Final = ("near", "other", "seeds", "claims", "evidence", "speed")
SHOWN: Final = 5
Values = NDArray[np.float64]


def auc(scores: Values, positive: NDArray[np.bool_], drawn: Values | None = None) -> float:
    """Chance that a positive scores above a negative, ties half (Hanley & McNeil 1982); `drawn`: how often each counts."""
    times = np.ones(len(scores)) if drawn is None else drawn
    order = np.argsort(scores, kind="stable")
    ranked, truth, times = scores[order], positive[order], times[order]
    below = np.cumsum(np.where(truth, 0.0, times))
    first, last = np.searchsorted(ranked, ranked, "left"), np.searchsorted(ranked, ranked, "right") - 1
    lower = np.where(first > 0, below[first - 1], 0.0)
    wins = np.where(truth, times, 0.0) * (lower + below[last]) / 2
    return float(wins.sum() / (times[truth].sum() * times[~truth].sum()))


def with_interval(measure: Callable[[Values], float], groups: Sequence[str]) -> str:
    """`.912 (.890-.931)`: a measure of weights (n,), and its bootstrap interval over groups."""
    whole = measure(np.ones(len(groups)))
    low, high = interval(np.array([measure(drawn.astype(float)) for chunk in resamples(groups, 1, 300) for drawn in chunk]))
    return f"{whole:.3f} ({low:.3f}-{high:.3f})"


def told_auc(scores: Sequence[float], positive: Sequence[bool], groups: Sequence[str]) -> str:
    values, truth = np.array(scores), np.array(positive)
    return with_interval(lambda drawn: auc(values, truth, drawn), groups)


def told_mean(values: Sequence[float], groups: Sequence[str]) -> str:
    told = np.array(values, dtype=float)
    return with_interval(lambda drawn: float((told * drawn).sum() / drawn.sum()), groups)


def best(second: Reader, asked: Asked) -> tuple[int, Reading]:
    """Place and reading of the window that answers best."""
    read = second.read(asked.question, asked.windows)
    place = max(range(len(read)), key=lambda i: read[i].answers)
    return place, read[place]


def near(second: Reader, found: Sequence[Asked]) -> None:
    read = [(asked, *best(second, asked)) for asked in found if asked.windows]
    answerable = [(asked, asked.windows[place].text, told) for asked, place, told in read if asked.answers]
    groups = [asked.group for asked, _, _ in answerable]
    f1 = [token_f1(text[told.start : told.end], asked.answers) for asked, text, told in answerable]
    held = [any(answer.casefold() in text.casefold() for answer in asked.answers) for asked, text, _ in answerable]
    best_holds = told_mean(held, groups)
    print(f"near misses: span F1 {told_mean(f1, groups)}, best window holds the answer {best_holds}, {len(answerable)} answerable")
    scores, truth = [told.answers for _, _, told in read], [bool(asked.answers) for asked, _, _ in read]
    told = told_auc(scores, truth, [asked.group for asked, _, _ in read])
    print(f"near misses: AUC {told}, {len(read)} questions")


def other(second: Reader, found: Sequence[Asked]) -> None:
    read = [(asked, best(second, asked)[1]) for asked in found if asked.windows]
    told = told_auc([told.answers for _, told in read], [bool(asked.answers) for asked, _ in read], [asked.group for asked, _ in read])
    print(f"other texts: AUC {told}, {len(read)} texts")


def seeds(second: Reader, found: Sequence[Asked]) -> None:
    firsts, among, scores, truth = [], [], [], []
    for asked in found:
        read = second.read(asked.question, asked.windows)
        order = sorted(range(len(read)), key=lambda i: -read[i].answers)
        scores.append(read[order[0]].answers)
        truth.append(bool(asked.answers))
        if asked.answers:
            right = [any(_holds(asked.windows[i].text, answer) for answer in asked.answers) for i in order[:SHOWN]]
            firsts.append(right[0])
            among.append(any(right))
    groups = [asked.group for asked in found]
    known = [asked.group for asked in found if asked.answers]
    print(f"seeds: right first {told_mean(firsts, known)}, among {SHOWN} {told_mean(among, known)}, AUC {told_auc(scores, truth, groups)}")


def _holds(text: str, answer: str) -> bool:
    return " ".join(answer.split()).casefold() in " ".join(text.split()).casefold()


def claims(second: Reader, found: Sequence[sets.Claimed]) -> None:
    judged = [second.judge(one.claim, [one.text])[0] for one in found]
    scores = [one.supported for one in judged]
    truth, groups = [one.changed is None for one in found], [one.group for one in found]
    print(f"claims: AUC {told_auc(scores, truth, groups)}, {len(found)} claims")
    for kind in sorted({one.changed for one in found if one.changed}):
        chosen = [i for i, one in enumerate(found) if one.changed in (None, kind)]
        told = auc(np.array([scores[i] for i in chosen]), np.array([truth[i] for i in chosen]))
        print(f"    {kind}: AUC {told:.3f}, {sum(one.changed == kind for one in found)}")


def speed(second: Reader) -> None:
    """Pairs of 128 tokens, one after the other on one thread; the median of several rounds."""
    question = "Who opened the bridge over the river?"  # 11 tokens with those that mark where a text ends
    text = Text("bridge " * 117)
    second.read(question, [text])
    rounds = []
    for _ in range(9):
        began = time.perf_counter()
        second.read(question, [text] * 20)
        rounds.append(20 / (time.perf_counter() - began))
    print(f"speed: {np.median(rounds):.0f} pairs of 128 tokens a second on one thread")


def main() -> None:
    options = argparse.ArgumentParser(prog="python -m tests.bench_reader", description=__doc__)
    options.add_argument("bench", type=Path)
    options.add_argument("parts", nargs="*", default=[], metavar="|".join(PARTS))
    options.add_argument("--model", type=Path, default=reader.FILE)
    options.add_argument("--articles", choices=("odd", "even", "all"), default="odd")
    options.add_argument("--sample", type=int)
    options.add_argument("--home", type=Path, default=Settings().cache / "bench", help="folder of the indexes (default: %(default)s)")
    given = options.parse_args()
    if strange := sorted(set(given.parts) - set(PARTS)):
        options.error(f"There is no part {strange[0]}: choose of {', '.join(PARTS)}")
    settings = Settings()
    tokenizer = weights.fetch(weights.MINILM_TOKENIZER, settings.cache, settings.weights)
    wanted = given.parts or PARTS
    second = Reader(given.model, tokenizer, 2)
    if "near" in wanted:
        near(second, of_articles(sets.near_misses(given.bench, given.sample, 1), given.articles))
    if "other" in wanted:
        other(second, sets.other_texts(given.bench, given.sample, 1))
    if "seeds" in wanted:
        seeds(second, sets.seeds(Path("seeds")))
    if "claims" in wanted:
        claims(second, sets.claims(given.bench, 1, given.sample or sets.CLAIMS))
    if "evidence" in wanted:
        reader_evidence.table(second, given.bench, given.home, given.sample, 1)
    if "speed" in wanted:
        speed(Reader(given.model, tokenizer, 1))


def of_articles(found: Sequence[Asked], which: Half | Literal["all"]) -> list[Asked]:
    """The questions about one half of the articles, as `qa.training` halves them."""
    if which == "all":
        return list(found)
    chosen = half((asked.group for asked in found), which)
    return [asked for asked in found if asked.group in chosen]


if __name__ == "__main__":
    main()

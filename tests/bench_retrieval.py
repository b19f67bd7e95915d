"""How well and how fast Footnote finds: `make bench-retrieval`, or `python -m tests.bench_retrieval BENCH_FOLDER [part …]`.

`table` compares with BM25 alone, vectors alone and both fused; `ablation` leaves out each stage in turn; `speed` times searches among
50,000 passages; `fit` fits the weights of `qa/parameters.py` anew, and changes nothing. BENCH_FOLDER holds a folder for each question
set, with a corpus.jsonl and a questions.jsonl. Indexes are made once and kept in `--home`.

Plain BM25 and plain vectors get the question as it is; documents are ranked by their best passage. Intervals are percentiles of a
bootstrap in which the questions about one document are drawn together.
"""

import argparse
import json
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from math import ceil, isnan
from pathlib import Path
from typing import Final

import numpy as np

from qa import evidence, parameters, rank
from qa.evaluation.statistics import Floats
from qa.evaluation.types import Case
from qa.library import Library
from qa.query import Query
from qa.retrieve import STAGES, Retriever
from qa.settings import Settings
from qa.types import Hit, Passage
from qa.words import content_words
from tests import retrieval_fit, retrieval_speed
from tests import retrieval_sets as sets
from tests.retrieval_sets import SETS, TOKENS, Figure, Found, Kind, QuestionSet, Told, clusters, figure, is_tokens, name, opened, readable

PLAIN_DEPTH: Final = 200  # passages of a plain search, so that five documents are among them
LIMIT: Final = 10  # passages that Footnote lists
OURS: Final = "Footnote"

Row = dict[str, object]


@dataclass(frozen=True, slots=True)
class Run:
    """What was asked for on the command line."""

    bench: Path
    home: Path
    sets: tuple[QuestionSet, ...]
    sample: int | None
    seed: int
    passages: int

    def cases(self, one: QuestionSet) -> list[Case]:
        return sets.cases(one, self.bench, self.sample, self.seed)


# Ways of searching


def plain(library: Library, question: str) -> dict[str, Found]:
    """What BM25, vectors, and their reciprocal rank fusion find."""
    lexical = [id_ for id_, _ in library.catalog.lexical(content_words(question), PLAIN_DEPTH)]
    dense = [id_ for id_, _ in library.vectors.nearest(library.embedder.embed([question])[0], PLAIN_DEPTH)]
    fused = [id_ for id_, _ in rank.fuse([dense, lexical])[:PLAIN_DEPTH]]
    return {way: _plainly(library, ids) for way, ids in (("BM25", lexical), ("vectors", dense), ("fusion", fused))}


def _plainly(library: Library, ids: Sequence[str]) -> Found:
    known = library.catalog.passages(ids)
    passages = [known[id_] for id_ in ids]
    return Found(_documents(passages), sets.filled(passages, TOKENS))


def searched(retriever: Retriever, query: Query, usual: int | None = None) -> Found:
    """What Footnote finds; `usual` is the budget of its settings, in tokens."""
    hits = retriever.stages(query, LIMIT)[-1].hits
    read = hits[: parameters.READ]
    vectors = retriever.sentence_vectors(read)

    def told(most: int) -> tuple[Told, ...]:
        chosen = evidence.choose(query, read, vectors, sets.tokens, most)
        return tuple(Told(name(one.passage), one.passage.heading, one.text) for one in chosen)

    return Found(_documents([hit.passage for hit in hits]), told(_whole(query, read)), told(usual) if usual else None)


def _whole(query: Query, hits: Sequence[Hit]) -> int:
    """The budget of which a question gets TOKENS, whether or not it asks for a short fact."""
    is_short = hits and not evidence.needs_several(hits) and not evidence.is_wide(query)
    return ceil(TOKENS / parameters.SHORT_SHARE) if is_short else TOKENS


def _documents(passages: Iterable[Passage]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(map(name, passages)))


# Parts


def table(run: Run) -> Iterator[Row]:
    """Every measure of every set, for every way of searching."""
    ways = ("BM25", "vectors", "fusion", OURS)
    print(f"\n| set | measure | {' | '.join(ways)} | bar |\n|---|---|{'---|' * (len(ways) + 1)}")
    usual = Settings().evidence_tokens
    for one in run.sets:
        cases = run.cases(one)
        with closing(opened(one, run.bench, run.home, progress)) as library:
            retriever = library.retriever
            found = [plain(library, case.question) | {OURS: searched(retriever, retriever.prepare(case.question), usual)} for case in cases]
        values = {way: _columns(one, cases, [ranked[way] for ranked in found]) for way in ways}
        for measure in values[OURS]:
            figures = {way: figure(values[way][measure], clusters(cases), run.seed, _kind(measure)) for way in ways}
            cells = " | ".join(readable(figures[way], measure) for way in ways)
            print(f"| {one.name} | {_label(measure, usual)} | {cells} | {_bar(one, measure)} |", flush=True)
            yield from (_row("table", one, measure, way, figures[way]) for way in ways)


def ablation(run: Run) -> Iterator[Row]:
    """What each stage is worth: the measures without it less those with it, in points, question by question."""
    print(f"\n| set | measure | all | {' | '.join(f'without {stage}' for stage in STAGES)} |\n|---|---|---|{'---|' * len(STAGES)}")
    for one in run.sets:
        cases = run.cases(one)
        with closing(opened(one, run.bench, run.home, progress)) as library:
            parts = (library.catalog, library.vectors, library.embedder)
            retrievers = {"all": library.retriever} | {stage: Retriever(*parts, frozenset({stage})) for stage in STAGES}
            queries = [library.retriever.prepare(case.question) for case in cases]
            values = {way: _columns(one, cases, [searched(retriever, query) for query in queries]) for way, retriever in retrievers.items()}
        for measure in (measure for measure in values["all"] if not is_tokens(measure) and not measure.endswith("as set")):
            whole = figure(values["all"][measure], clusters(cases), run.seed)
            lost = {way: figure(values[way][measure] - values["all"][measure], clusters(cases), run.seed, "difference") for way in STAGES}
            cells = " | ".join(f"{100 * found.value:+.1f} ({100 * found.low:+.1f}…{100 * found.high:+.1f})" for found in lost.values())
            print(f"| {one.name} | {measure} | {readable(whole, measure)} | {cells} |", flush=True)
            yield _row("ablation", one, measure, "all", whole)
            yield from (_row("ablation", one, measure, f"without {way}", found) for way, found in lost.items())


def speed(run: Run) -> Iterator[Row]:
    """How long a search takes among many passages, its memory, and how long the first takes."""
    asked = [case.question for one in run.sets for case in run.cases(one)]
    for one in run.sets:  # they lend their passages
        opened(one, run.bench, run.home, progress).close()
    yield from retrieval_speed.report([sets.home_of(one, run.home) for one in run.sets], asked, run.home, run.seed, progress, run.passages)


def fit(run: Run) -> Iterator[Row]:
    """The weights of passages and sentences, fitted anew."""
    passages: dict[str, list[retrieval_fit.Listing]] = {}
    chosen: dict[str, list[retrieval_fit.Listing]] = {}
    for one in run.sets:
        with closing(opened(one, run.bench, run.home, progress)) as library:
            for case in run.cases(one):
                query = library.retriever.prepare(case.question)
                passages.setdefault(one.name, []).append(retrieval_fit.of_passages(case, library.retriever.stages(query)))
                if one.evidence:
                    chosen.setdefault(one.name, []).append(retrieval_fit.of_sentences(one.evidence, case, query, library.retriever))
    yield from retrieval_fit.report(retrieval_fit.PASSAGES, passages, run.seed)
    if chosen:
        yield from retrieval_fit.report(retrieval_fit.SENTENCES, chosen, run.seed)


PARTS: Final[Mapping[str, Callable[[Run], Iterator[Row]]]] = {"table": table, "ablation": ablation, "speed": speed, "fit": fit}


def _columns(one: QuestionSet, cases: Sequence[Case], found: Sequence[Found]) -> dict[str, Floats]:
    """Each measure of a set as a column, shape (cases,)."""
    rows = [sets.measured(one, case, each) for case, each in zip(cases, found, strict=True)]
    return {measure: np.array([row[measure] for row in rows]) for measure in rows[0]}


def _label(measure: str, usual: int) -> str:
    if is_tokens(measure):
        return "tokens of it, median"
    plain_measure = measure.removesuffix(", as set")
    if plain_measure != measure:
        return f"{plain_measure}, at the default budget of {usual}"
    return f"{measure}, ≤{TOKENS} tokens" if "evidence" in measure else measure


def _kind(measure: str) -> Kind:
    return "median" if is_tokens(measure) else "share"


def _bar(one: QuestionSet, measure: str) -> str:
    bar = (one.bars or {}).get(measure)
    return f"≥{100 * bar:.0f}" if bar else ""


def _row(part: str, one: QuestionSet, measure: str, way: str, found: Figure) -> Row:
    numbers = {key: None if isnan(value) else value for key, value in asdict(found).items()}
    return {"part": part, "set": one.name, "measure": measure, "way": way, **numbers}


def progress(label: str, done: int, total: int) -> None:
    """One line on the terminal that is written over, and nothing elsewhere."""
    if sys.stderr.isatty():
        print(f"\r\x1b[K{label} {done} of {total}" if done < total else "\r\x1b[K", end="", file=sys.stderr, flush=True)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench_retrieval", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("bench", type=Path, help="folder of the question sets")
    parser.add_argument("parts", nargs="*", metavar="part", help=f"any of {', '.join(PARTS)} (default: all)")
    parser.add_argument("--home", type=Path, default=Settings().cache / "bench", help="folder of the indexes (default: %(default)s)")
    parser.add_argument("--set", action="append", dest="sets", default=[], choices=[one.name for one in SETS], help="this set alone")
    parser.add_argument("--sample", type=int, help="random questions of each set (default: all)")
    parser.add_argument("--seed", type=int, default=0, help="of the sample, the bootstrap and what is made up (default: 0)")
    parser.add_argument("--passages", type=int, default=retrieval_speed.PASSAGES, help="to time searches among (default: %(default)s)")
    parser.add_argument("--json", type=Path, help="file to write every figure to, a JSON object in each line")
    asked = parser.parse_args(arguments)
    if unknown := [part for part in asked.parts if part not in PARTS]:
        parser.error(f"there is no part {unknown[0]!r}")
    run = Run(asked.bench, asked.home, sets.present(asked.bench, asked.sets), asked.sample, asked.seed, asked.passages)
    if not run.sets:
        parser.error(f"{asked.bench} holds none of the question sets")
    rows = [row for part in asked.parts or PARTS for row in PARTS[part](run)]
    if asked.json:
        asked.json.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")


if __name__ == "__main__":
    main()

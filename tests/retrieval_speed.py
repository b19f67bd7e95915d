"""How quick a search is among 50,000 passages on two cores, and how much memory it takes; run by `tests.bench_retrieval`.

The index holds the passages of the question sets, and as many altered copies of them as are missing: a third of the longer words of a copy
are others of the same length, and its vectors are moved a little. So nothing is embedded, and the copies crowd where the documents are.
Times are those of `Library.search`: embedding the question, all stages, the sentences for the model. Files may be in the system's cache.
"""

import importlib
import itertools
import json
import os
import random
import re
import shutil
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from qa.catalog import Catalog
    from qa.pack import Matrix
    from qa.rows import Entry
    from qa.types import Passage, Progress

PASSAGES: Final = 50_000
QUESTIONS: Final = 200
STARTS: Final = 5  # new processes, of which the median counts
CORES: Final = 2
BATCH: Final = 20  # documents stored at once
MOVED: Final = 0.3  # length of what is added to a vector of length 1
WORD: Final = re.compile(r"\b[a-z]{4,}\b")
IMPORTED: Final = ("chromadb.api.rust", "chromadb.telemetry.product.posthog", "onnxruntime", "tokenizers")  # else only when opening
BARS: Final = {"p95": 100.0, "peak": 600.0, "cold": 1000.0}

Row = dict[str, object]


# The index


def build(home: Path, sources: Sequence[Path], wanted: int, seed: int, progress: "Progress") -> None:
    """Make an index of at least so many passages from those of other indexes; nothing where it is there."""
    from qa.catalog import Catalog
    from qa.library import CATALOG, Library
    from qa.settings import Settings

    if home.exists():
        return
    part = home.with_name(f"{home.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    with closing(Catalog(part / CATALOG)) as catalog:
        for turn, source in ((turn, source) for turn in itertools.count() for source in sources):
            with closing(Catalog(source / CATALOG)) as other:
                if not other.count():
                    raise SystemExit(f"There are no passages in {source}")
                _copy(other, catalog, f"{source.name}-{turn}", wanted, _changes(other, turn, seed))
                catalog.set_meta("embedder", other.meta("embedder") or "")
            progress("copying passages", min(catalog.count(), wanted), wanted)
            if catalog.count() >= wanted:
                break
    progress("indexing", 0, 1)
    Library.open(Settings(home=part, embedder="embedded"), progress).close()  # the vector index is made of the catalog
    progress("indexing", 1, 1)
    part.rename(home)


Change = tuple[Callable[[str], str], Callable[["Matrix"], "Matrix"]]


def _copy(source: "Catalog", target: "Catalog", label: str, wanted: int, change: Change) -> None:
    """Copy documents, in batches, until there are as many passages as wanted."""
    from qa.catalog import Part, Source

    fingerprint = source.meta("embedder") or ""
    ids = [status.id for status in source.documents() if status.id]
    for start in range(0, len(ids), BATCH):
        if target.count() >= wanted:
            return
        made = [_entry(source, id_, label, fingerprint, change) for id_ in ids[start : start + BATCH]]
        target.add_vectors({key: matrix for _, vectors in made for key, matrix in vectors.items()}, fingerprint)
        entries = tuple(entry for entry, _ in made)
        source_ = Source(f"{label}-{start}", label, 0, 0, f"{label}-{start}")
        target.store([Part(source_, entries, frozenset(entry.document.id for entry in entries), complete=True)])


def _entry(source: "Catalog", id_: str, label: str, fingerprint: str, change: Change) -> tuple["Entry", dict[str, "Matrix"]]:
    """A copy of a document with the vectors of its passages, the passage's own first, by their content's key."""
    import numpy as np

    from qa.contents import content_key
    from qa.rows import Entry

    alter, move = change
    document = source.document(id_)
    document = replace(document, id=f"{label}-{id_}", file=f"{label}/{document.file}", text=alter(document.text))
    old = source.passages_of(id_)
    copies = tuple(_passage(passage, document.id, document.file, label, document.text) for passage in old)
    whole = dict(zip(*source.passage_vectors(fingerprint, [passage.id for passage in old]), strict=True))
    parts = source.sentence_vectors([passage.id for passage in old], fingerprint)
    vectors = {
        content_key(copy): move(np.vstack([whole[passage.id][None], parts[passage.id]])) for passage, copy in zip(old, copies, strict=True)
    }
    return Entry(document, copies, tuple(map(content_key, copies))), vectors


def _passage(passage: "Passage", document: str, file: str, label: str, text: str) -> "Passage":
    return replace(passage, id=f"{label}-{passage.id}", document=document, file=file, text=text[passage.start : passage.end])


def _changes(source: "Catalog", turn: int, seed: int) -> Change:
    """How the copies of a turn are altered: the first not at all."""
    import numpy as np

    from qa.embed import unit

    if not turn:
        return str, lambda matrix: matrix
    text_random, vector_random = random.Random(f"{seed} {turn}"), np.random.default_rng([seed, turn])
    by_length: dict[int, list[str]] = {}
    for passage in itertools.islice(source.all_passages(), 1000):
        for word in WORD.findall(passage.text):
            by_length.setdefault(len(word), []).append(word)

    def other(match: re.Match[str]) -> str:
        known = by_length.get(len(match[0]))
        return text_random.choice(known) if known and text_random.random() < 1 / 3 else match[0]

    def move(matrix: "Matrix") -> "Matrix":
        noise = vector_random.standard_normal(matrix.shape) * (MOVED / matrix.shape[1] ** 0.5)
        return unit((matrix + noise).astype(np.float32))

    return lambda text: WORD.sub(other, text), move


# The measurement, in processes of its own


def report(sources: Sequence[Path], asked: Sequence[str], home: Path, seed: int, progress: "Progress", wanted: int) -> Iterator[Row]:
    """Prints and yields the times, in milliseconds, and the memory, in MB."""
    import numpy as np

    from tests.bench import _watched

    index = home / f"speed-{wanted}"
    build(index, sorted(sources, key=_size, reverse=True), wanted, seed, progress)
    questions = sorted(set(asked))
    questions = random.Random(seed).sample(questions, min(QUESTIONS, len(questions)))
    with TemporaryDirectory() as folder:
        told = Path(folder) / "questions.json", Path(folder) / "times.json"
        cold = []
        for number in range(STARTS):
            told[0].write_text(json.dumps(questions[number : number + 1]), encoding="utf-8")
            _watched([sys.executable, "-m", "tests.retrieval_speed", str(index), *map(str, told)])
            cold.append(json.loads(told[1].read_text(encoding="utf-8")))
        told[0].write_text(json.dumps([questions[0], *questions]), encoding="utf-8")
        _, peak = _watched([sys.executable, "-m", "tests.retrieval_speed", str(index), *map(str, told)])
        times = np.array(json.loads(told[1].read_text(encoding="utf-8"))["searches"][1:])
    figures = {
        "passages": float(cold[0]["passages"]),
        "questions": float(len(times)),
        "median": float(np.median(times)),
        "p95": float(np.percentile(times, 95)),
        "peak": peak,
        "cold": float(np.median([one["open"] + one["searches"][0] for one in cold])),
        "cold, opening": float(np.median([one["open"] for one in cold])),
        "cold, imports": float(np.median([one["imports"] for one in cold])),
    }
    print("\n| search without a language model | value | bar |\n|---|---|---|")
    for name, value in figures.items():
        print(f"| {_LABELS[name]} | {value:,.0f} | {f'≤{BARS[name]:,.0f}' if name in BARS else ''} |", flush=True)
        yield {"part": "speed", "measure": name, "value": value}


_LABELS: Final = {
    "passages": "passages",
    "questions": "questions",
    "median": "a search, median, ms",
    "p95": "a search, p95, ms",
    "peak": "most memory of the process, MB",
    "cold": "first result of a new process, after the imports, ms",
    "cold, opening": "of this, opening the index, ms",
    "cold, imports": "importing the libraries before it, ms",
}


def _size(home: Path) -> int:
    from qa.library import CATALOG

    return (home / CATALOG).stat().st_size


def child(home: Path, questions: Path, times: Path) -> None:
    """Opens the index, searches for each question, and writes how many milliseconds everything took."""
    began = time.perf_counter()
    for name in IMPORTED:
        importlib.import_module(name)
    from qa.library import Library
    from qa.settings import Settings
    from qa.types import ignore
    from tests.retrieval_sets import tokens

    imported = time.perf_counter()
    settings = Settings(home=home, embedder="embedded", threads=CORES)
    with closing(Library.open(settings, ignore)) as library:
        opened = time.perf_counter()
        searches = []
        for question in json.loads(questions.read_text(encoding="utf-8")):
            asked = time.perf_counter()
            library.search(question, 10, tokens, settings.evidence_tokens)
            searches.append(1000 * (time.perf_counter() - asked))
        passages = library.catalog.count()
    made = {"imports": 1000 * (imported - began), "open": 1000 * (opened - imported), "searches": searches, "passages": passages}
    times.write_text(json.dumps(made), encoding="utf-8")


if __name__ == "__main__":
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:CORES])
    child(*map(Path, sys.argv[1:4]))

"""What each part of keeping a library takes in indexes of 1,000 to 100,000 passages, and what a passage more costs; run by
`tests.bench_library`.

One index grows by altered copies of another's documents, as in `tests.retrieval_speed`: nothing is embedded. Each copy is a text file too,
so that a sync has as many files to look at. At each size the same things are measured, in processes of their own.
"""

import itertools
import json
import os
import random
import shutil
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import replace
from pathlib import Path
from typing import Final
from unittest.mock import patch

import numpy as np

from qa import sync
from qa.catalog import Catalog, Part
from qa.library import CATALOG, Library
from qa.pack import Matrix, Vector
from qa.rows import Entry
from qa.settings import Settings
from qa.types import ignore
from tests.library_process import Clock, cost, peak_of, size_of
from tests.retrieval_sets import tokens
from tests.retrieval_speed import _changes, _entry

SIZES: Final = (1_000, 3_000, 10_000, 30_000, 100_000)
PAPER: Final = 1_000_000  # passages
QUESTIONS: Final = 40
TIMES: Final = 3
BATCH: Final = 20  # documents stored at once
MADE: Final = ("catalog: passages and full text", "catalog: vectors", "Chroma: writing vectors")

Row = dict[str, object]


# The index


class Growing:
    """An index that grows by copies of another's documents, a file for each."""

    def __init__(self, source: Path, home: Path, seed: int) -> None:
        self.index, self.files = home / "index", home / "files"
        self._source, self._seed = source, seed
        self._copies = self._made()

    def grow(self, wanted: int) -> tuple[int, dict[str, float]]:
        """Copy until there are so many passages. Returns how many came, and the seconds that storing them took, by part."""
        clock = Clock()
        with closing(Catalog(self.index / CATALOG)) as catalog:
            before = catalog.count()
            while catalog.count() < wanted:
                self._store(catalog, clock)
            with closing(Catalog(self._source / CATALOG)) as source:
                catalog.set_meta("embedder", source.meta("embedder") or "")
            catalog.set_meta("folders", json.dumps([str(self.files)]))
            count = catalog.count() - before
        settings = Settings(home=self.index, embedder="embedded")
        with closing(Library.open(settings, ignore, search=False)) as library, clock.on(MADE[2]):
            library.vectors.open()
        return count, dict(clock.spent)

    def _store(self, catalog: Catalog, clock: Clock) -> None:
        parts: list[Part] = []
        vectors: dict[str, Matrix] = {}
        for entry, made in itertools.islice(self._copies, BATCH):
            path = self.files / entry.document.file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(entry.document.text, encoding="utf-8", errors="replace")
            file = f"{self.files.name}/{entry.document.file}"
            copy = replace(entry, document=replace(entry.document, file=file))
            parts.append(Part(sync._source(file, path, None), (copy,), frozenset({copy.document.id}), complete=True))
            vectors |= made
        with closing(Catalog(self._source / CATALOG)) as source:
            fingerprint = source.meta("embedder") or ""
        with clock.on(MADE[1]):
            catalog.add_vectors(vectors, fingerprint)
        with clock.on(MADE[0]):
            catalog.store(parts)

    def _made(self) -> Iterator[tuple[Entry, dict[str, Matrix]]]:
        """Altered copies without end."""
        with closing(Catalog(self._source / CATALOG)) as source:
            fingerprint = source.meta("embedder") or ""
            ids = [status.id for status in source.documents() if status.id]
            for turn in itertools.count():
                change = _changes(source, turn, self._seed)
                for number, id_ in enumerate(ids):
                    entry, vectors = _entry(source, id_, f"turn{turn}", fingerprint, change)
                    yield replace(entry, document=replace(entry.document, file=f"turn{turn}/{number}.txt")), vectors


# What is measured at each size


def measured(index: Path, files: Path, questions: Sequence[str]) -> dict[str, float]:
    """Seconds, MB and kB of everything but growing. In this process: what a running server does."""
    found: dict[str, float] = {}
    settings = Settings(home=index, folders=(files,), embedder="embedded")

    def timed(label: str, do: Callable[[], object], times: int = TIMES) -> None:
        each = []
        for _ in range(times):
            began = time.perf_counter()
            do()
            each.append(time.perf_counter() - began)
        found[label] = float(np.median(each))

    began = time.perf_counter()
    with closing(Library.open(settings, ignore)) as library:
        found["opening, seconds"] = time.perf_counter() - began
        library.search(questions[0], 10, tokens, 350)
        searches = []
        for question in questions:
            began = time.perf_counter()
            library.search(question, 10, tokens, 350)
            searches.append(time.perf_counter() - began)
        found["a search, median, seconds"] = float(np.median(searches))
        found["a search, p95, seconds"] = float(np.percentile(searches, 95))
        found["memory after the searches, MB"] = peak_of(os.getpid())
        timed("plan of an unchanged folder, seconds", lambda: library.plan([files]))
        timed("passages without vectors, seconds", lambda: library.catalog.unembedded(library.embedder.fingerprint))
        timed("counting contents, seconds", library.catalog.count_contents)
        timed("reading all vectors and comparing (no Chroma), seconds", lambda: library.vectors.exact(_vector(library, questions[0]), 50))
        timed("looking for vectors to prune, seconds", library.catalog.prune)
        found |= _one_change(library, files)
        timed("full-text index, made anew, seconds", lambda: _full_text(library), 1)
    return found


def _vector(library: Library, text: str) -> Vector:
    vector: Vector = library.embedder.embed([text])[0]
    return vector


def _one_change(library: Library, files: Path) -> dict[str, float]:
    """A file of one passage that is changed, in a process that runs: until a search finds it, and what part of it goes to Chroma."""
    times, settled = [], []
    for number in range(TIMES):
        sentence = f"Peasebody{number} repainted the observatory."
        (files / "one.txt").write_text(f"News of the observatory\n\n{sentence}\n", encoding="utf-8")
        clock = Clock()
        with patch.object(library.vectors, "update", clock.timed("Chroma", library.vectors.update)):
            began = time.perf_counter()
            library.sync([files], ignore)
            hits = library.search(sentence, 1, tokens, 350).hits
            times.append(time.perf_counter() - began)
        assert f"Peasebody{number}" in hits[0].passage.text
        settled.append(clock.spent["Chroma"])
    return {
        "one passage changed, until found, seconds": float(np.median(times)),
        "of this, Chroma, seconds": float(np.median(settled)),
    }


def _full_text(library: Library) -> None:
    """Makes the index anew and takes that back."""
    with suppress(InterruptedError), library.catalog._database.transaction() as connection:
        connection.execute("INSERT INTO passages_fts(passages_fts) VALUES ('rebuild')")
        raise InterruptedError


def _commands(index: Path, files: Path) -> dict[str, float]:
    """What `footnote sync` takes as a command: of an unchanged folder, and of one file of one passage that is changed."""
    command = [sys.executable, "-m", "qa", "sync", "--home", str(index), "--folders", str(files), "--embedder", "embedded"]
    unchanged = [cost(command) for _ in range(TIMES)]
    changed = []
    for number in range(TIMES):
        (files / "one.txt").write_text(f"News of the lighthouse\n\nQuillfeather{number} mended the lighthouse.\n", encoding="utf-8")
        changed.append(cost(command))
    (files / "one.txt").unlink()
    cost(command)
    return {
        "`footnote sync`, unchanged, seconds": float(np.median([one.seconds for one in unchanged])),
        "`footnote sync`, unchanged, CPU seconds": float(np.median([one.busy for one in unchanged])),
        "`footnote sync`, unchanged, memory, MB": max(one.peak for one in unchanged),
        "`footnote sync`, one passage changed, seconds": float(np.median([one.seconds for one in changed])),
        "`footnote sync`, one passage changed, memory, MB": max(one.peak for one in changed),
    }


# The table


def report(source: Path, asked: Sequence[str], home: Path, sizes: Sequence[int], seed: int) -> Iterator[Row]:
    """Grows an index, measures, and prints a table with a line for each part."""
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir(parents=True)
    questions = random.Random(seed).sample(sorted(set(asked)), min(QUESTIONS, len(set(asked))))
    growing = Growing(source, home, seed)
    found: dict[int, dict[str, float]] = {}
    for wanted in sizes:
        came, seconds = growing.grow(wanted)
        with closing(Catalog(growing.index / CATALOG)) as catalog:
            size = catalog.count()
        found[size] = {f"{name}, ms a passage": 1000 * spent / came for name, spent in seconds.items()}
        told = home / "questions.json", home / "told.json"
        told[0].write_text(json.dumps(questions), encoding="utf-8")
        found[size] |= _commands(growing.index, growing.files)
        cost([sys.executable, "-m", "tests.library_slopes", str(growing.index), str(growing.files), *map(str, told)])
        found[size] |= json.loads(told[1].read_text(encoding="utf-8"))
        found[size] |= {
            "catalog on the disk, MB": size_of(growing.index / CATALOG) / 1e6,
            "Chroma on the disk, MB": size_of(growing.index / "chroma") / 1e6,
        }
        print(f"measured at {size:,} passages: {json.dumps(found[size])}", file=sys.stderr, flush=True)
    yield from _table(found)


def fitted(found: Mapping[int, float]) -> tuple[float, float]:
    """What an empty index takes, and what a passage more takes: the line through values by size that errs least in per cent."""
    sizes, values = np.array(list(found), dtype=float), np.array(list(found.values()))
    weigh = 1 / np.maximum(np.abs(values), 1e-9)
    terms = np.stack([weigh, weigh * sizes], axis=1)
    (start, slope), *_ = np.linalg.lstsq(terms, weigh * values, rcond=None)
    return float(start), float(slope)


def _table(found: Mapping[int, Mapping[str, float]]) -> Iterator[Row]:
    """A line for each measure: at each size, a passage more, and on paper for PAPER passages."""
    print(f"\n| | {' | '.join(f'{size:,}' for size in found)} | 1,000 more | {PAPER:,} on paper |\n|---|{'---|' * (len(found) + 2)}")
    for measure in dict.fromkeys(itertools.chain.from_iterable(found.values())):
        values = {size: told[measure] for size, told in found.items() if measure in told}
        each = measure.endswith("ms a passage")
        start, slope = fitted(values) if len(values) > 1 else (next(iter(values.values())), 0.0)
        paper = values[max(values)] if each else start + slope * PAPER
        cells = " | ".join(_short(values[size]) if size in values else "" for size in found)
        print(f"| {measure} | {cells} | {'' if each else _short(1000 * slope)} | {_short(paper)} |", flush=True)
        yield {"part": "slopes", "of": "", "measure": measure, "value": paper, "slope": slope, "values": dict(Counter(values))}


def _short(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def child(index: Path, files: Path, questions: Path, told: Path) -> None:
    told.write_text(json.dumps(measured(index, files, json.loads(questions.read_text(encoding="utf-8")))), encoding="utf-8")


if __name__ == "__main__":
    child(*map(Path, sys.argv[1:5]))

"""What keeping a library costs: `make bench-library`, or `python -m tests.bench_library BENCH_FOLDER [part …]`.

`throughput` compares a sync with the bare embedder; `full` indexes everything and tells the time and the memory; `resync` syncs what has
not changed, `changed` one article that has, `renamed` a folder that is called otherwise; `disk` weighs a passage; `slopes` measures indexes
of 1,000 to 100,000 passages and what each more costs. The articles are those of realtimeqa_dev: a folder of files, and one .jsonl.

`full` takes as long as embedding everything, once; with `--vectors INDEX` the vectors of that index are taken where the texts are the same.
"""

import argparse
import json
import shutil
import sqlite3
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from qa.catalog import Catalog
from qa.library import CATALOG
from qa.service import QA
from qa.settings import Settings
from tests import library_slopes
from tests.library_process import Cost, cost, size_of, write_articles
from tests.library_speed import BARE, Speed

SET: Final = "realtimeqa_dev"
TIMES: Final = 5  # of which the median counts
LIMITS: Final = {"throughput": "≥0.9", "resync": "≤2 s", "changed": "≤2 s", "renamed": "≤5 s", "peak": "≤1,200 MB", "disk": "≤6 kB"}

Row = dict[str, object]


@dataclass(frozen=True, slots=True)
class Run:
    """What was asked for on the command line, and where everything stands."""

    corpus: Path
    home: Path
    articles: int
    seed: int
    vectors: Path | None
    sizes: tuple[int, ...]

    @property
    def folder(self) -> Path:
        return self.home / "articles"

    @property
    def collection(self) -> Path:
        return self.home / "corpus.jsonl"

    def kinds(self) -> tuple[tuple[str, Path, Path], ...]:
        """What the articles are, where they stand, and where their index does."""
        return (
            ("a folder", self.folder, self.home / "index-articles"),
            ("one .jsonl", self.collection, self.home / "index-collection"),
        )


def told(row: Row, bar: str = "") -> Row:
    """A line of the table, printed."""
    value = row["value"]
    shown = f"{value:,.3g}" if isinstance(value, float) and value < 100 else f"{value:,.0f}"
    print(f"| {row['part']} | {row['of']} | {row['measure']} | {shown} | {LIMITS.get(bar, '')} |", flush=True)
    return row


def row(part: str, of: str, measure: str, value: float, bar: str = "") -> Row:
    return told({"part": part, "of": of, "measure": measure, "value": value}, bar)


# Parts


def throughput(run: Run) -> Iterator[Row]:
    """A sync of some articles, or of all (`--articles 0`), beside the bare embedder."""
    with TemporaryDirectory(dir=run.home) as scratch:
        folder, home, written = Path(scratch) / "docs", Path(scratch) / "home", Path(scratch) / "told.json"
        articles = write_articles(run.corpus, folder, run.articles, run.seed)
        cost([sys.executable, "-m", "tests.library_speed", str(home), str(folder), str(written)])
        speed = Speed(*json.loads(written.read_text(encoding="utf-8")))
    of = f"{articles:,} articles, {speed.passages:,} passages"
    low, high = speed.interval(run.seed)
    yield row("throughput", of, f"share of the bare embedder's (95%: {low:.2f}–{high:.2f})", speed.ratio, "throughput")
    yield row("throughput", of, "passages a second", speed.passages / (sum(speed.spent.values()) - speed.spent[BARE]))
    for name, seconds in sorted(speed.spent.items(), key=lambda one: -one[1]):
        yield row("throughput", of, f"ms a passage: {name}", 1000 * seconds / speed.passages)
    yield row("throughput", of, "most memory, MB", speed.peak, "peak")


def full(run: Run) -> Iterator[Row]:
    """A sync of everything, from nothing, with its memory."""
    for kind, documents, home in run.kinds():
        if (home / "done").exists():
            continue
        if run.vectors and not home.exists():
            taken = take_vectors(run.vectors, home)
            yield row("full", kind, "vectors taken over", taken)
        before = vectors_in(home)
        spent = synced(home, documents)
        made = vectors_in(home) - before
        yield row("full", kind, f"seconds, of which {made:,} passages were embedded", spent.seconds)
        yield row("full", kind, "most memory, MB", spent.peak, "peak")
        (home / "done").touch()


def resync(run: Run) -> Iterator[Row]:
    """`footnote sync` where nothing has changed."""
    for kind, documents, home in run.kinds():
        ready(run, home)
        costs = [synced(home, documents) for _ in range(TIMES)]
        yield from _costs("resync", kind, costs, "resync")


def changed(run: Run) -> Iterator[Row]:
    """One article with a sentence more, until a search finds it: by the command, and in a process that is running."""
    for kind, documents, home in run.kinds():
        ready(run, home)
        before = kept(documents)
        try:
            costs = []
            for number in range(TIMES):
                _add_sentence(documents, f"Quillfeather{number} mended the lighthouse.")
                costs.append(synced(home, documents))
                assert lexical(home, f"Quillfeather{number}")
            yield from _costs("changed", f"{kind}, the command", costs, "changed")
            yield row("changed", f"{kind}, while running", "seconds", _changed_while_running(documents, home), "changed")
        finally:
            restore(before)
            synced(home, documents)


def renamed(run: Run) -> Iterator[Row]:
    """`footnote sync` after the folder of the articles was called otherwise."""
    _, folder, home = run.kinds()[0]
    ready(run, home)
    other = folder.with_name("renamed")
    costs, before = [], vectors_in(home)
    for old, new in ((folder, other), (other, folder)):
        old.rename(new)
        costs.append(synced(home, new))
    yield row("renamed", "a folder", "passages embedded", vectors_in(home) - before)
    yield from _costs("renamed", "a folder", costs, "renamed")


def disk(run: Run) -> Iterator[Row]:
    """What a passage takes."""
    for kind, _, home in run.kinds():
        ready(run, home)
        parts = weights(home)
        with closing(Catalog(home / CATALOG)) as catalog:
            passages = catalog.count()
        yield row("disk", kind, "passages", passages)
        yield row("disk", kind, "bytes a passage", sum(parts.values()) / passages, "disk")
        for name, size in sorted(parts.items(), key=lambda one: -one[1]):
            if size > 0.005 * sum(parts.values()):
                yield row("disk", kind, f"bytes a passage: {name}", size / passages)


def slopes(run: Run) -> Iterator[Row]:
    """What each part takes in indexes of several sizes, and what one passage more costs."""
    ready(run, run.home / "index-collection")
    questions = run.corpus.with_name("questions.jsonl")
    asked = [json.loads(line)["question"] for line in questions.read_text(encoding="utf-8").split("\n") if line.strip()]
    yield from library_slopes.report(run.home / "index-collection", asked, run.home / "slopes", run.sizes, run.seed)


PARTS: Final[Mapping[str, Callable[[Run], Iterator[Row]]]] = {
    **{"throughput": throughput, "full": full, "resync": resync, "changed": changed, "renamed": renamed, "disk": disk, "slopes": slopes}
}


# Help


def synced(home: Path, documents: Path) -> Cost:
    return cost([sys.executable, "-m", "qa", "sync", "--home", str(home), "--folders", str(documents), "--embedder", "embedded"])


def ready(run: Run, home: Path) -> None:
    if not (home / "done").exists():
        for _ in full(run):
            """Everything that is measured elsewhere needs a full index."""


def take_vectors(source: Path, home: Path) -> int:
    """Make an index of nothing but another's vectors, which a sync then finds by their content. Returns how many."""
    home.mkdir(parents=True)
    with TemporaryDirectory(dir=home) as scratch:
        copy = Path(scratch) / CATALOG
        with closing(sqlite3.connect(source / CATALOG)) as old, closing(sqlite3.connect(copy)) as new:
            old.backup(new)
        Catalog(copy).close()  # of this version
        Catalog(home / CATALOG).close()
        with closing(sqlite3.connect(home / CATALOG)) as connection:
            connection.execute("ATTACH ? AS other", (str(copy),))
            connection.execute("INSERT INTO embedders SELECT * FROM other.embedders")
            taken = connection.execute("INSERT INTO vectors SELECT * FROM other.vectors").rowcount
            connection.commit()
    return taken


def vectors_in(home: Path) -> int:
    if not (home / CATALOG).exists():
        return 0
    with closing(sqlite3.connect(home / CATALOG)) as connection:
        return int(connection.execute("SELECT count(*) FROM vectors").fetchone()[0])


def lexical(home: Path, word: str) -> bool:
    with closing(Catalog(home / CATALOG)) as catalog:
        return bool(catalog.lexical([word], 1))


def weights(home: Path) -> dict[str, int]:
    """Bytes by table of the catalog, with its indexes, where SQLite can tell; and those of Chroma by its files."""
    parts = {"Chroma, its vectors and graph": 0, "Chroma, its SQLite file": 0}
    for path in (home / "chroma").rglob("*"):
        if path.is_file():
            parts["Chroma, its SQLite file" if path.suffix == ".sqlite3" else "Chroma, its vectors and graph"] += path.stat().st_size
    with closing(sqlite3.connect(home / CATALOG)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        try:
            found = connection.execute(
                "SELECT s.tbl_name, sum(d.pgsize) FROM dbstat d JOIN sqlite_schema s ON s.name = d.name GROUP BY s.tbl_name"
            ).fetchall()
        except sqlite3.OperationalError:  # an SQLite without dbstat
            found = []
    for name, size in found:
        label = "full-text index" if name.startswith("passages_fts") else name
        parts[f"catalog, {label}"] = parts.get(f"catalog, {label}", 0) + size
    known = sum(size for name, size in parts.items() if name.startswith("catalog"))
    return parts | {"catalog, free pages": size_of(home / CATALOG) - known}


def kept(documents: Path) -> dict[Path, bytes]:
    """The file of the article that is changed, as it is."""
    path = min(documents.iterdir()) if documents.is_dir() else documents
    return {path: path.read_bytes()}


def restore(before: Mapping[Path, bytes]) -> None:
    for path, data in before.items():
        path.write_bytes(data)


def _add_sentence(documents: Path, sentence: str) -> None:
    ((path, data),) = kept(documents).items()
    if path.suffix == ".jsonl":
        first, _, rest = data.decode().partition("\n")
        fields = json.loads(first)
        path.write_text(json.dumps(fields | {"text": f"{fields['text']}\n\n{sentence}"}) + "\n" + rest, encoding="utf-8")
    else:
        path.write_bytes(data.rstrip() + f"\n\n{sentence}\n".encode())


def _changed_while_running(documents: Path, home: Path) -> float:
    """Seconds from a change to the end of the search that finds it; the median."""
    qa = QA.open(Settings(home=home, folders=(documents,), embedder="embedded"), model=False, sync=False)
    times = []
    with closing(qa):
        qa.wait()
        for number in range(TIMES):
            sentence = f"Peasebody{number} repainted the observatory."
            _add_sentence(documents, sentence)
            began = time.perf_counter()
            qa.sync((documents,))
            hits = qa.search(sentence, 1)
            times.append(time.perf_counter() - began)
            assert f"Peasebody{number}" in hits[0].passage.text
    return statistics.median(times)


def _costs(part: str, of: str, costs: Sequence[Cost], bar: str) -> Iterator[Row]:
    yield row(part, of, "seconds", statistics.median(one.seconds for one in costs), bar)
    yield row(part, of, "seconds of CPU", statistics.median(one.busy for one in costs))
    yield row(part, of, "most memory, MB", max(one.peak for one in costs), "peak")


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench_library", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("bench", type=Path, help="folder of the question sets")
    parser.add_argument("parts", nargs="*", metavar="part", help=f"any of {', '.join(PARTS)} (default: all)")
    parser.add_argument("--home", type=Path, default=Path(".venv/bench/library"), help="scratch folder (default: %(default)s)")
    parser.add_argument("--articles", type=int, default=150, help="of the throughput; 0: all (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="of what is drawn by lot (default: 0)")
    parser.add_argument("--vectors", type=Path, help="home folder of an index whose vectors are taken over")
    parser.add_argument("--sizes", type=int, nargs="+", default=library_slopes.SIZES, help="passages of the slopes' indexes")
    parser.add_argument("--json", type=Path, help="file to write every figure to, a JSON object in each line")
    asked = parser.parse_args(arguments)
    if unknown := [part for part in asked.parts if part not in PARTS]:
        parser.error(f"there is no part {unknown[0]!r}")
    corpus = asked.bench / SET / "corpus.jsonl"
    if not corpus.exists():
        parser.error(f"there is no {corpus}")
    run = Run(corpus.resolve(), asked.home.resolve(), asked.articles, asked.seed, asked.vectors, tuple(sorted(asked.sizes)))
    if not run.folder.exists():
        write_articles(corpus, run.folder)
        shutil.copyfile(corpus, run.collection)
    print("\n| part | of | measure | value | bar |\n|---|---|---|---|---|")
    rows = [row for part in asked.parts or PARTS for row in PARTS[part](run)]
    if asked.json:
        asked.json.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")


if __name__ == "__main__":
    main()

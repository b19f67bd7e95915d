"""The benchmark of keeping a library: its own functions, on three small articles."""

import json
import sqlite3
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from qa import read, sync
from qa.catalog import Catalog
from qa.library import CATALOG, Library, claim
from qa.types import ignore
from tests import bench_library, library_slopes, library_speed
from tests.library_process import Clock, cost, size_of, write_articles
from tests.library_speed import BARE, Speed
from tests.samples import BRIDGE, FERRY, SCHOOL, HashEmbedder

ROWS = [
    {"id": "bridge", "title": "The  bridge", "date": "2021-05-04", "text": BRIDGE},
    {"id": "ferry", "title": "Ferries: a list", "date": "2020-01-02", "text": FERRY},
    {"id": "school", "title": "A school", "text": SCHOOL},
]


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    path = tmp_path / "corpus.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in ROWS), encoding="utf-8")
    return path


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    home = tmp_path / "home"
    home.mkdir()
    with closing(Library.of(Catalog(home / CATALOG), HashEmbedder(), home, claim(home), search=False)) as library:
        yield library


def test_articles_become_files_that_say_what_the_rows_say(corpus: Path, tmp_path: Path) -> None:
    assert write_articles(corpus, tmp_path / "articles") == len(ROWS)
    found = {path.stem: read.read(path, path.name)[0] for path in (tmp_path / "articles").iterdir()}
    told = {id_: (made.articles[0].title, made.articles[0].date) for id_, made in found.items()}
    assert told == {"bridge": ("The bridge", "2021-05-04"), "ferry": ("Ferries: a list", "2020-01-02"), "school": ("A school", None)}
    assert found["ferry"].text.strip() == FERRY.strip()
    assert write_articles(corpus, tmp_path / "some", 2, seed=1) == len(list((tmp_path / "some").iterdir())) == 2


def test_a_command_costs_time_and_memory() -> None:
    small, large = (cost([sys.executable, "-c", f"import time; held = b'x' * {size}; time.sleep(0.1)"]) for size in (1, 100_000_000))
    assert small.seconds >= 0.1
    assert 0 < small.busy < small.seconds + 0.1
    assert 80 < large.peak - small.peak < 120
    with pytest.raises(SystemExit, match="exit status 3"):
        cost([sys.executable, "-c", "raise SystemExit(3)"])


def test_a_clock_counts_what_is_called_from_within_apart() -> None:
    clock = Clock()
    inner = clock.timed("inner", lambda: time.sleep(0.05))
    with clock.on("outer"):
        inner()
        time.sleep(0.02)
    assert clock.spent["inner"] >= 0.05
    assert 0.02 <= clock.spent["outer"] < 0.05
    assert clock.total("inner") == clock.spent["outer"]


def test_the_speed_of_a_sync_tells_its_passages_and_where_the_time_went(corpus: Path, library: Library) -> None:
    write_articles(corpus, library.home / "articles")
    speed = library_speed.measured(library, library.home / "articles")
    assert speed.passages == library.catalog.count() == 3
    assert len(speed.steps) == 1
    assert speed.spent.keys() >= {BARE, "embedding", "Chroma", "recognising and splitting", "storing vectors", "the rest"}
    assert sync.plan.__module__ == "qa.sync"  # nothing stays patched
    assert not hasattr(sync.plan, "__wrapped__")
    assert [status.title for status in library.catalog.documents()] == ["The bridge", "Ferries: a list", "A school"]


def test_the_ratio_counts_all_that_a_sync_does() -> None:
    speed = Speed(4, [(2.0, 1.0), (2.0, 3.0)], {BARE: 4.0, "embedding": 4.0, "Chroma": 4.0}, 1.0)
    assert speed.ratio == 0.5
    low, high = speed.interval(0)
    assert (low, high) == pytest.approx((2 / 8, 6 / 8))


def test_vectors_are_taken_over_and_weighed(corpus: Path, library: Library, tmp_path: Path) -> None:
    library.sync([corpus], ignore)
    home = tmp_path / "other"
    assert bench_library.take_vectors(library.home, home) == bench_library.vectors_in(home) == 3
    embedder = HashEmbedder()
    with closing(Library.of(Catalog(home / CATALOG), embedder, home, claim(home), search=False)) as other:
        other.sync([corpus], ignore)
    assert embedder.texts == []
    parts = bench_library.weights(home)
    assert sum(parts.values()) == size_of(home / CATALOG) + size_of(home / "chroma")
    assert parts["Chroma, its SQLite file"] > 0
    with closing(sqlite3.connect(home / CATALOG)) as connection:
        if any(row[0] == "ENABLE_DBSTAT_VTAB" for row in connection.execute("PRAGMA compile_options")):
            assert parts["catalog, passages"] > 0


@pytest.mark.parametrize("kind", ["folder", "collection"])
def test_an_article_gets_a_sentence_and_loses_it_again(corpus: Path, tmp_path: Path, kind: str) -> None:
    write_articles(corpus, tmp_path / "articles")
    documents = corpus if kind == "collection" else tmp_path / "articles"
    before = bench_library.kept(documents)
    bench_library._add_sentence(documents, "Quillfeather mended the lighthouse.")
    (path,) = before
    texts = [made.text for made in read.read(path, path.name)]
    assert [text.count("Quillfeather") for text in texts] == ([1, 0, 0] if kind == "collection" else [1])
    bench_library.restore(before)
    assert bench_library.kept(documents) == before


def test_a_slope_is_found_through_values_of_any_size() -> None:
    start, slope = library_slopes.fitted({1_000: 0.5 + 0.001, 10_000: 0.5 + 0.01, 100_000: 0.5 + 0.1})
    assert (start, slope) == pytest.approx((0.5, 1e-6))

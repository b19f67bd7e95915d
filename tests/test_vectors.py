"""Chroma, the real one: it agrees with the catalog after every change, crash and loss."""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from qa.catalog import Catalog
from qa.contents import content_key
from qa.errors import StoreError
from qa.vectors import BATCH, DIRTY, Vectors
from tests.samples import PARAGRAPHS, HashEmbedder, Opener, check_agreement, check_content, put, python


@pytest.fixture
def catalog(tmp_path: Path) -> Iterator[Catalog]:
    catalog = Catalog(tmp_path / "catalog.sqlite")
    yield catalog
    catalog.close()


@pytest.fixture
def fake() -> HashEmbedder:
    return HashEmbedder()


@pytest.fixture
def make(catalog: Catalog, tmp_path: Path, fake: HashEmbedder) -> Iterator[Opener]:
    with closing(Opener(catalog, tmp_path / "chroma", fake.fingerprint)) as make:
        yield make


def fill(catalog: Catalog, embedder: HashEmbedder, number: int, file: str = "many.txt") -> None:
    put(catalog, embedder, file, *(f"w{n} x{n} y{n} z{n % 7}." for n in range(number)))


def test_the_nearest_are_the_exactly_nearest(catalog: Catalog, fake: HashEmbedder, make: Opener) -> None:
    put(catalog, fake, "a.txt", *PARAGRAPHS)
    fill(catalog, fake, 300)
    check_agreement(make(), fake)


def test_few_passages_or_none_are_no_trouble(catalog: Catalog, fake: HashEmbedder, make: Opener) -> None:
    vectors = make()
    vector = fake.embed(["ferry"])[0]
    assert (vectors.is_open, vectors.nearest(vector, 5), vectors.exact(vector, 5)) == (True, [], [])
    put(catalog, fake, "a.txt", *PARAGRAPHS[:2])
    vectors.update()
    assert len(vectors.nearest(vector, 5)) == len(vectors.exact(vector, 5)) == 2


def test_before_it_is_opened_the_catalog_answers(catalog: Catalog, fake: HashEmbedder, tmp_path: Path) -> None:
    passages = put(catalog, fake, "a.txt", *PARAGRAPHS)
    vectors = Vectors(catalog, tmp_path / "chroma", fake.fingerprint)
    vectors.update()
    best, cosine = vectors.nearest(fake.embed([f"Harbour news\n{PARAGRAPHS[1]}"])[0], 2)[0]
    assert best == passages[1].id
    assert cosine == pytest.approx(1, abs=2e-3)
    assert not (tmp_path / "chroma").exists()


def test_the_store_follows_the_catalog(catalog: Catalog, fake: HashEmbedder, make: Opener, tmp_path: Path) -> None:
    vectors = make()
    put(catalog, fake, "a.txt", *PARAGRAPHS)
    put(catalog, fake, "b.txt", "The library lends books.")
    vectors.update()
    check_agreement(vectors, fake)
    put(catalog, fake, "a.txt", PARAGRAPHS[2], "The tower fell.")
    catalog.arrange(["b.txt"])
    put(catalog, fake, "c.txt", "It came and went before anybody looked.")
    catalog.arrange(["c.txt"])
    vectors.update()
    check_agreement(vectors, fake)
    assert catalog.pending() == (0, [])
    vectors.close()
    check_content(catalog, tmp_path / "chroma", fake)


def test_what_was_stored_but_not_told_is_done_when_it_is_opened(catalog: Catalog, fake: HashEmbedder, make: Opener, tmp_path: Path) -> None:
    put(catalog, fake, "a.txt", *PARAGRAPHS)
    make().close()
    store = (tmp_path / "chroma" / "chroma.sqlite3").stat().st_ino
    put(catalog, fake, "a.txt", *PARAGRAPHS[:3], "The tower fell.")  # as many passages as before
    vectors = make()
    check_agreement(vectors, fake)
    vectors.close()
    check_content(catalog, tmp_path / "chroma", fake)
    assert (tmp_path / "chroma" / "chroma.sqlite3").stat().st_ino == store  # the same store, not a new one


def test_a_store_found_dirty_is_never_opened(catalog: Catalog, fake: HashEmbedder, make: Opener, tmp_path: Path) -> None:
    put(catalog, fake, "a.txt", *PARAGRAPHS)
    make().close()
    catalog.set_meta("vectors", DIRTY)
    for file in (tmp_path / "chroma").rglob("*"):
        if file.is_file():
            file.write_bytes(b"damaged")
    (tmp_path / "chroma" / "stray").touch()
    vectors = make()
    check_agreement(vectors, fake)
    assert not (tmp_path / "chroma" / "stray").exists()
    vectors.close()
    check_content(catalog, tmp_path / "chroma", fake)


@pytest.mark.parametrize("loss", ["folder", "passages"])
def test_a_store_that_lost_something_is_built_anew(catalog: Catalog, fake: HashEmbedder, make: Opener, tmp_path: Path, loss: str) -> None:
    put(catalog, fake, "a.txt", *PARAGRAPHS)
    make().close()
    if loss == "folder":
        (tmp_path / "chroma").rename(tmp_path / "elsewhere")
    else:
        put(catalog, fake, "b.txt", "The tower fell.")
        catalog.settle(catalog.pending()[0], catalog.meta("vectors") or "")
    vectors = make()
    check_agreement(vectors, fake)
    vectors.close()
    check_content(catalog, tmp_path / "chroma", fake)


def test_a_failed_change_is_told_and_made_good(catalog: Catalog, fake: HashEmbedder, make: Opener) -> None:
    put(catalog, fake, "a.txt", *PARAGRAPHS)
    vectors = make()
    (passage,) = put(catalog, fake, "b.txt", "The tower fell.")
    catalog.add_vectors({content_key(passage): np.ones((2, 5), dtype=np.float32)}, fake.fingerprint)
    with pytest.raises(StoreError, match=r"Chroma failed when written"):
        vectors.update()
    assert catalog.meta("vectors") == DIRTY
    catalog.arrange(["b.txt"])
    vectors.update()
    assert catalog.meta("vectors") != DIRTY
    check_agreement(vectors, fake)


def test_more_rows_than_chroma_takes_at_once(catalog: Catalog, make: Opener, tmp_path: Path) -> None:
    small = HashEmbedder(dimensions=4)
    fill(catalog, small, 5600)
    vectors = make(fingerprint=small.fingerprint)
    put(catalog, small, "many.txt", "w3 x3 y3 z3.", "The tower fell.")
    vectors.update()
    check_agreement(vectors, small)
    vectors.close()
    check_content(catalog, tmp_path / "chroma", small)


class Lingering(np.ndarray[tuple[int], np.dtype[np.float32]]):
    """A vector at which a question stops for a while, just before Chroma is asked."""

    reached: threading.Event

    def reshape(self, *shape: Any, **options: Any) -> Any:
        self.reached.set()
        time.sleep(0.5)
        return np.asarray(self).reshape(*shape, **options)


def test_the_store_is_not_closed_under_a_question(catalog: Catalog, fake: HashEmbedder, make: Opener) -> None:
    put(catalog, fake, "a.txt", *PARAGRAPHS)
    vectors = make()
    vector = fake.embed(["ferry"])[0].view(Lingering)
    vector.reached = threading.Event()
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(vectors.nearest, vector, 4)
        vector.reached.wait()
        put(catalog, fake, "b.txt", "Another text.")
        vectors.update()
        assert len(asked.result()) == 4
    assert len(vectors.nearest(fake.embed(["ferry"])[0], 9)) == 5


def test_questions_are_answered_while_the_store_changes(catalog: Catalog, fake: HashEmbedder, make: Opener) -> None:
    put(catalog, fake, "a.txt", *PARAGRAPHS)
    vectors = make()
    vector = fake.embed(["ferry"])[0]
    done = threading.Event()

    def ask() -> list[int]:
        found = []
        while not done.is_set():
            found.append(len(vectors.nearest(vector, 4)))
        return found

    with ThreadPoolExecutor(3) as pool:
        asking = [pool.submit(ask) for _ in range(3)]
        for number in range(8):
            put(catalog, fake, f"{number}.txt", f"Another text {number}.")
            vectors.update()
        done.set()
        answers = [found for one in asking for found in one.result()]
    assert len(answers) > 8
    assert set(answers) == {4}


def test_another_embedder_has_to_embed_everything_first(catalog: Catalog, fake: HashEmbedder, make: Opener) -> None:
    put(catalog, fake, "a.txt", *PARAGRAPHS)
    make().close()
    other = HashEmbedder("other", dimensions=24)
    vectors = make(fingerprint=other.fingerprint)
    assert not vectors.is_open
    with pytest.raises(StoreError, match=r"another embedder") as caught:
        vectors.nearest(other.embed(["ferry"])[0], 3)
    assert "footnote sync" in caught.value.hint
    put(catalog, other, "a.txt", *PARAGRAPHS)
    vectors.open()
    check_agreement(vectors, other)


def test_others_than_the_writer_leave_chroma_alone(catalog: Catalog, fake: HashEmbedder, make: Opener, tmp_path: Path) -> None:
    passages = put(catalog, fake, "a.txt", *PARAGRAPHS)
    reader = make(writer=False)
    reader.update()
    assert not (tmp_path / "chroma").exists()
    assert {id_ for id_, _ in reader.nearest(fake.embed(["ferry"])[0], 9)} == {passage.id for passage in passages}


RESTLESS = """
import sys
from itertools import count
from pathlib import Path
from tests.samples import HashEmbedder, put, python
from qa.catalog import Catalog
from qa.vectors import Vectors

home, embedder = Path(sys.argv[1]), HashEmbedder()
catalog = Catalog(home / "catalog.sqlite")
vectors = Vectors(catalog, home / "chroma", embedder.fingerprint)
vectors.open()
for number in count():
    put(catalog, embedder, f"{number % 2}.txt", *(f"w{number} x{n} y{n} z{n % 7}." for n in range(1200)))
    vectors.update()
    print(number, flush=True)
"""


@pytest.mark.parametrize("after", [0.0, 0.15])
def test_a_process_killed_at_any_moment_leaves_nothing_broken(
    catalog: Catalog, fake: HashEmbedder, make: Opener, tmp_path: Path, after: float
) -> None:
    put(catalog, fake, "a.txt", *PARAGRAPHS)
    process = python(RESTLESS, str(tmp_path))
    assert process.stdout is not None
    assert process.stdout.readline() == b"0\n"  # Chroma flushes every 1,000 rows, so once or twice for each number
    time.sleep(after)
    process.kill()
    process.wait()
    vectors = make()
    check_agreement(vectors, fake)
    vectors.close()
    check_content(catalog, tmp_path / "chroma", fake)


def test_batches_are_of_a_size_that_chroma_takes(tmp_path: Path) -> None:
    import chromadb

    assert chromadb.PersistentClient(str(tmp_path)).get_max_batch_size() >= BATCH

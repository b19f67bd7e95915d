"""The processes that are killed: one syncs, one opens the index and asks. Each shows in a byte of a file in which phase it is.

What is watched does what it always does; only its beginning and its end are noted.
"""

import functools
import json
import mmap
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Final

import chromadb  # noqa: F401 - imported once, by the process that the workers are forked from

from qa import reindex, sync, vectors
from qa.catalog import Catalog
from qa.embed import Embedder, MiniLM, open_embedder
from qa.library import CATALOG, Library, claim
from qa.settings import Settings
from qa.types import Progress, ignore
from tests.samples import HashEmbedder

PHASES: Final = (
    *("starting", "opening", "opening Chroma", "planning", "reading and splitting", "embedding"),
    *("catalog: vectors", "catalog: documents", "catalog: files", "catalog: notes", "catalog: settling", "catalog: pruning"),
    *("Chroma: emptying", "Chroma: rebuilding", "Chroma: writing", "Chroma: closing", "asking", "closing", "done"),
)
WATCHED: Final[tuple[tuple[Any, str, str], ...]] = (
    *((sync, "plan", "planning"), (sync, "apply", "reading and splitting"), (sync, "embed_all", "embedding")),
    *((HashEmbedder, "embed_parts", "embedding"), (MiniLM, "embed_parts", "embedding")),
    *((Catalog, "add_vectors", "catalog: vectors"), (Catalog, "store", "catalog: documents"), (Catalog, "arrange", "catalog: files")),
    *((Catalog, "set_meta", "catalog: notes"), (Catalog, "suspect", "catalog: notes")),
    *((Catalog, "settle", "catalog: settling"), (Catalog, "prune", "catalog: pruning")),
    *((vectors, "_discard", "Chroma: emptying"), (vectors.Vectors, "_rebuild", "Chroma: rebuilding")),
    *((vectors.Vectors, "_connect", "opening Chroma"), (vectors._Store, "drop_others", "Chroma: emptying")),
    *((vectors._Store, "write", "Chroma: writing"), (vectors._Store, "close", "Chroma: closing")),
)


class Marker:
    """The byte of a file that says in which phase a process is; and when each phase began."""

    def __init__(self, path: Path) -> None:
        if not path.exists():
            path.write_bytes(b"\0")
        self._path = path
        with path.open("r+b") as file:
            self._byte = mmap.mmap(file.fileno(), 1)
        self._began = time.monotonic()
        self._noted: list[tuple[float, str]] = []
        self._stack = [PHASES[0]]
        self.note()

    @property
    def phase(self) -> str:
        return PHASES[self._byte[0]]

    def reset(self) -> None:
        self._byte[0] = 0

    def note(self) -> None:
        self._byte[0] = PHASES.index(self._stack[-1])
        self._noted.append((time.monotonic() - self._began, self._stack[-1]))

    @contextmanager
    def during(self, phase: str) -> Iterator[None]:
        self._stack.append(phase)
        self.note()
        try:
            yield
        finally:
            self._stack.pop()
            self.note()

    def watch(self, owner: Any, name: str, phase: str) -> None:
        plain: Callable[..., Any] = getattr(owner, name)

        @functools.wraps(plain)
        def watched(*arguments: Any, **options: Any) -> Any:
            with self.during(phase):
                return plain(*arguments, **options)

        setattr(owner, name, watched)

    def finish(self) -> None:
        """Keep what was noted, for one who draws moments over it."""
        with self.during(PHASES[-1]):
            self._path.with_suffix(".json").write_text(json.dumps(self._noted), encoding="utf-8")


class Alike(HashEmbedder):
    """Counts tokens as the real embedder does: passages are cut by these, and stay as they were cut when they are embedded anew."""

    def __init__(self, name: str, dimensions: int, real: Embedder) -> None:
        super().__init__(name, dimensions)
        self.limit = real.limit
        self._real = real

    def count(self, text: str) -> int:
        return self._real.count(text)


def made(embedder: str) -> Embedder:
    """`embedded`, `NAME:DIMENSIONS` for one that is quick, or `NAME:DIMENSIONS:embedded` for one that is but counts as the real one."""
    if embedder == "embedded":
        return open_embedder(Settings(embedder="embedded"), ignore)
    name, dimensions, *alike = embedder.split(":")
    return Alike(name, int(dimensions), made(*alike)) if alike else HashEmbedder(name, int(dimensions))


def opened(home: Path, embedder: str, search: bool) -> Library:
    """As `Library.open` does it."""
    home.mkdir(exist_ok=True)
    lock = claim(home)
    assert lock is not None, "a dead process still holds the index"
    return Library.of(Catalog(home / CATALOG), made(embedder), home, lock, search=search)


def work(home: Path, folder: Path, embedder: str, place: Path) -> None:
    """Open the index and sync. With another embedder than before, that one is put in the place of the one in use first."""
    marker = _marker(place)
    with marker.during("opening"):
        opened_ = opened(home, embedder, search=False)
    reindex_or_sync(opened_, folder)
    with marker.during("closing"):
        opened_.close()
    marker.finish()


def reindex_or_sync(opened: Library, folder: Path, progress: Progress = ignore) -> None:
    """What brings the index up to date, whatever embedder it was made with."""
    if opened.catalog.count() and opened.catalog.meta("embedder") != opened.embedder.fingerprint:
        reindex.swap(opened, opened.embedder, None, progress)
    opened.sync([folder], progress)


def in_use(home: Path, embedder: str) -> str:
    """The embedder that an index was made with; this one for an index that has none yet."""
    with closing(Catalog(home / CATALOG)) as catalog:
        live = catalog.meta("embedder")
    return embedder if live is None else "embedded" if live.startswith("all-minilm") else live


def look(home: Path, embedder: str, place: Path, word: str) -> None:
    """Open the index, as one who asks opens it, and ask it by words and by meaning."""
    marker = _marker(place)
    with marker.during("opening"):
        home.mkdir(exist_ok=True)
        found = opened(home, in_use(home, embedder), search=True)
    with closing(found), marker.during("asking"):
        count = found.catalog.count()
        known = set(found.catalog.passages([id_ for id_, _ in found.catalog.lexical([word], 5)]))
        assert known or not found.catalog.frequency(word), "a word is counted, but not found"
        near = found.vectors.nearest(found.embedder.embed([word])[0], 5)
        found.search(f"What is {word}?", 3, len, 500)
        assert len(near) == min(5, count), f"{len(near)} of {count} passages are near"
        assert set(found.catalog.passages([id_ for id_, _ in near])) == {id_ for id_, _ in near}
    marker.finish()


def _marker(place: Path) -> Marker:
    marker = Marker(place)
    for owner, name, phase in WATCHED:
        marker.watch(owner, name, phase)
    return marker

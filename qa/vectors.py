"""Chroma: nearest passages by cosine. An index only: whatever may be wrong with it, it is built anew from the catalog.

A process killed while Chroma flushes leaves a store that opens and looks right but breaks later (seen with Chroma 1.5.9). So the catalog
notes "dirty" before the first write and "clean" after the store was closed; a store found dirty is never opened but thrown away. What
was stored in the catalog but not yet here stands in the catalog's list of pending passages, and is done at the next chance.

A process that is not the index's writer never opens Chroma's files: it compares with every vector of the catalog (`exact`).
"""

import hashlib
import re
import shutil
import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self, cast
from urllib.parse import urlsplit

import numpy as np

from qa.catalog import Catalog
from qa.errors import ChromaUnreachableError, FootnoteError, SettingsError, StoreError
from qa.pack import Matrix, Vector
from qa.types import Progress, ignore

if TYPE_CHECKING:
    from chromadb.api.client import Client
    from chromadb.api.collection_configuration import CreateHNSWConfiguration
    from chromadb.api.models.Collection import Collection

BATCH: Final = 250  # rows a call, half a second; Chroma 1.5.9 refuses more than 5,461
DIRTY: Final = "dirty"
FULL: Final = re.compile(r"disk|no space|too large", re.IGNORECASE)  # in what SQLite or the system says through Chroma
# With Chroma's own values 97.9% of the 40 nearest are found among 9,000 MiniLM vectors, with these 99.9%, for 0.2 ms a question and 0.2 ms
# a vector more. What was written since the last multiple of `sync_threshold` is done again whenever the store is opened, at a millisecond a
# row: of 250 rows rather than of Chroma's 1,000.
HNSW: "Final[CreateHNSWConfiguration]" = {
    "space": "cosine",
    "ef_construction": 200,
    "ef_search": 200,
    "max_neighbors": 32,
    "sync_threshold": 250,
}


class Vectors:
    """The vectors of all passages of the catalog, by their content, made by one embedder. Safe to use from several threads.

    Until `open`, queries are answered from the catalog alone. Raises StoreError for failures of Chroma.
    """

    def __init__(self, catalog: Catalog, folder: Path, fingerprint: str, url: str | None = None) -> None:
        """`folder` is where Chroma keeps its files; with `url` a Chroma server keeps them."""
        self._catalog = catalog
        self._folder = folder
        self._fingerprint = fingerprint
        self._url = url
        self._clean = f"clean {fingerprint} {url or 'embedded'}"
        self._store: _Store | None = None
        self._changing = threading.Lock()  # one change at a time
        self._using = threading.Lock()  # nobody asks a store that is being closed

    def open(self, writer: bool = True, progress: Progress = ignore) -> None:
        """Open the store. The writer first brings it up to date, building it anew where it is not known to be sound.

        It stays closed while this embedder has not made all vectors, and for others than the writer unless it is a server's.
        """
        with self._changing:
            self._swap(None)
            if self._catalog.unembedded(self._fingerprint):
                return
            trusted = self._catalog.meta("vectors") == self._clean
            if trusted and (writer or self._url):
                self._swap(self._connect())
            if writer:
                self._apply_pending(progress)
            if not self._complete():
                self._swap(None)
                if writer:
                    self._rebuild(progress)

    def close(self) -> None:
        with self._changing:
            self._swap(None)

    def update(self, progress: Progress = ignore) -> None:
        """Do to the store what was done to the catalog's passages since the last time. Nothing while it is closed."""
        with self._changing:
            self._apply_pending(progress)

    @property
    def is_open(self) -> bool:
        """Whether Chroma answers; else the catalog does."""
        return self._store is not None

    @property
    def can_wait(self) -> bool:
        """Whether the store, closed, is sound and lacks so little that the next process that searches may bring it up to date."""
        trusted = self._catalog.meta("vectors") == self._clean
        return trusted and not self._url and len(self._catalog.pending()[1]) <= BATCH  # a server's store is read by others meanwhile

    @property
    def is_settled(self) -> bool:
        """Whether the store, opened or not, holds what the catalog holds, as far as the catalog knows."""
        return self._catalog.meta("vectors") == self._clean and not self._catalog.pending()[1]

    def nearest(self, vector: Vector, limit: int) -> list[tuple[str, float]]:
        """Ids of the passages nearest to a normalised vector of `dimensions` floats, with their cosine, best first."""
        self._join()
        with self._using:
            found = self._store.nearest(vector, limit) if self._store is not None else None
        return self._passages(self._compared(vector, limit) if found is None else found, limit)

    def exact(self, vector: Vector, limit: int) -> list[tuple[str, float]]:
        """As `nearest`, by comparing with every vector of the catalog. Raises StoreError where the embedder has not made all of them."""
        return self._passages(self._compared(vector, limit), limit)

    def _join(self) -> None:
        """Ask the server from now on, where the writer has made its store sound only after this process was started."""
        if self._store is None and self._url and self.is_settled and self._changing.acquire(blocking=False):
            try:
                self._swap(self._connect())
                if not self._complete():
                    self._swap(None)
            finally:
                self._changing.release()

    def _compared(self, vector: Vector, limit: int) -> list[tuple[str, float]]:
        contents, vectors = self._catalog.content_vectors(self._fingerprint)
        if not contents:
            return []
        cosines = vectors @ vector
        best = np.argsort(-cosines, kind="stable")[:limit]
        return [(contents[i], float(cosines[i])) for i in best]

    def _passages(self, found: Sequence[tuple[str, float]], limit: int) -> list[tuple[str, float]]:
        """Contents with their cosine as the passages that hold them."""
        holders = self._catalog.holders([content for content, _ in found])
        return [(id_, cosine) for content, cosine in found for id_ in holders.get(content, ())][:limit]

    def _apply_pending(self, progress: Progress = ignore) -> None:
        number, contents = self._catalog.pending()
        if self._store is None or not contents:
            return
        if not self._url:  # a server's store stands on its own feet, and what is pending can be done twice
            self._catalog.set_meta("vectors", DIRTY)
        try:
            self._write(self._store, contents, progress)
        except StoreError:
            raise  # Chroma's own: not to be trusted
        except BaseException:  # an interruption: closed in good order it is as sound as before, and what is pending is done again
            self._swap(None)
            self._catalog.set_meta("vectors", self._clean)
            raise
        self._settle(self._store, number)

    def _rebuild(self, progress: Progress) -> None:
        self._catalog.set_meta("vectors", DIRTY)
        if not self._url and self._folder.exists():
            _discard(self._folder)
        store = self._connect()
        with ExitStack() as undo:
            undo.callback(store.close)
            self._catalog.suspect([*self._catalog.contents(), *store.ids()])
            store.drop_others(self._prefix)
            undo.pop_all()
        self._swap(store)
        self._apply_pending(progress)

    def _write(self, store: "_Store", contents: Sequence[str], progress: Progress) -> None:
        """Add those of the contents that a passage of the catalog holds, and remove the others."""
        for i in range(0, len(contents), BATCH):
            progress("arranging vectors", i, len(contents))
            batch = contents[i : i + BATCH]
            known, vectors = self._catalog.content_vectors(self._fingerprint, batch)
            store.write(known, vectors, sorted(set(batch).difference(known)))

    def _settle(self, store: "_Store", number: int) -> None:
        """Close the store, since only this makes what was written certain; note that; open it again."""
        with self._using:
            self._store = None
            store.close()
            self._catalog.settle(number, self._clean)
            self._store = self._connect()

    def _complete(self) -> bool:
        return self._store is not None and self._store.count() == self._catalog.count_contents()

    def _swap(self, store: "_Store | None") -> None:
        with self._using:
            if self._store is not None:
                self._store.close()
            self._store = store

    def _connect(self) -> "_Store":
        name = self._prefix + hashlib.sha256(self._fingerprint.encode()).hexdigest()[:8]
        return _Store.server(self._url, name) if self._url else _Store.embedded(self._folder, name)

    @property
    def _prefix(self) -> str:
        """How the names of this index's collections begin: one server may hold several indexes."""
        return f"footnote-{self._catalog.meta('index')}-"


@dataclass(frozen=True, slots=True)
class _Store:
    """An open collection of Chroma."""

    client: "Client"
    collection: "Collection"

    @classmethod
    def embedded(cls, folder: Path, name: str) -> Self:
        import chromadb
        from chromadb.config import Settings

        with _translated(f"at {folder}"):
            folder.mkdir(parents=True, exist_ok=True)
            client = cast("Client", chromadb.PersistentClient(str(folder), Settings(anonymized_telemetry=False)))
            return cls(client, _collection(client, name))

    @classmethod
    def server(cls, url: str, name: str) -> Self:
        import chromadb
        from chromadb.config import Settings

        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise SettingsError(f"{url!r} is no address of a Chroma server", "Write it as http://127.0.0.1:8000.")
        port = parts.port or (443 if parts.scheme == "https" else 8000)
        with _translated(f"at {url}"):
            settings = Settings(anonymized_telemetry=False)
            client = cast("Client", chromadb.HttpClient(parts.hostname, port, ssl=parts.scheme == "https", settings=settings))
            return cls(client, _collection(client, name))

    def close(self) -> None:
        with _translated("when closed"):
            self.client.close()

    def write(self, added: list[str], vectors: Matrix, removed: list[str]) -> None:
        """At most BATCH of each."""
        with _translated("when written"):
            if removed:
                self.collection.delete(ids=removed)
            if added:
                self.collection.upsert(ids=added, embeddings=vectors)

    def nearest(self, vector: Vector, limit: int) -> list[tuple[str, float]]:
        with _translated("when asked"):
            found = self.collection.query(query_embeddings=vector.reshape(1, -1), n_results=limit, include=["distances"])
        distances = found["distances"] or [[]]
        return [(id_, 1.0 - distance) for id_, distance in zip(found["ids"][0], distances[0], strict=True)]

    def count(self) -> int:
        with _translated("when asked"):
            return self.collection.count()

    def ids(self) -> Iterator[str]:
        with _translated("when asked"):
            for offset in range(0, self.collection.count(), BATCH):
                yield from self.collection.get(limit=BATCH, offset=offset, include=[])["ids"]

    def drop_others(self, prefix: str) -> None:
        """Delete the collections that an earlier embedder filled."""
        with _translated("when written"):
            for other in self.client.list_collections():
                if other.name.startswith(prefix) and other.name != self.collection.name:
                    self.client.delete_collection(other.name)


def _collection(client: "Client", name: str) -> "Collection":
    return client.get_or_create_collection(name, configuration={"hnsw": HNSW}, embedding_function=None)


def _discard(folder: Path) -> None:
    try:
        shutil.rmtree(folder)
    except OSError as error:
        raise StoreError(f"The folder {folder} cannot be emptied: {error.strerror}", "Delete it.") from error


@contextmanager
def _translated(when: str) -> Iterator[None]:
    """Chroma raises bare exceptions of many classes."""
    try:
        yield
    except FootnoteError:
        raise
    except Exception as error:
        if _is_of_connection(error):
            raise ChromaUnreachableError(f"Chroma does not answer {when}", "Start it, or check FOOTNOTE_CHROMA_URL.") from error
        hint = "Free some disk space, or check the disk" if FULL.search(str(error)) else "Check FOOTNOTE_CHROMA_URL and the disk"
        raise StoreError(f"Chroma failed {when}: {error}", f"{hint}, then run `footnote sync`.") from error


def _is_of_connection(error: BaseException | None) -> bool:
    """Chroma's client tells some failures of the connection in words of its own, with httpx's behind them."""
    import httpx  # chromadb has imported it

    while error is not None and not isinstance(error, httpx.TransportError):
        error = error.__cause__ or error.__context__
    return error is not None

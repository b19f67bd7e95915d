"""Small documents, and an embedder that is a model in nothing but its interface."""

import hashlib
import os
import re
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, cast

import numpy as np

from qa import sync
from qa.catalog import Catalog, Part, Source
from qa.contents import content_key, embed_missing
from qa.errors import EngineError
from qa.pack import Matrix
from qa.rows import Entry
from qa.status import SyncReport
from qa.types import Article, Document, Passage, Span, ignore
from qa.vectors import Vectors

if TYPE_CHECKING:
    from chromadb.api.client import Client

PARAGRAPHS = ["The bridge was opened by the mayor.", "The ferry sails at noon.", "The school was closed.", "Engineers mended the pillars."]
BRIDGE = "The old bridge over the river was opened by the mayor. It had cost forty million kroner, the town said.\n"
FERRY = "The ferry to the island sails at noon. It carries two hundred cars, said the captain of the vessel.\n"
SCHOOL = "The school in the valley was closed on Monday. Its pupils go to the next village by bus.\n"
SENTENCE = re.compile(r"[^.]+\.")


class HashEmbedder:
    """A vector for each word, made of its digest, and for a text or a part of it their sum.

    Notes the texts that it was asked for, parts as the one text that they are of; in a file too, as digests, if told.
    """

    def __init__(self, name: str = "hash", dimensions: int = 16, log: Path | None = None, seconds: float = 0.0) -> None:
        self.fingerprint = f"{name}:{dimensions}"
        self.dimensions = dimensions
        self.limit = 256
        self.parallel = 1
        self.texts: list[str] = []
        self.refused: str | None = None  # a word at which it fails
        self._log = log
        self._seconds = seconds

    def embed(self, texts: Sequence[str]) -> Matrix:
        self._note(texts)
        return self._rows(texts)

    def embed_parts(self, text: str, parts: Sequence[Span]) -> Matrix:
        self._note([text])
        return self._rows([text, *(part.of(text) for part in parts)])

    def count(self, text: str) -> int:
        return len(text.split()) + 2

    def _note(self, texts: Sequence[str]) -> None:
        if self.refused and self.refused in " ".join(texts):
            raise EngineError(f"No vector for the word {self.refused}")
        self.texts += texts
        if self._log is not None:
            with self._log.open("a", encoding="utf-8") as log:
                log.writelines(f"{digest(text)}\n" for text in texts)
        time.sleep(self._seconds)

    def _rows(self, texts: Sequence[str]) -> Matrix:
        rows = [sum((self._word(word) for word in text.split()), start=np.full(self.dimensions, 1e-3)) for text in texts]
        vectors: Matrix = np.array(rows, dtype=np.float32).reshape(len(rows), self.dimensions)
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        return vectors

    def _word(self, word: str) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
        noise = hashlib.shake_128(f"{self.fingerprint} {word.strip('.').lower()}".encode()).digest(self.dimensions)
        return np.frombuffer(noise, dtype=np.uint8).astype(np.float64) - 127.5


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def document(
    file: str, *paragraphs: str, title: str = "Harbour news", date: str | None = "2024-05-04"
) -> tuple[Document, tuple[Passage, ...]]:
    """A document with one article, and each of its paragraphs as a passage."""
    text = "\n\n".join(paragraphs)
    id_ = digest(file)[:16]
    passages, start = [], 0
    for paragraph in paragraphs:
        spans = tuple(Span(start + match.start(), start + match.end()) for match in SENTENCE.finditer(paragraph))
        key = digest(f"{id_} {paragraph}")[:16]
        passages.append(Passage(key, id_, file, title, date, None, start, start + len(paragraph), paragraph, spans))
        start += len(paragraph) + 2
    blocks = tuple(Span(passage.start, passage.end) for passage in passages)
    return Document(id_, file, text, (Article(title, date, "A. Writer", blocks),)), tuple(passages)


def source(file: str, content: str = "1") -> Source:
    return Source(file, f"/somewhere/{file}", len(content), 1, digest(content))


def entry(made: tuple[Document, tuple[Passage, ...]]) -> Entry:
    return Entry(*made, tuple(map(content_key, made[1])))


def keep(catalog: Catalog, source: Source, *entries: Entry) -> None:
    """Store a file as holding these documents and no others."""
    catalog.store([Part(source, entries, frozenset(entry.document.id for entry in entries), complete=True)])


def put(catalog: Catalog, embedder: HashEmbedder, file: str, *paragraphs: str) -> tuple[Passage, ...]:
    """Store a file of one document with the vectors of its passages and sentences."""
    made = document(file, *paragraphs)
    embed_missing(made[1], catalog, embedder, lambda _: None)
    keep(catalog, source(file, made[0].text), entry(made))
    return made[1]


class Opener:
    """Opens vectors over a catalog, and closes all of them."""

    def __init__(self, catalog: Catalog, folder: Path, fingerprint: str) -> None:
        self.catalog, self.folder, self.fingerprint = catalog, folder, fingerprint
        self._made: list[Vectors] = []

    def __call__(self, writer: bool = True, url: str | None = None, fingerprint: str | None = None) -> Vectors:
        vectors = Vectors(self.catalog, self.folder, fingerprint or self.fingerprint, url)
        self._made.append(vectors)
        vectors.open(writer)
        return vectors

    def close(self) -> None:
        for vectors in self._made:
            vectors.close()


class Index:
    """A folder of documents with its catalog, vectors and embedder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "docs"
        self.folder.mkdir()
        self.home = folder / "home"
        self.embedder = HashEmbedder()
        self.catalog = Catalog(self.home / "catalog.sqlite")
        self.vectors = Vectors(self.catalog, self.home / "chroma", self.embedder.fingerprint)
        self.vectors.open()

    def write(self, files: Mapping[str, str]) -> None:
        for name, text in files.items():
            (self.folder / name).parent.mkdir(parents=True, exist_ok=True)
            (self.folder / name).write_text(text, encoding="utf-8")

    def sync(self, *folders: Path) -> SyncReport:
        plan = sync.plan(self.catalog, folders or [self.folder])
        return sync.apply(plan, self.catalog, self.vectors, self.embedder, ignore)

    def dry(self) -> SyncReport:
        return sync.report(sync.plan(self.catalog, [self.folder]), self.catalog)

    def words(self, *words: str) -> set[str]:
        """The files with a passage that holds one of the words."""
        passages = self.catalog.passages([id_ for id_, _ in self.catalog.lexical(words, 50)])
        return {passage.file for passage in passages.values()}

    def meaning(self, text: str) -> str:
        """The file with the nearest passage."""
        (best, _), *_ = self.vectors.nearest(self.embedder.embed([text])[0], 1)
        return self.catalog.passages([best])[best].file


def check_agreement(vectors: Vectors, embedder: HashEmbedder) -> None:
    """Chroma finds what comparing with every vector finds, with the same cosines (one in ten may be missed: its search is approximate)."""
    assert vectors.is_open
    for question in ("ferry school", "the mayor of noon", "w17 z3"):
        vector = embedder.embed([question])[0]
        near, exact = dict(vectors.nearest(vector, 10)), dict(vectors.exact(vector, 10))
        both = near.keys() & exact.keys()
        assert len(near) == len(exact)
        assert len(both) >= len(exact) - 1
        assert all(abs(near[id_] - exact[id_]) < 2e-3 for id_ in both)


def check_content(catalog: Catalog, folder: Path, embedder: HashEmbedder) -> None:
    """Chroma's files, closed, hold exactly the contents and vectors of the catalog."""
    import chromadb

    client = chromadb.PersistentClient(str(folder))
    (collection,) = client.list_collections()
    rows = collection.get(include=["embeddings"])
    cast("Client", client).close()
    assert rows["embeddings"] is not None
    ids, expected = catalog.content_vectors(embedder.fingerprint)
    stored = dict(zip(rows["ids"], rows["embeddings"], strict=True))
    assert stored.keys() == set(ids)
    assert all(np.allclose(stored[id_], vector, atol=1e-3) for id_, vector in zip(ids, expected, strict=True))


def python(code: str, *arguments: str) -> "subprocess.Popen[bytes]":
    """Another process that runs `code`, to talk to through its pipes; it can import what tests can."""
    root = str(Path(__file__).parent.parent)
    command = [sys.executable, "-c", code, *arguments]
    return subprocess.Popen(command, env=os.environ | {"PYTHONPATH": root}, stdin=subprocess.PIPE, stdout=subprocess.PIPE)

"""The catalog: what was read, as passages, full-text index and vectors, in one SQLite file.

It is the durable truth; Chroma can be rebuilt from it.
"""

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

import numpy as np

from qa.database import Connection, Database, Row
from qa.errors import NotFoundError, StoreError
from qa.types import Article, Document, DocumentStatus, Feedback, Passage, Span

PASSAGE: Final = (
    "SELECT p.id, p.document, d.file, p.title, p.date, p.page, p.start, p.end, p.text, p.sentences "
    "FROM passages p JOIN documents d ON d.id = p.document"
)
DOCUMENT: Final = "SELECT id, file, text, articles, pages FROM documents"
VECTORS: Final = "SELECT p.id, v.vector FROM passages p LEFT JOIN vectors v ON v.hash = p.hash AND v.fingerprint = ? "
TITLE_WEIGHT: Final = 2.0  # of a term in the title against one in the text (BM25F's usual range is 2-5; the seeds are too few to fit it)
PAGE: Final = 500  # placeholders in one statement; SQLite's least limit is 999

Vector = np.ndarray[tuple[int], np.dtype[np.float32]]
Matrix = np.ndarray[tuple[int, int], np.dtype[np.float32]]
MetaKey = Literal["embedder", "folders", "index", "unpruned", "vectors"]


@dataclass(frozen=True, slots=True)
class Source:
    """A file as it was when it was last read: bytes, nanoseconds, SHA-256; `error` where it could not be read."""

    file: str
    path: str
    size: int
    modified: int
    hash: str
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """A document with its passages and the key (content hash) of each passage's vector, ready to be stored."""

    document: Document
    passages: tuple[Passage, ...]
    hashes: tuple[str, ...]


class Catalog:
    """All reads and writes of the catalog; safe to use from several threads. Raises StoreError as `Database` does."""

    def __init__(self, path: Path) -> None:
        self._database = Database(path)

    def close(self) -> None:
        self._database.close()

    # What was decided for the whole index

    def meta(self, key: MetaKey) -> str | None:
        rows = self._database.rows("SELECT value FROM meta WHERE key = ?", (key,))
        return str(rows[0][0]) if rows else None

    def set_meta(self, key: MetaKey, value: str) -> None:
        with self._database.transaction() as connection:
            connection.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, value))

    # Files

    def sources(self) -> dict[str, Source]:
        """Every file known, by its display name."""
        rows = self._database.rows("SELECT file, path, size, modified, hash, error FROM sources")
        return {row[0]: Source(*row) for row in rows}

    def touch(self, sources: Iterable[Source]) -> None:
        """Note new stamps for files whose content is the same."""
        with self._database.transaction() as connection:
            connection.executemany(
                "UPDATE sources SET path = ?, size = ?, modified = ? WHERE file = ?",
                ((s.path, s.size, s.modified, s.file) for s in sources),
            )

    def replace(self, source: Source, entries: Sequence[Entry]) -> None:
        """Put a file's documents in the place of what was known of it. Unchanged passages keep their rows."""
        with self._database.transaction() as connection:
            kept = {passage.id for entry in entries for passage in entry.passages}
            old = [row[0] for row in connection.execute(f"SELECT p.id {_OF_SOURCE}", (source.file,))]
            connection.executemany("DELETE FROM passages WHERE id = ?", ((id_,) for id_ in old if id_ not in kept))
            connection.execute(
                "INSERT INTO sources VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (file) DO UPDATE SET "
                "path = excluded.path, size = excluded.size, modified = excluded.modified, hash = excluded.hash, error = excluded.error",
                (source.file, source.path, source.size, source.modified, source.hash, source.error),
            )
            gone = {row[0] for row in connection.execute("SELECT id FROM documents WHERE source = ?", (source.file,))}
            connection.executemany(
                "DELETE FROM documents WHERE id = ?", ((id_,) for id_ in gone - {entry.document.id for entry in entries})
            )
            for entry in entries:
                _store(connection, source.file, entry)

    def remove(self, files: Iterable[str]) -> None:
        """Forget files, with their documents and passages, all at once."""
        with self._database.transaction() as connection:
            for file in files:
                connection.execute(f"DELETE FROM passages WHERE id IN (SELECT p.id {_OF_SOURCE})", (file,))
                connection.execute("DELETE FROM sources WHERE file = ?", (file,))

    # Documents and passages

    def document(self, id_: str) -> Document:
        """Raises NotFoundError when there is no such document."""
        rows = self._database.rows(f"{DOCUMENT} WHERE id = ?", (id_,))
        if not rows:
            raise NotFoundError(f"There is no document {id_!r}", "GET /v1/documents lists them.")
        return _document(rows[0])

    def documents(self) -> tuple[DocumentStatus, ...]:
        """What became of every document and of every file that could not be read, by name."""
        rows = self._database.rows(
            "SELECT d.id, d.file, d.articles, length(d.text), (SELECT count(*) FROM passages p WHERE p.document = d.id) FROM documents d"
        )
        known = [_indexed(id_, file, _articles(articles), characters, passages) for id_, file, articles, characters, passages in rows]
        known += [DocumentStatus("", s.file, "", None, "unreadable", 0, 0, 0, s.error) for s in self.sources().values() if s.error]
        return tuple(sorted(known, key=lambda status: status.file))

    def documents_of(self, file: str) -> tuple[Document, ...]:
        """The documents that a file holds."""
        return tuple(map(_document, self._database.rows(f"{DOCUMENT} WHERE source = ? ORDER BY rowid", (file,))))

    def passages_of(self, document: str) -> tuple[Passage, ...]:
        return tuple(map(_passage, self._database.rows(f"{PASSAGE} WHERE p.document = ? ORDER BY p.start", (document,))))

    def passages(self, ids: Sequence[str]) -> dict[str, Passage]:
        """Passages by id; ids that are not known are left out."""
        found: dict[str, Passage] = {}
        for page in _paged(ids):
            rows = self._database.rows(f"{PASSAGE} WHERE p.id IN ({_holes(page)})", page)
            found.update((row[0], _passage(row)) for row in rows)
        return found

    def all_passages(self) -> Iterator[Passage]:
        """Every passage, one at a time."""
        return map(_passage, self._database.stream(PASSAGE))

    def passage_ids(self) -> list[str]:
        return [row[0] for row in self._database.rows("SELECT id FROM passages ORDER BY number")]

    def digest(self) -> str:
        """A fingerprint of all that can be found: every passage with its title, date and content."""
        total = hashlib.sha256()
        for row in self._database.stream("SELECT id, title, date, hash FROM passages ORDER BY id"):
            total.update(repr(row).encode())
        return total.hexdigest()[:16]

    def count(self) -> int:
        """How many passages there are."""
        return int(self._database.rows("SELECT count(*) FROM passages")[0][0])

    # Search

    def lexical(self, terms: Sequence[str], limit: int) -> list[tuple[str, float]]:
        """Passage ids with their BM25 score (higher is better) for any of the terms, best first."""
        if not terms:
            return []
        rows = self._database.rows(
            "SELECT p.id, -found.rank FROM (SELECT rowid, rank FROM passages_fts WHERE passages_fts MATCH ? AND rank MATCH ? "
            "ORDER BY rank LIMIT ?) found JOIN passages p ON p.number = found.rowid ORDER BY found.rank, p.number",
            (" OR ".join(map(_phrase, terms)), f"bm25({TITLE_WEIGHT}, 1.0)", limit),
        )
        return [(row[0], row[1]) for row in rows]

    def titled(self, phrases: Sequence[str], limit: int) -> list[str]:
        """Ids of passages in whose title one of the phrases stands, the shortest titles first."""
        if not phrases:
            return []
        rows = self._database.rows(
            "SELECT p.id FROM passages_fts JOIN passages p ON p.number = passages_fts.rowid WHERE passages_fts MATCH ? "
            "ORDER BY length(p.title), p.number LIMIT ?",
            (f"title : ({' OR '.join(map(_phrase, phrases))})", limit),
        )
        return [row[0] for row in rows]

    def frequency(self, term: str) -> int:
        """In how many passages a term occurs (stemmed as the index stems)."""
        return int(self._database.rows("SELECT count(*) FROM passages_fts WHERE passages_fts MATCH ?", (_phrase(term),))[0][0])

    def vocabulary(self, first: str, shortest: int, longest: int) -> list[str]:
        """The index's terms that begin with a letter and are so many characters long."""
        rows = self._database.rows(
            "SELECT term FROM vocabulary WHERE term >= ? AND term < ? AND length(term) BETWEEN ? AND ?",
            (first, first + "\U0010ffff", shortest, longest),
        )
        return [row[0] for row in rows]

    # Vectors, by the content they were made of

    def embedded(self, hashes: Sequence[str], fingerprint: str) -> set[str]:
        """Those of these contents whose vectors this embedder has made."""
        found: set[str] = set()
        for page in _paged(hashes):
            sql = f"SELECT hash FROM vectors WHERE fingerprint = ? AND hash IN ({_holes(page)})"
            found.update(row[0] for row in self._database.rows(sql, (fingerprint, *page)))
        return found

    def add_vectors(self, vectors: Mapping[str, Matrix], fingerprint: str) -> None:
        """Store under each content the vector of its passage, the first row, and those of the passage's sentences, the others."""
        halves = ((key, made.astype(np.float16)) for key, made in vectors.items())
        rows = ((key, fingerprint, made[0].tobytes(), made[1:].tobytes()) for key, made in halves)
        # The columns are named since SQLite then looks again where another process upgraded the table after this one opened the file.
        sql = "INSERT OR REPLACE INTO vectors (hash, fingerprint, vector, sentences) VALUES (?, ?, ?, ?)"
        with self._database.transaction() as connection:
            connection.executemany(sql, rows)

    def sentence_vectors(self, ids: Sequence[str], fingerprint: str) -> dict[str, Matrix]:
        """The vectors of the sentences of passages, by passage id, shape (sentences, dimensions)."""
        found: dict[str, Matrix] = {}
        for page in _paged(ids):
            rows = self._database.rows(
                "SELECT p.id, length(v.vector), v.sentences FROM passages p JOIN vectors v ON v.hash = p.hash AND v.fingerprint = ? "
                f"WHERE p.id IN ({_holes(page)})",
                (fingerprint, *page),
            )
            for id_, size, blob in rows:
                found[id_] = np.frombuffer(blob, dtype=np.float16).reshape(-1, size // 2).astype(np.float32)
        return found

    def passage_vectors(self, fingerprint: str, ids: Sequence[str] | None = None) -> tuple[list[str], Matrix]:
        """The ids of passages (None: of all) and their vectors, shape (ids, dimensions). Ids that are not known are left out.

        Raises StoreError where this embedder has not made the vectors of all of them.
        """
        pages = [()] if ids is None else _paged(ids)
        rows = [
            row
            for page in pages
            for row in self._database.rows(VECTORS + (f"WHERE p.id IN ({_holes(page)})" if page else ""), (fingerprint, *page))
        ]
        if any(row[1] is None for row in rows):
            raise StoreError("The index was made with another embedder", "Run `footnote sync` to embed the documents anew.")
        flat = np.frombuffer(b"".join(row[1] for row in rows), dtype=np.float16)
        return [row[0] for row in rows], flat.reshape(len(rows), -1 if rows else 0).astype(np.float32)

    def unembedded(self, fingerprint: str) -> list[str]:
        """The files with a passage whose vector this embedder has not made."""
        rows = self._database.rows(
            "SELECT DISTINCT d.source FROM passages p JOIN documents d ON d.id = p.document WHERE NOT EXISTS "
            "(SELECT 1 FROM vectors v WHERE v.hash = p.hash AND v.fingerprint = ?) ORDER BY d.source",
            (fingerprint,),
        )
        return [row[0] for row in rows]

    def prune(self) -> int:
        """Delete the vectors of contents that no passage has any more, of whichever embedder; returns how many."""
        with self._database.transaction() as connection:
            deleted = connection.execute("DELETE FROM vectors WHERE hash NOT IN (SELECT hash FROM passages)").rowcount
            connection.execute("UPDATE meta SET value = 0 WHERE key = 'unpruned'")
        return deleted

    # What the vector index has yet to hear of

    def pending(self) -> tuple[int, list[str]]:
        """Ids of passages that came, changed or went since they were last settled, and the number of the last change."""
        rows = self._database.rows("SELECT number, id FROM pending ORDER BY number")
        return (rows[-1][0] if rows else 0), list(dict.fromkeys(row[1] for row in rows))

    def settle(self, number: int, state: str) -> None:
        """Note that the vector index holds all changes up to `number`, and its state, at once."""
        with self._database.transaction() as connection:
            connection.execute("DELETE FROM pending WHERE number <= ?", (number,))
            connection.execute("INSERT OR REPLACE INTO meta VALUES ('vectors', ?)", (state,))

    # What users said of answers

    def add_feedback(self, answer: str, good: bool, note: str, trace: str) -> None:
        with self._database.transaction() as connection:
            connection.execute("INSERT INTO feedback (answer, good, note, trace) VALUES (?, ?, ?, ?)", (answer, int(good), note, trace))

    def feedback(self) -> tuple[Feedback, ...]:
        """All that was said, oldest first; of several words on one answer the last."""
        rows = self._database.rows("SELECT answer, good, note, trace, at FROM feedback ORDER BY rowid")
        return tuple({row[0]: Feedback(row[0], bool(row[1]), *row[2:]) for row in rows}.values())


_OF_SOURCE: Final = "FROM passages p JOIN documents d ON d.id = p.document WHERE d.source = ?"


def _store(connection: Connection, source: str, entry: Entry) -> None:
    document = entry.document
    connection.execute(
        "INSERT INTO documents VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET "
        "source = excluded.source, text = excluded.text, articles = excluded.articles, pages = excluded.pages",
        (document.id, source, document.file, document.text, _dump(document.articles), json.dumps(document.pages)),
    )
    for passage, key in zip(entry.passages, entry.hashes, strict=True):
        sentences = json.dumps([(span.start - passage.start, span.end - passage.start) for span in passage.sentences])
        placed = (passage.title, passage.date, passage.page, passage.start, passage.end)
        connection.execute(
            "INSERT INTO passages (id, document, title, date, page, start, end, text, sentences, hash) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET title = excluded.title, date = excluded.date, "
            "page = excluded.page, start = excluded.start, end = excluded.end, sentences = excluded.sentences, hash = excluded.hash",
            (passage.id, passage.document, *placed, passage.text, sentences, key),
        )


def _document(row: Row) -> Document:
    return Document(row[0], row[1], row[2], _articles(row[3]), tuple(json.loads(row[4])))


def _passage(row: Row) -> Passage:
    start = row[6]
    sentences = tuple(Span(start + first, start + last) for first, last in json.loads(row[9]))
    return Passage(row[0], row[1], row[2], row[3], row[4], row[5], start, row[7], row[8], sentences)


def _dump(articles: Sequence[Article]) -> str:
    return json.dumps([[a.title, a.date, a.byline, [(b.start, b.end) for b in a.blocks]] for a in articles])


def _articles(dumped: str) -> tuple[Article, ...]:
    return tuple(Article(title, date, byline, tuple(Span(*b) for b in blocks)) for title, date, byline, blocks in json.loads(dumped))


def _indexed(id_: str, file: str, articles: tuple[Article, ...], characters: int, passages: int) -> DocumentStatus:
    kept = sum(block.end - block.start for article in articles for block in article.blocks)
    first = articles[0] if articles else Article(file, None, None, ())
    return DocumentStatus(id_, file, first.title, first.date, "indexed", passages, characters, kept)


def _phrase(term: str) -> str:
    """A term as a phrase of FTS5's query language, in which nothing but the quotation mark and the end of the string mean anything."""
    return '"' + re.sub(r'["\x00\ud800-\udfff]', " ", term) + '"'


def _holes(values: Sequence[str]) -> str:
    return ", ".join("?" * len(values))


def _paged(values: Sequence[str]) -> Iterator[Sequence[str]]:
    return (values[i : i + PAGE] for i in range(0, len(values), PAGE))

"""The catalog: what was read, as passages, full-text index and vectors, in one SQLite file.

It is the durable truth; Chroma can be rebuilt from it.
"""

import hashlib
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, Literal

from qa import rows
from qa.database import Connection, Database
from qa.errors import NotFoundError
from qa.rows import DOCUMENT, PASSAGE, STATUS, Entry
from qa.status import DocumentStatus
from qa.types import Document, Feedback, Passage
from qa.vector_table import VectorTable, holes, paged

TITLE_WEIGHT: Final = 2.0  # of a term in the title against one in the text (BM25F's usual range is 2-5; the seeds are too few to fit it)

MetaKey = Literal["embedder", "folders", "index", "previous", "unpruned", "vectors"]


@dataclass(frozen=True, slots=True)
class Source:
    """A file as it was when it was last read: bytes, nanoseconds, SHA-256; `error` where it could not be read, `reader` the version of
    what read it."""

    file: str
    path: str
    size: int
    modified: int
    hash: str
    error: str | None = None
    reader: int = 0


@dataclass(frozen=True, slots=True)
class Part:
    """Some of what was read of a file. `complete`: the last of it; of the file's documents only those of `ids` are kept."""

    source: Source
    entries: tuple[Entry, ...]
    ids: frozenset[str]
    complete: bool


class Catalog(VectorTable):
    """All reads and writes of the catalog; safe to use from several threads. Raises StoreError as `Database` does."""

    def __init__(self, path: Path) -> None:
        super().__init__(Database(path))

    def close(self) -> None:
        self._database.close()

    # What was decided for the whole index

    def meta(self, key: MetaKey) -> str | None:
        found = self._database.rows("SELECT value FROM meta WHERE key = ?", (key,))
        return str(found[0][0]) if found else None

    def set_meta(self, key: MetaKey, value: str) -> None:
        with self._database.transaction() as connection:
            connection.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, value))

    def adopt(self, fingerprint: str) -> None:
        """Let this embedder be the index's, remember the one before, and have Chroma's store built anew: all at once."""
        with self._database.transaction() as connection:
            connection.execute("INSERT OR REPLACE INTO meta SELECT 'previous', value FROM meta WHERE key = 'embedder'")
            connection.execute("INSERT OR REPLACE INTO meta VALUES ('embedder', ?), ('vectors', 'dirty')", (fingerprint,))

    # Files

    def sources(self) -> dict[str, Source]:
        """Every file known, by its display name."""
        found = self._database.rows("SELECT file, path, size, modified, hash, error, reader FROM sources")
        return {row[0]: Source(*row) for row in found}

    def arrange(self, deleted: Iterable[str] = (), moved: Iterable[tuple[str, Source]] = (), restamped: Iterable[Source] = ()) -> None:
        """Forget files with all that they held, give others (old name, file as it is now) another name, and note new stamps of files
        whose content is the same: all at once."""
        with self._database.transaction() as connection:
            connection.execute("PRAGMA defer_foreign_keys = ON")
            for file in deleted:
                connection.execute(f"DELETE FROM passages WHERE id IN (SELECT p.id {_OF_SOURCE})", (file,))
                connection.execute("DELETE FROM sources WHERE file = ?", (file,))
            for old, source in moved:
                rows.rename(connection, old, source.file)
                connection.execute("UPDATE sources SET file = ? WHERE file = ?", (source.file, old))
                _stamp(connection, source)
            for source in restamped:
                _stamp(connection, source)

    def store(self, parts: Iterable[Part]) -> None:
        """Put what was read of files in the place of what was known of them, all at once. Unchanged passages keep their rows."""
        with self._database.transaction() as connection:
            for part in parts:
                _note(connection, part.source if part.complete else replace(part.source, hash="", size=-1))
                for entry in part.entries:
                    rows.store(connection, part.source.file, entry)
                if part.complete:
                    _keep_only(connection, part)

    def digests(self, file: str) -> dict[str, str]:
        """The digest of each document of a file, by the document's id."""
        return dict(self._database.rows("SELECT id, digest FROM documents WHERE source = ?", (file,)))

    # Documents and passages

    def document(self, id_: str) -> Document:
        """Raises NotFoundError when there is no such document."""
        found = self._database.rows(f"{DOCUMENT} WHERE id = ?", (id_,))
        if not found:
            raise NotFoundError(f"There is no document {id_!r}", "GET /v1/documents lists them.")
        return rows.document(found[0])

    def documents(self) -> tuple[DocumentStatus, ...]:
        """What became of every document and of every file that could not be read, by name."""
        known = [*map(rows.status, self._database.rows(STATUS))]
        known += [rows.unreadable(source.file, source.error) for source in self.sources().values() if source.error]
        return tuple(sorted(known, key=lambda status: status.file))

    def passages_of(self, document: str) -> tuple[Passage, ...]:
        return tuple(map(rows.passage, self._database.rows(f"{PASSAGE} WHERE p.document = ? ORDER BY p.start", (document,))))

    def passages(self, ids: Sequence[str]) -> dict[str, Passage]:
        """Passages by id; ids that are not known are left out."""
        found: dict[str, Passage] = {}
        for page in paged(ids):
            read = self._database.rows(f"{PASSAGE} WHERE p.id IN ({holes(page)})", page)
            found.update((row[0], rows.passage(row)) for row in read)
        return found

    def all_passages(self) -> Iterator[Passage]:
        """Every passage, one at a time."""
        return map(rows.passage, self._database.stream(PASSAGE))

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
        found = self._database.rows(
            "SELECT p.id, -found.rank FROM (SELECT rowid, rank FROM passages_fts WHERE passages_fts MATCH ? AND rank MATCH ? "
            "ORDER BY rank LIMIT ?) found JOIN passages p ON p.number = found.rowid ORDER BY found.rank, p.number",
            (" OR ".join(map(_phrase, terms)), f"bm25({TITLE_WEIGHT}, 1.0)", limit),
        )
        return [(row[0], row[1]) for row in found]

    def titled(self, phrases: Sequence[str], limit: int) -> list[str]:
        """Ids of passages in whose title one of the phrases stands, the shortest titles first."""
        if not phrases:
            return []
        found = self._database.rows(
            "SELECT p.id FROM passages_fts JOIN passages p ON p.number = passages_fts.rowid WHERE passages_fts MATCH ? "
            "ORDER BY length(p.title), p.number LIMIT ?",
            (f"title : ({' OR '.join(map(_phrase, phrases))})", limit),
        )
        return [row[0] for row in found]

    def frequency(self, term: str) -> int:
        """In how many passages a term occurs (stemmed as the index stems)."""
        return int(self._database.rows("SELECT count(*) FROM passages_fts WHERE passages_fts MATCH ?", (_phrase(term),))[0][0])

    def vocabulary(self, first: str, shortest: int, longest: int) -> list[str]:
        """The index's terms that begin with a letter and are so many characters long."""
        found = self._database.rows(
            "SELECT term FROM vocabulary WHERE term >= ? AND term < ? AND length(term) BETWEEN ? AND ?",
            (first, first + "\U0010ffff", shortest, longest),
        )
        return [row[0] for row in found]

    # What users said of answers

    def add_feedback(self, answer: str, good: bool, note: str, trace: str) -> None:
        with self._database.transaction() as connection:
            connection.execute("INSERT INTO feedback (answer, good, note, trace) VALUES (?, ?, ?, ?)", (answer, int(good), note, trace))

    def feedback(self) -> tuple[Feedback, ...]:
        """All that was said, oldest first; of several words on one answer the last."""
        found = self._database.rows("SELECT answer, good, note, trace, at FROM feedback ORDER BY rowid")
        return tuple({row[0]: Feedback(row[0], bool(row[1]), *row[2:]) for row in found}.values())


_OF_SOURCE: Final = "FROM passages p JOIN documents d ON d.id = p.document WHERE d.source = ?"


def _keep_only(connection: Connection, part: Part) -> None:
    known = {row[0] for row in connection.execute("SELECT id FROM documents WHERE source = ?", (part.source.file,))}
    for id_ in known - part.ids:
        connection.execute("DELETE FROM passages WHERE document = ?", (id_,))
        connection.execute("DELETE FROM documents WHERE id = ?", (id_,))


def _note(connection: Connection, source: Source) -> None:
    connection.execute(
        "INSERT INTO sources (file, path, size, modified, hash, error, reader) VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (file) DO UPDATE "
        "SET path = excluded.path, size = excluded.size, modified = excluded.modified, hash = excluded.hash, error = excluded.error, "
        "reader = excluded.reader",
        (source.file, source.path, source.size, source.modified, source.hash, source.error, source.reader),
    )


def _stamp(connection: Connection, source: Source) -> None:
    stamp = (source.path, source.size, source.modified, source.file)
    connection.execute("UPDATE sources SET path = ?, size = ?, modified = ? WHERE file = ?", stamp)


def _phrase(term: str) -> str:
    """A term as a phrase of FTS5's query language, in which nothing but the quotation mark and the end of the string mean anything."""
    return '"' + re.sub(r'["\x00\ud800-\udfff]', " ", term) + '"'

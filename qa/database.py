"""The catalog's SQLite file: its tables, and connections to it, lent to one thread at a time.

Triggers keep what must never be forgotten in the transaction that causes it: the full-text index, the passages that the vector index
has yet to hear of (`pending`), and how many went since vectors were last looked through for those of no use (`unpruned`). WAL lets
readers go on while one writer works. `synchronous=NORMAL` may lose the last transactions to a power cut but never corrupts the file
(SQLite documentation, "PRAGMA synchronous").
"""

import contextlib
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from sqlite3 import Connection
from typing import Any, Final

from qa.errors import StoreError

__all__ = ["Connection", "Database", "Row"]

Row = tuple[Any, ...]
Value = str | int | float | bytes | None

VERSION: Final = 2
SCHEMA: Final = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
INSERT INTO meta VALUES ('index', lower(hex(randomblob(8)))), ('unpruned', '0');
CREATE TABLE sources (
    file TEXT PRIMARY KEY, path TEXT NOT NULL, size INTEGER NOT NULL, modified INTEGER NOT NULL, hash TEXT NOT NULL, error TEXT
) WITHOUT ROWID;
CREATE TABLE documents (
    id TEXT PRIMARY KEY, source TEXT NOT NULL REFERENCES sources(file) ON DELETE CASCADE, file TEXT NOT NULL UNIQUE,
    text TEXT NOT NULL, articles TEXT NOT NULL, pages TEXT NOT NULL
);
CREATE INDEX documents_source ON documents(source);
CREATE TABLE passages (
    number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, document TEXT NOT NULL REFERENCES documents(id) ON DELETE CASCADE,
    title TEXT NOT NULL, date TEXT, page INTEGER, start INTEGER NOT NULL, end INTEGER NOT NULL, text TEXT NOT NULL, sentences TEXT NOT NULL,
    hash TEXT NOT NULL
);
CREATE INDEX passages_document ON passages(document);
CREATE TABLE vectors (
    hash TEXT NOT NULL, fingerprint TEXT NOT NULL, vector BLOB NOT NULL, sentences BLOB NOT NULL, PRIMARY KEY (hash, fingerprint)
);
CREATE TABLE pending (number INTEGER PRIMARY KEY, id TEXT NOT NULL);
CREATE TABLE feedback (
    answer TEXT NOT NULL, good INTEGER NOT NULL, note TEXT NOT NULL, trace TEXT NOT NULL, at TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP
);
CREATE VIRTUAL TABLE passages_fts USING fts5(
    title, text, content='passages', content_rowid='number', tokenize="porter unicode61 remove_diacritics 2"
);
CREATE VIRTUAL TABLE vocabulary USING fts5vocab(passages_fts, 'row');
CREATE TRIGGER passages_added AFTER INSERT ON passages BEGIN
    INSERT INTO passages_fts(rowid, title, text) VALUES (new.number, new.title, new.text);
    INSERT INTO pending(id) VALUES (new.id);
END;
CREATE TRIGGER passages_retitled AFTER UPDATE OF title ON passages WHEN old.title <> new.title BEGIN
    INSERT INTO passages_fts(passages_fts, rowid, title, text) VALUES ('delete', old.number, old.title, old.text);
    INSERT INTO passages_fts(rowid, title, text) VALUES (new.number, new.title, new.text);
END;
CREATE TRIGGER passages_embedded_anew AFTER UPDATE OF hash ON passages WHEN old.hash <> new.hash BEGIN
    INSERT INTO pending(id) VALUES (new.id);
    UPDATE meta SET value = value + 1 WHERE key = 'unpruned';
END;
CREATE TRIGGER passages_gone AFTER DELETE ON passages BEGIN
    INSERT INTO passages_fts(passages_fts, rowid, title, text) VALUES ('delete', old.number, old.title, old.text);
    INSERT INTO pending(id) VALUES (old.id);
    UPDATE meta SET value = value + 1 WHERE key = 'unpruned';
END;
"""
UPGRADES: Final = {  # what makes the next version of each
    # The vectors of sentences stand beside their passage's. What was embedded before is embedded anew from the texts of the catalog.
    1: """
DROP TABLE vectors;
CREATE TABLE vectors (
    hash TEXT NOT NULL, fingerprint TEXT NOT NULL, vector BLOB NOT NULL, sentences BLOB NOT NULL, PRIMARY KEY (hash, fingerprint)
);
""",
}
WAIT: Final = 30.0  # seconds to wait for a writer in another process
HINTS: Final = {
    sqlite3.SQLITE_FULL: "Free some disk space.",
    sqlite3.SQLITE_BUSY: "Another Footnote process is writing; try again when it is done.",
    sqlite3.SQLITE_CANTOPEN: "Check that the folder exists and may be written.",
    sqlite3.SQLITE_READONLY: "Check that the folder exists and may be written.",
    sqlite3.SQLITE_IOERR: "Check the disk.",
}
DAMAGED: Final = "Move the file away and run `footnote sync`."


class Database:
    """Raises StoreError for a file that is damaged, cannot be written, or is from a newer version, whenever that comes out."""

    def __init__(self, path: Path) -> None:
        """Open the file, or make it."""
        self.path = path
        self._idle: list[Connection] = []
        self._lending = threading.Lock()
        self._writing = threading.Lock()
        self._closed = False
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreError(
                f"The folder {path.parent} cannot be made: {error.strerror}", "Set FOOTNOTE_HOME to another folder."
            ) from error
        try:
            self._prepare()
        except BaseException:
            self.close()
            raise

    def rows(self, sql: str, parameters: Sequence[Value] = ()) -> list[Row]:
        """All rows of a query."""
        with self._lent() as connection:
            return connection.execute(sql, parameters).fetchall()

    def stream(self, sql: str) -> Iterator[Row]:
        """The rows of a query as they were when the first was asked for, without holding them all."""
        with self._lent() as connection, contextlib.closing(connection.execute(sql)) as cursor:
            yield from cursor

    @contextlib.contextmanager
    def transaction(self) -> Iterator[Connection]:
        """One write transaction: all of it or nothing. Must not be nested."""
        with self._writing, self._lent() as connection:
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:  # SQLite itself rolls back when the disk is full
                    connection.execute("ROLLBACK")
                raise

    def close(self) -> None:
        with self._lending:
            self._closed = True
            while self._idle:
                self._idle.pop().close()

    def _prepare(self) -> None:
        if self._version() == 0:
            with self.transaction() as connection:
                if self._version(connection) == 0:  # no other process was quicker
                    for statement in _statements(SCHEMA):
                        connection.execute(statement)
                    connection.execute(f"PRAGMA user_version = {VERSION}")
        if self._version() > VERSION:
            raise StoreError(
                f"The catalog {self.path} was written by a newer Footnote", "Upgrade Footnote, or choose another FOOTNOTE_HOME."
            )
        while self._version() < VERSION:
            with self.transaction() as connection:
                version = self._version(connection)
                if version < VERSION:  # no other process was quicker
                    for statement in _statements(UPGRADES[version]):
                        connection.execute(statement)
                    connection.execute(f"PRAGMA user_version = {version + 1}")

    def _version(self, connection: Connection | None = None) -> int:
        sql = "PRAGMA user_version"
        return int((connection.execute(sql).fetchall() if connection else self.rows(sql))[0][0])

    @contextlib.contextmanager
    def _lent(self) -> Iterator[Connection]:
        connection: Connection | None = None
        try:
            connection = self._take()
            yield connection
        except sqlite3.Error as error:
            hint = HINTS.get(getattr(error, "sqlite_errorcode", 0) & 0xFF, DAMAGED)
            raise StoreError(f"The catalog {self.path} cannot be used: {error}", hint) from error
        finally:
            if connection is not None:
                self._give(connection)

    def _take(self) -> Connection:
        with self._lending:
            if self._closed:
                raise StoreError(f"The catalog {self.path} is closed")
            if self._idle:
                return self._idle.pop()
        connection = sqlite3.connect(self.path, timeout=WAIT, isolation_level=None, check_same_thread=False)
        connection.executescript("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA foreign_keys = ON;")
        return connection

    def _give(self, connection: Connection) -> None:
        with self._lending:
            if self._closed:
                connection.close()
            else:
                self._idle.append(connection)


def _statements(script: str) -> Iterator[str]:
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""

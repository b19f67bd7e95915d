"""The catalog's SQLite file, and connections to it, lent to one thread at a time.

WAL lets readers go on while one writer works. `synchronous=FULL`, since what is noted must be on the disk before Chroma is written: with
NORMAL a power cut may take the last transactions back (SQLite documentation, "PRAGMA synchronous"), among them the note that Chroma's
files are not to be trusted. A file of an older version is copied beside itself before it is upgraded.
"""

import contextlib
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from sqlite3 import Connection
from typing import Any, Final

from qa import pack
from qa.errors import StoreError
from qa.schema import COPIES, PAGE_SIZE, SCHEMA, TABLES, VERSION

__all__ = ["Connection", "Database", "Row"]

Row = tuple[Any, ...]
Value = str | int | float | bytes | None

WAIT: Final = 30.0  # seconds to wait for a writer in another process
HINTS: Final = {
    sqlite3.SQLITE_FULL: "Free some disk space.",
    sqlite3.SQLITE_BUSY: "Another Footnote process is writing; try again when it is done.",
    sqlite3.SQLITE_CANTOPEN: "Check that the folder exists and may be written.",
    sqlite3.SQLITE_READONLY: "Check that the folder exists and may be written.",
    sqlite3.SQLITE_IOERR: "Free some disk space, or check the disk.",  # so say a full disk too, when it is opened, and a quota
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
            try:
                connection.execute("BEGIN IMMEDIATE")  # Ctrl-C while it waits is heard only once it has begun
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
        if self._version() < VERSION:
            self._upgrade()

    def _upgrade(self) -> None:
        """Copy everything into the tables of this version, in one transaction; the file as it was stays beside it."""
        connection = self._connect()
        with self._translated(), contextlib.closing(connection):
            connection.executescript("PRAGMA foreign_keys = OFF; PRAGMA legacy_alter_table = ON;")
            connection.create_function("deflated", 1, pack.deflated, deterministic=True)
            connection.create_function("quantised", 1, pack.quantised_halves, deterministic=True)
            connection.create_function("packed", 2, pack.packed_halves, deterministic=True)
            connection.execute("BEGIN IMMEDIATE")
            version = self._version(connection)
            if version < VERSION:  # no other process was quicker
                self._back_up(version)
                for statement in _upgrade(connection, version):
                    connection.execute(statement)
            connection.execute("COMMIT")

    def _back_up(self, version: int) -> None:
        kept, part = (self.path.with_name(f"{self.path.name}.version-{version}{end}") for end in ("", ".part"))
        part.unlink(missing_ok=True)
        with contextlib.closing(self._connect()) as source, contextlib.closing(sqlite3.connect(part)) as target:
            source.backup(target)
        part.replace(kept)

    def _version(self, connection: Connection | None = None) -> int:
        sql = "PRAGMA user_version"
        return int((connection.execute(sql).fetchall() if connection else self.rows(sql))[0][0])

    @contextlib.contextmanager
    def _lent(self) -> Iterator[Connection]:
        connection: Connection | None = None
        with self._translated():
            try:
                connection = self._take()
                yield connection
            finally:
                if connection is not None:
                    self._give(connection)

    @contextlib.contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            hint = HINTS.get(getattr(error, "sqlite_errorcode", 0) & 0xFF, DAMAGED)
            raise StoreError(f"The catalog {self.path} cannot be used: {error}", hint) from error

    def _take(self) -> Connection:
        with self._lending:
            if self._closed:
                raise StoreError(f"The catalog {self.path} is closed")
            if self._idle:
                return self._idle.pop()
        return self._connect()

    def _connect(self) -> Connection:
        connection = sqlite3.connect(self.path, timeout=WAIT, isolation_level=None, check_same_thread=False)
        connection.executescript(
            f"PRAGMA page_size = {PAGE_SIZE}; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;"
        )
        return connection

    def _give(self, connection: Connection) -> None:
        with self._lending:
            if self._closed:
                connection.close()
            else:
                self._idle.append(connection)


def _upgrade(connection: Connection, version: int) -> Iterator[str]:
    """What makes the newest version of an older one."""
    for type_, name in connection.execute(
        "SELECT type, name FROM sqlite_schema WHERE sql <> '' AND type IN ('trigger', 'index')"
    ).fetchall():
        yield f"DROP {type_} {name}"
    yield from ("DROP TABLE vocabulary", "DROP TABLE passages_fts")
    yield from (f"ALTER TABLE {name} RENAME TO old_{name}" for name in TABLES)
    yield from _statements(SCHEMA + COPIES[version])
    yield from (f"DROP TABLE old_{name}" for name in TABLES)
    yield f"PRAGMA user_version = {VERSION}"


def _statements(script: str) -> Iterator[str]:
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""

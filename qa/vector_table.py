"""The part of the catalog that holds vectors, each under the content that it was made of, and what Chroma has yet to hear of them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from qa.database import Database
from qa.errors import StoreError
from qa.pack import Matrix, dimensions_of, packed, quantised, restored, unpacked

PAGE: Final = 500  # placeholders in one statement; SQLite's least limit is 999
_MADE: Final = "FROM vectors v JOIN embedders e ON e.number = v.embedder AND e.fingerprint = ?"


class VectorTable:
    """Vectors by the content of passages and by embedder. Raises StoreError as `Database` does."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def embedded(self, hashes: Sequence[str], fingerprint: str) -> set[str]:
        """Those of these contents whose vectors this embedder has made."""
        found: set[str] = set()
        for page in paged(hashes):
            found.update(
                row[0] for row in self._database.rows(f"SELECT v.hash {_MADE} WHERE v.hash IN ({holes(page)})", (fingerprint, *page))
            )
        return found

    def add_vectors(self, vectors: Mapping[str, Matrix], fingerprint: str) -> None:
        """Store under each content the vector of its passage, the first row, and those of the passage's sentences, the others."""
        made = [(key, quantised(rows[:1]), packed(rows[1:]), fingerprint) for key, rows in vectors.items()]
        with self._database.transaction() as connection:
            connection.execute("INSERT OR IGNORE INTO embedders(fingerprint) VALUES (?)", (fingerprint,))
            connection.executemany(
                "INSERT OR REPLACE INTO vectors (hash, vector, sentences, embedder) "
                "VALUES (?, ?, ?, (SELECT number FROM embedders WHERE fingerprint = ?))",
                made,
            )

    def sentence_vectors(self, ids: Sequence[str], fingerprint: str) -> dict[str, Matrix]:
        """The vectors of the sentences of passages, by passage id, shape (sentences, dimensions)."""
        found: dict[str, Matrix] = {}
        for page in paged(ids):
            sql = f"SELECT p.id, length(v.vector), v.sentences {_MADE} JOIN passages p ON p.hash = v.hash WHERE p.id IN ({holes(page)})"
            for id_, size, blob in self._database.rows(sql, (fingerprint, *page)):
                found[id_] = unpacked(blob, dimensions_of(size))
        return found

    def passage_vectors(self, fingerprint: str, ids: Sequence[str]) -> tuple[list[str], Matrix]:
        """The ids of passages and their vectors, shape (ids, dimensions). Ids that are not known are left out.

        Raises StoreError where this embedder has not made the vectors of all of them.
        """
        return self._vectors("p.id", fingerprint, ids)

    def content_vectors(self, fingerprint: str, hashes: Sequence[str] | None = None) -> tuple[list[str], Matrix]:
        """The contents of passages (None: of all) and their vectors, shape (contents, dimensions). What no passage holds is left out.

        Raises StoreError as `passage_vectors`.
        """
        return self._vectors("p.hash", fingerprint, hashes)

    def holders(self, hashes: Sequence[str]) -> dict[str, list[str]]:
        """The ids of the passages that hold each content, the first stored first."""
        found: dict[str, list[str]] = {}
        for page in paged(hashes):
            for hash_, id_ in self._database.rows(f"SELECT hash, id FROM passages WHERE hash IN ({holes(page)}) ORDER BY number", page):
                found.setdefault(hash_, []).append(id_)
        return found

    def contents(self) -> list[str]:
        """The contents of all passages, each once."""
        return [row[0] for row in self._database.rows("SELECT DISTINCT hash FROM passages ORDER BY hash")]

    def count_contents(self) -> int:
        return int(self._database.rows("SELECT count(DISTINCT hash) FROM passages")[0][0])

    def unembedded(self, fingerprint: str) -> list[str]:
        """The ids of the passages whose vectors this embedder has not made, in order."""
        rows = self._database.rows(
            f"SELECT p.id FROM passages p WHERE p.hash NOT IN (SELECT v.hash {_MADE}) ORDER BY p.number",
            (fingerprint,),
        )
        return [row[0] for row in rows]

    def prune(self) -> int:
        """Delete the vectors of contents that no passage has any more, of whichever embedder; returns how many."""
        with self._database.transaction() as connection:
            deleted = connection.execute("DELETE FROM vectors WHERE hash NOT IN (SELECT hash FROM passages)").rowcount
            connection.execute("UPDATE meta SET value = 0 WHERE key = 'unpruned'")
        return deleted

    def forget_others(self, fingerprint: str) -> int:
        """Delete the vectors of all embedders but this one; returns how many."""
        with self._database.transaction() as connection:
            others = "embedder IN (SELECT number FROM embedders WHERE fingerprint <> ?)"
            deleted = connection.execute(f"DELETE FROM vectors WHERE {others}", (fingerprint,)).rowcount
            connection.execute("DELETE FROM embedders WHERE fingerprint <> ?", (fingerprint,))
            connection.execute("DELETE FROM meta WHERE key = 'previous'")
        return deleted

    def pending(self) -> tuple[int, list[str]]:
        """Contents that came or went since they were last settled, and the number of the last change."""
        rows = self._database.rows("SELECT number, hash FROM pending ORDER BY number")
        return (rows[-1][0] if rows else 0), list(dict.fromkeys(row[1] for row in rows))

    def suspect(self, contents: Iterable[str]) -> None:
        """Have the vector index hear of these contents anew."""
        with self._database.transaction() as connection:
            connection.executemany("INSERT INTO pending(hash) VALUES (?)", ((content,) for content in contents))

    def settle(self, number: int, state: str) -> None:
        """Note that the vector index holds all changes up to `number`, and its state, at once."""
        with self._database.transaction() as connection:
            connection.execute("DELETE FROM pending WHERE number <= ?", (number,))
            connection.execute("INSERT OR REPLACE INTO meta VALUES ('vectors', ?)", (state,))

    def _vectors(self, key: str, fingerprint: str, wanted: Sequence[str] | None) -> tuple[list[str], Matrix]:
        pages = [()] if wanted is None else paged(wanted)
        rows = [row for page in pages for row in self._database.rows(_sql(key, page), (fingerprint, *page))]
        if any(row[1] is None for row in rows):
            raise StoreError("The index was made with another embedder", "Run `footnote sync`, or `footnote reindex`.")
        dimensions = dimensions_of(len(rows[0][1])) if rows else 0
        return [row[0] for row in rows], restored(b"".join(row[1] for row in rows), dimensions)


def _sql(key: str, page: Sequence[str]) -> str:
    which = f"WHERE {key} IN ({holes(page)})" if page else ""
    made = "SELECT v.vector FROM vectors v JOIN embedders e ON e.number = v.embedder WHERE v.hash = p.hash AND e.fingerprint = ?"
    return f"SELECT {key}, ({made}) FROM passages p {which} GROUP BY {key}"


def holes(values: Sequence[str]) -> str:
    """As many placeholders."""
    return ", ".join("?" * len(values))


def paged(values: Sequence[str]) -> Iterator[Sequence[str]]:
    """The values, as many at a time as a statement takes."""
    return (values[i : i + PAGE] for i in range(0, len(values), PAGE))

"""Whether an index holds exactly what its folder holds: told document by document, table by table, vector by vector."""

from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, cast

import numpy as np

from qa.catalog import Catalog
from qa.database import Database
from qa.embed import Embedder
from qa.library import CATALOG, Library, claim
from qa.types import ignore

if TYPE_CHECKING:
    from chromadb.api.client import Client

TABLES: Final = {
    "sources": "SELECT file, path, size, modified, hash, error, reader FROM sources",
    "documents": "SELECT id, source, file, digest, language, articles, pages, empty_pages, characters, text FROM documents",
    "passages": "SELECT id, document, title, date, page, start, end, text, sentences, hash FROM passages",
}
NEAR: Final = 1e-3  # Chroma keeps other floats than the catalog


@dataclass
class Difference:
    """What an index lacks, what it has twice or should not have, and what else is wrong with it."""

    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    def compare(self, what: str, found: list[Any], wanted: list[Any]) -> None:
        """Rows against rows, in whatever order."""
        there, due = set(found), set(wanted)
        self.lost += [_told(what, row, there) for row in due - there]
        self.doubled += [_told(what, row, due) for row in there - due]
        if len(found) != len(there):
            self.doubled.append(f"{what}: {len(found) - len(there)} rows that stand twice")


def difference(home: Path, folder: Path, texts: dict[str, str], embedder: Embedder, fresh: Path) -> Difference:
    """How the index in `home`, which nobody holds, differs from the texts and from an index made of the same folder in `fresh`."""
    fresh.mkdir()
    with closing(Library.of(Catalog(fresh / CATALOG), embedder, fresh, claim(fresh))) as scratch:
        scratch.sync([folder], ignore)
    told = Difference()
    with closing(Catalog(home / CATALOG)) as old, closing(Catalog(fresh / CATALOG)) as new:
        _texts(told, old, texts)
        _vectors(told, old, new, embedder.fingerprint)
        contents, vectors = old.content_vectors(embedder.fingerprint)
        if waiting := old.pending()[1]:
            told.wrong.append(f"pending: {len(waiting)} contents that Chroma has yet to hear of")
    with closing(Database(home / CATALOG)) as ours, closing(Database(fresh / CATALOG)) as theirs:
        for table, sql in TABLES.items():
            told.compare(table, ours.rows(sql), theirs.rows(sql))
        _soundness(told, ours)
    _chroma(told, home / "chroma", dict(zip(contents, vectors, strict=True)))
    return told


def _told(what: str, row: Any, others: set[Any]) -> str:
    """A row, shortened; where another of its name is there, in which columns it differs."""
    near = next((other for other in others if other[0] == row[0]), None) if isinstance(row, tuple) else None
    if near is None:
        return f"{what}: {row!r}"[:200]
    return f"{what}: {row[0]} differs in columns {[number for number, value in enumerate(row) if value != near[number]]}"


def _texts(told: Difference, catalog: Catalog, texts: dict[str, str]) -> None:
    found = [(status.file, catalog.document(status.id).text) for status in catalog.documents()]
    told.compare("text", found, list(texts.items()))


def _vectors(told: Difference, old: Catalog, new: Catalog, fingerprint: str) -> None:
    if waiting := old.unembedded(fingerprint):
        told.lost.append(f"vectors: {len(waiting)} passages have none")
        return
    ids = [passage.id for passage in new.all_passages()]
    one, other = (catalog.passage_vectors(fingerprint, ids) for catalog in (old, new))
    parts, theirs = (catalog.sentence_vectors(ids, fingerprint) for catalog in (old, new))
    if one[0] != other[0] or not np.array_equal(one[1], other[1]):
        told.wrong.append("vectors: those of passages are not those of an index made anew")
    if parts.keys() != theirs.keys() or not all(np.array_equal(parts[id_], theirs[id_]) for id_ in parts):
        told.wrong.append("vectors: those of sentences are not those of an index made anew")


def _soundness(told: Difference, database: Database) -> None:
    told.wrong += [f"SQLite: {row[0]}" for row in database.rows("PRAGMA integrity_check") if row[0] != "ok"]
    told.wrong += [f"foreign key: {row}" for row in database.rows("PRAGMA foreign_key_check")]
    with database.transaction() as connection:  # raises where the words are not those of the passages
        connection.execute("INSERT INTO passages_fts(passages_fts, rank) VALUES ('integrity-check', 1)")


def _chroma(told: Difference, folder: Path, wanted: dict[str, Any]) -> None:
    import chromadb

    client = chromadb.PersistentClient(str(folder))
    collections = client.list_collections()
    if len(collections) != 1:
        told.doubled.append(f"Chroma: {len(collections)} collections")
    rows = collections[0].get(include=["embeddings"])
    cast("Client", client).close()
    assert rows["embeddings"] is not None
    told.compare("Chroma", list(rows["ids"]), list(wanted))
    pairs = zip(rows["ids"], rows["embeddings"], strict=True)
    told.wrong += [
        f"Chroma: another vector of {id_}" for id_, row in pairs if id_ in wanted and not np.allclose(row, wanted[id_], atol=NEAR)
    ]

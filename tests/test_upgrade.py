"""A catalog of an older version: what it holds is kept, and its vectors are made anew from its own texts."""

import shutil
import sqlite3
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from threading import Barrier

import numpy as np
import pytest

from qa.catalog import Catalog
from qa.contents import embedded_text
from qa.database import Database
from qa.errors import StoreError
from qa.library import CATALOG, Library, claim
from qa.pack import inflated, restored, unpacked
from qa.schema import COPIES, VERSION
from qa.status import SyncReport
from qa.sync import embed_all
from qa.types import ignore
from tests.samples import BRIDGE, FERRY, SCHOOL, HashEmbedder

VERSION_1 = """
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
    hash TEXT NOT NULL, fingerprint TEXT NOT NULL, vector BLOB NOT NULL, PRIMARY KEY (hash, fingerprint)
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
PRAGMA user_version = 1;
"""
VECTORS_2 = """
DROP TABLE vectors;
CREATE TABLE vectors (
    hash TEXT NOT NULL, fingerprint TEXT NOT NULL, vector BLOB NOT NULL, sentences BLOB NOT NULL, PRIMARY KEY (hash, fingerprint)
);
PRAGMA user_version = 2;
"""
KEPT = {  # what is as it was
    "meta": "key, value",
    "sources": "file, path, size, modified, hash, error",
    "documents": "id, source, file, articles, pages",
    "passages": "number, id, document, title, date, page, start, end, text, sentences",
    "feedback": "*",
}
DIMENSIONS = HashEmbedder().dimensions
LONGER = "f" * 16
SHIPS = "".join(f"Ship number {number} lies in the harbour of town {number}, as its captain said.\n" for number in range(40))
FILES = {"a.txt": f"Harbour news\n\n{BRIDGE}\n{FERRY}\n{SHIPS}", "b.txt": SCHOOL}


def opened(home: Path, embedder: HashEmbedder) -> Library:
    return Library.of(Catalog(home / CATALOG), embedder, home, claim(home))


def age(path: Path, version: int) -> None:
    """Put in the place of a closed catalog the one that an older version would have made: its keys were longer, and its vectors halves."""
    newer = path.rename(path.with_name("newer.sqlite"))
    with closing(sqlite3.connect(path, isolation_level=None)) as catalog:
        catalog.create_function("inflated", 1, inflated)
        catalog.create_function("halves", 1, lambda blob: restored(blob, DIMENSIONS).astype(np.float16).tobytes())
        catalog.create_function("sentence_halves", 1, lambda blob: unpacked(blob, DIMENSIONS).astype(np.float16).tobytes())
        catalog.execute("PRAGMA journal_mode = WAL")
        catalog.executescript(VERSION_1 + (VECTORS_2 if version == 2 else ""))
        catalog.execute("ATTACH ? AS newer", (str(newer),))
        for table in ("meta", "sources", "feedback"):
            catalog.execute(f"INSERT OR REPLACE INTO {table} SELECT {KEPT[table]} FROM newer.{table}")
        catalog.execute("INSERT INTO documents SELECT id, source, file, inflated(text), articles, pages FROM newer.documents")
        catalog.execute(f"INSERT INTO passages SELECT {KEPT['passages']}, hash || '{LONGER}' FROM newer.passages")
        made = f"v.hash || '{LONGER}', e.fingerprint, halves(v.vector)" + (", sentence_halves(v.sentences)" if version == 2 else "")
        catalog.execute(f"INSERT INTO vectors SELECT {made} FROM newer.vectors v JOIN newer.embedders e ON e.number = v.embedder")
        catalog.execute("DELETE FROM pending")
    newer.unlink()


@pytest.fixture
def docs(tmp_path: Path) -> Path:
    folder = tmp_path / "docs"
    folder.mkdir()
    for name, text in FILES.items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder


@pytest.fixture(params=[1, 2])
def version(request: pytest.FixtureRequest) -> int:
    return int(request.param)


@pytest.fixture
def old(docs: Path, home: Path, version: int) -> Path:
    """The home of an index of an older version, with Chroma's store."""
    home.mkdir()
    with closing(opened(home, HashEmbedder())) as library:
        library.sync([docs], ignore)
        library.catalog.add_feedback("a1", False, "wrong year", "{}")
    age(home / CATALOG, version)
    return home


def rows(path: Path, sql: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(sql).fetchall()


def content(path: Path) -> list[list[tuple[object, ...]]]:
    """All that a catalog holds but passages' keys and vectors, and what one version only tells."""
    texts = [row[0] for row in rows(path, "SELECT text FROM documents ORDER BY id")]
    return [*small(path), [(inflated(text) if isinstance(text, bytes) else text,) for text in texts]]


def small(path: Path) -> list[list[tuple[object, ...]]]:
    kept = [rows(path, f"SELECT {columns} FROM {table} ORDER BY 1, 2") for table, columns in KEPT.items()]
    return [[row for row in table if row[0] != "vectors"] for table in kept]  # Chroma's state: its store is built anew


def tables(path: Path) -> list[tuple[object, ...]]:
    return rows(path, "SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY type, name")


def test_the_old_catalog_of_these_tests_is_one(old: Path, version: int) -> None:
    """As an older version left it: full of vectors, which its passages know."""
    assert rows(old / CATALOG, "PRAGMA user_version") == [(version,)]
    assert rows(old / CATALOG, "SELECT count(*) > 3 FROM passages JOIN vectors USING (hash)") == [(1,)]
    assert rows(old / CATALOG, "SELECT * FROM pending") == []


def test_documents_and_passages_survive(old: Path, version: int) -> None:
    before = content(old / CATALOG)
    with closing(Catalog(old / CATALOG)) as catalog:
        assert len(catalog.documents()) == 2
        assert len(catalog.feedback()) == 1
        assert {passage.file for passage in catalog.passages([id_ for id_, _ in catalog.lexical(["ferry"], 99)]).values()} == {"docs/a.txt"}
        assert len(catalog.unembedded(HashEmbedder().fingerprint)) == (catalog.count() if version == 1 else 0)
    assert content(old / CATALOG) == before


def test_an_upgraded_file_is_like_a_new_one(old: Path, tmp_path: Path) -> None:
    assert set(COPIES) == set(range(1, VERSION))
    for path in (old / CATALOG, tmp_path / "new.sqlite"):
        Database(path).close()
        assert rows(path, "PRAGMA user_version") == [(VERSION,)]
    assert tables(old / CATALOG) == tables(tmp_path / "new.sqlite")


def test_the_file_as_it_was_stays_beside_it(old: Path, version: int) -> None:
    before = content(old / CATALOG)
    Database(old / CATALOG).close()
    (kept,) = old.glob(f"{CATALOG}.version-*")
    assert kept.name == f"{CATALOG}.version-{version}"
    assert rows(kept, "PRAGMA user_version") == [(version,)]
    assert content(kept) == before


def test_an_upgrade_that_fails_changes_nothing(old: Path, version: int) -> None:
    before = small(old / CATALOG)
    with closing(sqlite3.connect(old / CATALOG, isolation_level=None)) as catalog:
        catalog.execute("UPDATE documents SET text = CAST(text AS BLOB) || x'ff' WHERE file = 'docs/b.txt'")  # no text any more
    with pytest.raises(StoreError, match=r"cannot be used"):
        Catalog(old / CATALOG)
    assert rows(old / CATALOG, "PRAGMA user_version") == [(version,)]
    assert small(old / CATALOG) == before


def test_the_next_sync_embeds_what_had_no_vectors_of_sentences(old: Path, version: int) -> None:
    embedder = HashEmbedder()
    with closing(opened(old, embedder)) as library:
        assert library.vectors.is_open == (version == 2)
        assert library.sync([], ignore) == SyncReport(changed=("docs/a.txt", "docs/b.txt"))  # they are read again
        passages = list(library.catalog.all_passages())
        texts = {embedded_text(passage) for passage in passages}
        assert sorted(embedder.texts) == (sorted(texts) if version == 1 else [])
        assert library.vectors.is_open
        assert library.catalog.pending() == (0, [])
        (best, cosine), *_ = library.vectors.nearest(HashEmbedder().embed([embedded_text(passages[-1])])[0], 1)
        assert (best, round(cosine, 2)) == (passages[-1].id, 1.0)
        made = library.catalog.sentence_vectors([passage.id for passage in passages], embedder.fingerprint)
        assert {id_: len(matrix) for id_, matrix in made.items()} == {passage.id: len(passage.sentences) for passage in passages}
        assert library.sync([], ignore) == SyncReport(unchanged=("docs/a.txt", "docs/b.txt"))


def test_embedding_reads_no_file(old: Path, docs: Path) -> None:
    shutil.rmtree(docs)
    embedder = HashEmbedder("other")
    with closing(Catalog(old / CATALOG)) as catalog:
        before = list(catalog.all_passages())
        embed_all(catalog, embedder, ignore)
        assert catalog.unembedded(embedder.fingerprint) == []
        assert list(catalog.all_passages()) == before


# Two at once


def vectors_of(path: Path) -> list[tuple[object, ...]]:
    return rows(path, "SELECT hash FROM vectors JOIN embedders ON number = embedder WHERE fingerprint = 'new'")


def test_processes_that_upgrade_at_once_do_each_other_no_harm(old: Path) -> None:
    before = content(old / CATALOG)
    code = "import sys; from pathlib import Path; from qa.database import Database; Database(Path(sys.argv[1])).close()"
    running = [subprocess.Popen([sys.executable, "-c", code, str(old / CATALOG)]) for _ in range(3)]
    assert [process.wait(240) for process in running] == [0, 0, 0]
    assert rows(old / CATALOG, "PRAGMA user_version") == [(VERSION,)]
    assert content(old / CATALOG) == before


def test_threads_that_upgrade_at_once_lose_no_new_vector(old: Path) -> None:
    """Each opens the file and at once stores a vector of its own."""
    start = Barrier(6)

    def upgrade(number: int) -> None:
        start.wait()
        with closing(Catalog(old / CATALOG)) as catalog:
            catalog.add_vectors({f"key {number}": np.ones((2, 4), dtype=np.float32)}, "new")

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(upgrade, range(6)))
    assert sorted(vectors_of(old / CATALOG)) == [(f"key {number}",) for number in range(6)]


def test_who_comes_second_waits_for_the_first(old: Path) -> None:
    """The second has seen the older tables before the first is done."""
    with ThreadPoolExecutor(1) as pool, closing(sqlite3.connect(old / CATALOG, isolation_level=None)) as first:
        first.execute("BEGIN IMMEDIATE")
        second = pool.submit(Catalog, old / CATALOG)
        time.sleep(0.3)
        assert not second.done()
        first.execute("REPLACE INTO meta VALUES ('embedder', 'the first was here')")
        first.execute("COMMIT")
        with closing(second.result()) as catalog:
            assert catalog.meta("embedder") == "the first was here"

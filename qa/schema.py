"""The catalog's tables, and how the tables of an older version are copied into them.

Triggers keep what must never be forgotten in the transaction that causes it: the full-text index, the contents that the vector index has
yet to hear of (`pending`), and how many passages went since vectors were last looked through for those of no use (`unpruned`).
"""

from typing import Final

VERSION: Final = 3
PAGE_SIZE: Final = 16_384  # bytes; of a page of 8192 the vectors of three passages leave a ninth empty, of this one a sixteenth
SCHEMA: Final = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
INSERT INTO meta VALUES ('index', lower(hex(randomblob(8)))), ('unpruned', '0');
CREATE TABLE sources (
    file TEXT PRIMARY KEY, path TEXT NOT NULL, size INTEGER NOT NULL, modified INTEGER NOT NULL, hash TEXT NOT NULL, error TEXT,
    reader INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE documents (
    id TEXT PRIMARY KEY, source TEXT NOT NULL REFERENCES sources(file) ON DELETE CASCADE, file TEXT NOT NULL UNIQUE,
    digest TEXT NOT NULL, language TEXT, articles TEXT NOT NULL, pages TEXT NOT NULL, empty_pages TEXT NOT NULL,
    characters INTEGER NOT NULL, text BLOB NOT NULL
);
CREATE INDEX documents_source ON documents(source);
CREATE TABLE passages (
    number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, document TEXT NOT NULL REFERENCES documents(id) ON DELETE CASCADE,
    title TEXT NOT NULL, date TEXT, page INTEGER, start INTEGER NOT NULL, end INTEGER NOT NULL, text TEXT NOT NULL, sentences TEXT NOT NULL,
    hash TEXT NOT NULL
);
CREATE INDEX passages_document ON passages(document);
CREATE INDEX passages_hash ON passages(hash);
CREATE TABLE embedders (number INTEGER PRIMARY KEY, fingerprint TEXT NOT NULL UNIQUE);
CREATE TABLE vectors (
    hash TEXT NOT NULL, embedder INTEGER NOT NULL REFERENCES embedders(number), vector BLOB NOT NULL, sentences BLOB NOT NULL,
    PRIMARY KEY (hash, embedder)
);
CREATE TABLE pending (number INTEGER PRIMARY KEY, hash TEXT NOT NULL);
CREATE TABLE feedback (
    answer TEXT NOT NULL, good INTEGER NOT NULL, note TEXT NOT NULL, trace TEXT NOT NULL, at TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP
);
CREATE VIRTUAL TABLE passages_fts USING fts5(
    title, text, content='passages', content_rowid='number', tokenize="porter unicode61 remove_diacritics 2"
);
CREATE VIRTUAL TABLE vocabulary USING fts5vocab(passages_fts, 'row');
CREATE TRIGGER passages_added AFTER INSERT ON passages BEGIN
    INSERT INTO passages_fts(rowid, title, text) VALUES (new.number, new.title, new.text);
    INSERT INTO pending(hash) VALUES (new.hash);
END;
CREATE TRIGGER passages_retitled AFTER UPDATE OF title ON passages WHEN old.title <> new.title BEGIN
    INSERT INTO passages_fts(passages_fts, rowid, title, text) VALUES ('delete', old.number, old.title, old.text);
    INSERT INTO passages_fts(rowid, title, text) VALUES (new.number, new.title, new.text);
END;
CREATE TRIGGER passages_embedded_anew AFTER UPDATE OF hash ON passages WHEN old.hash <> new.hash BEGIN
    INSERT INTO pending(hash) VALUES (old.hash), (new.hash);
    UPDATE meta SET value = value + 1 WHERE key = 'unpruned';
END;
CREATE TRIGGER passages_gone AFTER DELETE ON passages BEGIN
    INSERT INTO passages_fts(passages_fts, rowid, title, text) VALUES ('delete', old.number, old.title, old.text);
    INSERT INTO pending(hash) VALUES (old.hash);
    UPDATE meta SET value = value + 1 WHERE key = 'unpruned';
END;
"""
TABLES: Final = ("meta", "sources", "documents", "passages", "vectors", "pending", "feedback")
"""Of versions 1 and 2; an upgrade puts "old_" before their names while it copies."""

_TEXTS: Final = """
INSERT OR REPLACE INTO meta SELECT key, value FROM old_meta WHERE key <> 'vectors';
INSERT INTO sources SELECT file, path, size, modified, hash, error, 0 FROM old_sources;
INSERT INTO documents SELECT id, source, file, '', NULL, articles, pages, '[]', length(text), deflated(text) FROM old_documents;
INSERT INTO passages SELECT number, id, document, title, date, page, start, end, text, sentences, substr(hash, 1, 16) FROM old_passages;
INSERT INTO feedback SELECT * FROM old_feedback;
"""
_VECTORS: Final = """
INSERT INTO embedders(fingerprint) SELECT DISTINCT fingerprint FROM old_vectors;
INSERT OR REPLACE INTO vectors SELECT substr(v.hash, 1, 16), e.number, quantised(v.vector), packed(v.sentences, length(v.vector))
    FROM old_vectors v JOIN embedders e USING (fingerprint);
"""
COPIES: Final = {1: _TEXTS, 2: _TEXTS + _VECTORS}
"""What fills the new tables from those of each older version. Version 1 had no vectors of sentences: what it embedded is embedded anew from
the texts of the catalog. All files are read again at the next sync (`reader` 0), as they are read better now."""

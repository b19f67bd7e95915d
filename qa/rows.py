"""Rows of the catalog as values, and values as rows."""

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from qa.database import Connection, Row
from qa.pack import deflated, inflated
from qa.read import document_id
from qa.split import passage_id
from qa.status import DocumentStatus
from qa.types import Article, Document, Passage, Span

PASSAGE: Final = (
    "SELECT p.id, p.document, d.file, p.title, p.date, p.page, p.start, p.end, p.text, p.sentences "
    "FROM passages p JOIN documents d ON d.id = p.document"
)
DOCUMENT: Final = "SELECT id, file, text, articles, pages, digest, language FROM documents"
STATUS: Final = (
    "SELECT d.id, d.file, d.articles, d.characters, d.pages, d.empty_pages, d.language, "
    "(SELECT count(*) FROM passages p WHERE p.document = d.id) FROM documents d"
)


@dataclass(frozen=True, slots=True)
class Entry:
    """A document with its passages and the key (content hash) of each passage's vector, ready to be stored."""

    document: Document
    passages: tuple[Passage, ...]
    hashes: tuple[str, ...]


def document(row: Row) -> Document:
    """Of a row of DOCUMENT."""
    return Document(row[0], row[1], inflated(row[2]), _articles(row[3]), tuple(json.loads(row[4])), row[5], row[6])


def passage(row: Row) -> Passage:
    """Of a row of PASSAGE."""
    start = row[6]
    sentences = tuple(Span(start + first, start + last) for first, last in json.loads(row[9]))
    return Passage(row[0], row[1], row[2], row[3], row[4], row[5], start, row[7], row[8], sentences)


def status(row: Row) -> DocumentStatus:
    """Of a row of STATUS."""
    id_, file, dumped, characters, pages, empty_pages, language, passages = row
    articles = _articles(dumped)
    first = articles[0] if articles else Article(file, None, None, ())
    dropped: Counter[str] = Counter()
    for article in articles:
        dropped.update(dict(article.dropped))
    return DocumentStatus(
        id_,
        file,
        first.title,
        first.date,
        "indexed",
        passages,
        characters,
        kept=sum(block.end - block.start for article in articles for block in article.blocks),
        dropped=tuple(dropped.most_common()),
        dated=first.dated,
        language=language,
        pages=len(json.loads(pages)),
        empty_pages=tuple(json.loads(empty_pages)),
    )


def unreadable(file: str, error: str) -> DocumentStatus:
    return DocumentStatus("", file, "", None, "unreadable", 0, 0, 0, error)


def store(connection: Connection, source: str, entry: Entry) -> None:
    """Put a document with its passages into the tables, or in the place of what stands there. Unchanged passages keep their rows."""
    made = entry.document
    kept = {passage.id for passage in entry.passages}
    old = [row[0] for row in connection.execute("SELECT id FROM passages WHERE document = ?", (made.id,))]
    connection.executemany("DELETE FROM passages WHERE id = ?", ((id_,) for id_ in old if id_ not in kept))
    connection.execute(
        "INSERT INTO documents (id, source, file, digest, language, articles, pages, empty_pages, characters, text) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET source = excluded.source, digest = excluded.digest, "
        "language = excluded.language, articles = excluded.articles, pages = excluded.pages, empty_pages = excluded.empty_pages, "
        "characters = excluded.characters, text = excluded.text",
        (
            *(made.id, source, made.file, made.digest, made.language, _dump(made.articles), json.dumps(made.pages)),
            *(json.dumps(list(_empty_pages(made))), len(made.text), deflated(made.text)),
        ),
    )
    for passage, key in zip(entry.passages, entry.hashes, strict=True):
        spans = [(span.start - passage.start, span.end - passage.start) for span in passage.sentences]
        sentences = json.dumps(spans, separators=(",", ":"))
        placed = (passage.title, passage.date, passage.page, passage.start, passage.end)
        connection.execute(
            "INSERT INTO passages (id, document, title, date, page, start, end, text, sentences, hash) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET title = excluded.title, date = excluded.date, "
            "page = excluded.page, start = excluded.start, end = excluded.end, sentences = excluded.sentences, hash = excluded.hash",
            (passage.id, passage.document, *placed, passage.text, sentences, key),
        )


def rename(connection: Connection, old: str, new: str) -> None:
    """Give the documents of a file the names and ids that they have under another name of it. Their passages stay where they stand."""
    for id_, file in connection.execute("SELECT id, file FROM documents WHERE source = ?", (old,)).fetchall():
        name = new + file.removeprefix(old)
        other, times = document_id(name), Counter[str]()
        connection.execute("UPDATE documents SET id = ?, source = ?, file = ? WHERE id = ?", (other, new, name, id_))
        for number, text in connection.execute("SELECT number, text FROM passages WHERE document = ? ORDER BY start", (id_,)).fetchall():
            times[text] += 1
            passage = passage_id(other, text, times[text])
            connection.execute("UPDATE passages SET id = ?, document = ? WHERE number = ?", (passage, other, number))


def _empty_pages(made: Document) -> Iterator[int]:
    """The numbers, from 1, of the pages that gave no letter and no digit."""
    ends = (*made.pages[1:], len(made.text))
    for number, (start, end) in enumerate(zip(made.pages, ends, strict=False), 1):
        if not any(map(str.isalnum, made.text[start:end])):
            yield number


def _dump(articles: Sequence[Article]) -> str:
    return json.dumps([[a.title, a.date, a.byline, [(b.start, b.end) for b in a.blocks], a.dated, a.dropped] for a in articles])


def _articles(dumped: str) -> tuple[Article, ...]:
    """Older versions kept neither where the date was found nor what was dropped."""
    return tuple(
        Article(title, date, byline, tuple(Span(*block) for block in blocks), *_told(*more))
        for title, date, byline, blocks, *more in json.loads(dumped)
    )


def _told(dated: str = "", dropped: Sequence[tuple[str, int]] = ()) -> tuple[str, tuple[tuple[str, int], ...]]:
    return dated, tuple((kind, characters) for kind, characters in dropped)

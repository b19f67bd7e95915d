"""File → documents: one reader per suffix, in a table."""

import hashlib
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from qa import hypertext, office, pdf, plain
from qa.apart import APART
from qa.article import article, articles
from qa.errors import ReadError
from qa.extract import VERSION, Extract, Reader, flat, iso_date
from qa.language import language_of
from qa.types import Article, Document, Span

__all__ = ["LARGEST", "READERS", "SUPPORTED", "VERSION", "Extract", "document", "document_id", "extracts", "iso_date", "load", "read"]

LARGEST: Final = 200_000_000  # bytes


def read(path: Path, file: str) -> tuple[Document, ...]:
    """The documents of a file: one, or for a collection one per row. `file` is the name to show. Raises ReadError."""
    return tuple(map(document, extracts(load(path, file), file)))


def load(path: Path, file: str) -> bytes:
    """The bytes of a file. Raises ReadError for one that cannot be opened, is no regular file, is larger than LARGEST, or changes
    while it is read."""
    try:
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))  # a pipe put in its place would keep us waiting
        with os.fdopen(descriptor, "rb") as opened:
            before = os.fstat(descriptor)
            if not stat.S_ISREG(before.st_mode):
                raise ReadError(f"{file} is no file with content", "Leave it out of the folder.")
            if before.st_size > LARGEST:
                limit = LARGEST // 1_000_000
                raise ReadError(f"{file} is too large: {before.st_size / 1e6:.0f} MB", f"Split it into files of at most {limit} MB.")
            data = opened.read(before.st_size + 1)
            after = os.fstat(descriptor)
    except OSError as error:
        raise ReadError(f"{file} cannot be opened: {error.strerror or error}", "Check that it exists and may be read.") from error
    if len(data) != after.st_size or after.st_mtime_ns != before.st_mtime_ns:
        raise ReadError(f"{file} changed while it was read", "The next sync reads it again.")
    return data


def extracts(data: bytes, file: str) -> Iterator[Extract]:
    """What a file's content says: one extract, or for a collection one per row. Raises ReadError where the suffix of `file` is unknown,
    or the content has no text or is not what the suffix says."""
    known = READERS.get(Path(file).suffix.lower())
    if known is None:
        raise ReadError(f"{file} is of a kind that cannot be read", f"These kinds can: {' '.join(sorted(SUPPORTED))}.")
    return APART.read(known.reader, data, file, known.library) if known.library else known.reader(data, file)


def document(extract: Extract) -> Document:
    """The articles of an extract: one where anything is given of what is otherwise recognised in the text."""
    found = _articles(extract) if any(map(str.isalnum, extract.text)) else ()
    if found and extract.saved and not found[0].date:
        found = (replace(found[0], date=extract.saved, dated="the day the file was made"), *found[1:])
    spoken = language_of(extract.text, found)
    return Document(document_id(extract.file), extract.file, extract.text, found, extract.pages, extract.digest, spoken)


def _articles(extract: Extract) -> tuple[Article, ...]:
    title = flat(extract.title)
    fallback = extract.fallback or Path(extract.file).stem
    given = "the file's metadata" if Path(extract.file).suffix.lower() in SUPPORTED else "the row"
    if extract.lines:
        dated = given if extract.date else ""
        return (Article(title or fallback, extract.date, extract.byline, tuple(_lines(extract.text)), dated),)
    found = articles(extract.text, fallback) if not title else ()
    if not (title or extract.date or extract.byline or extract.web):
        return found
    first = None if title else found[0]
    day, dated = (extract.date, given) if extract.date else (first.date, first.dated) if first else (None, "")
    return (article(extract.text, first.title if first else title, day, extract.byline, extract.web, dated=dated),)


def _lines(text: str) -> Iterator[Span]:
    """Every line that has a letter or a digit, without the blanks around it."""
    start = 0
    for line in text.split("\n"):
        if any(map(str.isalnum, line)):
            begins = start + len(line) - len(line.lstrip())
            yield Span(begins, begins + len(line.strip()))
        start += len(line) + 1


def document_id(file: str) -> str:
    """The first 16 hexadecimal digits of the SHA-256 of the display name."""
    return hashlib.sha256(file.encode("utf-8", "surrogateescape")).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Format:
    """How files of a suffix are read; where another's library does it, apart from our process."""

    reader: Reader
    library: str = ""


_CODE = """
    .bash .bat .c .cc .cfg .conf .cpp .cs .csh .css .dart .env .ex .exs .go .gradle .graphql .h .hpp .hs .ini .java .jl
    .js .json .jsx .kt .less .log .lua .m .mjs .ml .php .pl .proto .ps1 .py .pyi .r .rb .rs .scala .scss .sh .sql
    .svelte .swift .tex .tf .toml .ts .tsx .vue .yaml .yml .zig .zsh
""".split()

READERS: dict[str, Format] = {
    ".txt": Format(plain.text),
    ".text": Format(plain.text),
    ".rst": Format(plain.text),
    ".md": Format(plain.markdown),
    ".markdown": Format(plain.markdown),
    ".html": Format(hypertext.web_page, "trafilatura"),
    ".htm": Format(hypertext.web_page, "trafilatura"),
    ".xhtml": Format(hypertext.web_page, "trafilatura"),
    ".jsonl": Format(plain.collection),
    ".csv": Format(plain.sheet),
    ".tsv": Format(plain.sheet),
    ".ipynb": Format(plain.notebook),
    ".pdf": Format(pdf.pdf, "pypdfium2"),
    ".docx": Format(office.letter, "python-docx"),
    ".pptx": Format(office.slides, "python-pptx"),
    ".xlsx": Format(office.workbook, "python-calamine"),
    ".xlsm": Format(office.workbook, "python-calamine"),
    ".ods": Format(office.workbook, "python-calamine"),
    ".eml": Format(hypertext.mail, "lxml"),
    ".epub": Format(hypertext.book, "lxml"),
    **dict.fromkeys(_CODE, Format(plain.source)),
}
SUPPORTED = frozenset(READERS)

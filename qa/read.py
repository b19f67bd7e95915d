"""File → documents: one reader per suffix, in a table."""

import datetime
import hashlib
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path

from qa.article import article, articles
from qa.errors import NoDocumentsError, ReadError
from qa.furniture import date_in
from qa.types import Document

LARGEST = 200_000_000  # bytes

_BYTE_ORDER_MARKS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
_WESTERN = ["cp1252", "latin_1"]
_CONTROL = re.compile(r"[\x01-\x08\x0e-\x1a\x1c-\x1f]")
_DECLARED = re.compile(rb"<(?:meta|\?xml)[^>]{0,200}?(?:charset|encoding)\s*=\s*[\"']?([\w-]{2,40})", re.IGNORECASE)
_ROOT = re.compile(r"<(?:html|body)\b", re.IGNORECASE)
_FRONT_MATTER = re.compile(r"---\n([\w-]+:.{0,8000}?\n)---[ \t]*(?:\n|$)", re.DOTALL)
_FIELD = re.compile(r"^(title|date|author)[ \t]*:[ \t]*(\S.*?)[ \t]*$", re.MULTILINE | re.IGNORECASE)


def read(path: Path, file: str) -> tuple[Document, ...]:
    """The documents of a file: one, or for a collection one per row. `file` is the name to show, such as "seeds/a.txt".

    Raises ReadError where the suffix is unknown, or where the file cannot be opened, is larger than LARGEST, has no text, or is not
    what its suffix says.
    """
    reader = READERS.get(path.suffix.lower())
    if reader is None:
        raise ReadError(f"{file} is of a kind that cannot be read", f"These kinds can: {' '.join(sorted(SUPPORTED))}.")
    try:
        return tuple(reader(_bytes(path, file), file))
    except OSError as error:
        raise ReadError(f"{file} cannot be opened: {error.strerror or error}", "Check that it exists and may be read.") from error


def document_id(file: str) -> str:
    """The first 16 hexadecimal digits of the SHA-256 of the display name."""
    return hashlib.sha256(file.encode("utf-8", "surrogateescape")).hexdigest()[:16]


def _bytes(path: Path, file: str) -> bytes:
    size = path.stat().st_size
    if size > LARGEST:
        raise ReadError(f"{file} is too large: {size / 1e6:.0f} MB", f"Split it into files of at most {LARGEST // 1_000_000} MB.")
    return path.read_bytes()


def _decoded(data: bytes, file: str) -> str:
    r"""Text with \n as its only line end, from UTF-8, UTF-16 with a byte order mark, or else the likeliest older encoding."""
    encoding = next((name for mark, name in _BYTE_ORDER_MARKS if data.startswith(mark)), "utf-8")
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError:
        text = _guessed(data, file)
    beginning = text[:100_000]
    if "\0" in text or len(_CONTROL.findall(beginning)) > 1 + len(beginning) // 100:
        raise _binary(file)
    return _lined(text)


def _guessed(data: bytes, file: str) -> str:
    from charset_normalizer import from_bytes  # here, because few files need it

    if b"\0" in data:
        raise _binary(file)
    # Left free, it takes short Western texts for anything; so these encodings go first.
    match = from_bytes(data, cp_isolation=_WESTERN).best() or from_bytes(data).best()
    if match is None:
        raise ReadError(f"{file} is text in no encoding that can be recognised", "Save it as text in UTF-8, or leave it out of the folder.")
    return str(match)


def _binary(file: str) -> ReadError:
    return ReadError(f"{file} is not text: it holds binary data", "Save it as text in UTF-8, or leave it out of the folder.")


def _lined(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text


def _required(text: str, file: str) -> str:
    if not any(map(str.isalnum, text)):
        raise ReadError(f"{file} has no text", "Fill it, or leave it out of the folder.")
    return text


def _document(
    file: str, text: str, *, title: object = None, date: object = None, byline: object = None, web: bool = False, fallback: str = ""
) -> Document:
    """A document of one article where anything is given of what is otherwise recognised in the text."""
    known = " ".join(str(title).split()) if title else ""
    author = str(byline) if byline else None
    day = iso_date(date)
    fallback = fallback or Path(file).stem
    if not any(map(str.isalnum, text)):
        return Document(document_id(file), file, text, ())
    found = articles(text, fallback) if not known else ()
    if known or day or author or web:
        first = None if known else found[0]
        found = (article(text, first.title if first else known, day or (first.date if first else None), author, web),)
    return Document(document_id(file), file, text, found)


def iso_date(date: object) -> str | None:
    """The day of a date or time, as ISO 8601; None for anything else."""
    words = str(date).strip() if date else ""
    try:
        return datetime.datetime.fromisoformat(words).date().isoformat()
    except ValueError:
        return date_in(words)


# The readers


def _plain(data: bytes, file: str) -> Iterator[Document]:
    yield _document(file, _required(_decoded(data, file), file))


def _markdown(data: bytes, file: str) -> Iterator[Document]:
    """Plain text, and the fields that may stand above it between lines of dashes."""
    text = _required(_decoded(data, file), file)
    head = _FRONT_MATTER.match(text)
    if not head:
        yield _document(file, text)
        return
    fields = {name.lower(): value.strip("\"'") for name, value in _FIELD.findall(head.group(1))}
    text = _required(text[head.end() :].lstrip("\n"), file)
    yield _document(file, text, title=fields.get("title"), date=fields.get("date"), byline=fields.get("author"))


def _html(data: bytes, file: str) -> Iterator[Document]:
    import trafilatura  # here, because it takes half a second

    declared = _DECLARED.search(data[:2000])
    page = (_as_declared(data, declared.group(1).decode("ascii")) if declared else None) or _decoded(data, file)
    page = page if _ROOT.search(page) else f"<html><body>{page}</body></html>"  # a fragment is taken for no page at all
    found = trafilatura.bare_extraction(
        page, include_comments=False, with_metadata=True, date_extraction_params={"extensive_search": False, "original_date": True}
    )
    known = found.as_dict() if isinstance(found, trafilatura.settings.Document) else {}
    text = _required(_lined((known.get("text") or trafilatura.html2txt(page)).strip()), file)
    yield _document(file, text, title=known.get("title"), date=known.get("date"), byline=known.get("author"), web=True)


def _as_declared(data: bytes, encoding: str) -> str | None:
    try:
        return data.decode(encoding)
    except (LookupError, UnicodeDecodeError):
        return None


def _collection(data: bytes, file: str) -> Iterator[Document]:
    """A document for each row, which has a `text` and may have an `id`, a `title` and a `date`."""
    rows = [(line, row) for line, row in enumerate(_decoded(data, file).split("\n"), 1) if row.strip()]
    names: set[str] = set()
    for line, row in rows:
        fields = _fields(row, line, file)
        text = fields.get("text")
        if not isinstance(text, str):
            raise _wrong_row(file, line, text, first=not names)
        name = " ".join(str(fields.get("id") or line).split())
        if name in names:
            raise ReadError(f"{file}, line {line}: the id {name} stands for the second time", "Give every row an id of its own, or none.")
        names.add(name)
        title, date = fields.get("title"), fields.get("date")
        yield _document(f"{file}#{name}", _storable(text), title=title, date=date, fallback=Path(file).stem)
    _required("text" if names else "", file)


def _fields(row: str, line: int, file: str) -> dict[str, object]:
    try:
        fields = json.loads(row)
    except (ValueError, RecursionError) as error:
        raise ReadError(f"{file}, line {line}: not JSON ({error})", "Mend the line, or leave the file out of the folder.") from error
    if not isinstance(fields, dict):
        raise ReadError(f"{file}, line {line}: not a JSON object", "Mend the line, or leave the file out of the folder.")
    return fields


def _wrong_row(file: str, line: int, text: object, first: bool) -> ReadError:
    if first and text is None:
        return NoDocumentsError(
            f"{file} is not a collection of documents: its rows have no `text`", "Leave it out, or give every row a `text`."
        )
    what = "the row has no `text`" if text is None else "`text` is not a string"
    return ReadError(f"{file}, line {line}: {what}", "Mend the line, or leave the file out of the folder.")


def _storable(text: str) -> str:
    r"""JSON can escape halves of characters and NUL, which no database takes: they become U+FFFD."""
    whole = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return _lined(whole.replace("\0", "\ufffd"))


READERS: dict[str, Callable[[bytes, str], Iterator[Document]]] = {
    ".txt": _plain,
    ".text": _plain,
    ".md": _markdown,
    ".markdown": _markdown,
    ".html": _html,
    ".htm": _html,
    ".xhtml": _html,
    ".jsonl": _collection,
}
SUPPORTED = frozenset(READERS)

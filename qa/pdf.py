"""The reader of PDF: text page by page."""

import re
from collections.abc import Iterator
from itertools import accumulate, pairwise, zip_longest
from typing import TYPE_CHECKING, Final

from qa.archive import author, title
from qa.errors import ReadError
from qa.extract import Extract, iso_date, lined

if TYPE_CHECKING:
    from pypdfium2 import PdfDocument

PASSWORD: Final = 4  # PDFium's number for "a password is needed"
NARROW: Final = 45  # characters of a usual line
FULL: Final = 0.85  # of a usual line, as letters differ in width

_DATE = re.compile(r"(?:D:)?(\d{4})(\d\d)(\d\d)")
_HYPHEN = re.compile(r"([^\W\d_]{0,50})\ufffe([^\W\d_]{0,50})")  # PDFium's mark for a hyphen at the end of a line
_ENDED = re.compile(r"[.!?:;…][\"'”’»)\]]*\s*$|(?:\. ?){4,}")  # or a line of dots, which leads to a page number
# How an item of a list begins, or a number of a page.
_ENTRY = re.compile(r"\s*(?:[•·‣▪●○◦*–—-]|\(?\d{1,3}[.)]|\d+(?:\.\d+)+\s|\[\d|[a-zA-Z]\)|\d{1,4}\s*$)")
_UNPRINTED = re.compile(r"[\0-\x08\x0b\x0e-\x1f\ufffe\uffff]")


def pdf(data: bytes, file: str) -> Iterator[Extract]:
    """The text of every page. Raises ReadError for one that is protected, or has no text on any page."""
    pages, known = _read(data, file)
    words = set(re.findall(r"[^\W\d_]+(?:-[^\W\d_]+)*", " ".join(pages)))
    pages = [_joined(page, words) for page in pages]
    if not any(map(str.isalnum, "".join(pages))):
        many = f"any of its {len(pages):,} pages" if len(pages) > 1 else "its page"
        raise ReadError(f"{file} has no text on {many}: it is probably scanned", "Put it through text recognition first (OCRmyPDF, say).")
    made = _DATE.match(known.get("CreationDate", ""))
    text, offsets = _bound(pages)
    yield Extract(
        file,
        text,
        title(known.get("Title", ""), file),
        byline=author(known.get("Author", "")),
        pages=offsets,
        saved=iso_date("-".join(made.groups())) if made else None,
    )


def _read(data: bytes, file: str) -> tuple[list[str], dict[str, str]]:
    """The text of each page as it stands there, and what the file says of itself."""
    from pypdfium2 import PdfDocument, PdfiumError

    try:
        document = PdfDocument(data)
    except PdfiumError as error:
        if getattr(error, "err_code", None) == PASSWORD:
            raise ReadError(f"{file} is protected by a password", "Save it without one.") from error
        raise
    with document:
        known = {str(name): str(value) for name, value in document.get_metadata_dict().items()}
        return [_page(document, number) for number in range(len(document))], known


def _page(document: "PdfDocument", number: int) -> str:
    page = document[number]
    text = page.get_textpage()
    told = str(text.get_text_range())
    text.close()
    page.close()
    return told


def _joined(page: str, words: set[str]) -> str:
    """The page with the words whole that a line's end has parted."""
    text = _HYPHEN.sub(lambda match: _whole(match[1], match[2], words), page)
    return _unwrapped(_UNPRINTED.sub("", lined(text)).strip("\n"))


def _unwrapped(page: str) -> str:
    """The page with a line that goes on joined to the next: one as long as lines are here that ends no sentence. What is narrower than
    prose (slides, tables, verse) stays as it is."""
    lines = page.split("\n")
    usual = sorted(map(len, lines))[len(lines) * 3 // 4]
    gaps = (" " if usual >= NARROW and _open(line, following, usual) else "\n" for line, following in pairwise(lines))
    return "".join(line + gap for line, gap in zip_longest(lines, gaps, fillvalue=""))


def _open(line: str, following: str, usual: int) -> bool:
    full = len(line) >= FULL * usual and not _ENDED.search(line)
    return full and not _ENTRY.match(following)


def _whole(start: str, end: str, words: set[str]) -> str:
    """The hyphen belongs to the word where the word stands with it elsewhere, or goes on with a capital or a number."""
    if f"{start}{end}" in words or (end[:1].islower() and f"{start}-{end}" not in words):
        return f"{start}{end}"
    return f"{start}-{end}"


def _bound(pages: list[str]) -> tuple[str, tuple[int, ...]]:
    """The text of all pages, and where each begins. A sentence that goes on over the page goes on in the text."""
    gaps = ["\n" if _goes_on(page, following) else "\n\n" for page, following in pairwise(pages)]
    whole = [page + gap for page, gap in zip(pages, [*gaps, ""], strict=True)]
    return "".join(whole), tuple(accumulate((len(page) for page in whole[:-1]), initial=0))


def _goes_on(page: str, following: str) -> bool:
    return page.rstrip()[-1:] not in (*".!?:", "") and following.lstrip()[:1].islower()

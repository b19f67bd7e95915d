"""The documents as a table in HTML. Pure; file names, titles and errors go through `escape`, as whatever is not ours."""

from collections.abc import Sequence
from typing import Final

from qa.coverage import counted, left_out, numbers, percent, share, totals, wrong
from qa.status import DocumentStatus
from qa.types import readable_date
from ui.render import as_sentence, escape

PAGE: Final = 100  # documents that are shown at once
COLUMNS: Final = (
    ("File", ""),
    ("Status", ""),
    ("Pages", "number"),
    ("Passages", "number"),
    ("Kept", "number"),
    ("Language", ""),
    ("Date", ""),
)


def summary(documents: Sequence[DocumentStatus], found: int, filtered: bool) -> str:
    """The totals of the library, and how many files the filter leaves."""
    if not documents:
        return "<p>There are no documents. <code>footnote sync FOLDER</code> reads a folder.</p>"
    left = f" <b>{counted(found, 'file')} found.</b>" if filtered else ""
    return f"<p>{escape(totals(documents))}.{left}</p>"


def table(found: Sequence[DocumentStatus], page: int) -> str:
    """A page (from 0) of documents; each opens, by its button, to what was left out of it."""
    if not found:
        return ""
    first = page * PAGE
    head = "".join(f'<th scope="col" class="{css}">{name}</th>' for name, css in COLUMNS)
    rows = "".join(row(document, number) for number, document in enumerate(found[first : first + PAGE], first + 1))
    return f'<table><caption class="spoken">Documents</caption><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>'


def row(document: DocumentStatus, number: int) -> str:
    """A document's line, and the line below it that is shown when it is opened. `number` tells it from others."""
    fault = wrong(document)
    below = f'<p class="fault" dir="auto">{escape(fault)}</p>' if fault else ""
    title = f'<p class="title" dir="auto">{escape(document.title)}</p>' if document.title else ""
    opens = f'aria-expanded="false" aria-controls="more-{number}"'
    name = f'<button type="button" class="unfold" {opens} dir="ltr">{escape(document.file)}</button>'
    cells = "".join(f'<td class="{css}">{cell}</td>' for (_, css), cell in zip(COLUMNS[1:], _cells(document), strict=True))
    more = f'<tr class="more" id="more-{number}" hidden><td colspan="{len(COLUMNS)}">{details(document)}</td></tr>'
    state = "fault" if fault else "fine"
    return f'<tr class="document" data-state="{state}"><th scope="row">{name}{title}{below}</th>{cells}</tr>{more}'


def _cells(document: DocumentStatus) -> tuple[str, ...]:
    if document.status == "unreadable":
        return (document.status, "", "", "", "", "")
    pages = f"{document.pages:,}" if document.pages else ""
    return (document.status, pages, f"{document.passages:,}", percent(share(document)), escape(document.language or ""), _date(document))


def _date(document: DocumentStatus) -> str:
    if not document.date:
        return ""
    source = f' <span class="dated">{escape(document.dated)}</span>' if document.dated else ""
    return f'<time datetime="{escape(document.date)}">{escape(readable_date(document.date))}</time>{source}'


def details(document: DocumentStatus) -> str:
    """What was left out of a document, and its pages that gave nothing."""
    if document.status == "unreadable":
        return f'<p dir="auto">Nothing of it can be searched. {escape(as_sentence(wrong(document)))}</p>'
    kept = f"<p>{document.kept:,} of {document.characters:,} characters are kept as text.</p>"
    rows = "".join(f'<tr><th scope="row">{escape(kind)}</th><td class="number">{count:,}</td></tr>' for kind, count in left_out(document))
    head = '<thead><tr><th scope="col">Left out</th><th scope="col" class="number">Characters</th></tr></thead>'
    dropped = f'<table class="left-out"><caption class="spoken">Left out</caption>{head}<tbody>{rows}</tbody></table>' if rows else ""
    return kept + _pages(document) + dropped


def _pages(document: DocumentStatus) -> str:
    if not document.empty_pages:
        return ""
    which = f"Page {numbers(document.empty_pages)}" if len(document.empty_pages) == 1 else f"Pages {numbers(document.empty_pages)}"
    return f"<p>{which} of {document.pages:,} gave no text: blank, or pictures of text that are not read.</p>"


def place(found: int, page: int) -> str:
    """`101-200 of 3,000`; nothing where all are on one page."""
    last = min(found, (page + 1) * PAGE)
    return f"<span>{page * PAGE + 1:,}-{last:,} of {found:,}</span>" if found > PAGE else ""


def clamped(page: int, found: int) -> int:
    """The page, if there is such a one, else the nearest."""
    return max(0, min(page, (found - 1) // PAGE))

"""How much of the files was read, in words: for the command line and the page. Pure."""

from collections.abc import Collection, Iterable, Sequence
from typing import Final

from qa.status import DocumentStatus

REST: Final = "blank space and marks"  # what lies between paragraphs, and their bullets


def share(document: DocumentStatus) -> float:
    """The part of the characters that is kept, 0 to 1."""
    return document.kept / document.characters if document.characters else 0.0


def percent(part: float) -> str:
    """`92%`; never rounded to all or nothing where it is not."""
    whole = round(100 * part)
    return f"{min(max(whole, 1 if part else 0), 100 if part >= 1 else 99)}%"


def left_out(document: DocumentStatus) -> tuple[tuple[str, int], ...]:
    """All that is not kept, by kind, with its characters; what is no part of any paragraph comes last."""
    rest = document.characters - document.kept - sum(count for _, count in document.dropped)
    return (*document.dropped, (REST, rest)) if rest > 0 else document.dropped


def wrong(document: DocumentStatus) -> str:
    """What one should know of a file: why it could not be read, which pages gave nothing, that nothing in it can be found; else empty."""
    if document.status == "unreadable":
        return document.error or "no reason is known"
    faults = []
    if document.empty_pages:
        pages = "page" if len(document.empty_pages) == 1 else "pages"
        faults.append(f"{pages} {numbers(document.empty_pages)} of {document.pages:,} gave no text")
    if not document.passages:
        faults.append("nothing in it can be searched")
    return "; ".join([*faults, document.error] if document.error else faults)


def numbers(pages: Collection[int]) -> str:
    """`2, 7-9` for 2, 7, 8, 9."""
    pages = dict.fromkeys(pages)
    starts = [page for page in pages if page - 1 not in pages]
    ends = [page for page in pages if page + 1 not in pages]
    return ", ".join(str(start) if start == end else f"{start}-{end}" for start, end in zip(starts, ends, strict=True))


def totals(documents: Sequence[DocumentStatus]) -> str:
    """`1,204 documents, 5,431 passages, 92% of 3,120,000 characters kept; 3 unreadable, 1 with pages that gave no text`."""
    indexed = [one for one in documents if one.status == "indexed"]
    characters, kept = sum(one.characters for one in indexed), sum(one.kept for one in indexed)
    counts = [counted(len(indexed), "document"), counted(sum(one.passages for one in indexed), "passage")]
    counts += [f"{percent(kept / characters)} of {characters:,} characters kept"] if characters else []
    unreadable, gaps = len(documents) - len(indexed), sum(bool(one.empty_pages) for one in indexed)
    faults = [f"{unreadable:,} unreadable"] if unreadable else []
    faults += [f"{gaps:,} with pages that gave no text"] if gaps else []
    return "; ".join(", ".join(part) for part in (counts, faults) if part)


def counted(count: int, word: str) -> str:
    return f"{count:,} {word}{'' if count == 1 else 's'}"


def matching(documents: Iterable[DocumentStatus], words: str) -> list[DocumentStatus]:
    """Those in which all of the words occur (file, title, status, language, date, what is wrong), what is wrong first, else by name."""
    wanted = words.casefold().split()
    found = [document for document in documents if all(word in _told(document) for word in wanted)] if wanted else list(documents)
    return sorted(found, key=lambda document: (document.status == "indexed", not wrong(document), document.file))


def _told(document: DocumentStatus) -> str:
    parts = (document.file, document.title, document.status, document.language, document.date, document.dated, wrong(document))
    return "\n".join(filter(None, parts)).casefold()

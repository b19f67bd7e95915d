"""Readers of HTML and of what holds it: web pages, mail, books."""

import posixpath
import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote
from zipfile import ZipFile

from qa.archive import element, opened
from qa.errors import ReadError
from qa.extract import Extract, damaged, decoded, flat, iso_date, lined, offsets, required, storable

if TYPE_CHECKING:
    from email.message import EmailMessage

    from lxml.etree import _Element

_DECLARED = re.compile(rb"<(?:meta|\?xml)[^>]{0,200}?(?:charset|encoding)\s*=\s*[\"']?([\w-]{2,40})", re.IGNORECASE)
_ROOT = re.compile(r"<(?:html|body)\b", re.IGNORECASE)
_UNSEEN: Final = frozenset("head script style noscript template svg math object iframe nav".split())
_INLINE: Final = frozenset(
    "a abbr b bdi bdo cite code em font i img kbd mark q ruby s samp small span strong sub sup time tt u var".split()
)


def web_page(data: bytes, file: str) -> Iterator[Extract]:
    """The article of a web page, without the page's furniture."""
    import trafilatura  # here, because it takes half a second

    page = _page(data, file)
    page = page if _ROOT.search(page) else f"<html><body>{page}</body></html>"  # a fragment is taken for no page at all
    found = trafilatura.bare_extraction(
        page, include_comments=False, with_metadata=True, date_extraction_params={"extensive_search": False, "original_date": True}
    )
    known = found.as_dict() if isinstance(found, trafilatura.settings.Document) else {}
    text = required(lined((known.get("text") or trafilatura.html2txt(page)).strip()), file)
    yield Extract(file, text, str(known.get("title") or ""), iso_date(known.get("date")), known.get("author") or None, web=True)


def _page(data: bytes, file: str) -> str:
    """The source of a page, in the encoding that it declares."""
    declared = _DECLARED.search(data[:2000])
    return (_as_declared(data, declared.group(1).decode("ascii")) if declared else None) or decoded(data, file)


def _as_declared(data: bytes, encoding: str) -> str | None:
    try:
        return data.decode(encoding)
    except (LookupError, UnicodeDecodeError):
        return None


def shown(page: str) -> str:
    """What a browser would show of a page, one paragraph a line; nothing but its navigation is left out."""
    from lxml import etree

    parser = etree.HTMLParser(encoding="utf-8", huge_tree=True, no_network=True, remove_comments=True, remove_pis=True)
    try:
        text = "".join(_pieces(etree.fromstring(page.encode("utf-8", "replace"), parser)))
    except etree.XMLSyntaxError:
        return ""  # all else than an empty page is mended
    return "\n".join(line for raw in text.split("\0") if (line := flat(raw)))


def _pieces(root: "_Element") -> Iterator[str]:
    """The text of a page with NUL where a line ends. Not by recursion: hostile pages nest deeper than Python's stack."""
    from lxml import etree

    walk = etree.iterwalk(root, events=("start", "end"))
    for event, node in walk:
        tag = str(node.tag).rpartition("}")[2].lower()
        edge = "" if tag in _INLINE else " " if tag in ("td", "th") else "\0"
        if event == "end":
            yield edge
            yield node.tail or ""
        elif tag in _UNSEEN:
            walk.skip_subtree()
        else:
            yield edge
            yield node.text or ""


# Mail


def mail(data: bytes, file: str) -> Iterator[Extract]:
    """The text of a message: the plain part, or else what its HTML shows. Attachments are named, not read."""
    from email import policy
    from email.parser import BytesParser

    message = BytesParser(policy=policy.default).parsebytes(data)
    if not message.keys():
        raise damaged(file, "it has no header")
    names = [flat(part.get_filename() or part.get_content_type()) for part in message.iter_attachments()] if _in_parts(message) else []
    attached = f"\n\nAttached: {', '.join(names)}." if names else ""
    text, plain = _body(message, file)
    subject = storable(flat(message.get("subject", "")))
    text = required(f"{text.strip()}{storable(attached)}".strip(), file)
    yield Extract(file, text, subject, _sent(message), _sender(message), lines=not plain)


def _in_parts(message: "EmailMessage") -> bool:
    return message.get_content_maintype() == "multipart"


def _body(message: "EmailMessage", file: str) -> tuple[str, bool]:
    """The text, and whether it came as plain text."""
    part = message.get_body(("plain", "html"))
    if part is None:
        return "", True
    content = part.get_payload(decode=True)
    data = content if isinstance(content, bytes) else b""
    text = _as_declared(data, part.get_content_charset("utf-8")) or decoded(data, file)
    return (storable(text), True) if part.get_content_subtype() == "plain" else (shown(text), False)


def _sent(message: "EmailMessage") -> str | None:
    sent = getattr(message.get("date"), "datetime", None)
    return iso_date(sent) if sent else None


def _sender(message: "EmailMessage") -> str | None:
    senders = getattr(message.get("from"), "addresses", ())
    return storable(flat(senders[0].display_name or senders[0].addr_spec)) or None if senders else None


# Books


def book(data: bytes, file: str) -> Iterator[Extract]:
    """An EPUB: its chapters in reading order, each a page."""
    archive = opened(data, file)
    package = _package(archive, file)
    root = element(archive, package, file)
    names = [name for name in _chapters(root, posixpath.dirname(package)) if name in archive.namelist()]
    if _protected(archive, names, file):
        raise ReadError(f"{file} is protected: its chapters are encrypted", "Use a copy without protection.")
    chapters = [shown(_page(archive.read(name), file)) for name in names]
    text = required("\n\n".join(chapters), file)
    creators = ", ".join(_told(root, "creator"))
    title = next(iter(_told(root, "title")), "")
    day = next(filter(None, map(iso_date, _told(root, "date"))), None)
    yield Extract(file, text, title, day, creators or None, pages=offsets(chapters, 2), lines=True)


def _package(archive: ZipFile, file: str) -> str:
    for node in element(archive, "META-INF/container.xml", file).iter("{*}rootfile"):
        return unquote(node.get("full-path", ""))
    raise damaged(file, "it names no package")


def _chapters(root: "_Element", folder: str) -> list[str]:
    items = {
        node.get("id"): posixpath.normpath(posixpath.join(folder, unquote(node.get("href", ""))))
        for node in root.iter("{*}item")
        if "nav" not in node.get("properties", "").split() and "html" in node.get("media-type", "")
    }
    return [items[name] for node in root.iter("{*}itemref") if (name := node.get("idref")) in items]


def _protected(archive: ZipFile, names: Sequence[str], file: str) -> bool:
    if "META-INF/encryption.xml" not in archive.namelist():
        return False
    encrypted = {unquote(node.get("URI", "")) for node in element(archive, "META-INF/encryption.xml", file).iter("{*}CipherReference")}
    return not encrypted.isdisjoint(names)


def _told(root: "_Element", name: str) -> list[str]:
    """What the metadata of a book says under a name of the Dublin Core."""
    return [flat(node.text) for node in root.iter(f"{{http://purl.org/dc/elements/1.1/}}{name}") if flat(node.text)]

"""Documents that are zip archives: opening them warily, and what they say of themselves."""

import io
import re
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Final
from zipfile import ZipFile

from qa.errors import ReadError
from qa.extract import damaged, flat, iso_date

if TYPE_CHECKING:
    from lxml.etree import _Element

LARGEST_UNPACKED: Final = 500_000_000  # bytes

_OLD_OFFICE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"  # how an encrypted file begins, too
_CORE = "docProps/core.xml"
_OF_TEMPLATES = ("2013-12-23T23:15:00Z", "2013-01-27T09:14:16Z")  # the times in the templates of python-docx and python-pptx
_NO_TITLE = re.compile(
    r"(?:microsoft (?:word|powerpoint|excel) - .*|untitled.*|(?:document|presentation|book|workbook|slide|titel|title) ?\d*"
    r"|powerpoint[ -]presentation|word document|.*\.(?:docx?|pptx?|xlsx?|odt|rtf|pdf|tex|dvi|indd|qxd|pmd|html?|txt))",
    re.IGNORECASE,
)
_NOBODY = frozenset(
    "user admin administrator owner root author unknown anonymous python-docx openpyxl xlsxwriter python-pptx libreoffice none".split()
)


@dataclass(frozen=True, slots=True)
class Properties:
    """What a file says of itself, as far as it can be believed."""

    title: str = ""
    byline: str | None = None
    saved: str | None = None  # ISO 8601


def opened(data: bytes, file: str) -> ZipFile:
    """The archive. Raises ReadError where it would unpack to more than LARGEST_UNPACKED, or is protected by a password."""
    if data.startswith(_OLD_OFFICE):
        raise ReadError(f"{file} is protected by a password, or of the format before 2007", "Save it anew, without a password.")
    archive = ZipFile(io.BytesIO(data))
    unpacked = sum(info.file_size for info in archive.infolist())
    if unpacked > LARGEST_UNPACKED:
        raise ReadError(
            f"{file} unpacks to {unpacked / 1e6:,.0f} MB", f"Split it into files of at most {LARGEST_UNPACKED // 1_000_000} MB."
        )
    if any(info.flag_bits & 1 for info in archive.infolist()):
        raise ReadError(f"{file} is protected by a password", "Save it without one.")
    return archive


def element(archive: ZipFile, name: str, file: str) -> "_Element":
    """A part of the archive as XML, of which nothing outside is fetched. Raises ReadError where there is none."""
    from lxml import etree

    if name not in archive.namelist():
        raise damaged(file, f"it has no {name}")
    return etree.fromstring(archive.read(name), etree.XMLParser(resolve_entities=False, no_network=True))


def properties(archive: ZipFile, file: str) -> Properties:
    """The title, the author and the date of an office document."""
    if _CORE not in archive.namelist():
        return Properties()
    told = {child.tag.rpartition("}")[2]: child.text or "" for child in element(archive, _CORE, file) if isinstance(child.tag, str)}
    made = told.get("created") or told.get("modified") or ""
    return Properties(
        title(told.get("title", ""), file), author(told.get("creator", "")), None if made in _OF_TEMPLATES else iso_date(made)
    )


def title(told: str, file: str) -> str:
    """The title that a file gives itself; "" for what programs put there."""
    words = flat(told)
    stem = PurePosixPath(file).stem
    junk = _NO_TITLE.fullmatch(words) or words.casefold() == stem.casefold() or not any(map(str.isalpha, words)) or len(words) > 300
    return "" if junk else words


def author(told: str) -> str | None:
    """The author that a file names; None for what programs put there."""
    words = flat(told)
    known = words[:1].isupper() and len(words) <= 100 and not any(word.casefold() in _NOBODY for word in words.split())
    return words if known and not any(mark in words for mark in "@\\") else None

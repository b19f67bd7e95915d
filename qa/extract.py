"""What a file says, before articles are told apart in it; and bytes → text."""

import codecs
import datetime
import hashlib
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from pathlib import Path
from typing import Final

from qa.errors import ReadError
from qa.furniture import date_in

VERSION: Final = 1  # of what is made of a file: one that an older version read is read again

_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16, whose mark is its beginning
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_WESTERN = ["cp1252", "latin_1"]
_CONTROL = re.compile(r"[\x01-\x08\x0e-\x1a\x1c-\x1f]")
_SURE: Final = 10  # times as many letters beyond ASCII as broken ones, from which on a text is UTF-8 with damage
_SAMPLE: Final = 1_000_000  # bytes from which an older encoding is guessed
_STRAY: Final = 1_000  # characters, of which one may be NUL


@dataclass(frozen=True, slots=True)
class Extract:
    """What a file says, before articles are told apart in it."""

    file: str  # the name to show: "seeds/a.txt", or "seeds/rows.jsonl#17" for a row
    text: str
    title: str = ""
    date: str | None = None  # ISO 8601
    byline: str | None = None
    web: bool = False  # extracted from a web page, with one paragraph a line
    fallback: str = ""  # the title where none is found
    pages: tuple[int, ...] = ()  # the offset at which each page begins
    lines: bool = False  # every line is text as it stands: rows, source code, slides
    saved: str | None = None  # ISO 8601: when the file says that it was made, for where nothing else tells a date

    @property
    def digest(self) -> str:
        """32 hexadecimal digits; the same for the same content, read by the same version, in whatever folder the file stands."""
        placeless = replace(self, file=Path(self.file).stem, text="")  # the most of its name that becomes a title
        return hashlib.sha256(f"{VERSION} {placeless}\n{self.text}".encode("utf-8", "surrogatepass")).hexdigest()[:32]


Reader = Callable[[bytes, str], Iterator[Extract]]
"""A file's content and the name to show → what it says. Raises ReadError where it has no text or is not what its suffix says."""


def decoded(data: bytes, file: str) -> str:
    r"""Text with \n as its only line end, from UTF-8, UTF-16 or UTF-32 with a byte order mark, or else the likeliest older encoding. Bytes
    that mean nothing and stray NULs become U+FFFD. Raises ReadError where it is no text."""
    encoding = next((name for mark, name in _BYTE_ORDER_MARKS if data.startswith(mark)), "")
    text = data.decode(encoding, "replace") if encoding else _unmarked(data, file)
    beginning = text[:100_000]
    if text.count("\0") > len(text) // _STRAY or len(_CONTROL.findall(beginning)) > 1 + len(beginning) // 100:
        raise _binary(file)
    return lined(text.replace("\0", "\ufffd"))


def _unmarked(data: bytes, file: str) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        text = data.decode("utf-8", "replace")
    broken = text.count("\ufffd")
    beyond = len(data) - broken - len(text.encode("ascii", "ignore"))  # bytes of the letters beyond ASCII
    return text if beyond > _SURE * broken else _guessed(data, file)


def _guessed(data: bytes, file: str) -> str:
    from charset_normalizer import from_bytes  # here, because few files need it

    if data.count(b"\0") > len(data) // _STRAY:
        raise _binary(file)
    sample = data if len(data) <= _SAMPLE else data[: data.rfind(b"\n", 0, _SAMPLE) + 1 or _SAMPLE]  # no letter is cut in two
    # Left free, it takes short Western texts for anything; so these encodings go first.
    match = from_bytes(sample, cp_isolation=_WESTERN).best() or from_bytes(sample).best()
    if match is None:
        raise ReadError(f"{file} is text in no encoding that can be recognised", "Save it as text in UTF-8, or leave it out of the folder.")
    return data.decode(match.encoding, "replace")


def _binary(file: str) -> ReadError:
    return ReadError(f"{file} is not text: it holds binary data", "Save it as text in UTF-8, or leave it out of the folder.")


def lined(text: str) -> str:
    r"""The text with \n as its only line end."""
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text


def flat(value: object) -> str:
    """A value on one line, without blanks around it."""
    return " ".join(str(value).split()) if value is not None else ""


def required(text: str, file: str) -> str:
    """The text. Raises ReadError where it has no letter or digit."""
    if not any(map(str.isalnum, text)):
        raise ReadError(f"{file} has no text", "Fill it, or leave it out of the folder.")
    return text


def storable(text: str) -> str:
    r"""Halves of characters and NUL, which JSON can escape and no database takes, become U+FFFD; the only line end is \n."""
    whole = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return lined(whole.replace("\0", "\ufffd"))


def offsets(pages: Sequence[str], between: int) -> tuple[int, ...]:
    """Where each page begins in the text of all, with so many characters between two."""
    return tuple(accumulate((len(page) + between for page in pages[:-1]), initial=0))


def damaged(file: str, reason: object = "") -> ReadError:
    """What to say of content that is not what the suffix says; `reason` in the first words of whoever found out."""
    kind = file.rpartition(".")[2].upper()
    words = flat(reason).rstrip(".")
    told = f" ({words if len(words) <= 100 else words[:99] + '…'})" if words else ""
    return ReadError(f"{file} is damaged or no {kind}{told}", "Save it anew from the program that made it, or leave it out of the folder.")


def iso_date(date: object) -> str | None:
    """The day of a date or time, as ISO 8601; None for anything else."""
    words = str(date).strip() if date else ""
    try:
        return datetime.datetime.fromisoformat(words).date().isoformat()
    except ValueError:
        return date_in(words)

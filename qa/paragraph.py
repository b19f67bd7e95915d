"""Text → paragraphs, of prose that is wrapped at a column as well as of one paragraph a line. Pure."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise, zip_longest
from statistics import median

from qa.furniture import Stamp, byline_of, form_of, stamp_of
from qa.types import Span

LONGEST_HEADLINE = 200  # characters
LONGEST_WRAPPED_LINE = 120
SHORTEST_PROSE = 60

_BLANK = " \t\r\n\f\v\u00a0\u200b\u200e\u200f\ufeff"
_SIGN = re.compile(r"(#{1,6}|[•·‣▪●○◦*+>–—-]|\d{1,3}[.)]|[a-zA-Z]\))\s+")
_NEITHER = re.compile(r"[\W_]+")
_FENCE = re.compile(r"(?:```|~~~)")
_UNDERLINE = re.compile(r"={3,}|-{3,}")
_PICTURES = re.compile(r"(?:\[?!\[[^\]]*\]\([^)]*\)(?:\]\([^)]*\))?\s*)+")
_ENDED = re.compile(r"(?<!\.)[.!?。！？؟।۔][\"'”’»)\]」』）]*$")
_IDEOGRAPH = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_ACRONYM = re.compile(r"(?:\b[^\W\d_]\.){2,}$")


@dataclass(frozen=True, slots=True)
class Line:
    """A line that has a letter or a digit; its text is without the blanks around it."""

    start: int
    text: str
    apart: bool  # the first one, or after a blank line
    sign: str = ""  # the bullet, number or heading mark before the text

    @property
    def end(self) -> int:
        return self.start + len(self.text)

    @property
    def ended(self) -> bool:
        return bool(_ENDED.search(self.text[-9:]))


@dataclass(frozen=True, slots=True)
class Paragraph:
    """One or more lines. `words` is the text on one line, `form` the kind of furniture that it looks like by its wording."""

    span: Span
    words: str
    sign: str
    apart: bool
    form: str
    weight: int
    stamp: Stamp | None

    @property
    def ended(self) -> bool:
        return bool(_ENDED.search(self.words[-9:]))

    @property
    def prose(self) -> bool:
        return self.ended and len(self.words) >= (SHORTEST_PROSE // 3 if _IDEOGRAPH.search(self.words) else SHORTEST_PROSE)

    @property
    def headline(self) -> bool:
        closed = self.words[-1] in ".,;:…。" and not _ACRONYM.search(self.words)
        return self.sign in ("", "#") and len(self.words) <= LONGEST_HEADLINE and len(self.words.split()) <= 30 and not closed

    @property
    def key(self) -> str:
        return key_of(self.words)


def key_of(words: str) -> str:
    """What two printings of one headline have in common; a text too long for a headline stays as it is."""
    return _NEITHER.sub("", words.casefold()) if len(words) <= 2 * LONGEST_HEADLINE else words


def _lines(text: str) -> Iterator[Line]:
    offset, apart, fenced = 0, True, False
    raws = text.split("\n")
    for raw, below in zip_longest(raws, raws[1:], fillvalue=""):
        stripped = raw.strip(_BLANK)
        start = offset + len(raw) - len(raw.lstrip(_BLANK))
        offset += len(raw) + 1
        if _FENCE.match(stripped):
            fenced, apart = not fenced, True
        elif stripped and fenced:
            yield Line(start, stripped, apart, "`")
            apart = False
        elif not any(map(str.isalnum, stripped)) or _PICTURES.fullmatch(stripped):
            apart = True
        else:
            underlined = apart and len(stripped) <= LONGEST_HEADLINE and _UNDERLINE.fullmatch(below.strip(_BLANK))
            yield _signed(Line(start, stripped, apart, "#" if underlined else ""))
            apart = False


def _signed(line: Line) -> Line:
    match = _SIGN.match(line.text)
    if line.sign or not match:
        return replace(line, sign="|") if line.text[0] == "|" else line
    sign = match.group(1)
    if sign[-1] in ".)":  # a number belongs to the text
        return replace(line, sign=sign)
    return replace(line, start=line.start + match.end(), text=line.text[match.end() :], sign=sign[0])


def _chunks(lines: Iterable[Line]) -> list[list[Line]]:
    chunks: list[list[Line]] = []
    for line in lines:
        if line.apart:
            chunks.append([])
        chunks[-1].append(line)
    return chunks


def _widths(chunks: Sequence[Sequence[Line]]) -> list[int]:
    """Where each chunk's lines may have been wrapped, in characters; 0 where they were not."""
    longest = [max(len(line.text) for line in chunk) for chunk in chunks]
    usual = median([width for width, chunk in zip(longest, chunks, strict=True) if len(chunk) > 2] or [0])
    widths = [width if len(chunk) > 2 else max(width, int(usual)) for width, chunk in zip(longest, chunks, strict=True)]
    return [width if width <= LONGEST_WRAPPED_LINE else 0 for width in widths]


def _forced(line: Line, following: Line, width: int) -> bool:
    """Whether the line had no room for the next line's first word."""
    return len(line.text) + 1 + len(following.text.split(maxsplit=1)[0]) > width > 0


def _breaks(line: Line, following: Line) -> bool:
    """Whether a paragraph surely ends between two lines."""
    quoted = line.sign == following.sign == ">"
    dash = following.sign in ("–", "—") and line.sign != following.sign and not line.ended
    return (bool(following.sign) and not quoted and not dash) or line.sign in ("#", "|")


def _runs_on(line: Line, following: Line) -> bool:
    goes_on = following.text[0].islower() and not line.ended
    return goes_on and not byline_of(following.text) and not form_of(line.text) and not form_of(following.text)


def _is_hard_wrapped(chunks: Sequence[Sequence[Line]], widths: Sequence[int]) -> bool:
    """Whether lines end where there was no more room, at least half of the time, and in the middle of sentences."""
    pairs = [(a, b, width) for chunk, width in zip(chunks, widths, strict=True) for a, b in pairwise(chunk) if not _breaks(a, b)]
    forced = [(a, b) for a, b, width in pairs if _forced(a, b, width)]
    return 2 * len(forced) >= len(pairs) and any(_runs_on(a, b) for a, b in forced)


def paragraphs_of(text: str, wrapped: bool) -> list[Paragraph]:
    """`wrapped`: a paragraph may go on over lines; otherwise every line is one."""
    chunks = _chunks(_lines(text))
    widths = _widths(chunks)
    hard = wrapped and _is_hard_wrapped(chunks, widths)
    found: list[Paragraph] = []
    for chunk, width in zip(chunks, widths, strict=True):
        lines = [chunk[0]]
        for line, following in pairwise(chunk):
            joined = not _breaks(line, following) and (_runs_on(line, following) or (hard and _forced(line, following, width)))
            if line.sign == "`" or (wrapped and joined):
                lines.append(following)
            else:
                found.append(_paragraph(text, lines))
                lines = [following]
        found.append(_paragraph(text, lines))
    return found


def _paragraph(text: str, lines: Sequence[Line]) -> Paragraph:
    first, last = lines[0], lines[-1]
    words = " ".join(text[first.start : last.end].split())
    form = None if first.sign == "`" else form_of(words)
    stamp = None if first.sign else stamp_of(words)
    return Paragraph(
        Span(first.start, last.end), words, first.sign, first.apart, form.name if form else "", form.weight if form else 0, stamp
    )

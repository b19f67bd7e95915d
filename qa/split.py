"""Document → passages: neighbouring whole sentences of one article, with their places in the text. Pure."""

import hashlib
import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, groupby, zip_longest
from math import ceil

from qa.types import Article, Document, Passage, Span

LONGEST_SENTENCE = 600  # characters
TARGET = 140  # tokens of a passage's text
LONGEST_GAP = 40  # characters between two blocks of one passage

_CLOSERS = r"(?:[\"'”’»›)\]}*_]|\s?\[\d{1,3}\])*+"
_MARKS = re.compile(rf"(?<![.!?…])[.!?…]++{_CLOSERS}(?=\s)|[。！？｡؟।۔]++[\"'”’»)\]」』）】]*+")
_REMARK = re.compile(r"\s*\([^().!?]{1,40}\)\s*")  # "(Agency)" at the end of a caption
_OPENERS = "\"'“‘«‹([{*_¿¡—–- \t\n\u00a0"
_TOKEN = re.compile(r"[^\s\"'“”‘’«»()\[\]{}—–]*$")
_WORD = re.compile(r"[^\W\d_]+(?![.\w])")
_ACRONYM = re.compile(r"(?:[^\W\d_]\.)+[^\W\d_]{1,2}|[A-Z][a-z]?\.[A-Z]")
_LIST_NUMBER = re.compile(r"\W*(?:\d{1,3}|[a-zA-Z]|[ivx]{1,4})(?:\.\d{1,3})*")
_CLAUSE = re.compile(r"[;:,—–]\s|[،；，、：]")
_SPACE = re.compile(r"\s")

# "Gen. X": a name or number goes on after these.
_NEVER_LAST = frozenset(
    "mr mrs ms messrs dr prof gen lt-gen maj-gen brig-gen lt maj brig col capt cmdr adm sgt cpl pvt sen rep reps sens gov pres hon rev fr "
    "sr sra supt insp det amb mgr e.g i.e cf viz vs v approx ca mt ft".split()
)
# "Inc. The", "the U.S. In": a sentence ends after these only before a word that often begins one.
_SELDOM_LAST = frozenset(
    "st inc ltd co corp llc plc bros jr etc al ave blvd rd dept univ assn intl govt retd ret est min max tel ext".split()
)
# "Jan. 5", "No. 7", "p. 12": these go on with a number.
_BEFORE_NUMBERS = frozenset(
    "jan feb mar apr jun jul aug sep sept oct nov dec no nos p pp c b d r fl "
    "fig figs eq eqs sec ch vol art para ver op ed tab ref arts vols".split()
)
_STARTERS = frozenset(
    "The A An In On At It He She They We I You This That These Those There But And Or So If When While After Before As For From To With By "
    "Its His Her Their Our My However Meanwhile Also Then Now According Since Although Though Because Such Despite During Until "
    "Nevertheless Moreover Furthermore Instead Earlier Later Today Yesterday Some Many Most Both What Who Why How Where".split()
)


def sentences(text: str, span: Span) -> list[Span]:
    """The sentences of a block, in order, without the blanks around them. One of more than LONGEST_SENTENCE characters is cut at
    clauses, else at blanks, into pieces of at most that length."""
    found: list[Span] = []
    start = span.start
    for match in _MARKS.finditer(text, span.start, span.end):
        if match.start() >= start and _ends(text, start, match, span.end):
            found += _cut(text, Span(start, match.end()), LONGEST_SENTENCE)
            start = match.end()
    return found + _cut(text, Span(start, span.end), LONGEST_SENTENCE)


def passages(document: Document, count: Callable[[str], int], limit: int = 256) -> tuple[Passage, ...]:
    """The passages of a document, article by article.

    `count` gives the tokens of a text with the embedder's special tokens; f"{title}\\n{text}" of a passage has at most `limit`. It is
    called once per sentence: of two texts joined it may say more than of both alone by an eighth at most.
    """
    times: Counter[str] = Counter()
    return tuple(
        passage for article in document.articles for passage in _of_article(document, article, Meter.of(article.title, count, limit), times)
    )


def passage_id(document: str, text: str, times: int) -> str:
    """16 hexadecimal digits, for the document's id and the text that stands in it for the so manieth time, from 1."""
    return hashlib.sha256(f"{document}\n{times}\n{text}".encode("utf-8", "surrogatepass")).hexdigest()[:16]


# Sentences


def _ends(text: str, start: int, match: re.Match[str], end: int) -> bool:
    """Whether a sentence ends with the punctuation matched."""
    mark = match.group()
    following = text[match.end() : min(end, match.end() + 40)].lstrip(_OPENERS)
    if mark[0] not in ".!?…" or not following:
        return True
    if end - match.end() < 60 and _REMARK.fullmatch(text, match.end(), end):
        return False
    token = _TOKEN.search(text, max(start, match.start() - 24), match.start())
    word = token.group() if token else ""
    if following[0].islower():
        return mark == "." and _is_carelessly_written(text[start : start + 20], word)
    if mark[0] != "." or mark[1:2] == "." or mark[-1] in "\"”’»'":
        return True
    return _ends_after(word, text[start : min(match.start(), start + 12)], following)


def _is_carelessly_written(beginning: str, word: str) -> bool:
    """A writer who began the sentence in lower case does so with the next one too."""
    return beginning.lstrip(_OPENERS)[:1].islower() and len(word) > 2 and not _is_abbreviation(word.casefold())


def _is_abbreviation(word: str) -> bool:
    return word in _NEVER_LAST or word in _SELDOM_LAST or word in _BEFORE_NUMBERS or "." in word


def _ends_after(word: str, beginning: str, following: str) -> bool:
    lower = word.casefold()
    if lower in _NEVER_LAST or _LIST_NUMBER.fullmatch(beginning):
        return False
    if lower in _BEFORE_NUMBERS and (len(word) > 1 or word.islower()):
        return not following[0].isdigit()
    initial = len(word) == 1 and word.isupper()
    if initial or lower in _SELDOM_LAST or _ACRONYM.fullmatch(word):
        starter = _WORD.match(following)
        return bool(starter) and starter.group() in _STARTERS if starter else False
    return True


def _cut(text: str, span: Span, longest: int) -> list[Span]:
    """The span without the blanks around it, in as few pieces of at most `longest` characters as can be; none if it is blank."""
    pieces: list[Span] = []
    rest = _trimmed(text, span)
    while (length := rest.end - rest.start) > longest:
        place = rest.start + _place(text[rest.start : rest.start + longest], length // ceil(length / longest))
        pieces.append(_trimmed(text, Span(rest.start, place)))
        rest = _trimmed(text, Span(place, rest.end))
    return [*pieces, rest] if length else pieces


def _place(beginning: str, wanted: int) -> int:
    """Where to cut: near `wanted` after a clause, else at a blank, else right there."""
    for pattern in (_CLAUSE, _SPACE):
        places = [match.end() for match in pattern.finditer(beginning, wanted // 2)]
        if places:
            return min(places, key=lambda place: abs(place - wanted))
    return max(1, wanted)


def _trimmed(text: str, span: Span) -> Span:
    start, end = span.start, span.end
    while start < end and text[start].isspace():
        start += 1
    while start < end and text[end - 1].isspace():
        end -= 1
    return Span(start, end)


# Passages


@dataclass(frozen=True, slots=True)
class Unit:
    """A sentence, its tokens together with the gap after it, and whether a block ends with it."""

    span: Span
    tokens: int
    last: bool = False


@dataclass(frozen=True, slots=True)
class Meter:
    """Counts the tokens of what is embedded under a title."""

    count: Callable[[str], int]
    title: str
    limit: int
    special: int  # tokens of the empty text
    room: int  # tokens that the title leaves

    @classmethod
    def of(cls, title: str, count: Callable[[str], int], limit: int) -> "Meter":
        """The title is shortened where it would take more than half."""
        while count(title) > limit // 2 and len(title) > 1:
            title = title[: len(title) // 2]
        return cls(count, title, limit, count(""), max(1, limit - count(f"{title}\n")))

    def tokens(self, text: str) -> int:
        return self.count(text) - self.special

    def fits(self, text: str) -> bool:
        return self.count(f"{self.title}\n{text}") <= self.limit


def _of_article(document: Document, article: Article, meter: Meter, times: Counter[str]) -> Iterator[Passage]:
    for run in _runs(document.text, article.blocks, meter):
        for _, units in groupby(run, lambda unit: bisect_right(document.pages, unit.span.start)):  # so that a citation names the right page
            part = list(units)
            for start, end in _packed(document.text, part, meter):
                yield _passage(document, article.date, meter.title, part[start:end], times)


def _runs(text: str, blocks: Sequence[Span], meter: Meter) -> Iterator[list[Unit]]:
    """Sentences between which nothing but blanks and bullets stands."""
    run: list[Unit] = []
    for block, following in zip_longest(blocks, blocks[1:]):
        joined = following is not None and _is_gap(text[block.end : following.start])
        stop = following.start if joined else block.end
        spans = sentences(text, block)
        for span, stops in zip(spans, [*(span.start for span in spans[1:]), stop], strict=bool(spans)):
            run += _units(text, span, stops, meter)
        if run:
            run[-1] = replace(run[-1], last=True)
        if run and not joined:
            yield run
            run = []


def _is_gap(between: str) -> bool:
    return len(between) <= LONGEST_GAP and not any(map(str.isalnum, between))


def _units(text: str, span: Span, stop: int, meter: Meter) -> list[Unit]:
    """The sentence with the gap up to `stop`; in pieces where it alone has more tokens than there is room."""
    tokens = meter.tokens(text[span.start : stop])
    length = span.end - span.start
    if tokens <= meter.room or length == 1:
        return [Unit(span, tokens)]
    pieces = _cut(text, span, max(1, min(length - 1, length * meter.room // tokens)))
    stops = [*(piece.start for piece in pieces[1:]), stop]
    return [unit for piece, end in zip(pieces, stops, strict=True) for unit in _units(text, piece, end, meter)]


def _packed(text: str, run: Sequence[Unit], meter: Meter) -> Iterator[tuple[int, int]]:
    """Which units go together. A passage begins with the last sentence of the one before, where that leaves room for another."""
    sums = [0, *accumulate(unit.tokens for unit in run)]
    trusted = meter.room - meter.room // 8  # nearer to the limit a sum of counts is checked
    first = 0
    while first < len(run):
        start = first - 1 if first and sums[first + 1] - sums[first - 1] <= meter.room else first
        end = _best_end(run, sums, start, first, meter.room)
        while end > start + 1 and sums[end] - sums[start] > trusted and not meter.fits(text[run[start].span.start : run[end - 1].span.end]):
            start, end = (start, end - 1) if end > first + 1 else (first, end)
        yield start, end
        first = end


def _best_end(run: Sequence[Unit], sums: Sequence[int], start: int, first: int, room: int) -> int:
    """The end nearest to the target, rather at the end of a block, and without leaving a scrap."""
    target = min(TARGET, room * 5 // 8)
    most = bisect_right(sums, sums[start] + room) - 1
    return min(range(first + 1, max(first + 1, most) + 1), key=lambda end: _cost(run, sums, start, end, target))


def _cost(run: Sequence[Unit], sums: Sequence[int], start: int, end: int, target: int) -> float:
    left = sums[-1] - sums[end]
    cost = abs(sums[end] - sums[start] - target) / max(1, target)
    return cost + (0 if run[end - 1].last else 0.25) + (0.5 if 0 < left < target / 3 else 0)


def _passage(document: Document, date: str | None, title: str, units: Sequence[Unit], times: Counter[str]) -> Passage:
    start, end = units[0].span.start, units[-1].span.end
    text = document.text[start:end]
    times[text] += 1
    return Passage(
        id=passage_id(document.id, text, times[text]),
        document=document.id,
        file=document.file,
        title=title,
        date=date,
        page=bisect_right(document.pages, start) if document.pages else None,
        start=start,
        end=end,
        text=text,
        sentences=tuple(unit.span for unit in units),
    )

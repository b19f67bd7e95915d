"""Values that two texts may tell differently, times and amounts: how they are written, and whether two of them agree. Pure."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from qa.demand import is_year
from qa.facts import Date, Quantity, facts
from qa.words import fold, stem, words

NEARLY: Final = Decimal("0.1")
"""Share of the greater of two amounts by which they may differ for one to be the other rounded, or "about" it. Chosen: it is the most that
a single figure hides of a number that begins with 5."""
EXACT: Final = 100  # below it what is counted one by one is not rounded: 20 dead are not 22
MOST_WORDS: Final = 6  # that one value is written in
ABOUT: Final = re.compile(
    r"\b(?:about|around|some|roughly|approximately|approx\.?|nearly|almost|close to|circa|ca?\.|an? estimated|estimated|up to|"
    r"as (?:many|much) as)\s+(?:[a-z]+\s)?$"
)
FOUR: Final = re.compile(r"(?<![–-])\d{4}(?![\d,.]\d|\d|[–-]\d)")  # a year, and not of a range
HOW_MANY: Final = re.compile(r"\bhow many ([\w-]+)")
UNLIKE: Final = frozenset("ordinal era times ad bc".split())  # units that are not compared
OTHERWISE: Final = re.compile(  # what leads to a number that is another measure than the one told
    r"\b(?:another|additional|further|up from|down from|compared (?:to|with)|(?<!more )(?<!less )(?<!fewer )than|previous(?:ly)?|"
    r"earlier|initial(?:ly)?|originally|from)\s+(?:[$€£¥₹]\s?)?$"
)
EACH: Final = re.compile(r"\s*(?:[^\W\d_]+\s){0,2}(?:each|apiece|more|extra|others)\b")


@dataclass(frozen=True, slots=True, order=True)
class Moment:
    """A time as far as it is told; 0 for what is not."""

    year: int
    month: int
    day: int

    def agrees(self, other: "Moment") -> bool:
        """Whether both may be the same time, one told more precisely."""
        pairs = ((self.year, other.year), (self.month, other.month), (self.day, other.day))
        return all(one == two for one, two in pairs if one and two)

    @property
    def certain(self) -> bool:
        """Whether it is more than a month of any year."""
        return bool(self.year or self.day)


def moments(text: str) -> tuple[Moment, ...]:
    """The dates and the years of a text, each once, in the order of time."""
    told = facts(text)
    dates = {_moment(date) for date in told.dates}
    known = {moment.year for moment in dates}
    plain = _aligned(text)
    years = {int(one.value) for one in told.quantities if one.start >= 0 and is_year(one) and FOUR.match(plain, one.start)}
    return tuple(sorted(dates | {Moment(year, 0, 0) for year in years - known}))


def _moment(date: Date) -> Moment:
    return Moment(date.year or 0, date.month, date.day or 0)


def meet(some: Iterable[Moment], others: Iterable[Moment]) -> bool:
    """Whether any of some times may be any of others."""
    held = tuple(others)
    return any(one.agrees(other) for one in some for other in held)


def amounts(text: str) -> tuple[Quantity, ...]:
    """The amounts of a text: no years, no places in an order, no "5 of the 45", nothing that it is compared with."""
    plain = _aligned(text)
    told = (one for one in facts(text).quantities if one.start >= 0 and not one.part and one.unit not in UNLIKE)
    return tuple(one for one in told if _is_told(one, plain))


def _is_told(quantity: Quantity, plain: str) -> bool:
    if is_year(quantity) and FOUR.match(plain, quantity.start):
        return False
    after = plain[quantity.start :]
    shown = re.match(r"[$€£¥₹\s]*[\w.,-]*", after)
    return not (OTHERWISE.search(plain[: quantity.start]) or EACH.match(after, shown.end() if shown else 0))


def same_amount(one: Quantity, text: str, other: Quantity, second: str) -> bool:
    """Whether two amounts of one unit, each in its text, may be the same: equal, rounded, or within what "more than" and "about" allow."""
    if one.unit == other.unit == "clock" and not (one.counted and other.counted):
        return one.value % 720 == other.value % 720
    if one.value == other.value or _within(one, other) or _within(other, one):
        return True
    less, more = sorted((one.value, other.value))
    if more <= 0 or more - less > NEARLY * more:
        return False
    if ABOUT.search(_aligned(text)[: one.start]) or ABOUT.search(_aligned(second)[: other.start]):
        return True
    counted = not one.unit and more < EXACT and not less % 1 and not more % 1
    return one.unit != "clock" and not counted and _is_rounded(one.value, other.value)


def _within(bounded: Quantity, other: Quantity) -> bool:
    return (bounded.bound == "over" and other.value >= bounded.value) or (bounded.bound == "under" and other.value <= bounded.value)


def _is_rounded(one: Decimal, other: Decimal) -> bool:
    coarse, fine = sorted((one.normalize(), other.normalize()), key=lambda value: len(value.as_tuple().digits))
    last = fine.adjusted() - len(coarse.as_tuple().digits) + 1
    return fine.quantize(Decimal(1).scaleb(last)) == coarse


def same_kind(one: Quantity, text: str, other: Quantity, second: str, question: str) -> bool:
    """Whether two numbers have one unit, or count the same thing: what the question counts, or all that the shorter phrase tells."""
    if one.unit or other.unit:
        return one.unit == other.unit
    asked = frozenset(map(stem, words(question)))
    if not one.counted or not other.counted:
        verb = _before(text, one)  # "killed 22" and "killed 25"
        return verb in asked and verb == _before(second, other)
    if match := HOW_MANY.search(fold(question)):
        return all(stem(match[1]) in counted or counted[0] in asked for counted in (one.counted, other.counted))
    shared = {*one.counted} & {*other.counted}
    return one.counted[0] == other.counted[0] and len(shared) == min(len(one.counted), len(other.counted))


def _before(text: str, quantity: Quantity) -> str:
    """The stem of the word before a number."""
    return next((stem(word) for word in reversed(words(_aligned(text)[: quantity.start]))), "")


def written_amount(text: str, quantity: Quantity) -> str:
    """The words of a text that tell an amount: "$7.1 billion"."""
    plain = _aligned(text)
    ends = [match.end() for match in re.finditer(r"[^\s]+", plain[quantity.start :])][:MOST_WORDS]
    for end in ends:
        phrase = plain[quantity.start : quantity.start + end].rstrip(".,;:!?)”\"'’")
        if any(one.value == quantity.value and one.unit == quantity.unit for one in facts(phrase).quantities):
            return phrase
    return str(quantity)


def written_moment(text: str, moment: Moment) -> str:
    """The words of a text that tell a time: "4 May 2019"."""
    spans = [match.span() for match in re.finditer(r"\S+", text)]
    for size in range(1, MOST_WORDS):
        for first in range(len(spans) - size + 1):
            phrase = text[spans[first][0] : spans[first + size - 1][1]].strip(".,;:!?()“”\"'’")
            if moment in moments(phrase):
                return phrase
    return "-".join(str(part) for part in (moment.year, moment.month, moment.day) if part)


def _aligned(text: str) -> str:
    """The text, its characters counted as `facts` counts them: folded where folding changes their number."""
    plain = fold(text)
    return text if len(plain) == len(text) else plain

"""What a question asks to be found: its words and what each tells, its names, numbers, years, and the day that it speaks of. Pure."""

import calendar
import datetime
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final

import numpy as np
import numpy.typing as npt

from qa.facts import MONTHS, Date, facts
from qa.words import is_stopword, same_name, words

Vector = npt.NDArray[np.float32]  # shape (dimensions,)
Matrix = npt.NDArray[np.float32]  # shape (rows, dimensions)
Period = tuple[datetime.date, datetime.date]  # first day and last

AS_OF: Final = re.compile(r"\bas (?:of|at)\s+((?:[\w,.]+[ -]){0,3}?(?:1\d|20)\d\d(?:-\d\d){0,2})\b\s*[:,]?", re.IGNORECASE)
NEWEST: Final = re.compile(
    r"\b(?:latest|newest|most recent(?:ly)?|current(?:ly)?|nowadays|these days|today|so far|at the moment)\b", re.IGNORECASE
)
CAPITAL: Final = f"[A-Z{''.join(letter for letter in map(chr, range(0xC0, 0x530)) if letter.isupper())}]"  # Latin, Greek, Cyrillic
NAME: Final = re.compile(rf"{CAPITAL}[\w’'.-]*(?:\s+(?:(?:of|the|de|and|van|von|for)\s+)?(?:{CAPITAL}[\w’'-]*|\d{{1,4}}))*")
YEARS: Final = re.compile(r"(?<![\d,.])(1[0-9]\d\d|20\d\d)(?:\s?[–-]\s?((?:1\d|20)\d\d|\d\d)(?!\d))?(?!,?\d)")
LONGEST_RANGE: Final = 120  # years between the two ends of "1890-1910"; what is further apart is no range
MONTH: Final = {name: calendar.month_name[number] for name, number in MONTHS.items()}


@dataclass(frozen=True, slots=True)
class Query:
    """A question prepared for search.

    `terms` are the words to look for, spelt as the documents spell them; `weights` what the stem of each of its content words tells (its
    inverse document frequency, 0 where the documents do not hold it); `names` its names as stems; `pairs` its neighbouring stems; `years`
    the first and last year that it names; `as_of` the days whose state of things it wants, `newest` whether it wants the latest; `spelt` is
    `text` with its words spelt as the documents spell them, and `vector` that one's, `Embedder.dimensions` floats.
    """

    text: str
    terms: tuple[str, ...]
    weights: Mapping[str, float]
    vector: Vector = field(compare=False)
    names: tuple[tuple[str, ...], ...] = ()
    pairs: tuple[tuple[str, str], ...] = ()
    years: tuple[int, int] | None = None
    as_of: Period | None = None
    newest: bool = False
    spelt: str = ""

    @property
    def weight(self) -> float:
        """What all its words tell; 1 where they tell nothing, so that it can be divided by."""
        return sum(self.weights.values()) or 1.0


def analysed(text: str, terms: Sequence[str], weights: Mapping[str, float], vector: Vector, spelt: str = "") -> Query:
    """The query of a question whose words have been looked up; `text` is what `without_date` left of it, but for `as_of`."""
    searched, as_of = without_date(text)
    content = content_stems(searched)
    spans = years(searched)
    return Query(
        searched,
        tuple(terms),
        weights,
        vector,
        tuple(names(searched)),
        tuple(pairwise(content)),
        (min(first for first, _ in spans), max(last for _, last in spans)) if spans else None,
        as_of,
        as_of is None and bool(NEWEST.search(searched)),
        spelt or searched,
    )


def without_date(question: str) -> tuple[str, Period | None]:
    """The question without "as of 2 July 2024:", and that day; of a month or a year alone, its first day and its last.

    A question that is nothing but that stays as it is.
    """
    match = AS_OF.search(question)
    period = _period(match[1]) if match else None
    if match is None or period is None:
        return question, None
    rest = " ".join((question[: match.start()] + " " + question[match.end() :]).split()).replace(" ?", "?")
    return (rest, period) if any(not is_stopword(word) for word in words(rest)) else (question, None)


def _period(phrase: str) -> Period | None:
    dates = [date for date in facts(phrase).dates if date.year]
    if dates:
        return _days(dates[0])
    year = re.fullmatch(r"\D*((?:1\d|20)\d\d)", phrase)
    return (datetime.date(int(year[1]), 1, 1), datetime.date(int(year[1]), 12, 31)) if year else None


def _days(date: Date) -> Period | None:
    if date.year is None:
        return None
    last = calendar.monthrange(date.year, date.month)[1]
    try:
        return datetime.date(date.year, date.month, date.day or 1), datetime.date(date.year, date.month, date.day or last)
    except ValueError:  # 31 June
        return None


def content_stems(text: str) -> list[str]:
    """The roots of the words that carry content, in order, each as often as it stands there."""
    return [root(word) for word in words(text) if not is_stopword(word)]


def root(word: str) -> str:
    """The stem of a word; of a month in short that of the month, of "Pakistani" that of "Pakistan"."""
    return same_name(MONTH.get(word.casefold(), word))


def names(text: str, first: bool = True) -> dict[tuple[str, ...], str]:
    """The names of a text, by their capitals, as stems and as written: "University of Oslo" is univers, oslo.

    A single first word is one only with `first`, since it has its capital in any case.
    """
    matches = (match for match in NAME.finditer(text) if first or match.start() > 0 or " " in match[0])
    found = {tuple(content_stems(match[0])): match[0] for match in matches}
    return {name: phrase for name, phrase in found.items() if name}


def years(text: str) -> list[tuple[int, int]]:
    """The years of a text, first and last of each range: "in 1998" is (1998, 1998), "1998-99" is (1998, 1999)."""
    return [_range(int(match[1]), match[2]) for match in YEARS.finditer(text)]


def _range(first: int, end: str | None) -> tuple[int, int]:
    last = int(end if len(end) == 4 else f"{first // 100}{end}") if end else first
    return (first, last) if first <= last <= first + LONGEST_RANGE else (first, first)

"""What a question names (names, numbers, months, years, a day), and whether the sources speak of it. Pure."""

import datetime
import re
from collections.abc import Iterable, Sequence
from typing import Final

from qa.agreement import is_known, question_names
from qa.facts import MONTH_NAMES, MONTHS, Quantity, facts
from qa.query import Period, without_date, years
from qa.types import Evidence, Passage
from qa.words import vocabulary

SMALL_COUNT: Final = 12  # "the two sides", "three reasons": such numbers of a question are not looked for
_MONTH: Final = rf"(?:(?:{'|'.join(MONTHS)})\.? )?"
SPAN: Final = re.compile(
    rf"\b(?:(?:from|between|in|during|over|of) )?{_MONTH}(?P<first>1\d\d\d|20\d\d)\s?(?:to|and|until|till|through|-|–)\s?{_MONTH}"
    r"(?P<last>1\d\d\d|20\d\d)\b",
    re.IGNORECASE,
)
"""A stretch of years: "from Dec 1981 to Jun 1983", "1998–2001"."""
APART: Final = 3  # years between the nearest year that a source tells and a stretch of years that is asked about, at most
NEWS: Final = re.compile(
    r"\b(?:this|last|past|next) (?:week|month|weekend|(?:mon|tues|wednes|thurs|fri|satur|sun)day)\b|"
    r"\b(?:recent(?:ly)?|today|yesterday|just|newly|upcoming|soon)\b",
    re.IGNORECASE,
)
OLDEST_NEWS: Final = 60
OLDEST: Final = 366
AHEAD: Final = 31
"""Days that an article may be older than the day asked about, where the question speaks of news and where not, and newer. RealTimeQA's
articles for a question are dated from 45 days before its day to 14 days after it."""


def missing_terms(question: str, group: Sequence[Evidence], surroundings: Iterable[str]) -> tuple[str, ...]:
    """The names, numbers, months and years of a question that stand neither in the supporting sentences nor in their surroundings.

    Of a stretch of years it is enough that a source tells a year in it or near it. The day of "as of 2 July 2024" is `out_of_time`'s.
    """
    question, _ = without_date(question)
    spans = [(int(match["first"]), int(match["last"])) for match in SPAN.finditer(question)]
    question = SPAN.sub(" ", question)
    texts = [*(item.text for item in group), *(item.passage.heading for item in group), *surroundings]
    present = frozenset().union(*map(vocabulary, texts))
    told = list(map(facts, texts))
    values = {quantity.value for one in told for quantity in one.quantities}
    months = {date.month for one in told for date in one.dates}
    asked = facts(question)
    numbers = {one.value: str(one) for one in asked.quantities if _is_sought(one) and one.value not in values}
    strange = [name for name in question_names(question) if not is_known(name, present, texts)]
    strange_months = [MONTH_NAMES[month - 1] for month in sorted({date.month for date in asked.dates} - months)]
    far = [f"{first} to {last}" for first, last in spans if not _is_near(first, last, texts)]
    return (*_joined(strange, question), *(numbers[value] for value in sorted(numbers)), *far, *strange_months)


def out_of_time(question: str, passages: Sequence[Passage]) -> str | None:
    """The day that a question asks about ("as of 2 July 2024") where every passage is dated, and none for that time; else None."""
    _, period = without_date(question)
    if period is None or not passages:
        return None
    oldest = OLDEST_NEWS if NEWS.search(question) else OLDEST
    if any(_is_of(period, passage.date, oldest) for passage in passages):
        return None
    first, last = period
    return f"{first}" if first == last else f"{first} to {last}"


def _is_of(period: Period, date: str | None, oldest: int) -> bool:
    if not date:
        return True
    try:
        day = datetime.date.fromisoformat(date[:10])
    except ValueError:  # a year, or a year and a month
        return True
    return period[0] - datetime.timedelta(oldest) <= day <= period[1] + datetime.timedelta(AHEAD)


def _is_near(first: int, last: int, texts: Iterable[str]) -> bool:
    return any(start <= last + APART and first - APART <= end for text in texts for start, end in _stretches(text))


def _stretches(text: str) -> list[tuple[int, int]]:
    return [*years(text), *((int(match["first"]), int(match["last"])) for match in SPAN.finditer(text))]


def _joined(names: Sequence[str], question: str) -> list[str]:
    """Names that follow each other in the question as one: "Mount Everest"."""
    joined: list[str] = []
    for name in names:
        if joined and f"{joined[-1]} {name}" in question:
            joined[-1] += f" {name}"
        else:
            joined.append(name)
    return joined


def _is_sought(quantity: Quantity) -> bool:
    return quantity.unit != "ordinal" and (bool(quantity.unit) or quantity.value > SMALL_COUNT)

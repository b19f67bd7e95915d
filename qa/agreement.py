"""Claim against source in what can be compared exactly: numbers, dates, names, quotations. Pure."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import takewhile
from typing import Final

from qa.demand import LIGHT, is_year
from qa.facts import MONTH_NAMES, MONTHS, UNITS, WEEKDAYS, Date, Facts, Quantity, facts
from qa.scripts import scripts
from qa.spelling import respelt
from qa.stance import Stance, Token, stance
from qa.types import Evidence
from qa.words import TITLES, akin, fold, is_place, is_stopword, stands_in, stem, vocabulary, words

HONORIFICS: Final = frozenset("mr mrs ms miss sir madam".split())
PARTICLES: Final = frozenset("de la le del da dos van von der den bin ibn al el y of".split())
COMMON: Final = re.compile(
    r"(?:ing|ed|ly|tion|sion|ment|ness|ity|ism|ship|ance|ence|[^s]s|thing|body|one)$"
)  # endings of a first word that is no name
IMPERATIVES: Final = frozenset(
    "name list describe explain summarize summarise compare identify define discuss outline find show state tell give".split()
)
QUOTED: Final = re.compile(r"[“\"](?!\s)([^”“\"]{2,})(?<!\s)[”\"]|(?<!\w)‘([^’‘]{2,})’(?!\w)")


Told = tuple[Quantity, Stance]  # a quantity, and the sentence or heading where it stands


@dataclass(frozen=True)
class Source:
    """What evidence sentences say together, with the headings of their articles."""

    texts: tuple[str, ...]
    headings: tuple[str, ...]

    @classmethod
    def of(cls, group: Sequence[Evidence]) -> "Source":
        return _source(tuple(item.text for item in group), tuple(dict.fromkeys(item.passage.heading for item in group)))

    @cached_property
    def all(self) -> tuple[str, ...]:
        return (*self.texts, *self.headings)

    @cached_property
    def present(self) -> frozenset[str]:
        return frozenset().union(*map(vocabulary, self.all))

    @cached_property
    def spelt(self) -> frozenset[str]:
        """Its words, folded, without the possessive."""
        return frozenset(fold(word).removesuffix("'s").replace(".", "") for text in self.all for word in words(text))

    @cached_property
    def lower(self) -> frozenset[str]:
        """Its words that are written without a capital."""
        return frozenset(word for text in self.all for word in words(text) if word[0].islower())

    @cached_property
    def capitals(self) -> frozenset[str]:
        """Its words that are written with one."""
        return frozenset(word for text in self.all for word in words(text) if word[0].isupper())

    @cached_property
    def scripts(self) -> frozenset[str | None]:
        return scripts(self.all)

    @cached_property
    def readings(self) -> tuple[Stance, ...]:
        return tuple(map(stance, self.texts))

    @cached_property
    def quantities(self) -> list[Told]:
        """Its quantities, each with the sentence or heading where it stands."""
        return [(quantity, stance(text)) for text in self.all for quantity in facts(text).quantities]


@lru_cache(maxsize=1024)
def _source(texts: tuple[str, ...], headings: tuple[str, ...]) -> Source:
    return Source(texts, headings)


# Numbers and dates


def number_fault(text: str, source: Source) -> str | None:
    told = source.quantities
    readings: dict[int, list[Quantity]] = {}
    for quantity in facts(text).quantities:
        readings.setdefault(quantity.start, []).append(quantity)
    for start, several in readings.items():
        reasons = [_quantity_fault(quantity, stance(text), told, source) for quantity in several]
        if start >= 0 and all(reasons):
            return reasons[-1]
    known = {score for one in source.all for score in facts(one).scores}
    strange = sorted(facts(text).scores - known) if known else []
    return f"“{strange[0][0]}-{strange[0][1]}” does not stand in its source" if strange else None


def _quantity_fault(quantity: Quantity, claim: Stance, told: Sequence[Told], source: Source) -> str | None:
    equal = [(one, reading) for one, reading in told if _same_value(quantity, one)]
    alike = [(one, reading) for one, reading in told if one.unit == quantity.unit and is_year(one) == is_year(quantity)]
    others = [(one, reading) for one, reading in alike if one.value != quantity.value and one.start >= 0]
    if not equal:
        article = quantity.value == 1 and not quantity.unit and len(claim.tokens) > 2  # "one bridge" of "a bridge"
        return None if article and not _shared(quantity, others) else f"the number {quantity} does not stand in its source"
    fitting = [(one, reading) for one, reading in equal if _same_unit(quantity, one, source)]
    if not fitting or _counts_other(quantity, fitting, others):
        return f"the number {quantity} counts something else in its source"
    if _told_of_other(quantity, claim, fitting, others):
        return f"the number {quantity} is said of another in its source"
    return _bound_fault(quantity, [one for one, _ in fitting])


def _bound_fault(quantity: Quantity, fitting: Sequence[Quantity]) -> str | None:
    bounds = {one.bound for one in fitting}
    if quantity.bound and quantity.bound not in bounds and (bounds != {""} or not quantity.unit):
        return f"it says {quantity.bound} {quantity}, and its source does not"
    if not quantity.part and all(one.part and len({*one.counted} & {*quantity.counted}) > 1 for one in fitting):
        return f"it says of all {quantity} what its source says of a part"
    return None


def _same_value(one: Quantity, other: Quantity) -> bool:
    if one.unit == other.unit == "clock" and not (one.counted and other.counted):
        return one.value % 720 == other.value % 720
    return one.value == other.value


def _same_unit(claimed: Quantity, one: Quantity, source: Source) -> bool:
    if claimed.unit == one.unit:
        return True
    if not claimed.unit:
        return not claimed.counted or bool({*claimed.counted} & {*one.counted})
    if one.unit or one.counted:
        return False
    named = any(stem(form) in source.present for form, unit in UNITS.items() if unit == claimed.unit)
    return named or claimed.unit in {other.unit for other, _ in source.quantities} or "old" in claimed.counted


def _counts_other(quantity: Quantity, fitting: Sequence[Told], others: Sequence[Told]) -> bool:
    """Whether what a number counts in the claim is counted by another number in the source."""
    shared, elsewhere = _shared(quantity, fitting), _shared(quantity, others)
    return elsewhere >= shared + 2 or (not quantity.unit and not is_year(quantity) and shared == 0 < elsewhere)


def _shared(quantity: Quantity, others: Sequence[Told]) -> int:
    """The most words that a number of the source counts, and the claim's number too."""
    return max((len({*one.counted} & {*quantity.counted}) for one, _ in others), default=0)


def _told_of_other(quantity: Quantity, claim: Stance, fitting: Sequence[Told], others: Sequence[Told]) -> bool:
    """Whether what stands before a number in the claim stands before another number in the source: one more name, or two more words."""
    said = claim.before(quantity.start)
    here = [reading.before(one.start) for one, reading in fitting if one.start >= 0]
    there = [reading.before(one.start) for one, reading in others]
    if not said or not here or not all(here):
        return False

    def most(places: Sequence[Sequence[Token]], names: bool) -> int:
        wanted = {token.stem for token in said if token.name or not names}
        return max((len(wanted & {token.stem for token in place if token.name or not names}) for place in places), default=0)

    named = any(token.name for place in here for token in place)
    return (named and most(there, True) > most(here, True)) or most(there, False) > most(here, False) + 1


def date_fault(claim: Facts, asked: Facts, source: Source) -> str | None:
    own = [facts(text) for text in source.texts]
    dates = {date for one in own for date in one.dates} or {date for heading in source.headings for date in facts(heading).dates}
    years = {int(one.value) for one, _ in source.quantities if is_year(one)}
    for date in claim.dates:
        if not any(_same_date(date, other, years) for other in dates):
            return f"the date {_readable(date)} does not stand in its source"
    days = sorted(claim.weekdays - set().union(*(facts(text).weekdays for text in source.all)))
    days += sorted(claim.relative - asked.relative - set().union(*(one.relative for one in own)))
    return f"the time “{days[0].capitalize()}” does not stand in its source" if days else None


def _same_date(claimed: Date, other: Date, years: set[int]) -> bool:
    year = claimed.year is None or claimed.year == other.year or (other.year is None and claimed.year in years)
    return year and claimed.month == other.month and claimed.day in (None, other.day)


def _readable(date: Date) -> str:
    return " ".join(str(part) for part in (date.day, MONTH_NAMES[date.month - 1], date.year) if part)


# Names and quotations


def name_fault(text: str, question: str, source: Source) -> str | None:
    for name in _claim_names(text, question, source):
        if not (_is_named(name, source) or _has_initial(name, text, source)):
            return f"the name {name} does not stand in its source"
    for first, last in _full_names(text):
        if _is_other_person(first, last, source):
            return f"the name {first} {last} does not stand in its source"
    return None


def _claim_names(text: str, question: str, source: Source) -> Iterator[str]:
    yield from (name for name in names(text) if len(name) > 1)
    first = next(iter(words(text)), "")
    plain = fold(first)
    if (
        first[:1].isupper()
        and len(first) > 1
        and not is_stopword(first)
        and plain not in MONTHS
        and plain not in WEEKDAYS
        and plain not in UNITS
    ):
        common = COMMON.search(plain) or stem(first) in LIGHT or facts(first).quantities or plain in words(question) or plain in IMPERATIVES
        if is_place(first) or not (common or stem(first) in source.present or akin(first, source.present)):
            yield first


def _is_named(name: str, source: Source) -> bool:
    plain, root = fold(name).removesuffix("'s").replace(".", ""), stem(name)
    if plain in source.spelt or plain in HONORIFICS:
        return True
    if any(respelt(name, word) for word in source.capitals):
        return True
    if root not in source.present:
        return is_short_form(name, source.all)
    alike = [word for text in source.all for word in words(text) if stem(word) == root]  # none: the source has another form of the name
    return is_place(name) or root in TITLES or not alike or any(word[0].islower() for word in alike)


def _has_initial(first: str, text: str, source: Source) -> bool:
    """Whether the source has the initial of a first name before the same last name: "J. R. Smith" of "John Smith"."""
    lasts = {fold(last).removesuffix("'s") for one, last in _full_names(text) if one == first}
    return any(
        _names_before(tokens, i)[-1:] == [fold(first[0])] or fold(first[0]) in _names_before(tokens, i)[-2:]
        for one in source.all
        for tokens in [words(one)]
        for i, word in enumerate(tokens)
        if fold(word).removesuffix("'s") in lasts
    )


def is_short_form(name: str, texts: Iterable[str]) -> bool:
    """Whether a name in capitals is made of the first letters of names that follow each other in a text."""
    if len(name) < 2 or not name.replace(".", "").isupper():
        return False
    initials = ("".join(word[0] for word in words(text) if word[0].isupper()) for text in texts)
    return any(name.replace(".", "") in one for one in initials)


def _full_names(text: str) -> Iterator[tuple[str, str]]:
    """Neighbouring words in capitals: first and last names; each initial with the last name."""
    tokens = re.findall(r"[^\W_]+(?:['’][^\W\d_]+)*|\S", re.sub(r"(?<=\b[A-Z])\.", "", text))
    run: list[str] = []
    for token in tokens:
        if not token[0].isupper() or is_stopword(token):
            run = []
        elif len(token) == 1:
            run.append(token)
        else:
            yield from ((first, token) for first in run)
            run = [token]


def _is_other_person(first: str, last: str, source: Source) -> bool:
    """Whether the second of two names stands in the source after other names only."""
    if stem(first) in TITLES or fold(first) in HONORIFICS or is_place(first) or fold(first) in source.lower:
        return False
    before = [
        _names_before(tokens, i) for text in source.all for tokens in [words(text)] for i, word in enumerate(tokens) if respelt(word, last)
    ]
    initials = {fold(first)[0]} if len(first) > 1 else set()
    known = any(
        (word[: len(first)] == fold(first) and len(first) in (1, len(word))) or respelt(first, word) or word in initials
        for one in before
        for word in one
    )
    return not known and (len(first) == 1 or (bool(before) and all(before)))


def _names_before(tokens: Sequence[str], place: int) -> list[str]:
    """The words in capitals that lead to a name, folded, without titles: "Ana Maria" in "Dr Ana Maria de Souza"."""
    run = takewhile(lambda word: word[0].isupper() or word in PARTICLES, reversed(tokens[:place]))
    return [fold(word).replace(".", "") for word in run if word[0].isupper() and stem(word) not in TITLES and not is_stopword(word)]


def quotation_fault(text: str, source: Source) -> str | None:
    for quotation in quotations(text):
        if not any(f" {_bare(quotation)} " in f" {_bare(one)} " for one in source.all):
            return f"the quotation “{quotation}” does not stand in its source"
    return None


def _bare(text: str) -> str:
    return re.sub(r"[^\w]+", " ", fold(text)).strip()


def names(text: str) -> tuple[str, ...]:
    """The words of a text that are names by their capitals or digits, in order.

    The first word of a sentence counts only when it has more than one capital or when another name follows it at once.
    """
    found = []
    for sentence in re.split(r"(?<=[.!?])\s+(?=[^a-z])|\n", text):
        tokens = words(sentence)
        for i, token in enumerate(tokens):
            if not _is_capital(token):
                continue
            follows = i + 1 < len(tokens) and _is_capital(tokens[i + 1])
            if i > 0 or sum(c.isupper() for c in token) > 1 or follows:
                found.append(token)
    return tuple(dict.fromkeys(found))


def quotations(text: str) -> tuple[str, ...]:
    """What stands in quotation marks in a text."""
    return tuple((match[1] or match[2]).strip(" .,;") for match in QUOTED.finditer(text))


def is_known(name: str, present: frozenset[str], texts: Iterable[str]) -> bool:
    """Whether a name of a question occurs, misspelt or derived ("Congress" in "congressional") or in short."""
    return stands_in(name, present) or (not is_place(name) and akin(name, present)) or is_short_form(name, texts)


def question_names(question: str) -> list[str]:
    """The names of a question; none where it is written all in capitals, or with a capital on every word."""
    tokens = [word for word in words(question) if len(word) > 3]
    if len(tokens) > 2 and sum(word[0].isupper() for word in tokens) >= 0.8 * len(tokens):
        return []
    return [name for name in names(question) if fold(name) not in IMPERATIVES and stem(name) not in TITLES and fold(name) not in HONORIFICS]


def _is_capital(token: str) -> bool:
    if is_stopword(token) or fold(token) in MONTHS or fold(token) in WEEKDAYS:
        return False
    return token[0].isupper() or (any(c.isdigit() for c in token) and any(c.isupper() for c in token))

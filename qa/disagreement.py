"""Sources that give another value than the answer does. Pure.

A false alarm costs more trust than a difference left untold, so a rival must speak of the same thing, at the same time, in the same mood,
with a value of the same kind; what the second reader takes for no answer is none.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from qa.comparable import Asked, likeness, mood, same_matter, same_time, surely_answers, timely
from qa.facts import Quantity, facts
from qa.parameters import SAME_STORY
from qa.types import Citation, Differing, Evidence
from qa.values import Moment, amounts, meet, moments, same_amount, same_kind, written_amount, written_moment
from qa.words import TITLES, fold, is_place, same_name, skeleton, stem, words

Pair = tuple[str, str]
Standing = tuple[str, Sequence[Evidence]]  # a sentence of the answer, and what supports it

DOUBTED: Final = 0.3
"""The same below which a sentence is no rival. Chosen: half of ANSWERS."""


@dataclass(frozen=True, slots=True)
class Rival:
    """A sentence that gives another value, and the words that tell it."""

    evidence: Evidence
    value: str


def rivals(question: str, standing: Sequence[Standing], shown: Sequence[Evidence]) -> tuple[Rival, ...]:
    """The sentences shown that give another value than the answer, the newest first, those without a date last; of each story one."""
    asked = Asked.of(question)
    said = " ".join(text for text, _ in standing)
    found = [rival for item in shown for text, group in standing if (rival := _rival(asked, text, group, item, said))]
    kept: list[Rival] = []
    for rival in sorted(found, key=lambda one: one.evidence.passage.date or "", reverse=True):
        if not any(same_story(rival.evidence, one.evidence) for one in kept):
            kept.append(rival)
    return tuple(kept)


def differing(found: Sequence[Rival], cited: int) -> tuple[Differing, ...]:
    """Rivals with their citations, numbered on after so many of the answer."""
    return tuple(Differing(rival.value, _citation(rival.evidence, number)) for number, rival in enumerate(found, cited + 1))


def _citation(item: Evidence, number: int) -> Citation:
    place = item.passage
    return Citation(number, place.document, place.file, place.title, place.date, place.page, item.start, item.end, item.text)


def same_story(one: Evidence, other: Evidence) -> bool:
    """Whether one document says both, or two sentences have nearly all words and all numbers in common, as of one agency (Jaccard 1901)."""
    if one.passage.document == other.passage.document:
        return True
    return likeness(one.text, other.text) >= SAME_STORY and _digits(one.text) == _digits(other.text)


def _digits(text: str) -> frozenset[str]:
    return frozenset(str(one.value) for one in facts(text).quantities)


def _rival(asked: Asked, text: str, group: Sequence[Evidence], item: Evidence, said: str) -> Rival | None:
    if any(item.passage.document == one.passage.document for one in group) or not timely(asked, group, item):
        return None
    for source in group:
        if same_matter(asked, source, item):
            found = _other_value(asked, text, source, item, said)
            if found and mood(source, found[0]) == mood(item, found[1]) and not _doubted(item, found[1]):
                return Rival(item, found[1])
    return None


def _other_value(asked: Asked, text: str, source: Evidence, item: Evidence, said: str) -> Pair | None:
    """The words that tell the answer's value where it stands, and those that tell another one."""
    match asked.kind:
        case "time":
            return _other_moment(asked, text, source, item, said)
        case "name":
            return _other_name(text, source, item, said) if same_time(asked, source, item) else None
        case _:
            return _other_amount(asked, text, source, item, said) if same_time(asked, source, item) else None


# What is compared


def _other_moment(asked: Asked, text: str, source: Evidence, item: Evidence, said: str) -> Pair | None:
    answer = [one for one in moments(text) if one not in asked.moments and meet([one], moments(source.text))]
    other = [one for one in moments(item.text) if one not in asked.moments]
    if not answer or meet(other, moments(said)):
        return None
    if asked.moments and other and not any(one.agrees(time) for one in other for time in asked.moments):
        return None
    certain = [one for one in other if one.certain]
    single = _singled({written_moment(item.text, one): one for one in certain}, item)
    own = next(one for one in moments(source.text) if meet([one], answer))
    return (written_moment(source.text, own), single) if single and len(certain) == len(other) else None


def _other_amount(asked: Asked, text: str, source: Evidence, item: Evidence, said: str) -> Pair | None:
    claimed = {one.value for one in facts(text).quantities} - {one.value for one in facts(asked.text).quantities}
    values = [one for one in amounts(source.text) if one.value in claimed and (one.unit or one.counted or asked.kind == "amount")]
    if len({one.value for one in values}) != 1:
        return None
    answer, others = values[0], amounts(item.text)
    alike = [one for one in others if same_kind(answer, source.text, one, item.text, asked.text)]
    if any(same_amount(answer, source.text, one, item.text) for one in facts(item.text).quantities if one.unit == answer.unit):
        return None
    if any(one.value == other.value and one.unit == other.unit for one in alike for other in facts(said).quantities):
        return None
    unclear = [one for one in others if one not in alike and not (one.unit or one.counted or answer.unit)]
    single = _singled({written_amount(item.text, one): one for one in alike}, item)
    if single is None or (unclear and item.answers is None) or _aged(asked, answer.unit, source, item):
        return None
    return written_amount(source.text, answer), single


def _aged(asked: Asked, unit: str, source: Evidence, item: Evidence) -> bool:
    """Whether years of age are told in articles of different years, or of no known one."""
    dates = [one.passage.date[:4] for one in (source, item) if one.passage.date]
    return unit == "year" and bool({"old", "age"} & asked.stems) and (len(dates) < 2 or dates[0] != dates[1])


def _singled(values: Mapping[str, Moment | Quantity], item: Evidence) -> str | None:
    """The only value as written, or the one among several that the second reader takes for the answer."""
    if len(set(values.values())) > 1 and surely_answers(item):
        values = {phrase: value for phrase, value in values.items() if phrase in item.likely}
    return next(iter(values)) if len(set(values.values())) == 1 else None


def _other_name(text: str, source: Evidence, item: Evidence, said: str) -> Pair | None:
    """The name that the second reader takes for the answer, where no part of it stands in what the answer rests on, nor the other way."""
    own, other = _likely_name(source), _likely_name(item)
    claimed = {stem(word) for word in words(text)}
    if not own or not other or not {stem(word) for word in own} <= claimed:
        return None
    here, there = (f"{one.passage.text} {one.passage.title}" for one in (source, item))
    if _mentions(other, f"{said} {here}") or _mentions(own, there):
        return None
    countries = [any(map(is_place, name)) for name in (own, other)]
    return None if countries[0] != countries[1] else (source.likely.strip(" ,;."), item.likely.strip(" ,;."))


def _likely_name(item: Evidence) -> tuple[str, ...]:
    """The words of the likely answer that are a name, without titles; none where it is anything else or not likely enough."""
    if not surely_answers(item) or "," in item.likely or " and " in item.likely:
        return ()
    told_words = words(item.likely)
    capital = bool(told_words) and len(told_words) <= 4 and all(word[0].isupper() for word in told_words)
    return tuple(word for word in told_words if stem(word) not in TITLES and not facts(word).quantities) if capital else ()


def _mentions(name: Sequence[str], text: str) -> bool:
    present = {skeleton(word) for word in words(text) if word[0].isupper()} | {same_name(word) for word in words(text)}
    return any(same_name(word) in present or (len(skeleton(word)) > 2 and skeleton(word) in present) for word in name)


def _doubted(item: Evidence, value: str) -> bool:
    """Whether the second reader has read a sentence and takes it for no answer, or other words of it."""
    if item.answers is None:
        return False
    apart = bool(item.likely) and fold(value) not in fold(item.likely) and fold(item.likely) not in fold(value)
    return item.answers < DOUBTED or (apart and not {*words(fold(value))} & {*words(fold(item.likely))})

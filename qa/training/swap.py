"""One thing of a sentence or question changed for another of its kind: near misses by the thousand, each with what was changed."""

import random
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from qa.facts import MONTH_NAMES
from qa.training.kinds import (
    CERTAINTY,
    COUNTRIES,
    NATIONALITIES,
    NOT_NAMES,
    NUMBER_WORDS,
    NUMBERED,
    OFFICES,
    OPPOSITES,
    ORDINALS,
    UNITS,
    WEEKDAYS,
)

NAME: Final = re.compile(r"\b(?:[A-Z][\w’'-]+|[A-Z]{2,})(?: +(?:of +|the +|de +|al-|bin +)?(?:[A-Z][\w’'-]+|[A-Z]{2,}))*")
AUXILIARY: Final = re.compile(r"\b(?:is|are|was|were|has|have|had|can|could|will|would|should|did|does|do|must)\b(?! not\b|n[’']t)")


@dataclass(frozen=True, slots=True)
class Swap:
    """A text with one thing changed, and what kind of thing it was."""

    text: str
    kind: str


Change = Callable[[str, Sequence[str], random.Random], str | None]


def swapped(text: str, others: Sequence[str], rng: random.Random, kinds: Sequence[str] = ()) -> Swap | None:
    """The text with one thing of one of the kinds (default: any) changed; None where there is nothing to change.

    `others` are names that may take a name's place, the likeliest confusions first (those of the same article).
    """
    order = [kind for kind in CHANGES if not kinds or kind in kinds]
    rng.shuffle(order)
    for kind in order:
        made = CHANGES[kind](text, others, rng)
        if made is not None and made != text:
            return Swap(made, kind)
    return None


def names(text: str) -> list[str]:
    """Capitalised runs of words of one line that look like names, a sentence's first word only where it goes on."""
    found = []
    for match in NAME.finditer(text):
        words = match.group().split()
        while words and words[0] in NOT_NAMES:
            words = words[1:]
        begins = not text[: match.start()].rstrip("“\"‘'( ") or text[: match.start()].rstrip("“\"‘'( ")[-1] in ".!?:\n"
        if words and not (begins and len(words) == 1) and words[0] not in MONTH_NAMES + WEEKDAYS:
            found.append(" ".join(words))
    return found


def _put(text: str, match: re.Match[str], new: str) -> str:
    return text[: match.start()] + new + text[match.end() :]


def _exchanged(text: str, one: str, other: str) -> str:
    """The text with the first `one` that is a word of its own replaced."""
    return re.sub(rf"(?<!\w){re.escape(one)}(?!\w)", lambda _: other, text, count=1)


def _any(pattern: str, text: str, rng: random.Random, flags: int = 0) -> re.Match[str] | None:
    found = list(re.finditer(pattern, text, flags))
    return rng.choice(found) if found else None


def _other(one: str, of: Sequence[str], rng: random.Random) -> str:
    return rng.choice([item for item in of if item.casefold() != one.casefold()])


def _year(text: str, _: Sequence[str], rng: random.Random) -> str | None:
    match = _any(r"\b(?:1[0-9]|20)\d\d\b", text, rng)
    return _put(text, match, str(int(match.group()) + rng.choice([-20, -10, -6, -3, -2, -1, 1, 2, 3, 5, 9, 12]))) if match else None


def _day(text: str, _: Sequence[str], rng: random.Random) -> str | None:
    months, weekdays = "|".join(MONTH_NAMES), "|".join(WEEKDAYS)
    match = _any(rf"\b(?:{months}|{weekdays})\b|(?<=(?:uary|arch|pril|June|July|gust|mber|ober) )\d{{1,2}}\b", text, rng)
    if match is None or (match.group() == "May" and not re.match(r"\s+\d|,", text[match.end() :])):
        return None
    word = match.group()
    if word.isdigit():
        return _put(text, match, _other(word, [str(day) for day in range(1, 29)], rng))
    return _put(text, match, _other(word, MONTH_NAMES if word in MONTH_NAMES else WEEKDAYS, rng))


def _number(text: str, _: Sequence[str], rng: random.Random) -> str | None:
    match = _any(rf"(?<![\w.,-])\d{{1,3}}(?:,\d{{3}})+|(?<![\w.,-])\d+(?:\.\d+)?(?![\w,]*\d)|\b(?:{'|'.join(NUMBER_WORDS)})\b", text, rng)
    if match is None:
        return None
    word = match.group()
    if word.casefold() in NUMBER_WORDS:
        return _put(text, match, _other(word, NUMBER_WORDS, rng))
    if re.fullmatch(r"(?:1[0-9]|20)\d\d", word):
        return None
    value = float(word.replace(",", ""))
    if value < 30 and rng.random() < 0.6:
        new = value + rng.choice([-2, -1, 1, 2, 3, 5])
    else:
        new = value * rng.choice([0.1, 0.5, 0.8, 1.2, 1.5, 2, 3, 10])
    if "." in word:
        return _put(text, match, f"{max(0.1, new):.{len(word.split('.')[1])}f}")
    return _put(text, match, f"{max(1, round(new)):,}" if "," in word else str(max(1, round(new))))


def _ordinal(text: str, _: Sequence[str], rng: random.Random) -> str | None:
    match = _any(rf"\b(?:{'|'.join(ORDINALS)})\b|\b\d+(?:st|nd|rd|th)\b", text, rng)
    if match is None:
        return None
    word = match.group()
    return _put(text, match, _other(word, ORDINALS if word in ORDINALS else NUMBERED, rng))


def _unit(text: str, _: Sequence[str], rng: random.Random) -> str | None:
    kinds = list(UNITS)
    rng.shuffle(kinds)
    for kind in kinds:
        match = _any(rf"(?<=[\d\w] )(?:{'|'.join(kind)})\b", text, rng)
        if match and re.search(rf"(?:\d|{'|'.join(NUMBER_WORDS)}|several|few) $", text[: match.start()]):
            return _put(text, match, _other(match.group(), kind, rng))
    return None


def _listed(options: Sequence[str]) -> Change:
    pattern = rf"\b(?:{'|'.join(options)})\b"

    def change(text: str, _: Sequence[str], rng: random.Random) -> str | None:
        match = _any(pattern, text, rng)
        return _put(text, match, _other(match.group(), options, rng)) if match else None

    return change


def _office(text: str, _: Sequence[str], rng: random.Random) -> str | None:
    match = _any(rf"\b(?:{'|'.join(OFFICES)})\b", text, rng, re.IGNORECASE)
    if match is None:
        return None
    new = _other(match.group(), OFFICES[:30], rng)
    return _put(text, match, new.title() if match.group()[0].isupper() else new)


def _name(text: str, others: Sequence[str], rng: random.Random) -> str | None:
    found = [name for name in names(text) if name not in COUNTRIES and name not in NATIONALITIES]
    if not found:
        return None
    name = rng.choice(found)
    fitting = [other for other in others if not set(other.casefold().split()) & set(name.casefold().split())]
    alike = [other for other in fitting if len(other.split()) == len(name.split())] or fitting
    return _exchanged(text, name, rng.choice(alike[:6])) if alike else None


def _surname(text: str, others: Sequence[str], rng: random.Random) -> str | None:
    """Another first name before the same last one: two people of one surname."""
    found = [name for name in names(text) if len(name.split()) == 2]
    firsts = [other.split()[0] for other in others if len(other.split()) == 2]
    if not found or not firsts:
        return None
    name = rng.choice(found)
    return _exchanged(text, name, f"{_other(name.split()[0], [*firsts, 'Daniel', 'Maria'], rng)} {name.split()[1]}")


def _opposite(text: str, _: Sequence[str], rng: random.Random) -> str | None:
    pairs = [(one, other) for pair in OPPOSITES for one, other in (pair, pair[::-1]) if re.search(rf"\b{one}\b", text)]
    if not pairs:
        return None
    one, other = rng.choice(pairs)
    return re.sub(rf"\b{one}\b", other, text, count=1)


def _negated(text: str, _: Sequence[str], rng: random.Random) -> str | None:
    denied = _any(r"\b(?:not|never)\s+|\b(?:ca|wo)n[’']t\b|n[’']t\b", text, rng)
    if denied:
        return _put(text, denied, {"ca": "can", "wo": "will"}.get(denied.group()[:2], ""))
    match = _any(AUXILIARY.pattern, text, rng)
    if match is None:
        return None
    if text.endswith("?") and match.start() < len(text) / 3:  # "did the king not …" reads badly: the verb's own "n't"
        return _put(text, match, {"will": "won't", "can": "can't"}.get(match.group(), match.group() + "n't"))
    return _put(text, match, f"{match.group()} {rng.choice(['not', 'not', 'never', 'no longer'])}")


def _direction(text: str, _: Sequence[str], rng: random.Random) -> str | None:
    """Two names exchanged: who did it to whom, from where to where."""
    found = list(dict.fromkeys(names(text)))
    known = COUNTRIES + NATIONALITIES
    groups = [[n for n in found if n in COUNTRIES], [n for n in found if n in NATIONALITIES], [n for n in found if n not in known]]
    groups = [group for group in groups if len(group) > 1]
    if not groups:
        return None
    one, other = rng.sample(rng.choice(groups), 2)
    if one in other or other in one or any(re.search(rf"{re.escape(name)}(?:,| and| or)", text) for name in (one, other)):
        return None  # of a list, order tells nothing
    return _exchanged(_exchanged(_exchanged(text, one, "\0"), other, one), "\0", other)


def _certainty(text: str, _: Sequence[str], rng: random.Random) -> str | None:
    fitting = [(pattern, new) for pattern, new in CERTAINTY if re.search(pattern, text)]
    if not fitting:
        return None
    pattern, new = rng.choice(fitting)
    return re.sub(pattern, new, text, count=1)


CHANGES: Final[dict[str, Change]] = {
    "year": _year, "day": _day, "number": _number, "ordinal": _ordinal, "unit": _unit, "country": _listed(COUNTRIES),
    "nationality": _listed(NATIONALITIES), "office": _office, "name": _name, "surname": _surname, "opposite": _opposite,
    "negation": _negated, "direction": _direction, "certainty": _certainty,
}  # fmt: skip

"""A claim laid along the sentence that it nearly repeats: what stands in the place of what. Pure.

The checks by word ask whether a word stands anywhere in the source. Here a word is compared with the one in its own place, so that a
negation, a hedge, a unit or a name is found out of place though the source has it elsewhere. A claim in other words aligns with nothing,
and nothing is then said of it.
"""

import functools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import pairwise
from typing import Final

from qa.demand import LIGHT
from qa.facts import MONTH_NAMES, MONTHS, ORDINALS, SMALL, TENS, WEEKDAYS
from qa.words import fold, is_place, is_stopword, same_name, stem

NEAR: Final = 0.55  # share of a claim's words that must stand in the same order for it to be laid along a sentence
FEWEST: Final = 3  # words that must
WORD: Final = re.compile(
    r"per cent\b|\d{1,2}:\d\d|\d+(?:\.\d+)?[a-z]{1,2}\b|(?<![^\W_])\d+(?:,\d{3})*(?:\.\d+)?(?:st|nd|rd|th|s)?(?![^\W_])|"
    r"[%$€£¥₹°]|[^\W_]+(?:[.'’](?=[^\W_])[^\W_]+)*",
    re.IGNORECASE,
)
SIGNS: Final = {"percent": "%", "per cent": "%", "pct": "%", "dollar": "$", "dollars": "$", "euro": "€", "euros": "€", "pounds": "£"}
ENDINGS: Final = {1: "st", 2: "nd", 3: "rd"}
CONTRACTED: Final = {"can't": "can", "cannot": "can", "won't": "will", "shan't": "shall", "ain't": "is"}


@dataclass(frozen=True, slots=True)
class Placed:
    """A word, with the form in which it is compared."""

    text: str
    key: str
    name: bool

    @property
    def light(self) -> bool:
        """Whether it tells nothing by itself."""
        return not self.name and (is_stopword(self.text) or self.key in LIGHT or fold(self.text).endswith("ly"))


@dataclass(frozen=True, slots=True)
class Change:
    """Words of the claim that stand where the source has others (or none), with what stands before them in both."""

    said: tuple[Placed, ...]
    told: tuple[Placed, ...]
    before: tuple[Placed, ...]
    after: tuple[Placed, ...]


def changes(claim: str, source: str) -> tuple[Change, ...] | None:
    """What a claim changes of a sentence, in order; None where it does not nearly repeat it."""
    said, told = placed(claim), placed(source)
    if len({one.key for one in said} & {one.key for one in told}) < FEWEST:
        return None
    matcher = _matched(claim, source)
    same = sum(block.size for block in matcher.get_matching_blocks())
    if same < FEWEST or same < NEAR * len(said):
        return None
    return tuple(_changes(matcher, said, told))


def covered(claim: str, source: str) -> tuple[Placed, ...]:
    """The part of a sentence that a claim repeats, from first word to last, and as many more as it changes there."""
    said, told = placed(claim), placed(source)
    blocks = [block for block in _matched(claim, source).get_matching_blocks() if block.size]
    first, last = blocks[0], blocks[-1]
    after = len(said) - last.a - last.size
    return told[max(0, first.b - first.a) : last.b + last.size + after]


def likeness(claim: str, source: str) -> float:
    """Words that both have in the same order, less those that the claim changes."""
    found = changes(claim, source)
    return -1.0 if found is None else len(placed(claim)) - 2.0 * sum(len(change.said) for change in found)


@functools.lru_cache(maxsize=256)
def _matched(claim: str, source: str) -> SequenceMatcher[str]:
    return SequenceMatcher(None, [one.key for one in placed(claim)], [one.key for one in placed(source)], autojunk=False)


def _changes(matcher: SequenceMatcher[str], said: Sequence[Placed], told: Sequence[Placed]) -> Iterator[Change]:
    for kind, i, j, begin, end in matcher.get_opcodes():
        if kind == "equal":
            continue
        most = j - i + 2  # at its ends a claim leaves out whole clauses, and only the nearest words stand in the place of its own
        opens, closes = i == 0 and j > i, j == len(said) and j > i > 0
        first, last = max(begin, end - most) if opens else begin, min(end, begin + most) if closes else end
        yield Change(tuple(said[i:j]), tuple(told[first:last]), tuple(said[max(0, i - 2) : i]), tuple(said[j : j + 2]))


@functools.lru_cache(maxsize=4096)
def placed(text: str) -> tuple[Placed, ...]:
    """The words of a text as they are compared."""
    return tuple(_joined([one for match in WORD.finditer(text) for one in _read(match[0])]))


def _read(word: str) -> Iterator[Placed]:
    plain = fold(word)
    if plain in CONTRACTED or plain.endswith("n't"):
        yield Placed(word, CONTRACTED.get(plain, plain.removesuffix("n't")), False)
        yield Placed("not", "not", False)
    else:
        yield Placed(word, _key(word, plain), word[0].isupper() and not is_stopword(word))


def _key(word: str, plain: str) -> str:
    if plain in MONTHS and word[0].isupper():
        return MONTH_NAMES[MONTHS[plain] - 1].casefold()
    value = SMALL.get(plain) or TENS.get(plain) or ORDINALS.get(plain)
    if value:
        return f"{value}{ENDINGS.get(value, 'th')}" if plain in ORDINALS else str(value)
    if plain in SIGNS or plain[0].isdigit() or is_stopword(word):
        return SIGNS.get(plain, plain.replace(",", ""))
    return same_name(word) if word[0].isupper() else stem(word)


def _joined(words: list[Placed]) -> Iterator[Placed]:
    """The words, with "United States" as one."""
    skip = False
    for one, other in pairwise([*words, Placed("", "", False)]):
        if skip:
            skip = False
        elif one.name and other.name and is_place(both := f"{one.text} {other.text}"):
            skip = True
            yield Placed(both, same_name(both), True)
        else:
            yield one


def is_time(word: Placed) -> bool:
    """Whether a word is a month or a day of the week."""
    return word.name and (word.key in WEEKDAYS or fold(word.text) in WEEKDAYS or word.key.title() in MONTH_NAMES)

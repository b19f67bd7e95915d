"""Spellings of one name by different transliterators: Zelensky and Zelenskiy, Mohammed and Muhammad, Kyiv and Kiev. Pure.

Narrower than `words.transliterated`, which helps to find: here Ostrow is not Ostrov, nor Thomas Tomas, as a claim must name the right one.
"""

import functools
import re
from typing import Final

from qa.words import fold

KNOWN: Final = tuple(  # names, mostly of cities, that differ with the language they are taken from by more than their spelling
    frozenset(group.split())
    for group in """
    kyiv kiev|kharkiv kharkov|lviv lvov lwow lemberg|odesa odessa|chernobyl chornobyl|chernihiv chernigov|mykolaiv nikolaev|
    beijing peking|guangzhou canton|nanjing nanking|tianjin tientsin|chongqing chungking|mumbai bombay|kolkata calcutta|chennai madras|
    bengaluru bangalore|varanasi benares|yangon rangoon|tehran teheran|mecca makkah|medina madinah|aleppo halab|izmir smyrna|tbilisi tiflis|
    almaty alma-ata|astana nur-sultan|gdansk danzig|wroclaw breslau|vilnius vilna|tallinn reval|bratislava pressburg|
    cologne koln|munich munchen|vienna wien|prague praha|warsaw warszawa|moscow moskva|rome roma|venice venezia|florence firenze|
    turin torino|milan milano|naples napoli|genoa genova|lisbon lisboa|seville sevilla|antwerp antwerpen|geneva geneve|copenhagen kobenhavn|
    gothenburg goteborg|bucharest bucuresti|belgrade beograd|athens athina|ukraine ukraina|koran quran|moslem muslim|qaeda qaida|
    abdul abdel abdal|osama usama|omar umar|yousef yusuf youssef yousuf|yasser yasir
    """.replace("\n", "").split("|")
)
ENDING: Final = re.compile(r"(?:iyy|iy|yy|ii|ij|ey|ei|yi|y)$")
SOUNDS: Final = (
    ("dzh", "j"), ("dj", "j"), ("tch", "ch"), ("kh", "k"), ("gh", "g"), ("dh", "d"), ("q", "k"), ("gaddaf", "kadaf"), ("ks", "x"),
    ("ou", "u"), ("oo", "u"), ("aw", "au"), ("ee", "i"), ("yu", "iu"), ("ya", "ia"), ("yo", "io"), ("ye", "e"), ("jh", "j"),
)  # fmt: skip
ARABIC: Final = re.compile(r"q|kh|dh|bd|ou|(?<=[aeiou])h(?=[aeioumr]|$)|[aeu]i[nd]$")
"""What tells that a name is written after its sound in Arabic or Persian, whose short vowels are not written."""


def respelt(one: str, other: str) -> bool:
    """Whether two names are one that is spelt otherwise."""
    a, b = (re.sub(r"'s$|['.]", "", fold(name)) for name in (one, other))
    return a == b or any(a in group and b in group for group in KNOWN) or _sound(a) == _sound(b) or _vowelless(a, b)


@functools.lru_cache(maxsize=10_000)
def _sound(plain: str) -> str:
    """The name without what transliterators differ in: a double letter, the ending, q and k; as it is where it is short."""
    if len(plain) < 5:
        return plain
    sound = ENDING.sub("i", plain)
    for spelling, letters in SOUNDS:
        sound = sound.replace(spelling, letters)
    return re.sub(r"(\w)\1", r"\1", sound) if re.search(r"[aiou]$|[^aeiou]i$|h|k", sound) else sound


def _vowelless(one: str, other: str) -> bool:
    """Whether two names differ only between a and e, or o and u, or double a letter, where one of them is Arabic or Persian."""
    if min(len(one), len(other)) < 4 or not (ARABIC.search(one) or ARABIC.search(other)) or one[0] != other[0]:
        return False
    a, b = (re.sub(r"(\w)\1", r"\1", _sound(name).replace("ai", "ei").translate(str.maketrans("eo", "au"))) for name in (one, other))
    return a == b or a.replace("i", "a") == b.replace("i", "a")

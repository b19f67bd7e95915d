"""A text whose words that answer are made general ("an official", "recently", "several"): it speaks of the matter and does not tell."""

import random
import re
from collections.abc import Sequence
from typing import Final

PEOPLE: Final = (
    "an official", "a senior official", "a man", "a woman", "someone", "one of them", "an officer", "a spokesperson", "an expert",
    "a leader",
    "a local resident", "others", "one person", "a colleague", "a retired officer",
)  # fmt: skip
TIMES: Final = (
    "recently",
    "some time ago",
    "earlier",
    "at the time",
    "later",
    "in recent years",
    "before long",
    "at an unknown date",
    "years ago",
)
PLACES: Final = (
    "there",
    "abroad",
    "elsewhere",
    "in the region",
    "in the country",
    "in one city",
    "nearby",
    "in several places",
)
AMOUNTS: Final = ("several", "many", "some", "a few", "a large number of", "an undisclosed number of", "countless", "various")
THINGS: Final = ("something", "something else", "certain things", "one of these", "this", "another", "such a thing")
KINDS: Final[tuple[tuple[re.Pattern[str], Sequence[str]], ...]] = (
    (re.compile(r"\bhow (?:many|much|old|long|far|tall|large|big|high)\b|\bpercent|\bwhat (?:number|share|proportion)\b"), AMOUNTS),
    (re.compile(r"\bwhen\b|\b(?:what|which) (?:year|date|day|month|century|decade|time)\b"), TIMES),
    (re.compile(r"\bwhere\b|\b(?:what|which) (?:\w+ )?(?:city|town|country|state|place|province|region|village)\b"), PLACES),
    (
        re.compile(r"\bwho(?:m|se)?\b|\bnames? of\b|\b(?:what|which) (?:\w+ )?(?:person|man|woman|president|minister|king|author|actor)\b"),
        PEOPLE,
    ),
)
VERB: Final = r"(?!(?:is|are|was|were|be|did|does|do|has|have|had|will|would|can|could|should|may|might|must)\b)"
NOUN: Final = re.compile(rf"\b(?:what|which) ({VERB}(?!\w+ed\b)[a-z]+(?: {VERB}(?!\w+(?:ed|s)\b)[a-z]{{4,}})?)\b")
BEFORE: Final = re.compile(r"\b(?:in|on|at|by|since|until|from|to|near|during|around) (?:the )?$")
WITHIN: Final = re.compile(r"\w\w")
LONGEST: Final = 9
"""Words of an answer that can be made general without leaving half of it."""


def general(question: str, text: str, start: int, end: int, rng: random.Random) -> str | None:
    """The text without its answer; None where that is long or stands there more than once."""
    answer = text[start:end]
    if len(answer.split()) > LONGEST or text.casefold().count(answer.casefold()) > 1:
        return None
    if any(WITHIN.search(text[max(0, place - 1) : place + 1]) for place in (start, end)):
        return None
    asked = question.casefold()
    options = next((phrases for pattern, phrases in KINDS if pattern.search(asked)), None)
    before = text[:start]
    if options in (TIMES, PLACES):
        before = BEFORE.sub("", before)
    noun = NOUN.search(asked)
    if options is None:
        options = (*THINGS, *(f"{article} {noun[1]}" for article in ("a certain", "one", "a", "some other"))) if noun else THINGS
    said = rng.choice(options)
    begins = not before.strip() or before.rstrip()[-1] in ".!?\n"
    return before + (said[:1].upper() + said[1:] if begins else said) + text[end:]

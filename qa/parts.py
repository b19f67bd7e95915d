"""Questions that ask for several things: their parts, and which of these an answer leaves open. Pure."""

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Final

from qa.agreement import question_names
from qa.demand import HOW_MANY, WHAT_YEAR, WHEN, WHICH_PERSON, formal_fault
from qa.facts import facts
from qa.query import without_date
from qa.values import amounts, moments
from qa.words import TITLES, fold, is_place, is_stopword, stem, vocabulary, words

AUXILIARY: Final = r"(?:did|does|do|is|are|was|were|will|would|has|have|had|can|could|should|may|might)\b"
PREPOSITION: Final = r"(?:(?:in|by|from|to|at|for|with|on|since|until|of|under) )?"
WH: Final = r"(?:who|whom|whose|what|which|when|where|why|how)\b"
OPENING: Final = re.compile(
    rf"^\W*(?:(?:in|on|at|during|after|before|since|as of)\s[^,:?]{{1,60}}[,:]\s*)?(?:and |so )?(?={PREPOSITION}{WH})", re.I
)
ASKING: Final = (  # how another question begins after "and": its verb stands before whom it is about, or it asks who or which did it
    rf"(?:when|where|why|how|what|who|whom)\s+{AUXILIARY}|how (?:many|much|long|old|far|often|tall|big|high|large)\b"
    rf"|(?:what|which|whose) (?:[\w'’-]+ ){{1,3}}?{AUXILIARY}|what (?:happened|caused|led|made|became)\b|who(?: else)? \w+"
    r"|which \w+(?:ed|s|t)\b"
)
SECOND: Final = re.compile(rf"(?P<gap>,?\s+(?:and|but|or)\s+(?:also\s+|then\s+)?|;\s+(?:and\s+)?)(?={PREPOSITION}(?:{ASKING}))")
COMMA: Final = re.compile(rf"(?P<gap>,\s+)(?={PREPOSITION}(?:(?:when|where|why|how)\s+{AUXILIARY}|how (?:many|much|long|old)\b))")
SHORT: Final = re.compile(rf"(?P<gap>,?\s+and\s+)(?={PREPOSITION}(?:when|where|why|how|whom|who)\s*\?*$)")  # "Where was it, and when?"
JOINED: Final = re.compile(rf"^(?P<one>when|where|why|how) and (?P<other>when|where|why|how) (?P<rest>{AUXILIARY}.*)$", re.I)
QUOTED: Final = re.compile(r"[“\"][^”\"]*[”\"]|(?<!\w)[‘'][^’']*[’'](?!\w)")
WHO: Final = re.compile(rf"^{PREPOSITION}(?:who|whom)\b")
WHO_ARE: Final = re.compile(r"^who (?:(?:are|were)|(?:is|was) (?!the\b|[\w-]+['’]s\b))")  # which a word that is no name may tell
WHERE: Final = re.compile(rf"^{PREPOSITION}where\b")
BARE: Final = re.compile(rf"^{PREPOSITION}(?:when|where|who|whom|why|how)$")
CAPITAL: Final = re.compile(r"\b[^\W\d_a-z][\w’'-]*")
PLACED: Final = re.compile(
    r"\b(?:in|at|near|from|to|on|outside|of|across|along|inside|around|between)\s+(?:the\s+|a\s+|an\s+|its\s+|his\s+|her\s+|their\s+)?\w"
)


def parts(question: str) -> tuple[str, ...]:
    """The questions within a question, in its own words; none where it asks for one thing.

    "When and where was it held?" has the parts "When was it held" and "where was it held". What stands in quotation marks is no part,
    nor is a clause that belongs to a noun: "the man who left and who came back".
    """
    text = without_date(question)[0]
    found = [part for sentence in _questions(text) for part in _split(sentence)]
    return tuple(found) if len(found) > 1 else ()


def unmet(question: str, texts: Sequence[str]) -> tuple[str, ...]:
    """The parts of a question that no text meets in kind (who, when, where, how many), where one at least meets another part.

    Of two parts that ask for a number, or for a time, one value meets but one: not that whose own names no text has.
    """
    asked = parts(question)
    second = {part for form in (HOW_MANY, WHEN) for part in _nameless([part for part in asked if form.search(fold(part))], texts)}
    left = tuple(part for part in asked if part in second or not any(meets(text, part, question) for text in texts))
    return left if len(left) < len(asked) else ()


def _nameless(asked: Sequence[str], texts: Sequence[str]) -> list[str]:
    """Of parts that ask for one kind of thing those with names of their own that no text has, where all texts tell one value."""
    told = [(amounts if HOW_MANY.search(fold(part)) else moments)(text) for part in asked[:1] for text in texts]
    if len(asked) < 2 or len({str(value) for values in told for value in values}) != 1:
        return []
    named = [frozenset(map(stem, question_names(part))) for part in asked]
    present = frozenset().union(*map(vocabulary, texts))
    own = [names.difference(*(named[:place] + named[place + 1 :])) for place, names in enumerate(named)]
    return [part for part, names in zip(asked, own, strict=True) if names and not names & present]


def meets(text: str, part: str, question: str) -> bool:
    """Whether a text holds the kind of thing that a part of a question asks for; what is told by no form (why, how) it may always hold."""
    asked = fold(part)
    if BARE.match(asked):
        asked = f"{asked} was it"
    if WHO_ARE.search(asked):
        return True
    if WHO.search(asked) or WHICH_PERSON.search(asked):
        return any(not is_place(name) for name in _new_names(text, question))
    if WHERE.search(asked):
        return bool(PLACED.search(text) or _new_names(text, question))
    if WHEN.search(asked) or WHAT_YEAR.search(asked) or HOW_MANY.search(asked):
        return formal_fault(text, asked) is None
    return True


def _new_names(text: str, question: str) -> list[str]:
    """The words in capitals that the question does not have, without titles, months and days; a sentence's first word counts too."""
    asked = {stem(word) for word in words(question)}
    new = (name for name in CAPITAL.findall(text) if stem(name) not in asked | TITLES)
    return [name for name in new if not is_stopword(name) and not facts(f"in {name}").times]


def _questions(text: str) -> Iterator[str]:
    """The sentences of a text that ask, without their question marks."""
    plain = QUOTED.sub(lambda match: "_" * len(match[0]), text)
    ends = [match.end() for match in re.finditer(r"\?(?=\s)|(?<=[a-z0-9]{3})\.(?=\s+[A-Z])", plain)]
    for start, end in pairwise([0, *ends, len(text)]):
        sentence = text[start:end].strip()
        if OPENING.match(sentence):
            yield sentence.rstrip("?! ")


def _split(sentence: str) -> list[str]:
    """A question cut where another one begins."""
    if joined := JOINED.match(sentence):
        return [f"{joined['one']} {joined['rest']}", f"{joined['other']} {joined['rest']}"]
    plain = QUOTED.sub(lambda match: "_" * len(match[0]), sentence)
    opening = OPENING.match(plain)
    start = opening.end() if opening else 0
    cuts = sorted(
        {
            match.span("gap")
            for form in (SECOND, COMMA, SHORT)
            for match in form.finditer(plain, start)
            if _begins(plain[start : match.end()], plain[match.end() :])
        }
    )
    first, found = 0, []
    for gap, begin in cuts:
        if gap > first:
            found.append(sentence[first:gap])
            first = begin
    return [part.strip(" ,;").removeprefix("and ") for part in (*found, sentence[first:])]


def _begins(before: str, after: str) -> bool:
    """Whether a question begins after what may be a noun's clause: none does where such a clause has begun with the same word."""
    if len(before.split()) < 3:  # "Who or what is it?"
        return False
    word = next(iter(re.findall(WH, after)), "")
    clause = re.search(rf"\w.*?[\w,]\s(?:{word}|that)\b", before[1:]) if word in ("who", "which", "what", "how", "where", "when") else None
    embedded = re.search(
        r"\b(?:know|knows|say|said|says|tell|told|explain|ask|asked|about|whether|between)\s(?:\w+\s)?(?:who|what|which|when|where|why|how)\b",
        before,
    )
    return not clause and not embedded

"""Claims against evidence: what supports a sentence, and why one is withdrawn. Pure functions over text; no model is asked.

The checks go by the words as they are written: they withdraw what they can show to be otherwise in the source. They cannot tell of a
claim that says the same in other words, or that puts true words together to an untrue sentence.
"""

import re
from collections.abc import Iterator, Sequence
from itertools import combinations, pairwise
from typing import Final

from qa.agreement import (
    Source,
    date_fault,
    is_short_form,
    name_fault,
    names,
    number_fault,
    quotation_fault,
)
from qa.alteration import alteration
from qa.contradiction import contradiction, counterclaim
from qa.demand import ASKS, HOW_MANY, formal_fault, new_words, telling_words
from qa.facts import MONTHS, facts
from qa.scripts import foreign
from qa.spelling import respelt
from qa.stance import Stance, is_hedge, stance
from qa.statement import is_short, stated
from qa.synonyms import synonyms
from qa.types import Claim, Evidence
from qa.words import akin, content_words, fold, one_line, stem, vocabulary, words

MOST_SPANS: Final = 3  # sentences that one claim may need
MOST_POINTED: Final = 6  # pointers of one claim that are tried together
NEIGHBOURS: Final = 300  # characters from one sentence to the next within which they are read together
NEW_WORDS: Final = 0.75  # share of what a claim adds to the question that must stand in its source
ALL_WORDS: Final = 0.65  # share of all its words that must stand there; the others it may have from the question

_LETTERS: Final = r"(?:the (?:letters|abbreviation|acronym|initials) )?([A-Z][\w.&-]*[A-Z]\.?)"
SHORT_FOR: Final = (
    re.compile(rf"\b[Ww]hat (?:is|was) {_LETTERS} (?:short for|an? (?:abbreviation|acronym) (?:of|for))\b"),
    re.compile(rf"\b[Ww]hat (?:do|does|did) {_LETTERS} stand for\b"),
)
REFERRING: Final = re.compile(r"\b(?:he|she|it|they|his|her|its|their|him|them|who)\b", re.IGNORECASE)
EXCLUSIVE: Final = re.compile(r"\b(?:only|solely|exclusively)\b", re.IGNORECASE)
SUPERLATIVE: Final = re.compile(
    r"\b(?!\w*(?:quest|terest|test|arrest|forest|guest|harvest|invest|suggest|honest|modest|priest)\b)\w{3,}est\b"
)


def support(claim: Claim, question: str, evidence: Sequence[Evidence]) -> tuple[tuple[Evidence, ...], str | None]:
    """The smallest set of evidence sentences that supports a claim, and None; or nothing, and why not.

    The sentences that the model pointed at are tried first, then the others in the order of their scores, at last neighbours together.
    The reason is that of the sentences nearest to the claim.
    """
    if reason := kind_fault(claim.text, question):
        return (), reason
    said = {stem(word) for word in content_words(claim.text)}
    nearest, why = -1.0, "it points at no evidence"
    for group in _groups(claim, evidence):
        reason = fault(claim.text, question, group)
        if reason is None:
            return group, None
        likeness = len(said & Source.of(group).present) - len(group) / 10
        if likeness > nearest:
            nearest, why = likeness, reason
    return (), why


def kind_fault(text: str, question: str) -> str | None:
    """Why a text is not the kind of thing that was asked for; of letters that is what they stand for."""
    asked = next((found[1] for form in SHORT_FOR if (found := form.search(question))), None)
    if asked and not _spells(text, asked):
        return f"what {asked} stands for was asked, and it does not tell"
    return formal_fault(text, question)


def _spells(text: str, letters: str) -> bool:
    """Whether words of a text that follow each other begin with these letters, small words counted or not."""
    every = "".join(word[0] for word in words(text))
    capitals = "".join(filter(str.isupper, every))
    parts = ["".join(filter(str.isalpha, part)) for part in letters.split("-")]
    return all(part in capitals or part in every.upper() for part in parts)


def fault(text: str, question: str, group: Sequence[Evidence]) -> str | None:
    """Why these evidence sentences do not support a text; None when they do."""
    source = Source.of(group)
    if one_line(text) in map(one_line, source.texts):
        return None  # a sentence is its own support
    return (
        _letter_fault(text, source)
        or number_fault(text, source)
        or date_fault(facts(text), facts(question), source)
        or name_fault(text, question, source)
        or quotation_fault(text, source)
        or contradiction(stance(text), source.readings, stance(question))
        or alteration(text, source.texts, question)
        or _short_fault(text, question, source)
        or _exaggeration(text, question, source)
        or _uncovered(text, question, source)
    )


def _letter_fault(text: str, source: Source) -> str | None:
    strange = foreign(text, source.scripts)
    return f"“{strange}” is written in letters that its source does not use" if strange else None


def _short_fault(text: str, question: str, source: Source) -> str | None:
    """What is wrong with a name, date or number alone: with the sentence that it makes of its question."""
    if not is_short(text):
        return None
    if not REFERRING.search(" ".join(source.texts)):
        spoken = frozenset().union(*map(vocabulary, source.texts))
        for name in names(f"Is {text}"):
            if not (stem(name) in spoken or is_short_form(name, source.texts) or akin(name, spoken)):
                return f"the name {name} stands only in the heading of its source"
    sentence = stated(text, question)
    if sentence is None:
        return None
    counted = number_fault(sentence, source) if HOW_MANY.search(fold(question)) else None
    return counted or counterclaim(stance(sentence), source.readings)


def _groups(claim: Claim, evidence: Sequence[Evidence]) -> Iterator[tuple[Evidence, ...]]:
    pointed = [item for item in evidence if item.number in claim.pointers][:MOST_POINTED]
    others = sorted((item for item in evidence if item not in pointed), key=lambda item: -item.score)
    yield from ((item,) for item in (*pointed, *others))
    for size in range(2, MOST_SPANS + 1):
        yield from combinations(pointed, size)
    placed = sorted(evidence, key=lambda item: (item.passage.document, item.start))
    for size in range(2, MOST_SPANS + 1):
        for group in zip(*(placed[i:] for i in range(size)), strict=False):
            if all(_are_neighbours(one, other) for one, other in pairwise(group)):
                yield group


def _are_neighbours(one: Evidence, other: Evidence) -> bool:
    return one.passage.document == other.passage.document and other.start - one.end <= NEIGHBOURS


def _exaggeration(text: str, question: str, source: Source) -> str | None:
    if (only := EXCLUSIVE.search(text)) and not any(map(EXCLUSIVE.search, (question, *source.all))):
        return f"it says “{only[0].lower()}”, and its source does not"
    for match in SUPERLATIVE.finditer(text):
        if stem(match[0]) not in source.present:
            return f"it says “{match[0]}”, and its source does not"
    return None


def _uncovered(text: str, question: str, source: Source) -> str | None:
    claimed, new = telling_words(text), new_words(text, question)
    hedged = any(map(Stance.hedged, source.readings))  # then the claim's hedge may be another one
    missing = [word for word in claimed if not (_stands(word, source) or (hedged and is_hedge(word)))]
    strange = [word for word in missing if word in new]
    if len(strange) > (1 - NEW_WORDS) * len(new):
        return f"“{strange[0]}” does not stand in its source"
    if len(missing) > (1 - ALL_WORDS) * len(claimed):
        return f"“{missing[0]}” does not stand in its source"
    told, asked = facts(text), facts(question)
    numbers = {quantity.value for quantity in told.quantities} - {quantity.value for quantity in asked.quantities}
    if ASKS.match(fold(question)) and not (new or told.times or numbers):
        return "it repeats the question"
    return None


def _stands(word: str, source: Source) -> bool:
    if (
        stem(word) in source.present
        or synonyms(stem(word)) & source.present
        or akin(word, source.present)
        or is_short_form(word, source.all)
    ):
        return True
    if word[0].isupper() and any(respelt(word, other) for other in source.capitals):
        return True
    month = MONTHS.get(fold(word)) if word[0].isupper() else None
    return any(stem(form) in source.present for form, number in MONTHS.items() if number == month)

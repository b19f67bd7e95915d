"""Claims against evidence: what supports a sentence, and why one is withdrawn. Pure functions over text; no model is asked.

The checks go by the words as they are written: they withdraw what they can show to be otherwise in the source. They cannot tell of a
claim that says the same in other words, or that puts true words together to an untrue sentence.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations, pairwise
from typing import Final

from qa.agreement import (
    Source,
    date_fault,
    is_known,
    is_short_form,
    name_fault,
    number_fault,
    question_names,
    quotation_fault,
)
from qa.contradiction import contradiction
from qa.demand import ASKS, formal_fault, new_words, telling_words
from qa.facts import MONTH_NAMES, Quantity, facts
from qa.stance import Stance, is_hedge, stance
from qa.types import Claim, Evidence
from qa.words import akin, content_words, fold, stem, vocabulary

MOST_SPANS: Final = 3  # sentences that one claim may need
MOST_POINTED: Final = 6  # pointers of one claim that are tried together
NEIGHBOURS: Final = 300  # characters from one sentence to the next within which they are read together
NEW_WORDS: Final = 0.75  # share of what a claim adds to the question that must stand in its source
ALL_WORDS: Final = 0.65  # share of all its words that must stand there; the others it may have from the question
SMALL_COUNT: Final = 12  # "the two sides", "three reasons": such numbers of a question are not looked for

EXCLUSIVE: Final = re.compile(r"\b(?:only|solely|exclusively)\b", re.IGNORECASE)
SUPERLATIVE: Final = re.compile(
    r"\b(?!\w*(?:quest|terest|test|arrest|forest|guest|harvest|invest|suggest|honest|modest|priest)\b)\w{3,}est\b"
)


def support(claim: Claim, question: str, evidence: Sequence[Evidence]) -> tuple[tuple[Evidence, ...], str | None]:
    """The smallest set of evidence sentences that supports a claim, and None; or nothing, and why not.

    The sentences that the model pointed at are tried first, then the others in the order of their scores, at last neighbours together.
    The reason is that of the sentences nearest to the claim.
    """
    if reason := formal_fault(claim.text, question):
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


def fault(text: str, question: str, group: Sequence[Evidence]) -> str | None:
    """Why these evidence sentences do not support a text; None when they do."""
    source = Source.of(group)
    return (
        number_fault(text, source)
        or date_fault(facts(text), facts(question), source)
        or name_fault(text, question, source)
        or quotation_fault(text, source)
        or contradiction(stance(text), source.readings, stance(question))
        or _exaggeration(text, question, source)
        or _uncovered(text, question, source)
    )


def missing_terms(question: str, group: Sequence[Evidence], surroundings: Iterable[str]) -> tuple[str, ...]:
    """The names, numbers and months of a question that stand neither in the supporting sentences nor in their surroundings."""
    texts = [*(item.text for item in group), *(item.passage.heading for item in group), *surroundings]
    present = frozenset().union(*map(vocabulary, texts))
    told = list(map(facts, texts))
    values = {quantity.value for one in told for quantity in one.quantities}
    months = {date.month for one in told for date in one.dates}
    asked = facts(question)
    numbers = {one.value: str(one) for one in asked.quantities if _is_sought(one) and one.value not in values}
    strange = [name for name in question_names(question) if not is_known(name, present, texts)]
    strange_months = [MONTH_NAMES[month - 1] for month in sorted({date.month for date in asked.dates} - months)]
    return (*_joined(strange, question), *(numbers[value] for value in sorted(numbers)), *strange_months)


def _joined(names: Sequence[str], question: str) -> list[str]:
    """Names that follow each other in the question as one: "Mount Everest"."""
    joined: list[str] = []
    for name in names:
        if joined and f"{joined[-1]} {name}" in question:
            joined[-1] += f" {name}"
        else:
            joined.append(name)
    return joined


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
    return stem(word) in source.present or akin(word, source.present) or is_short_form(word, source.all)


def _is_sought(quantity: Quantity) -> bool:
    return quantity.unit != "ordinal" and (bool(quantity.unit) or quantity.value > SMALL_COUNT)

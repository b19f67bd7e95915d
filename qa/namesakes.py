"""A surname in a question that several people in the evidence bear. Pure."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, takewhile
from typing import Final

from qa.agreement import HONORIFICS, PARTICLES, names
from qa.demand import INSTITUTIONS
from qa.facts import facts
from qa.types import Evidence
from qa.words import TITLES, distance, fold, is_place, is_stopword, skeleton, stem, tolerance, words

TOKEN: Final = re.compile(r"\b[^\W\d_a-z]\.|[^\W\d_]+(?:[’'-][^\W\d_]+)*|\S")  # an initial keeps its stop
BESIDE: Final = re.compile(r"^(?:a|an|the|this|that|every|which|what)$")  # before it in a question no surname stands
NO_FIRST: Final = frozenset(
    "new old north south east west upper lower great greater little saint st san santa los las le la fort mount mt lake port cape royal "
    "central national inter real club hotel team street road operation hurricane storm typhoon cyclone mr mrs ms dr sir lord lady".split()
)
"""Words in capitals before a name that make it one of a place, a club or a storm, or tell nothing of who it is."""
PERSON: Final = re.compile(  # what follows people
    r"^(?:['’]s)?(?:,? (?:who|aged|\d\d,)|,? (?:\w+ly )?(?:said|says|told|tells|added|adds|warned|claimed|argued|wrote|resigned|died|"
    r"married|met|was (?:born|elected|appointed|sworn|arrested|named)|took office|became|thanked|asked|promised|denied))\b"
)
OPENING: Final = re.compile(r"(?:ing|ly|tion|sion|ment|ness|ity|ism|ship)$")  # endings of a sentence's first word that is no name
MOST: Final = 4  # words of a full name


@dataclass(frozen=True, slots=True)
class _Named:
    """A full name without titles, the stems of those before it, and whether the text shows it to be a person's."""

    name: str
    offices: frozenset[str]
    person: bool


def namesakes(question: str, evidence: Sequence[Evidence]) -> tuple[str, ...]:
    """The full names of the people whom a bare surname of the question may mean, in the order of the evidence; none unless two do.

    They are people only where something shows it of one of them: an office before the name, or what people do after it. Of a surname
    with an office they must all have held it.
    """
    texts = tuple(dict.fromkeys(chain.from_iterable((item.text, item.passage.title) for item in evidence)))
    lower = frozenset(word for text in texts for word in words(text) if word[0].islower())
    for surname, office in _bare_surnames(question):
        found = [one for text in texts for one in _full_names(text, surname, lower)]
        people = _people([one.name for one in found if office is None or office in one.offices])
        if len(people) > 1 and any(one.person for one in found):
            return people
    return ()


def _bare_surnames(question: str) -> list[tuple[str, str | None]]:
    """The names of a question that stand alone, or after an office, whose stem goes with them; countries and institutions are none."""
    tokens = words(question)
    named = {*names(question)} if any(token[0].islower() and len(token) > 2 for token in tokens) else set()  # no shouting
    found: dict[str, str | None] = {}
    for place, token in enumerate(tokens):
        name = re.sub(r"['’]s?$", "", token)
        before, after = (tokens[place - 1] if place else ""), (tokens[place + 1] if place + 1 < len(tokens) else "")
        office = stem(before) if stem(before) in TITLES else None
        alone = not before or is_stopword(before) or fold(before) in HONORIFICS or office
        plain = name.isalpha() and not name.isupper() and len(name) > 2 and not is_place(name) and stem(name) not in INSTITUTIONS | TITLES
        if token in named and plain and alone and not (BESIDE.match(fold(before)) or _is_name(after) or after[:1].isdigit()):
            found[name] = office
    return list(found.items())


def _is_name(token: str) -> bool:
    """Whether a word is written like a name, other than a title or the word that opens a question."""
    told = stem(token) in TITLES or fold(token) in HONORIFICS or is_stopword(token)
    return token[:1].isupper() and not told and not facts(f"in {token}").times


def _full_names(text: str, surname: str, lower: frozenset[str]) -> Iterator[_Named]:
    """Each run of names in a text that ends with a surname."""
    matches = list(TOKEN.finditer(text))
    tokens = [re.sub(r"['’]s$", "", match[0]) for match in matches]
    for place, token in enumerate(tokens):
        follows = tokens[place + 1] if place + 1 < len(tokens) else ""
        if fold(token) != fold(surname) or not token[0].isupper() or _is_name(follows):
            continue
        run = list(takewhile(_may_lead, reversed(tokens[max(0, place - 2 * MOST) : place])))[::-1]
        offices = frozenset(stem(word) for word in run if stem(word) in TITLES or fold(word) in HONORIFICS)
        first = _first_names(run, opens=len(run) == place, lower=lower)
        if first:
            person = bool(offices or PERSON.match(text[matches[place].start() + len(token) :]))
            yield _Named(" ".join((*first, token)), offices, person)


def _may_lead(word: str) -> bool:
    """Whether a word may be part of a name: in capitals and with content, or a "von"."""
    return word in PARTICLES or (word[0].isupper() and not is_stopword(word))


def _first_names(run: Sequence[str], *, opens: bool, lower: frozenset[str]) -> tuple[str, ...]:
    """The names before a surname; none where one of them is a word of another kind. `opens`: the run begins its text."""
    last_title = max((i for i, word in enumerate(run) if stem(word) in TITLES or fold(word) in HONORIFICS), default=-1)
    first = tuple(run[last_title + 1 :])
    while first and first[0] in PARTICLES:
        first = first[1:]
    if not first or len(first) >= MOST:
        return ()
    odd = any(_is_no_first_name(word, lower) for word in first if word not in PARTICLES)
    return () if odd or (opens and last_title < 0 and OPENING.search(fold(first[0]))) else first


def _is_no_first_name(word: str, lower: frozenset[str]) -> bool:
    plain = fold(word).rstrip(".")
    shown = plain in lower or plain in NO_FIRST or is_stopword(word) or is_place(word) or bool(facts(f"in {word}").times)
    return shown or stem(word) in INSTITUTIONS or (word.isupper() and len(word) > 2)


def _people(names: Sequence[str]) -> tuple[str, ...]:
    """Names of different people: of those that may be one person's ("J. Holm", "Jan Holm", "Jan Erik Holm") the longest."""
    found: list[str] = []
    for name in dict.fromkeys(names):
        same = next((i for i, other in enumerate(found) if _same_person(name, other)), None)
        if same is None:
            found.append(name)
        elif len(name) > len(found[same]):
            found[same] = name
    return tuple(found)


def _same_person(one: str, other: str) -> bool:
    """Whether one of two names has no first name that the other could not have, in full, in short or spelt in another way."""
    ones, others = (fold(name).replace(".", "").split()[:-1] for name in (one, other))
    shorter, longer = sorted((ones, others), key=len)
    return all(any(_same_first(name, candidate) for candidate in longer) for name in shorter)


def _same_first(one: str, other: str) -> bool:
    short, long = sorted((one, other), key=len)
    alike = distance(one, other, most) <= most if (most := tolerance(short)) else one == other
    return long.startswith(short) or alike or (len(skeleton(one)) > 1 and skeleton(one) == skeleton(other))

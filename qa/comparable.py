"""Whether two sentences may be compared for an answer: they speak of one thing, at one time, in one mood. Pure."""

import datetime
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Literal

from qa.agreement import is_known, names, question_names
from qa.dating import wants_now
from qa.demand import HOW_LONG, HOW_MANY, WHAT_YEAR, WHEN, WHICH_PERSON, WHO_OR_WHERE
from qa.facts import facts
from qa.query import Period, without_date
from qa.stance import stance
from qa.types import Evidence
from qa.values import Moment, meet, moments
from qa.words import TITLES, akin, content_words, fold, stem, vocabulary, words

Kind = Literal["time", "amount", "name", "other"]

ANSWERS: Final = 0.6
"""Probability, as the second reader sees it, that a sentence answers, from which on its likely words count as a name that answers, or tell
which of several values is meant. Chosen: it is wrong with two in five there, and every other condition has to hold too."""
SURE: Final = 0.8
"""The same from which on two sentences that share but the names of a question tell of one thing. With ANSWERS in its place there were two
false alarms on 411 questions of SQuAD 2.0, each of the two likeliest sentences taken as the answer; with 0.8 neither."""
LACKING: Final = 0.25
"""Share of the question's words that a sentence may lack where the second reader takes it for an answer; of any other none. Chosen."""
ALIKE: Final = 0.6
"""Share of common words, numbers left out, from which on two sentences tell of one thing whatever was asked. Chosen, below SAME_STORY, as
what differs is to be found."""
NAMELESS: Final = 0.5
"""The same for a question without names, whose words alone do not fix what it is about. Chosen."""
AROUND: Final = datetime.timedelta(days=31)  # of the days "as of" which a question asks
FRESH: Final = datetime.timedelta(days=7)  # by which a rival may be older than what is told as the latest
AMOUNT: Final = re.compile(
    r"\b(?:what|which) (?:is|was|were|are|percent\w*|share) (?:\w+ ){0,4}(?:price|cost|population|length|height|width|depth|weight|size|"
    r"area|distance|percentage|share|proportion|rate|number|toll|total|value|worth|budget|temperature|speed|age|turnout|amount|sum|salary|fine|fee)\b"
    r"|\b(?:at )?what time\b|\bhow (?:big|large|deep|wide|fast|hot|cold)\b"
)
ONE_ONLY: Final = re.compile(  # questions that one name answers
    r"\b(?:first|last|only|\w{3,}est|w[io]n|wrote|painted|composed|invented|discovered|succeed\w*|replac\w+|born|die[ds]?|buried|headquartered)\b"
    r"|\bwho (?:is|was) (?:the )?(?:\w+(?:['’]s)? ){0,2}"
    r"(?:president|minister|king|queen|chancellor|ambassador|secretary|governor|mayor|leader|director|captain|coach|winner|author|chief)\b"
)
PAST: Final = re.compile(r"\b(?:did|was|were|had)\b")
SAID: Final = frozenset({"today", "yesterday"})  # days that two articles of one event may tell
IGNORED: Final = frozenset(
    stem(word) for word in "former people person number amount total kind name year date day month time place take happen occur".split()
)
EQUALS: Final = tuple(  # words that tell the same of an event
    frozenset(map(stem, group.split()))
    for group in (
        "kill die dead death toll fatality", "injure wound hurt", "begin start", "buy purchase acquire", "quake earthquake",
        "cost price worth", "inhabitant resident population live", "hold take",
    )
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Asked:
    """A question, read for what a rival must speak of."""

    text: str
    kind: Kind
    period: Period | None
    now: bool
    stems: frozenset[str]
    words: tuple[str, ...]
    names: tuple[str, ...]
    moments: tuple[Moment, ...]
    past: bool

    @classmethod
    def of(cls, question: str) -> "Asked":
        text, period = without_date(question)
        named = tuple(question_names(text))
        content = [word for word in content_words(text) if stem(word) not in IGNORED | TITLES and not facts(word).quantities]
        return cls(
            text, _kind(fold(text)), period, wants_now(question), vocabulary(text),
            tuple(word for word in content if word not in named), named, moments(text), bool(PAST.search(fold(text))),
        )  # fmt: skip


def _kind(asked: str) -> Kind:
    if WHEN.search(asked) or WHAT_YEAR.search(asked):
        return "time"
    if HOW_MANY.search(asked) or HOW_LONG.search(asked) or AMOUNT.search(asked):
        return "amount"
    return "name" if (WHO_OR_WHERE.search(asked) or WHICH_PERSON.search(asked)) and ONE_ONLY.search(asked) else "other"


def same_matter(asked: Asked, source: Evidence, item: Evidence) -> bool:
    """Whether a sentence has all words of the question that the supporting one has, and its names, and tells of no one else."""
    alike = likeness(source.text, item.text)
    if asked.kind == "other" and alike < ALIKE:
        return False
    heading = vocabulary(item.passage.heading)
    present = vocabulary(item.text)
    if not all(_is_named(name, source, item) for name in asked.names):
        return False
    here = [word for word in asked.words if _stands(word, vocabulary(source.text))]
    above = [word for word in asked.words if word not in here and _stands(word, vocabulary(source.passage.heading))]
    lacking = [word for word in here if not _stands(word, present)] + [word for word in above if not _stands(word, present | heading)]
    if len(lacking) > (LACKING * len(asked.words) if surely_answers(item) else 0) or _is_nearer(asked, source, item):
        return False
    if not asked.names:
        return len(here) > 1 and alike >= NAMELESS
    both = all(one.answers is not None and one.answers >= SURE for one in (source, item))
    return bool(here or alike >= ALIKE or both) and not _tells_of_another(asked, source, item, present)


def _is_nearer(asked: Asked, source: Evidence, item: Evidence) -> bool:
    """Whether a sentence has a name of the question, or many of its words, that the answer's source lacks: then the answer is about
    something else, and the sources do not differ."""
    around = (source.text, source.passage.heading, source.passage.text)
    present, own = frozenset().union(*map(vocabulary, around)), vocabulary(item.text)
    strange = [name for name in asked.names if is_known(name, own, (item.text,)) and not is_known(name, present, around)]
    near = vocabulary(source.text) | vocabulary(source.passage.heading)
    lacking = [word for word in asked.words if _stands(word, own) and not _stands(word, near)]
    return bool(strange) or len(lacking) > LACKING * len(asked.words)


def same_time(asked: Asked, source: Evidence, item: Evidence) -> bool:
    """Whether no date, year or weekday shows that two sentences tell of different times, or one of another than was asked for."""
    one, other = _times(source), _times(item)
    if asked.moments and other and not meet(asked.moments, other):
        return False
    if one and other and not meet(one, other):
        return False
    if bool(one) != bool(other) and not asked.past and not asked.moments:
        dated = (item if one else source).passage.date
        if not dated or not any(moment.year == int(dated[:4]) for moment in one or other):
            return False
    days, others = facts(source.text), facts(item.text)
    if days.weekdays and others.weekdays and not days.weekdays & others.weekdays:
        return False
    return not (days.relative ^ others.relative) - SAID


def mood(item: Evidence, value: str) -> tuple[bool, bool]:
    """Whether a sentence tells a value as a hope, a plan or a possibility, and whether it denies anything."""
    read, told_words = stance(item.text), frozenset(map(stem, words(value)))
    return bool(told_words & read.reached("possible", "planned", "future")), any(read.of("denied"))


def timely(asked: Asked, group: Sequence[Evidence], item: Evidence) -> bool:
    """Whether an article is near the day that was asked for; of the latest, not older than what the answer stands on."""
    date = datetime.date.fromisoformat(item.passage.date) if item.passage.date else None
    if asked.period:
        return date is None or asked.period[0] - AROUND <= date <= asked.period[1] + AROUND
    newest = max((one.passage.date for one in group if one.passage.date), default=None)
    if asked.now:
        return bool(date and newest) and date is not None and date >= datetime.date.fromisoformat(newest or "") - FRESH
    return True


def surely_answers(item: Evidence) -> bool:
    """Whether the second reader is sure enough that a sentence answers, and with which words."""
    return item.answers is not None and item.answers >= ANSWERS and bool(item.likely)


def likeness(one: str, other: str) -> float:
    """The share of common words of two texts, numbers left out."""
    ones, others = _bare_stems(one), _bare_stems(other)
    return len(ones & others) / max(1, len(ones | others))


@lru_cache(maxsize=512)
def _bare_stems(text: str) -> frozenset[str]:
    return frozenset(stem(word) for word in content_words(text) if not facts(word).quantities)


def _is_named(name: str, source: Evidence, item: Evidence) -> bool:
    """Whether a name of the question stands in a sentence or its heading, or where the answer's source has it no nearer, in its passage;
    then it may be lacking where the second reader takes the sentence for an answer."""

    def known(*texts: str) -> bool:
        return is_known(name, frozenset().union(*map(vocabulary, texts)), texts)

    headings = source.passage.heading, item.passage.heading
    return known(item.text, headings[1]) or (not known(source.text, headings[0]) and (surely_answers(item) or known(item.passage.text)))


def _tells_of_another(asked: Asked, source: Evidence, item: Evidence, present: frozenset[str]) -> bool:
    """Whether a sentence that has no name of the question has names that what supports the answer does not know."""
    if any(is_known(name, present, (item.text,)) for name in asked.names):
        return False
    around = f"{source.passage.text} {source.passage.title} {item.passage.title} {asked.text}"
    return any(not is_known(name, vocabulary(around), (around,)) for name in names(item.text))


def _stands(word: str, present: frozenset[str]) -> bool:
    root = stem(word)
    return root in present or akin(word, present) or any(root in group and group & present for group in EQUALS)


def _times(item: Evidence) -> tuple[Moment, ...]:
    return (*moments(item.text), *moments(item.passage.title))

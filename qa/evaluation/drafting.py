"""What a question can be drafted for, how it must begin, and what speaks against one that was written. Pure.

An answer is a name, a number or a time that stands in a sentence. Each check of a question has a reason for refusal.
"""

import itertools
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal

from qa.demand import SECOND_QUESTION, TIME_UNITS, formal_fault, telling_words
from qa.evaluation.swap import ADJECTIVES, Source, names
from qa.evidence import LEANS
from qa.facts import MONEY, MONTHS
from qa.terms import missing_terms
from qa.words import akin, content_words, fold, is_place, is_stopword, stem, vocabulary, words

Kind = Literal["person", "country", "name", "long form", "office", "time", "money", "share", "length", "count"]
NAMED: Final[tuple[Kind, ...]] = ("person", "country", "name")
NUMBERED: Final[tuple[Kind, ...]] = ("money", "share", "length", "count")

MOST_ANSWER: Final = 8  # words
FEWEST_WORDS: Final = 7  # of a question
MOST_WORDS: Final = 30
MOST_TITLE: Final = 4  # words of an office that a question begins with
KNOWN: Final = 0.75  # share of the question's words that must stand in the sentence or its headline
BESIDE: Final = 0.5  # share of the words beside the answer that the question may leave out

CLASSES: Final = frozenset(
    """
    university foundation institute agreement doctrine treaty war sea ocean department fund association party company bank court council
    agency committee museum hospital airport conference operation province region newspaper magazine mine project programme program river
    island city district state county school college firm church club team union festival award prize law act bill pact framework
    """.split()
)
"""Words that tell what sort of thing a name is of."""
LANDFORMS: Final = frozenset("mount lake cape fort port point bay gulf san saint st".split())  # what names of places begin with
SPEAKS: Final = re.compile(r"\b(?:said|by|says|chief|leader|of) $")
SPOKEN: Final = re.compile(r", (?:an?|the|who)\b|,? (?:is|was|has|had|said|who|took|in)\b")
AHEAD: Final = re.compile(r"\b([A-Z][a-z]+ (?:[a-z]+ )?[a-z]+(?<!ed)(?<!ing)) (?:the |The )?$")
IN: Final = re.compile(r"\b(?:in|at|near|from|visited|traveled to|visit to) (?:the )?$")
HELPERS: Final = (
    "a an the of in on at by for from to with between and or that who which was were is are did does do has have had been be after before "
    "during as into over under against according not when where about will would can could may might more than".split()
)
_MONTH: Final = "|".join(name.title() for name in MONTHS if len(name) > 3 or name == "may")
TIME: Final = re.compile(
    rf"(?:(?:\d{{1,2}}(?:st|nd|rd|th)? )?(?:{_MONTH})(?: \d{{1,2}}(?:st|nd|rd|th)?)?(?:,? \d{{4}})?|"
    r"(?:(?:summer|winter|spring|autumn|early|late) (?:of )?)?\b(?:19|20)\d\d)(?![\w–-])(?! (?:last|this|next)\b)"
)
_AMOUNT: Final = r"\d[\d,]*(?:\.\d+)?(?:\s(?:thousand|million|billion|trillion|crore|lakh))?"
NUMBERS: Final[dict[Kind, re.Pattern[str]]] = {
    "money": re.compile(rf"(?:[$€£¥₹]|Rs\.? ?)\s?{_AMOUNT}|{_AMOUNT} (?:dollars|euros|pounds|rupees|yen|yuan|kronor|roubles)"),
    "share": re.compile(r"\d[\d.]*\s?(?:%|per ?cent)"),
    "length": re.compile(rf"(?<![\w,.-]){_AMOUNT} (?:year|month|week|day|hour|minute|kilometre|kilometer|mile|metre)s?\b"),
    "count": re.compile(rf"(?<![\w,.$€£-])(?!(?:19|20)\d\d\b){_AMOUNT}(?= [a-z]{{3}})"),
}
BARE: Final = re.compile(r"\bthe [a-z]+(?= (?:is|was|are|were|has|had|will|[a-z]+ed(?! by [A-Z]))\b|\?)")
LONG_FORM: Final = re.compile(r"\b(?!The )([A-Z][\w-]+(?: (?:and |of |for |the |& )*[A-Z][\w-]+)+) \(([A-Z][A-Z-]+)\)")
OFFICE: Final = re.compile(r"(?!.*(?:[’']|[Ff]ormer))(?:\w+ ){1,3}\w*[^\Ws]")
RANK: Final = re.compile(r"(?<=Chief) (?:General|Admiral|Colonel|Captain)$")
POINTING: Final = re.compile(
    r"\b(?:he|she|it|they|him|them|these|those|this|here|i|we|you|our|your|latter|the former(?= (?:was|is|did|has|had)|\?)|mentioned|"
    r"following|recent\w*|current\w*|last|next|today|yesterday|tomorrow|now|new|latest|upcoming|ongoing|previous\w*|earlier|same|"
    r"monday|tuesday|wednesday|thursday|friday|saturday|sunday|(?:this|the) (?:passage|article|sentence|text|author|authors|answer))\b|"
    r"\baccording to the (?!\w+ [A-Z]|[A-Z])",
)
POSSESSIVES: Final = re.compile(r"\b(?:its|his|her|their|that)\b")
VAGUE: Final = re.compile(
    r"\b[Tt]he ((?:[\w’'.-]+ ){0,3}?)(agreement|deal|pact|treaty|accord|memorandum|meeting|visit|talks|delegation|statement|report|source|"
    r"officer|official|analyst|minister|countries|nations|sides|parties|two|move|announcement|development|programme|program|project|"
    r"conference|situation|company|group|leader|leadership|relationship|relations|attack|operation|strategy|event|decision|document|"
    r"signing|arrangement|shipments|author|dialogue|cooperation|defence|defense|outpost|region|issue|commission|mine|chief|lawmakers|"
    r"members|ministry|government|cabinet|army|military|country|nation|discussions|discussion|response|posture|framework)s?\b"
    r"(?! (?:of|between|with|that|which|who|signed|led|held|on|to|for|from|by|at|against|over|named|called|known|[A-Z]))"
)
RELATION: Final = re.compile(
    r"\b(after|before|until|since|following)\b(?:(?!\b(?:and|when|while)\b)[^.;]){0,60}$|"
    r"\b(by)(?: the (?:end|start|beginning|middle) of)? $",
    re.IGNORECASE,
)
JOINED: Final = re.compile(
    r"^(?:\s?\([^)]*\))?(?:,|,? (?:and|or|as well as|along with|together with|later|to|through)\b)"
    r"(?: (?:the|a|in|on|of|at|by|later|then|from|[A-Z][\w.’'-]*))*\s*$"
)
CLAUSE: Final = re.compile(r"[,;:—–]|\b(?:which|who|that|and|but|when|while|after|before)\b")
OWN: Final = frozenset("ministry government cabinet army military leadership country nation chief".split())
"""What a country has one of, so that its name tells which."""


@dataclass(frozen=True, slots=True)
class Draft:
    """An answer that stands in a sentence and, once it is written, the question for it."""

    source: Source
    answer: str
    kind: Kind
    start: int
    question: str = ""


def answers_in(source: Source) -> tuple[Draft, ...]:
    """The names, times, numbers and quoted words of a sentence that a question could ask for."""
    text = source.text
    found = [Draft(source, name.text, name.kind, name.start) for name in names(text)]
    found += [Draft(source, match[0], "time", match.start()) for match in TIME.finditer(text)]
    found += [Draft(source, match[1], "long form", match.start()) for match in LONG_FORM.finditer(text) if abbreviates(match[2], match[1])]
    offices = [(RANK.sub("", name.title), text.rfind(name.title, 0, name.start)) for name in names(text) if OFFICE.fullmatch(name.title)]
    found += [Draft(source, title, "office", start) for title, start in offices if start >= 0]
    for kind in NUMBERED:
        found += [Draft(source, match[0], kind, match.start()) for match in NUMBERS[kind].finditer(text)]
    return tuple(draft for draft in found if not any(_inside(draft, other) for other in found))


def _inside(draft: Draft, other: Draft) -> bool:
    end, others_end = draft.start + len(draft.answer), other.start + len(other.answer)
    return other.start <= draft.start and end <= others_end and len(draft.answer) < len(other.answer)


def abbreviates(short: str, long: str) -> bool:
    """Whether capitals are the initials of a name, small words of which may be left out: "CIS-MOA"."""
    initials = [word[0].upper() for word in re.split(r"[\s-]", long) if word[0].isalnum()]
    capitals = [word[0] for word in re.split(r"[\s-]", long) if word[0].isupper()]
    letters = short.replace("-", "")
    return letters in ("".join(initials), "".join(capitals)) or bool(re.fullmatch(".?".join(letters), "".join(initials)))


def answer_fault(draft: Draft) -> str | None:
    """Why the words of a sentence are no answer to draft a question for."""
    text, end = draft.source.text, draft.start + len(draft.answer)
    if len(words(draft.answer)) > MOST_ANSWER or text[draft.start - 1 : draft.start].isalnum() or text[end : end + 1].isalnum():
        return "the answer is no whole words, or too many"
    if text[: draft.start].endswith(("-", "–")) or text[end : end + 1] in ("-", "–"):
        return "the answer is part of a compound"
    if text.count(draft.answer) > 1:
        return "the answer stands there twice"
    if re.match(r"\w+:", text) and end <= text.index(":"):
        return "the answer is the place of a dateline"
    if draft.kind == "country" and fold(draft.answer) in ADJECTIVES:
        return "the answer is an adjective"
    return None if opening(draft) else "nothing tells what sort of thing the answer is"


def form_fault(draft: Draft) -> str | None:
    """Why a question is not one whole question of a fair length."""
    question = draft.question
    if not question.endswith("?") or re.search(r"[?!:;\n]|[a-z]{3}\. ", question[:-1]) or SECOND_QUESTION.search(fold(question[1:])):
        return "it is not one question"
    if not FEWEST_WORDS <= len(words(question)) <= MOST_WORDS:
        return "it is too short or too long"
    if question.count('"') % 2 or question.count("“") != question.count("”"):
        return "a quotation is not closed"
    return None


def pointing_fault(draft: Draft) -> str | None:
    """Why a question is not clear to one who does not see the sentence."""
    question = draft.question
    if match := POINTING.search(question) or POINTING.search(fold(question)):
        return f"“{match[0]}” points at something outside the question"
    if match := BARE.search(question):
        return f"“{match[0]}” does not say which"
    named = [name for name in names(question) if name.kind != "country"]
    for match in POSSESSIVES.finditer(question):
        if match[0] != "that" and not any(name.end <= match.start() for name in names(question)):
            return f"“{match[0]}” has no noun"
    for match in VAGUE.finditer(question):
        proper = [word for word in match[1].split() if word[0].isupper() or word[0].isdigit()]
        if not any(not is_place(word.rstrip("’'s")) for word in proper) and not (proper and match[2] in OWN):
            return f"“{match[0]}” does not say which"
    titled = draft.kind == "person" and any(map(is_place, words(question))) and question.startswith("Which ")
    if (
        not named
        and not titled
        and len({stem(word) for word in content_words(question) if is_place(word)}) < 2
        and not re.search(r"\d", question)
    ):
        return "it names too little"
    return None


def leak_fault(draft: Draft) -> str | None:
    asked = {stem(word) for word in words(draft.question.removeprefix(opening(draft)))}
    told = {stem(word) for word in content_words(draft.answer)} - {stem(unit) for unit in (*TIME_UNITS, *MONEY)}
    return "the question gives the answer away" if asked & told else None


def kind_fault(draft: Draft) -> str | None:
    """Why an answer is not the kind of thing that was asked for."""
    return (
        formal_fault(draft.answer, draft.question) if draft.question.startswith(opening(draft)) else "the question asks for something else"
    )


def opening(draft: Draft) -> str:
    """How a question for this kind of answer begins; empty where nothing tells."""
    text, end = draft.source.text, draft.start + len(draft.answer)
    return OPENINGS[draft.kind](draft, text[: draft.start], text[end:])


def _time_opening(draft: Draft, before: str, after: str) -> str:  # noqa: ARG001
    months = any(fold(word) in MONTHS for word in words(draft.answer))
    return "In which year" if draft.answer.isdigit() else "When" if re.search(r"\d", draft.answer) or not months else "In which month"


def _money_opening(draft: Draft, before: str, after: str) -> str:  # noqa: ARG001
    return "" if re.match(r" [A-Za-z]{3}", after) else "How much"  # of "a $7 billion programme" nothing short is asked


def _length_opening(draft: Draft, before: str, after: str) -> str:  # noqa: ARG001
    return f"{'For how' if before.endswith('for ') else 'How'} many {draft.answer.rsplit(maxsplit=1)[-1]}"


def _count_opening(draft: Draft, before: str, after: str) -> str:  # noqa: ARG001
    following = re.match(r"(?: [a-z][\w-]+){1,2}", after)
    counted = tuple(itertools.takewhile(lambda word: not is_stopword(word), following[0].split() if following else ()))
    return " ".join(("How many", *counted)) if counted else ""


def _person_opening(draft: Draft, before: str, after: str) -> str:  # noqa: ARG001
    title = next((name.title for name in names(draft.source.text) if name.start == draft.start), "").replace("Former", "former")
    return f"Which {title}" if 0 < len(title.split()) <= MOST_TITLE and not re.search(r"[’']s?\b|s$", title) else "Who"


def _full_opening(draft: Draft, before: str, after: str) -> str:  # noqa: ARG001
    return f"What does {after[2 : after.index(')')]} stand for"


def _office_opening(draft: Draft, before: str, after: str) -> str:  # noqa: ARG001
    person = next((name for name in names(draft.source.text) if name.start > draft.start), None)
    return f"What office does {person.text} hold" if person and " " in person.text and person.kind == "person" else ""


def _named_opening(draft: Draft, before: str, after: str) -> str:
    """What sort of thing a name is of, as far as the words in it and beside it tell."""
    name = draft.answer
    follows = re.match(r" ([a-z]+)\b", after)
    ahead = AHEAD.search(before)
    parts = [fold(part) for part in (name.rsplit(maxsplit=1)[-1], name.split(maxsplit=1)[0]) if " " in name]
    inside = next((part for part in parts if part in CLASSES), None)
    if follows and follows[1] in CLASSES:
        return f"Which {follows[1]}"
    if ahead and is_place(ahead[1].split()[0]) and not any(map(is_stopword, ahead[1].split())):
        return f"Which {ahead[1]}"
    if inside:
        return f"Which {inside}"
    if IN.search(before) and not re.match(r"['’-]| [a-z]{3,}(?<!and)(?<!for)", after):
        return "Where"
    human = (
        " " in name
        and not any(map(is_place, name.split()))
        and fold(name.split()[0]) not in LANDFORMS
        and not re.search(r"[A-Z]{2}|-| of | & ", name)
    )
    return "Who" if human and (SPOKEN.match(after) or SPEAKS.search(before)) else ""


OPENINGS: Final[dict[Kind, Callable[[Draft, str, str], str]]] = {
    "time": _time_opening,
    "money": _money_opening,
    "length": _length_opening,
    "count": _count_opening,
    "person": _person_opening,
    "long form": _full_opening,
    "office": _office_opening,
    "name": _named_opening,
    "share": lambda *_: "What percentage",
    "country": lambda *_: "Which country",
}


def strange_fault(draft: Draft) -> str | None:
    """Why a question goes beyond its sentence: other names or numbers, or too many other words."""
    near = [draft.source.text, draft.source.passage.title, draft.source.before if LEANS.match(draft.source.text) else ""]
    if missing := missing_terms(draft.question, (), near):
        return f"“{missing[0]}” does not stand in the sentence"
    if strange := set(re.findall(r"\d+", draft.question)) - set(re.findall(r"\d+", " ".join(near))):
        return f"“{min(strange)}” does not stand in the sentence"
    asked = [word for word in content_words(draft.question) if stem(word) not in CATEGORIES]
    present = vocabulary(" ".join(near))
    unknown = [word for word in asked if stem(word) not in present and not akin(word, present)]
    if len(unknown) > (1 - KNOWN) * len(asked) or len(unknown) > 2:
        return f"“{unknown[0]}” does not stand in the sentence"
    return None


def list_fault(draft: Draft) -> str | None:
    """Why an answer is one of several: the sentence puts another of its kind beside it, which the question does not name."""
    text, end = draft.source.text, draft.start + len(draft.answer)
    asked = vocabulary(draft.question)
    for other in answers_in(draft.source):
        beyond = other.start + len(other.answer)
        between = text[end : other.start] if other.start >= end else text[beyond : draft.start]
        apart = opening(draft).startswith("Which ") and opening(other) != opening(draft)
        named = {stem(word) for word in content_words(other.answer)} <= asked
        if (
            other.start != draft.start
            and (other.kind == draft.kind or {other.kind, draft.kind} <= {*NAMED})
            and JOINED.search(between)
            and not (apart or named)
        ):
            return f"“{other.answer}” may be asked for as well"
    return None


def time_fault(draft: Draft) -> str | None:
    """Why a time is not that of what is asked: the sentence says after, before, until … and the question does not."""
    if draft.kind != "time":
        return None
    match = RELATION.search(draft.source.text[: draft.start])
    said = (match[1] or match[2]).lower() if match else ""
    return None if said in ("", *words(fold(draft.question))) else f"the sentence says “{said}”, the question does not"


def clause_fault(draft: Draft) -> str | None:
    """Why a question is about another part of the sentence than that of the answer."""
    text, end = draft.source.text, draft.start + len(draft.answer)
    before, after = CLAUSE.split(text[: draft.start])[-1], CLAUSE.split(text[end:])[0]
    beside = [word for word in telling_words(f"{before} {after}") if not fold(word).endswith("ly")]
    asked = vocabulary(draft.question)
    strange = [word for word in beside if stem(word) not in asked]
    return f"the answer stands beside “{strange[0]}”, of which nothing is asked" if len(strange) > BESIDE * len(beside) else None


CHECKS: Final[tuple[Callable[[Draft], str | None], ...]] = (
    form_fault,
    leak_fault,
    pointing_fault,
    kind_fault,
    strange_fault,
    list_fault,
    time_fault,
    clause_fault,
)
CATEGORIES: Final = frozenset(
    stem(word)
    for word in """
    person people country nation city town place year date day month number percentage percent amount name kind type organisation company
    agency event reason title office position long much many large old occur happen take locate call
    """.split()
)


def fault(draft: Draft) -> str | None:
    """Why a question is no good, by its sentence alone; None when nothing speaks against it."""
    if draft.kind in ("long form", "office"):
        return None
    return next((reason for check in CHECKS if (reason := check(draft))), None)

"""What a question asks for, and whether a text is that kind of thing at all. Pure."""

import re
from collections.abc import Sequence
from typing import Final

from qa.facts import SCALES, SMALL, TENS, UNITS, Quantity, facts
from qa.stance import is_past
from qa.words import TITLES, content_words, fold, is_place, same_name, stem, words

ASKS: Final = re.compile(r"\b(?:who|whom|whose|what|when|where|why|how|which)\b")
SECOND_QUESTION: Final = re.compile(r"(?:\b(?:and|or)\b|,) (?:\w+ )?(?:who|whom|what|when|where|why|how|which)\b")
HOW_MANY: Final = re.compile(r"\bhow (?:many|much|old|tall|far|high|heavy)\b|\bwhat (?:percent\w*|share|age)\b")
HOW_LONG: Final = re.compile(r"\bhow (?:long|often)\b")
WHEN: Final = re.compile(
    r"^\W*(?:(?:since|until|by|from) )?when (?:did|do|does|was|were|is|are|will|would|has|have|had|can|could|may|might|should|shall)\b"
)
WHAT_YEAR: Final = re.compile(r"\b(?:what|which) (?:year|date|day|month|century)\b")
WHO_OR_WHERE: Final = re.compile(r"^\W*(?:(?:to|by|with|from|in|for) )?(?:who|whom|where)\b")
WHICH_NAME: Final = re.compile(
    r"\b(?:which|what) (?:(?!(?:the|d(?:id|o|oes)|is|are|was|were|ha[sd]|have|will)\b)[\w-]+ ){0,3}"
    r"(?:city|town|village|country|state(?! that)|province|district|capital|continent|river|university|company|"
    r"channel|newspaper|magazine|publication|agency|party|bank|organi[sz]ation)\b|"
    r"\b(?:what|which) (?:is|was|are|were) the (?:full |first |last )?names?\b"
)
WHICH_PERSON: Final = re.compile(
    r"\b(?:which|what) (?!(?:country|nation|state|city|company|team|party)['’]s)"
    r"(?:(?!(?:the|d(?:id|o|oes)|is|are|was|were|ha[sd]|have|will)\b)[\w'’-]+ ){0,4}"
    r"(?:minister|president|general|senator|governor|mayor|ambassador|secretary|judge|king|queen|pope|bishop|chancellor|leader|official|officer|"
    r"lawmaker|politician|person|player|athlete|actor|actress|singer|author|writer|director|scientist|professor|doctor|lawyer)\b"
    r"(?![-’' ](?:office|level|election|assembly|strike|hospital|public|theory|rule|s)s?\b)"
)
INSTITUTIONS: Final = frozenset(
    stem(word)
    for word in """
    agreement framework treaty pact accord deal act law bill ministry department office army navy force forces court council university
    college school company corporation group party bank committee commission organization agency association union congress parliament
    senate assembly house program plan policy strategy doctrine command summit conference meeting declaration statement report award prize
    cup league war day
    """.split()
)
"""Stems of words that make a name one of something other than a person."""
CAPITALS: Final = re.compile(
    r"(?<!\bin )(?<!\bat )(?<!\bnear )\b[A-Z][\w.’'-]*(?: (?:(?:al|bin|van|von|de|der|da|of|for|the) )?[A-Z][\w.’'-]*)*"
)
OFFICE: Final = r"(?:president|minister|king|queen|chancellor|ambassador|secretary|governor|mayor|leader)s?"
OFFICE_OF: Final = (
    re.compile(rf"\b(?i:{OFFICE}) (?:of|from) (?:the )?[A-Z][\w-]*"),
    re.compile(rf"\b[A-Z][\w-]*(?:['’]s)? (?:\w+ )?(?i:{OFFICE})\b"),
)
WHICH_TOWN: Final = re.compile(r"\b(?:which|what) (?:\w+ )?(?:city|town|village|capital)\b")
IN_PLACE: Final = re.compile(r"\b(?:in|at|near|to|into|from|is|was) (?:the )?((?:[A-Z][\w’'-]* )*[A-Z][\w’'-]*)")
SHORT: Final = 4  # telling words; a text that has no more may be a bare name
NO_NAME: Final = re.compile(r"(?:(?<!s)s|ing|ed|ly|tion|ment|ness|ity|ism|ship|ance|ence|body|thing|one|police|water|each|half)$")
LONG: Final = re.compile(r"(?:\S+\s+){14}")  # a text that is no bare name with something added
AMOUNT_WORDS: Final = re.compile(
    r"\b(?:one|only|once|no|none|nobody|nothing|zero|both|single|several|most|all|whole|entire|dozens|hundreds|thousands|millions|billions|"
    r"couple|pair|few|many times|same|lot|little|great\w*|significant\w*|slight\w*|considerabl\w*|large\w*|huge|vast|unknown)\b"
)
TIME_WORDS: Final = re.compile(
    r"\b(?:\w+day|(?:second|minute|hour|day|week|month|year|decade|centur)\w*|daily|annual\w*|summer|winter|spring|autumn|recently|always|"
    r"never|morning|evening|night|noon|midnight|christmas|easter|soon|indefinite\w*|permanent\w*|often|regular\w*|once|twice|now|currently|"
    r"earlier|later|\d+s)\b"
)
TIME_CLAUSES: Final = re.compile(r"\b(?:after|before|during|until|since|while|when|upon|every|following|by the time)\b")
TIME_UNITS: Final = frozenset("century decade year month week fortnight day hour minute second clock era ad bc".split())
LIGHT: Final = frozenset(  # words that tell nothing by themselves
    stem(word)
    for word in """
    person people time number amount total name call take took hold held happen occur include part thing kind type state describe locate
    situate become became use get go come do about around approximately roughly nearly almost exactly answer yes information source passage
    sentence evidence refer relate regard following specifically respectively worth percent dollar euro pound half third quarter twice
    long tall high wide deep heavy old aged cost price sum
    """.split()
) | frozenset(stem(word) for table in (UNITS, SCALES, SMALL, TENS) for word in table)


def formal_fault(text: str, question: str) -> str | None:
    """Why a text cannot be an answer whatever the evidence: it is empty, or not the kind of thing that was asked for."""
    told, asked = facts(text), fold(question)
    if not (telling_words(text) or told.quantities or told.times):
        return "it says nothing"
    if SECOND_QUESTION.search(asked):
        return None
    new = new_words(text, question)
    lacking = (
        (HOW_MANY.search(asked) and not _tells_amount(text), "a number was asked for, and it gives none"),
        (
            HOW_LONG.search(asked) and not (_tells_amount(text) or _tells_time(text) or TIME_CLAUSES.search(fold(text))),
            "a length of time was asked for, and it gives none",
        ),
        (WHEN.search(asked) and not (_tells_time(text) or TIME_CLAUSES.search(fold(text))), "a time was asked for, and it gives none"),
        (
            WHAT_YEAR.search(asked) and not (_tells_time(text) or any(one.unit == "ordinal" for one in told.quantities)),
            "a time was asked for, and it gives none",
        ),
        (WHO_OR_WHERE.search(asked) and not new, "a person or a place was asked for, and it names none"),
        (WHICH_NAME.search(asked) and not _names(text, question, new), "a name was asked for, and it gives none"),
        (WHICH_PERSON.search(asked) and not _tells_person(text, new), "a person was asked for, and it names none"),
        (WHICH_TOWN.search(asked) and not _tells_place(text, new), "a place was asked for, and it tells none"),
    )
    return next((reason for lacks, reason in lacking if lacks), None)


def _tells_amount(text: str) -> bool:
    amounts = [one for one in facts(text).quantities if one.start >= 0 and not is_year(one) and one.unit not in ("clock", "era")]
    return bool(amounts or AMOUNT_WORDS.search(fold(text)))


def _tells_time(text: str) -> bool:
    """Whether a text tells a date, a length of time, or a bare number."""
    told = facts(text)
    times = [one for one in told.quantities if one.unit in TIME_UNITS or not (one.unit or one.counted) or is_year(one)]
    return bool(times or told.times or TIME_WORDS.search(fold(text)))


def _names(text: str, question: str, new: Sequence[str]) -> bool:
    """Whether one of the new words is a name: in capitals, and not for standing first in a text of many words."""
    opening = next(iter(words(text)), "")
    first = "" if len(telling_words(text)) <= SHORT or is_place(opening) or _opens_as_name(text) else opening
    asked = {same_name(word) for word in words(question)}
    return any(word[0].isupper() and word != first and stem(word) not in TITLES and same_name(word) not in asked for word in new)


def _tells_person(text: str, new: Sequence[str]) -> bool:
    """Whether new words in capitals name neither a country nor an institution, or say which country's an office is."""
    if any(word in new and is_place(word) for form in OFFICE_OF for found in form.findall(text) for word in words(found)):
        return True
    opening, short = next(iter(words(text)), ""), len(telling_words(text)) <= SHORT
    for run in map(words, CAPITALS.findall(text)):
        named = [word for word in run if word in new and stem(word) not in TITLES and not is_place(word) and not facts(word).times]
        begins = named == [opening] and not short and not _opens_as_name(text)
        office = max((i for i, word in enumerate(run[:-1]) if stem(word) in TITLES), default=-1)  # "House Speaker Lee" is a person
        if named and not begins and not any(stem(word) in INSTITUTIONS for word in run[office + 1 :]):
            return True
    return False


def _opens_as_name(text: str) -> bool:
    """Whether a sentence begins with a noun in the singular without an article, and what it did: "Lee joined", not "Teachers joined"."""
    first, second = (*words(text)[:2], "", "")[:2]
    return bool(first) and not NO_NAME.search(fold(first)) and (fold(second) in ("is", "was", "has", "had") or is_past(second))


def _tells_place(text: str, new: Sequence[str]) -> bool:
    """Whether a text begins with a new name that is no country's, or says that something is in, at, near, to or from one."""
    places = [word for word in new if word[0].isupper() and stem(word) not in TITLES and not is_place(word)]
    bare = any(word in places for word in words(text)[:SHORT]) and not LONG.match(text)
    return bare or any(word in places for match in IN_PLACE.finditer(text) for word in words(match[1]))


def is_year(quantity: Quantity) -> bool:
    """Whether a number is, by all appearances, a year."""
    return not quantity.unit and (1900 if quantity.counted else 1000) <= quantity.value <= 2100 and quantity.value % 1 == 0


def telling_words(text: str) -> list[str]:
    """The content words of a text without its numbers (they are checked as such) and without words that tell nothing."""
    return [word for word in content_words(text) if stem(word) not in LIGHT and not word[0].isdigit() and not facts(word).quantities]


def new_words(text: str, question: str) -> list[str]:
    """The telling words of a text that its question does not have."""
    asked = {stem(word) for word in content_words(question)}
    return [word for word in telling_words(text) if stem(word) not in asked]

"""How a text stands to what it tells: what it denies, what it only expects or reports, who does it to whom, which way it goes. Pure."""

import functools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise, takewhile
from typing import Final, Literal

from qa.words import IRREGULAR, fold, is_place, is_stopword, same_name, stem

Kind = Literal["denied", "possible", "planned", "future"]

NO_PAST: Final = frozenset("children men women feet wives".split())  # irregular plurals
UNCHANGED: Final = frozenset("beat cut hit hurt put quit set shut split spread".split())  # past forms like the present ones
PRONOUNS: Final = frozenset("he she it they who which that this these those".split())
TOKEN: Final = re.compile(r"[^\W_]+(?:[.'’](?=[^\W_])[^\W_]+)*|[,;:()–—“”\"]")
CLAUSE_END: Final = frozenset(';:()–—“”"')
BREAKS: Final = frozenset("but while whereas although though because".split())
REACH: Final = 8  # words after a negation or a hedge that it may bear upon
NEGATION: Final = (
    r"(?<!or may )not(?! only| just| merely| necessarily)|never|barely|hardly|without|neither|nor|nobody|"
    r"nothing|cannot(?! only| just| merely)|\w+n['’]t|none|"
    r"lack\w*(?: of)?|unable to|unwilling to|yet to|"
    r"no(?! (?:fewer|less|more|later|sooner|doubt|matter)\b|\.? ?\d|,)|instead of|rather than|far from|stop\w* short of|rul\w+ out|"
    r"(?:fail|refus|declin|neglect)\w* to|den(?:y|ies|ied)(?: that| having| (?=\w+ing\b))|(?:prevent|ban|bar|stop)\w* \w+(?: \w+)? from"
)
POSSIBLE: Final = (
    r"may(?! \d)|might|could(?! not)|likely to|allegedly|(?:accus|suspect|charg)\w* [^.;]{0,60}?\b(?:of|with)|consider\w*(?= \w+ing\b)|"
    r"threat\w+ to|(?:is|are|was|were|been|be) (?:\w+ly )?(?:believed|thought|rumou?red|suspected|alleged|said|reported|feared|claimed) to|"
    r"claim\w* to"
)
REPORTED: Final = r"possibly|perhaps|maybe|potentially|reportedly|supposedly|claim\w* that|alleg\w* that|rumou?rs? that|fear\w* that"
PLANNED: Final = (
    r"(?:expect|plan|intend|intent|aim|hop|want|wish|seek|propos|promis|pledg|vow|agree|offer|attempt|prepar|schedul|decid|try|tried)\w*"
    r"(?: [^\W\d_]+){0,3}? to|(?:set|due|about|ready|slated|is|are|was|were)(?: also)? to|should|must|"
    r"(?:urg|ask|order|call\w* on|encourag|persuad)\w* [^.;,]{0,50}?\bto"
)
FUTURE: Final = r"will|shall|would(?! not)"
MARKS: Final[tuple[tuple[Kind, str, bool], ...]] = (  # kind, words, whether a whole clause follows
    ("denied", NEGATION, False),
    ("possible", POSSIBLE, False),
    ("possible", REPORTED, True),
    ("planned", PLANNED, False),
    ("future", FUTURE, False),
)
CONDITION: Final = re.compile(r"\b(?:until|till|before|unless|except|without)\b", re.IGNORECASE)  # "not until" tells a time
REPORTING: Final = re.compile(
    r"\b(?:according|sa(?:y|ys|id)|report\w*|told|announc\w*|stat(?:ed|es)|claim\w*|noted|estimat\w*)\b", re.IGNORECASE
)
PASSIVE: Final = frozenset("is are was were be been being".split())
BE: Final = PASSIVE | {"has", "have", "had"}
DETERMINERS: Final = frozenset("a an the its his her their our my this that these those all".split())
SKIPPED: Final = DETERMINERS | frozenset("of mr mrs ms dr president minister general".split())
OPPOSITE_ROLES: Final = {
    one: other
    for pair in "from:to before:after above:below for:against with:without over:under since:until".split()
    for one, other in (pair.split(":"), pair.split(":")[::-1])
} | {"all": "some"}
QUANTIFIERS: Final = {
    **dict.fromkeys("all every each entire whole".split(), "all"),
    **dict.fromkeys("some most many several few part half".split(), "some"),
}


@dataclass(frozen=True, slots=True)
class Token:
    """A word of a text: its stem, the number of its clause, and whether it is written like a name."""

    text: str
    stem: str
    clause: int
    start: int
    name: bool


@dataclass(frozen=True, slots=True)
class Mark:
    """A negation or a hedge: the first word with content that it bears upon, and the stems that it may reach."""

    kind: Kind
    target: str
    reach: frozenset[str]
    conditional: bool


@dataclass(frozen=True, slots=True)
class Stance:
    """A text read for its stance; words are stems throughout."""

    tokens: tuple[Token, ...]
    marks: tuple[Mark, ...]
    roles: frozenset[tuple[str, str]]  # preposition, "all" or "some", with the first word with content after it
    attributed: bool  # "according to …"
    reports: bool  # says in any way who says it

    def reached(self, *kinds: Kind) -> frozenset[str]:
        """The stems that marks of these kinds may bear upon."""
        return frozenset(root for mark in self.marks if mark.kind in kinds for root in mark.reach)

    def of(self, *kinds: Kind) -> Iterator[Mark]:
        return (mark for mark in self.marks if mark.kind in kinds)

    def hedged(self) -> bool:
        """Whether it tells anything as a possibility or a plan."""
        return any(mark.kind != "denied" for mark in self.marks)

    def times(self, root: str) -> int:
        """How often a stem occurs."""
        return sum(token.stem == root for token in self.tokens)

    def spelt(self, root: str) -> str:
        """A word with a stem, as it is written; the stem itself where there is none."""
        return next((token.text for token in self.tokens if token.stem == root), root)

    def done(self, root: str) -> bool:
        """Whether a stem occurs as something that was done: "opened", "was opened", "fell"."""
        return any(token.stem == root and is_past(token.text) for token in self.tokens)

    def infinitive(self, root: str) -> bool:
        """Whether a stem occurs only after "to", or as the gerund that opens the text ("Bribing two judges.")."""
        places = [i for i, token in enumerate(self.tokens) if token.stem == root]
        return all((self.tokens[i - 1].stem == "to") if i else self.tokens[0].text.endswith("ing") for i in places)

    def before(self, start: int) -> tuple[Token, ...]:
        """The words with content that stand before a place in the text, in the same clause; none where a pronoun stands among them."""
        before = [token for token in self.tokens if token.start < start]
        clause = [token for token in before if token.clause == before[-1].clause]
        if any(fold(token.text) in PRONOUNS for token in clause):
            return ()
        return tuple(token for token in clause if not is_stopword(token.text))

    def predicates(self) -> bool:
        """Whether it is a sentence with a verb, as far as its forms tell, and no mere name or number."""
        verbal = any(is_past(token.text) or fold(token.text) in BE for token in self.tokens)
        return verbal and sum(not is_stopword(token.text) and token.text[0].isalpha() for token in self.tokens) > 2


@functools.lru_cache(maxsize=4096)
def stance(text: str) -> Stance:
    """The stance of a text."""
    tokens = _joined(list(_tokens(text)))
    marks = tuple(mark for kind, words, clause in MARKS for mark in _marks(kind, _pattern(words), clause, text, tokens))
    return Stance(tokens, marks, frozenset(_roles(tokens)), "according to" in fold(text), bool(REPORTING.search(text)))


@functools.cache
def _pattern(words: str) -> re.Pattern[str]:
    return re.compile(rf"\b(?:{words})(?!\w)", re.IGNORECASE)


def is_past(word: str) -> bool:
    """Whether a word is written like a past form."""
    plain = fold(word)
    return (plain.endswith("ed") and len(plain) > 3) or (plain in IRREGULAR and plain not in NO_PAST) or plain in UNCHANGED


def _tokens(text: str) -> Iterator[Token]:
    clause = 0
    for match in TOKEN.finditer(text):
        word = match[0]
        if word in CLAUSE_END or fold(word) in BREAKS or _sentence_ends(text, match.start()):
            clause += 1
        if word not in CLAUSE_END and word != ",":
            name = word[0].isupper() and not is_stopword(word)
            yield Token(word, same_name(word) if name else stem(word), clause, match.start(), name)


def _joined(tokens: list[Token]) -> tuple[Token, ...]:
    """The tokens, with one stem for both words of "United States"."""
    for i, (one, other) in enumerate(pairwise(tokens)):
        if one.name and other.name and is_place(f"{one.text} {other.text}"):
            root = same_name(f"{one.text} {other.text}")
            tokens[i], tokens[i + 1] = replace(one, stem=root), replace(other, stem=root)
    return tuple(tokens)


def _sentence_ends(text: str, start: int) -> bool:
    before = text[max(0, start - 10) : start].rstrip(" \n“\"'(")
    return before[-1:] in ("!", "?") or (before[-1:] == "." and bool(re.search(r"[a-z\d]{3}\.$", before)))


def _marks(kind: Kind, pattern: re.Pattern[str], clause: bool, text: str, tokens: Sequence[Token]) -> Iterator[Mark]:
    for match in pattern.finditer(text):
        first = next((i for i, token in enumerate(tokens) if token.start >= match.end()), len(tokens))
        if first == len(tokens) or match[0] in ("May", "Will"):
            continue
        after = [token for token in tokens[first : first + REACH] if token.clause == tokens[first].clause]
        content = [token for token in after if not is_stopword(token.text) and not fold(token.text).endswith("ly")]
        target = next((token for token in content if not clause or is_past(token.text)), None)
        if target and not (kind != "denied" and not clause and _is_object(after, target)):
            tail = text[target.start : after[-1].start + len(after[-1].text) + 10]
            yield Mark(kind, target.stem, frozenset(token.stem for token in content), bool(CONDITION.search(tail)))


def _is_object(after: Sequence[Token], target: Token) -> bool:
    """Whether what follows is no verb: "agreed to the terms"."""
    between = [fold(token.text) for token in after if token.start < target.start]
    return (not between or between[0] not in BE) and (target.name or bool(DETERMINERS & set(between)))


def _roles(tokens: Sequence[Token]) -> Iterator[tuple[str, str]]:
    for i, token in enumerate(tokens):
        role = QUANTIFIERS.get(fold(token.text), fold(token.text))
        following = [other for other in tokens[i + 1 : i + 6] if fold(other.text) not in SKIPPED][:1]
        if role not in (*OPPOSITE_ROLES, "some") or not following or is_stopword(following[0].text):
            continue
        if role not in ("from", "to") or following[0].name or following[0].text[0].isdigit():
            yield role, following[0].stem


def is_hedge(word: str) -> bool:
    """Whether a word makes of what follows a possibility or a plan: "intends"."""
    return any(_pattern(words).fullmatch(form) for kind, words, _ in MARKS if kind != "denied" for form in (word, f"{word} to"))


@dataclass(frozen=True, slots=True)
class Action:
    """A verb with the names of who does it and of others in its clause."""

    doers: frozenset[str]
    others: frozenset[str]
    subject: frozenset[str]  # the words with content before it where it is active
    clause: frozenset[str]


def actions(reading: Stance, verb: str) -> Iterator[Action]:
    """Each time that a verb (stem) is said."""
    for i, token in enumerate(reading.tokens):
        if token.stem != verb or token.name or not _is_verb(reading.tokens, i):
            continue
        clause = [(j, other) for j, other in enumerate(reading.tokens) if other.clause == token.clause]
        by = next((j for j, other in clause if j > i and fold(other.text) == "by"), None)
        passive = is_past(token.text) and (by == i + 1 or any(fold(other.text) in PASSIVE for other in reading.tokens[max(0, i - 3) : i]))
        before = [other for j, other in clause if j < i and not is_stopword(other.text)]
        doers = list(takewhile(_goes_on, (other for j, other in clause if by is not None and by < j <= by + 6))) if passive else before
        named = frozenset(other.stem for other in doers if other.name)
        others = frozenset(other.stem for _, other in clause if other.name) - named
        subject = frozenset() if passive else frozenset(other.stem for other in before)
        yield Action(named, others, subject, frozenset(other.stem for _, other in clause))


def _goes_on(token: Token) -> bool:
    """Whether a word after "by" still tells who did it: "by the collector Otto Mann from …" has no "from"."""
    return not is_stopword(token.text) or fold(token.text) in DETERMINERS or fold(token.text) in ("and", "of")


def verbs(reading: Stance) -> frozenset[str]:
    """The stems of the words that are written like verbs with a doer."""
    return frozenset(token.stem for i, token in enumerate(reading.tokens) if not token.name and _is_verb(reading.tokens, i))


def _is_verb(tokens: Sequence[Token], i: int) -> bool:
    word = fold(tokens[i].text)
    return (
        is_past(word)
        or word == "beat"
        or (i > 0 and tokens[i - 1].stem == "to")
        or (word.endswith("s") and len(word) > 3 and i > 0 and not is_stopword(tokens[i - 1].text))
    )

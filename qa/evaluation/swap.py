"""Near-miss questions: one name or year of an answerable question is swapped, so that no document tells the answer. Pure.

The entity swaps among the unanswerable questions of SQuAD 2.0 (Rajpurkar et al. 2018, section 3) are the model. Whether a document tells
the answer all the same is decided by the words alone and not by a language model: what a model had passed would flatter it later.
"""

import hashlib
import itertools
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Literal, TypeVar

from qa.evaluation.types import Case, Proposal
from qa.facts import MONTHS, WEEKDAYS
from qa.types import Passage
from qa.words import SAME, TITLES, content_words, fold, is_place, is_stopword, same_name, stem, vocabulary, words

Item = TypeVar("Item", int, str)
Kind = Literal["country", "person", "name"]

NEAR: Final = 0.5  # share of a question's other words that a passage with the swapped-in name may have at most
FEWEST: Final = 3  # other words of a question, by which a passage that tells the answer would be known
YEARS: Final = 4  # how far a year is moved at most
_WORD: Final = r"(?:(?:[A-Z]\.){2,}|[A-Z][^\W_]*(?:[-’'&][^\W_]+)*)"
NAME: Final = re.compile(rf"(?<![\w.]){_WORD}(?:\s(?:(?:of the|of|&|bin|al|ibn|de|van|von)\s)?{_WORD})*")
POSSESSIVE: Final = re.compile(r"[’']s?$")
YEAR: Final = re.compile(r"(?<![\w-])(?:19|20)\d\d(?![\w-])")
NO_COUNTRY: Final = frozenset(
    "africa asia europe percent television kilometer kilogram saint general lieutenant colonel captain senator governor doctor professor "
    "representative".split()
)
COUNTRIES: Final = {
    same_name(forms[0]): (forms[0].title(), forms[1].title())
    for forms in SAME
    if " " not in forms[0] and forms[0] not in NO_COUNTRY and len(forms) > 1
}
"""Name and adjective of a country, by what `same_name` calls it."""
ADJECTIVES: Final = frozenset(fold(adjective) for name, adjective in COUNTRIES.values() if adjective != name)
FRAGMENT: Final = re.compile(r"\?|…|\.\.\.$|^[a-z•]")
UNITED: Final = frozenset(map(same_name, ("us", "uk", "uae")))
OWNED: Final = re.compile(r"(?:['’]s)? [A-Z]")
AFTER_NOUN: Final = re.compile(r"\s*(?:[?.,;:)]|$|(?:and|or|in|on|at|with|to|from|for|by|after|before|during|over|since|until|about)\b)")


@dataclass(frozen=True, slots=True)
class Name:
    """A name in a text: `title` holds the words before a person's name that tell the office."""

    text: str
    kind: Kind
    start: int
    title: str = ""

    @property
    def end(self) -> int:
        return self.start + len(self.text)


@dataclass(frozen=True, slots=True)
class Source:
    """A sentence of the library, the sentences beside it in its article, and the passage in which it stands.

    The texts are on one line each; `quote` is the sentence as the document has it.
    """

    text: str
    quote: str
    before: str
    after: str
    passage: Passage

    @property
    def article(self) -> tuple[str, str]:
        return self.passage.document, self.passage.title

    @property
    def window(self) -> str:
        return f"{self.before} {self.text} {self.after}"


def sentence_fault(source: Source) -> str | None:
    """Why a sentence is no source of questions."""
    text = source.text
    if FRAGMENT.search(text) or not text.rstrip('”’")]').endswith((".", "!")) or not 8 <= len(words(text)) <= 60:
        return "no whole statement"
    if text.count("“") != text.count("”") or text.count('"') % 2:
        return "a piece of a quotation"
    return None


def sources(passages: Iterable[Passage]) -> tuple[Source, ...]:
    """Every sentence once, in the order of the documents, as one line of text."""
    found: dict[tuple[str, int], tuple[str, Passage]] = {}
    for passage in passages:
        for span in passage.sentences:
            found.setdefault((passage.document, span.start), (passage.text[span.start - passage.start : span.end - passage.start], passage))
    by_article = itertools.groupby(found.values(), key=lambda one: (one[1].document, one[1].title))
    return tuple(source for _, article in by_article for source in _with_neighbours(list(article)))


def _with_neighbours(article: Sequence[tuple[str, Passage]]) -> Iterator[Source]:
    lines = ["", *(" ".join(quote.split()) for quote, _ in article), ""]
    for number, (quote, passage) in enumerate(article, 1):
        yield Source(lines[number], quote, lines[number - 1], lines[number + 1], passage)


def names(text: str) -> tuple[Name, ...]:
    """The names of a text. One that stands first and may be any word is left out, as are months and weekdays."""
    return tuple(name for match in NAME.finditer(text) for name in _split(match[0], match.start()))


def _split(phrase: str, start: int) -> Iterator[Name]:
    """The parts of a run of words in capitals: what stands before the last title, and the person after it."""
    parts = [(match[0], start + match.start()) for match in re.finditer(r"\S+", phrase)]
    while parts and (is_stopword(parts[0][0]) or _is_time(parts[0][0])):
        parts.pop(0)
    owner = next((number for number, (word, _) in enumerate(parts[:-1]) if POSSESSIVE.search(word)), None)
    if owner is not None:
        yield from _split(phrase[: parts[owner][1] + len(parts[owner][0]) - start], start)
        yield from _split(phrase[parts[owner + 1][1] - start :], parts[owner + 1][1])
        return
    offices = [number for number, (word, _) in enumerate(parts) if any(stem(part) in TITLES for part in word.split("-"))]
    if not offices:
        yield from _named(parts, first=start == 0 or not parts or parts[0][1] != start, title="")
        return
    rest = parts[offices[-1] + 1 :]
    if rest and rest[0][0] == "of":  # "Secretary of War Pete Hegseth", "Chief of Army Staff"
        rest = rest[2:] if len(rest) > 3 else []
    if rest and rest[0][0] == "Staff":
        rest = rest[1:]
    title = " ".join(word for word, _ in parts[: len(parts) - len(rest)])
    yield from _named(parts[: offices[0]], first=False, title="", alone=True)
    yield from _named(rest, first=False, title=title)


def _named(parts: Sequence[tuple[str, int]], first: bool, title: str, alone: bool = False) -> Iterator[Name]:
    """`alone`: only countries, since "Foreign" before "Minister" is no name."""
    if not parts:
        return
    start = parts[0][1]
    last, at = parts[-1]
    phrase = " ".join(word for word, _ in parts)
    phrase = POSSESSIVE.sub("", phrase) if at + len(last) == start + len(phrase) else ""
    phrase = "" if re.search(r"-[a-z]+$", phrase) and not title else phrase
    bare = len(parts) == 1
    if bare and is_country(phrase):
        yield Name(phrase, "country", start)
    elif title and phrase:
        yield Name(phrase, "person", start, title)
    elif alone or not phrase:
        yield from (Name(POSSESSIVE.sub("", word), "country", at) for word, at in parts if is_country(POSSESSIVE.sub("", word)))
    elif not (bare and (_is_time(phrase) or (first and not re.search(r"[A-Z].*[A-Z]|\d", phrase)))):
        yield Name(phrase, "name", start)


def _is_time(word: str) -> bool:
    return (fold(word) in MONTHS and (len(word) > 3 or word == "May")) or fold(POSSESSIVE.sub("", word)) in WEEKDAYS


def is_country(word: str) -> bool:
    """Whether a word is the name or the adjective of a country."""
    return word[:1].isupper() and is_place(word) and (same_name(word) in COUNTRIES or same_name(word) in UNITED)


def swaps(case: Case, library: Sequence[Source]) -> Iterator[Proposal]:
    """Unanswerable cases made from an answerable one, at most one for each name or year of its question.

    `library` must be all sentences of all documents, `case.support` must quote one of them. What reads oddly or may be told is left out.
    """
    quotes = {support.quote for support in case.support}
    origin = next((source for source in library if source.quote in quotes), None)
    if origin is None:
        return
    done: set[str] = set()
    for old, new, question in (*_other_years(case, library), *_other_persons(case, library), *_other_countries(case, library)):
        if old not in done and not _is_told(question, (old, new), origin, library):
            done.add(old)
            yield _proposal(case, (old, new), question)


def _proposal(case: Case, swap: tuple[str, str], question: str) -> Proposal:
    old, new = swap
    note = f"“{old}” was swapped for “{new}”, and no passage that speaks of {new} speaks of the rest."
    swapped = Case(id=f"u-{digest(question)}", question=question, answerable=False, type="swapped", note=note)
    return Proposal(swapped, "swapped", f"made from “{case.question}” ({', '.join(case.documents)})")


def digest(question: str) -> str:
    """Eight hexadecimal digits that stand for a question."""
    return hashlib.sha256(fold(question).encode()).hexdigest()[:8]


Swap = tuple[str, str, str]
"""What was there, what is there now, and the question with it."""


def _other_years(case: Case, library: Sequence[Source]) -> Iterator[Swap]:
    """Years near the one asked about, none of them later than any that the documents know."""
    known = {int(year) for source in library for year in YEAR.findall(f"{source.passage.heading} {source.text}")}
    for match in YEAR.finditer(case.question):
        year = int(match[0])
        near = [other for other in range(year - YEARS, year + YEARS + 1) if other != year and other <= max(known, default=0)]
        for other in _shuffled(near, case.id):
            yield match[0], str(other), _replaced(case.question, match.start(), match.end(), str(other))


def _other_persons(case: Case, library: Sequence[Source]) -> Iterator[Swap]:
    """Another person of the library, with the office; of the same rank where the question tells no office."""
    persons = {name.text: name for source in library for name in names(source.text) if name.kind == "person" and " " in name.text}
    plain = {text: name for text, name in persons.items() if name.title and not re.search(r"[’']|s$|Former|former", name.title)}
    for name in names(case.question):
        known = persons.get(name.text)
        for other in _shuffled(sorted(plain), case.id) if known else ():
            if other != name.text and _rank(plain[other]) == _rank(known or name):
                start = case.question.index(name.title) if name.title else name.start
                new = f"{plain[other].title} {other}" if name.title else other
                yield case.question[start : name.end], new, _replaced(case.question, start, name.end, new)


def _rank(name: Name) -> str:
    return stem(name.title.rsplit(maxsplit=1)[-1]) if name.title else ""


def _other_countries(case: Case, library: Sequence[Source]) -> Iterator[Swap]:
    """Countries that the documents speak of; not where the question names anything that may belong to the country."""
    found = names(case.question)
    countries = [name for name in found if name.kind == "country" and not OWNED.match(case.question[name.end :])]
    if any(name.kind == "name" and not name.text.isupper() for name in found):
        return
    known = sorted({same_name(name.text) for source in library for name in names(source.text) if name.kind == "country"} & set(COUNTRIES))
    for name in countries:
        for other in _shuffled(known, case.id):
            if other not in (same_name(country.text) for country in found):
                yield from _with_country(case.question, name, other)


def _with_country(question: str, name: Name, other: str) -> Iterator[Swap]:
    noun, adjective = COUNTRIES[other]
    united = same_name(name.text) in UNITED
    start, before, after = name.start, question[: name.start], question[name.end :]
    if before.endswith("-") or after.startswith(("-", "–")) or question.count(name.text) > 1:
        return
    is_noun = bool(AFTER_NOUN.match(after)) or after.startswith(("'", "’")) if united else fold(name.text) == stem_noun(name.text)
    if united and is_noun and before.endswith("the "):
        start -= len("the ")
    elif united and not is_noun:
        return
    new = noun if is_noun else adjective
    yield name.text, new, _replaced(question, start, name.end, new)


def stem_noun(word: str) -> str:
    """The name of the country in small letters, of its name or its adjective."""
    return COUNTRIES[same_name(word)][0].lower()


def _replaced(question: str, start: int, end: int, new: str) -> str:
    """The question with another name, and the article before it that fits."""
    before = re.sub(r"\b([Aa])n? $", lambda match: match[1] + ("n " if new[0] in "AEIOaeio" else " "), question[:start])
    return f"{before}{new}{question[end:]}"


def _shuffled(items: Sequence[Item], seed: str) -> list[Item]:
    """The items in an order that hangs on the seed alone."""
    return sorted(items, key=lambda item: hashlib.sha256(f"{seed} {item}".encode()).digest())


def _is_told(question: str, swap: tuple[str, str], origin: Source, library: Sequence[Source]) -> bool:
    """Whether a passage might answer the question after all, or its own article speaks of what was swapped in."""
    new = swap[1]
    parts = {stem(word) for text in swap for word in words(text)}
    asked = [word for word in content_words(question) if stem(word) not in parts]
    target = new_forms(new)
    if len(asked) < FEWEST:
        return True
    for source in library:
        text = f"{source.passage.heading} {source.window}"
        present = vocabulary(text)
        if not target & present:
            continue
        own = source.article == origin.article and bool(target & vocabulary(source.text))
        if own and (not is_country(new) or source.text in origin.window):
            return True
        if sum(stem(word) in present for word in asked) > NEAR * len(asked):
            return True
    return False


def new_forms(name: str) -> frozenset[str]:
    """Stems by which a text may speak of a name: of a person's name its last word."""
    return frozenset({stem(words(name)[-1])}) if not is_country(name) else vocabulary(name)

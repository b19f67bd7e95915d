"""Whether a reply says what a case accepts: SQuAD's rules, and a closer look at whole words, numbers and dates. Pure."""

import functools
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from string import punctuation
from typing import Final

from qa.evaluation.types import Case, Mark
from qa.facts import MONTHS, ORDINALS, SCALES, SLASHED, SMALL, TENS, UNITS, WEEKDAYS, Date, Facts, Quantity, facts
from qa.words import is_stopword

LONGEST: Final = 12  # normalised words of a reference answer that can be looked for verbatim
PLURAL_FROM: Final = 4  # letters of a last word whose plural is accepted too
ARTICLES: Final = frozenset(("a", "an", "the"))
FOOTNOTES: Final = re.compile(r"[ \t\u00a0]*\[[1-9]\d{0,2}\]")

_ARTICLE: Final = re.compile(r"\b(?:a|an|the)\b")
_NO_PUNCTUATION: Final = str.maketrans("", "", punctuation)
_LETTERS: Final = str.maketrans(  # what Unicode does not take apart, and one form for each typographic sign; a long dash parts words
    {
        **dict.fromkeys("‘’‛ʼʻ`´′", "'"), **dict.fromkeys("‐‑‒–−", "-"), **dict.fromkeys("—―", " "), "&": " and ",
        "ø": "o", "Ø": "O", "ł": "l", "Ł": "L", "đ": "d", "Đ": "D", "ı": "i", "æ": "ae", "Æ": "AE", "œ": "oe", "Œ": "OE",
    }
)  # fmt: skip
_HALVES: Final = {"¼": "25", "½": "5", "¾": "75"}
_NAMES: Final = {"bn": "billion", "mn": "million", "tn": "trillion"}
_ONES: Final = {word: number for word, number in SMALL.items() if 0 < number < 10}
_COUNTS: Final = {word: number for word, number in SMALL.items() if number > 1}  # "one" is more often a pronoun
_MIXED: Final = re.compile(r"(\d) ?([¼½¾])")
_INITIALS: Final = re.compile(r"(?<!\w)(?:(?:[A-Za-z]\.\s?)+[A-Za-z]\.|[A-Za-z](?:\.[A-Za-z])+(?!\w))")
_POSSESSIVE: Final = re.compile(r"(?<=\w)'[sS]\b|'")
_THOUSANDS: Final = re.compile(r"(?<![\d.,])\d{1,3}(?:(?:,\d{3})+|(?:[\u00a0\u2009\u202f]\d{3})+)(?!\d)")
_SPELT: Final = re.compile(rf"\b(?:({'|'.join(TENS)})(?:[\s-]({'|'.join(_ONES)}))?|({'|'.join(_COUNTS)}))\b", re.IGNORECASE)
_PERCENT: Final = re.compile(r"(?<=\d)[\s-]?(?:%|per\s?cent\b|pct\b)", re.IGNORECASE)
_SCALED: Final = re.compile(r"(?<=\d)[\s-]?(hundred|thousand|million|billion|trillion|lakh|crore|bn|mn|tn)\b", re.IGNORECASE)
_WORD: Final = re.compile(r"(?:(?<![\w)\].%-])-)?(?:(?<!\w)\.)?\d+(?:[.:]\d+)*[^\W_]*%?|[^\W_]+|[$€£¥₹]")
_PLAIN: Final = re.compile(r"[A-Za-z]{2,}(?: [A-Za-z]{2,})*")
_PART: Final = re.compile(r"[^\W\d_]+|\d+")
_UNREAD: Final = re.compile(r"(?<![\w)\].%-])-\d[\d.,]*|(?<![\w.])(?!\d{1,2}\.\d{1,2}\.\d{4}\b)\d+(?:\.\d+){2,}")
_FORMAT: Final = re.compile(r"[\w\s.,:/%$€£¥₹°'’-]*\w[\w\s.,:/%$€£¥₹°'’-]*")
_NUMERAL: Final = re.compile(r"[\d.,]*\d")
_ASKS_PERCENT: Final = re.compile(r"per\s?cent|%", re.IGNORECASE)
_FORMAT_WORDS: Final = (
    {*SCALES, *SMALL, *TENS, *ORDINALS, *MONTHS, *WEEKDAYS, *UNITS, *ARTICLES}
    | set("of and at in on st nd rd th s us per percentage am pm half dozen square cubic sq".split())
    | set("third thirds quarter quarters fifths tenths".split())
)
_OTHERWISE: Final = frozenset(("%", "point", "ordinal", "era", "clock", "times"))  # a bare number is not meant


@functools.lru_cache(maxsize=4096)
def normalised(text: str) -> str:
    """Text as SQuAD compares it: lower case, without ASCII punctuation and articles, words parted by one blank (Rajpurkar et al. 2016)."""
    return " ".join(_ARTICLE.sub(" ", text.lower().translate(_NO_PUNCTUATION)).split())


def exact_match(prediction: str, references: Sequence[str]) -> float:
    """1 where a reference is the prediction, normalised, else 0. Without a reference that says anything the prediction must be empty."""
    return float(normalised(prediction) in _references(references))


def token_f1(prediction: str, references: Sequence[str]) -> float:
    """The best F1 of the prediction's normalised words against those of a reference, 0 to 1; an empty side only agrees with an empty one.

    SQuAD 2.0 (Rajpurkar, Jia & Liang 2018).
    """
    said = normalised(prediction).split()
    return max(_f1(said, reference.split()) for reference in _references(references))


def _references(references: Sequence[str]) -> list[str]:
    return [plain for reference in references if (plain := normalised(reference))] or [""]


def _f1(said: list[str], wanted: list[str]) -> float:
    if not said or not wanted:
        return float(said == wanted)
    same = (Counter(said) & Counter(wanted)).total()
    precision, recall = same / len(said), same / len(wanted)
    return 2 * precision * recall / (precision + recall) if same else 0.0


def without_footnotes(answer: str) -> str:
    """The answer without "[1]", "[2][3]" and the blanks before them."""
    return FOOTNOTES.sub("", answer)


def contains(answer: str, option: str) -> bool:
    """Whether an accepted answer stands in the reply as whole words, or, if it is all date, number, amount or time, in another format.

    Case, accents, typographic signs, hyphens, possessives, articles, footnotes, thousands separators, "per cent", "bn" and number words
    up to 99 make no difference; the last word may have a plural "s" or "es". A number is whole: "5" stands in none of "5.5", "5%",
    "5 million", "-5" and "5th". A currency must be told if the option tells it: "$7" does not stand in "7", but "7" stands in "$7".
    Words in capitals that are otherwise function words ("US", "WHO") must be in capitals. Of dates and times the reply may tell more
    than the option, never less.
    """
    if _stands_plainly(option, answer):
        return True
    full, bare = _said(answer)
    wanted, articles = _wanted(option)
    return _stands(wanted, full if articles else bare) or (_is_format(option) and _tells(answer, option))


def _stands_plainly(option: str, answer: str) -> bool:
    """Whether plain words stand in a reply as they are, apart from capitals: a quick look that spares most replies the thorough one."""
    if not _is_plain(option):
        return False
    text, wanted = _lowered(answer), option.lower()
    start = text.find(wanted)
    while start >= 0 and not _parted(text, start, start + len(wanted)):
        start = text.find(wanted, start + 1)
    return start >= 0


@functools.lru_cache(maxsize=64)
def _lowered(answer: str) -> str:
    return answer.lower()


def _parted(text: str, start: int, end: int) -> bool:
    """Whether blanks or plain punctuation stand around a part of a text."""
    before, after = text[start - 1 : start] if start else "", text[end : end + 2]
    return before in ("", *' \n("“') and (after[:1] in ("", *' \n,;:!?)"”') or (after[0] == "." and after[1:] in ("", " ", "\n")))


@functools.lru_cache(maxsize=4096)
def _is_plain(option: str) -> bool:
    """Whether an option is words of ASCII letters that mean the same in small letters, and none of them a number."""
    if not _PLAIN.fullmatch(option) or _SPELT.search(option) or _is_format(option):
        return False
    return not any(is_stopword(word.casefold()) for word in option.split())


def judged(case: Case, answer: str) -> Mark | None:
    """1 where the answer says what the case accepts, else 0, with the reason; None where the case gives nothing that can be looked for.

    All patterns must match, each group of `all_of` needs one alternative, and of `answers` one must stand in it. Answers of more than
    `LONGEST` words are explanations that nobody repeats word by word: they are not looked for where there is no shorter one.
    """
    text = without_footnotes(answer)
    checks = [*_pattern_checks(case, text), *_group_checks(case, text), *_answer_checks(case, text)]
    if not checks:
        return None
    failed = [reason for held, reason in checks if not held]
    return Mark(float(not failed), "; ".join(failed or [reason for _, reason in checks]))


def can_be_judged(case: Case) -> bool:
    """Whether `judged` has anything to look for."""
    return bool(case.patterns or case.all_of) or _is_short_enough(case)


def _is_short_enough(case: Case) -> bool:
    return any(len(normalised(option).split()) <= LONGEST for option in case.answers)


def _pattern_checks(case: Case, text: str) -> Iterator[tuple[bool, str]]:
    for pattern in case.patterns:
        found = re.search(pattern, text, re.IGNORECASE)
        yield found is not None, f"“{found[0]}” matches /{pattern}/" if found else f"nothing matches /{pattern}/"


def _group_checks(case: Case, text: str) -> Iterator[tuple[bool, str]]:
    found = [next((option for option in group if _accepts(case, text, option)), None) for group in case.all_of]
    missing = [group for group, option in zip(case.all_of, found, strict=True) if option is None]
    if missing:
        yield False, "missing: " + "; ".join(("one of " if len(group) > 1 else "") + _quoted(group) for group in missing)
    elif found:
        yield True, _standing([option for option in found if option is not None])


def _answer_checks(case: Case, text: str) -> Iterator[tuple[bool, str]]:
    if not _is_short_enough(case):
        return
    found = next((option for option in case.answers if _accepts(case, text, option)), None)
    if found is not None:
        yield True, _standing([found])
    elif len(case.answers) > 1:
        yield False, f"nothing of {_quoted(case.answers)} stands in it"
    else:
        yield False, f"{_quoted(case.answers)} does not stand in it"


def _accepts(case: Case, text: str, option: str) -> bool:
    """Whether an option stands in the text; where a percentage is asked for, "25" accepts "25 per cent" too."""
    percentage = _NUMERAL.fullmatch(option) and _ASKS_PERCENT.search(case.question)
    return contains(text, option) or (percentage is not None and contains(text, f"{option}%"))


def _standing(found: Sequence[str]) -> str:
    return f"{_quoted(found)} {'stand' if len(found) > 1 else 'stands'} in it"


def _quoted(options: Iterable[str]) -> str:
    return ", ".join(f"“{option}”" for option in options)


# Words


@functools.lru_cache(maxsize=64)
def _said(answer: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The words of a reply, with its articles and without."""
    full = _words(answer)
    return full, _without_articles(full)


@functools.lru_cache(maxsize=4096)
def _wanted(option: str) -> tuple[tuple[str, ...], bool]:
    """The words to look for, and whether articles count: they do at the end ("vitamin A") and beside function words only ("The Who")."""
    full = _words(option)
    bare = _without_articles(full)
    articles = full[-1:] != bare[-1:] or all(map(is_stopword, bare))
    return (full if articles else bare), articles


def _without_articles(words: Sequence[str]) -> tuple[str, ...]:
    return tuple(word for word in words if word not in ARTICLES)


def _stands(wanted: tuple[str, ...], said: tuple[str, ...]) -> bool:
    if not wanted:
        return False
    *head, last = wanted
    ends = (last, last + "s", last + "es") if len(last) >= PLURAL_FROM and last.isalpha() else (last,)
    places = range(len(head), len(said))
    return any(
        (said[place] in ends or said[place].casefold() in ends) and all(map(_same, head, said[place - len(head) : place]))
        for place in places
    )


def _same(wanted: str, said: str) -> bool:
    return wanted in (said, said.casefold())


def _words(text: str) -> tuple[str, ...]:
    """The words of a text, folded: "U.S. spent $1,800" is US, spent, $, 1800; "twenty-five per cent" is 25%; "7bn" is 7billion."""
    plain = _INITIALS.sub(lambda match: re.sub(r"[.\s]", "", match[0]) + " ", _plain(without_footnotes(text)))
    plain = _SPELT.sub(_digits, _POSSESSIVE.sub("", plain))
    plain = _SCALED.sub(lambda match: _NAMES.get(match[1].lower(), match[1]), _PERCENT.sub("%", plain))
    return tuple(word if _is_name(word) else word.casefold() for word in _WORD.findall(plain))


def _plain(text: str) -> str:
    """Letters without accents, compatibility forms (NFKC) and typographic signs in one form, digits without thousands separators."""
    text = _THOUSANDS.sub(lambda match: re.sub(r"\D", "", match[0]), _decimals(text).translate(_LETTERS))
    if text.isascii():
        return text
    return "".join(character for character in unicodedata.normalize("NFKD", text) if not unicodedata.combining(character))


def _decimals(text: str) -> str:
    return _MIXED.sub(lambda match: f"{match[1]}.{_HALVES[match[2]]}", text)


def _digits(match: re.Match[str]) -> str:
    tens, ones, count = ((group or "").lower() for group in match.groups())
    return str(_COUNTS[count] if count else TENS[tens] + _ONES.get(ones, 0))


def _is_name(word: str) -> bool:
    """Whether only its capitals tell a word from a function word: "US", "WHO"."""
    return word.isupper() and len(word) > 1 and is_stopword(word.lower())


# Facts in any format


@functools.lru_cache(maxsize=4096)
def _is_format(option: str) -> bool:
    """Whether an option is nothing but dates, numbers, amounts or times."""
    parts = [part.casefold() for part in _PART.findall(option.replace("a.m", "am").replace("p.m", "pm"))]
    known = all(part.isdigit() or part in _FORMAT_WORDS for part in parts)
    told = facts(_readable(option))
    return known and _FORMAT.fullmatch(option) is not None and bool(told.dates or told.quantities)


def _tells(answer: str, option: str) -> bool:
    """Whether the answer tells all facts of the option."""
    told, wanted = facts(_readable(without_footnotes(answer))), facts(_readable(option))
    alike = any if SLASHED.search(option) else all  # of "3/4/2025" both readings are told
    dates = alike(any(_is_date(date, one) for one in told.dates) for date in wanted.dates) if wanted.dates else True
    return dates and wanted.weekdays <= told.weekdays and wanted.scores <= told.scores and _counts(told, wanted)


def _readable(text: str) -> str:
    """Text as `facts` reads it, without what it would read as a part: negative numbers, "5.5.1"."""
    return _UNREAD.sub(";", _decimals(text).translate(_LETTERS))


def _is_date(wanted: Date, told: Date) -> bool:
    return wanted.month == told.month and wanted.year in (None, told.year) and wanted.day in (None, told.day)


def _counts(told: Facts, wanted: Facts) -> bool:
    """Whether each number is told; of several readings of one ("5 to 7 billion") any will do. Those of dates are compared as dates."""
    readings: dict[int, list[Quantity]] = {}
    for quantity in wanted.quantities:
        if quantity.start >= 0:
            readings.setdefault(quantity.start, []).append(quantity)
    return all(any(_is_quantity(one, other) for one in several for other in told.quantities) for several in readings.values())


def _is_quantity(wanted: Quantity, told: Quantity) -> bool:
    if wanted.unit == told.unit == "clock":
        return told.value == wanted.value or ("sure" not in wanted.counted and _half_day(told.value) == _half_day(wanted.value))
    unit = told.unit == wanted.unit if wanted.unit else told.unit not in _OTHERWISE
    day_of_a_date = told.start < 0 and told.unit == "ordinal"
    return unit and not day_of_a_date and told.value == wanted.value


def _half_day(minutes: Decimal) -> Decimal:
    return minutes % 720

"""Quantities and dates of a text in one canonical form: "31st October 2025" and "October 31, 2025" are the same. Pure."""

import functools
import re
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import pairwise
from typing import Final

from qa.words import fold, is_stopword, stem, words

SCALES: Final = {
    "hundred": 10**2, "k": 10**3, "thousand": 10**3, "lakh": 10**5, "m": 10**6, "mn": 10**6, "million": 10**6, "crore": 10**7,
    "b": 10**9, "bn": 10**9, "billion": 10**9, "tn": 10**12, "trillion": 10**12,
}  # fmt: skip
SMALL: Final = {
    word: number
    for number, word in enumerate(
        "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen "
        "nineteen".split()
    )
}
TENS: Final = {word: 10 * tens for tens, word in enumerate("twenty thirty forty fifty sixty seventy eighty ninety".split(), 2)}
ORDINALS: Final = {
    word: number
    for number, word in enumerate(
        "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth fifteenth sixteenth "
        "seventeenth eighteenth nineteenth twentieth".split(),
        1,
    )
}
MONTHS: Final = {
    name: number
    for number, names in enumerate(
        "january jan|february feb|march mar|april apr|may|june jun|july jul|august aug|september sep sept|october oct|november nov|"
        "december dec".split("|"),
        1,
    )
    for name in names.split()
}
MONTH_NAMES: Final = tuple({number: name.title() for name, number in reversed(MONTHS.items())}[month] for month in range(1, 13))
WEEKDAYS: Final = frozenset("monday tuesday wednesday thursday friday saturday sunday".split())
UNITS: Final = {  # word → unit
    form: unit
    for unit, forms in {
        "%": "% percent pct", "point": "point points pp", "$": "$ dollar dollars usd", "€": "€ euro euros eur",
        "£": "£ pound pounds sterling gbp", "¥": "¥ yen jpy", "₹": "₹ rupee rupees rs inr pkr", "yuan": "yuan renminbi cny",
        "rouble": "rouble roubles ruble rubles", "krona": "krona kronor krone kroner kr", "franc": "franc francs", "cent": "cent cents",
        "century": "century centuries", "decade": "decade decades", "year": "year years yr yrs", "month": "month months",
        "fortnight": "fortnight fortnights", "week": "week weeks", "day": "day days", "hour": "hour hours hr hrs",
        "minute": "minute minutes min mins", "second": "seconds secs", "km": "km kms kilometre kilometres kilometer kilometers",
        "m": "m metre metres meter meters", "cm": "cm centimetre centimetres centimeter centimeters",
        "mm": "mm millimetre millimetres millimeter millimeters", "mile": "mile miles mi", "foot": "foot feet ft", "inch": "inch inches",
        "yard": "yard yards", "hectare": "hectare hectares ha", "acre": "acre acres", "kg": "kg kgs kilogram kilograms kilo kilos",
        "g": "gram grams gramme grammes", "tonne": "tonne tonnes", "ton": "ton tons", "lb": "lb lbs", "ounce": "ounce ounces oz",
        "litre": "litre litres liter liters", "gallon": "gallon gallons", "barrel": "barrel barrels", "kw": "kw kilowatt kilowatts",
        "mw": "mw megawatt megawatts", "gw": "gw gigawatt gigawatts", "kwh": "kwh", "mph": "mph", "km/h": "kph kmh", "knot": "knot knots",
        "degree": "° degree degrees", "ad": "ad ce", "bc": "bc bce", "times": "times fold",
    }.items()
    for form in forms.split()
}  # fmt: skip
PERIODS: Final = {"century": (100, "year"), "decade": (10, "year"), "fortnight": (2, "week")}
MULTIPLES: Final = {"twi": 2, "dou": 2, "thr": 3, "tri": 3, "qua": 4}  # twice, double, thrice, triple, quadruple
MONEY: Final = frozenset("$ € £ ¥ ₹ yuan rouble krona franc cent".split())
RELATIVE: Final = re.compile(
    r"\b(last|next|this|previous|past|coming) (year|month|week|century|decade|summer|winter|spring|autumn|\w+day)\b|"
    r"\b(today|yesterday|tomorrow)\b"
)
SCORE: Final = re.compile(r"(?<![\w.,$€£-])(\d{1,3})(?:-| to )(\d{1,3})(?![\w.,-]?\d|[\w%])")
RATE: Final = re.compile(r"(?:s|twice|once|%|percent|p) (?:a|per|each|every) (second|minute|hour|day|night|week|month|year)\b")
RATES: Final = {"daily": "day", "weekly": "week", "monthly": "month", "yearly": "year", "annual": "year", "annually": "year"}

_MONTH: Final = rf"({'|'.join(MONTHS)})\.?"
_DAY: Final = r"(\d{1,2})(?:st|nd|rd|th)?"
_RANGE: Final = rf"(?:{_DAY}\s?(?:-|to|and|or|,)\s?)?"
DATES: Final = (  # with the groups that hold year, month, day, and a first day where there are two
    (re.compile(rf"\b{_RANGE}{_DAY}(?: day)?(?: of)? {_MONTH}(?:,? (\d{{4}}))?(?!\w)"), (4, 3, 2, 1)),
    (re.compile(rf"\b{_MONTH} {_RANGE}(?:the )?{_DAY}(?:,? (\d{{4}}))?(?![\w.,]\d|\w)"), (4, 1, 3, 2)),
    (re.compile(rf"\b{_MONTH},? (?:of )?(\d{{4}})\b"), (2, 1, 0, 0)),
    (re.compile(r"\b(\d{4})-(\d{2})-(\d{2})\b"), (1, 2, 3, 0)),
)
SLASHED: Final = re.compile(r"\b(\d{1,2})[/.](\d{1,2})[/.](\d{4})\b")
_BARE_MONTH: Final = re.compile(rf"\b{_MONTH}(?!\w)")
_MAY: Final = re.compile(  # "March" and "May" are months after these, or before another month
    rf"(?:\b(?:in|last|next|since|until|till|by|of|early|late|mid|this|during|from|before|after|every|{'|'.join(MONTHS)})[\s-]|"
    rf"(?:{'|'.join(MONTHS)})(?:,| and| or| to) )$"
)
_CLOCK: Final = re.compile(
    r"\b(\d{1,2})(?:[:.]([0-5]\d))?\s?(a\.?m\b\.?|p\.?m\b\.?)|\b([01]?\d|2[0-3]):([0-5]\d)(?:\s?(?:hours|hrs|h)\b)?(?![\d:])"
)
_CURRENCY: Final = r"(?:\b(?:us|a|c|hk|nz|s))?[$€£¥₹]\s?|\b(?:usd|eur|gbp|jpy|inr|pkr|cny|rs)\.?\s?"
_SCALE: Final = r"hundred|thousand|million|billion|trillion|lakh|crore|bn|mn|tn|k|m|b"
_SMALL: Final = "|".join([*TENS, *sorted(SMALL, key=len, reverse=True)])
_NUMBER: Final = re.compile(
    r"\b(?P<fraction>(?:(?:one|two|three)[\s-](?:third|quarter|fifth|tenth)s?|"
    r"(?:(?<=by )|(?<=about )|(?<=nearly )|(?<=almost )|(?<=than ))a (?:third|quarter|fifth|tenth)|"
    r"a (?:third|quarter|fifth|tenth)(?= of))|half(?![\s-]a\b))\b"
    rf"|(?P<currency>{_CURRENCY})?(?:(?<![\w.])(?P<digits>\d{{1,3}}(?:,\d{{3}})+(?:\.\d+)?|\d+(?:\.\d+)?)(?P<nth>st|nd|rd|th|s)?(?![a-z]*\d)"
    rf"(?:[\s-]?(?P<scale>{_SCALE}))?(?![^\W\d_])|(?P<digits_unit>(?<![\w.])\d+(?:\.\d+)?)(?=[a-z°%]))"
    rf"|\b(?P<spelled>(?:(?:a|half a|{_SMALL})[\s-]+(?:dozen|hundred|thousand|million|billion|trillion)|{_SMALL})"
    rf"(?:(?:[\s-]+|[\s-]+and[\s-]+)(?:{_SMALL}|dozen|hundred|thousand|million|billion|trillion))*)(?![a-z]|-?(?:{'|'.join(ORDINALS)})\b)"
    rf"|\b(?P<ordinal>(?:(?:{'|'.join(TENS)})[\s-])?(?:{'|'.join(ORDINALS)}))\b"
    r"|\b(?P<period>(?:a|an|the|per|this|last|next|every|each)?\s?(?:half[\s-])?(?:decade|century|fortnight|dozen))\b"
    r"|\b(?P<times>twice|double[ds]?|doubling|triple[ds]?|tripling|thrice|quadruple[ds]?)\b"
)
_UNIT: Final = re.compile(r"[\s-]?(percentage points?|per cent|[%°]|(?:square|cubic|sq\.?)[\s-][a-z]+|km/h|[a-z]+)(?![\w])", re.IGNORECASE)
_COUNTED: Final = re.compile(  # "5m people", not "5m long"
    r"\s(?!long|tall|high|wide|deep|away|above|below|from|and|off|race|run|dash)[a-z]{3}"
)
_PART: Final = re.compile(
    r"\sof (?:the|its|their|his|her|these|those|all) (?:\d[\d,]*|" + _SMALL + r")(?=\s)"
)  # "three of the 45 patients"
_BETWEEN: Final = re.compile(r"[\w.,$€£¥₹-]+?\s?(?:-|to|and|or)\s?")
_OVER: Final = re.compile(r"\b(?:more than|over|above|at least|exceed\w*|beyond|upwards of|no (?:fewer|less) than)\s(?:\w+\s)?$")
_UNDER: Final = re.compile(r"\b(?:less than|fewer than|under|below|at most|up to|almost|nearly|no more than)\s(?:\w+\s)?$")


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number with what it counts: a known unit ("%", "$", "year", "ordinal", "clock" in minutes …) or the stems of the next words."""

    value: Decimal
    unit: str
    counted: tuple[str, ...] = ()  # up to four words that follow
    bound: str = ""  # "over" or "under"
    part: bool = False  # "of the 45": a whole of which something is said
    start: int = 0  # where it stands in the text; -1 for the year and the day of a date

    def __str__(self) -> str:
        if self.unit == "clock":
            return f"{int(self.value) // 60}:{int(self.value) % 60:02}"
        return f"{self.value:f}"


@dataclass(frozen=True, slots=True)
class Date:
    """What a text tells of a date; None for what it does not."""

    year: int | None
    month: int
    day: int | None


@dataclass(frozen=True, slots=True)
class Facts:
    """What must agree between a claim and its source."""

    quantities: tuple[Quantity, ...]
    dates: frozenset[Date]
    weekdays: frozenset[str]
    scores: frozenset[tuple[int, ...]]  # of "3-1" and "10 to 15" both numbers, the lesser one first
    relative: frozenset[str]  # "last year", "tomorrow", "per week"

    @property
    def times(self) -> bool:
        """Whether it tells any time."""
        return bool(self.dates or self.weekdays or self.relative)


@functools.lru_cache(maxsize=4096)
def facts(text: str) -> Facts:
    """The facts of a text."""
    plain = _plain(text)
    dates, rest = _dates(plain, text)
    quantities = (*_quantities(rest), *(Quantity(Decimal(date.year), "", start=-1) for date in dates if date.year))
    quantities += tuple(Quantity(Decimal(date.day), "ordinal", start=-1) for date in dates if date.day)
    relative = {" ".join(filter(None, match.groups())) for match in RELATIVE.finditer(plain)}
    relative |= {f"per {match[1]}" for match in RATE.finditer(plain)} | {f"per {RATES[word]}" for word in words(plain) if word in RATES}
    scores = frozenset(tuple(sorted((int(match[1]), int(match[2])))) for match in SCORE.finditer(rest))
    return Facts(quantities, dates, frozenset(words(plain)) & WEEKDAYS, scores, frozenset(relative))


def _plain(text: str) -> str:
    """Folded text of the same length as far as can be, with plain hyphens and blanks."""
    return re.sub(r"[‐‑‒–—]", "-", fold(text)).replace("\u00a0", " ").replace("\u202f", " ")


def _dates(plain: str, text: str) -> tuple[frozenset[Date], str]:
    """The dates of a text, and the text with these blanked out."""
    found: set[Date] = set()
    for pattern, (year, month, day, first) in DATES:
        for match in pattern.finditer(plain):
            number = int(match[month]) if match[month].isdigit() else MONTHS[match[month]]
            if not 1 <= number <= 12:
                continue
            days: set[int | None] = {int(match[group]) for group in (day, first) if group and match[group]}
            found |= {Date(int(match[year]) if match[year] else None, number, one) for one in days or {None}}
        plain = pattern.sub(_blank, plain)
    for match in SLASHED.finditer(plain):
        pairs = {(int(match[1]), int(match[2])), (int(match[2]), int(match[1]))}
        found |= {Date(int(match[3]), month, day) for day, month in pairs if 1 <= month <= 12}
    plain = SLASHED.sub(_blank, plain)
    written = text if len(text) == len(plain) else plain.title()
    for match in _BARE_MONTH.finditer(plain):
        capital = written[match.start()].isupper()
        if capital and (match[1] not in ("may", "march", "mar") or _MAY.search(plain[: match.start()]) or match[0] == plain.strip(" .,")):
            found.add(Date(None, MONTHS[match[1]], None))
    return frozenset(found), plain


def _blank(match: re.Match[str]) -> str:
    return ";" * len(match[0])


def _quantities(plain: str) -> tuple[Quantity, ...]:
    found = [_clock(match) for match in _CLOCK.finditer(plain)]
    plain = _CLOCK.sub(_blank, plain)
    end = 0
    for match in _NUMBER.finditer(plain):
        if match.start() >= end and (read := _read(match, plain)):
            quantity, end = read
            found.append(quantity)
    return tuple(_with_ranges(found, plain))


def _clock(match: re.Match[str]) -> Quantity:
    hour, minute = int(match[1] or match[4]), int(match[2] or match[5] or 0)
    if match[3]:
        hour = hour % 12 + (12 if match[3][0] == "p" else 0)
    return Quantity(Decimal(hour * 60 + minute), "clock", ("sure",) if match[3] or hour > 12 else (), start=match.start())


def _read(match: re.Match[str], plain: str) -> tuple[Quantity, int] | None:
    """The quantity that begins with a match, and where it ends."""
    start, end = match.span()
    if match["fraction"]:
        return _fraction(match["fraction"], start), end
    if match["times"]:
        return Quantity(Decimal(MULTIPLES[match["times"][:3]]), "times", start=start), end
    value, unit, end = _number(match, plain)
    if value is None:
        return None
    counted = () if unit in ("ordinal", "era") else _following(plain, end)
    before = plain[:start]
    bound = "over" if _OVER.search(before) else "under" if _UNDER.search(before) else ""
    if unit in PERIODS:
        factor, unit = PERIODS[unit]
        value *= factor
    return Quantity(value.normalize(), unit, counted, bound, bool(re.search(r"\bof (?:the|its|their|his|her|all) $", before)), start), end


def _number(match: re.Match[str], plain: str) -> tuple[Decimal | None, str, int]:
    end = match.end()
    if match["ordinal"]:
        tens, _, last = match["ordinal"].replace("-", " ").rpartition(" ")
        return Decimal(TENS.get(tens, 0) + ORDINALS[last]), "ordinal", end
    if match["period"]:
        return _period(match["period"], end)
    if match["nth"]:
        return Decimal(match["digits"].replace(",", "")), "era" if match["nth"] == "s" else "ordinal", end
    return _cardinal(match, plain)


def _cardinal(match: re.Match[str], plain: str) -> tuple[Decimal | None, str, int]:
    end, scale, spelled = match.end(), match["scale"], match["spelled"]
    value = _spelled(spelled) if spelled else Decimal((match["digits"] or match["digits_unit"]).replace(",", ""))
    unit, after = _unit(plain, end)
    if scale == "m" and not match["currency"] and unit not in MONEY and not _COUNTED.match(plain, end):
        return value, "m", end
    value *= SCALES[scale] if scale else 1
    if match["currency"]:
        symbol = re.sub(r"[\s.]", "", match["currency"])
        return value, UNITS.get(symbol) or UNITS[symbol[-1]], end
    if spelled == "one" and unit in ("day", "point"):
        return None, "", end  # "one day", "at one point"
    return value, unit, after if unit else end


def _period(phrase: str, end: int) -> tuple[Decimal | None, str, int]:
    name = re.split(r"[\s-]", phrase)[-1]
    if name == "dozen":
        return Decimal(12), "", end
    if re.match(r"(?:this|last|next|the|per|every|each)\s", phrase):
        return None, "", end
    return Decimal("0.5") if "half" in phrase else Decimal(1), name, end


def _fraction(phrase: str, start: int) -> Quantity:
    parts = re.split(r"[\s-]", phrase)
    if phrase == "half":
        return Quantity(Decimal(50), "%", start=start)
    over = {"third": 3, "quarter": 4, "fifth": 5, "tenth": 10}[parts[1].removesuffix("s")]
    return Quantity(round(Decimal(100) * SMALL.get(parts[0], 1) / over, 1).normalize(), "%", start=start)


def _spelled(phrase: str) -> Decimal:
    """The value of a number in words: "two hundred and fifty thousand" is 250000."""
    total = part = Decimal(0)
    for word in re.split(r"[\s-]+", phrase):
        if word == "half":
            part = Decimal("0.5")
        elif word == "a" and not part:
            part = Decimal(1)
        elif word in ("hundred", "dozen"):
            part = (part or Decimal(1)) * (100 if word == "hundred" else 12)
        elif word in SCALES:
            total, part = total + part * SCALES[word], Decimal(0)
        else:
            part += SMALL.get(word, 0) + TENS.get(word, 0)
    return total + part


def _unit(plain: str, end: int) -> tuple[str, int]:
    """The unit that stands after a number, "" where there is none, and where it ends."""
    match = _UNIT.match(plain, end)
    if match is None:
        return "", end
    phrase = re.sub(r"[\s-]+", " ", match[1])
    if phrase.startswith("percentage"):
        return "point", match.end()
    if phrase == "per cent":
        return "%", match.end()
    if phrase == "km/h":
        return "km/h", match.end()
    power, _, base = phrase.rpartition(" ")
    unit = UNITS.get(base, "")
    return (f"{power[:2]} {unit}" if power and unit else unit), match.end()


def _following(plain: str, end: int) -> tuple[str, ...]:
    """The stems of up to four words that follow, to the next function word or punctuation."""
    found: list[str] = []
    if part := _PART.match(plain, end):
        end = part.end()
    for match in re.finditer(r"[\s-]*([^\W\d_][^\W_]*(?:'[a-z]+)?)|(\S)", plain[end : end + 80]):
        if match[2] or is_stopword(match[1]) or len(found) == 4:
            break
        found.append(stem(match[1]))
    return tuple(found)


def _with_ranges(found: list[Quantity], plain: str) -> list[Quantity]:
    """Of "5 to 7 billion dollars" the 5 may have the scale and the unit of the 7; of "$5-7bn" the 7 has the unit of the 5."""
    ranged: list[Quantity] = []
    for one, other in pairwise(sorted(found, key=lambda quantity: quantity.start)):
        if one.counted or not _BETWEEN.fullmatch(plain, one.start, other.start):
            continue
        scale = 1000 ** ((len(str(int(other.value))) - 1) // 3) if one.value < 1000 and other.value >= 10**6 else 1
        unit = other.unit or one.unit
        if one.unit in ("", unit):
            ranged += [replace(one, value=value, unit=unit, counted=other.counted) for value in {one.value, one.value * scale}]
        if one.unit in MONEY and not other.unit:
            ranged.append(replace(other, unit=unit))
    return [*found, *ranged]

"""One thing of a gold sentence made untrue: a number, a name, a date, a unit, a denial, a direction, a certainty. By regular expressions
of its own, so that nothing is shared with the rules that are to find it."""

import random
import re
from collections.abc import Callable, Sequence
from typing import Final

Change = Callable[[str, Sequence[str], random.Random], str | None]

MONTHS: Final = "January February March April May June July August September October November December".split()
DAYS: Final = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()
COUNTS: Final = "two three four five six seven eight nine ten eleven twelve thirteen fifteen twenty thirty forty fifty sixty ninety".split()
RANKS: Final = "first second third fourth fifth sixth seventh eighth ninth tenth".split()
PLACES: Final = "France Germany Japan Brazil Canada Egypt Italy Spain China India Russia Mexico Norway Poland Kenya".split()
PEOPLES: Final = "French German Japanese Brazilian Canadian Egyptian Italian Spanish Chinese Indian Russian Mexican Polish Dutch".split()
FIRST_NAMES: Final = "Edward Margaret Oliver Sophia Martin Helena Viktor Alice Gregory Nadia".split()
LAST_NAMES: Final = "Carver Lindholm Petrov Okafor Marsh Delgado Whitfield Tanaka Brennan Kowalski".split()
NO_NAMES: Final = frozenset(
    """The A An In On At Of For By From To With As And But Or Nor If When While After Before Since Until During Although Though Because
    However Then There This That These Those It Its He She They We You I His Her Their Our My Your Who Which What Where Why How Not No Some
    Many Most All Both Each Every Another Other Such Also Only Even Just So Thus Yet Now Today Later Here More Less Under Over Between
    Among Through Despite Following According Additionally Moreover Furthermore Mr Mrs Ms Dr""".split()
) | {*MONTHS, *DAYS}
RUN: Final = re.compile(r"\b[A-Z][a-zà-ÿ’'A-Z-]+(?: (?:of |de |van |von )?[A-Z][a-zà-ÿ’'A-Z-]+)*")
UNIT_GROUPS: Final = (
    "million billion thousand trillion", "years months weeks days decades", "hours minutes seconds days", "year month week day",
    "kilometers miles feet meters", "kilometres miles feet metres", "km miles m ft", "percent points", "dollars euros pounds yen",
    "inches centimeters feet", "acres hectares", "tons pounds kilograms", "hour minute day", "mph km/h", "centuries decades years",
)  # fmt: skip
AUXILIARY: Final = r"(?:is|are|was|were|has|have|had|can|could|will|would|should|does|did|do|must)"
PAST: Final = re.compile(
    r"(?<=[a-z] )(?:(?P<irregular>became|began|won|took|made|led|held|wrote|left|gave|went|came|met|lost|built|found|got|saw|grew|fell|rose"
    r"|chose|drew|broke|brought|bought|sold|said|told|paid|kept|ran)|(?P<regular>[a-z]{2,}(?<![ae]e)ed))(?= (?:the|a|an|his|her|its|their|"
    r"in|on|at|to|for|by|with|that|as|from|up|[A-Z0-9]))"
)
PRESENT_OF: Final = dict(
    pair.split(":")
    for pair in "became:become began:begin won:win took:take made:make led:lead held:hold wrote:write left:leave gave:give went:go "
    "came:come met:meet lost:lose built:build found:find got:get saw:see grew:grow fell:fall rose:rise chose:choose drew:draw broke:break "
    "brought:bring bought:buy sold:sell said:say told:tell paid:pay kept:keep ran:run".split()
)
OTHER_WAY: Final = tuple(
    (one, other)
    for pair in """
    increased/decreased increase/decrease increases/decreases rose/fell grew/shrank higher/lower more/less more/fewer larger/smaller
    greater/lesser largest/smallest highest/lowest longest/shortest oldest/youngest oldest/newest most/least best/worst first/last
    before/after above/below north/south east/west northern/southern eastern/western won/lost gained/lost joined/left supported/opposed
    accepted/rejected bought/sold opened/closed began/ended earlier/later over/under maximum/minimum majority/minority with/without
    earliest/latest strong/weak stronger/weaker started/finished arrived/departed victory/defeat predecessor/successor
    up/down approved/rejected older/younger better/worse import/export inside/outside for/against raised/lowered legal/illegal
    succeeded/preceded taller/shorter allowed/forbidden entered/left early/late biggest/smallest increasing/decreasing north/west
    """.split()
    for one, other in (pair.split("/"), pair.split("/")[::-1])
)
DOES_TO: Final = (
    r"(?:defeated|beat|succeeded|replaced|visited|invited|appointed|bought|acquired|sued|attacked|invaded|married into|praised|criticized|"
    r"preceded|hired|founded|conquered|killed|followed|signed|owns|led|wrote to|won against|lost to|represented|sold|gave|awarded|accused|"
    r"was succeeded by|was replaced by|was defeated by|was appointed by|was founded by|was owned by|was acquired by|is part of|"
    r"outscored|overthrew|supported|elected|captured|influenced|taught|directed|designed|produced|inspired)"
)
SURE: Final = (
    (r"\b(?:may|might|could) (?:be|have been)\b", "is"), (r"\b(?:may|might) (?=[a-z])", "will "), (r"\bcould (?=[a-z])", "will "),
    (r"\b(is|are|was|were) (?:expected|believed|thought|said|likely|scheduled|supposed|set|planned|reported) to be\b", r"\1"),
    (r"\b(?:is|was) (?:expected|likely|scheduled|set|due|planning|supposed) to\b", "did"),
    (r"\b(?:is|are|was|were) (?:expected|likely|scheduled|set|due|planning|supposed) to\b", "will"),
    (r"\b(?:reportedly|allegedly|possibly|perhaps|probably|supposedly|likely) ", ""), (r"\b(?:should|would) (?=be\b)", "will "),
    (r", according to [^,.;]+(?=[.,;])", ""),
    (r"\b(?:plans|planned|intends|intended|wants|wanted|hopes|hoped|attempted|tried|proposed) to\b", "did"),
)  # fmt: skip


def put(text: str, match: re.Match[str], new: str) -> str:
    return text[: match.start()] + new + text[match.end() :]


def some(pattern: str | re.Pattern[str], text: str, rng: random.Random) -> re.Match[str] | None:
    found = list(re.finditer(pattern, text))
    return rng.choice(found) if found else None


def other(one: str, of: Sequence[str], rng: random.Random) -> str:
    return rng.choice([word for word in of if word.casefold() != one.casefold()])


def runs(text: str) -> list[re.Match[str]]:
    """Names: runs of words in capitals without the function words that open a sentence."""
    found = []
    for match in RUN.finditer(text):
        opens = match.start() == 0 or bool(re.search(r"[.!?:“\"(]\s*$", text[: match.start()]))
        words = match[0].split()
        if not NO_NAMES & set(words) and (len(words) > 1 or not opens):
            found.append(match)
    return found


def number(text: str, _: Sequence[str], rng: random.Random) -> str | None:
    words = "|".join((*COUNTS, *RANKS))
    match = some(rf"(?<![\w.,$-])\$?\d+(?:,\d{{3}})*(?:\.\d+)?(?![\w-]|[.,]\d)|\b(?:{words})\b", text, rng)
    if match is None:
        return None
    said = match[0]
    if said.casefold() in (*COUNTS, *RANKS):
        return put(text, match, other(said, COUNTS if said.casefold() in COUNTS else RANKS, rng))
    plain = said.lstrip("$").replace(",", "")
    near = f"{'|'.join(MONTHS)}"
    if (
        re.fullmatch(r"1\d{3}|20\d\d", plain)
        or re.search(rf"(?:{near}) $", text[: match.start()])
        or re.match(rf" (?:{near})", text[match.end() :])
    ):
        return None  # a year or a day: a date
    value = float(plain)
    new = value + rng.choice([1, 2, 3, 5]) if value < 30 else value * rng.choice([0.1, 0.5, 0.9, 1.1, 1.3, 2, 10])
    if len(plain) > 1 and rng.random() < 0.3:
        digits = plain[1] + plain[0] + plain[2:]
        new = float(digits) if digits.replace(".", "", 1).isdigit() and plain[0] != plain[1] and "." not in plain[:2] else new
    told = f"{new:.{len(plain.partition('.')[2])}f}" if "." in plain else f"{round(new):,}" if "," in said else str(round(new))
    return put(text, match, ("$" if said[0] == "$" else "") + told) if told != plain and told != said.lstrip("$") else None


def name(text: str, others: Sequence[str], rng: random.Random) -> str | None:
    found = runs(text)
    if not found:
        return None
    match = rng.choice(found)
    words = match[0].split()
    for listed in (PLACES, PEOPLES):
        if match[0] in listed:
            return put(text, match, other(match[0], listed, rng))
    if len(words) == 2 and rng.random() < 0.4:
        first = rng.random() < 0.5
        return put(text, match, f"{rng.choice(FIRST_NAMES)} {words[1]}" if first else f"{words[0]} {rng.choice(LAST_NAMES)}")
    known = set(text.casefold().split())
    fitting = [one for one in others if not set(one.casefold().split()) & known and len(one.split()) == len(words)]
    made = rng.choice(fitting) if fitting else f"{rng.choice(FIRST_NAMES)} {rng.choice(LAST_NAMES)}"
    return put(text, match, made + ("'s" if match[0].endswith("'s") else ""))


def date(text: str, _: Sequence[str], rng: random.Random) -> str | None:
    months, days = "|".join(MONTHS), "|".join(DAYS)
    match = some(
        rf"(?<![\w.,$-])(?:1[0-9]|20)\d\d(?![\w%]|[.,]\d)|\b(?:{days})\b|\b(?:{months})\b(?=,? \d| of)|(?<=in )(?:{months})\b|"
        rf"(?<=y )\b\d{{1,2}}\b(?=, \d{{4}})|\b\d{{1,2}}(?= (?:{months})\b)|(?<=the )1[0-9]\d0s",
        text,
        rng,
    )
    if match is None:
        return None
    said = match[0]
    if said in MONTHS or said in DAYS:
        return put(text, match, other(said, MONTHS if said in MONTHS else DAYS, rng))
    if said.endswith("s"):
        return put(text, match, f"{int(said[:-1]) + rng.choice([-20, -10, 10])}s")
    if len(said) < 3:
        return put(text, match, other(said, [str(day) for day in range(1, 29)], rng))
    return put(text, match, str(int(said) + rng.choice([-30, -10, -5, -2, -1, 1, 2, 4, 7, 11])))


def unit(text: str, _: Sequence[str], rng: random.Random) -> str | None:
    counts = rf"(?:\d|{'|'.join(COUNTS)}|several|hundred|thousand|million|billion)[ -]"
    groups = [group.split() for group in UNIT_GROUPS]
    rng.shuffle(groups)
    for group in groups:
        match = some(rf"(?<=[ -])(?:{'|'.join(map(re.escape, group))})\b", text, rng)
        if match and re.search(rf"{counts}$", text[: match.start()]):
            return put(text, match, other(match[0], group, rng))
    match = some(r"(?<=\d)%|\$(?=\d)|£(?=\d)|€(?=\d)", text, rng)
    if match is None:
        return None
    return put(text, match, " " + rng.choice(["percentage points", "people"]) if match[0] == "%" else other(match[0], "$£€", rng))


def negation(text: str, _: Sequence[str], rng: random.Random) -> str | None:
    denied = some(
        r"\b(?:did|does|do) not (?=[a-z])|(?<=[a-z]) not(?= (?!only|just|merely|necessarily)[a-z])|\bnever |\bcannot\b|n't\b", text, rng
    )
    if denied and rng.random() < 0.7:
        return put(text, denied, {"cannot": "can", "n't": "", " not": ""}.get(denied[0], ""))
    match = some(rf"\b{AUXILIARY}(?= (?!not\b|never\b|n't)[a-z])", text, rng)
    past = some(PAST, text, rng)
    if (
        past
        and (match is None or rng.random() < 0.4)
        and not re.search(rf"\b(?:{AUXILIARY}|been|be|being|by|also|and|of|as)(?: \w+ly)? $", text[: past.start()])
    ):
        if rng.random() < 0.3:
            return put(text, past, f"never {past[0]}")
        return put(text, past, f"did not {base(past)}")
    if match is None:
        return None
    return put(
        text, match, match[0] + rng.choice([" not", " not", " never", " no longer", "n't" if match[0] not in ("can", "will") else " not"])
    )


def base(past: re.Match[str]) -> str:
    if past["irregular"]:
        return PRESENT_OF[past[0]]
    if past[0].endswith("ied"):
        return past[0][:-3] + "y"
    if past[0].endswith("eed"):
        return past[0][:-1]
    if re.search(r"([bdgmnprt])\1ed$|[^aeiou][ae]lled$", past[0]) and len(past[0]) > 6:
        return past[0][:-3]
    return past[0][:-1] if re.search(r"(?:[^aeiou][aeiou][tgcsvzrdkm]|[csvzgu]|[^aeiou]l)ed$", past[0]) else past[0][:-2]


def direction(text: str, _: Sequence[str], rng: random.Random) -> str | None:
    ways = [_exchanged_names, _from_to, _opposite, _opposite]
    rng.shuffle(ways)
    return next((made for way in ways if (made := way(text, rng))), None)


def _opposite(text: str, rng: random.Random) -> str | None:
    fitting = [
        (match, new)
        for one, new in OTHER_WAY
        for match in re.finditer(rf"\b{one}\b(?! (?:as|than one|of all|to date)\b)", text)
        if not (
            one in ("over", "up", "for", "with", "more", "most", "down", "under")
            and not re.match(r" (?:\d|than \d|the proposal)", text[match.end() :])
        )
    ]
    if not fitting:
        return None
    match, new = rng.choice(fitting)
    return put(text, match, new)


def _exchanged_names(text: str, rng: random.Random) -> str | None:
    name = r"[A-Z][a-z’'-]+(?: [A-Z][a-z’'-]+)*"
    match = some(rf"\b({name}) ({DOES_TO}) ({name})(?!,? (?:and|or)\b|'s)", text, rng)
    if match is None or NO_NAMES & {*match[1].split(), *match[3].split()} or match[1] in match[3] or match[3] in match[1]:
        return None
    return put(text, match, f"{match[3]} {match[2]} {match[1]}")


def _from_to(text: str, rng: random.Random) -> str | None:
    thing = r"(?:[A-Z][a-z’'-]+(?: [A-Z][a-z’'-]+)*|\$?\d[\d,.]*\d%?)"
    match = some(rf"\bfrom ({thing}) to ({thing})(?= |\.|,)", text, rng)
    if match is None or match[1] == match[2]:
        return None
    return put(text, match, f"from {match[2]} to {match[1]}")


def modality(text: str, _: Sequence[str], rng: random.Random) -> str | None:
    dropped = [(pattern, new) for pattern, new in SURE if re.search(pattern, text)]
    if dropped and rng.random() < 0.7:
        pattern, new = rng.choice(dropped)
        return re.sub(pattern, new, text, count=1)
    match = some(r"\b(?:was|were|is|are|has been|have been)\b(?= (?!not\b|expected|likely|believed|thought|said|may\b)[a-z])", text, rng)
    past = some(PAST, text, rng)
    if (
        past
        and (match is None or rng.random() < 0.4)
        and not re.search(rf"\b(?:{AUXILIARY}|been|be|being|by|also|and|of|as|to)(?: \w+ly)? $", text[: past.start()])
    ):
        verb = base(past)
        return put(
            text,
            past,
            rng.choice([f"may have {past[0]}", f"was expected to {verb}", f"planned to {verb}", f"might {verb}", f"reportedly {past[0]}"]),
        )
    if match is None:
        return None
    done = match[0] in ("was", "were", "has been", "have been")
    return put(
        text,
        match,
        rng.choice(
            ["may have been", f"{match[0]} expected to be", f"{match[0]} reportedly", "might have been"]
            if done
            else ["may be", "might be", f"{match[0]} said to be"]
        ),
    )


CHANGES: Final[dict[str, Change]] = {
    "number": number, "name": name, "date": date, "unit": unit, "negation": negation, "direction": direction, "modality": modality,
}  # fmt: skip

"""A gold sentence said in other words that are as true: shortened, its numbers and dates written otherwise, its subject named or not."""

import random
import re
from collections.abc import Callable
from typing import Final

from tests.claim_changes import MONTHS, NO_NAMES, put, runs, some
from tests.claim_sets import Gold

Form = Callable[[Gold, random.Random], str | None]
SPELLED: Final = dict(enumerate("two three four five six seven eight nine ten eleven twelve".split(), 2))
OTHER_WORDS: Final = tuple(
    tuple(pair.split("/"))
    for pair in (
        "may/might", "might/may", "began/started", "did not/didn't", "does not/doesn't", "is not/isn't", "was not/wasn't",
        "is expected to/is due to", "approximately/about", "roughly/about", "because of/due to",
        "prior to/before", "in order to/to",
        "organization/organisation", "program/programme", "the United States/the U.S.", "the United Kingdom/the UK", "more than/over",
        "were not/weren't", "has not/hasn't", "will not/won't", "also /", "approximately/around", "over the course of/during",
        "is located in/is in",
    )
)  # fmt: skip
NO_SURNAMES: Final = frozenset("Union States Kingdom Arabia Africa Zealand America Korea Germany University Army Church Party".split())
QUOTED: Final = re.compile(r"“[^”]*”|\"[^\"]*\"")
UNSAFE: Final = re.compile(
    r"^(?:If|Unless|According|Had|Were|Without|Not|Never|Only|Neither|No)\b|\b(?:according|if|unless|allegedly|reportedly|says?|said|claim\w*)\b",
    re.IGNORECASE,
)


def verbatim(gold: Gold, _: random.Random) -> str | None:
    return gold.text


def shortened(gold: Gold, rng: random.Random) -> str | None:
    ways = [_without_end, _without_opening, _without_brackets, _without_aside]
    rng.shuffle(ways)
    return next((made for way in ways if (made := way(gold.text)) and len(made.split()) > 4), None)


def _without_end(text: str) -> str | None:
    match = re.search(
        r"(?:, (?:which|who|where|while|whereas|and (?=[a-z]+ (?:was|is|were|had|has)\b)|with|making|"
        r"including|but|although|after|as)\b|;) ?[^;]*$",
        text,
    )
    if match is None or UNSAFE.search(match[0]) or re.search(r"[“\"(]", text) or ", " in text[: match.start()][-1:]:
        return None
    return text[: match.start()] + "."


def _without_opening(text: str) -> str | None:
    match = re.match(
        r"(?:In|On|After|During|By|At|However|Since|Following|With|Although|While|Meanwhile|Also|Finally|"
        r"Later|Today)\b[^,;“\"(]{0,60}, (?=[A-Za-z])",
        text,
    )
    if match is None or UNSAFE.search(match[0]) or re.match(r"(?:and|or|but|who|which|where|[A-Z][a-z]+,|\d)", text[match.end() :]):
        return None
    rest = text[match.end() :]
    return rest[0].upper() + rest[1:]


def _without_brackets(text: str) -> str | None:
    return re.sub(r" \([^()]*\)", "", text, count=1) if " (" in text else None


def _without_aside(text: str) -> str | None:
    match = re.search(
        r", (?:which|who|a|an|the|including|born) [^,;()“\"]{5,60},(?= (?:is|was|are|were|has|had|became|won|joined|said)\b)", text
    )
    return put(text, match, "") if match and not UNSAFE.search(match[0]) else None


def rewritten(gold: Gold, rng: random.Random) -> str | None:
    """Numbers, dates and units in another format."""
    ways = [_date_form, _number_form, _unit_form]
    rng.shuffle(ways)
    return next((made for way in ways if (made := way(gold.text, rng))), None)


def _date_form(text: str, rng: random.Random) -> str | None:
    months = "|".join(MONTHS)
    match = some(rf"\b({months}) (\d{{1,2}}),? (\d{{4}})\b", text, rng)
    if match:
        return put(
            text, match, rng.choice([f"{int(match[2])} {match[1]} {match[3]}", f"the {_nth(int(match[2]))} of {match[1]} {match[3]}"])
        )
    match = some(rf"\b(\d{{1,2}}) ({months}) (\d{{4}})\b", text, rng)
    if match is None or re.search(r"[-–—] ?$", text[: match.start()]):
        return None
    return put(
        text,
        match,
        rng.choice(
            [f"{match[2]} {match[1]}, {match[3]}", f"{match[2]} {_nth(int(match[1]))}, {match[3]}", f"{match[1]} {match[2][:3]} {match[3]}"]
        ),
    )


def _nth(day: int) -> str:
    return f"{day}{'th' if 10 < day < 20 else {1: 'st', 2: 'nd', 3: 'rd'}.get(day % 10, 'th')}"


def _number_form(text: str, rng: random.Random) -> str | None:
    match = some(r"(?<![\w.,$£€-])\d{1,3},\d{3}(?![\d,.]\d)\b", text, rng)
    if match:
        return put(text, match, match[0].replace(",", ""))
    match = some(r"(?<![\w.,])\$(\d+(?:\.\d+)?) (million|billion)\b", text, rng)
    if match:
        return put(text, match, rng.choice([f"{match[1]} {match[2]} dollars", f"${match[1]}{'m' if match[2] == 'million' else 'bn'}"]))
    match = some(rf"(?<=[a-z] )(?:{'|'.join(SPELLED.values())})(?= [a-z]{{4,}})", text, rng)
    if match and not re.match(r" (?:hundred|thousand|million|billion|dozen)", text[match.end() :]):
        return put(text, match, next(str(value) for value, word in SPELLED.items() if word == match[0]))
    match = some(r"(?<=[a-z] )(?:[2-9]|1[0-2])(?= [a-z]{4,})(?! (?:million|billion|thousand))", text, rng)
    return put(text, match, SPELLED[int(match[0])]) if match else None


def _unit_form(text: str, rng: random.Random) -> str | None:
    match = some(r"(?<=\d)(?:%| percent\b| per cent\b| km\b| kilometers\b| kilometres\b)", text, rng)
    if match is None:
        return None
    distance = "k" in match[0]
    return put(text, match, rng.choice([" km", " kilometers", " kilometres"] if distance else ["%", " percent", " per cent"]))


def turned(gold: Gold, _: random.Random) -> str | None:
    """The passive as the active, where nothing else stands before or after it."""
    match = re.fullmatch(
        r"((?:The |A |[A-Z])[^,;:()]{3,70}?) (?:was|were) ([a-z]{3,}ed|built|written|won|held) by "
        r"((?:the |[A-Z])[\w’' -]{2,40}?)((?: (?:in|on|for|from|with|to) |,) ?[^:]+)?\.",
        gold.text,
    )
    if match is None or re.search(r"\b(?:who|which|that|and|not|never|was|were)\b", match[1] + match[3]):
        return None
    verb = {"written": "wrote"}.get(match[2], match[2])
    first = match[1] if match[1].split()[0] not in ("The", "A") else match[1][0].lower() + match[1][1:]
    return f"{match[3][0].upper()}{match[3][1:]} {verb} {first}{match[4] or ''}."


def moved(gold: Gold, _: random.Random) -> str | None:
    """When or where it was, at the end for at the beginning."""
    match = re.fullmatch(
        r"((?:In|On|During|By|At|Since|After|Before) [^,;“\"()]{3,40}), ((?:he|she|it|they|the|[A-Z])[^,;:“\"()—–]{10,120})\.", gold.text
    )
    if (
        match is None
        or UNSAFE.search(gold.text)
        or (match[1].split()[0] in ("After", "Before") and re.search(r"\b(?:he|she|it|they)\b", gold.text))
    ):
        return None
    return f"{match[2][0].upper()}{match[2][1:]} {match[1][0].lower()}{match[1][1:]}."


def second(gold: Gold, _: random.Random) -> str | None:
    """Of two things that one did, the second alone."""
    verbs = r"(?:was|is|had|has|became|won|made|took|led|wrote|held|went|[a-z]{3,}ed)"
    match = re.fullmatch(
        rf"((?:[A-Z][\w’'-]+|He|She|It|They|The [a-z]+)(?: [A-Z][\w’'-]+){{0,2}}) {verbs} "
        rf"[^,;:“\"()]{{5,80}} and ({verbs} [^;:“\"()]{{8,}})",
        gold.text,
    )
    if match is None or re.search(r"\b(?:who|which|that|not|never|whose|was|were|had|is)\b", gold.text[match.end(1) + 5 : match.start(2)]):
        return None
    return f"{match[1]} {match[2]}"


def surname(gold: Gold, rng: random.Random) -> str | None:
    """A person by the last name alone."""
    found = [match for match in runs(gold.text) if re.fullmatch(r"[A-Z][a-z]+ [A-Z][a-z]+", match[0])]
    spoken = [match for match in found if re.match(r" (?:was|is|had|has|said|became|won|joined|[a-z]+ed)\b", gold.text[match.end() :])]
    if not spoken:
        return None
    match = rng.choice(spoken)
    return put(gold.text, match, match[0].split()[1]) if match[0].split()[1] not in NO_SURNAMES else None


def named(gold: Gold, _: random.Random) -> str | None:
    """The article's subject for the pronoun that begins the sentence."""
    match = re.match(r"(?:He|She) (?=[a-z])", gold.text)
    plain = re.sub(r" \(.*", "", gold.title)
    if match is None or not re.fullmatch(r"(?:[A-Z][\w’'-]+ ?){2,3}", plain) or NO_NAMES & set(plain.split()):
        return None
    return f"{plain} {gold.text[match.end() :]}"


def reworded(gold: Gold, rng: random.Random) -> str | None:
    fitting = [
        (one, other)
        for one, other in OTHER_WORDS
        if re.search(rf"(?<!no )\b{re.escape(one)}(?!\w)", gold.text) or (one == "also " and " also " in gold.text)
    ]
    if not fitting:
        return None
    one, other = rng.choice(fitting)
    return re.sub(rf"\b{re.escape(one)}(?!\w)" if one.strip() == one else re.escape(one), other, gold.text, count=1)


def hedged(gold: Gold, rng: random.Random) -> str | None:
    """A sentence with its own hedge, whole or without its last clause."""
    if not re.search(
        r"\b(?:may|might|could|would|expected to|likely|plans? to|planned to|reportedly|alleged\w*|believed|not|never|said)\b", gold.text
    ):
        return None
    return (_without_end(gold.text) if rng.random() < 0.5 else None) or gold.text


def short(gold: Gold, _: random.Random) -> str | None:
    """The answer alone: a name, a date, a number."""
    answer = gold.answer
    return answer[0].upper() + answer[1:] if answer and len(answer.split()) <= 6 and (answer[0].isupper() or answer[0].isdigit()) else None


def keeps_quotations(text: str, gold: Gold) -> bool:
    """Whether what stands between quotation marks is as it was: words of another may not be reworded."""
    return all(quotation in gold.text for quotation in QUOTED.findall(text))


FORMS: Final[dict[str, Form]] = {
    "verbatim": verbatim, "shortened": shortened, "rewritten": rewritten, "turned": turned, "surname": surname, "named": named,
    "moved": moved, "second": second, "reworded": reworded, "hedged": hedged, "short": short,
}  # fmt: skip

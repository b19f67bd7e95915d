"""What a claim that nearly repeats a sentence has altered in it: denial, certainty, a name, a number, a unit, which way it goes. Pure."""

import re
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Final, Literal

from qa.agreement import is_short_form
from qa.alignment import Change, Placed, changes, covered, is_time, likeness, placed
from qa.contradiction import opposites
from qa.facts import SCALES, UNITS, facts
from qa.spelling import respelt
from qa.stance import BE, DETERMINERS, OPPOSITE_ROLES, is_past
from qa.words import TITLES, akin, fold, stem

Certainty = Literal["possible", "planned", "obliged", "future"]

ANSWERS: Final = re.compile(r"^(?:yes|no)[,.:;] ", re.IGNORECASE)
NEGATIONS: Final = frozenset("not no never neither nor none nobody nothing without nowhere hardly barely scarcely".split())
EMPTY: Final = NEGATIONS | {"longer", "ever", "yet", "also"}
NOT_UNTIL: Final = re.compile(r"(?:\bnot|n[’']t|\bnever) (?:be |been |have )?(\w+)\b[^,;]{0,40} (?:until|till)\b", re.IGNORECASE)
IMPLIED: Final = frozenset(
    stem(word)
    for word in "refuse fail deny decline reject lack unable unwilling instead rather avoid prevent stop ban bar absent miss".split()
)
"""Stems of words that deny without a negation."""
DEGREES: Final = frozenset("only just merely necessarily".split())
TIMES: Final = frozenset("until till unless except before without".split())
"""What makes a negation one of degree ("not only") or of time ("not until")."""
CERTAINTIES: Final[dict[str, Certainty]] = {
    **dict.fromkeys(
        "may might could possibly perhaps maybe probably likely potentially reportedly allegedly supposedly apparently presumably "
        "purportedly alleged".split(),
        "possible",
    ),
    **dict.fromkeys("must should ought".split(), "obliged"),
    **dict.fromkeys("will would shall".split(), "future"),
}
BEFORE_TO: Final[dict[str, Certainty]] = {  # stems of words that hedge when "to" follows
    **dict.fromkeys(
        map(stem, "expected believed thought said reported rumoured feared hoping hopes wants wish seeks claimed".split()), "possible"
    ),
    **dict.fromkeys(
        map(stem, "planned intends scheduled set slated vowed pledged promised proposed aims attempted tried".split()), "planned"
    ),
}
DOUBTED: Final = frozenset(
    stem(word)
    for word in """
    claim allege deny dispute accuse suspect fear speculate believe think argue insist maintain predict assume doubt suggest hope
    hypothesize theorize contend assert
    """.split()
)
"""Stems of the verbs that leave open whether it is so."""
SAYING: Final = frozenset(stem(word) for word in "say said according report reported reportedly tell told announce state".split())
ENOUGH: Final = frozenset("can could able".split())  # "can" for "may" and the other way round changes no certainty that can be told
DUTY: Final = frozenset(map(stem, "have has had need needs required obliged supposed should must ought".split()))
WAYS: Final = {
    one: other
    for pair in "up:down inside:outside in:out predecessor:successor preceded:succeeded ancestor:descendant parent:child "
    "teacher:student buyer:seller winner:loser upper:lower increasingly:decreasingly older:younger taller:shorter greater:lesser "
    "left:right stronger:weaker heavier:lighter faster:slower earlier:later better:worse cheaper:dearer richer:poorer with:without "
    "maximum:minimum upstream:downstream upward:downward upwards:downwards forward:backward ascending:descending".split()
    for one, other in (pair.split(":"), pair.split(":")[::-1])
}
"""Words of direction and comparison that go opposite ways, by their spelling."""


CURRENCIES: Final = frozenset("$€£¥₹")


def alteration(claim: str, sources: Sequence[str], question: str = "") -> str | None:
    """What a claim has altered in the sentence that it nearly repeats, the nearest of several; None where it repeats or alters none."""
    claim = ANSWERS.sub("", claim)
    nearest = max(sources, key=lambda source: likeness(claim, source), default="")
    found = changes(claim, nearest)
    if not found:
        return None
    said, told = placed(claim), covered(claim, nearest)
    if any(word.key == "by" for word in placed(nearest)) != any(word.key == "by" for word in said):
        told = placed(nearest)  # one is passive and the other active: names change their places
    return (
        _denial(found)
        or _never(claim, nearest)
        or _certainty(found)
        or _hearsay(claim, nearest, question)
        or next((reason for change in found if (reason := _exchange(change, said, told, nearest))), None)
        or next((reason for change in found if (reason := _measure(change, said, told))), None)
    )


def _excess(word: Placed, said: Sequence[Placed], told: Sequence[Placed]) -> bool:
    """Whether a claim has a word more often than its source: put in the place of another, not moved."""
    return sum(one.key == word.key for one in said) > sum(one.key == word.key for one in told)


def _content(words: Iterable[Placed], others: Iterable[Placed] = ()) -> list[Placed]:
    """The words that tell something, negations and hedges left out, and other forms of what stands in their place."""
    heavy = [word for word in words if not (word.light or word.key in EMPTY or word.key in BEFORE_TO or fold(word.text) in CERTAINTIES)]
    return [word for word in heavy if not any(_is_form(word, other) for other in others)]


def _is_form(one: Placed, other: Placed) -> bool:
    """Whether two words are forms of one: "sue" and "sued", "found" and "founded"."""
    short, long = sorted((one.text, other.text), key=len)
    return akin(one.text, (other.key,)) or (len(short) > 2 and long.startswith(short) and len(long) - len(short) < 4)


def _negated(words: Iterable[Placed]) -> int:
    return sum(word.key in NEGATIONS for word in words)


def _denial(found: Sequence[Change]) -> str | None:
    said, told = (sum(_negated(words) for words in several) for several in ([c.said for c in found], [c.told for c in found]))
    timed = any(word.key in TIMES for change in found for word in change.told)
    for change in found if said != told else ():
        here, there = _negated(change.said), _negated(change.told)
        excused = any(word.key in IMPLIED for word in change.told) or any(word.key in DEGREES for word in change.said)
        if here > there and said > told and not _content(change.said, change.told) and not excused:
            return f"it denies “{_first(change.after, change.before)}”, and its source does not"
        excused = timed or any(word.key in IMPLIED for word in change.said)
        excused |= any(word.key in DEGREES for word in change.told) or any(word.key == "or" for word in change.told)  # "may or may not"
        if there > here and told > said and not _content(change.told, change.said) and not excused:
            return f"it affirms “{_first(change.after, change.before)}”, which its source denies"
    return None


def _never(claim: str, source: str) -> str | None:
    """What came late in the source ("not until 1954"), told as if it never came."""
    late = NOT_UNTIL.search(source)
    if (
        late
        and _negated(placed(claim)) > 0
        and not any(word.key in TIMES for word in placed(claim))
        and late[1].casefold() in claim.casefold()
    ):
        return f"it denies “{late[1]}”, and its source does not"
    return None


def _first(*several: Sequence[Placed]) -> str:
    return next((word.text for words in several for word in words), "")


def _certainties(words: Sequence[Placed], after: Sequence[Placed] = (), before: Sequence[Placed] = ()) -> set[Certainty]:
    kinds = {CERTAINTIES[fold(word.text)] for word in words if fold(word.text) in CERTAINTIES and word.text not in ("May", "Will")}
    following = [*words, *after]
    kinds |= {BEFORE_TO[word.key] for i, word in enumerate(words) if word.key in BEFORE_TO and _leads_on(following[i + 1 : i + 5])}
    due = any(one.key in BE and other.key == "due" for one, other in pairwise((*before, *words))) and any(
        word.key == "to" for word in following
    )
    return kinds | {"planned"} if due else kinds


def _leads_on(following: Sequence[Placed]) -> bool:
    """Whether "to" and a verb follow, or at least no noun: "due to open", not "due to its risk" or "due to snow"."""
    place = next((i for i, word in enumerate(following[:2]) if word.key == "to"), None)
    after = following[place + 1 : place + 2] if place is not None else ()
    return place is not None and not any(word.name or fold(word.text) in DETERMINERS for word in after)


def _certainty(found: Sequence[Change]) -> str | None:
    kept = {BEFORE_TO[word.key] for change in found for word in change.said if word.key in BEFORE_TO}  # "they expect him to go"
    kept = kept.union(*(_certainties(change.said, change.after) for change in found))
    lost = set().union(*(_certainties(change.told, change.after) for change in found))
    for change in found:
        said, told = (_certainties(words, change.after, change.before) for words in (change.said, change.told))
        words = {word.key for word in (*change.said, *change.told)}
        if said == told or (words & ENOUGH and "can" in words):
            continue
        matter = _first(change.after, change.before)
        added = (said - told) & {"possible", "planned", "obliged"} - lost
        milder = (added == {"possible"} and "planned" in told) or (added == {"planned"} and told)
        if added and not milder and not _content(change.said, change.told):
            return f"it makes “{matter}” {'a possibility' if 'possible' in added else 'a plan'}, and its source a fact"
        dropped = (told - said) & {"possible", "planned", "obliged"} - kept - _certainties((*change.before, *change.after))
        if not dropped or _content(change.told, change.said) or _is_same_hedge(dropped, said, change):
            continue
        return f"it states “{matter}” as a fact, and its source as {'a possibility' if 'possible' in dropped else 'a plan'}"
    return None


def _hearsay(claim: str, source: str, question: str) -> str | None:
    """What another claims, denies or believes, told as a fact."""
    whole, part = placed(source), covered(claim, source)
    first = next((i for i in range(len(whole)) if whole[i : i + len(part)] == part), 0)
    around = (*whole[max(0, first - 3) : first], *whole[first + len(part) : first + len(part) + 3])
    doubted = [word for word in around if word.key in DOUBTED]
    told = {word.key for text in (claim, question) for word in placed(text)}
    if not doubted or told & (DOUBTED | SAYING) or not any(is_past(word.text) or fold(word.text) in BE for word in placed(claim)):
        return None
    return f"it states as a fact what its source tells with “{doubted[0].text}”"


def _is_same_hedge(dropped: set[Certainty], said: set[Certainty], change: Change) -> bool:
    """Whether another hedge stands for the one that is dropped: "is due to" for "is expected to", "will" for "is to"."""
    if dropped == {"obliged"}:
        return any(word.key in DUTY for word in change.said)
    return "planned" in said or (dropped == {"planned"} and bool(said)) or "infinitive" in said


def _exchange(change: Change, said: Sequence[Placed], told: Sequence[Placed], source: str) -> str | None:
    """One name for another, or one way for the other."""
    if not change.said or not change.told:
        return None
    for word in change.said:
        ways = {WAYS.get(fold(word.text), ""), OPPOSITE_ROLES.get(fold(word.text), ""), *opposites(word.key)} - {""}
        for other in change.told:
            if (fold(other.text) in ways or other.key in ways) and _excess(word, said, told):
                return f"it says “{word.text}” where its source says “{other.text}”"
    here, there = ([word for word in words if word.name and stem(word.text) not in TITLES] for words in (change.said, change.told))
    strange = [word for word in here if _excess(word, said, told) and not is_short_form(word.text, [source])]
    times = [word for word in there if is_time(word)]
    if not strange or not there or any(word.key == "by" for word in (*change.said, *change.told)) or _alike(strange, there):
        return None
    if is_time(strange[0]):
        return f"the time “{strange[0].text}” does not stand in its place" if times else None
    return f"it names {strange[0].text} where its source names {there[0].text}" if len(times) < len(there) else None


def _alike(said: Sequence[Placed], told: Sequence[Placed]) -> bool:
    """Whether names are written differently only: in short, or with another ending."""
    shorts = {"".join(word.text[0] for word in told if word.text)}
    return any(
        respelt(word.text, other.text)
        or _initial(word, other)
        or _initial(other, word)
        or word.text.replace(".", "") in shorts
        or word.text in other.text.split()
        or other.key[:4] == word.key[:4]
        for word in said
        for other in told
    )


def _initial(one: Placed, other: Placed) -> bool:
    return len(one.text.strip(".")) == 1 and other.text.startswith(one.text[0])


def _measure(change: Change, said: Sequence[Placed], told: Sequence[Placed]) -> str | None:
    """One number or unit for another."""
    sign = tuple(word for word in change.before[-1:] if word.text in CURRENCIES)
    here, there = (facts(_written((*sign, *words))) for words in (change.said, change.told))
    values = {one.value for one in here.quantities}
    if (
        values
        and values <= {one.value for one in there.quantities}
        and {one.unit for one in here.quantities} <= {one.unit for one in there.quantities}
    ):
        return None
    numbers = [word for word in change.said if word.key[0].isdigit() and _excess(word, said, told)]
    if numbers and any(word.key[0].isdigit() for word in change.told) and not values <= {one.value for one in there.quantities}:
        return f"the number {numbers[0].text} does not stand in its place"
    units, others = ({unit for word in words if (unit := _unit(word))} for words in (change.said, change.told))
    counts = bool(change.before) and (change.before[-1].key[0].isdigit() or change.before[-1].key in ("sever", "few", *map(stem, SCALES)))
    begins = bool(change.after) and change.after[0].key[0].isdigit()
    if others and not units & others and (units or (counts and change.said)) and (counts or begins):
        return f"the number {_first(change.before, change.after)} counts something else in its source"
    return None


def _unit(word: Placed) -> str:
    plain = fold(word.text)
    return UNITS.get(plain) or (plain if plain in SCALES else "")


def _written(words: Iterable[Placed]) -> str:
    return " ".join(word.text for word in words)

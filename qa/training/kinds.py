"""Words of one kind, for `qa.training.swap` and `qa.training.news` to put in each other's place. Data only."""

from typing import Final


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


def _items(text: str) -> tuple[str, ...]:
    """The items of a list with commas, wherever its lines break."""
    return tuple(" ".join(text.split()).split(", "))


def _pairs(text: str) -> tuple[tuple[str, str], ...]:
    return tuple((one, other) for one, other in (item.split("/") for item in _items(text)))


WEEKDAYS: Final = _words("Monday Tuesday Wednesday Thursday Friday Saturday Sunday")
COUNTRIES: Final = _words("""
    Afghanistan Argentina Australia Austria Bangladesh Belgium Brazil Britain Canada Chile China Colombia Cuba Denmark Egypt Ethiopia
    Finland France Germany Greece Hungary India Indonesia Iran Iraq Ireland Israel Italy Japan Jordan Kenya Kuwait Lebanon Libya Malaysia
    Mexico Morocco Nepal Netherlands Nigeria Norway Pakistan Peru Philippines Poland Portugal Qatar Romania Russia Spain Sudan Sweden
    Switzerland Syria Taiwan Thailand Turkey Ukraine Venezuela Vietnam Yemen
""")
NATIONALITIES: Final = _words("""
    Afghan American Argentine Australian Austrian Bangladeshi Belgian Brazilian British Canadian Chilean Chinese Colombian Cuban Danish
    Dutch Egyptian Ethiopian Finnish French German Greek Hungarian Indian Indonesian Iranian Iraqi Irish Israeli Italian Japanese
    Jordanian Kenyan Lebanese Libyan Malaysian Mexican Moroccan Nigerian Norwegian Pakistani Palestinian Peruvian Polish Portuguese
    Romanian Russian Saudi Spanish Sudanese Swedish Swiss Syrian Thai Turkish Ukrainian Vietnamese Yemeni
""")
OFFICES: Final = _items("""
    president, prime minister, foreign minister, defence minister, defense minister, finance minister, interior minister, trade minister,
    health minister, foreign secretary, home secretary, secretary of state, defense secretary, ambassador, governor, mayor, speaker,
    chancellor, army chief, chief justice, attorney general, chairman, chief executive, director, spokesman, spokeswoman, spokesperson,
    king, queen, senator, general, bishop, captain, coach, founder, owner
""")
NUMBER_WORDS: Final = _words("two three four five six seven eight nine ten eleven twelve twenty thirty forty fifty sixty hundred")
ORDINALS: Final = _words("first second third fourth fifth sixth seventh eighth ninth tenth")
NUMBERED: Final = _words("2nd 3rd 5th 8th 10th 12th 17th 19th 21st")
UNITS: Final = (
    _items("thousand, million, billion, trillion"),
    _items("days, weeks, months, years, hours, decades"),
    _items("miles, kilometres, metres, feet"),
    _items("km, m, mi"),
    _items("tons, pounds, kilograms"),
    _items("percent, percentage points"),
    _items("dollars, euros, pounds, rupees, yen"),
)
OPPOSITES: Final = _pairs("""
    first/last, before/after, more/fewer, more/less, most/least, highest/lowest, largest/smallest, larger/smaller, biggest/smallest,
    increase/decrease, increased/decreased, rose/fell, rising/falling, won/lost, win/lose, north/south, northern/southern, east/west,
    eastern/western, begin/end, began/ended, started/stopped, start/stop, oldest/youngest, older/younger, earliest/latest, early/late,
    old/new, male/female, mother/father, husband/wife, son/daughter, brother/sister, men/women, above/below, over/under, import/export,
    imports/exports, bought/sold, buy/sell, accepted/rejected, approved/rejected, allowed/banned, support/oppose, supported/opposed,
    joined/left, arrived/departed, enter/leave, opened/closed, gained/lost, attack/defend, attacked/defended, strong/weak,
    stronger/weaker, success/failure, successful/unsuccessful, public/private, left/right, upper/lower, inside/outside, teacher/student,
    attacker/victim, legal/illegal, possible/impossible, common/rare, winner/loser, longest/shortest, fastest/slowest, hired/fired,
    appointed/dismissed, lent/borrowed, gave/received, give/receive, confirmed/denied, agreed/refused, praised/criticised,
    praised/criticized, domestic/foreign, advantage/disadvantage, major/minor, majority/minority, maximum/minimum, parent/child,
    summer/winter, morning/evening, heavy/light, hot/cold, create/destroy, created/destroyed, built/destroyed, discovered/lost, at
    least/at most, up/down, all/none, always/never, friend/enemy, ally/enemy, victory/defeat, born/buried, birth/death,
    predecessor/successor, succeeded/preceded, employer/employee, guilty/innocent, peace/war
""")
CERTAINTY: Final = (
    (r"\b(?:may|might|could)\b", "will"),
    (r"\bwill\b", "may"),
    (r"\b(?:is|are|was|were) expected to\b", "will"),
    (r"\breportedly |\ballegedly ", ""),
    (r"\bplans to\b", "has agreed to"),
    (r"\bis considering\b", "has decided on"),
    (r"\bproposed\b", "approved"),
    (r"\bdenied\b", "confirmed"),
    (r"\b(?:called|calls) for\b", "secured"),
    (r"\bsuspected of\b", "convicted of"),
    (r"\baccused of\b", "convicted of"),
    (r"\bhopes to\b", "is about to"),
    (r"\bsought\b", "obtained"),
    (r"\blikely\b", "certain"),
    (r"\bclaims?\b", "proves"),
    (r"\btried to\b", "managed to"),
    (r"\bthreatened to\b", "began to"),
    (r"\bnegotiating\b", "signing"),
)
"""What says how sure or how far along a thing is, and what makes it surer or further along."""
NOT_NAMES: Final = frozenset(
    _words("""
    The A An In On At By For From With And But Or Who What When Where Which Whose How Why Is Are Was Were Did Does Do Has Have It He She
    They This That These Those As After Before During While Since Of To Its His Her Their There If According Some Many Most All Both I We
    You However Although Because Also Then Not No Yes Can Could Would Should Will
""")
)
"""Words that begin with a capital at the head of a sentence and are no part of a name."""

"""What a single line of a web page looks like: furniture, a date line, a byline, a credit. Pure, and only about wording.

Nothing here decides what is left out; `qa.article` does, from what stands around the line. No pattern names an outlet, a person or a topic.
"""

import datetime
import re
from typing import NamedTuple

LONGEST = 240  # characters of a line that is looked at

_UNIT = r"(?:s|secs?|seconds?|m|mins?|minutes?|h|hrs?|hours?|d|days?|w|wks?|weeks?|mos?|months?|y|yrs?|years?)"
_AGO = rf"(?:about )?(?:an?|a few|few|\d+)\s*{_UNIT}\s+ago"
_ITEMS = r"(?:posts?|articles?|stor(?:y|ies)|news|reads?|videos?|headlines)"
_NETWORK = (
    r"(?:twitter|facebook|instagram|whatsapp|telegram|youtube|tiktok|linkedin|reddit|pinterest|threads|bluesky|mastodon|google news|x)"
)
_BUTTON = rf"(?:{_NETWORK}|e-?mail|print|share|copy link|tweet|save|rss)"
_PICTURE = (
    r"(?:file |handout |stock |representational |representative |illustrative )?"
    r"(?:photo(?:graph)?|image|picture|video|graphic|illustration)s?"
)


class Form(NamedTuple):
    """A kind of furniture. Kinds that weigh 2 together make a text a web page: one such line may be chance."""

    name: str
    weight: int
    pattern: re.Pattern[str]


def _form(name: str, weight: int, *patterns: str) -> Form:
    return Form(name, weight, re.compile("|".join(f"(?:{pattern})" for pattern in patterns)))


FORMS = (  # matched against the whole line in lower case, without outer punctuation
    _form("relative", 1, rf"(?:(?:last )?(?:updated|published|posted)\s*:?\s*)?(?:{_AGO}|just now)"),
    _form("final", 2, r"(?:leave|post|write|add) (?:a|your) (?:reply|comment)s?|cancel reply|join the (?:conversation|discussion)"),
    _form(
        "list",
        2,
        r"you (?:may|might)(?: also)? (?:like|enjoy|be interested in|have missed)(?: these)?",
        rf"(?:recent|related|similar|recommended|suggested) {_ITEMS}",
        rf"(?:more|other) {_ITEMS}(?: (?:from|on|in|like|for|by) .{{2,40}})?|more (?:from|on this|in this section)(?: .{{2,40}})?",
        r"most (?:read|popular|viewed|shared|commented)(?: .{2,30})?|recommended for you|(?:what to )?read (?:this )?next",
        r"related (?:coverage|content|topics|reading)|around the web|from our partners|(?:promoted|sponsored) (?:links|content)",
    ),
    _form(
        "list",
        1,
        rf"(?:latest|top|popular|trending|featured) (?:{_ITEMS}|now)|more (?:\w+ ){{1,2}}{_ITEMS}",
        r"trending|in other news|related|up next|editors?['’]?s? picks?",
    ),
    _form(
        "gate",
        1,
        r"(?:sign ?in|log ?in|subscribe|register|sign ?up|join)(?: now| today| here| free)? (?:to|for) "
        r"(?:unlock|continue|read|access|get|keep|enjoy|view|comment|post|receive|full|unlimited)\b.{0,80}",
        r"already (?:an? |have an? )?(?:subscriber|member|account|registered)\b.{0,60}",
        r"this (?:article|story|content) is for subscribers\b.{0,40}",
    ),
    _form(
        "prompt",
        2,
        r"(?:also read|read also|must read|read more|also see|also watch|don['’]t miss|recommended)\s*[:|–—]\s*(?!https?:).{3,160}",
        r"(?:find|get|see|view|read|discover|explore|browse) (?:more|all|other|the latest)\b(?! than)[^.:;]{0,60}(?:\bhere| ?[»>→])",
        r"(?:story|article) continues(?: below.{0,30})?|scroll to continue.{0,30}|skip to (?:main )?content",
        r"read (?:more|full (?:story|article))|share this(?: article| story| post| page)?(?: on.{0,30})?|short url",
    ),
    _form("prompt", 1, r"(?:watch|listen|in pictures|related|read)\s*:\s*(?!https?:).{3,160}"),
    _form(
        "social",
        1,
        rf"(?:follow|like|find|join|connect with|subscribe to|share|tweet|stay connected)\b.{{0,90}}\b{_NETWORK}\b.{{0,60}}",
        r"(?:sign ?up (?:for|to)|subscribe to|get|download|join) (?:us|our|the|my)\b.{0,60}"
        r"\b(?:newsletters?|app|inbox|channel|mailing list)\b.{0,60}",
        r"thanks for reading\b.{0,140}|subscribe to [^.]{2,40}|save (?:articles|stories) to read\b.{0,80}",
        rf"{_BUTTON}(?:[\s,|/•·]+{_BUTTON})+|(?:[#@]\w+[\s,]*)+|pic\.twitter\.com/\w+",
    ),
    _form(
        "counter",
        1,
        r"(?:[\d.,]+k?|no) (?:comments?|shares?|views?|likes?|repl(?:y|ies)|reactions?|followers?|subscribers?)|\d+\s*/\s*\d+",
        r"\d+[- ]min(?:ute)?s? read|(?:list|item|slide|photo|image) \d+ of \d+|list of \d+ items|end of list",
    ),
    _form("number", 0, r"\d{1,6}|\d{1,2}[:.]\d\d(?: ?[ap]\.?m)?(?: [a-z]{2,4})?"),
    _form(
        "credit",
        1,
        rf"(?:{_PICTURE}(?: credits?| courtesy| by| source)?|credits?)\s*[:/|©]\s*[^.]{{2,60}}",
        rf"{_PICTURE} (?:source,|(?:credit|courtesy)s? (?:of )?).{{2,40}}|ap photo/.{{2,40}}|(?:[^\s/]+ ?){{0,3}}/? ?getty images",
        rf"(?:this )?{_PICTURE}(?: is| was)?(?: used)?(?: only)? for (?:representation(?:al)?|representative|illustrati(?:ve|on))"
        r" ?(?:purposes?)?(?: only)?\.?(?:\s*\|.{0,60})?",
        r"(?:representational|representative|file|stock) (?:image|photo|picture)",
        r"(?:copyright )?(?:©|\(?c\)) ?.{0,60}|copyright (?:19|20)\d\d.{0,60}|all rights reserved",
    ),
    _form(
        "control",
        1,
        rf"{_BUTTON}|follow(?:ing)?|listen(?: to (?:this )?(?:article|story))?|bookmark|like|(?:like|share|rate) this|comments?|search",
        r"be the first to comment|advertisement|ad|sponsored|menu|close(?: panel)?|share page|(?:sign|log) ?(?:in|up|out)|register|home",
        r"subscribe(?: now)?|(?:accept|reject)(?: all)?(?: cookies)?|(?:load|show|view|see) (?:more|all)|back to top|loading|tags?",
        r"(?:next|previous)(?: (?:article|post|story))?|(?:text|font) size|breaking(?: news)?|(?:type|enter) your e-?mail.{0,30}",
        r"published|updated|.{2,40} (?:is|are) not responsible for the content of external .{3,20}",
    ),
)

_POLICY = re.compile(
    r"(comment)(?:s|ing|ers)?\b|(community) guidelines|(regist)(?:er|ered|ration)\b|(log)(?:ged|ging)? ?in|(account)s?\b|(subscri)\w+|"
    r"(newsletter)s?|(cookie)s?\b|(abusive)|(moderat)(?:ed|ors?|ion)|(sign)(?:ed)? (?:in|up)|(terms) of (?:use|service)|(privacy) policy|"
    r"(e-?mail) address|(required) fields|(javascript)|your (browser)|(consent)",
    re.I,
)
_ADDRESSED = re.compile(r"\b(?:you|your|we|our|please)\b", re.I)


def form_of(words: str) -> Form | None:
    """The kind of furniture that the line is by its wording."""
    if len(words) > LONGEST:
        return None
    lower = words.casefold().strip(" .!:»>→←*·•|+-–—[]()")
    return next((form for form in FORMS if form.pattern.fullmatch(lower)), None)


def policy_terms(words: str) -> set[str]:
    """What the words have to do with comments, cookies, accounts or subscriptions."""
    return {term.casefold() for groups in _POLICY.findall(words) for term in groups if term}


def is_policy(words: str) -> bool:
    """Whether a paragraph tells the visitor about such things. For a short line that is no sentence one term is enough."""
    terms = len(policy_terms(words))
    line = len(words) <= 80 and words[-1] not in ".!?…"
    return terms >= (1 if line else 2 + len(words) // 400) and (terms > 2 or bool(_ADDRESSED.search(words)))


_MONTHS = {name: number for number, name in enumerate("jan feb mar apr may jun jul aug sep oct nov dec".split(), 1)}
_MONTH = (
    r"(jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?"
    r"|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\b"
)
_DATES = (  # a pattern, and which of its groups are year, month and day
    (re.compile(r"\b((?:19|20)\d\d)[-/.](\d{1,2})[-/.](\d{1,2})(?!\d)"), (1, 2, 3)),
    (re.compile(rf"\b(\d{{1,2}})(?:st|nd|rd|th)?(?: of)?[\s-]+{_MONTH}\.?,?[\s-]+((?:19|20)\d\d)\b", re.I), (3, 2, 1)),
    (re.compile(rf"\b{_MONTH}\.?\s+(\d{{1,2}})(?:st|nd|rd|th)?,?\s+((?:19|20)\d\d)\b", re.I), (3, 1, 2)),
    (re.compile(r"\b(\d{1,2})[./](\d{1,2})[./]((?:19|20)\d\d)\b"), (3, 2, 1)),
    (re.compile(r"((?:19|20)\d\d)年(\d{1,2})月(\d{1,2})日"), (1, 2, 3)),
)
_YEAR = re.compile(r"(?:19|20)\d\d")
_LABEL = re.compile(
    r"\b(?:(?:first|last|originally) )?(?:published|updated?|posted|modified|created|issued|released|revised|edited|dated?)\b"
    r"(?: (?:on|at|in)\b)?",
    re.I,
)
_CLOCK = re.compile(
    rf"{_AGO}|T?(?<!\d)\d{{1,2}}[:.h]\d{{2}}(?::\d{{2}}(?:\.\d+)?)?\s*(?:Z\b|[+-]\d\d:?\d\d|[ap]\.?m\b\.?)?"
    r"|\b\d{1,2} ?(?=[ap]\.?m\b)|\b[ap]\.?m\b\.?|\b(?:at|on)\b|\b(?:UTC|GMT|[A-Z]{1,3}[SD]?T)\b(?:[+-]\d{1,2})?"
    r"|\b(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?\b\.?|\b\d+[- ]min(?:ute)?s?(?: read)?\b",
    re.I,
)
_SEPARATORS = re.compile(r"[|•·–—]|\s-\s|\s/\s")
_OUTER = " -–—|•·,;:()/."
_BYLINE = re.compile(
    r"(?:(?:written|reported|(?:additional )?reporting|compiled|edited|words|story|text|posted) )?(?:by|authors?\s*:|by\s*:)\s+(.{3,70})",
    re.I,
)
_ROLE = re.compile(r"\s*(?:[,;|•·–—]|\s-\s).*")
_PARTICLES = frozenset("de del der van von den bin ibn al el da di du la le ul y and & und et".split())
_DASH = re.compile(r"\s*(?:[–—]|--?(?=\s)|:(?=\s))\s*(?=[^\s\da-z])")
_AGENCY = re.compile(r"\s*\([^()]{2,40}\)$")
_OPENERS = frozenset("a an as at between by from in of on since the to until".split())
LONGEST_DATELINE = 100  # characters
_CREDIT = re.compile(
    rf"\s*(?:\||•|·|\s[–—-]\s|[(\[]|(?<=[.!?])\s)\s*(?:{_PICTURE}(?: credits?| courtesy| by)?|credits?)\s*[:/]\s*[^|.]{{2,60}}$", re.I
)


class Stamp(NamedTuple):
    """A line that says when, and maybe by whom. `labelled`: it has a word such as "published" or a byline, so it cannot be a heading."""

    date: str
    labelled: bool
    byline: str | None


def _iso(match: re.Match[str], order: tuple[int, int, int]) -> str | None:
    year, month, day = (match.group(number) for number in order)
    numbers = [int(year), _MONTHS.get(month[:3].casefold(), 0) or int(month), int(day)]
    if "/" in match.group() and not match.group().startswith(year):
        if max(numbers[1:]) <= 12 and month != day:  # 03/04/2021 is March in one country and April in another
            return None
        numbers[1:] = sorted(numbers[1:])
    try:
        return datetime.date(*numbers).isoformat()
    except ValueError:
        return None


def date_in(words: str) -> str | None:
    """The first date written out in `words` with its year, as ISO 8601; None for an ambiguous one."""
    for pattern, order in _DATES if _YEAR.search(words) else ():
        match = pattern.search(words)
        if match and (date := _iso(match, order)):
            return date
    return None


def _without_dates(words: str) -> str:
    for pattern, _ in _DATES:
        words = pattern.sub(" ", words)
    return words


def is_name(words: str) -> bool:
    """Whether two to four words are all capitalised, as a person's name is."""
    parts = words.split()
    proper = [part[0].isupper() and part.replace("-", "").replace(".", "").replace("'", "").replace("’", "").isalpha() for part in parts]
    capitalised = all(good or part in _PARTICLES for good, part in zip(proper, parts, strict=True))
    shouted = {part.isupper() for part in parts if len(part) > 2}
    return 2 <= len(parts) <= 4 and capitalised and proper[0] and proper[-1] and len(shouted) == 1 and max(map(len, parts)) <= 20


def byline_of(words: str) -> str | None:
    """`Jane Doe` for "By Jane Doe, staff writer"."""
    match = _BYLINE.fullmatch(words.rstrip(" .,|-–—"))
    if not match:
        return None
    name = _ROLE.sub("", match.group(1)).strip()
    parts = [part for part in name.split() if part not in _PARTICLES]
    proper = bool(parts) and len(parts) <= 8 and all(part[0].isupper() and not any(c.isdigit() for c in part) for part in parts)
    return name if proper and parts[0].casefold() not in ("the", "a", "an") else None


def _names(rest: str) -> list[str]:
    segments = [segment.strip(_OUTER) for segment in _SEPARATORS.split(rest)]
    return [segment for segment in segments if segment]


def _is_label(segment: str) -> bool:
    parts = segment.split()
    return len(parts) <= 4 and all(part[0].isupper() for part in parts)


def stamp_of(words: str) -> Stamp | None:
    """Date and byline of a line that holds nothing else but a time, a place or an outlet."""
    if len(words) > LONGEST or not (date := date_in(words)):
        return None
    without = _without_dates(words)
    rest = _CLOCK.sub(" ", _LABEL.sub(" ", without)).strip(_OUTER)
    labelled = bool(_LABEL.search(without))
    byline = byline_of(rest)
    if byline or not rest:
        return Stamp(date, labelled or bool(byline), byline)
    segments = _names(rest)
    several = labelled or bool(_SEPARATORS.search(words))
    if not several or not all(_is_label(segment) or byline_of(segment) for segment in segments):
        return None
    named = (byline_of(segment) or (segment if is_name(segment) and not labelled else None) for segment in segments)
    return Stamp(date, True, next((name for name in named if name), None))


def dateline_of(words: str) -> str | None:
    """The date before the dash at the beginning of a report: "LONDON, March 3, 2021 (Agency) — The …"."""
    for dash in _DASH.finditer(words, 0, LONGEST_DATELINE):
        stamp = words[: dash.start()]
        date = date_in(stamp)
        rest = _without_dates(_AGENCY.sub("", stamp)).strip(_OUTER)
        if date and all(part[0].isupper() and part.casefold() not in _OPENERS for part in rest.split()):
            return date
    return None


def without_credit(words: str) -> str:
    """A caption without the picture credit at its end."""
    return _CREDIT.sub("", words)

"""Text → articles: title, date, byline, and the blocks that are text. Pure.

Two kinds of furniture in one text ("Recent posts", a share button, a relative time, …) make it a pasted web page, and only then
is furniture left out. Of a plain document everything is kept but the title, its date line, its byline and its section headings.
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise, takewhile
from statistics import median

from qa.dropped import dropped, together
from qa.furniture import byline_of, dateline_of, form_of, is_name, is_policy, policy_terms, without_credit
from qa.paragraph import Paragraph, key_of, paragraphs_of
from qa.types import Article, Span

LONGEST_TITLE = 200  # characters
HEAD = 10  # paragraphs, from the title on, in which date and byline are looked for
ENOUGH_TEXT = 60  # characters of sentences that come before "Recent posts" and the like
SHORTEST_STATEMENT = 30  # characters of a paragraph that a heading may stand above
LONGEST_SCRAP = 30  # characters
MANY_HEADINGS = 10  # from here on short headings are the entries of a list
FAR = 500  # paragraphs in which an article may go on after a box
DATE_LINE = "its date line"
FIRST_LINES = "the text's first lines"  # "LONDON, March 3, 2021 (Agency) — The …"

_NUMBERED = re.compile(r"\d{1,2}(?:\.\d{1,2})*[.)]?\s")
_TRAIL = re.compile(r"(?:[^\W\d_][^|>»›•·∙/]{0,30}\s?[|>»›•·∙/]\s?){2,}[^\W\d_].{0,30}")
_VALUE = re.compile(r":\s+(?:[\da-z]|\S*\d)")
_BROKEN_OFF = ("…", "...")
_BOXES = ("list", "gate", "final")  # what stands below these is not the article


def articles(text: str, fallback_title: str) -> tuple[Article, ...]:
    """The articles of a text in order; none where it has no letter or digit. Spans do not overlap and come in order."""
    paragraphs = paragraphs_of(text, wrapped=True)
    web = _is_web_page(paragraphs)
    starts = _starts(paragraphs) if web else [0]
    parts = [paragraphs[start:end] for start, end in pairwise([*starts, len(paragraphs)])]
    found = [_article(part, web, fallback_title) for part in parts if part]
    return _with_text(found) or tuple(_whole(paragraphs, article) for article in found[:1])


def article(text: str, title: str, date: str | None = None, byline: str | None = None, web: bool = False, *, dated: str = "") -> Article:
    """A text of which the title is known, as one article. `dated`: where the given date was found. `web`: extracted from a web page, with
    one paragraph a line."""
    paragraphs = paragraphs_of(text, wrapped=not web)
    found = _article(paragraphs, _is_web_page(paragraphs), title, given=True, extracted=web)
    found = found if found.blocks else _whole(paragraphs, found)
    found = replace(found, date=date, dated=dated) if date else found
    return replace(found, byline=byline or found.byline)


def _with_text(found: Sequence[Article]) -> tuple[Article, ...]:
    """Those that have text; what was dropped with the others is told of the first."""
    kept = [article for article in found if article.blocks]
    lost = [article.dropped for article in found if not article.blocks]
    return (replace(kept[0], dropped=together(kept[0].dropped, *lost)), *kept[1:]) if kept else ()


def _whole(paragraphs: Sequence[Paragraph], found: Article) -> Article:
    """Where nothing would be left, everything is text."""
    return replace(found, blocks=tuple(paragraph.span for paragraph in paragraphs), dropped=())


# What a web page puts around its text


def _is_web_page(paragraphs: Sequence[Paragraph]) -> bool:
    weights = {"repeated": 2 if any(_repeats(paragraphs, i) or _end_of_trail(paragraphs, i) for i in range(min(6, len(paragraphs)))) else 0}
    for before, paragraph in zip([None, *paragraphs], paragraphs, strict=False):
        if paragraph.form == "relative" and before and before.words.endswith(_BROKEN_OFF):
            weights["relative"] = 2
        elif paragraph.form:
            weights[paragraph.form] = max(weights.get(paragraph.form, 0), paragraph.weight)
        elif (paragraph.stamp and paragraph.stamp.labelled) or byline_of(paragraph.words):
            weights["signed"] = 1
    marked = sum(paragraph.sign == "#" for paragraph in paragraphs)
    return sum(weights.values()) >= (4 if marked > 1 else 2)


def _repeats(paragraphs: Sequence[Paragraph], index: int) -> bool:
    """Whether a headline stands a second time soon after."""
    headline = paragraphs[index]
    if not headline.headline or len(headline.words.split()) < 3:
        return False
    return any(other.key == headline.key for other in paragraphs[index + 1 : index + HEAD])


def _end_of_trail(paragraphs: Sequence[Paragraph], index: int) -> int | None:
    """Where the headline follows, if a line is the path to it: "Home World Bridge reopens"."""
    words = paragraphs[index].words
    for i, other in enumerate(paragraphs[index + 1 : index + 7], index + 1):
        if words != other.words and words.endswith(other.words) and other.headline and len(other.words) > 14:
            return i
    return None


def _starts(paragraphs: Sequence[Paragraph]) -> list[int]:
    """Where articles begin: at a headline that is repeated or dated, after text and before text."""
    starts, seen = [0], False
    for index, paragraph in enumerate(paragraphs):
        if seen and paragraph.headline and not paragraph.form and len(paragraph.words) > 20 and _opens(paragraphs, index):
            starts.append(index)
            seen = False
        seen = seen or paragraph.prose
    return starts


def _opens(paragraphs: Sequence[Paragraph], index: int) -> bool:
    after = paragraphs[index + 1 : index + HEAD]
    if _repeats(paragraphs, index):
        between = takewhile(lambda other: other.key != paragraphs[index].key, after)
        return any(other.form or other.stamp or byline_of(other.words) for other in between)
    signed = bool(after) and (bool(after[0].stamp and after[0].stamp.labelled) or bool(byline_of(after[0].words)))
    return signed and any(a.prose and b.prose and not is_policy(a.words) for a, b in pairwise(after))


# One article


def _article(part: Sequence[Paragraph], web: bool, title: str, given: bool = False, extracted: bool = False) -> Article:
    index = None if given else _title_index(part, web)
    title = " ".join(title.split()) if index is None else part[index].words
    roles = [paragraph.form if web else "" for paragraph in part]
    _leave_out_title(part, roles, index, title, web)
    date, byline = _leave_out_signature(part, roles, index or 0, web)
    if web:
        about_policies = bool(policy_terms(title))
        policies = [not about_policies and is_policy(paragraph.words) for paragraph in part]
        _leave_out_tails(part, roles, policies)
        _leave_out_teasers(part, roles)
        byline = _leave_out_last_name(part, roles) or byline
        _leave_out_edges(part, roles, policies)
        _keep_numbers(roles)
    dated = DATE_LINE if date else ""
    if not date:
        date = next((day for p, role in zip(part[:HEAD], roles, strict=False) if not role and (day := dateline_of(p.words))), None)
        dated = FIRST_LINES if date else ""
    _leave_out_headings(part, roles, web or extracted)
    spans = [_kept(paragraph, role, web) for paragraph, role in zip(part, roles, strict=True)]
    return Article(_clipped(title), date, byline, tuple(span for span in spans if span), dated, dropped(part, roles, spans))


def _kept(paragraph: Paragraph, role: str, web: bool) -> Span | None:
    """What of a paragraph is text."""
    if role:
        return None
    return _without_credit(paragraph) if web else paragraph.span


def _clipped(title: str) -> str:
    return title if len(title) <= LONGEST_TITLE else title[: LONGEST_TITLE - 1].rsplit(" ", 1)[0] + "…"


def _title_index(part: Sequence[Paragraph], web: bool) -> int | None:
    top = range(min(6, len(part)))
    for index in top:
        if headline := _end_of_trail(part, index):
            return headline
        if _repeats(part, index):
            return index
    for index in top:
        if part[index].sign == "#":
            return index
        if part[index].prose:
            break
    return _plain_title_index(part, web)


def _plain_title_index(part: Sequence[Paragraph], web: bool) -> int | None:
    """The first line that is neither furniture nor signature, if it is short and something follows."""
    for index, (paragraph, following) in enumerate(pairwise(part)):
        signature = paragraph.stamp or byline_of(paragraph.words)
        if signature or (web and (paragraph.form or _TRAIL.fullmatch(paragraph.words) or _is_label(part, index))):
            continue
        stands_apart = following.apart or following.prose or following.form or following.stamp or byline_of(following.words)
        return index if paragraph.headline and not paragraph.sign and (web or stands_apart) else None
    return None


def _is_label(part: Sequence[Paragraph], index: int) -> bool:
    """Whether a word or two name the section of the page, or a few above its menu the site, with the headline below."""
    words = len(part[index].words.split())
    below = takewhile(lambda paragraph: not paragraph.prose, part[index + 1 : index + 6])
    longer = (p.headline and not p.form and not p.stamp and len(p.words.split()) > 3 and not byline_of(p.words) for p in below)
    above_menu = words <= 4 and index + 1 < len(part) and bool(_TRAIL.fullmatch(part[index + 1].words))
    return (words <= 2 or above_menu) and any(longer)


def _leave_out_title(part: Sequence[Paragraph], roles: list[str], index: int | None, title: str, web: bool) -> None:
    key = key_of(title)
    for i, paragraph in enumerate(part):
        if web and index is not None and i < index:
            roles[i] = "menu"
        elif paragraph.key == key and (web or i == index or index is None) and (web or not _VALUE.search(paragraph.words)):
            roles[i] = "title"


def _leave_out_signature(part: Sequence[Paragraph], roles: list[str], start: int, web: bool) -> tuple[str | None, str | None]:
    """Date and byline; the lines that hold them are left out."""
    head = range(start + HEAD)
    stamps = [(i, p.stamp) for i, p in enumerate(part) if p.stamp and roles[i] in ("", "menu")]
    bare = [i for i, stamp in stamps if not stamp.labelled and (i in head or not web)]
    usable = [(i, s) for i, s in stamps if s.labelled or (i in head and bare == [i]) or (web and bare[:1] == [i])]
    if not web and len(stamps) > 2:  # a diary or a list of releases
        usable = []
    for i, _ in usable:
        roles[i] = "stamp" if web or i in head else ""
    names = [stamp.byline for _, stamp in usable]
    signers = [
        (i, _signer(part, roles, i, web and i in head)) for i in (range(len(part)) if web else head) if i < len(part) and not roles[i]
    ]
    signers = [(i, name) for i, name in signers if name]
    if web or (len(signers) == 1 and " " in str(signers[0][1])):  # "By car", "By train" head the ways to get there
        for i, name in signers:
            roles[i] = "byline"
            names.append(name)
    return next((stamp.date for _, stamp in usable), None), next(filter(None, names), None)


def _signer(part: Sequence[Paragraph], roles: Sequence[str], index: int, alone: bool) -> str | None:
    """The name of a byline, or (`alone`) of a name beside the headline, a date or furniture, with text below."""
    words = part[index].words
    if part[index].sign:
        return None
    if name := byline_of(words):
        return name
    beside = any(roles[max(0, index - 1) : index + 2]) and any(p.prose for p in part[index + 1 : index + HEAD])
    return words if alone and beside and is_name(words) else None


def _leave_out_tails(part: Sequence[Paragraph], roles: list[str], policies: Sequence[bool]) -> None:
    """Everything after "Recent posts", "Leave a reply" and the like, up to where prose goes on."""
    texts = [p.prose and not p.sign and not policy for p, policy in zip(part, policies, strict=True)]
    index, text = 0, 0
    while index < len(part):
        if roles[index] in _BOXES and text >= ENOUGH_TEXT:
            end = _resumption(part, texts, index + 1, roles[index])
            roles[index:end] = ["tail"] * (end - index)
            index = end
        else:
            text += len(part[index].words) if part[index].ended and not roles[index] else 0
            index += 1


def _resumption(part: Sequence[Paragraph], texts: Sequence[bool], start: int, form: str) -> int:
    """Where the article goes on after a box: at the next prose, unless only teasers (a headline, a snippet) are left."""
    ahead = texts[start : start + FAR]
    if form == "final" or True not in ahead:
        return len(part)
    teasers = sum(text and i > 0 and part[start + i - 1].headline for i, text in enumerate(ahead))
    goes_on = form == "gate" or teasers < 2 or ahead[0] or any(a and b for a, b in pairwise(ahead))
    return start + ahead.index(True) if goes_on else len(part)


def _leave_out_teasers(part: Sequence[Paragraph], roles: list[str]) -> None:
    """A headline and a snippet that breaks off, before a relative time."""
    for index in range(1, len(part)):
        snippet = part[index - 1]
        if roles[index] == "relative" and not roles[index - 1] and snippet.words.endswith(_BROKEN_OFF):
            roles[index - 1] = "teaser"
            if index > 1 and part[index - 2].headline:
                roles[index - 2] = roles[index - 2] or "teaser"


def _leave_out_edges(part: Sequence[Paragraph], roles: list[str], policies: Sequence[bool]) -> None:
    """Words about cookies, comments and accounts above and below the text; so with scraps where other furniture stands among them."""
    statements = [i for i, paragraph in enumerate(part) if not roles[i] and not policies[i] and _is_statement(paragraph)]
    edges = (range(statements[0]), range(len(part) - 1, statements[-1], -1)) if statements else ()
    for edge in edges:
        furnished = any(roles[i] not in ("", "title") for i in edge)
        for i in edge:
            if not roles[i] and not policies[i] and not (furnished and _is_scrap(part[i])):
                break
            roles[i] = roles[i] or "edge"


def _keep_numbers(roles: list[str]) -> None:
    """A number alone on a line is a counter only among other furniture."""
    for i, role in enumerate(roles):
        around = {roles[j] for j in (i - 1, i + 1) if 0 <= j < len(roles)}
        if role == "number" and around <= {"", "number"}:
            roles[i] = ""


def _is_scrap(paragraph: Paragraph) -> bool:
    """Up to three words without a number or a colon, or a row of links, that is no sentence and no item of a list."""
    words = paragraph.words
    short = len(words.split()) <= 3 and len(words) <= LONGEST_SCRAP and not any(c.isdigit() or c in ":：" for c in words)
    return not paragraph.sign and not paragraph.ended and (short or bool(_TRAIL.fullmatch(words)))


def _leave_out_last_name(part: Sequence[Paragraph], roles: list[str]) -> str | None:
    """The author's name between the text and the tail."""
    last = max((i for i, role in enumerate(roles) if not role), default=0)
    if "tail" not in roles[last:] or roles[last] or not is_name(part[last].words):
        return None
    roles[last] = "byline"
    return part[last].words


def _leave_out_headings(part: Sequence[Paragraph], roles: list[str], web: bool) -> None:
    """Headings of a section of sentences. Kept are those that give what follows its meaning: with a number or a date, above a list or a
    value, the names of the speakers of a conversation, the entries of a long list."""
    kept = [i for i, role in enumerate(roles) if not role]
    times = Counter(part[i].words for i in kept)
    found: list[int] = []
    for before, i, j in zip([None, *kept], kept, kept[1:], strict=False):
        number = any(map(str.isdigit, _NUMBERED.sub("", part[i].words)))
        marked = part[i].sign == "#" and not number and (part[j].ended or part[j].sign == "#")
        if marked or (_is_heading(part[i], None if before is None else part[before], part[j], web) and times[part[i].words] == 1):
            found.append(i)
    entries = len(found) >= MANY_HEADINGS and median(len(part[i].words.split()) for i in found) <= 3
    for i in found if not entries else ():
        roles[i] = "heading"


def _is_heading(paragraph: Paragraph, previous: Paragraph | None, following: Paragraph, web: bool) -> bool:
    """Whether a short unmarked line between prose is a heading: on a web page any, elsewhere a longer one in capitals with a colon."""
    words = _NUMBERED.sub("", paragraph.words).split()
    if paragraph.sign not in ("", "#") or not words or len(words) > 12 or paragraph.ended or not _is_statement(following):
        return False
    colon = words[-1].endswith(":")
    body = " ".join(words).removesuffix(":")
    if ":" in body or not body[0].isupper() or body[-1] in ",;…-–—)”\"'" or any(map(str.isdigit, body)):
        return False
    titled = all(word[0].isupper() or len(word) < 5 for word in words)
    speaker = colon and len(words) == 2 and is_name(body)
    if colon:
        return titled and not speaker and len(words) > (0 if web else 2)
    return web and (_is_statement(previous) if previous else len(words) == 1)


def _is_statement(paragraph: Paragraph) -> bool:
    return paragraph.ended and len(paragraph.words) >= SHORTEST_STATEMENT


def _without_credit(paragraph: Paragraph) -> Span | None:
    """A caption up to its picture credit; None where little is left."""
    caption = without_credit(paragraph.words)
    if len(caption) == len(paragraph.words) or len(paragraph.words) != paragraph.span.end - paragraph.span.start:
        return paragraph.span
    return Span(paragraph.span.start, paragraph.span.start + len(caption)) if len(caption.split()) > 5 and not form_of(caption) else None

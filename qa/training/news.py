"""News articles → pairs by rule: who holds which office, sentences asked in place, claims sound and changed. No one's questions."""

import random
import re
from collections.abc import Iterator
from typing import Final

from qa.facts import MONTH_NAMES
from qa.training.kinds import COUNTRIES, NATIONALITIES, OFFICES, WEEKDAYS
from qa.training.pair import CONTRADICTED, SUPPORTED, UNSETTLED, Pair
from qa.training.questions import Article, untold
from qa.training.swap import swapped
from qa.words import same_name

PLACES: Final = "|".join((*COUNTRIES, *NATIONALITIES, "US", "U.S.", "UK", "UN", "EU"))
NATIONS: Final = "|".join(one for one in COUNTRIES if one != "Turkey")
"""Countries whose name says nothing else."""
PERSON: Final = r"[A-Z][\w’'-]+(?: [A-Z]\.)?(?: (?:al-|bin |de |van )?[A-Z][\w’'-]+){1,2}"
HOLDER: Final = re.compile(rf"\b(?P<place>{PLACES})(?:[’']s)? (?P<office>(?i:{'|'.join(OFFICES)})) (?P<person>{PERSON})")
APPOSITION: Final = re.compile(rf"(?P<person>{PERSON}), (?:the )?(?P<place>{PLACES})(?:[’']s)? (?P<office>(?i:{'|'.join(OFFICES)}))\b")
TITLE: Final = (
    r"(?:(?:[A-Z][\w-]+|of|for) ){0,3}(?:Minister|Secretary|President|Ambassador|Commissioner|Advis[eo]r|Chief|Governor|Chancellor|"
    r"Spokesman|Spokeswoman|Director|Chairman|Premier|King|Queen)"
)
TITLED: Final = re.compile(rf"\b(?P<place>{PLACES})(?:[’']s)? (?P<office>{TITLE}) (?P<person>{PERSON})")
NATION: Final = {nation: country for nation in NATIONALITIES for country in COUNTRIES if same_name(nation) == same_name(country)}
AGED: Final = re.compile(rf"(?P<person>{PERSON}), (?P<age>\d\d),")
IN_PLACE: Final[tuple[tuple[str, tuple[str, ...]], ...]] = (
    (r"\b(?:19|20)\d\d\b", ("what year", "which year")),
    (rf"\b(?:{'|'.join(MONTH_NAMES)}) \d{{1,2}}(?!\d)(?:, \d{{4}})?", ("what date", "which day")),
    (r"\$\d[\d.,]*(?: (?:million|billion|trillion))?", ("how much money", "how much")),
    (r"\b\d[\d.,]*(?:%| percent| per cent)", ("what percentage", "what share")),
    (r"(?<![\d$.,-])\b\d[\d,]*(?= [a-z]+s\b)", ("how many",)),
    (rf"(?<!New )(?<!South )(?<!North )\b(?:{NATIONS})\b(?![’'-]| [A-Z])", ("which country", "what country")),
    (rf"\b(?:President|Minister|Secretary|Senator|Gov\.|Sen\.|General|Judge) ({PERSON})", ("whom", "which person")),
)
OPENING: Final = re.compile(r"^(?:On|In|Last|Earlier|Meanwhile|However|But|And|At|After|According to|Also|Still|Now)\b[^,]{0,50}, (?=\w)")
ASIDE: Final = re.compile(r"\s\([^()]{3,80}\)|, who [^,]{5,80}(?=,)|, which [^,]{5,80}(?=,)|, (?:a|the) [^,]{5,50}(?=,)")
TAIL: Final = re.compile(r", (?:which|who|where|while|with|as|after|including|adding|making|according to) [^.]{8,}(?=\.$)")
OTHER_WORDS: Final = (
    (r"\$(\d[\d.,]*) (million|billion|trillion)", r"\1 \2 dollars"), (r"\$(\d[\d.,]*) (m|b)illion\b", r"$\1\2n"),
    (r"(\d)%", r"\1 percent"), (r"(\d) (?:percent|per cent)\b", r"\1%"),
    (rf"\b({'|'.join(MONTH_NAMES)}) (\d{{1,2}}), (\d{{4}})", r"\2 \1 \3"),
    (r"\bsaid\b", "stated"), (r"\bU\.S\.", "US"), (r"\bmet with\b", "held talks with"), (r"\bin order to\b", "to"),
    (r"\bannounced\b", "said"), (r"\bstarted\b", "began"), (r"\bbegan\b", "started"), (r"\bapproximately\b", "about"),
    (r"\bdied\b", "passed away"), (r"\bnearly\b", "almost"), (r"\bhas been\b", "was"), (r"\bkilled\b", "left dead"),
    (r"\bpurchased\b", "bought"), (r"\bassist\b", "help"), (r"\bcurrently\b", "now"), (r"\btwo\b", "2"), (r"\bthree\b", "3"),
    (r"\bfour\b", "4"), (r"\bfive\b", "5"), (r"\bsix\b", "6"), (r"\bten\b", "10"), (r"(?<=[sde])n[’']t\b", " not"),
)  # fmt: skip
HOLDS: Final = (
    "Who is the {place} {office}?",
    "Who is the {office} of {place}?",
    "What is the name of the {place} {office}?",
    "Which person is {place} {office}?",
)
HOLDS_OF: Final = (
    "Who is {place}'s {office}?",
    "Who is the {office} of {place}?",
    "What is the name of {place}'s {office}?",
    "Which person serves {place} as {office}?",
    "Who was the {office} of {place} at the time?",
)
TIMES: Final = (
    "this week", "last week", "on Wednesday", "on Thursday", "earlier this month", "last month", "this year", "recently", "on Monday",
)  # fmt: skip
TIMED: Final = 0.3
"""Share of such questions that tell a time which the text need not: a reader must not insist on it."""
SWAPPED: Final = 0.4
PLAIN: Final = ("year", "number", "ordinal", "country", "nationality", "office", "name", "surname", "opposite", "direction")
"""How many of them become near misses, and what is changed in those: nothing that their wording would give away."""
Asked = tuple[str, tuple[int, int], str | None]
"""A question, where in the sentence its answer stands, and a near miss."""
SPEECH: Final = re.compile(r"[“”\"‘]")


def pairs(text: str, title: str, date: str, rng: random.Random, most: int = 8) -> Iterator[Pair]:
    """At most so many questions and so many claims from one article, each of them with near misses."""
    article = Article(text)
    context = " · ".join(part for part in (title, date) if part)
    usable = [i for i, span in enumerate(article.spans) if 40 <= span.end - span.start <= 240]
    rng.shuffle(usable)
    made = 0
    for i in usable:
        found = list(_questions(article, i, context if rng.random() < 0.7 else "", title, rng))
        yield from found
        made += bool(found)
        if made >= most:
            break
    for i in usable[:most]:
        yield from _claims(article, i, context if rng.random() < 0.5 else "", title, rng)


def _questions(article: Article, i: int, context: str, group: str, rng: random.Random) -> Iterator[Pair]:
    sentence = article.window(i, i)[1]
    asked = _office(sentence, rng) or _age(sentence) or _in_place(sentence, rng)
    if asked is None:
        return
    question, (start, end), miss = asked
    answer = sentence[start:end]
    first, last = article.around(i, i, rng)
    offset, window = article.window(first, last)
    offset = article.spans[i].start - offset
    answered = Pair("answer", question, context, window, 1, "news", group, offset + start, offset + end)
    yield answered
    yield from untold(answered, rng)
    if miss is None and rng.random() < SWAPPED:
        found = swapped(question, [name for name in article.names if name not in window], rng, PLAIN)
        miss = found.text if found else None
    if miss:
        yield Pair("answer", miss, context, window, 0, "news+swap", group)
    other = rng.randrange(len(article.spans))
    beside = article.window(*article.around(other, other, rng))[1]
    if answer not in beside and rng.random() < 0.6:
        yield Pair("answer", question, context, beside, 0, "news", group)


def _office(sentence: str, rng: random.Random) -> Asked | None:
    """Who is the … of …?, with another office or another country as the near miss."""
    match = next((found for form in (TITLED, HOLDER, APPOSITION) if (found := form.search(sentence))), None)
    if match is None:
        return None
    place, office = match["place"], match["office"].lower()
    if place in NATION and rng.random() < 0.5:
        place = NATION[place]
    form = rng.choice(HOLDS_OF if place in COUNTRIES else HOLDS)
    question = form.format(place=place, office=office)
    known = NATIONALITIES if place in NATIONALITIES else COUNTRIES
    if rng.random() < 0.6:
        miss = form.format(place=rng.choice([one for one in known if one not in sentence]), office=office)
    else:
        miss = form.format(place=place, office=rng.choice([one for one in OFFICES[:16] if one not in sentence.casefold()]))
    return question, match.span("person"), miss


def _age(sentence: str) -> Asked | None:
    match = AGED.search(sentence)
    return (f"How old is {match['person']}?", match.span("age"), None) if match else None


def _in_place(sentence: str, rng: random.Random) -> Asked | None:
    """The sentence with one thing replaced by the words that ask for it, as quiz questions do: "… signed in which country?".

    It is said in other words, with less and with a time of its own, since those who ask have not read the sentence.
    """
    if SPEECH.search(sentence):
        return None
    options = [(match, words) for pattern, words in IN_PLACE for match in re.finditer(pattern, sentence)]
    if not options:
        return None
    match, words = rng.choice(options)
    start, end = match.span(match.lastindex or 0)
    before = OPENING.sub("", sentence[:start])
    after = re.split(r", (?:which|who|while|but|and|after|as)\b|;|—| - ", sentence[end:])[0].rstrip(" .,")
    before, after = (_loosely(part, rng) for part in (re.split(r";|—| - ", before)[-1].strip(), after))
    if len(before.split()) + len(after.split()) < 4 or len(before.split()) < 2:
        return None
    asked = f"{before} {rng.choice(words)}{after if after[:1] in ',' else ' ' + after.strip()}".strip()
    if rng.random() < TIMED:
        asked = f"{asked} {rng.choice(TIMES)}" if rng.random() < 0.5 else f"{_capital(rng.choice(TIMES))}, {asked}"
    return _capital(asked) + "?", (start, end), None


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _loosely(part: str, rng: random.Random) -> str:
    """A part of a sentence in other words, without days, and now and then without its end."""
    text = ASIDE.sub("", part)
    for said, new in OTHER_WORDS:
        if rng.random() < 0.5:
            text = re.sub(said, new, text)
    text = re.sub(rf" ?\b(?:on |last |this )?(?:{'|'.join(WEEKDAYS)})\b", "", text) if rng.random() < 0.7 else text
    clauses = re.split(r"(?<=\w{3}) (?=(?:in|on|at|for|with|from|after|before|during|by|since|because|when|that) )", text.strip())
    if len(clauses) > 2 and rng.random() < 0.5:
        clauses.pop(rng.randrange(1, len(clauses)))
    return " ".join(clauses).strip()


def sound(sentence: str, rng: random.Random) -> str:
    """A sentence said more briefly or in other words, with nothing added."""
    text = sentence
    for pattern, chance in ((OPENING, 0.5), (ASIDE, 0.5), (TAIL, 0.5)):
        if rng.random() < chance:
            text = pattern.sub("", text)
    for said, new in OTHER_WORDS:
        if rng.random() < 0.5:
            text = re.sub(said, new, text)
    return _capital(text)


def _claims(article: Article, i: int, context: str, group: str, rng: random.Random) -> Iterator[Pair]:
    sentence = article.window(i, i)[1]
    first, last = article.around(i, i, rng) if rng.random() < 0.5 else (i, i)
    window = article.window(first, last)[1]
    claim = sound(sentence, rng)
    yield Pair("judge", claim, context, window, SUPPORTED, "news", group)
    made = swapped(claim, [name for name in article.names if name not in window] + _others(article, window), rng)
    if made and made.text not in window:
        label = UNSETTLED if made.kind == "certainty" else CONTRADICTED
        yield Pair("judge", made.text, context, window, label, "news+" + made.kind, group)
    if rng.random() < 0.3:
        other = rng.choice(range(len(article.spans)))
        if not first <= other <= last:
            yield Pair("judge", claim, context, article.window(other, other)[1], UNSETTLED, "news", group)


def _others(article: Article, window: str) -> list[str]:
    return [name for name in article.names if name in window]

"""Annotated questions → pairs: the window of sentences that answers, and near misses against it. Pure."""

import random
import re
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from qa.split import sentences
from qa.training.general import PEOPLE, general
from qa.training.pair import CONTRADICTED, SUPPORTED, UNSETTLED, Pair
from qa.training.swap import names, swapped
from qa.types import Span

SIZES: Final = (1, 1, 1, 2, 2, 2, 2, 3, 3, 4)
"""Sentences of a window, as often as they stand here: the product reads two at a time."""
TITLED: Final = 0.6
"""Share of windows that are read with their article's title."""
WEAK: Final = ("negation", "certainty")
"""Changes that leave a question without an answer less surely than the others."""
YEAR: Final = re.compile(r"\b(?:1[0-9]|20)\d\d\b")
NUMBER: Final = re.compile(r"\b\d[\d,.]*\b")
LINE: Final = re.compile(r"[^\n]*\S[^\n]*")


@dataclass(frozen=True, slots=True)
class Question:
    """A question with its passage. `whole`: the answer's span is a whole sentence, no use for finding the words that answer."""

    text: str
    title: str
    passage: str
    answers: tuple[tuple[str, int], ...]
    source: str
    whole: bool = False

    @property
    def group(self) -> str:
        return self.title or self.passage[:80]


@dataclass(frozen=True, slots=True)
class Chances:
    """Shares of the answered questions that also become a near miss by a swap, stand beside another window of their passage, stand beside
    their window without its answer; and of the windows in which another name is made general."""

    swaps: float = 0.4
    others: float = 0.7
    untold: float = 0.3
    softened: float = 0.12


USUAL: Final = Chances()


class Pool:
    """Windows of all articles so far, of which those that look most like an answer are beside a question that they do not answer."""

    def __init__(self, tried: int = 150, most: int = 4000) -> None:
        self._windows: deque[tuple[Pair, set[str]]] = deque(maxlen=most)
        self._tried = tried

    def add(self, pair: Pair) -> None:
        self._windows.append((pair, _words(pair.text)))

    def beside(self, pair: Pair, rng: random.Random) -> Pair | None:
        """The question of a pair beside the likest of some windows of other articles without its answer."""
        answer, asked = pair.text[pair.start : pair.end].casefold(), {word for word in _words(pair.asked) if len(word) > 3}
        tried = [self._windows[rng.randrange(len(self._windows))] for _ in range(self._tried)] if self._windows else []
        fitting = [(one, held) for one, held in tried if one.group != pair.group and (pair.start < 0 or answer not in one.text.casefold())]
        if not fitting:
            return None
        best = max(fitting, key=lambda found: len(asked & found[1]))[0]
        return Pair("answer", pair.asked, best.context, best.text, 0, pair.source + "+other", pair.group)


class Article:
    """A passage cut into sentences, with the names that stand in it."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.spans = [span for line in LINE.finditer(text) for span in sentences(text, Span(*line.span()))]
        self.names = [name for name, _ in Counter(names(text)).most_common(40)]

    def window(self, first: int, last: int) -> tuple[int, str]:
        """Where the sentences first to last begin in the text, and what they say."""
        start = self.spans[first].start
        return start, self.text[start : self.spans[last].end]

    def around(self, first: int, last: int, rng: random.Random) -> tuple[int, int]:
        """A window widened at random to one to four sentences."""
        size = rng.choice(SIZES)
        while last - first + 1 < size and (first > 0 or last < len(self.spans) - 1):
            if first > 0 and (last == len(self.spans) - 1 or rng.random() < 0.6):
                first -= 1
            else:
                last += 1
        return first, last


def pairs(question: Question, rng: random.Random, chances: Chances = USUAL) -> Iterator[Pair]:
    """Pairs of one question: answered in its window, the others by their chances, and now and then as a claim with its answer or a wrong
    one."""
    article = Article(question.passage)
    if not article.spans:
        return
    if not question.answers:
        yield _unanswered(question, article, _nearest(question.text, article, rng), rng)
        return
    answer, start = rng.choice(question.answers) if not question.whole else question.answers[0]
    end = start + len(answer)
    inside = [i for i, span in enumerate(article.spans) if span.start < end and span.end > start]
    if not inside:
        return
    first, last = article.around(inside[0], inside[-1], rng)
    offset, window = article.window(first, last)
    context = question.title if rng.random() < TITLED else ""
    span = (-1, -1) if question.whole else (start - offset, end - offset)
    found = Pair("answer", question.text, context, window, 1, question.source, question.group, *span)
    yield softened(found, rng) if rng.random() < chances.softened else found
    if rng.random() < chances.others:
        other = _other_window(question, article, rng)
        if other:
            yield _unanswered(question, article, other, rng)
    if rng.random() < chances.swaps:
        made = swapped(question.text, [name for name in article.names if name not in window] + article.names, rng)
        if made and not (made.kind in WEAK and rng.random() < 0.75):
            yield Pair("answer", made.text, context, window, 0, question.source + "+" + made.kind, question.group)
    if not question.whole:
        yield from untold(found, rng, chances.untold)
        yield from _as_claims(question, answer, article, found, rng)


def untold(answered: Pair, rng: random.Random, chance: float = USUAL.untold) -> Iterator[Pair]:
    """An answered question beside its window without the answer, where it can be said so; now and then as a claim with the answer."""
    if answered.start < 0 or rng.random() > chance:
        return
    text = general(answered.asked, answered.text, answered.start, answered.end, rng)
    if text is None:
        return
    yield Pair("answer", answered.asked, answered.context, text, 0, answered.source + "+untold", answered.group)
    if rng.random() < 0.3:
        claim = f"{answered.asked} {answered.text[answered.start : answered.end]}"
        yield Pair("judge", claim, answered.context, text, UNSETTLED, answered.source + "+untold", answered.group)


def softened(answered: Pair, rng: random.Random) -> Pair:
    """The pair with a name of its window, other than the answer and what is asked, made general: such words alone must tell nothing."""
    asked, start, end = _words(answered.asked), answered.start, answered.end
    for name in names(answered.text):
        place = answered.text.find(name)
        last = place + len(name)
        if start < 0 or place < 0 or (place < end and last > start) or _words(name) & asked:
            continue
        said = rng.choice(PEOPLE)
        moved = len(said) - len(name) if place < start else 0
        return replace(answered, text=answered.text[:place] + said + answered.text[last:], start=start + moved, end=end + moved)
    return answered


def _unanswered(question: Question, article: Article, window: tuple[int, int], rng: random.Random) -> Pair:
    context = question.title if rng.random() < TITLED else ""
    return Pair("answer", question.text, context, article.window(*window)[1], 0, question.source, question.group)


def _nearest(text: str, article: Article, rng: random.Random) -> tuple[int, int]:
    asked = _words(text)
    best = max(range(len(article.spans)), key=lambda i: len(asked & _words(article.window(i, i)[1])))
    return article.around(best, best, rng)


def _other_window(question: Question, article: Article, rng: random.Random) -> tuple[int, int] | None:
    """A window without any of the answers: more often than not the one that speaks most of what is asked."""
    told = [answer.casefold() for answer, _ in question.answers]
    free = [i for i in range(len(article.spans)) if not any(answer in article.window(i, i)[1].casefold() for answer in told)]
    if question.whole:
        free = [
            i
            for i in free
            if all(article.spans[i].end <= start or article.spans[i].start >= start + len(a) for a, start in question.answers)
        ]
    if not free:
        return None
    asked = _words(question.text)
    free.sort(key=lambda i: -len(asked & _words(article.window(i, i)[1])))
    first = last = free[0] if rng.random() < 0.6 else rng.choice(free)
    wide = article.around(first, last, rng)
    return wide if set(range(wide[0], wide[1] + 1)) <= set(free) else (first, last)


def _as_claims(question: Question, answer: str, article: Article, found: Pair, rng: random.Random) -> Iterator[Pair]:
    """The question with its answer, or with another thing of the window that looks like it: who states it, what contradicts it.

    `found`: the pair of the question and the window that answers it.
    """
    context, text = found.context, found.text
    chance = rng.random()
    if chance < 0.2:
        yield Pair("judge", f"{question.text} {answer}", context, text, SUPPORTED, question.source, question.group)
    elif chance < 0.4:
        wrong = alike(answer, text, question.text, rng)
        if wrong:
            yield Pair("judge", f"{question.text} {wrong}", context, text, CONTRADICTED, question.source, question.group)
    elif chance < 0.5:
        other = _other_window(question, article, rng)
        if other:
            yield Pair("judge", f"{question.text} {answer}", context, article.window(*other)[1], UNSETTLED, question.source, question.group)


def alike(answer: str, text: str, asked: str, rng: random.Random) -> str | None:
    """Another thing of the same kind as the answer in a text: year for year, number for number, name for name."""
    found: Sequence[str]
    if YEAR.search(answer):
        found = YEAR.findall(text)
    elif NUMBER.search(answer):
        found = NUMBER.findall(text)
    else:
        found = names(text) if answer[:1].isupper() else []
    taken = _words(answer) | _words(asked)
    fitting = [one for one in found if not _words(one) & taken]
    return rng.choice(fitting) if fitting else None


def claims(rows: Iterable[Mapping[str, str]], source: str) -> Iterator[Pair]:
    """Pairs of annotated claims: rows with claim, evidence, label."""
    labels = {"supported": SUPPORTED, "refuted": CONTRADICTED, "not_enough": UNSETTLED}
    for row in rows:
        yield Pair("judge", row["claim"], "", row["evidence"], labels[row["label"]], source, row["evidence"][:80])


def _words(text: str) -> set[str]:
    return set(re.findall(r"\w+", text.casefold()))

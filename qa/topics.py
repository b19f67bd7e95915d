"""Open questions, about a topic and nothing more: sentences that name it answer them, word for word, without a language model. Pure."""

import re
from collections.abc import Sequence
from typing import Final

from qa.agreement import is_known
from qa.evidence import LEANS, QUOTED
from qa.followup import ASKING
from qa.types import Evidence
from qa.words import content_words, is_stopword, one_line, stem, stems, vocabulary, words

_WORKS: Final = r"(?:the |my |our |these |your )?(?:documents?|articles?|sources?|files?|texts?|papers?|news)"
OPEN: Final = re.compile(
    r"\s*(?:please )?(?:"
    rf"what (?:is|was|has been|else is) (?:said|told|written|reported|known|mentioned|there)(?: in {_WORKS})? (?:about|of|on|regarding)"
    rf"|what (?:do|does|did|can|could|would) (?:{_WORKS}|you|we|they) (?:say|tell|know|have|report|mention|find)(?: me| us)?"
    r" (?:about|of|on|regarding)"
    r"|(?:(?:can|could|would) you )?tell (?:me|us)(?: more| something| anything| all| everything)? (?:about|of)"
    rf"|(?:(?:(?:is|are) there|do {_WORKS} (?:say|tell)|have you) )?(?:(?:any|some)(?:thing| news| information)?|news|information)"
    r" (?:about|on|regarding)"
    r")\s+(?P<topic>\S.*?)[\s?.!]*",
    re.IGNORECASE,
)
"""A question that asks for nothing but what there is about something."""
BARE: Final = re.compile(r"[^\W_](?:[\w’'.&-]| (?=\w))*")
LONGEST: Final = 6  # words of a topic that is typed alone
NAME: Final = re.compile(r"\b[A-Z0-9][\w’'.&-]*(?:\s+(?:(?:of|the|de|al|and|for)\s+){0,2}[A-Z0-9][\w’'.&-]*)+")
APART: Final = 2  # words that a text may have between two of a name: "Vice President Kamala Harris", "Ministry of Commerce"
TOLD: Final = 3  # sentences, at most
LONGEST_SENTENCE: Final = 400  # characters
ENDS: Final = (".", "!", ".”", '."', ".’", ".'", ".)")


def topic_of(question: str) -> str | None:
    """What an open question is about; None for a question that asks for something about it."""
    if asked := OPEN.fullmatch(question):
        return None if ASKING.match(asked["topic"]) else str(asked["topic"])
    alone = question.strip(" ?.!")
    return alone if _is_heading(alone) and not question.rstrip().endswith("?") else None


def sentences_about(topic: str, shown: Sequence[Evidence]) -> tuple[Evidence, ...]:
    """The sentences that name all of a topic and can be read alone, at most TOLD, those of one document in its order."""
    about = [item for item in shown if _stands_alone(item) and _names(item.text, topic)][:TOLD]
    rank = {item.passage.document: place for place, item in reversed(list(enumerate(about)))}
    return tuple(sorted(about, key=lambda item: (rank[item.passage.document], item.start)))


def _is_heading(text: str) -> bool:
    """Whether it is a few words that ask for nothing and break off nowhere."""
    short = BARE.fullmatch(text) and len(text.split()) <= LONGEST
    return bool(short) and not ASKING.search(text) and not is_stopword(words(text)[-1])


def _names(text: str, topic: str) -> bool:
    """Whether a text has every word of a topic, those of a name (with capitals, side by side) in their order and near each other."""
    present, order = vocabulary(text), stems(text)
    wanted = content_words(topic)
    runs = [words(run) for run in NAME.findall(topic)]
    together = all(_in_order([stem(word) for word in run if not is_stopword(word)], order) for run in runs if len(run) > 1)
    return bool(wanted) and together and all(is_known(word, present, (text,)) for word in wanted)


def _in_order(run: Sequence[str], order: Sequence[str]) -> bool:
    """Whether the stems of a name follow each other in a text, with at most APART others between two."""
    places = {place for place, one in enumerate(order) if run and one == run[0]}
    for one in run[1:]:
        places = {next_ for place in places for next_ in range(place + 1, place + APART + 2) if order[next_ : next_ + 1] == [one]}
    return bool(places)


def _stands_alone(item: Evidence) -> bool:
    """Whether a sentence is a whole one that leans on no other."""
    text = one_line(item.text)
    return len(text) <= LONGEST_SENTENCE and text.endswith(ENDS) and not LEANS.match(text) and not QUOTED.match(text)

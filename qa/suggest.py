"""Example questions drawn from the documents: about names that one article speaks of and others hardly do. Pure."""

import re
from collections import Counter
from collections.abc import Sequence
from itertools import zip_longest
from typing import Final

from qa.facts import MONTHS, WEEKDAYS
from qa.types import Passage
from qa.words import fold, is_stopword

PHRASE: Final = re.compile(r"\b[^\W\d_a-z][\w’'-]*[^\W\d_A-Z](?:[ -][^\W\d_a-z][\w’'-]+){1,3}\b")
FORMS: Final = ("What is said about {}?", "What do the documents tell about {}?")


def suggestions(documents: Sequence[Sequence[Passage]], limit: int) -> tuple[str, ...]:
    """At most `limit` questions, spread over the documents, each about a name of two to four words that its document uses most."""
    names = sorted(map(_names, documents), key=lambda found: -sum(found.values()))
    spread = Counter(phrase for found in names for phrase in found)
    own = [[phrase for phrase, _ in found.most_common() if spread[phrase] == 1] for found in names]
    chosen: list[str] = []
    for round_ in zip_longest(*own):
        for phrase in filter(None, round_):
            if len(chosen) < limit and not any(phrase in other or other in phrase for other in chosen):
                chosen.append(phrase)
    return tuple(FORMS[i % len(FORMS)].format(phrase) for i, phrase in enumerate(chosen))


def _names(passages: Sequence[Passage]) -> Counter[str]:
    """How often each name of several words stands inside a sentence (not at its beginning)."""
    found: Counter[str] = Counter()
    for passage in passages:
        for span in passage.sentences:
            sentence = passage.text[span.start - passage.start : span.end - passage.start]
            for match in PHRASE.finditer(sentence):
                inside = re.search(r"\w", sentence[: match.start()])
                if inside and not any(map(_is_no_name, match[0].split())):
                    found[match[0].removesuffix("’s").removesuffix("'s")] += 1
    return found


def _is_no_name(word: str) -> bool:
    return is_stopword(word) or fold(word) in MONTHS or fold(word) in WEEKDAYS

"""Questions about how things are now, and the day on which what is told of it stands. Pure."""

import re
from collections.abc import Sequence
from typing import Final

from qa.query import AS_OF, years
from qa.types import Evidence
from qa.words import TITLES, fold, stem, words

NOW: Final = re.compile(
    r"\b(?:latest|newest|most recent(?:ly)?|currently|nowadays|these days|so far|at the moment|at present|presently|to date)\b"
    r"|(?<!electric )(?<!ocean )(?<!direct )(?<!alternating )\bcurrent(?! (?:in|through|flow\w*|of (?:the )?(?:river|sea|ocean|water))\b)\b"
    r"|\bnow(?! (?:known|called|named|famous|defunct|extinct|part|that|or never)\b)\b"
    r"|\bstill(?! (?:life|lifes|image|images|photo\w*|water|waters|standing stone\w*)\b)\b"
    r"|(?<!usa )\btoday(?!['’]s (?:show|paper)\b)\b"
)
HOLDER: Final = re.compile(r"^\W*(?:(?:and|so) )?who(?:['’]s| is)\b(?P<rest>[^,?;]*)")
OFFICES: Final = TITLES | frozenset(map(stem, "ceo head boss owner holder champion manager speaker monarch".split()))
LEADING: Final = 6  # words after "who is" among which the office stands


def wants_now(question: str) -> bool:
    """Whether a question asks how things are: in so many words, or for who holds an office."""
    asked = fold(question)
    holder = HOLDER.match(asked)
    return bool(NOW.search(asked)) or bool(
        holder and not years(asked) and any(stem(word) in OFFICES for word in words(holder["rest"])[:LEADING])
    )


def standing_on(question: str, support: Sequence[Evidence]) -> str | None:
    """The date, ISO 8601, of the newest article that the answer stands on, where the question asks how things are now or on a day."""
    if not (wants_now(question) or AS_OF.search(question)):
        return None
    return max((item.passage.date for item in support if item.passage.date), default=None)

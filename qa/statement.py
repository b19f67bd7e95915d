"""A short answer as the sentence that it means: "Helen Ostrow", asked who opened the bridge, is "Helen Ostrow opened the bridge". Pure."""

import re
from collections.abc import Callable
from typing import Final

from qa.stance import BE, is_past, stance
from qa.words import fold, words

SHORT: Final = 8  # words; a longer text without a verb is no answer alone
OPENING: Final = re.compile(r"^\W*(?:as of [^:]{3,30}: )?(?:and |so |but )?", re.IGNORECASE)
LEADING: Final = re.compile(r"^(?:on|in|at|by|to|from|about|around)\s+(?=\S)", re.IGNORECASE)
VERB: Final = r"(?:is|are|was|were|has|have|had|will|would|may|might|can|could)"
NOUNS: Final = r"(?:(?!(?:is|are|was|were|has|have|had|will|would|may|might|can|could|do|does|did)\b)[\w’'-]+ ){1,3}?"
FORMS: Final[tuple[tuple[re.Pattern[str], Callable[[str, re.Match[str]], str]], ...]] = (
    (re.compile(rf"how many ((?:{NOUNS})(?:{VERB}|\w+ed|[a-z]+)\b.*)", re.IGNORECASE), lambda said, asked: f"{said} {asked[1]}"),
    (re.compile(r"(?:who|what) did (.+)", re.IGNORECASE), lambda said, asked: f"{asked[1]} {said}"),
    (re.compile(r"(?:when|where) did (.+)", re.IGNORECASE), lambda said, asked: f"{asked[1]} in {said}"),
    (
        re.compile(rf"(?:when|where) ({VERB}) (.+) (\w+(?:ed|en|wn|lt|ld|nt|ght|de|ne|un))", re.IGNORECASE),
        lambda said, asked: f"{asked[2]} {asked[1]} {asked[3]} in {said}",
    ),
    (re.compile(r"who ((?!did\b|do\b|does\b)\w+(?: .+)?)", re.IGNORECASE), lambda said, asked: f"{said} {asked[1]}"),
    (
        re.compile(r"(?:which|what) (?:[\w’'-]+ ){1,2}?((?:was|were|has|had|will|may|might|\w+ed|[a-z]+) .+)", re.IGNORECASE),
        lambda said, asked: f"{said} {asked[1]}",
    ),
)
"""How a question of a form is stated with an answer to it; "did" is left out, so that the verb is in its base form."""


def is_short(text: str) -> bool:
    """Whether a text is a name, a date or a number, and no sentence."""
    return (
        len(words(text)) <= SHORT and not stance(text).predicates() and not any(is_past(word) or fold(word) in BE for word in words(text))
    )


def stated(text: str, question: str) -> str | None:
    """The sentence that a short answer to a question means; None where the text is a sentence, or the question is of no known form."""
    asked = OPENING.sub("", question).strip(" ?.!")
    if not question or not is_short(text):
        return None
    said = LEADING.sub("", text.strip(" ."))
    for form, state in FORMS:
        match = form.fullmatch(asked)
        if match and _is_verbal(asked, match):
            return state(said, match) + "."
    return None


def _is_verbal(asked: str, match: re.Match[str]) -> bool:
    """Whether what is taken for the verb of a question with "which" is written like one."""
    if not re.match(r"(?:which|what) (?!did\b)", asked, re.IGNORECASE):
        return True
    first = next(iter(words(match[1])), "")
    return is_past(first) or fold(first) in BE or fold(first) in ("will", "may", "might")

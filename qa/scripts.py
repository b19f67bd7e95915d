"""Writing systems, which Unicode calls scripts: Latin, Han … A small model now and then lapses into one that nobody used. Pure."""

import functools
import unicodedata
from collections.abc import Iterable
from typing import Final

LATIN: Final = frozenset(("LATIN", None))
LETTERS: Final = frozenset(("Lu", "Ll", "Lt", "Lo"))  # modifier letters, as in Hawaiʻi, belong to any script
BROKEN: Final = "\ufffd"  # what is left of bytes that are no character
ONE_WRITING: Final = {"HIRAGANA": "CJK", "KATAKANA": "CJK"}  # Japanese writes with all three
BEYOND_LATIN: Final = (
    r"\u0370-\u1dff\u2c80-\u2dff\u2e80-\ua71f\ua800-\ud7ff\uf900-\ufaff\ufb13-\ufeff\uffa0-\uffdc\ufffd"
    r"\U00010000-\U0001d3ff\U00020000-\U0003ffff"
)
"""Inside a character class of GBNF: the letters of all other scripts, and what is written only with them."""


def foreign(text: str, known: frozenset[str | None]) -> str:
    """The first letters of `text` in a script that is not among the known; empty where there are none."""
    if text.isascii():
        return ""
    plain = unicodedata.normalize("NFKC", text)
    start = next((place for place, letter in enumerate(plain) if _script(letter) not in known), None)
    if start is None:
        return ""
    end = next((place for place in range(start, len(plain)) if _script(plain[place]) in known), len(plain))
    return plain[start:end].strip()


def scripts(texts: Iterable[str]) -> frozenset[str | None]:
    """Those of their letters, as Unicode's names of letters begin; None, that of digits and marks, is always among them."""
    return frozenset(_script(letter) for text in texts for letter in unicodedata.normalize("NFKC", text)) | {None}


@functools.cache
def _script(letter: str) -> str | None:
    if letter == BROKEN:
        return "BROKEN"
    if unicodedata.category(letter) not in LETTERS:
        return None
    name = unicodedata.name(letter, "UNKNOWN").partition(" ")[0]
    return ONE_WRITING.get(name, name)

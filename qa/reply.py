"""The model's reply, read while it is written: lines of `[evidence numbers] text` become claims. Pure."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from qa.split import sentences
from qa.types import Claim, Span

NUMBERS: Final = r"\d+(?:\s*(?:[,;&–-]|and)\s*\d+)*"
POINTERS: Final = re.compile(rf"\s*\[\s*({NUMBERS})\s*\]")
LEADING: Final = re.compile(r"^(?:\s|[-*•–](?=\s+\S)|\d{1,2}[.)](?=\s+\S))+")  # bullets and list numbers
UNFINISHED: Final = re.compile(r"(?:\s|\[[\d\s,;&–and-]*)+$")  # what may yet become a pointer, or vanish before one
UNFINISHED_LEADING: Final = re.compile(r"^(?:[-*•–]|\d{1,2}[.)]?)$")
NOTHING: Final = 0  # the number by which the model says that no sentence tells
LONGEST_RANGE: Final = 20


@dataclass(slots=True)
class ReplyReader:
    """Feed it pieces of the reply, cut anywhere; it hands out the readable text of the line being written, and each line's claims when it
    ends."""

    text: str = ""  # all that was fed
    _line: str = ""
    _shown: str = ""

    def feed(self, piece: str) -> Iterator[str | list[Claim]]:
        """Readable text (without pointers) as it comes, and a list of claims whenever a line is finished.

        The list is empty where what was shown of a line turns out to claim nothing.
        """
        self.text += piece
        *ended, rest = piece.split("\n")
        for end in ended:
            self._line += end
            yield from self._end_line()
        self._line += rest
        line = UNFINISHED.sub("", self._line)
        if not UNFINISHED_LEADING.match(readable(line)):
            yield from self._news(line)

    def finish(self) -> Iterator[str | list[Claim]]:
        """The rest of the last line, and its claims."""
        yield from self._end_line()

    def _end_line(self) -> Iterator[str | list[Claim]]:
        yield from self._news(self._line)
        found = list(claims(self._line))
        shown, self._line, self._shown = self._shown, "", ""
        if found or shown:
            yield found

    def _news(self, line: str) -> Iterator[str]:
        text = readable(line)
        if not declines(line) and len(text) > len(self._shown):
            news, self._shown = text[len(self._shown) :], text
            yield news


def readable(line: str) -> str:
    """A line without its pointers, its bullet and the blanks around it."""
    text, before = POINTERS.sub("", line), None
    while text != before:
        text, before = LEADING.sub("", text), text
    return text.rstrip()


def declines(line: str) -> bool:
    """Whether a line says, by pointing at number 0, that the evidence does not tell."""
    return NOTHING in pointers(line)


def pointers(line: str) -> tuple[int, ...]:
    """The evidence numbers that a line points at; `2-4` is 2, 3 and 4."""
    found: list[int] = []
    for match in POINTERS.finditer(line):
        for part in re.split(r"[,;&]|and", match[1]):
            first, *rest = (int(number) for number in re.split(r"[–-]", part))
            found += range(first, min(rest[-1], first + LONGEST_RANGE) + 1) if rest and rest[-1] > first else [first, *rest]
    return tuple(dict.fromkeys(found))


def claims(line: str) -> Iterator[Claim]:
    """The sentences of a line, each with the line's pointers; none for a line that declines or is empty."""
    text = readable(line)
    if declines(line):
        return
    for span in sentences(text, Span(0, len(text))):
        yield Claim(span.of(text), pointers(line))

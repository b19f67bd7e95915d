"""What a model thinks before it speaks is no answer: replies without their thoughts, and without the probabilities of these. Pure.

Thoughts stand between `<think>` and `</think>`. Some templates open them, so that a reply begins inside and only their end is told: until
then it may be either. Where the form of a reply is known (it begins with a pointer), whatever does not begin so waits for the end.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final, Generic, TypeVar

Mark = TypeVar("Mark")

TAG: Final = re.compile(r"<(/?)think(?:ing)?>")
TAGS: Final = ("<think>", "</think>", "<thinking>", "</thinking>")
LONGEST: Final = max(map(len, TAGS))
OPENING: Final = re.compile(r"[\s*•-]*(\[)?")  # how a pointer begins, behind a bullet
UNTHINKING: Final = {"enable_thinking": False}
"""What templates are told that can do without thoughts, such as Qwen3's."""
ENDS_THINKING: Final = re.compile(r"<think(?:ing)?>\s*(?:\{\{[^{}]*\}\}\s*)*$")
ROOM: Final = 1024
"""Tokens that a model which thinks may spend on it for each reply. Thoughts about a few sentences take 200 to 800: at 10 tokens a second a
minute or more, so that whoever must not wait takes another model or one whose thoughts can be switched off."""


def left_open(template: str) -> bool:
    """Whether a template, or a prompt made with it, ends inside a thought."""
    return ENDS_THINKING.search(template) is not None


@dataclass(slots=True)
class Spoken(Generic[Mark]):
    """Takes a reply piece by piece, cut anywhere, each with its marks, and hands out what is spoken, as soon as that is certain.

    A mark is what is known of a token: it stands where the token begins and goes with it. `formed` tells that a reply begins with a
    pointer. Then what comes out, all told, does not depend on how the reply was cut; else what was already handed out when a `</think>`
    comes that nothing opened cannot be taken back.
    """

    formed: bool = False
    thinking: bool = False  # at first: whether the template is known to open a thought
    _pending: str = ""  # not decided on yet
    _marks: list[tuple[int, Mark]] = field(default_factory=list)  # with their places in it
    _speaking: bool = False  # whether what is pending can be no thought that the template has opened
    _said: bool = False  # whether anything has been handed out

    def feed(self, text: str, marks: Sequence[tuple[int, Mark]] = ()) -> tuple[str, list[Mark]]:
        """What has become certain. `marks`: each with its place in `text`, in order."""
        self._marks += [(len(self._pending) + place, mark) for place, mark in marks]
        self._pending += text
        pieces = list(self._decide())
        return "".join(text for text, _ in pieces), [mark for _, found in pieces for mark in found]

    def finish(self) -> tuple[str, list[Mark]]:
        """The rest at the end of the reply: nothing of a thought that was not ended, or of a reply that is but the beginning of a tag."""
        if self.thinking or not (self._said or self._pending[: _unfinished(self._pending)].strip()):
            return "", []
        return self._take(len(self._pending))

    def _decide(self) -> Iterator[tuple[str, list[Mark]]]:
        while tag := TAG.search(self._pending):
            opens, before = not tag[1], tag.start()
            if not self.thinking and (opens or self._speaks(before)):
                yield self._take(before)
                before = 0
            self._drop(before + len(tag[0]))
            self.thinking = opens
            self._speaking = self._speaking or not opens
        if self.thinking:
            self._drop(_unfinished(self._pending))
        elif self._speaks(len(self._pending)) or not self.formed:
            yield self._take(_unfinished(self._pending))

    def _speaks(self, end: int) -> bool:
        """Whether what is pending up to `end` can be no thought that the template has opened."""
        found = OPENING.match(self._pending, 0, end) if self.formed else None
        self._speaking = self._speaking or (bool(found[1]) if found else self._said)
        return self._speaking

    def _take(self, end: int) -> tuple[str, list[Mark]]:
        text, marks = self._pending[:end], [mark for place, mark in self._marks if place < end]
        self._drop(end)
        self._said = self._said or bool(text.strip())
        return text, marks

    def _drop(self, end: int) -> None:
        self._pending = self._pending[end:]
        self._marks = [(place - end, mark) for place, mark in self._marks if place >= end]


def _unfinished(text: str) -> int:
    """Where at the end of a text a tag may have begun; its length where none has."""
    begin = text.rfind("<", max(0, len(text) - LONGEST))
    return begin if begin >= 0 and any(tag.startswith(text[begin:]) for tag in TAGS) else len(text)

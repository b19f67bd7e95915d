"""An answer in the making: claims are let through with their citations, or withdrawn with a reason. Pure."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from qa.types import Citation, Claim, Evidence, Sentence, Withdrawn
from qa.verify import kind_fault, support
from qa.words import fold, one_line, words

STOP: Final = re.compile(r"[.!?…]*$")
LONGEST_QUOTE: Final = 400  # characters of a sentence that stands for an answer word for word
ENDS: Final = (".", "!", ".”", '."', ".’", ".'", ".)")


@dataclass(slots=True)
class Draft:
    """What stands so far; `support` holds the evidence of each standing sentence."""

    question: str
    evidence: Sequence[Evidence]
    sentences: list[Sentence] = field(default_factory=list)
    support: list[tuple[Evidence, ...]] = field(default_factory=list)
    citations: dict[tuple[str, int, int], Citation] = field(default_factory=dict)
    withdrawn: list[Withdrawn] = field(default_factory=list)
    _pointed: list[Evidence] = field(default_factory=list)  # by claims that were withdrawn

    def take(self, claim: Claim) -> None:
        """Let a claim through, cited as the check found its support, or withdraw it. A sentence said twice counts once."""
        if self._stands(claim.text):
            return
        group, reason = support(claim, self.question, self.evidence)
        if reason is None:
            self._let_stand(claim.text, group)
            return
        self.withdrawn.append(Withdrawn(claim.text, reason))
        self._pointed += [item for item in self.evidence if item.number in claim.pointers]

    def quote(self) -> bool:
        """Where nothing stands, let the first sentence that a withdrawn claim points at stand instead, word for word, if it may be an
        answer: what a source says itself it supports, and whether it is what was asked is for confidence to tell. Whether one does."""
        quoted = None if self.sentences else next(filter(self._may_be_quoted, self._pointed), None)
        if quoted is not None:
            self.tell(quoted)
        return quoted is not None

    def tell(self, item: Evidence) -> None:
        """Let an evidence sentence stand for an answer, word for word."""
        if not self._stands(item.text):
            self._let_stand(one_line(item.text), (item,))

    def _stands(self, text: str) -> bool:
        return any(_same(sentence.text, text) for sentence in self.sentences)

    def _let_stand(self, text: str, group: tuple[Evidence, ...]) -> None:
        self.support.append(group)
        self.sentences.append(Sentence(text, tuple(self._cite(item) for item in group)))

    def _may_be_quoted(self, item: Evidence) -> bool:
        """Whether an evidence sentence is a whole one, and the kind of thing that was asked for."""
        text = one_line(item.text)
        return len(text) <= LONGEST_QUOTE and text.endswith(ENDS) and kind_fault(text, self.question) is None

    def withdraw_all(self, reason: str) -> None:
        """Let nothing through after all."""
        self.withdrawn += [Withdrawn(sentence.text, reason) for sentence in self.sentences]
        self.sentences, self.support, self.citations = [], [], {}

    def text(self) -> str:
        """The standing sentences with their footnotes: "They met in Rawalpindi [1]."."""
        return " ".join(with_footnotes(sentence) for sentence in self.sentences)

    def _cite(self, item: Evidence) -> int:
        passage = item.passage
        key = (passage.document, item.start, item.end)
        if key not in self.citations:
            number = len(self.citations) + 1
            place = (passage.document, passage.file, passage.title, passage.date, passage.page)
            self.citations[key] = Citation(number, *place, item.start, item.end, item.text)
        return self.citations[key].number


def with_footnotes(sentence: Sentence) -> str:
    """A sentence with the numbers of its citations before its final stop; a full stop where it has none."""
    text = sentence.text.rstrip()
    stop = STOP.search(text)
    end = stop.start() if stop else len(text)
    return f"{text[:end].rstrip()} {''.join(f'[{number}]' for number in sentence.citations)}{text[end:] or '.'}"


def _same(one: str, other: str) -> bool:
    return list(map(fold, words(one))) == list(map(fold, words(other)))

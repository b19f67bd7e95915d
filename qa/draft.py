"""An answer in the making: claims are let through with their citations, or withdrawn with a reason. Pure."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from qa.types import Citation, Claim, Evidence, Sentence, Withdrawn
from qa.verify import support
from qa.words import fold, words

STOP: Final = re.compile(r"[.!?…]*$")


@dataclass(slots=True)
class Draft:
    """What stands so far; `support` holds the evidence of each standing sentence."""

    question: str
    evidence: Sequence[Evidence]
    sentences: list[Sentence] = field(default_factory=list)
    support: list[tuple[Evidence, ...]] = field(default_factory=list)
    citations: dict[tuple[str, int, int], Citation] = field(default_factory=dict)
    withdrawn: list[Withdrawn] = field(default_factory=list)

    def take(self, claim: Claim) -> None:
        """Let a claim through, cited as the check found its support, or withdraw it. A sentence said twice counts once."""
        if any(_same(sentence.text, claim.text) for sentence in self.sentences):
            return
        group, reason = support(claim, self.question, self.evidence)
        if reason is not None:
            self.withdrawn.append(Withdrawn(claim.text, reason))
            return
        self.support.append(group)
        self.sentences.append(Sentence(claim.text, tuple(self._cite(item) for item in group)))

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

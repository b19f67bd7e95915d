"""The gold questions of `seeds/questions.jsonl`, asked of a running Footnote, and what came of each."""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from qa.service import QA
from qa.settings import data_folder
from qa.types import Answer, Done, Found, Turn


@dataclass(frozen=True, slots=True)
class Case:
    """A gold question: answered rightly when each group of `wanted` has an alternative in the answer."""

    id: str
    question: str
    history: tuple[Turn, ...]
    wanted: tuple[tuple[str, ...], ...]
    answerable: bool
    type: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a case came to; `evidence_ms` is the time to the first event."""

    case: Case
    answer: Answer
    evidence_ms: float
    verbatim: bool

    @property
    def right(self) -> bool:
        """Answered with what was wanted, or rightly withheld."""
        return answers(self.case, self.answer) if self.case.answerable else not self.answer.answered

    @property
    def cited(self) -> bool:
        return all(sentence.citations for sentence in self.answer.sentences)


def cases(path: Path | None = None) -> list[Case]:
    rows = (path or data_folder("seeds") / "questions.jsonl").read_text(encoding="utf-8").splitlines()
    return [_case(json.loads(row)) for row in rows]


def answers(case: Case, answer: Answer) -> bool:
    """Whether each wanted group has an alternative in the answer: from the beginning of a word, and if it is a number, to its end."""
    said = " " + _plain(re.sub(r"\[\d+\]", "", answer.answer)) + " "
    return answer.answered and all(any(_stands(_plain(option), said) for option in group) for group in case.wanted)


def _stands(option: str, said: str) -> bool:
    return (f" {option} " if option[-1:].isdigit() else f" {option}") in said


def run(qa: QA, asked: Sequence[Case]) -> Iterator[Outcome]:
    """Ask each case, one after the other."""
    for case in asked:
        events = list(qa.ask(case.question, case.history))
        found, done = events[0], events[-1]
        assert isinstance(found, Found)
        assert isinstance(done, Done)
        yield Outcome(case, done.answer, done.answer.timing.retrieve_ms, _verbatim(qa, done.answer))


def _verbatim(qa: QA, answer: Answer) -> bool:
    return all(qa.document(c.document)[0].text[c.start : c.end] == c.quote for c in answer.citations)


def _case(row: dict[str, Any]) -> Case:
    history = tuple(Turn(turn["role"], turn["content"]) for turn in row.get("history", ()))
    wanted = row.get("all_of") or ([row["answers"]] if row.get("answers") else [])
    return Case(row["id"], row["question"], history, tuple(map(tuple, wanted)), row["answerable"], row["type"])


def _plain(text: str) -> str:
    return " ".join(re.sub(r"[^\w%]+", " ", text.replace(",", "").replace("’", "'").lower()).split())

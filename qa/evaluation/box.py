"""Proposed cases that wait for a decision, in one append-only file; and how accepted ones get into a file of cases."""

import dataclasses
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final, Literal, cast

from qa.errors import StoreError
from qa.evaluation.journal import Journal
from qa.evaluation.types import Case, Proposal, Support
from qa.types import Turn

FILE: Final = "drafts.jsonl"
Decision = Literal["accepted", "refused"]
Row = Mapping[str, object]


class Box:
    """The proposals of one folder and what was decided on them. A killed process loses nothing that was told to be kept."""

    def __init__(self, folder: Path) -> None:
        self._journal = Journal(folder / FILE)

    def add(self, proposals: Iterable[Proposal]) -> None:
        """Keep proposals until they are decided on. Raises StoreError."""
        for proposal in proposals:
            self._append({"proposal": {**dataclasses.asdict(proposal), "case": case_row(proposal.case)}})

    def decide(self, id: str, decision: Decision) -> None:  # noqa: A002
        """Keep what was decided on the proposal of a case; it need not have been added. Raises StoreError."""
        self._append({"decision": decision, "id": id})

    def waiting(self) -> tuple[Proposal, ...]:
        """The proposals that nobody has decided on, oldest first."""
        decided = self.decided()
        return tuple(proposal for proposal in self._proposals().values() if proposal.case.id not in decided)

    def decided(self) -> dict[str, Decision]:
        """What was decided, by the id of the case."""
        rows = [row for row in self._rows() if row.get("decision") in ("accepted", "refused")]
        return {str(row["id"]): cast(Decision, row["decision"]) for row in rows}

    def known(self) -> frozenset[str]:
        """Every question ever proposed, so that none is proposed again."""
        return frozenset(proposal.case.question for proposal in self._proposals().values())

    def _proposals(self) -> dict[str, Proposal]:
        proposals = (_proposal(cast(Row, row["proposal"])) for row in self._rows() if isinstance(row.get("proposal"), dict))
        return {proposal.case.id: proposal for proposal in proposals}

    def _rows(self) -> Iterator[Row]:
        for _, line in self._journal.lines():
            try:
                row = json.loads(line)
            except ValueError:
                continue  # the line that was being written when a process was killed
            if isinstance(row, dict):
                yield row

    def _append(self, row: Row) -> None:
        self._journal.append(json.dumps(row, ensure_ascii=False).encode())


def append_case(path: Path, case: Case) -> None:
    """Add a case to a file of cases; when this returns it is on the disk. Raises StoreError."""
    try:
        Journal(path).append(json.dumps(case_row(case), ensure_ascii=False).encode())
    except StoreError as error:
        raise StoreError(error.message, "Name a file for the cases that you can write.") from error


def case_row(case: Case) -> dict[str, object]:
    """A case as a row of a file of cases, without its empty fields."""
    row: dict[str, object] = {
        "id": case.id,
        "question": case.question,
        "history": [dataclasses.asdict(turn) for turn in case.history],
        "answers": list(case.answers),
        "all_of": [list(group) for group in case.all_of],
        "patterns": list(case.patterns),
        "evidence": [{"file": one.document} | ({"quote": one.quote} if one.quote else {}) for one in case.support],
        "answerable": case.answerable,
        "type": case.type,
        "note": case.note,
    }
    return {name: value for name, value in row.items() if value not in ("", [])}


def _proposal(row: Row) -> Proposal:
    case = _case(cast(Row, row["case"]))
    origin = cast(Literal["drafted", "swapped", "thumbs up", "thumbs down"], row["origin"])
    return Proposal(case, origin, str(row["about"]), cast(Mapping[str, object], row["trace"]))


def _case(row: Row) -> Case:
    return Case(
        id=str(row["id"]),
        question=str(row["question"]),
        answerable=bool(row["answerable"]),
        history=tuple(Turn("user" if turn["role"] == "user" else "assistant", turn["content"]) for turn in _list(row, "history")),
        answers=tuple(cast(list[str], row.get("answers", []))),
        all_of=tuple(map(tuple, cast(list[list[str]], row.get("all_of", [])))),
        patterns=tuple(cast(list[str], row.get("patterns", []))),
        support=tuple(Support(one["file"], one.get("quote")) for one in _list(row, "evidence")),
        type=str(row.get("type", "")),
        note=str(row.get("note", "")),
    )


def from_feedback(id: str, good: bool, note: str, trace: Row) -> Proposal:  # noqa: A002
    """A case drafted from a reader's word on an answer; `trace` is that answer (`qa.types.Answer`) as JSON.

    Thumbs up confirm what was said, or that it was rightly withheld. Thumbs down tell that it was wrong and not what is right: such
    a case has no answers until somebody writes them.
    """
    answered = bool(trace.get("answered"))
    question = str(trace.get("standalone_question") or trace.get("question") or "")
    said = " ".join(sentence["text"] for sentence in _list(trace, "sentences"))
    case = Case(
        id=f"f-{id}",
        question=question,
        answerable=answered or not good,
        answers=(said,) if good and answered else (),
        support=_support(_list(trace, "citations")) if good and answered else (),
        type="feedback",
        note=note,
    )
    told = f"answered “{said}”" if answered else f"withheld: {trace.get('reason') or 'no reason'}"
    about = f"{told}; the reader said “{note}”" if note else told
    return Proposal(case, "thumbs up" if good else "thumbs down", about, trace)


def _support(citations: Sequence[Mapping[str, str]]) -> tuple[Support, ...]:
    return tuple(Support(citation["file"], citation["quote"]) for citation in citations)


def _list(row: Row, name: str) -> list[Mapping[str, str]]:
    return cast(list[Mapping[str, str]], row.get(name) or [])

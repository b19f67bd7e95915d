"""Case files: JSONL rows → cases, every wrong row named by its line; and which of them to ask."""

import json
import random
import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AliasChoices, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from qa.errors import UsageError
from qa.evaluation.ranking import same_document
from qa.evaluation.types import Case, Fault, Support
from qa.service import checked
from qa.types import Turn

HINT = "Each line is a JSON object with id, question, answerable, and answers, all_of or patterns; see README, Evaluation."


class TurnRow(BaseModel):
    role: Annotated[Literal["user", "assistant"], BeforeValidator(lambda role: "assistant" if role == "agent" else role)]
    content: str = Field(validation_alias=AliasChoices("content", "text"))


class SupportRow(BaseModel):
    file: str = Field(min_length=1)
    quote: str | None = None


class Row(BaseModel):
    """A line of a case file; what else it holds is not looked at."""

    model_config = ConfigDict(coerce_numbers_to_str=True)

    id: str = Field(min_length=1)
    question: str
    answerable: bool
    history: tuple[TurnRow, ...] = ()
    answers: tuple[str, ...] = ()
    all_of: tuple[tuple[str, ...], ...] = ()
    patterns: tuple[str, ...] = ()
    evidence: tuple[SupportRow, ...] = ()
    evidence_doc_ids: tuple[str, ...] = ()
    evidence_sentences: tuple[str, ...] = ()
    type: str = ""
    note: str = ""

    def case(self) -> Case:
        """Raises ValueError with what is wrong."""
        history = tuple(Turn(turn.role, turn.content) for turn in self.history)
        try:
            question = checked(self.question, history)
        except UsageError as error:
            raise ValueError(error.message) from error
        if not self.answerable:
            return Case(self.id, question, False, history, type=self.type, note=self.note)
        wanted = (_filled(self.answers), tuple(map(_filled, self.all_of)), self.patterns)
        if not any(wanted):
            raise ValueError("it is answerable, but no answers, all_of or patterns say what is right")
        if not all(wanted[1]):
            raise ValueError("a group of all_of is empty")
        for pattern in self.patterns:
            _compile(pattern)
        return Case(self.id, question, True, history, *wanted, tuple(self._support()), self.type, self.note)

    def _support(self) -> Iterator[Support]:
        yield from (Support(row.file, row.quote) for row in self.evidence)
        named = self.evidence_doc_ids
        quotes = self.evidence_sentences if len(named) == 1 else ()  # of several documents it is not told which holds which
        yield from (Support(document, quote) for document in named for quote in quotes or (None,))


@dataclass(frozen=True, slots=True)
class CaseFile:
    """The cases of a file in their order, and the rows that are none."""

    name: str
    cases: tuple[Case, ...]
    faults: tuple[Fault, ...]


def read_cases(path: Path, strict: bool = False) -> CaseFile:
    """Reads a JSONL file of cases. `strict`: the first wrong row is an error rather than left out.

    Raises UsageError for a file that cannot be read or holds no case at all, naming its first wrong row.
    """
    cases: dict[str, Case] = {}
    faults: list[Fault] = []
    for number, line in enumerate(_lines(path), 1):
        if not line.strip():
            continue
        try:
            case = Row.model_validate(_object(line)).case()
            if case.id in cases:
                raise ValueError(f"the id {case.id!r} was used before")
            cases[case.id] = case
        except ValueError as error:
            faults.append(Fault(number, _reason(error)))
            if strict:
                break
    if faults and (strict or not cases):
        raise UsageError(f"{path}, line {faults[0].line}: {faults[0].reason}", HINT)
    if not cases:
        raise UsageError(f"{path} holds no cases", HINT)
    return CaseFile(path.name, tuple(cases.values()), tuple(faults))


def chosen(
    cases: Sequence[Case], types: Collection[str] = (), sample: int | None = None, seed: int = 0, limit: int | None = None
) -> list[Case]:
    """The cases of some types (none: of all), of these a random sample in their order, of these the first few.

    A smaller sample of the same seed is part of a larger one. Raises UsageError for a type that no case has.
    """
    known = {case.type for case in cases}
    for name in types:
        if name not in known:
            raise UsageError(f"No case has the type {name!r}", f"There are: {', '.join(sorted(known - {''})) or 'none'}.")
    left = [case for case in cases if not types or case.type in types]
    if sample is not None and sample < len(left):
        drawn = set(random.Random(seed).sample(range(len(left)), len(left))[:sample])
        left = [case for number, case in enumerate(left) if number in drawn]
    return left[:limit]


def unknown_documents(cases: Sequence[Case], files: Collection[str]) -> dict[str, str]:
    """The cases that name a document which none of `files` is, by id, with the first such name."""
    known: dict[str, bool] = {}

    def is_known(name: str) -> bool:
        if name not in known:
            known[name] = name in files or any(same_document(file, name) for file in files)
        return known[name]

    named = {case.id: [name for name in case.documents if not is_known(name)] for case in cases}
    return {id_: names[0] for id_, names in named.items() if names}


def _lines(path: Path) -> list[str]:
    if path.is_dir():
        raise UsageError(f"{path} is a folder", "Name a JSONL file with a case in each line.")
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}", "Name a JSONL file with a case in each line.") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{path} is not UTF-8: byte {error.start}", "Save it as UTF-8.") from error
    return text.split("\n")  # splitlines would also part at characters that JSON allows within a string


def _object(line: str) -> dict[str, object]:
    try:
        row = json.loads(line)
    except json.JSONDecodeError as error:
        raise ValueError(f"not JSON: {error.msg} at character {error.pos + 1}") from error
    if r"\ud" in line.lower() and re.search(r"[\ud800-\udfff]", json.dumps(row, ensure_ascii=False)):
        raise ValueError("half of a character (a lone surrogate) stands in it")
    if not isinstance(row, dict):
        raise ValueError("not a JSON object")  # noqa: TRY004 - told like every other fault of a row
    return row


def _filled(options: Sequence[str]) -> tuple[str, ...]:
    return tuple(option for option in options if option.strip())


def _compile(pattern: str) -> None:
    try:
        re.compile(pattern)
    except re.error as error:
        raise ValueError(f"{pattern!r} is not a regular expression: {error}") from error


def _reason(error: ValueError) -> str:
    if not isinstance(error, ValidationError):
        return str(error)
    first = error.errors()[0]
    return f"{'.'.join(map(str, first['loc']))}: {first['msg']}"

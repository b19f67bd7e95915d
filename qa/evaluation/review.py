"""Proposed cases, shown one after the other: accepted, edited, refused or left for later. The terminal is two functions."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from qa.errors import UsageError
from qa.evaluation.box import Box, Decision, append_case
from qa.evaluation.types import Case, Proposal
from qa.service import checked
from qa.words import fold

KEYS: Final = "[a]ccept, [e]dit, [r]efuse, [s]kip, [q]uit? "
DECISIONS: Final[dict[str, Decision]] = {"a": "accepted", "r": "refused"}
BETWEEN: Final = " | "
UNANSWERED: Final = "There is no answer yet: edit it first."

Ask = Callable[[str], str]
"""Shows a prompt and returns what was typed; raises EOFError where nothing more will be."""
Show = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Counts:
    """How many proposals came to what; the rest was not looked at."""

    accepted: int = 0
    edited: int = 0  # of the accepted
    refused: int = 0
    skipped: int = 0

    def plus(self, key: str, edited: bool) -> "Counts":
        """The counts with one more proposal on which the key was pressed."""
        match key:
            case "a":
                return replace(self, accepted=self.accepted + 1, edited=self.edited + edited)
            case "r":
                return replace(self, refused=self.refused + 1)
            case _:
                return replace(self, skipped=self.skipped + 1)


def review(proposals: Sequence[Proposal], cases_path: Path, box: Box, ask: Ask, show: Show) -> Counts:
    """Let the user decide on one proposal after the other; an accepted case goes into `cases_path`.

    Every decision is on the disk before the next proposal is shown. The end of the input ends it, as does the key q. Raises StoreError.
    """
    counts = Counts()
    for number, proposal in enumerate(proposals, 1):
        show(f"\n{number} of {len(proposals)}\n{described(proposal)}")
        try:
            key, case = _decision(proposal.case, ask, show)
        except EOFError:
            return counts
        if key == "q":
            return counts
        if key == "a":
            append_case(cases_path, case)
        if key in DECISIONS:
            box.decide(proposal.case.id, DECISIONS[key])
        counts = counts.plus(key, case != proposal.case)
    return counts


def _decision(case: Case, ask: Ask, show: Show) -> tuple[str, Case]:
    """The key that settles a case, and the case as it was edited before."""
    while True:
        key = ask(KEYS).strip().lower()[:1]
        if key == "a" and lacks_answer(case):
            show(UNANSWERED)
        elif key == "e":
            case = edited(case, ask, show)
            show(_told(case))
        elif key in ("a", "r", "s", "q"):
            return key, case


def described(proposal: Proposal) -> str:
    """A proposal as it is shown: the case, where it comes from, and what there is to know."""
    return "\n".join(filter(None, (_told(proposal.case), f"origin:   {proposal.origin}", proposal.about and f"about:    {proposal.about}")))


def _told(case: Case) -> str:
    answer = BETWEEN.join(case.answers) or ("to be written" if case.answerable else "the documents do not tell")
    lines = [f"question: {case.question}", f"answer:   {answer}"]
    lines += [f"quote:    {one.quote} ({one.document})" if one.quote else f"document: {one.document}" for one in case.support]
    return "\n".join([*lines, *([f"note:     {case.note}"] if case.note else [])])


def lacks_answer(case: Case) -> bool:
    """Whether a case says that there is an answer, and not which."""
    return case.answerable and not (case.answers or case.all_of or case.patterns)


def edited(case: Case, ask: Ask, show: Show) -> Case:
    """The case with what the user typed, field by field; an empty line keeps what is there. Raises EOFError."""
    question = _asked("question", case.question, ask, show)
    if not case.answerable:
        return replace(case, question=question)
    while True:
        typed = ask(f"answers ({BETWEEN.join(case.answers) or 'none yet'}): ")
        answers = tuple(part.strip() for part in typed.split(BETWEEN.strip()) if part.strip()) or case.answers
        changed = replace(case, question=question, answers=answers)
        if (strange := unquoted(changed)) is None or not typed.strip():
            return changed
        show(f"“{strange}” does not stand in the quote.")
        if ask("Keep it all the same? [y/N] ").strip().lower().startswith("y"):
            return changed


def _asked(name: str, value: str, ask: Ask, show: Show) -> str:
    while True:
        try:
            return checked(ask(f"{name} ({value}): ").strip() or value, ())
        except UsageError as error:
            show(error.line())


def unquoted(case: Case) -> str | None:
    """The first answer when none of them stands in what the case quotes; None where one does, or nothing is quoted."""
    quotes = [_plain(one.quote) for one in case.support if one.quote]
    if not quotes or not case.answers:
        return None
    return None if any(_plain(answer) in quote for answer in case.answers for quote in quotes) else case.answers[0]


def _plain(text: str) -> str:
    return " ".join(fold(text).split())

"""`footnote eval` on the terminal: running an evaluation and telling of it, proposing cases and reviewing them."""

import json
import sys
from collections.abc import Callable, Iterable
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Final

from qa import terminal
from qa.errors import UsageError
from qa.evaluation.evaluate import FOLDER, Plan, evaluate, write
from qa.evaluation.page import page
from qa.evaluation.text import jsonl, markdown, table
from qa.evaluation.types import Fault, Proposal, Report
from qa.service import QA
from qa.settings import Settings
from qa.types import Progress

if TYPE_CHECKING:
    from qa.evaluation.box import Box

FORMS: Final[dict[str, Callable[[Report], Iterable[str]]]] = {
    ".html": lambda report: [page(report)],
    ".md": lambda report: [markdown(report)],
    ".jsonl": lambda report: (f"{line}\n" for line in jsonl(report)),
}
TOLD: Final = 5  # faults named one by one


def evaluation(settings: Settings, plan: Plan, reports: tuple[Path, ...], as_json: bool) -> bool:
    """Runs a plan, shows its table (or JSON) and writes its reports; whether every requirement was met."""
    for path in reports:
        if path.suffix not in FORMS:
            raise UsageError(f"--report {path} has no form", f"Let it end in {', '.join(FORMS)}.")
    _complain(plan.file.name, plan.file.faults)
    library = terminal.opened(settings, model=not plan.search_only) if plan.replies is None else nullcontext()
    with library as qa, terminal.steps() as progress:
        report = evaluate(qa, plan, settings, progress)
    for path in reports:
        write(path, FORMS[path.suffix](report))
    terminal.show(next(iter(jsonl(report))) if as_json else table(report))
    return all(requirement.met for requirement in report.requirements)


def cases(settings: Settings, path: Path, draft: int | None, review: bool, as_json: bool) -> None:
    """Proposes `draft` cases, and lets the user decide on all that wait: at once on a terminal, or when asked to."""
    from qa.evaluation.box import Box
    from qa.evaluation.review import review as review_with

    box = Box(settings.home / FOLDER)
    with terminal.opened(settings, model=draft is not None) as qa:
        if draft:
            with terminal.steps() as progress:
                _propose(qa, box, draft, progress)
        waiting = (*box.waiting(), *_of_feedback(qa, box))
    if as_json:
        terminal.show(json.dumps({"waiting": len(waiting), "questions": [one.case.question for one in waiting]}, ensure_ascii=False))
    elif review or sys.stdin.isatty():
        done = review_with(waiting, path, box, input, terminal.show)
        terminal.show(f"{done.accepted} accepted into {path}, {done.refused} refused, {len(waiting) - done.accepted - done.refused} wait.")
    else:
        terminal.show(f"{len(waiting)} proposed cases wait: `footnote eval {path} --review` decides on them.")


def _propose(qa: QA, box: "Box", wanted: int, progress: Progress) -> None:
    from qa.evaluation.propose import propose

    passages = [passage for status in qa.documents() if status.status == "indexed" for passage in qa.document(status.id)[1]]
    for proposal in propose(passages, qa.language_model, wanted, box.known(), seed=len(box.known()), progress=progress):
        box.add([proposal])


def _of_feedback(qa: QA, box: "Box") -> tuple[Proposal, ...]:
    """What readers thought of answers, as far as nobody has decided on it."""
    from qa.evaluation.box import from_feedback

    given = (from_feedback(one.id, one.good, one.note, json.loads(one.answer)) for one in qa.given_feedback())
    decided = box.decided()
    return tuple(proposal for proposal in given if proposal.case.id not in decided)


def _complain(name: str, faults: tuple[Fault, ...]) -> None:
    for fault in faults[:TOLD]:
        print(f"footnote: {name}, {fault.told} (left out)", file=sys.stderr)
    if len(faults) > TOLD:
        print(f"footnote: {name}: {len(faults) - TOLD} more rows are wrong (left out)", file=sys.stderr)

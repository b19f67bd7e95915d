"""`footnote eval` on the terminal: running an evaluation and telling of it, proposing cases and reviewing them."""

import dataclasses
import json
import sys
from collections.abc import Callable, Iterable
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Final

from qa import terminal
from qa.errors import UsageError
from qa.evaluation.embedders import Outcome
from qa.evaluation.evaluate import FOLDER, Plan, evaluate, write
from qa.evaluation.page import page
from qa.evaluation.text import comparison_table, jsonl, markdown, table
from qa.evaluation.types import Fault, Proposal, Report
from qa.service import QA
from qa.settings import Settings
from qa.types import Progress

if TYPE_CHECKING:
    from qa.evaluation.box import Box
    from qa.evaluation.calibrate import Fitted

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
    if plan.calibrate:
        settings = settings.model_copy(update={"caution": 0.0})
    library = terminal.opened(settings, model=not plan.search_only) if plan.replies is None else nullcontext()
    with library as qa, terminal.steps() as progress:
        report = evaluate(qa, plan, settings, progress)
    for path in reports:
        write(path, FORMS[path.suffix](report))
    terminal.show(next(iter(jsonl(report))) if as_json else table(report))
    if plan.calibrate:
        _calibrated(report, settings, as_json)
    return all(requirement.met for requirement in report.requirements)


def reindex(settings: Settings, do: Callable[[Settings, Progress], Outcome], as_json: bool) -> None:
    """Changes the embedder, and shows the comparison and what came of it."""
    with terminal.steps() as progress:
        outcome = do(settings, progress)
    if as_json:
        terminal.show(json.dumps(dataclasses.asdict(outcome)))
        return
    compared = [*comparison_table(outcome.comparison), ""] if outcome.comparison else []
    hint = f" FOOTNOTE_EMBEDDER={outcome.embedder} names it." if outcome.swapped else ""
    terminal.show("\n".join([*compared, f"The index uses {outcome.embedder}: {outcome.reason}.{hint}"]))


def _calibrated(report: Report, settings: Settings, as_json: bool) -> None:
    """Fits confidence to a report, keeps it in the home folder, and tells what each caution would cost."""
    from qa.confidence import keep
    from qa.evaluation.calibrate import fit

    fitted = fit(report.scored, report.run.model.split(" ")[0])
    path = keep(fitted.confidence, settings.home)
    if as_json:
        terminal.show(json.dumps(dataclasses.asdict(fitted), ensure_ascii=False))
        return
    terminal.show(told(fitted, path))


def told(fitted: "Fitted", path: Path) -> str:
    """For a terminal: the figures of a fit, and what each caution would cost."""
    found = fitted.confidence
    rows = [f"  {one.caution:7.1f}  {_share(one.right):>17}  {_share(one.withheld):>22}  {_share(one.wrong):>20}" for one in fitted.costs]
    return "\n".join(
        [
            "",
            f"Confidence of {found.model}, fitted to {found.answers} answers ({found.right} right); on answers left out of the fit: "
            f"AUC {found.auc:.3f}, calibration error {found.calibration_error:.3f}, Brier {found.brier:.3f}.",
            f"  {'caution':>7}  {'answerable: right':>17}  {'unanswerable: withheld':>22}  {'answers given: wrong':>20}",
            *rows,
            f"Kept in {path}; FOOTNOTE_CAUTION chooses a row.",
        ]
    )


def _share(value: float | None) -> str:
    return "–" if value is None else f"{value:.0%}"


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

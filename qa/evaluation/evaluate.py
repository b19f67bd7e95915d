"""An evaluation from end to end: cases → replies → scores → report. What the command line and the page know of this package."""

import datetime
from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from qa.errors import UsageError
from qa.evaluation.cache import Cache
from qa.evaluation.cases import CaseFile, chosen, unknown_documents
from qa.evaluation.compare import compare
from qa.evaluation.judge import judge
from qa.evaluation.record import ask, search
from qa.evaluation.require import Threshold, check
from qa.evaluation.run import run
from qa.evaluation.score import score
from qa.evaluation.summary import summarise
from qa.evaluation.text import jsonl, read_jsonl
from qa.evaluation.types import Case, Fault, Judgement, Reply, Report, Run, Scored
from qa.service import QA
from qa.settings import Settings
from qa.types import Fingerprint, Progress

FOLDER: Final = "evaluations"  # in the home folder
LAST: Final = "last"


@dataclass(frozen=True, slots=True)
class Plan:
    """What to evaluate and how. `previous`: a report as JSON lines to compare with, "last" for the last run of the same set, or None.
    `calibrate`: whether confidence is to be fitted to the answers, so that they are wanted at any confidence."""

    file: CaseFile
    types: tuple[str, ...] = ()
    sample: int | None = None
    seed: int = 0
    limit: int | None = None
    workers: int = 1
    strict: bool = False
    search_only: bool = False
    fresh: bool = False
    replies: Path | None = None
    judge: str | None = None
    previous: str | None = LAST
    required: tuple[Threshold, ...] = ()
    no_worse: bool = False
    calibrate: bool = False


@dataclass(frozen=True, slots=True)
class Previous:
    name: str
    scored: tuple[Scored, ...]


def evaluate(qa: QA | None, plan: Plan, settings: Settings, progress: Progress) -> Report:
    """The report of a plan; `qa` is None where recorded replies are scored. Every finished run is kept in the home folder, for the
    next to be compared with.

    Raises UsageError for a plan that cannot be, StoppedError where the run could not go on (its replies are kept), EngineError of a judge.
    """
    file, home = plan.file, settings.home
    cases = chosen(file.cases, plan.types, plan.sample, plan.seed, plan.limit)
    previous = _previous(plan, home)  # before anything is asked: a wrong name should not cost the run
    if plan.replies is not None:
        replies, run_ = _recorded(plan.replies, file, cases)
    else:
        if qa is None:
            raise UsageError("Nothing is there to be asked", "Open the library, or name recorded replies.")
        cases, faults = _with_documents(qa, file, cases, plan.strict)
        fingerprint = _fingerprint(qa, plan)
        replies = _replies(qa, plan, cases, fingerprint=fingerprint, home=home, progress=progress)
        run_ = _run(file.name, fingerprint, (*file.faults, *faults))
    scored = tuple(score(case, replies[case.id]) for case in cases if case.id in replies)
    judgement = _judged(qa, plan, scored, settings, progress)
    comparison = compare(previous.scored, scored, previous.name) if previous else None
    report = replace(summarise(run_, scored, plan.seed), comparison=comparison, judgement=judgement)
    report = replace(report, requirements=check(plan.required, report.groups[0], comparison, plan.no_worse))
    if plan.replies is None:
        keep(report, home)
    return report


def keep(report: Report, home: Path) -> Path:
    """Write a report down as the newest of its set. Returns the file."""
    path = _folder(home, report.run.name) / f"{report.run.at.replace(':', '')}.jsonl"
    write(path, (f"{line}\n" for line in jsonl(report)))
    return path


def write(path: Path, parts: Iterable[str]) -> None:
    """All of a file or nothing of it. Raises UsageError where it cannot be written."""
    part = path.with_name(path.name + ".part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with part.open("w", encoding="utf-8", newline="\n") as file:
            file.writelines(parts)
        part.replace(path)
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror}", "Name another file.") from error


def last(home: Path, name: str) -> Path | None:
    """The newest report kept of a set."""
    return max(_folder(home, name).glob("*.jsonl"), default=None)


def read_report(path: Path) -> tuple[Run, tuple[Scored, ...]]:
    """A report as it was kept. Raises UsageError."""
    try:
        with path.open(encoding="utf-8") as lines:
            return read_jsonl(lines)
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}", "Name a report written with --report FILE.jsonl.") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{path} is not UTF-8", "Name a report written with --report FILE.jsonl.") from error


def _previous(plan: Plan, home: Path) -> Previous | None:
    """Raises UsageError where a report that was asked for is not there; without one there is nothing to compare with."""
    if plan.previous is None or (plan.replies is not None and plan.previous == LAST and not plan.no_worse):
        return None  # recorded replies may be those of the last run
    path = last(home, plan.file.name) if plan.previous == LAST else Path(plan.previous)
    if path is None:
        return None
    run_, scored = read_report(path)
    return Previous(run_.at if plan.previous == LAST else path.name, scored)


def _recorded(path: Path, file: CaseFile, cases: Sequence[Case]) -> tuple[dict[str, Reply], Run]:
    run_, scored = read_report(path)
    replies = {one.reply.case: one.reply for one in scored}
    if not any(case.id in replies for case in cases):
        raise UsageError(f"{path} holds no reply to any of these cases", "Name the report of a run of the same cases.")
    missing = tuple(Fault(0, f"{case.id} has no recorded reply") for case in cases if case.id not in replies)
    return replies, replace(run_, name=file.name, left_out=(*file.faults, *missing))


def _with_documents(qa: QA, file: CaseFile, cases: Sequence[Case], strict: bool) -> tuple[list[Case], tuple[Fault, ...]]:
    """The cases whose documents are indexed, and what is left out. Raises UsageError for the first of that if strict, or without cases."""
    unknown = unknown_documents(cases, {status.file for status in qa.documents() if status.status == "indexed"})
    faults = tuple(Fault(0, f"{id_} names {name}, which is not indexed") for id_, name in unknown.items())
    left = [case for case in cases if case.id not in unknown]
    if faults and (strict or not left):
        raise UsageError(f"{file.name}: {faults[0].reason}", "Run `footnote sync FOLDER` with the folder of the documents.")
    return left, faults


def _fingerprint(qa: QA, plan: Plan) -> Fingerprint:
    found = qa.fingerprint()
    return replace(found, model="", prompts=()) if plan.search_only else found


def _replies(qa: QA, plan: Plan, cases: Sequence[Case], *, fingerprint: Fingerprint, home: Path, progress: Progress) -> dict[str, Reply]:
    if plan.search_only:
        return {case.id: _searched(qa, case, progress, done, len(cases)) for done, case in enumerate(cases)}
    cache = Cache(home / FOLDER / "replies.jsonl", reading=not plan.fresh)
    workers = 1 if qa.language_model.name.startswith("embedded") else plan.workers  # it answers one question at a time
    return run(cases, lambda case: ask(qa, case), cache, fingerprint, progress, workers=workers)


def _searched(qa: QA, case: Case, progress: Progress, done: int, total: int) -> Reply:
    progress("searching", done, total)
    return search(qa, case)


def _judged(qa: QA | None, plan: Plan, scored: Sequence[Scored], settings: Settings, progress: Progress) -> Judgement | None:
    if not plan.judge:
        return None
    if qa is not None and not plan.search_only and plan.judge == settings.model:
        return judge(scored, qa.language_model, progress)
    from qa.models import open_language_model

    with closing(open_language_model(settings.model_copy(update={"model": plan.judge}), progress)) as model:
        return judge(scored, model, progress)


def _run(name: str, fingerprint: Fingerprint, left_out: tuple[Fault, ...]) -> Run:
    at = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    settings = dict(part.split("=", 1) for part in fingerprint.settings.split(" "))
    return Run(name, at, fingerprint.model, fingerprint.index, fingerprint.code, settings, left_out)


def _folder(home: Path, name: str) -> Path:
    return home / FOLDER / name.removesuffix(".jsonl")

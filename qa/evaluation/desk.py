"""Evaluations as the page runs them: one at a time, in the background, watched and stopped from anywhere."""

import logging
import threading
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, Literal

from qa.errors import FootnoteError, UsageError
from qa.evaluation.cases import CaseFile, read_cases
from qa.evaluation.evaluate import FOLDER, Plan, evaluate
from qa.evaluation.types import Report
from qa.service import QA
from qa.settings import data_folder

GOLD: Final = "questions.jsonl"
OWN: Final = ("replies", "drafts")  # files of ours beside the users' cases
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class State:
    """Where the evaluation under way is, or how the last one ended; `report` stays until the next one is done."""

    phase: Literal["idle", "running", "stopping", "done", "stopped", "failed"] = "idle"
    name: str = ""
    label: str = ""
    done: int = 0
    total: int = 0
    error: str = ""
    report: Report | None = None


class Stop(Exception):  # noqa: N818 - not an error
    """Somebody has had enough."""


class Desk:
    """Runs the sets of cases that it finds: the gold questions that ship with Footnote, and the files in `folder`."""

    def __init__(self, qa: QA) -> None:
        self._qa = qa
        self._lock = threading.Lock()
        self._state = State()

    @property
    def folder(self) -> Path:
        """Where users put files of cases for the page to find; `footnote eval --review` can add to them."""
        return self._qa.settings.home / FOLDER

    def sets(self) -> tuple[str, ...]:
        """The names of the files of cases, the shipped one first."""
        shipped = [GOLD] if self._gold().is_file() else []
        own = sorted(path.name for path in self.folder.glob("*.jsonl") if path.stem not in OWN)
        return tuple(dict.fromkeys((*shipped, *own)))

    def cases(self, name: str) -> CaseFile:
        """Raises UsageError for a set that is not there or cannot be read."""
        if name not in self.sets():
            raise UsageError(f"There is no set of cases {name!r}", f"Put a JSONL file of cases into {self.folder}.")
        own = self.folder / name
        return read_cases(own if own.is_file() else self._gold())

    def state(self) -> State:
        with self._lock:
            return self._state

    def start(self, name: str, sample: int | None = None) -> None:
        """Begins to run a set, or so many of its cases. Raises UsageError while another one runs, or for a set that cannot be read."""
        plan = Plan(self.cases(name), sample=sample)
        with self._lock:
            if self._state.phase in ("running", "stopping"):
                raise UsageError(f"{self._state.name} is being run", "Wait for it, or stop it.")
            self._state = State("running", name, "opening", report=self._state.report)
        threading.Thread(target=self._run, args=(plan,), name="evaluation", daemon=True).start()

    def stop(self) -> None:
        """Ends the run after the case under way; its replies are kept, and the next run goes on from there."""
        with self._lock:
            if self._state.phase == "running":
                self._state = replace(self._state, phase="stopping")

    def _run(self, plan: Plan) -> None:
        try:
            report = evaluate(self._qa, plan, self._qa.settings, self._progress)
            self._end(State("done", plan.file.name, report=report))
        except Stop:
            self._end(replace(self.state(), phase="stopped"))
        except FootnoteError as error:
            self._end(replace(self.state(), phase="failed", error=error.line()))
        except Exception as error:  # the thread's last stand: the page must not wait for ever
            log.exception("An evaluation failed")
            self._end(replace(self.state(), phase="failed", error=f"{type(error).__name__}: {error}. The log tells more."))

    def _progress(self, label: str, done: int, total: int) -> None:
        with self._lock:
            self._state = replace(self._state, label=label, done=done, total=total)
            if self._state.phase == "stopping":
                raise Stop

    def _end(self, state: State) -> None:
        with self._lock:
            self._state = state

    def _gold(self) -> Path:
        return data_folder("seeds") / GOLD

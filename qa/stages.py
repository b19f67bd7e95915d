"""Getting ready: index and model are opened in the background, each in a thread of its own, and this tells how far they are."""

import threading
from collections.abc import Callable
from typing import Final, Literal

from qa.errors import ChromaUnreachableError, EngineError, FootnoteError, NotReadyError
from qa.status import Stage, Status
from qa.types import Progress

AGAIN: Final = 5.0  # seconds until an engine that did not answer is tried again
COUNTED: Final = ("embedding", "arranging")  # stages of work on passages; other labels are of downloads

StageName = Literal["index", "model"]


class Stages:
    """`alive` tells whether what was opened for the model still runs: one that has ended is being started again."""

    def __init__(self, alive: Callable[[], bool]) -> None:
        self._alive = alive
        self._stages: dict[StageName, Stage] = {}
        self._errors: dict[StageName, FootnoteError] = {}
        self._changed = threading.Condition()
        self.stopped = threading.Event()

    def status(self) -> Status:
        with self._changed:
            return Status(tuple(map(self._as_it_is, self._stages.values())))

    def tell(self, stage: Stage) -> None:
        with self._changed:
            self._errors.pop(stage.name, None)
            self._stages[stage.name] = stage
            self._changed.notify_all()

    def start(self, name: StageName, open_: Callable[[], str]) -> None:
        """Opens index or model in a thread; `open_` returns what there is to tell of it. An engine or a Chroma server that does not answer
        is tried again and again, since it may be started later, or may still be starting."""

        def run() -> None:
            self.tell(Stage(name, "working", "opening"))
            while self._unreached(name, open_) and not self.stopped.wait(AGAIN):
                pass

        threading.Thread(target=run, name=f"open-{name}", daemon=True).start()

    def progress(self, name: StageName) -> Progress:
        """Tells how far opening is. It raises NotReadyError, which ends the work, once all is stopped."""

        def tell(label: str, done: int, total: int) -> None:
            self.go_on()
            unit: Literal["bytes", "files", ""] = "files" if label.startswith("indexing") else "" if label.startswith(COUNTED) else "bytes"
            self.tell(Stage(name, "working", label, done, total, unit))

        return tell

    def go_on(self) -> None:
        """Raises NotReadyError once all is stopped."""
        if self.stopped.is_set():
            raise NotReadyError("Footnote is being closed")

    def wait(self, timeout: float | None = None) -> None:
        """Until all is ready. Raises the error of a stage that failed, NotReadyError when the time (seconds) is up."""
        with self._changed:
            if not self._changed.wait_for(lambda: self._errors or self.status().ready, timeout):
                raise NotReadyError(f"Not ready after {timeout:g} seconds: {self._waiting_for()}", "Wait, or look at the log.")
            for error in self._errors.values():
                raise error

    def wait_for_stage(self, name: StageName) -> None:
        """Until this stage is ready, or all is stopped; one that has failed may be tried again."""
        with self._changed:
            self._changed.wait_for(lambda: self.stopped.is_set() or self._stages[name].state == "ready")

    def require(self, *names: StageName) -> None:
        """Raises the error of a stage that failed, NotReadyError where one is not ready."""
        for name in names:
            if error := self._errors.get(name):
                raise error
        if any(stage.state != "ready" for stage in self.status().stages if stage.name in names):
            raise NotReadyError(f"Still getting ready: {self._waiting_for()}", "Try again in a moment.")

    def stop(self) -> bool:
        """Whether this is the first time."""
        with self._changed:
            first = not self.stopped.is_set()
            self.stopped.set()
            self._changed.notify_all()
            return first

    def _unreached(self, name: StageName, open_: Callable[[], str]) -> bool:
        """Opens; whether it failed for a reason that can pass by itself."""
        try:
            self.tell(Stage(name, "ready", open_()))
        except FootnoteError as error:
            self._fail(name, error)
            return isinstance(error, ChromaUnreachableError) or (isinstance(error, EngineError) and error.status == 503)
        except Exception as error:  # noqa: BLE001 - a thread's last stand: the stage must not hang
            self._fail(name, FootnoteError(f"Opening the {name} failed: {type(error).__name__}: {error}", "Run `footnote doctor`."))
        return False

    def _fail(self, name: StageName, error: FootnoteError) -> None:
        with self._changed:
            self._errors[name] = error
            self._stages[name] = Stage(name, "failed", error.line())
            self._changed.notify_all()

    def _as_it_is(self, stage: Stage) -> Stage:
        if stage.name == "model" and stage.state == "ready" and not self._alive():
            return Stage("model", "working", f"starting {stage.detail} again")
        return stage

    def _waiting_for(self) -> str:
        return ", ".join(f"{stage.name}: {stage.detail or stage.state}" for stage in self.status().stages if stage.state != "ready")

"""QA, the facade: all that the page, the HTTP endpoint and the command line know of Footnote."""

import dataclasses
import json
import logging
import re
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal, Self

from qa.errors import FootnoteError, NotFoundError, NotReadyError, UsageError
from qa.library import Library
from qa.settings import Settings
from qa.status import DocumentStatus, Stage, Status, SyncReport
from qa.suggest import suggestions
from qa.tokens import estimate
from qa.types import Answer, Document, Done, Event, Feedback, Fingerprint, Hit, Passage, Progress, Search, Turn, ignore

if TYPE_CHECKING:
    from qa.answer import Answerer
    from qa.models import LanguageModel

logger = logging.getLogger(__name__)

MOST_QUESTION: Final = 2000  # characters
MOST_HISTORY: Final = 20_000  # characters of all turns
REMEMBERED: Final = 1000  # answers that feedback may still be given on

COUNTED: Final = ("embedding", "arranging")  # stages of work on passages; other labels are of downloads

StageName = Literal["index", "model"]


class QA:
    """Answers questions from a library. `open` builds the real one; the constructor takes its parts."""

    def __init__(self, library: Library | None = None, model: "LanguageModel | None" = None, settings: Settings | None = None) -> None:
        self._settings = settings or Settings()
        self._library = library
        self._model = model
        self._answerer: Answerer | None = None
        self._answers: OrderedDict[str, Answer] = OrderedDict()
        self._stages: dict[StageName, Stage] = {}
        self._errors: dict[StageName, FootnoteError] = {}
        self._changed = threading.Condition()
        self._syncing = threading.Lock()
        self._closed = False
        self._stopped = threading.Event()
        self._tell(Stage("index", "ready" if library else "waiting", ""))
        self._tell(Stage("model", "ready" if model else "waiting", model.name if model else ""))

    @classmethod
    def open(cls, settings: Settings, model: bool = True, sync: bool = True, search: bool = True) -> Self:
        """Begin to open index (with a first sync) and model, each in a thread of its own, and return at once; `wait` waits for them.

        Where nothing is to be searched, what only a search needs is not loaded.
        """
        qa = cls(settings=settings)
        if model:  # first, since it loads in a process of its own
            qa._start("model", qa._open_model)
        else:
            qa._tell(Stage("model", "ready", "not used"))
        qa._start("index", lambda: qa._open_library(sync, search))
        return qa

    def status(self) -> Status:
        with self._changed:
            return Status(tuple(self._stages.values()))

    def wait(self, timeout: float | None = None) -> None:
        """Until index and model are ready. Raises the error of a stage that failed, NotReadyError when the time (seconds) is up."""
        with self._changed:
            if not self._changed.wait_for(lambda: self._errors or self._ready(), timeout):
                raise NotReadyError(f"Not ready after {timeout:g} seconds: {self._waiting_for()}", "Wait, or look at the log.")
        for error in self._errors.values():
            raise error

    def ask(self, question: str, history: Sequence[Turn] = ()) -> Iterator[Event]:
        """Found, then Token and Revised, then exactly one Done; closing the iterator stops the model.

        Raises UsageError for a question that is empty or too long, NotReadyError, and while iterating EngineError.
        """
        question = checked(question, history)
        self._require("index", "model")
        return self._remembering(self._answer_with().ask(question, history))

    def search(self, question: str, limit: int = 10) -> tuple[Hit, ...]:
        """The best passages for a question; no language model is touched. Raises UsageError, NotReadyError."""
        return self.explain(question, limit).hits

    def explain(self, question: str, limit: int = 10) -> Search:
        """As `search`, with the sentences that a model would be shown and what each stage did. Without a model, tokens are estimated."""
        count = self._model.count if self._model else estimate
        return self._indexed().search(checked(question, ()), limit, count, self._settings.evidence_tokens)

    def sync(self, folders: Sequence[Path] = (), dry_run: bool = False, progress: Progress = ignore, forget: bool = False) -> SyncReport:
        """Bring the index up to date with folders (none: those of the settings, or of the last sync).

        Raises IndexLockedError; UsageError for a wrong folder, and for one that has lost all its documents, unless it is to `forget` them.
        """
        from qa.sync import report

        library = self._indexed()
        wanted = [folder.expanduser().absolute() for folder in folders] or self._settings.folders
        if dry_run:
            return report(library.plan(wanted), library.catalog)
        with self._syncing:
            return library.sync(wanted, self._while_open(progress), forget)

    def watch(self) -> None:
        """From now on bring the index up to date whenever something in its folders changes, in a thread, until `close`. Questions are
        answered meanwhile. What goes wrong is logged, and tried again at the next change."""
        threading.Thread(target=self._watch, name="watch", daemon=True).start()

    def documents(self) -> tuple[DocumentStatus, ...]:
        return self._indexed().catalog.documents()

    def document(self, id: str) -> tuple[Document, tuple[Passage, ...]]:  # noqa: A002
        """A document's text with its passages. Raises NotFoundError."""
        catalog = self._indexed().catalog
        return catalog.document(id), catalog.passages_of(id)

    def examples(self, limit: int = 4) -> tuple[str, ...]:
        """Questions that the documents can be asked, drawn from them."""
        catalog = self._indexed().catalog
        return suggestions([catalog.passages_of(status.id) for status in catalog.documents()[:50]], limit)

    def feedback(self, answer: str, good: bool, note: str) -> None:
        """Keep what a user thought of an answer, with the answer. Raises NotFoundError for one that is not remembered."""
        given = self._answers.get(answer)
        if given is None:
            raise NotFoundError(f"There is no answer {answer!r}", f"A server takes feedback on its last {REMEMBERED} answers.")
        trace = json.dumps(dataclasses.asdict(given), ensure_ascii=False, default=dict)
        self._indexed().catalog.add_feedback(answer, good, note, trace)

    def given_feedback(self) -> tuple[Feedback, ...]:
        """All that users thought of answers, oldest first."""
        return self._indexed().catalog.feedback()

    def fingerprint(self) -> Fingerprint:
        """What decides an answer besides its question. Raises NotReadyError."""
        from qa import fingerprint

        library = self._indexed()
        model = self._model
        return Fingerprint(
            model=f"{model.name} {model.digest[:12]}".strip() if model else "",
            index=f"{library.catalog.digest()} {library.embedder.fingerprint}",
            code=fingerprint.code(),
            settings=fingerprint.settings(self._settings),
            prompts=fingerprint.prompts(),
        )

    @property
    def language_model(self) -> "LanguageModel":
        """The model that answers, for calls of one's own. Raises NotReadyError."""
        self._require("model")
        if self._model is None:
            raise NotReadyError("There is no language model", "Open one with QA.open(settings, model=True).")
        return self._model

    @property
    def settings(self) -> Settings:
        return self._settings

    def close(self) -> None:
        """Stop the model and let go of the index; harmless when repeated, even by two threads at once."""
        with self._changed:
            again, self._closed = self._closed, True
            self._changed.notify_all()
        if again:
            return
        self._stopped.set()
        if self._model is not None:
            self._model.close()
        with self._syncing:
            if self._library is not None:
                self._library.close()

    def _open_library(self, sync: bool, search: bool) -> str:
        library = Library.open(self._settings, lambda label, done, total: self._progress("index", label, done, total), search)
        self._library = library
        if self._closed:
            library.close()
        elif sync and library.lock is not None:
            self._sync_first(library)
        return f"{library.catalog.count()} passages"

    def _sync_first(self, library: Library) -> None:
        """A folder that is gone with its disk leaves what is indexed to be asked; one that nothing is known of is an error."""
        try:
            with self._syncing:
                library.sync(self._settings.folders, lambda label, done, total: self._progress("index", label, done, total))
        except UsageError as error:
            if not library.knows(self._settings.folders):
                raise
            logger.warning("Answering from the index as it is: %s", error.line())

    def _watch(self) -> None:
        from qa.watch import follow

        with self._changed:
            self._changed.wait_for(lambda: self._closed or self._stages["index"].state in ("ready", "failed"))
        if not self._closed and self._library is not None:
            follow(self._library.folders(self._settings.folders), self._settings.home, self._stopped, self._sync_now)

    def _sync_now(self) -> None:
        try:
            self.sync()
        except FootnoteError as error:
            if not self._closed:
                logger.warning("%s", error.line())

    def _while_open(self, progress: Progress) -> Progress:
        def tell(label: str, done: int, total: int) -> None:
            if self._closed:
                raise NotReadyError("Footnote is being closed")
            progress(label, done, total)

        return tell

    def _open_model(self) -> str:
        from qa.models import open_language_model

        self._model = open_language_model(self._settings, lambda label, done, total: self._progress("model", label, done, total))
        if self._closed:
            self._model.close()
        import qa.answer  # noqa: F401 - imported here so that the first question need not wait for it

        return self._model.name

    def _start(self, name: StageName, open_: Callable[[], str]) -> None:
        def run() -> None:
            self._tell(Stage(name, "working", "opening"))
            try:
                self._tell(Stage(name, "ready", open_()))
            except FootnoteError as error:
                self._fail(name, error)
            except Exception as error:  # noqa: BLE001 - a thread's last stand: the stage must not hang
                self._fail(name, FootnoteError(f"Opening the {name} failed: {type(error).__name__}: {error}", "Run `footnote doctor`."))

        threading.Thread(target=run, name=f"open-{name}", daemon=True).start()

    def _fail(self, name: StageName, error: FootnoteError) -> None:
        self._errors[name] = error
        self._tell(Stage(name, "failed", error.line()))

    def _tell(self, stage: Stage) -> None:
        with self._changed:
            self._stages[stage.name] = stage
            self._changed.notify_all()

    def _progress(self, name: StageName, label: str, done: int, total: int) -> None:
        if self._closed:
            raise NotReadyError("Footnote is being closed")
        unit: Literal["bytes", "files", ""] = "files" if label.startswith("indexing") else "" if label.startswith(COUNTED) else "bytes"
        self._tell(Stage(name, "working", label, done, total, unit))

    def _ready(self) -> bool:
        return all(stage.state == "ready" for stage in self._stages.values())

    def _waiting_for(self) -> str:
        return ", ".join(f"{stage.name}: {stage.detail or stage.state}" for stage in self._stages.values() if stage.state != "ready")

    def _require(self, *names: StageName) -> None:
        for name in names:
            if name in self._errors:
                raise self._errors[name]
            if self._stages[name].state != "ready":
                raise NotReadyError(f"Still getting ready: {self._waiting_for()}", "Try again in a moment.")

    def _indexed(self) -> Library:
        self._require("index")
        if self._library is None:
            raise NotReadyError("There is no index", "Open one with QA.open.")
        return self._library

    def _answer_with(self) -> "Answerer":
        from qa.answer import Answerer
        from qa.confidence import confidence_of

        if self._answerer is None:
            model, settings = self.language_model, self._settings
            judge = confidence_of(model.name, settings.home)
            self._answerer = Answerer(self._indexed(), model, judge, settings.evidence_tokens, settings.caution)
        return self._answerer

    def _remembering(self, events: Iterator[Event]) -> Iterator[Event]:
        for event in events:
            if isinstance(event, Done):
                self._answers[event.answer.id] = event.answer
                while len(self._answers) > REMEMBERED:
                    self._answers.popitem(last=False)
            yield event


def checked(question: str, history: Sequence[Turn]) -> str:
    """The question without stray spaces and control characters. Raises UsageError when it or the history is empty or too long."""
    plain = " ".join(re.sub(r"[\x00-\x1f\x7f\ud800-\udfff]", " ", question).split())
    if not plain:
        raise UsageError("The question is empty", "Ask something.")
    if len(plain) > MOST_QUESTION:
        raise UsageError(f"The question has {len(plain)} characters, {MOST_QUESTION} are allowed", "Ask it more briefly.")
    if sum(len(turn.content) for turn in history) > MOST_HISTORY:
        raise UsageError(f"The history has more than {MOST_HISTORY} characters", "Send only the last turns.")
    return plain

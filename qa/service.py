"""QA, the facade: all that the page, the HTTP endpoint and the command line know of Footnote."""

import dataclasses
import json
import logging
import re
import threading
import time
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self

from qa.admission import Admission
from qa.errors import FootnoteError, IndexLockedError, NotFoundError, NotReadyError, UsageError
from qa.library import Library
from qa.settings import Settings
from qa.stages import AGAIN, Stages
from qa.status import DocumentStatus, Stage, Status, SyncReport
from qa.suggest import suggestions
from qa.tokens import estimate
from qa.types import Answer, Document, Done, Event, Feedback, Fingerprint, Hit, Passage, Progress, Search, Turn, Waiting, ignore

if TYPE_CHECKING:
    from qa.answer import Answerer
    from qa.models import LanguageModel

logger = logging.getLogger(__name__)

MOST_QUESTION: Final = 2000  # characters
MOST_HISTORY: Final = 20_000  # characters of all turns
REMEMBERED: Final = 1000  # answers that feedback may still be given on


class QA:
    """Answers questions from a library. `open` builds the real one; the constructor takes its parts."""

    def __init__(self, library: Library | None = None, model: "LanguageModel | None" = None, settings: Settings | None = None) -> None:
        self._settings = settings or Settings()
        self._library = library
        self._model = model
        self._answerer: Answerer | None = None
        self._admission = Admission(self._settings.slots, self._settings.queue)
        self._answers: OrderedDict[str, Answer] = OrderedDict()
        self._syncing = threading.Lock()
        self._stages = Stages(lambda: self._model is None or self._model.alive())
        self._stages.tell(Stage("index", "ready" if library else "waiting", ""))
        self._stages.tell(Stage("model", "ready" if model else "waiting", model.name if model else ""))

    @classmethod
    def open(cls, settings: Settings, model: bool = True, sync: bool = True, search: bool = True) -> Self:
        """Begin to open index (with a first sync) and model, each in a thread of its own, and return at once; `wait` waits for them.

        Where nothing is to be searched, what only a search needs is not loaded.
        """
        qa = cls(settings=settings)
        if model:  # first, since it loads in a process of its own
            qa._stages.start("model", qa._open_model)
        else:
            qa._stages.tell(Stage("model", "ready", "not used"))
        qa._stages.start("index", lambda: qa._open_library(sync, search))
        return qa

    def status(self) -> Status:
        return self._stages.status()

    def wait(self, timeout: float | None = None) -> None:
        """Until index and model are ready. Raises the error of a stage that failed, NotReadyError when the time (seconds) is up."""
        self._stages.wait(timeout)

    def ask(self, question: str, history: Sequence[Turn] = (), asker: str = "") -> Iterator[Event]:
        """Waiting while others are served first, Found, then Token and Revised, then exactly one Done.

        Closing the iterator gives up the place in line or stops the model. `asker` is whom to be fair to: whoever asks much waits for those
        who ask little. Raises UsageError for a question that is empty or too long, NotReadyError, and while iterating EngineError,
        BusyError at once where too many wait.
        """
        question = checked(question, history)
        self._stages.require("index", "model")
        return self._remembering(self._in_line(question, history, asker))

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
            progress = self._while_open(progress)
            return self._as_writer(library, progress).sync(wanted, progress, forget)

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
        self._stages.require("model")
        if self._model is None:
            raise NotReadyError("There is no language model", "Open one with QA.open(settings, model=True).")
        return self._model

    @property
    def settings(self) -> Settings:
        return self._settings

    def close(self) -> None:
        """Stop the model and let go of the index; harmless when repeated, even by two threads at once."""
        if not self._stages.stop():
            return
        self._admission.close()
        if self._model is not None:
            self._model.close()
        with self._syncing:
            if self._library is not None:
                self._library.close()

    def _open_library(self, sync: bool, search: bool) -> str:
        progress = self._stages.progress("index")
        library = self._as_writer(self._library, progress) if self._library else Library.open(self._settings, progress, search)
        self._library = library  # kept where the sync fails: it is then tried again
        if self._stages.stopped.is_set():
            library.close()
        elif sync and library.lock is not None:
            self._sync_first(library)
        elif sync and not library.catalog.count():
            raise NotReadyError("The index is empty as yet: another process is its writer", "Wait until that has read the documents.")
        return f"{library.catalog.count()} passages"

    def _as_writer(self, library: Library, progress: Progress) -> Library:
        """The library, become the index's writer where it was not and no other process is."""
        self._stages.go_on()
        self._library = library.take_over(progress)
        return self._library

    def _sync_first(self, library: Library) -> None:
        """A folder that is gone with its disk leaves what is indexed to be asked; one that nothing is known of is an error."""
        try:
            with self._syncing:
                library.sync(self._settings.folders, self._stages.progress("index"))
        except UsageError as error:
            if not library.knows(self._settings.folders):
                raise
            logger.warning("Answering from the index as it is: %s", error.line())

    def _watch(self) -> None:
        from qa.watch import follow

        self._stages.wait_for_stage("index")
        if not self._stages.stopped.is_set() and self._library is not None:
            follow(self._library.folders(self._settings.folders), self._settings.home, self._stages.stopped, self._sync_now)

    def _sync_now(self) -> None:
        try:
            while not self._stages.stopped.is_set() and self._is_locked_out():
                self._stages.stopped.wait(AGAIN)  # whoever is the writer may follow the folders; when it has ended, this process does
        except FootnoteError as error:
            if not self._stages.stopped.is_set():
                logger.warning("%s", error.line())

    def _is_locked_out(self) -> bool:
        """Syncs; whether another process is the writer, so that nothing was done."""
        try:
            self.sync()
        except IndexLockedError:
            return True
        return False

    def _while_open(self, progress: Progress) -> Progress:
        def tell(label: str, done: int, total: int) -> None:
            self._stages.go_on()
            progress(label, done, total)

        return tell

    def _open_model(self) -> str:
        from qa.models import open_language_model

        self._model = open_language_model(self._settings, self._stages.progress("model"))
        if self._stages.stopped.is_set():
            self._model.close()
        import qa.answer  # noqa: F401 - imported here so that the first question need not wait for it

        return self._model.name

    def _indexed(self) -> Library:
        self._stages.require("index")
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

    def _in_line(self, question: str, history: Sequence[Turn], asker: str) -> Iterator[Event]:
        began = time.perf_counter()
        ticket = self._admission.enter(asker)
        try:
            yield from map(Waiting, self._admission.places(ticket))
            waited = (time.perf_counter() - began) * 1000
            for event in self._answer_with().ask(question, history):
                yield _told_of_wait(event, waited)
        finally:
            self._admission.leave(ticket)

    def _remembering(self, events: Iterator[Event]) -> Iterator[Event]:
        for event in events:
            if isinstance(event, Done):
                self._answers[event.answer.id] = event.answer
                while len(self._answers) > REMEMBERED:
                    self._answers.popitem(last=False)
            yield event


def _told_of_wait(event: Event, milliseconds: float) -> Event:
    if not isinstance(event, Done):
        return event
    timing = dataclasses.replace(event.answer.timing, wait_ms=milliseconds)
    return Done(dataclasses.replace(event.answer, timing=timing))


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

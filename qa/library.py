"""The index of one home folder, opened: catalog, vectors, embedder and retriever, with the lock that makes this process its writer."""

import json
import os
import threading
from collections.abc import Callable, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Final, Self

from filelock import FileLock, Timeout

from qa import evidence, parameters, rank, sync
from qa.catalog import Catalog, MetaKey
from qa.embed import Embedder, MiniLM, open_embedder, setting_of
from qa.errors import IndexLockedError, StoreError
from qa.reader import Reader, open_reader
from qa.retrieve import Retriever
from qa.settings import Settings, data_folder
from qa.status import SyncReport
from qa.types import Progress, Search, Step
from qa.vectors import Vectors

CATALOG: Final = "catalog.sqlite"


@dataclass(frozen=True, slots=True)
class Library:
    """Everything that a question needs but the language model.

    The process that holds the lock is the owner: it may sync, and only it opens Chroma's files. Others read the catalog, and take over
    when they are to sync and the owner has ended.
    """

    catalog: Catalog
    vectors: Vectors
    embedder: Embedder
    retriever: Retriever
    home: Path
    lock: FileLock | None
    reader: Reader | None = None
    searches: bool = True  # else Chroma is opened only where a sync leaves more than can wait
    syncing: threading.Lock = field(default_factory=threading.Lock)

    @classmethod
    def open(cls, settings: Settings, progress: Progress, search: bool = True) -> Self:
        """Open (or create) the index of `settings.home`. Not for `search`, nothing is loaded but what a sync turns out to need.

        Raises StoreError, WeightsError, EngineError.
        """
        home = settings.home
        lock = _claimed(home)
        with ExitStack() as undo:
            if lock is not None:
                undo.callback(lock.release)
            catalog = undo.enter_context(closing(Catalog(home / CATALOG)))
            reader = open_reader(settings, progress) if search else None
            embedder = open_embedder(settings, progress)
            if search and isinstance(embedder, MiniLM):
                embedder.load()
            if search:
                check_embedder(catalog, embedder)
            library = cls.of(catalog, embedder, home, lock, settings.chroma_url, search=search)
            undo.pop_all()
        return replace(library, reader=reader)

    @classmethod
    def of(
        cls, catalog: Catalog, embedder: Embedder, home: Path, lock: FileLock | None, chroma_url: str | None = None, *, search: bool = True
    ) -> Self:
        """Put an index together from its parts."""
        vectors = Vectors(catalog, home / "chroma", embedder.fingerprint, chroma_url)
        if search:
            vectors.open(writer=lock is not None)
        return cls(catalog, vectors, embedder, Retriever(catalog, vectors, embedder), home, lock, searches=search)

    def take_over(self, progress: Progress) -> Self:
        """This library as the index's writer, where the one before has ended; else as it is. Raises StoreError."""
        lock = _claimed(self.home) if self.lock is None else None
        if lock is None:
            return self
        with ExitStack() as undo:
            undo.callback(lock.release)
            check_embedder(self.catalog, self.embedder)
            if self.searches:
                self.vectors.open(progress=progress)
            undo.pop_all()
        return replace(self, lock=lock)

    def close(self) -> None:
        with ExitStack() as last:
            if self.lock is not None:
                last.callback(self.lock.release)
                last.callback((self.home / "owner").unlink, missing_ok=True)
            last.callback(self.catalog.close)
            if self.reader is not None:
                last.callback(self.reader.close)
            self.vectors.close()

    def search(self, question: str, limit: int, count: Callable[[str], int], budget: int, beside: Sequence[str] = ()) -> Search:
        """The best passages for a question, at most `limit`, and the sentences for a model: at most `budget` tokens as `count` counts.

        `beside` are other texts to search for, such as the question with the conversation before it; the hits are those of all together.
        """
        query = self.retriever.prepare(question)
        steps = self.retriever.stages(query, limit)
        if beside:
            others = [self.retriever.stages(self.retriever.prepare(text), limit)[-1].hits for text in beside]
            steps = (*steps, Step("conversation", rank.together([steps[-1].hits, *others])))
        shown = rank.spread(steps[-1].hits, limit)
        read = steps[-1].hits[: parameters.READ]
        second = partial(self.reader.read, query.spelt) if self.reader else None
        chosen = evidence.choose(query, read, self.retriever.sentence_vectors(read), count, budget, second=second)
        return Search(shown, chosen, (*steps, Step("spread", shown)))

    def spelt(self, question: str) -> str:
        """The question as the documents spell its words."""
        return self.retriever.spelt(question)

    def folders(self, asked: Sequence[Path]) -> tuple[Path, ...]:
        """The folders to index, as absolute paths: those asked for, else those of the last sync, else the seeds."""
        remembered = self.catalog.meta("folders")
        wanted = tuple(asked) or tuple(map(Path, json.loads(remembered or "[]"))) or (data_folder("seeds"),)
        return tuple(Path(os.path.abspath(folder)) for folder in wanted)  # noqa: PTH100 - resolve() would rename a folder that is a link

    def knows(self, folders: Sequence[Path]) -> bool:
        """Whether anything of each of the folders is indexed."""
        paths = [source.path for source in self.catalog.sources().values()]
        return all(any(Path(path).is_relative_to(folder) for path in paths) for folder in self.folders(folders))

    def plan(self, folders: Sequence[Path]) -> sync.Plan:
        return sync.plan(self.catalog, self.folders(folders))

    def sync(self, folders: Sequence[Path], progress: Progress, forget: bool = False) -> SyncReport:
        """Bring the index up to date with the folders. Raises IndexLockedError when another process is its writer, UsageError where a
        folder has lost all its documents, unless these are to be forgotten."""
        self.check_writer("Stop that one, or ask it to sync.")
        check_embedder(self.catalog, self.embedder)
        with self.syncing:
            plan = self.plan(folders)
            if not forget:
                sync.check_emptied(plan, self.catalog, self.folders(folders))
            # Remembered first: after an interruption a sync of no named folders must go on with these, not with the seeds.
            self._remember("folders", json.dumps([str(folder) for folder in self.folders(folders)]))
            self._remember("embedder", self.embedder.fingerprint)
            sync.embed_all(self.catalog, self.embedder, progress)
            if self.searches and not self.vectors.is_open and not (plan.is_empty and self.vectors.is_settled):
                self.vectors.open(progress=progress)
            report = sync.apply(plan, self.catalog, self.vectors, self.embedder, progress)
            if not self.searches and not self.vectors.is_open and not self.vectors.can_wait:
                self.vectors.open(progress=progress)
            return report

    def check_writer(self, hint: str) -> None:
        """Raises IndexLockedError with this hint where another process is the index's writer."""
        if self.lock is None:
            raise IndexLockedError(f"The index {self.home} is being used by process {_owner(self.home)}", hint)

    def _remember(self, key: MetaKey, value: str) -> None:
        if self.catalog.meta(key) != value:
            self.catalog.set_meta(key, value)


def check_embedder(catalog: Catalog, embedder: Embedder) -> None:
    """Raises StoreError where the index was made with another embedder: what it holds cannot be compared with this one's vectors."""
    made_by = catalog.meta("embedder")
    if made_by and made_by != embedder.fingerprint and catalog.count():
        before, now = setting_of(made_by), setting_of(embedder.fingerprint)
        other = "another version of it" if before == now else before
        raise StoreError(
            f"The index was made with the embedder {other}, and {now} is to be used",
            f"Run `footnote reindex --embedder {now}` to change over, or set FOOTNOTE_EMBEDDER={before}.",
        )


def claim(home: Path) -> FileLock | None:
    """Become the writer of the index in an existing folder; None where another process is. Raises OSError."""
    lock = FileLock(home / "lock", thread_local=False)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        return None
    (home / "owner").write_text(str(os.getpid()), encoding="utf-8")
    return lock


def _claimed(home: Path) -> FileLock | None:
    """As `claim`, in a folder that is made where it is missing. Raises StoreError."""
    try:
        home.mkdir(parents=True, exist_ok=True)
        return claim(home)
    except OSError as error:
        raise StoreError(f"The folder {home} cannot be used: {error.strerror}", "Set FOOTNOTE_HOME to a folder you can write.") from error


def _owner(home: Path) -> str:
    """The number of the process that writes to an index."""
    try:
        return (home / "owner").read_text(encoding="utf-8")
    except OSError:
        return "unknown"

"""The index of one home folder, opened: catalog, vectors, embedder and retriever, with the lock that makes this process its writer."""

import json
import os
from collections.abc import Callable, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Final, Self

from filelock import FileLock, Timeout

from qa import evidence, parameters, rank, sync
from qa.catalog import Catalog
from qa.embed import Embedder, open_embedder
from qa.errors import IndexLockedError, StoreError
from qa.reader import Reader, open_reader
from qa.retrieve import Retriever
from qa.settings import Settings, data_folder
from qa.types import Progress, Search, Step, SyncReport
from qa.vectors import Vectors

CATALOG: Final = "catalog.sqlite"


@dataclass(frozen=True, slots=True)
class Library:
    """Everything that a question needs but the language model.

    The process that holds the lock is the owner: it may sync, and only it opens Chroma. Others read the catalog.
    """

    catalog: Catalog
    vectors: Vectors
    embedder: Embedder
    retriever: Retriever
    home: Path
    lock: FileLock | None
    reader: Reader | None = None

    @classmethod
    def open(cls, settings: Settings, progress: Progress) -> Self:
        """Open (or create) the index of `settings.home`. Raises StoreError, WeightsError, EngineError."""
        home = settings.home
        try:
            home.mkdir(parents=True, exist_ok=True)
            lock = claim(home)
        except OSError as error:
            raise StoreError(
                f"The folder {home} cannot be used: {error.strerror}", "Set FOOTNOTE_HOME to a folder you can write."
            ) from error
        with ExitStack() as undo:
            if lock is not None:
                undo.callback(lock.release)
            catalog = undo.enter_context(closing(Catalog(home / CATALOG)))
            reader = open_reader(settings, progress)
            library = cls.of(catalog, open_embedder(settings, progress), home, lock, settings.chroma_url)
            undo.pop_all()
        return replace(library, reader=reader)

    @classmethod
    def of(cls, catalog: Catalog, embedder: Embedder, home: Path, lock: FileLock | None, chroma_url: str | None = None) -> Self:
        """Put an index together from its parts."""
        vectors = Vectors(catalog, home / "chroma", embedder.fingerprint, chroma_url)
        vectors.open(writer=lock is not None)
        return cls(catalog, vectors, embedder, Retriever(catalog, vectors, embedder), home, lock)

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

    def plan(self, folders: Sequence[Path]) -> sync.Plan:
        return sync.plan(self.catalog, self.folders(folders))

    def sync(self, folders: Sequence[Path], progress: Progress) -> SyncReport:
        """Bring the index up to date with the folders. Raises IndexLockedError when another process is its writer."""
        if self.lock is None:
            raise IndexLockedError(
                f"The index {self.home} is being used by process {_owner(self.home)}", "Stop that one, or ask it to sync."
            )
        plan = self.plan(folders)
        # Remembered first: after an interruption a sync of no named folders must go on with these, not with the seeds.
        self.catalog.set_meta("folders", json.dumps([str(folder) for folder in self.folders(folders)]))
        sync.embed_anew(self.catalog, self.embedder, progress)
        if not self.vectors.is_open:
            self.vectors.open()
        self.catalog.set_meta("embedder", self.embedder.fingerprint)
        return sync.apply(plan, self.catalog, self.vectors, self.embedder, progress)


def claim(home: Path) -> FileLock | None:
    """Become the writer of the index in an existing folder; None where another process is. Raises OSError."""
    lock = FileLock(home / "lock", thread_local=False)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        return None
    (home / "owner").write_text(str(os.getpid()), encoding="utf-8")
    return lock


def _owner(home: Path) -> str:
    try:
        return (home / "owner").read_text(encoding="utf-8")
    except OSError:
        return "unknown"

"""Another embedder for an index: its vectors are made beside those in use, and take their place in one transaction, or not at all.

Passages stay as they are split. The vectors of both embedders stand in the catalog under the same contents, so what is searched in the
meantime is untouched, an interruption costs a second of work, and the way back is free. Chroma's store of the newcomer is built from the
catalog once it is in use: of 46,000 passages in a minute or two, in which every vector is compared instead.
"""

from dataclasses import replace
from pathlib import Path

from qa import sync
from qa.catalog import Catalog
from qa.embed import Embedder, open_embedder, setting_of
from qa.errors import StoreError, UsageError
from qa.library import Library
from qa.retrieve import Retriever
from qa.settings import Settings
from qa.types import Progress
from qa.vectors import Vectors


def newcomer(catalog: Catalog, settings: Settings, progress: Progress) -> Embedder:
    """The embedder of the settings, if it is another than the index's. Raises UsageError where it is not, or nothing is indexed."""
    embedder = open_embedder(settings, progress)
    live = catalog.meta("embedder")
    if live is None or not catalog.count():
        raise UsageError("There is nothing to embed anew", "Run `footnote sync` first.")
    if live == embedder.fingerprint:
        raise UsageError(f"The index is made with {settings.embedder} already", "Name another with --embedder, such as ollama:NAME.")
    return embedder


def beside(library: Library, embedder: Embedder, progress: Progress) -> Library:
    """Embed all passages with another embedder, where that was not done yet, and give a library that searches with it. Nothing else
    changes. Raises EngineError, StoreError; can be gone on with."""
    sync.embed_all(library.catalog, embedder, progress)
    vectors = Vectors(library.catalog, library.home / "chroma", embedder.fingerprint)  # never opened: every vector is compared
    return replace(library, vectors=vectors, embedder=embedder, retriever=Retriever(library.catalog, vectors, embedder), lock=None)


def swap(library: Library, embedder: Embedder, chroma_url: str | None, progress: Progress) -> None:
    """Search with another embedder from now on; the one before can be put back. Raises IndexLockedError for any but the writer."""
    library.check_writer("What was embedded is kept: stop that process, then run this again.")
    with library.syncing:
        sync.embed_all(library.catalog, embedder, progress)  # what came in the meantime
        library.vectors.close()
        library.catalog.adopt(embedder.fingerprint)
        vectors = Vectors(library.catalog, library.home / "chroma", embedder.fingerprint, chroma_url)
        vectors.open(progress=progress)
        vectors.close()


def predecessor(catalog: Catalog, settings: Settings, progress: Progress) -> tuple[Embedder, str]:
    """The embedder that was in use before, and the setting that names it. Raises UsageError where there was none, StoreError where it is
    not what it was."""
    before = catalog.meta("previous")
    if not before:
        raise UsageError("There is no embedder to go back to", "An index keeps the one before after `footnote reindex`.")
    setting = setting_of(before)
    embedder = open_embedder(settings.model_copy(update={"embedder": setting}), progress)
    if embedder.fingerprint != before:
        raise StoreError(f"{setting} is another model than the one that was in use", f"Run `footnote reindex --embedder {setting}`.")
    return embedder, setting


def forget(library: Library) -> int:
    """Delete the vectors of all embedders but the one in use; returns how many. Raises IndexLockedError for any but the writer."""
    library.check_writer("Stop that process first.")
    return library.catalog.forget_others(library.catalog.meta("embedder") or "")


def gold(questions: Path, catalog: Catalog) -> Path | None:
    """A file of questions, if the documents that they are about are indexed."""
    names = {status.file for status in catalog.documents()}
    return questions if names and all(f"seeds/{path.name}" in names for path in questions.parent.glob("*.txt")) else None

"""Real parts put together for tests."""

import time
from collections.abc import Callable, Mapping
from pathlib import Path

from filelock import FileLock

from qa.catalog import Catalog
from qa.embed import Embedder
from qa.library import Library
from qa.types import ignore


def make_library(folder: Path, files: Mapping[str, str], embedder: Embedder) -> Library:
    """An index over files of these names and texts, synced."""
    documents = folder / "documents"
    documents.mkdir()
    for name, text in files.items():
        (documents / name).write_text(text, encoding="utf-8")
    home = folder / "home"
    home.mkdir()
    lock = FileLock(home / "lock", thread_local=False)
    lock.acquire()
    library = Library.of(Catalog(home / "catalog.sqlite"), embedder, home, lock)
    library.sync([documents], ignore)
    return library


def until(is_so: Callable[[], bool], seconds: float = 60) -> None:
    """Waits for what comes by itself."""
    end = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < end
        time.sleep(0.02)

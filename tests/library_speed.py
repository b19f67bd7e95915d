"""How quick a sync is beside the embedder that it calls; run by `tests.bench_library` in a process of its own.

A sync as `footnote sync` does it, from an empty index, but after each of its steps the bare embedder reads the same texts in as many
threads as it is worth, while the sync's clock stands: step for step both have the same machine.
"""

import json
import os
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final
from unittest.mock import patch

import numpy as np

from qa import sync
from qa.catalog import Part
from qa.embed import Embedder
from qa.library import Library
from qa.pack import Matrix
from qa.settings import Settings
from qa.types import Span, ignore
from tests.library_process import Clock, peak_of

BARE: Final = "the bare embedder"
OTHER: Final = "the rest"
DRAWN: Final = 2000  # draws of the bootstrap


@dataclass
class Noted:
    """An embedder that notes which texts it was given."""

    inner: Embedder
    given: list[tuple[str, Sequence[Span]]] = field(default_factory=list)

    @property
    def fingerprint(self) -> str:
        return self.inner.fingerprint

    @property
    def dimensions(self) -> int:
        return self.inner.dimensions

    @property
    def parallel(self) -> int:
        return self.inner.parallel

    @property
    def limit(self) -> int:
        return self.inner.limit

    def embed(self, texts: Sequence[str]) -> Matrix:
        return self.inner.embed(texts)

    def embed_parts(self, text: str, parts: Sequence[Span]) -> Matrix:
        self.given.append((text, parts))
        return self.inner.embed_parts(text, parts)

    def count(self, text: str) -> int:
        return self.inner.count(text)


@dataclass(frozen=True, slots=True)
class Speed:
    """Passages embedded; seconds of each step in the sync and in the bare embedder; seconds by what they went into; peak in MB."""

    passages: int
    steps: list[tuple[float, float]]
    spent: dict[str, float]
    peak: float

    @property
    def ratio(self) -> float:
        """The sync's passages a second as a share of the bare embedder's: all that the sync did counts."""
        return self.spent[BARE] / sum(seconds for name, seconds in self.spent.items() if name != BARE)

    def interval(self, seed: int) -> tuple[float, float]:
        """95% of the ratio, from a bootstrap over the steps; what the sync did outside of them is taken as it was."""
        steps = np.array(self.steps)
        drawn = np.random.default_rng(seed).integers(len(steps), size=(DRAWN, len(steps)))
        own, bare = steps[drawn].sum(axis=1).T
        outside = sum(seconds for name, seconds in self.spent.items() if name != BARE) - float(steps[:, 0].sum())
        low, high = np.percentile(bare / (own + outside), [2.5, 97.5])
        return float(low), float(high)


def measured(library: Library, folder: Path) -> Speed:
    """Sync a folder that the library knows nothing of."""
    clock, noted, steps, passages = Clock(), Noted(library.embedder), [], 0
    library, catalog = replace(library, embedder=noted), library.catalog
    store, before = clock.timed("storing documents and passages", catalog.store), [0.0, 0.0]

    def store_and_compare(parts: Sequence[Part]) -> None:
        nonlocal passages
        store(parts)
        given, noted.given = noted.given, []
        with clock.on(BARE), ThreadPoolExecutor(noted.parallel) as pool:
            list(pool.map(lambda one: noted.inner.embed_parts(*one), given))
        own, bare = clock.total(BARE), clock.spent[BARE]
        steps.append((own - before[0], bare - before[1]))
        before[:] = own, bare
        passages += len(given)

    with ExitStack() as patched, clock.on(OTHER):
        for owner, name, label in (
            (sync, "plan", "comparing the folder with the catalog"),
            (sync, "_extracts", "reading files"),
            (sync, "_entry", "recognising and splitting"),
            (sync, "embed_missing", "embedding"),
            (catalog, "add_vectors", "storing vectors"),
            (library.vectors, "open", "opening Chroma"),
            (library.vectors, "update", "Chroma"),
        ):
            patched.enter_context(patch.object(owner, name, clock.timed(label, getattr(owner, name))))
        patched.enter_context(patch.object(catalog, "store", store_and_compare))
        library.sync([folder], ignore)
    return Speed(passages, steps, dict(clock.spent), peak_of(os.getpid()))


def child(home: Path, folder: Path, told: Path) -> None:
    """Measures and writes what was found, as JSON."""
    with closing(Library.open(Settings(home=home, embedder="embedded"), ignore, search=False)) as library:
        found = measured(library, folder)
    told.write_text(json.dumps([found.passages, found.steps, found.spent, found.peak]), encoding="utf-8")


if __name__ == "__main__":
    child(*map(Path, sys.argv[1:4]))

"""What is embedded of a passage, the key under which its vectors are kept, and embedding what has none yet."""

import hashlib
import math
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

import numpy as np

from qa.catalog import Catalog
from qa.embed import Embedder, unit
from qa.pack import Matrix
from qa.types import Passage, Span

AT_ONCE: Final = 64  # passages, about, whose vectors are stored together: two seconds of work, the most that an interruption loses

Step = Callable[[str], None]
"""Called with what to add to the label of what is in hand."""


def content_key(passage: Passage) -> str:
    """The key of the vectors of a passage: 16 hexadecimal digits of the SHA-256 of what is embedded, and in what parts."""
    return hashlib.sha256(f"{embedded_text(passage)}\n{_parts(passage)}".encode()).hexdigest()[:16]


def embedded_text(passage: Passage) -> str:
    """What is embedded of a passage: its title and its text. A title that is but the name of the file is left out, so that a file may be
    called otherwise without being embedded anew."""
    stems = {Path(passage.file).stem, Path(passage.file.rpartition("#")[0]).stem}
    return passage.text if passage.title in stems else f"{passage.title}\n{passage.text}"


def embed_missing(passages: Sequence[Passage], catalog: Catalog, embedder: Embedder, step: Step) -> None:
    """Store the vectors of those passages, and of their sentences, that have none yet, some at a time. Raises EngineError; what was
    stored before that is kept."""
    wanted = {content_key(passage): passage for passage in passages}
    known = catalog.embedded(list(wanted), embedder.fingerprint)
    missing = [(key, passage) for key, passage in wanted.items() if key not in known]
    portions = max(1, round(len(missing) / AT_ONCE))
    size = max(1, math.ceil(len(missing) / portions))  # no small rest, at whose end a core would be idle once more
    pool = ThreadPoolExecutor(embedder.parallel)
    try:
        for i in range(0, len(missing), size):
            step(f": {i:,} of {len(missing):,} passages" if len(missing) > size else "")
            some = missing[i : i + size]
            made: dict[str, Matrix] = {}
            try:
                results = pool.map(lambda one: _embedded(one[1], embedder), some)
                made.update((key, matrix) for (key, _), matrix in zip(some, results, strict=True))
            finally:  # whatever interrupts it
                catalog.add_vectors(made, embedder.fingerprint)
    finally:
        pool.shutdown(cancel_futures=True)


def _embedded(passage: Passage, embedder: Embedder) -> Matrix:
    """The vector of a passage and those of its sentences, shape (1 + sentences, dimensions). A passage that was split for another
    embedder and is too long for this one is embedded some sentences at a time; its vector is their mean, weighted by their length."""
    text, parts = embedded_text(passage), _parts(passage)
    if len(parts) < 2 or embedder.count(text) <= embedder.limit:
        return embedder.embed_parts(text, parts)
    whole, rows = np.zeros(embedder.dimensions, np.float32), []
    for piece in _pieces(text, parts, embedder):
        start, end = piece[0].start, piece[-1].end
        made = embedder.embed_parts(text[start:end], [Span(part.start - start, part.end - start) for part in piece])
        whole += made[0] * (end - start)
        rows.append(made[1:])
    return np.vstack([unit(whole), *rows])


def _pieces(text: str, parts: Sequence[Span], embedder: Embedder) -> list[list[Span]]:
    """Neighbouring sentences, as many together as the embedder takes; one alone where it takes no more."""
    pieces: list[list[Span]] = [[parts[0]]]
    for part in parts[1:]:
        if embedder.count(text[pieces[-1][0].start : part.end]) <= embedder.limit:
            pieces[-1].append(part)
        else:
            pieces.append([part])
    return pieces


def _parts(passage: Passage) -> list[Span]:
    """Where the sentences of a passage stand in its embedded text."""
    ahead = len(embedded_text(passage)) - len(passage.text) - passage.start
    return [Span(span.start + ahead, span.end + ahead) for span in passage.sentences]

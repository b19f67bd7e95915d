"""Folder → plan → catalog and vector index. A plan compares stamps first and content second; applying it goes file by file.

Every file is one transaction of the catalog, and a vector is stored under the content it was made of, so an interrupted sync goes on
where it stopped, and content that stands in the library is never embedded again.
"""

import hashlib
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from qa.catalog import Catalog, Entry, Source
from qa.embed import Embedder
from qa.errors import NoDocumentsError, ReadError, UsageError
from qa.read import READERS, read
from qa.split import passages
from qa.types import Document, Passage, Progress, Span, SyncReport
from qa.vectors import Vectors

CHUNK: Final = 1 << 20  # bytes read at a time when hashing
WASTE: Final = 0.1  # share of passages that may have gone before their vectors go
EMBEDDED_AT_ONCE: Final = 16  # passages between two reports of progress

Step = Callable[[str], None]
"""Called with what to add to the label of the file in hand."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What a sync has to do. `restamped`: the same content under a new stamp."""

    added: tuple[Source, ...]
    changed: tuple[Source, ...]
    restamped: tuple[Source, ...]
    deleted: tuple[str, ...]
    unchanged: tuple[str, ...]

    @property
    def to_read(self) -> tuple[Source, ...]:
        return self.added + self.changed


def files(folders: Sequence[Path]) -> dict[str, Path]:
    """Every file of the folders that there is a reader for, by display name: `seeds/a.txt` for the file `a.txt` of a folder `…/seeds`.

    Hidden files and links that lead out of the folder are left out; a folder inside that cannot be listed is named itself, so that it is
    reported as what it is. Raises UsageError for a folder that does not exist.
    """
    found: dict[str, Path] = {}
    for folder, label in zip(folders, _labels(folders), strict=True):
        if not folder.exists():
            raise UsageError(f"There is no folder {folder}", "Name an existing folder with FOOTNOTE_FOLDERS or --folders.")
        if folder.is_file():
            found[label] = folder
            continue
        for path in _walk(folder):
            found[_printable(f"{label}/{path.relative_to(folder).as_posix()}")] = path
    return found


def plan(catalog: Catalog, folders: Sequence[Path]) -> Plan:
    """Compare the folders with what the catalog knows. Reads only files whose size or time of change differs."""
    known = catalog.sources()
    present = files(folders)
    added, changed, restamped, unchanged = [], [], [], []
    for file, path in present.items():
        old = known.get(file)
        new = _source(file, path, old)
        if old is None:
            added.append(new)
        elif new == old:
            unchanged.append(file)
        elif old.hash == new.hash and old.error == new.error:
            restamped.append(new)
        else:
            changed.append(new)
    deleted = tuple(file for file in known if file not in present)
    return Plan(tuple(added), tuple(changed), tuple(restamped), deleted, tuple(unchanged))


def apply(plan: Plan, catalog: Catalog, vectors: Vectors, embedder: Embedder, progress: Progress) -> SyncReport:
    """Do what the plan says. `progress` counts files. A file that cannot be read is reported, and the rest goes on."""
    catalog.remove(plan.deleted)
    catalog.touch(plan.restamped)
    for number, source in enumerate(plan.to_read):
        _index(source, catalog, embedder, _step(progress, f"indexing {source.file}", number, len(plan.to_read)))
    progress("indexing", len(plan.to_read), len(plan.to_read))
    vectors.update()
    prune(catalog)
    return report(plan, catalog)


def embed_anew(catalog: Catalog, embedder: Embedder, progress: Progress) -> None:
    """Split and embed again, from the catalog's texts, the files that hold passages which this embedder has not embedded."""
    known, waiting = catalog.sources(), catalog.unembedded(embedder.fingerprint)
    for number, file in enumerate(waiting):
        _store(known[file], catalog.documents_of(file), catalog, embedder, _step(progress, f"embedding {file}", number, len(waiting)))


def prune(catalog: Catalog) -> None:
    """Delete the vectors that nothing uses any more, of whichever embedder, once so many passages went that it is worth the time."""
    if int(catalog.meta("unpruned") or 0) > WASTE * catalog.count():
        catalog.prune()


def report(plan: Plan, catalog: Catalog) -> SyncReport:
    """The plan in terms of file names, with the files that could not be read."""
    known = catalog.sources()
    errors = {file: source.error for file, source in known.items()} | {s.file: _error(s, known.get(s.file)) for s in plan.to_read}
    unreadable = {file: error for file, error in errors.items() if error and file not in plan.deleted}
    return SyncReport(
        added=tuple(source.file for source in plan.added if source.file not in unreadable),
        changed=tuple(source.file for source in plan.changed if source.file not in unreadable),
        deleted=plan.deleted,
        unchanged=tuple(file for file in plan.unchanged + tuple(s.file for s in plan.restamped) if file not in unreadable),
        unreadable=tuple(sorted(unreadable.items())),
    )


def content_key(passage: Passage) -> str:
    """The key of the vectors of a passage: 32 hexadecimal digits of the SHA-256 of what is embedded, and in what parts."""
    return hashlib.sha256(f"{embedded_text(passage)}\n{_parts(passage)}".encode()).hexdigest()[:32]


def embedded_text(passage: Passage) -> str:
    """What is embedded of a passage: its title and its text."""
    return f"{passage.title}\n{passage.text}"


def embed_missing(passages: Sequence[Passage], catalog: Catalog, embedder: Embedder, step: Step) -> None:
    """Store the vectors of those passages, and of their sentences, that have none yet, a few at a time."""
    wanted = {content_key(passage): passage for passage in passages}
    known = catalog.embedded(list(wanted), embedder.fingerprint)
    missing = [(key, passage) for key, passage in wanted.items() if key not in known]
    for i in range(0, len(missing), EMBEDDED_AT_ONCE):
        step(f": {i:,} of {len(missing):,} passages" if len(missing) > EMBEDDED_AT_ONCE else "")
        part = missing[i : i + EMBEDDED_AT_ONCE]
        made = {key: embedder.embed_parts(embedded_text(passage), _parts(passage)) for key, passage in part}
        catalog.add_vectors(made, embedder.fingerprint)


def _parts(passage: Passage) -> list[Span]:
    """Where the sentences of a passage stand in its embedded text."""
    ahead = len(embedded_text(passage)) - len(passage.text) - passage.start
    return [Span(span.start + ahead, span.end + ahead) for span in passage.sentences]


def _index(source: Source, catalog: Catalog, embedder: Embedder, step: Step) -> None:
    step("")
    documents: tuple[Document, ...] = ()
    if not source.error:
        try:
            documents = read(Path(source.path), source.file)
        except NoDocumentsError:
            pass  # known with no documents, so that it is not read again until it changes
        except ReadError as error:
            source = replace(source, error=error.line())
    _store(source, documents, catalog, embedder, step)


def _store(source: Source, documents: Sequence[Document], catalog: Catalog, embedder: Embedder, step: Step) -> None:
    entries = [_entry(document, embedder) for document in documents]
    embed_missing([passage for entry in entries for passage in entry.passages], catalog, embedder, step)
    catalog.replace(source, entries)


def _entry(document: Document, embedder: Embedder) -> Entry:
    made = passages(document, embedder.count, embedder.limit)
    return Entry(document, made, tuple(map(content_key, made)))


def _step(progress: Progress, label: str, number: int, total: int) -> Step:
    return lambda detail: progress(label + detail, number, total)


def _error(source: Source, known: Source | None) -> str | None:
    """What was wrong with this content when it was read; before that, what was wrong with getting at it."""
    return known.error if known and known.hash == source.hash else source.error


def _source(file: str, path: Path, old: Source | None) -> Source:
    """The file as it is; `old` itself where size and time are the same. The later of two times is taken: a copy may carry an old time
    of change, but the system notes by itself when it was put there."""
    try:
        str(path).encode()
        stat = path.stat()
        stamp = (str(path), stat.st_size, max(stat.st_mtime_ns, stat.st_ctime_ns))
        if old and (old.path, old.size, old.modified) == stamp:
            return old
        return Source(file, *stamp, _hash(path))
    except UnicodeEncodeError:
        return Source(file, _printable(str(path)), 0, 0, "", "its name is not UTF-8: rename it")
    except OSError as error:
        return Source(file, str(path), 0, 0, "", f"cannot be read: {error.strerror}")


def _printable(name: str) -> str:
    """A name whose bytes are not UTF-8 with these bytes written out, as "\\udce9"."""
    return name.encode("utf-8", "backslashreplace").decode()


def _hash(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def _labels(folders: Sequence[Path]) -> list[str]:
    """The last part of each folder's path; more parts where two would be called the same."""
    labels = [folder.name or folder.as_posix() for folder in folders]
    return [label if labels.count(label) == 1 else folder.as_posix().lstrip("/") for label, folder in zip(labels, folders, strict=True)]


def _walk(folder: Path) -> Iterator[Path]:
    root = folder.resolve()
    unlisted: list[str] = []
    for directory, names, leaves in os.walk(folder, onerror=lambda error: unlisted.append(error.filename)):
        names[:] = sorted(name for name in names if not name.startswith("."))
        for leaf in sorted(leaves):
            path = Path(directory) / leaf
            if not leaf.startswith(".") and path.suffix.lower() in READERS and _belongs(path, root):
                yield path
    yield from map(Path, unlisted)


def _belongs(path: Path, root: Path) -> bool:
    try:
        return path.is_file() and path.resolve().is_relative_to(root)
    except OSError:
        return True  # it cannot be looked at: to be reported, not left out

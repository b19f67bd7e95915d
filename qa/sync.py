"""Folder → plan → catalog and vector index. A plan compares stamps first and content second; applying it goes some files at a time.

What is stored of a file is stored in one transaction of the catalog, and a vector is stored under the content it was made of: an
interrupted sync goes on where it stopped, and content that stands in the library is never embedded again.
"""

import hashlib
import os
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from qa import read
from qa.catalog import Catalog, Part, Source
from qa.contents import AT_ONCE, Step, content_key, embed_missing
from qa.embed import Embedder
from qa.errors import NoDocumentsError, ReadError, UsageError
from qa.folder import files, printable
from qa.rows import Entry
from qa.split import passages
from qa.status import SyncReport
from qa.types import Progress
from qa.vectors import Vectors

CHUNK: Final = 1 << 20  # bytes read at a time when hashing
WASTE: Final = 0.1  # share of passages that may have gone before their vectors go
ROWS: Final = 200  # rows of a collection that are split before any of them is stored


@dataclass(frozen=True, slots=True)
class Plan:
    """What a sync has to do. `moved`: content that is called otherwise now, with its old name. `restamped`: the same under a new stamp."""

    added: tuple[Source, ...] = ()
    changed: tuple[Source, ...] = ()
    moved: tuple[tuple[str, Source], ...] = ()
    restamped: tuple[Source, ...] = ()
    deleted: tuple[str, ...] = ()
    unchanged: tuple[str, ...] = ()

    @property
    def to_read(self) -> tuple[Source, ...]:
        return self.added + self.changed

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to do."""
        return not (self.to_read or self.moved or self.restamped or self.deleted)


def plan(catalog: Catalog, folders: Sequence[Path]) -> Plan:
    """Compare the folders with what the catalog knows. Reads only files whose size or time of change differs.

    Raises UsageError for a folder that does not exist, ReadError for a `.footnoteignore` that cannot be read.
    """
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
        elif (old.hash, old.error, old.reader) == (new.hash, new.error, new.reader):
            restamped.append(new)
        else:
            changed.append(new)
    gone = [source for file, source in known.items() if file not in present]
    moved = _moved(gone, added)
    away, arrived = {old for old, _ in moved}, {new.file for _, new in moved}
    return Plan(
        added=tuple(source for source in added if source.file not in arrived),
        changed=tuple(changed),
        moved=tuple(moved),
        restamped=tuple(restamped),
        deleted=tuple(source.file for source in gone if source.file not in away),
        unchanged=tuple(unchanged),
    )


def check_emptied(plan: Plan, catalog: Catalog, folders: Sequence[Path]) -> None:
    """Raises UsageError where all documents of a folder would be deleted because none is there any more: so looks a folder whose disk is
    not there, and then nothing should be lost."""
    if not plan.deleted:
        return
    known = catalog.sources()
    there = [known[file].path for file in plan.unchanged]
    there += [source.path for source in (*plan.to_read, *plan.restamped, *(source for _, source in plan.moved))]
    for folder in folders:
        inside = f"{str(folder).rstrip(os.sep)}{os.sep}"
        gone = sum(known[file].path.startswith(inside) for file in plan.deleted)
        if gone and not any(path.startswith(inside) for path in there):
            raise UsageError(
                f"{folder} holds no documents any more, and {gone:,} of the index are from there",
                "Look whether its disk is there; to take them out of the index, run `footnote sync --forget`.",
            )


def apply(plan: Plan, catalog: Catalog, vectors: Vectors, embedder: Embedder, progress: Progress) -> SyncReport:
    """Do what the plan says. `progress` counts files. A file that cannot be read is reported, and the rest goes on.

    Raises EngineError, StoreError; what was done before that stays done, and the next sync does the rest.
    """
    renamed = [(old, new) for old, new in plan.moved if Path(old).name != Path(new.file).name]
    catalog.arrange(plan.deleted, [(old, new) for old, new in plan.moved if Path(old).name == Path(new.file).name], plan.restamped)
    to_read = plan.to_read + tuple(new for _, new in renamed)  # read again: its title may be the file's name, its reader another
    for parts, step in _gathered(to_read, catalog, embedder, progress):
        embed_missing([passage for part in parts for entry in part.entries for passage in entry.passages], catalog, embedder, step)
        catalog.store(parts)
    catalog.arrange([old for old, _ in renamed])
    progress("indexing", len(to_read), len(to_read))
    vectors.update(progress)
    prune(catalog)
    return report(plan, catalog, done=True)


def embed_all(catalog: Catalog, embedder: Embedder, progress: Progress) -> None:
    """Embed those of the catalog's passages that this embedder has not embedded. Raises EngineError, StoreError; can be gone on with."""
    waiting = catalog.unembedded(embedder.fingerprint)
    for i in range(0, len(waiting), AT_ONCE):
        progress("embedding passages", i, len(waiting))
        embed_missing(list(catalog.passages(waiting[i : i + AT_ONCE]).values()), catalog, embedder, lambda _: None)


def prune(catalog: Catalog) -> None:
    """Delete the vectors that nothing uses any more, of whichever embedder, once so many passages went that it is worth the time."""
    if int(catalog.meta("unpruned") or 0) > WASTE * catalog.count():
        catalog.prune()


def report(plan: Plan, catalog: Catalog, done: bool = False) -> SyncReport:
    """The plan in terms of file names, with the files that could not be read; before it is `done`, those that cannot be got at."""
    known = catalog.sources()
    errors = {file: source.error for file, source in known.items()}
    if not done:
        errors |= {source.file: _error(source, known.get(source.file)) for source in plan.to_read}
    gone = {*plan.deleted, *(old for old, _ in plan.moved)}
    unreadable = {file: error for file, error in errors.items() if error and file not in gone}
    return SyncReport(
        added=tuple(source.file for source in plan.added if source.file not in unreadable),
        changed=tuple(source.file for source in plan.changed if source.file not in unreadable),
        moved=tuple((old, source.file) for old, source in plan.moved if source.file not in unreadable),
        deleted=plan.deleted,
        unchanged=tuple(file for file in plan.unchanged + tuple(s.file for s in plan.restamped) if file not in unreadable),
        unreadable=tuple(sorted(unreadable.items())),
    )


# What is stored together


def _gathered(sources: Sequence[Source], catalog: Catalog, embedder: Embedder, progress: Progress) -> Iterator[tuple[list[Part], Step]]:
    """Parts of files, so many together that embedding them keeps all cores busy; and whom to tell how far that is."""
    parts: list[Part] = []
    for number, source in enumerate(sources):
        step = _step(progress, f"indexing {source.file}", number, len(sources))
        step("")
        for part in _parts(source, catalog, embedder, step):
            parts.append(part)
            if sum(len(entry.passages) for one in parts for entry in one.entries) >= AT_ONCE:
                yield parts, step
                parts = []
    if parts:
        yield parts, _step(progress, "indexing", len(sources) - 1, len(sources))


def _parts(source: Source, catalog: Catalog, embedder: Embedder, step: Step) -> Iterator[Part]:
    """A file's documents, for a collection some rows at a time; the documents that stand in the catalog as they are in the file are not
    split again."""
    source, extracts = _extracts(source)
    known = catalog.digests(source.file)
    ids = {read.document_id(extract.file): extract for extract in extracts}
    kept = {id_ for id_, extract in ids.items() if known.get(id_) == extract.digest and not source.error}
    new = [extract for id_, extract in ids.items() if id_ not in kept]
    for i in range(0, len(new), ROWS):
        if len(new) > ROWS:
            step(f": {i:,} of {len(new):,} documents")
        entries = [_entry(extract, embedder) for extract in new[i : i + ROWS]]
        if i + ROWS >= len(new):
            yield Part(source, tuple(entries), frozenset(ids), complete=True)
        else:
            yield Part(source, tuple(entries), frozenset(), complete=False)
    if not new:
        yield Part(source, (), frozenset(kept), complete=True)


def _extracts(source: Source) -> tuple[Source, list[read.Extract]]:
    """What a file says, and the file as it was just then; nothing, and why, where it cannot be read."""
    if source.error:
        return source, []
    try:
        data = read.load(Path(source.path), source.file)
        source = replace(source, hash=hashlib.sha256(data).hexdigest())
        return source, list(read.extracts(data, source.file))
    except NoDocumentsError:
        return source, []  # known with no documents, so that it is not read again until it changes
    except ReadError as error:
        return replace(source, error=error.line()), []


def _entry(extract: read.Extract, embedder: Embedder) -> Entry:
    document = read.document(extract)
    made = passages(document, embedder.count, embedder.limit)
    return Entry(document, made, tuple(map(content_key, made)))


def _step(progress: Progress, label: str, number: int, total: int) -> Step:
    return lambda detail: progress(label + detail, number, total)


# What changed


def _moved(gone: Iterable[Source], added: Iterable[Source]) -> list[tuple[str, Source]]:
    """Files that went and files that came with the same content, those of one name first."""
    left: dict[str, list[Source]] = defaultdict(list)
    for source in gone:
        if source.hash and not source.error and source.reader == read.VERSION:
            left[source.hash].append(source)
    found = []
    for new in added:
        if candidates := left.get(new.hash) if new.hash else None:
            old = next((one for one in candidates if Path(one.file).name == Path(new.file).name), candidates[0])
            candidates.remove(old)
            found.append((old.file, new))
    return found


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
            return replace(old, reader=read.VERSION)
        return Source(file, *stamp, _hash(path), reader=read.VERSION)
    except UnicodeEncodeError:
        return Source(file, printable(str(path)), 0, 0, "", "its name is not UTF-8: rename it", read.VERSION)
    except OSError as error:
        return Source(file, str(path), 0, 0, "", f"cannot be read: {error.strerror}", read.VERSION)


def _hash(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            digest.update(chunk)
    return digest.hexdigest()

"""What may go wrong under a sync: no room, no right to write, files that vanish or change while they are read, a folder that is gone.

Each time it is told, the rest is done, nothing stored is lost, and the next sync makes it good.
"""

import multiprocessing
import os
import resource
import shutil
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from qa import sync
from qa.catalog import Catalog
from qa.errors import FootnoteError, ReadError, StoreError, UsageError
from qa.language import language
from qa.library import CATALOG, Library, claim
from qa.read import load
from qa.settings import Settings
from qa.status import SyncReport
from qa.types import Progress, ignore
from tests.chaos_checks import difference
from tests.chaos_folder import Folder
from tests.chaos_worker import reindex_or_sync
from tests.samples import BRIDGE, FERRY, SCHOOL, HashEmbedder, Index
from tests.test_sync_files import as_nobody

_FORKS = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload(["tests.chaos_worker"])


@pytest.fixture
def index(tmp_path: Path) -> Iterator[Index]:
    index = Index(tmp_path)
    yield index
    index.vectors.close()
    index.catalog.close()


# A full disk


class Disk:
    """A small disk, where one may be mounted; else, or when `limited`, no file may grow, which stops a process just as well."""

    def __init__(self, place: Path) -> None:
        self.place = place
        place.mkdir()
        mount = shutil.which("mount")
        command = [mount or "", "-t", "tmpfs", "-o", "size=64m", "none", str(place)]
        self._mounted = mount is not None and subprocess.run(command, capture_output=True, check=False).returncode == 0
        self.limited = not self._mounted

    def fill(self) -> None:
        """From now on nothing can be written any more; by this process, where sizes are limited."""
        if self.limited:
            resource.setrlimit(resource.RLIMIT_FSIZE, (4096, resource.RLIM_INFINITY))
            return
        with (self.place / "ballast").open("wb", buffering=0) as ballast:
            try:
                while ballast.write(b"\0" * 4096):
                    pass
            except OSError:
                return

    def free(self) -> None:
        (self.place / "ballast").unlink(missing_ok=True)

    def remove(self) -> None:
        if self._mounted:
            subprocess.run(["umount", "--lazy", str(self.place)], check=True)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    disk = Disk(tmp_path / "disk")
    yield disk
    disk.remove()


def sync_until_full(disk: Disk, docs: Path, embedder: HashEmbedder, label: str, told: Path) -> None:
    """In a process of its own: sync, and have the disk full from a label of its progress on. Leaves the error's line in `told`."""
    home = disk.place / "home"

    language("Ce texte est écrit en français, pour que tout soit chargé.")  # loads what needs room for a temporary file

    def progress(now: str, done: int, total: int) -> None:
        if label and now.startswith(label) and not reached:
            reached.append(now)
            disk.fill()

    reached: list[str] = []
    home.mkdir(exist_ok=True)
    try:
        with closing(Library.of(Catalog(home / CATALOG), embedder, home, claim(home))) as library:
            reindex_or_sync(library, docs, progress)
        told.write_text("done", encoding="utf-8")
    except FootnoteError as error:
        told.write_text(f"{type(error).__name__}: {error.line()}", encoding="utf-8")


@pytest.fixture
def run(disk: Disk, tmp_path: Path) -> Callable[[Path, HashEmbedder, str], str]:
    def run(docs: Path, embedder: HashEmbedder, label: str) -> str:
        told = tmp_path / "told"
        told.unlink(missing_ok=True)
        process = _FORKS.Process(target=sync_until_full, args=(disk, docs, embedder, label, told))
        process.start()
        process.join()
        assert process.exitcode == 0
        return told.read_text(encoding="utf-8")

    return run


@pytest.mark.parametrize("limited", [False, True], ids=["disk", "sizes"])
@pytest.mark.parametrize(
    ("label", "anew", "who"),
    [("indexing", False, "The catalog"), ("embedding", True, "The catalog"), ("arranging", False, "Chroma"), ("arranging", True, "Chroma")],
)
def test_a_full_disk_is_told_and_nothing_is_lost(
    disk: Disk, run: Callable[[Path, HashEmbedder, str], str], tmp_path: Path, limited: bool, label: str, anew: bool, who: str
) -> None:
    """While files are indexed, while all is embedded anew, while Chroma is told."""
    disk.limited |= limited
    folder, embedder = Folder(tmp_path / "docs", 20, seed=7), HashEmbedder(dimensions=64)
    assert run(folder.path, embedder, "") == "done"
    with closing(Catalog(disk.place / "home" / CATALOG)) as catalog:
        before = catalog.count()
    for _ in range(30):
        folder.add()
    embedder = HashEmbedder("other", dimensions=64) if anew else embedder
    line = run(folder.path, embedder, label)
    assert line.startswith(f"StoreError: {who}"), line
    assert "\n" not in line
    assert "Free some disk space" in line
    disk.free()
    with closing(Catalog(disk.place / "home" / CATALOG)) as catalog:
        assert catalog.count() >= before
        assert catalog.lexical([folder.word()], 3) or catalog.vocabulary("a", 2, 9)
    assert run(folder.path, embedder, "") == "done"
    told = difference(disk.place / "home", folder.path, folder.texts(), embedder, tmp_path / "fresh")
    assert (told.lost, told.doubled, told.wrong) == ([], [], [])


# No right to write


def test_documents_that_may_only_be_read_are_indexed(index: Index) -> None:
    index.write({"a.txt": BRIDGE, "deep/b.txt": FERRY})
    for path in (index.folder / "a.txt", index.folder / "deep" / "b.txt", index.folder / "deep", index.folder):
        path.chmod(0o555)
    before = sorted(path.stat().st_mtime_ns for path in index.folder.rglob("*"))
    try:
        assert index.sync() == SyncReport(added=("docs/a.txt", "docs/deep/b.txt"))
        assert before == sorted(path.stat().st_mtime_ns for path in index.folder.rglob("*"))
    finally:
        for path in (index.folder, index.folder / "deep"):
            path.chmod(0o755)


@pytest.mark.parametrize("indexed", [False, True], ids=["empty", "indexed"])
def test_a_home_that_may_only_be_read_is_told(settings: Settings, indexed: bool) -> None:
    with tempfile.TemporaryDirectory() as name:
        home = Path(name).resolve() / "home"
        home.mkdir()
        if indexed:
            Library.open(settings.model_copy(update={"home": home}), ignore, search=False).close()
        for path in (*home.rglob("*"), home, home.parent):
            path.chmod(0o555 if path.is_dir() else 0o444)
        with as_nobody(), pytest.raises(StoreError) as caught:
            Library.open(settings.model_copy(update={"home": home}), ignore, search=False)
        home.parent.chmod(0o755)
        home.chmod(0o755)
    assert caught.value.line() == f"The folder {home} cannot be used: Permission denied. Set FOOTNOTE_HOME to a folder you can write."


# Files that do not wait until they are read


def sync_after(index: Index, happening: Callable[[], None], progress: Progress = ignore) -> SyncReport:
    """A sync between whose plan and whose reading something happens."""
    plan = sync.plan(index.catalog, [index.folder])
    happening()
    return sync.apply(plan, index.catalog, index.vectors, index.embedder, progress)


def stored(index: Index) -> dict[str, str]:
    """What the index has of each document."""
    return {status.file: index.catalog.document(status.id).text for status in index.catalog.documents() if status.id}


def test_a_file_that_vanishes_before_it_is_read(index: Index) -> None:
    index.write({"a.txt": BRIDGE, "b.txt": FERRY})
    index.sync()
    index.write({"b.txt": SCHOOL, "c.txt": SCHOOL, "d.txt": FERRY})

    def vanish() -> None:
        for name in ("b.txt", "c.txt"):
            (index.folder / name).unlink()

    told = sync_after(index, vanish)
    assert told.added == ("docs/d.txt",)
    reason = "cannot be opened: No such file or directory. Check that it exists and may be read."
    assert told.unreadable == tuple((f"docs/{name}", f"docs/{name} {reason}") for name in ("b.txt", "c.txt"))
    assert stored(index) == {"docs/a.txt": BRIDGE, "docs/d.txt": FERRY}
    assert index.sync() == SyncReport(deleted=("docs/b.txt", "docs/c.txt"), unchanged=("docs/a.txt", "docs/d.txt"))


def test_a_pipe_in_the_place_of_a_file_keeps_nobody_waiting(index: Index) -> None:
    index.write({"a.txt": BRIDGE, "b.txt": FERRY})

    def replace() -> None:
        (index.folder / "b.txt").unlink()
        os.mkfifo(index.folder / "b.txt")

    told = sync_after(index, replace)
    assert (told.added, [file for file, _ in told.unreadable]) == (("docs/a.txt",), ["docs/b.txt"])
    assert "no file with content" in told.unreadable[0][1]
    assert index.sync() == SyncReport(deleted=("docs/b.txt",), unchanged=("docs/a.txt",))


@pytest.mark.parametrize("left", ["", SCHOOL[:40]], ids=["to nothing", "to less"])
def test_a_file_cut_short_before_it_is_read(index: Index, left: str) -> None:
    index.write({"a.txt": BRIDGE, "b.txt": SCHOOL})
    told = sync_after(index, lambda: index.write({"b.txt": left}))
    assert "docs/a.txt" in told.added
    assert ("docs/b.txt" in told.added) is bool(left)
    assert stored(index) == {"docs/a.txt": BRIDGE} | ({"docs/b.txt": left} if left else {})
    assert "docs/a.txt" in index.sync().unchanged
    index.write({"b.txt": SCHOOL})
    assert index.sync().changed == ("docs/b.txt",)
    assert stored(index) == {"docs/a.txt": BRIDGE, "docs/b.txt": SCHOOL}


def test_a_folder_deleted_while_it_is_read(index: Index) -> None:
    index.write({"a.txt": BRIDGE} | {f"deep/{number}.txt": f"{FERRY}{number}\n" for number in range(9)} | {"z.txt": SCHOOL})

    def progress(label: str, done: int, total: int) -> None:
        if label == "indexing docs/deep/4.txt":
            shutil.rmtree(index.folder / "deep")

    told = sync_after(index, lambda: None, progress)
    assert len(told.added) == 6
    assert [file for file, _ in told.unreadable] == [f"docs/deep/{number}.txt" for number in range(4, 9)]
    assert stored(index).keys() == {"docs/a.txt", "docs/z.txt", *(f"docs/deep/{number}.txt" for number in range(4))}
    settled = index.sync()
    assert (len(settled.deleted), settled.unchanged, settled.unreadable) == (9, ("docs/a.txt", "docs/z.txt"), ())


def test_a_file_that_grows_while_it_is_read(index: Index) -> None:
    """Either it is told, or what was read is what once stood there; when it has come to rest, the next sync has all of it."""
    index.write({"a.txt": BRIDGE, "log.txt": FERRY * 2000})
    log, rest = index.folder / "log.txt", threading.Event()

    def grow() -> None:
        with log.open("a", encoding="utf-8") as file:
            while not rest.is_set():
                file.write(SCHOOL)
                file.flush()

    thread = threading.Thread(target=grow)
    thread.start()
    try:
        reason = told_while_growing(log)
        told = index.sync()
    finally:
        rest.set()
        thread.join()
    assert reason == "log.txt changed while it was read. The next sync reads it again."
    assert "docs/a.txt" in told.added
    assert {file for file, _ in told.unreadable} <= {"docs/log.txt"}
    whole = log.read_text(encoding="utf-8")
    assert whole.startswith(stored(index).get("docs/log.txt", ""))
    log.write_text(whole[: len(FERRY) * 2000 + len(SCHOOL) * 3], encoding="utf-8")  # enough of it
    assert "docs/log.txt" in (*(again := index.sync()).added, *again.changed)
    assert stored(index)["docs/log.txt"] == log.read_text(encoding="utf-8")


def told_while_growing(path: Path) -> str:
    """What is said of a file that something writes to all the time: by chance it may be read in a pause."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            load(path, path.name)
        except ReadError as error:
            return error.line()
    return "never"


# Folders that are gone


def opened(home: Path) -> Library:
    home.mkdir(exist_ok=True)
    return Library.of(Catalog(home / CATALOG), HashEmbedder(), home, claim(home))


def test_a_folder_that_is_empty_now_is_not_taken_for_deleted(home: Path, tmp_path: Path) -> None:
    """So looks the place of a disk that is not there."""
    disk, other = tmp_path / "disk", tmp_path / "other"
    for folder, text in ((disk, BRIDGE), (other, FERRY)):
        folder.mkdir()
        (folder / "a.txt").write_text(text, encoding="utf-8")
    with closing(opened(home)) as library:
        library.sync([disk, other], ignore)
        (disk / "a.txt").rename(tmp_path / "aside.txt")
        with pytest.raises(UsageError, match=r"disk holds no documents any more, and 1 of the index ") as caught:
            library.sync([], ignore)
        assert "footnote sync --forget" in caught.value.hint
        assert library.catalog.sources().keys() == {"disk/a.txt", "other/a.txt"}
        (tmp_path / "aside.txt").rename(disk / "a.txt")
        assert set(library.sync([], ignore).unchanged) == {"disk/a.txt", "other/a.txt"}
        (disk / "a.txt").rename(other / "b.txt")  # moved is not lost
        assert library.sync([], ignore).moved == (("disk/a.txt", "other/b.txt"),)
        (other / "b.txt").unlink()
        assert library.sync([], ignore).deleted == ("other/b.txt",)  # one of several
        (other / "a.txt").unlink()
        assert library.sync([], ignore, forget=True).deleted == ("other/a.txt",)
        assert library.catalog.count() == 0

"""Following folders, with the real watcher: what changes is told, and found by the next question."""

import shutil
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from qa import service, watch
from qa.catalog import Catalog
from qa.library import CATALOG, Library, claim
from qa.service import QA
from qa.settings import Settings
from qa.types import ignore
from qa.watch import follow
from tests.samples import BRIDGE, FERRY, SCHOOL, HashEmbedder

PATIENCE = 60.0  # seconds for what takes one on an idle machine


class Calls:
    """Counts how often something was told to have changed."""

    def __init__(self) -> None:
        self.number = 0
        self._new = threading.Condition()

    def __call__(self) -> None:
        with self._new:
            self.number += 1
            self._new.notify_all()

    def more_than(self, number: int) -> int:
        with self._new:
            assert self._new.wait_for(lambda: self.number > number, PATIENCE)
            return self.number


@contextmanager
def following(apart: Path, *folders: Path) -> Iterator[Calls]:
    calls, stop = Calls(), threading.Event()
    thread = threading.Thread(target=follow, args=(folders, apart, stop, calls))
    thread.start()
    try:
        calls.more_than(0)
        yield calls
    finally:
        stop.set()
        thread.join(PATIENCE)
        assert not thread.is_alive()


@pytest.fixture
def docs(tmp_path: Path) -> Path:
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "a.txt").write_text(BRIDGE, encoding="utf-8")
    return tmp_path / "docs"


def test_changes_are_told(docs: Path, home: Path) -> None:
    with following(home, docs) as calls:
        (docs / "deep").mkdir()
        seen = calls.more_than(1)
        (docs / "deep" / "b.txt").write_text(FERRY, encoding="utf-8")
        seen = calls.more_than(seen)
        (docs / "deep" / "b.txt").rename(docs / "c.txt")
        seen = calls.more_than(seen)
        (docs / "c.txt").unlink()
        calls.more_than(seen)


def test_a_burst_is_told_once_or_twice(docs: Path, home: Path) -> None:
    with following(home, docs) as calls:
        for number in range(300):
            (docs / f"{number}.txt").write_text(FERRY, encoding="utf-8")
        calls.more_than(1)
        time.sleep(1.5)
        assert calls.number < 10


def test_the_index_itself_is_no_change(docs: Path) -> None:
    home = docs / "index"
    home.mkdir()
    with following(home, docs) as calls:
        (home / "catalog.sqlite").write_text("changed", encoding="utf-8")
        time.sleep(1.5)
        assert calls.number == 1
        (docs / "a.txt").write_text(FERRY, encoding="utf-8")
        calls.more_than(1)


def test_one_file_is_followed_though_it_is_replaced(docs: Path, home: Path) -> None:
    with following(home, docs / "a.txt") as calls:
        (docs / "other.txt").write_text(FERRY, encoding="utf-8")
        (docs / "new").write_text(FERRY, encoding="utf-8")
        (docs / "new").replace(docs / "a.txt")
        seen = calls.more_than(1)
        (docs / "new").write_text(SCHOOL, encoding="utf-8")
        (docs / "new").replace(docs / "a.txt")
        calls.more_than(seen)


def test_a_folder_that_goes_and_comes_again_is_followed(docs: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch, "RETRY", 0.2)
    with following(home, docs) as calls:
        shutil.move(docs, docs.with_name("away"))
        time.sleep(3)
        seen = calls.number
        docs.mkdir()
        seen = calls.more_than(seen)
        (docs / "b.txt").write_text(FERRY, encoding="utf-8")
        calls.more_than(seen)


# With an index


@pytest.fixture
def qa(docs: Path, home: Path) -> Iterator[QA]:
    home.mkdir()
    library = Library.of(Catalog(home / CATALOG), HashEmbedder(), home, claim(home))
    library.sync([docs], ignore)
    qa = QA(library, settings=Settings(home=home))
    yield qa
    qa.close()


def until(holds: Callable[[], bool]) -> float:
    """Seconds until something holds."""
    began = time.monotonic()
    while not holds():
        assert time.monotonic() - began < PATIENCE
        time.sleep(0.05)
    return time.monotonic() - began


def files(qa: QA, question: str) -> set[str]:
    return {hit.passage.file for hit in qa.search(question)}


def test_what_changes_is_found_by_the_next_question(qa: QA, docs: Path) -> None:
    qa.watch()
    (docs / "b.txt").write_text(FERRY, encoding="utf-8")
    until(lambda: "docs/b.txt" in files(qa, "When does the ferry sail?"))
    (docs / "b.txt").write_text(SCHOOL, encoding="utf-8")
    until(lambda: "docs/b.txt" in files(qa, "Which school was closed?") and qa.search("ferry captain vessel")[0].passage.text != FERRY)
    (docs / "b.txt").rename(docs / "c.txt")
    until(lambda: "docs/c.txt" in files(qa, "Which school was closed?"))
    (docs / "c.txt").unlink()
    until(lambda: files(qa, "Which school was closed?") == {"docs/a.txt"})


def test_a_fault_is_logged_and_the_following_goes_on(qa: QA, docs: Path, caplog: pytest.LogCaptureFixture) -> None:
    qa.watch()
    rules = docs / ".footnoteignore"
    rules.write_bytes(b"\xff\xfe\xff")
    until(lambda: ".footnoteignore" in caplog.text)
    rules.unlink()
    (docs / "b.txt").write_text(FERRY, encoding="utf-8")
    until(lambda: "docs/b.txt" in files(qa, "When does the ferry sail?"))


def test_closing_ends_the_following(qa: QA, docs: Path) -> None:
    qa.watch()
    (docs / "b.txt").write_text(FERRY, encoding="utf-8")
    until(lambda: "docs/b.txt" in files(qa, "When does the ferry sail?"))
    qa.close()
    for thread in threading.enumerate():
        if thread.name == "watch":
            thread.join(PATIENCE)
            assert not thread.is_alive()


def test_who_is_not_the_writer_waits_until_that_has_ended(docs: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "AGAIN", 0.05)
    home.mkdir()
    writer, reader = (
        QA(Library.of(Catalog(home / CATALOG), HashEmbedder(), home, lock), settings=Settings(home=home)) for lock in (claim(home), None)
    )
    with closing(writer):
        writer.sync([docs])
        reader.watch()
        (docs / "b.txt").write_text(FERRY, encoding="utf-8")
        time.sleep(1)
        assert files(reader, "When does the ferry sail?") == {"docs/a.txt"}
    with closing(reader):
        until(lambda: "docs/b.txt" in files(reader, "When does the ferry sail?"))
        assert claim(home) is None

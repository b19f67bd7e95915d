"""`footnote sync` as a process, with the real embedder: interrupted, beside another one, on an index or a folder that it must not touch."""

import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from qa.catalog import Catalog
from qa.library import CATALOG
from qa.schema import VERSION
from qa.settings import PREFIX, Settings
from tests.processes import CHECKOUT, PATIENCE, check_failure, footnote, make_environment, start

LATEST = 4.0  # seconds from Ctrl-C to the end; it is a third of one where the tests have the machine to themselves
LETTERS = 200


@pytest.fixture
def indexed(tmp_path: Path, files: Settings) -> dict[str, str]:
    """The environment of a Footnote that has indexed one letter."""
    return make_environment(tmp_path, "http://127.0.0.1:1/v1", files)


@pytest.fixture
def environment(tmp_path: Path, files: Settings) -> dict[str, str]:
    """One that has indexed nothing of many letters yet."""
    Catalog(tmp_path / "home" / CATALOG).close()
    write_letters(tmp_path / "letters")
    ours = {"HOME": tmp_path / "home", "FOLDERS": tmp_path / "letters", "CACHE": files.cache, "WEIGHTS": files.weights or ""}
    return {**os.environ, **{PREFIX + name: str(value) for name, value in ours.items()}, "PYTHONPATH": str(CHECKOUT)}


def write_letters(folder: Path, letters: int = LETTERS) -> None:
    folder.mkdir(exist_ok=True)
    for number in range(letters):
        text = f"Ship {number}\n\nThe ship of captain number {number} lies in the harbour. It sails at noon, said its owner.\n"
        (folder / f"{number:03}.txt").write_text(text, encoding="utf-8")


class Watch:
    """What stands in the catalog while another process writes it."""

    def __init__(self, environment: dict[str, str]) -> None:
        self._connection = sqlite3.connect(Path(environment[f"{PREFIX}HOME"]) / CATALOG, timeout=PATIENCE)

    def count(self, what: str) -> int:
        return int(self._connection.execute(f"SELECT count(*) FROM {what}").fetchone()[0])

    def vectors(self) -> set[tuple[int, str]]:
        """Each with the number of its row: one that was made again has another."""
        return set(self._connection.execute("SELECT rowid, hash FROM vectors"))


MOMENTS: dict[str, Callable[[Watch], bool]] = {
    "embedding": lambda watch: watch.count("vectors") > 64,
    "telling Chroma": lambda watch: watch.count("passages") == LETTERS and watch.count("meta WHERE value = 'dirty'") == 1,
}


@pytest.mark.parametrize("moment", MOMENTS)
def test_an_interrupted_sync_keeps_what_it_did(
    environment: dict[str, str], moment: str, record_property: Callable[[str, object], None]
) -> None:
    watch = Watch(environment)
    process = start("sync", environment=environment)
    while not MOMENTS[moment](watch):
        assert process.poll() is None, process.communicate()
        time.sleep(0.002)
    began = time.monotonic()
    process.send_signal(signal.SIGINT)
    said = process.communicate(timeout=PATIENCE)
    seconds = time.monotonic() - began
    print(f"Ctrl-C while {moment}: ended after {1000 * seconds:.0f} ms")
    record_property("milliseconds", round(1000 * seconds))
    assert (process.returncode, said) == (130, ("", ""))
    assert seconds < LATEST
    kept = watch.vectors()
    assert len(kept) > 64
    done = footnote("sync", environment=environment)
    assert (done.returncode, done.stderr) == (0, "")
    assert kept <= watch.vectors()
    assert len({hash_ for _, hash_ in watch.vectors()}) == len(watch.vectors()) == LETTERS
    assert watch.count("documents") == watch.count("passages") == LETTERS
    assert watch.count("pending") == 0


def test_a_second_sync_says_who_holds_the_index(environment: dict[str, str]) -> None:
    """So does `footnote serve`, as its own tests see."""
    watch = Watch(environment)
    first = start("sync", environment=environment)
    while watch.count("vectors") < 10:
        assert first.poll() is None, first.communicate()
        time.sleep(0.002)
    first.send_signal(signal.SIGSTOP)  # so that it is there as long as the second one takes
    try:
        second = footnote("sync", environment=environment)
    finally:
        first.send_signal(signal.SIGCONT)
    check_failure(second, 1, f"is being used by process {first.pid}", "ask it to sync")
    out, error = first.communicate(timeout=PATIENCE)
    assert (first.returncode, error) == (0, "")
    assert f"{LETTERS} added" in out
    assert watch.count("passages") == watch.count("vectors") == LETTERS


def test_an_index_of_a_newer_version_is_refused_and_left_alone(environment: dict[str, str]) -> None:
    home = Path(environment[f"{PREFIX}HOME"])
    with closing(sqlite3.connect(home / CATALOG)) as connection:
        connection.execute(f"PRAGMA user_version = {VERSION + 1}")
    before = contents(home)
    for command in (("sync",), ("sync", "--dry-run"), ("documents",)):
        check_failure(footnote(*command, environment=environment), 1, "was written by a newer Footnote", "Upgrade Footnote")
    assert contents(home) == before


def contents(home: Path) -> dict[str, bytes]:
    """Every file but those that SQLite and the lock keep for the processes of the moment."""
    passing = ("-shm", "-wal", "lock", "owner")
    return {str(path): path.read_bytes() for path in home.rglob("*") if path.is_file() and not path.name.endswith(passing)}


def test_a_folder_without_documents_is_an_error_until_told_otherwise(indexed: dict[str, str]) -> None:
    folder = Path(indexed[f"{PREFIX}FOLDERS"])
    (folder / "bridge.txt").unlink()
    check_failure(footnote("sync", environment=indexed), 2, str(folder), "1 of the index", "--forget")
    assert "letters/bridge.txt" in footnote("documents", environment=indexed).stdout
    told = footnote("sync", "--dry-run", environment=indexed)
    assert (told.returncode, told.stdout.splitlines()[0]) == (0, "deleted     letters/bridge.txt")
    assert footnote("sync", "--forget", environment=indexed).stdout.splitlines()[0] == told.stdout.splitlines()[0]


FULL = """
import resource
from qa.language import language
language("Ce texte est écrit en français, pour que ce qui distingue les langues soit là.")  # needs room for a temporary file
resource.setrlimit(resource.RLIMIT_FSIZE, (65_536, resource.RLIM_INFINITY))
from qa.cli import main
main()
"""


def test_a_full_disk_is_one_line(indexed: dict[str, str]) -> None:
    write_letters(Path(indexed[f"{PREFIX}FOLDERS"]), 40)
    done = subprocess.run(
        [sys.executable, "-c", FULL, "sync"], env=indexed, cwd=CHECKOUT, capture_output=True, text=True, timeout=PATIENCE, check=False
    )
    check_failure(done, 1, "catalog.sqlite cannot be used", "Free some disk space")
    assert "letters/bridge.txt" in footnote("search", "Where is the bridge?", environment=indexed).stdout
    watch = Watch(indexed)
    kept = watch.vectors()
    assert footnote("sync", environment=indexed).returncode == 0
    assert kept <= watch.vectors()
    assert watch.count("documents") == watch.count("passages") == watch.count("vectors") == 41

"""The SQLite file: transactions, threads, processes, damage."""

import signal
import sqlite3
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest

from qa.database import Database
from qa.errors import FootnoteError, StoreError
from qa.schema import PAGE_SIZE, VERSION


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "home" / "catalog.sqlite"


def note(database: Database, *keys: str) -> None:
    with database.transaction() as connection:
        for key in keys:
            connection.execute("INSERT INTO meta VALUES (?, 'x')", (key,))


def notes(database: Database) -> set[str]:
    return {row[0] for row in database.rows("SELECT key FROM meta WHERE value = 'x'")}


def test_a_file_is_made_and_found_again(path: Path) -> None:
    first = Database(path)
    note(first, "a")
    first.close()
    assert notes(Database(path)) == {"a"}
    assert Database(path).rows("PRAGMA user_version") == [(VERSION,)]
    assert Database(path).rows("PRAGMA journal_mode") == [("wal",)]


def test_a_transaction_is_all_or_nothing(path: Path) -> None:
    database = Database(path)
    with pytest.raises(StoreError, match=r"UNIQUE"):
        note(database, "a", "b", "a")
    assert notes(database) == set()
    note(database, "b")
    assert notes(database) == {"b"}


def test_an_interruption_while_waiting_for_another_writer_leaves_no_transaction_open(path: Path) -> None:
    database, other = Database(path), Database(path)
    began = threading.Event()

    def write() -> None:
        with other.transaction():
            began.set()
            time.sleep(0.2)
            signal.raise_signal(signal.SIGINT)  # heard by the main thread, once SQLite lets go of it
            time.sleep(0.2)

    thread = threading.Thread(target=write)
    handler = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        thread.start()
        began.wait()
        with pytest.raises(KeyboardInterrupt):
            note(database, "a")
        thread.join()
    finally:
        signal.signal(signal.SIGINT, handler)
    note(database, "b")
    assert notes(other) == {"b"}


def test_others_see_a_transaction_when_it_is_done(path: Path) -> None:
    database = Database(path)
    with database.transaction() as connection:
        connection.execute("INSERT INTO meta VALUES ('a', 'x')")
        assert notes(database) == set()
    assert notes(database) == {"a"}


def test_many_threads_write_and_read(path: Path) -> None:
    database = Database(path)

    def write_and_read(number: int) -> bool:
        note(database, str(number))
        return str(number) in notes(database)

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(write_and_read, range(40)))
    assert notes(database) == set(map(str, range(40)))


def test_threads_that_come_and_go_leave_no_connections(path: Path) -> None:
    database = Database(path)
    for _ in range(30):
        thread = threading.Thread(target=notes, args=(database,))
        thread.start()
        thread.join()
    opened = [file.path for file in psutil.Process().open_files() if file.path.startswith(str(path))]
    assert len(opened) <= 3  # the file, its log and the log's index


def test_a_stream_left_early_gives_its_connection_back(path: Path) -> None:
    database = Database(path)
    stream = database.stream("SELECT key FROM meta")
    next(stream)
    stream.close()  # type: ignore[attr-defined]
    note(database, "a")
    database.close()
    assert not path.with_name("catalog.sqlite-wal").exists()


def test_a_stream_tells_of_one_moment(path: Path) -> None:
    database = Database(path)
    note(database, "a")
    stream = database.stream("SELECT key FROM meta WHERE value = 'x'")
    first = next(stream)
    note(database, "b")
    assert [first, *stream] == [("a",)]


def test_processes_that_start_at_once_all_get_the_file(path: Path) -> None:
    code = "import sys; from pathlib import Path; from qa.database import Database; Database(Path(sys.argv[1])).close()"
    running = [subprocess.Popen([sys.executable, "-c", code, str(path)]) for _ in range(3)]
    assert [process.wait(240) for process in running] == [0, 0, 0]
    assert len(Database(path).rows("SELECT * FROM meta WHERE key = 'index'")) == 1


def test_a_newer_file_is_refused_and_left_alone(path: Path) -> None:
    Database(path).close()
    with sqlite3.connect(path) as connection:
        connection.execute(f"PRAGMA user_version = {VERSION + 1}")
    before = path.read_bytes()
    with pytest.raises(StoreError, match=r"newer Footnote"):
        Database(path)
    assert path.read_bytes() == before


def test_a_file_that_is_no_catalog_is_refused(path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(b"This is a letter, not a catalog. " * 100)
    with pytest.raises(StoreError, match=r"catalog\.sqlite cannot be used") as caught:
        Database(path)
    assert "footnote sync" in caught.value.hint


def test_damage_that_comes_out_later_is_told_too(path: Path) -> None:
    database = Database(path)
    note(database, *(f"{number:0500}" for number in range(200)))
    database.close()
    content = path.read_bytes()
    path.write_bytes(content[:PAGE_SIZE] + b"\xff" * (len(content) - PAGE_SIZE))
    with pytest.raises(StoreError, match=r"cannot be used"):
        Database(path).rows("SELECT * FROM meta")


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("a file", encoding="utf-8")
    with pytest.raises(StoreError, match=r"cannot be made"):
        Database(tmp_path / "home" / "catalog.sqlite")


def test_a_full_disk_is_told_and_undone(path: Path) -> None:
    database = Database(path)
    pages = database.rows("PRAGMA page_count")[0][0]
    database.rows(f"PRAGMA max_page_count = {pages + 5}")  # holds for the one connection that there is
    with pytest.raises(StoreError, match=r"full") as caught:
        note(database, *(f"{number:0500}" for number in range(1000)))
    assert caught.value.hint == "Free some disk space."
    assert notes(database) == set()


def test_after_closing_it_says_so(path: Path) -> None:
    database = Database(path)
    database.close()
    database.close()
    with pytest.raises(FootnoteError, match=r"is closed"):
        notes(database)

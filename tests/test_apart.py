"""A reader that crashes, hangs, fills the memory or is killed costs one file, and neither outlives its parent nor holds it up."""

import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from qa import apart
from qa.apart import Apart
from qa.errors import ReadError
from qa.extract import Extract, Reader, damaged
from qa.plain import text

ROOT = Path(__file__).parents[1]


def crash(data: bytes, file: str) -> Iterator[Extract]:
    os.kill(os.getpid(), signal.SIGSEGV)
    yield Extract(file, "never")


def sleep(data: bytes, file: str) -> Iterator[Extract]:
    time.sleep(60)
    yield Extract(file, "never")


def spin(data: bytes, file: str) -> Iterator[Extract]:
    while True:
        pass


def fill(data: bytes, file: str) -> Iterator[Extract]:
    yield Extract(file, "x" * (3 * apart.MEMORY))


def talk(data: bytes, file: str) -> Iterator[Extract]:
    print('{"extracts": []}')
    os.write(1, b"noise\n")
    yield Extract(file, "said", "Title", "2020-01-02", "Ann", True, "f", (0, 2), True, "2021-01-02")


def panic(data: bytes, file: str) -> Iterator[Extract]:
    raise SystemExit("a library that ends the program")
    yield Extract(file, "never")


def number(data: bytes, file: str) -> Iterator[Extract]:
    yield Extract(file, f"{os.getpid()} {data.decode()}")


@pytest.fixture
def process() -> Iterator[Apart]:
    made = Apart()
    yield made
    made.close()


def pid(process: Apart) -> int:
    (found,) = process.read(number, b"", "a.x", "x")
    return int(found.text.split()[0])


def test_everything_an_extract_has_comes_back(process: Apart) -> None:
    (found,) = process.read(talk, b"", "a.x", "x")
    assert found == next(talk(b"", "a.x"))


@pytest.mark.parametrize(
    ("reader", "message"), [(crash, "SIGSEGV"), (fill, "needs more than 2,000 MB"), (panic, "a.x is damaged or no X (a library that ends")]
)
def test_what_goes_wrong_costs_one_file(process: Apart, reader: Reader, message: str) -> None:
    first = pid(process)
    assert first == pid(process) != os.getpid()
    with pytest.raises(ReadError, match=r"a\.x") as caught:
        process.read(reader, b"", "a.x", "x")
    assert message in caught.value.message
    assert caught.value.hint
    assert pid(process)


@pytest.mark.parametrize("reader", [sleep, spin])
def test_what_hangs_is_ended_in_time(process: Apart, reader: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    first, began = pid(process), time.monotonic()
    with monkeypatch.context() as patched:
        patched.setattr(apart, "PATIENCE", 1.0)
        with pytest.raises(ReadError, match="takes more than 1 seconds"):
            process.read(reader, b"", "a.x", "x")
    assert time.monotonic() - began < 6
    assert not psutil.pid_exists(first)
    assert pid(process) != first


def test_file_is_not_blamed_for_what_another_did(process: Apart) -> None:
    """A process that was stopped from outside between two files is replaced without a word."""
    first = pid(process)
    os.kill(first, signal.SIGKILL)
    assert pid(process) != first


def test_process_is_replaced_after_many_files(process: Apart, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(apart, "MOST_READ", 3)
    seen = [pid(process) for _ in range(7)]
    assert len(set(seen)) == 3
    assert not psutil.pid_exists(seen[0])


def test_threads_take_turns(process: Apart) -> None:
    found: dict[int, str] = {}

    def ask(turn: int) -> None:
        (extract,) = process.read(number, str(turn).encode() * 1000, f"{turn}.x", "x")
        found[turn] = extract.file + extract.text.split()[1][:2]

    threads = [threading.Thread(target=ask, args=(turn,)) for turn in range(10, 30)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert found == {turn: f"{turn}.x{turn}" for turn in range(10, 30)}


def test_large_files_get_through_whole(process: Apart) -> None:
    (found,) = process.read(text, b"word " * 4_000_000, "a.txt", "x")
    assert len(found.text) == 20_000_000


def parent(code: str) -> "subprocess.Popen[str]":
    """A process that reads through one of its own, tells its number, and goes on with `code`."""
    head = """
    import os, signal, sys, threading, time
    from qa.apart import APART
    from tests.test_apart import number, spin
    (found,) = APART.read(number, b"", "a.x", "x")
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a job in the background is started deaf to it
    print(found.text.split()[0], flush=True)
    """
    script = textwrap.dedent(head) + code
    return subprocess.Popen([sys.executable, "-c", script], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def child(started: "subprocess.Popen[str]") -> int:
    assert started.stdout
    return int(started.stdout.readline())


def gone(number: int, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while psutil.pid_exists(number) and psutil.Process(number).status() != psutil.STATUS_ZOMBIE:
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def test_it_ends_with_its_parent_however_that_ends() -> None:
    for code, ending in (("time.sleep(60)", signal.SIGKILL), ("time.sleep(60)", signal.SIGINT), ("", None)):
        started = parent(code)
        number = child(started)
        if ending:
            started.send_signal(ending)
        started.wait(20)
        assert gone(number, 10)


def test_a_busy_one_ends_by_its_own_clock() -> None:
    code = "import qa.apart; qa.apart.PATIENCE, qa.apart.GRACE = 15.0, -59.0; APART.read(spin, b'', 'a.x', 'x')"
    started = parent(code)
    number = child(started)
    time.sleep(0.3)
    started.kill()
    started.wait()
    assert gone(number, 15)


def test_a_hanging_reader_does_not_hold_up_the_exit() -> None:
    code = "threading.Thread(target=APART.read, args=(spin, b'', 'a.x', 'x'), daemon=True).start(); time.sleep(0.3)"
    started = parent(code)
    number = child(started)
    assert started.wait(6) == 0
    assert gone(number, 5)


def test_ctrl_c_is_for_the_parent(process: Apart) -> None:
    first = pid(process)
    os.kill(first, signal.SIGINT)
    assert os.getsid(first) != os.getsid(0)
    assert pid(process) == first


def test_little_is_imported_there(process: Apart) -> None:
    (found,) = process.read(modules, b"", "a.x", "x")
    assert not {"chromadb", "gradio", "trafilatura", "numpy", "lxml", "docx", "pptx"} & set(found.text.split())


def modules(data: bytes, file: str) -> Iterator[Extract]:
    names = subprocess.run([sys.executable, "-c", "import sys, qa.apart; print(*sys.modules)"], capture_output=True, text=True, check=True)
    yield Extract(file, names.stdout)


def test_the_words_of_a_library_stand_inside_a_sentence_of_ours() -> None:
    assert damaged("a.pdf", "Data format error.").message == "a.pdf is damaged or no PDF (Data format error)"

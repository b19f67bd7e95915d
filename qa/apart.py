"""Readers of other people's making, run apart: in a process that a hostile file may crash, hang or fill without harm to ours.

The process is started when it is first needed and fed file after file. It ends with its parent, however that ends: it waits for the end of
its input, and where it is too busy to see that, its own clock ends it. What it gives back is JSON, which can do nothing but be read.
"""

import atexit
import contextlib
import faulthandler
import importlib
import json
import logging
import os
import signal
import subprocess
import sys
import threading
import time
import warnings
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import IO, Final, Self, TypedDict

import psutil

from qa.errors import ReadError
from qa.extract import Extract, Reader, damaged

PATIENCE: Final = 8.0  # seconds of work for a file, and one more for every megabyte
BUSY: Final = 4.0  # times as long it may take where other processes keep the machine busy
LOOK: Final = 0.1  # seconds between two looks at how long it has worked
MEMORY: Final = 2_000_000_000  # bytes of address space
MOST_READ: Final = 1_000  # files until the process is replaced: libraries leak
GRACE: Final = 3.0  # seconds more until the process ends itself
AGAIN: Final = "Save it anew from the program that made it, or leave it out of the folder."

_NAMES = tuple(field.name for field in fields(Extract))


class Request(TypedDict):
    """What the process is told before the bytes of a file."""

    reader: tuple[str, str]  # module and function
    file: str
    library: str  # what to name where an import fails
    size: int  # bytes
    limit: float  # seconds of work until its parent ends it
    clock: float  # seconds until it ends itself, if the parent is gone


class Reply(TypedDict, total=False):
    extracts: list[list[object]]
    error: tuple[str, str]  # message and hint
    full: bool  # out of memory: the process ends


class _EndedError(Exception):
    """The process ended before it had replied; `late`: because its time was over."""

    def __init__(self, reason: str, late: bool) -> None:
        super().__init__(reason)
        self.late = late


class Apart:
    """The process, started when needed; one file at a time, from whichever thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._read = 0

    def read(self, reader: Reader, data: bytes, file: str, library: str) -> Iterator[Extract]:
        """What `reader` says of a file. Raises ReadError also where the reader crashes, or takes more time or memory than it may."""
        limit = PATIENCE + len(data) / 1e6
        size, place = len(data), (reader.__module__, reader.__name__)
        request = Request(reader=place, file=file, library=library, size=size, limit=limit, clock=limit * BUSY + GRACE)
        with self._lock:
            try:
                reply = self._tried(request, data)
            except _EndedError as failure:
                if failure.late:
                    told = f"{file} takes more than {limit:.0f} seconds to read"
                    raise ReadError(told, "Split it, or leave it out of the folder.") from failure
                raise ReadError(f"{file} brings its reader down ({failure})", AGAIN) from failure
        if "error" in reply:
            raise ReadError(*reply["error"])
        return map(_extract, reply["extracts"])

    def close(self) -> None:
        """Ends the process; harmless when repeated."""
        process, self._process, self._read = self._process, None, 0
        if process:
            process.kill()
            process.wait()
            for pipe in (process.stdin, process.stdout):
                with contextlib.suppress(OSError):  # what was not written yet has nobody to read it
                    pipe and pipe.close()

    def _tried(self, request: Request, data: bytes) -> Reply:
        """A file is blamed only for what it does to a fresh process."""
        fresh = self._process is None or self._process.poll() is not None or self._read >= MOST_READ
        began = time.monotonic()
        try:
            reply = self._exchanged(request, data, fresh)
            if fresh or not reply.get("full"):
                return reply
        except _EndedError as failure:
            if fresh or failure.late:
                raise
        request["limit"] = max(1.0, request["limit"] - (time.monotonic() - began))
        return self._exchanged(request, data, fresh=True)

    def _exchanged(self, request: Request, data: bytes, fresh: bool) -> Reply:
        if fresh:
            self.close()
            self._process = _started(request["file"])
        process = self._process
        assert process
        with _Clock(process, request["limit"]) as clock:
            line = _conversed(process, request, data)
        late = clock.late
        self._read += 1
        if not line:
            status = process.wait()
            self.close()
            raise _EndedError(_end(status), late)
        reply: Reply = json.loads(line)
        if late or reply.get("full"):
            self.close()
        return reply


class _Clock:
    """Ends a process that works longer than it may, by its own processor time: on a busy machine a sound file is not to blame."""

    def __init__(self, process: "subprocess.Popen[bytes]", limit: float) -> None:
        self.late = False
        self._process = process
        self._limit = limit
        self._over = threading.Event()
        self._watching = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Self:
        self._watching.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._watching.join()

    def _watch(self) -> None:
        began = time.monotonic()
        with contextlib.suppress(psutil.NoSuchProcess):  # it ended by itself
            worker = psutil.Process(self._process.pid)
            before = _worked(worker)
            while not self._over.wait(LOOK):
                if _worked(worker) - before > self._limit or time.monotonic() - began > self._limit * BUSY:
                    self.late = True
                    self._process.kill()
                    return


def _worked(process: psutil.Process) -> float:
    """Seconds of processor time."""
    times = process.cpu_times()
    return float(times.user + times.system)


def _started(file: str) -> subprocess.Popen[bytes]:
    try:
        return subprocess.Popen(
            [sys.executable, "-m", __name__],
            cwd=Path(__file__).resolve().parents[1],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,  # libraries grumble at every damaged file; what matters comes as a reply
            start_new_session=True,  # Ctrl-C is for the parent, which ends this process by ending
        )
    except OSError as error:
        raise ReadError(f"{file} cannot be read: its reader does not start ({error.strerror})", "Free some memory.") from error


def _conversed(process: "subprocess.Popen[bytes]", request: Request, data: bytes) -> bytes:
    """The line that is the reply; empty where the process ends instead."""
    assert process.stdin
    assert process.stdout
    try:
        process.stdin.write(json.dumps(request).encode() + b"\n" + data)
        process.stdin.flush()
    except BrokenPipeError:
        return b""
    line = process.stdout.readline()
    return line if line.endswith(b"\n") else b""


def _end(status: int) -> str:
    return signal.Signals(-status).name if status < 0 else f"status {status}"


def _extract(values: list[object]) -> Extract:
    given = dict(zip(_NAMES, values, strict=True))
    pages = given.pop("pages")
    return Extract(**given, pages=tuple(pages) if isinstance(pages, list) else ())  # type: ignore[arg-type]


APART: Final = Apart()
atexit.register(APART.close)


# In the process


def _serve(source: IO[bytes], target: IO[bytes]) -> None:
    while line := source.readline():
        request: Request = json.loads(line)
        faulthandler.dump_traceback_later(request["clock"], exit=True)
        reply = _reply(request, source.read(request["size"]))
        target.write(reply + b"\n")
        target.flush()
        faulthandler.cancel_dump_traceback_later()


def _reply(request: Request, data: bytes) -> bytes:
    reply: Reply
    try:
        reader = _reader(*request["reader"])
        reply = {"extracts": [[getattr(found, name) for name in _NAMES] for found in reader(data, request["file"])]}
        return json.dumps(reply).encode()
    except ReadError as error:
        reply = {"error": (error.message, error.hint)}
    except ImportError as error:
        reply = {"error": (_missing(request, error), "Install what reads it: pip install 'footnote[formats]'.")}
    except MemoryError:
        reply = {"error": (f"{request['file']} needs more than {MEMORY // 1_000_000:,} MB of memory to be read", AGAIN), "full": True}
    except BaseException as error:  # noqa: BLE001 (whatever a library raises, a Rust panic among it, tells of damage)
        told = damaged(request["file"], str(error) or type(error).__name__)
        reply = {"error": (told.message, told.hint)}
    return json.dumps(reply).encode()


def _reader(module: str, function: str) -> Reader:
    reader: Reader = getattr(importlib.import_module(module), function)
    return reader


def _missing(request: Request, error: ImportError) -> str:
    return f"{request['file']} needs the library {request['library'] or error.name}"


def _limit_memory() -> None:
    if sys.platform == "win32":
        return
    import resource

    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with contextlib.suppress(OSError, ValueError):  # macOS knows the limit and refuses it
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))


def main() -> None:
    """Reads files from standard input until it ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _limit_memory()
    warnings.simplefilter("ignore")
    logging.disable()
    target = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints is no reply
    _serve(sys.stdin.buffer, target)


if __name__ == "__main__":
    main()

"""What a process costs, where the time of a sync goes, and the articles of a question set as files."""

import json
import os
import random
import subprocess
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, ParamSpec, TypeVar

import psutil

EVERY: Final = 0.02  # seconds between two looks at a process

P = ParamSpec("P")
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Cost:
    """Seconds that a process took and kept a core busy, and the most memory that it had, in MB."""

    seconds: float
    busy: float
    peak: float


def cost(command: Sequence[str]) -> Cost:
    """What a command costs that must end well; what it prints goes nowhere."""
    began, peak = time.perf_counter(), 0.0
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    while True:
        peak = max(peak, peak_of(process.pid))
        pid, status, usage = os.wait4(process.pid, os.WNOHANG)
        if pid:
            process.returncode = os.waitstatus_to_exitcode(status)  # nobody waits for it again
            break
        time.sleep(EVERY)
    seconds = time.perf_counter() - began
    if process.returncode:
        raise SystemExit(f"exit status {process.returncode}: {' '.join(command)}")
    return Cost(seconds, usage.ru_utime + usage.ru_stime, peak)


def peak_of(pid: int) -> float:
    """The most memory that a process has had, in MB, as Linux notes it; elsewhere what it has now."""
    try:
        status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
        return next((int(line.split()[1]) * 1024 / 1e6 for line in status.splitlines() if line.startswith("VmHWM:")), 0.0)
    except OSError:
        pass
    try:
        return float(psutil.Process(pid).memory_info().rss) / 1e6
    except psutil.Error:
        return 0.0


@dataclass
class Clock:
    """Seconds by what they were spent on; those of what is called from within count for that alone. For one thread."""

    spent: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))
    _on: list[str] = field(default_factory=list)
    _since: float = 0.0

    @contextmanager
    def on(self, name: str) -> Iterator[None]:
        self._turn()
        self._on.append(name)
        try:
            yield
        finally:
            self._turn()
            self._on.pop()

    def timed(self, name: str, function: Callable[P, R]) -> Callable[P, R]:
        def call(*arguments: P.args, **named: P.kwargs) -> R:
            with self.on(name):
                return function(*arguments, **named)

        return call

    def total(self, without: str = "") -> float:
        """Up to now."""
        self._turn()
        return sum(seconds for name, seconds in self.spent.items() if name != without)

    def _turn(self) -> None:
        now = time.perf_counter()
        if self._on:
            self.spent[self._on[-1]] += now - self._since
        self._since = now


def write_articles(corpus: Path, folder: Path, some: int = 0, seed: int = 0) -> int:
    """A Markdown file for each row of a collection, or for so many drawn by lot: lines of title and date, and below them the text. Returns
    how many."""
    rows = [json.loads(line) for line in corpus.read_text(encoding="utf-8").split("\n") if line.strip()]
    if some:
        rows = random.Random(seed).sample(rows, min(some, len(rows)))
    folder.mkdir(parents=True, exist_ok=True)
    for row in rows:
        head = "".join(f"{name}: {' '.join(str(row[name]).split())}\n" for name in ("title", "date") if row.get(name))
        (folder / f"{row['id']}.md").write_text(f"---\n{head}---\n\n{row['text']}\n", encoding="utf-8", errors="replace")
    return len(rows)


def size_of(path: Path) -> int:
    """Bytes of a file, or of all files of a folder."""
    return sum(one.stat().st_size for one in (path.rglob("*") if path.is_dir() else [path]) if one.is_file())

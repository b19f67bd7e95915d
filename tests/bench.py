"""The times of the docs, measured: `make bench`, or `python -m tests.bench [start|overhead|scoring]` for a part.

`start` times the server and the command line; `overhead` compares Footnote's answers with the bare model calls that they contain;
`scoring` times `footnote eval` over recorded replies. How well it answers is measured by `footnote eval` (`make gold`).
"""

import contextlib
import json
import resource
import statistics
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import psutil
from langchain_core.runnables import Runnable, RunnableGenerator

from qa.completions import Request
from qa.evaluation.box import case_row
from qa.evaluation.cases import read_cases
from qa.evaluation.text import jsonl
from qa.evaluation.types import Case
from qa.models import LanguageModel
from qa.service import QA
from qa.settings import Settings, data_folder
from tests.reports import report

FOOTNOTE = [sys.executable, "-m", "qa"]


def cases() -> tuple[Case, ...]:
    return read_cases(data_folder("seeds") / "questions.jsonl").cases


def start(home: Path) -> None:
    """First and second start of the server until it is ready, its memory, and the cost of --help."""
    for which in ("first", "second", "third"):
        seconds, memory = _serve(home)
        print(f"{which} start until ready {seconds:.1f} s, resident memory {memory / 2**30:.2f} GiB")
    costs = [_cpu([*FOOTNOTE, "--help"]) for _ in range(5)]
    print(f"footnote --help {statistics.median(costs):.2f} s of CPU (median of 5)")


def overhead(home: Path) -> None:
    """The part of an answer's time that is not spent waiting for the model."""
    opened = QA.open(Settings(home=home, model="embedded"))
    opened.wait()
    assert opened._library
    assert opened._model
    waited: list[float] = []
    qa = QA(opened._library, timed(opened._model, waited), Settings(home=home))
    shares = []
    for case in cases()[:12]:
        waited.clear()
        began = time.perf_counter()
        for _ in qa.ask(case.question, case.history):
            pass
        total = time.perf_counter() - began
        if waited:
            shares.append(total / sum(waited) - 1)
    opened.close()
    print(f"overhead around the bare model calls: median {statistics.median(shares):.2%}, worst {max(shares):.2%} of {len(shares)} answers")


def scoring(home: Path) -> None:
    """Time and memory of scoring and reporting 10,000 recorded replies, and the size of the page of 3,000 cases."""
    home.mkdir()
    for cases_, suffixes in ((10_000, (".html", ".md", ".jsonl")), (3_000, (".html",))):
        made = report(cases_)
        recorded, asked = home / "recorded.jsonl", home / "cases.jsonl"
        recorded.write_text("".join(f"{line}\n" for line in jsonl(made)), encoding="utf-8")
        asked.write_text("".join(json.dumps(case_row(one.case)) + "\n" for one in made.scored), encoding="utf-8")
        reports = [home / f"report{suffix}" for suffix in suffixes]
        named = [part for path in reports for part in ("--report", str(path))]
        command = [*FOOTNOTE, "eval", str(asked), "--home", str(home), "--replies", str(recorded), *named]
        seconds, peak = _watched(command)
        page = reports[0].stat().st_size / 1e6
        print(f"{cases_:,} replies scored and reported in {seconds:.1f} s, {peak:.0f} MB at most; page {page:.1f} MB")


def _watched(command: list[str]) -> tuple[float, float]:
    """Seconds that a command takes, and the most memory that it was seen to have, in MB."""
    began, peak = time.perf_counter(), 0
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    watched = psutil.Process(process.pid)
    while process.poll() is None:
        with contextlib.suppress(psutil.NoSuchProcess):
            peak = max(peak, watched.memory_info().rss)
        time.sleep(0.02)
    assert process.returncode == 0
    return time.perf_counter() - began, peak / 1e6


def timed(model: LanguageModel, waited: list[float]) -> LanguageModel:
    """The same model; the seconds that each wait for it took are added to `waited`."""

    def requesting(request: Request) -> Runnable[Any, Any]:
        inner = model.requesting(request)

        def stream(prompts: Iterator[Any]) -> Iterator[Any]:
            for prompt in prompts:
                chunks = inner.stream(prompt)
                while True:
                    began = time.perf_counter()
                    chunk = next(chunks, None)
                    waited.append(time.perf_counter() - began)
                    if chunk is None:
                        break
                    yield chunk

        return RunnableGenerator(stream)

    return replace(model, requesting=requesting)


def _serve(home: Path) -> tuple[float, int]:
    """Seconds from starting the server to /readyz 200, and its resident bytes with all its children."""
    began = time.perf_counter()
    process = subprocess.Popen(
        [*FOOTNOTE, "serve", "--home", str(home), "--model", "embedded", "--port", "7861"], stdout=subprocess.DEVNULL
    )
    try:
        while not _answers("http://127.0.0.1:7861/readyz"):
            if process.poll() is not None:
                raise SystemExit("the server ended by itself")
            time.sleep(0.02)
        seconds = time.perf_counter() - began
        _ask("http://127.0.0.1:7861/v1/ask", cases()[22].question)
        return seconds, _resident(psutil.Process(process.pid))
    finally:
        process.terminate()
        process.wait(20)


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2) as response:
            return bool(response.status == 200)
    except OSError:
        return False


def _ask(url: str, question: str) -> None:
    request = urllib.request.Request(url, json.dumps({"question": question}).encode(), {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=300) as response:
        response.read()


def _resident(process: psutil.Process) -> int:
    return int(sum(one.memory_info().rss for one in [process, *process.children(recursive=True)]))


def _cpu(command: list[str]) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


PARTS: dict[str, Callable[[Path], None]] = {"start": start, "overhead": overhead, "scoring": scoring}


def main() -> None:
    asked = sys.argv[1:] or list(PARTS)
    with TemporaryDirectory() as folder:
        for part in asked:
            print(f"== {part}")
            PARTS[part](Path(folder) / part)


if __name__ == "__main__":
    main()

"""The figures of the docs, measured: `make bench`, or `python -m tests.bench [start|gold|overhead]` for a part.

On 2 idle cores it takes about a quarter of an hour. `gold` asks every gold question of the embedded model; `start` times the server and
the command line; `overhead` compares Footnote's answers with the bare model calls that they contain.
"""

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
from qa.models import LanguageModel
from qa.service import QA
from qa.settings import Settings
from tests.gold import Outcome, cases, run

FOOTNOTE = [sys.executable, "-m", "qa"]


def gold(home: Path) -> None:
    """Every gold question: how many are right, how fast, at what cost."""
    qa = QA.open(Settings(home=home, model="embedded"))
    qa.wait()
    outcomes = []
    for outcome in run(qa, cases()):
        outcomes.append(outcome)
        _tell(outcome)
    memory = _resident(psutil.Process())
    qa.close()
    _summary(outcomes)
    print(f"resident memory of index and model   {memory / 2**30:.2f} GiB")


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


def _tell(outcome: Outcome) -> None:
    answer = outcome.answer
    mark = "right" if outcome.right else "WRONG"
    said = answer.answer if answer.answered else f"withheld: {answer.reason}"
    withdrawn = "".join(f" | withdrawn: {item.text} ({item.reason})" for item in answer.withdrawn)
    print(f"{outcome.case.id} {outcome.case.type:12} {mark} {answer.confidence:.2f} {answer.timing.total_ms / 1000:4.1f} s", end=" ")
    print(f"{outcome.case.question} -> {said}{withdrawn}", flush=True)


def _summary(outcomes: list[Outcome]) -> None:
    asked, refused = ([o for o in outcomes if o.case.answerable is known] for known in (True, False))
    given = [o for o in outcomes if o.answer.answered]
    called = [o for o in outcomes if o.answer.usage.prompt_tokens]
    print(f"answerable right                     {_share([o.right for o in asked])}")
    print(f"unanswerable withheld                {_share([o.right for o in refused])}")
    print(f"citations verbatim                   {_share([o.verbatim for o in given])}")
    print(f"answered sentences cited             {_share([o.cited for o in given])}")
    print(f"given answers wrong                  {_share([not o.right for o in given])}")
    print(f"evidence ready, ms                   {_spread([o.evidence_ms for o in outcomes if not o.case.history])}")
    print(f"question to finished answer, s       {_spread([o.answer.timing.total_ms / 1000 for o in called])}")
    print(f"prompt tokens of the first call      {_spread([float(o.answer.usage.prompt_tokens) for o in called])}")
    print(f"reply tokens                         {_spread([float(o.answer.usage.completion_tokens) for o in called])}")


def _share(marks: list[bool]) -> str:
    """`36 of 48 = 75% (61-85)`: with the Wilson 95% interval."""
    n, k, z = len(marks), sum(marks), 1.96
    if not n:
        return "none"
    middle, spread = (k / n + z * z / (2 * n)), z * ((k / n) * (1 - k / n) / n + z * z / (4 * n * n)) ** 0.5
    low, high = ((middle + sign * spread) / (1 + z * z / n) for sign in (-1, 1))
    return f"{k} of {n} = {k / n:.0%} ({low:.0%} to {high:.0%})"


def _spread(values: list[float]) -> str:
    ordered = sorted(values)
    return f"median {statistics.median(ordered):.1f}, 95th percentile {ordered[int(0.95 * (len(ordered) - 1))]:.1f}"


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


PARTS: dict[str, Callable[[Path], None]] = {"start": start, "gold": gold, "overhead": overhead}


def main() -> None:
    asked = sys.argv[1:] or list(PARTS)
    with TemporaryDirectory() as folder:
        for part in asked:
            print(f"== {part}")
            PARTS[part](Path(folder) / part)


if __name__ == "__main__":
    main()

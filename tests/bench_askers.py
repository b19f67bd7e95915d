"""Many who ask at once: `make bench-askers`. A served Footnote is asked by ASKERS at the same moment while `/healthz` is looked at.

Tells what became of each question, how long they took and waited, how quick `/healthz` was throughout, and the most memory that
Footnote and its engine took together.
"""

import argparse
import asyncio
import json
import os
import select
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import httpx
import psutil

from tests.processes import Server

EVERY: Final = 0.05  # seconds between two looks at /healthz
QUESTIONS: Final = Path(__file__).parent.parent / "seeds" / "questions.jsonl"


@dataclass(frozen=True)
class Crowd:
    """What came of many questions at once; times in seconds, memory in bytes, `health` in milliseconds."""

    outcomes: Counter[str]
    took: float
    waited: tuple[float, ...]
    health: tuple[float, ...]
    memory: int

    def told(self) -> str:
        outcomes = ", ".join(f"{count} {what}" for what, count in self.outcomes.most_common())
        waits = f"waited {statistics.median(self.waited):.1f} s (median), {max(self.waited):.1f} s (most)" if self.waited else ""
        p50, p99 = percentile(self.health, 50), percentile(self.health, 99)
        return (
            f"{outcomes}; all within {self.took:.1f} s; {waits}\n"
            f"/healthz, {len(self.health)} looks: {p50:.1f} ms (median), {p99:.1f} ms (p99), {max(self.health):.1f} ms (most)\n"
            f"most memory: {self.memory / 2**20:,.0f} MiB"
        )


def percentile(values: tuple[float, ...], share: int) -> float:
    return sorted(values)[min(len(values) - 1, len(values) * share // 100)]


async def crowd(url: str, pid: int, askers: int) -> Crowd:
    """`askers` questions at the same moment to the server at `url`, whose process is `pid`."""
    questions = [json.loads(line)["question"] for line in QUESTIONS.read_text(encoding="utf-8").splitlines()]
    looks = subprocess.Popen(
        [sys.executable, "-m", "tests.bench_askers", "--look-at", url], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    began = time.monotonic()
    over = asyncio.Event()
    watching = asyncio.create_task(_memory(psutil.Process(pid), over))
    try:
        limits = httpx.Limits(max_connections=askers)
        async with httpx.AsyncClient(base_url=url, timeout=3600, limits=limits, trust_env=False) as client:
            results = await asyncio.gather(*(_ask(client, questions[number % len(questions)]) for number in range(askers)))
        took = time.monotonic() - began
    finally:
        over.set()
        health, _ = await asyncio.to_thread(looks.communicate, "\n")
    waited = tuple(wait for _, wait in results if wait is not None)
    return Crowd(Counter(what for what, _ in results), took, waited, tuple(map(float, health.split())), await watching)


async def _ask(client: httpx.AsyncClient, question: str) -> tuple[str, float | None]:
    """What became of a question, and the seconds that it waited."""
    try:
        response = await client.post("/v1/ask", json={"question": question})
    except httpx.HTTPError as error:
        return f"broke with {type(error).__name__}", None
    if response.status_code == 503 and "retry-after" in response.headers:
        return "told to come again", None
    if response.is_error:
        return f"failed with {response.status_code}", None
    answer = response.json()
    return "answered" if answer["answered"] else "withheld", answer["timing"]["wait_ms"] / 1000


async def _memory(process: psutil.Process, over: asyncio.Event) -> int:
    """The most that the process and its children held together: proportional set sizes, so that what they share counts once."""
    most = 0
    while not over.is_set():
        most = max(most, sum(_held(one) for one in (process, *process.children(recursive=True))))
        await asyncio.sleep(1)
    return most


def _held(process: psutil.Process) -> int:
    try:
        return int(process.memory_full_info().pss)
    except psutil.NoSuchProcess:
        return 0


def look_at(url: str) -> None:
    """Prints the milliseconds that `/healthz` took, time and again, until there is a line of input. In a process of its own, so that the
    asking does not slow the looking."""
    with httpx.Client(base_url=url, timeout=60, trust_env=False) as client:
        while not select.select([sys.stdin], [], [], EVERY)[0]:
            began = time.perf_counter()
            client.get("/healthz").raise_for_status()
            print((time.perf_counter() - began) * 1000)


def main() -> None:
    parser = argparse.ArgumentParser(description="Many who ask at once.")
    parser.add_argument("--askers", type=int, default=100)
    parser.add_argument("--model", default="embedded:smollm2")
    parser.add_argument("--slots", type=int, default=1)
    parser.add_argument("--queue", type=int, default=100)
    parser.add_argument("--look-at", metavar="URL", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.look_at:
        look_at(chosen.look_at)
        return
    options = {"FOOTNOTE_MODEL": chosen.model, "FOOTNOTE_SLOTS": str(chosen.slots), "FOOTNOTE_QUEUE": str(chosen.queue)}
    with tempfile.TemporaryDirectory() as home:
        environment = {**os.environ, **options, "FOOTNOTE_HOME": home, "FOOTNOTE_PORT": "0"}
        server = Server(environment)
        try:
            server.wait("readyz")
            print(asyncio.run(crowd(server.url, server.process.pid, chosen.askers)).told())
        finally:
            server.end(signal.SIGTERM)


if __name__ == "__main__":
    main()

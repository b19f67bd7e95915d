"""`make chaos`: kill the process that indexes, at random moments of adding, changing, moving, deleting and embedding anew, and look after
each kill whether the index opens and answers, in the end whether it holds exactly what the folder holds.

The moments are drawn over an undisturbed run of the same kind: half of them evenly over its time, half over its phases, so that the short
ones (a transaction, a call of Chroma) have their share.
"""

import argparse
import itertools
import json
import multiprocessing
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any, Final

from tests.chaos_checks import Difference, difference
from tests.chaos_folder import Folder
from tests.chaos_worker import PHASES, Marker, look, made, work

STIRRED: Final = {"some changes": 0.05, "many changes": 0.8, "embedded anew": 0.02}
"""Kinds of runs, with how much is done to the folder before each: a share of the documents."""
AGAIN: Final = 0.2  # of those that open the index after a kill are killed too
DANGEROUS: Final = 4  # times as often a phase is chosen in which the catalog or Chroma is written
PATIENCE: Final = 300.0  # seconds that an undisturbed process may take
MISSED: Final = 20  # runs that may end before they are killed, for each that is
Timeline = list[tuple[float, str]]

_FORKS = multiprocessing.get_context("forkserver")


@dataclass
class Result:
    """What the kills came to."""

    kills: int = 0
    seconds: float = 0.0
    unopened: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    phases: Counter[str] = field(default_factory=Counter)
    kinds: Counter[str] = field(default_factory=Counter)
    opened: int = 0
    missed: int = 0
    documents: int = 0
    left: Difference = field(default_factory=Difference)

    @property
    def good(self) -> bool:
        return not (self.unopened or self.failed or self.left.lost or self.left.doubled or self.left.wrong)

    def lines(self) -> list[str]:
        shares = [f"  {phase:<24}{self.phases[phase]:>5}" for phase in PHASES if self.phases[phase]]
        kinds = [f"  {kind:<24}{number:>5}" for kind, number in sorted(self.kinds.items())]
        told = [*self.unopened, *self.failed, *self.left.lost, *self.left.doubled, *self.left.wrong]
        return [
            f"{self.kills} kills in {self.seconds:.0f} s, {self.missed} runs ended before; {self.documents} documents in the end",
            *("killed in phase", *shares, "killed in a run of", *kinds),
            f"opened afterwards {self.opened:>10}",
            f"unable to open    {len(self.unopened):>10}",
            f"failed syncs      {len(self.failed):>10}",
            *(f"{name:<18}{len(found):>10}" for name, found in vars(self.left).items()),
            *told[:20],
        ]


class Chaos:
    """One folder, one index, and processes that are killed."""

    def __init__(self, top: Path, documents: int, seed: int, embedder: str = "") -> None:
        self.folder = Folder(top / "docs", documents, seed)
        self.home = top / "home"
        self.result = Result()
        self._top = top
        self._real = embedder
        self._random = Random(seed)
        self._times: dict[str, Timeline] = {}
        self._embedders = 0
        self._embedder = embedder or "hash-0:16"
        self._place = top / "phase"
        self._marker = Marker(self._place)

    def run(self, kills: int) -> Result:
        began = time.monotonic()
        self._measure()
        while self.result.kills < kills and self.result.missed < MISSED * kills:
            self._once(self._random.choice(list(STIRRED)))
            self._tell(f"{self.result.kills} of {kills} kills")
        self._undisturbed(work, self.home, self.folder.path, self._embedder, self._place)
        self._look()  # a process that only syncs leaves a few changes of Chroma to one that searches
        texts, embedder = self.folder.texts(), made(self._embedder)
        self.result.documents = len(texts)
        self.result.left = difference(self.home, self.folder.path, texts, embedder, self._top / "fresh")
        self.result.seconds = time.monotonic() - began
        return self.result

    def _tell(self, line: str) -> None:
        """Show how far it is, where somebody looks on."""
        if sys.stderr.isatty():
            print(f"\r{line}", end="", file=sys.stderr, flush=True)

    def _measure(self) -> None:
        """How long an undisturbed run of each kind takes, and its phases; on an index that is not the one that counts."""
        trial = self._top / "trial"
        self._undisturbed(work, trial, self.folder.path, self._embedder, self._place)
        for kind in STIRRED:
            self._prepare(kind)
            self._times[kind] = self._undisturbed(work, trial, self.folder.path, self._embedder, self._place)
        (trial / "chroma").rename(self._top / "elsewhere")  # so that opening builds it anew, as it does after many a kill
        self._times["opening"] = self._undisturbed(look, trial, self._embedder, self._place, self.folder.word())

    def _prepare(self, kind: str) -> None:
        self.folder.stir(int(STIRRED[kind] * len(self.folder)))
        if kind == "embedded anew":
            self._embedders += 1
            quick = f"hash-{self._embedders}:{16 + 8 * (self._embedders % 3)}"
            alike = f"{quick}:{self._real}" if self._real else quick
            self._embedder = self._real if self._real and self._embedders % 2 == 0 else alike

    def _once(self, kind: str) -> None:
        """A run that is killed, or ends before; then the index is opened by another process, which may be killed too."""
        self._prepare(kind)
        process = self._start(work, self.home, self.folder.path, self._embedder, self._place)
        self._kill(process, kind, changes=self._random.random() < 0.5)
        while self._random.random() < AGAIN:
            process = self._start(look, self.home, self._embedder, self._place, self.folder.word())
            self._kill(process, "opening", changes=False)
        self._look()

    def _look(self) -> None:
        process = self._start(look, self.home, self._embedder, self._place, self.folder.word())
        process.join(PATIENCE)
        if process.exitcode == 0:
            self.result.opened += 1
        else:
            self.result.unopened.append(f"after kill {self.result.kills}: exit status {process.exitcode} while {self._marker.phase}")

    def _kill(self, process: Any, kind: str, changes: bool) -> None:
        moment, phase, more = self._moment(kind)
        began = time.monotonic()
        self._wait(process, lambda: time.monotonic() - began >= moment, changes)
        if phase:
            self._wait(process, lambda: self._marker.phase == phase)
            reached = time.monotonic()
            self._wait(process, lambda: time.monotonic() - reached >= more)
        process.kill()
        process.join()
        if process.exitcode == -9:
            self.result.kills += 1
            self.result.kinds[kind] += 1
            self.result.phases[self._marker.phase] += 1
        elif process.exitcode == 0:
            self.result.missed += 1
        else:
            self.result.failed.append(f"{kind}: exit status {process.exitcode} while {self._marker.phase}")

    def _moment(self, kind: str) -> tuple[float, str, float]:
        """Seconds after the start, then a phase to wait for, then seconds more."""
        line = self._times[kind]
        if self._random.random() < 0.5:
            return self._random.uniform(0.0, line[-1][0]), "", 0.0
        phases = sorted({name for _, name in line[:-1]})
        phase = self._random.choices(phases, [DANGEROUS if ":" in name else 1 for name in phases])[0]
        lasting = [(start, end - start) for (start, name), (end, _) in itertools.pairwise(line) if name == phase]
        start, length = self._random.choice(lasting)
        return start * self._random.uniform(0.5, 1.0), phase, self._random.uniform(0.0, length)

    def _wait(self, process: Any, over: Callable[[], bool], changes: bool = False) -> None:
        """Until that is so or the process has ended, with a change in the folder now and then."""
        while not over() and process.is_alive():
            if changes and self._random.random() < 0.02:
                self.folder.stir(1)
            time.sleep(0.0005)

    def _undisturbed(self, task: Callable[..., None], *arguments: object) -> Timeline:
        process = self._start(task, *arguments)
        process.join(PATIENCE)
        assert process.exitcode == 0, f"exit status {process.exitcode} while {self._marker.phase}"
        return [(moment, phase) for moment, phase in json.loads(self._place.with_suffix(".json").read_text(encoding="utf-8"))]

    def _start(self, task: Callable[..., None], *arguments: object) -> Any:
        self._marker.reset()
        process = _FORKS.Process(target=task, args=arguments)
        process.start()
        return process


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=(__doc__ or "").partition("\n\n")[0])
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--documents", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--embedder", default="", help="'embedded' has half of the runs use the real one, which is slower")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        result = Chaos(Path(name).resolve(), given.documents, given.seed, given.embedder).run(given.kills)
    print(*result.lines(), sep="\n", flush=True)
    return 0 if result.good else 1


_FORKS.set_forkserver_preload(["tests.chaos_worker"])  # what takes seconds to import is imported once

if __name__ == "__main__":
    sys.exit(main())

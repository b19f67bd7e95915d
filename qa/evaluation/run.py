"""Running cases: those not in the cache are asked, by one worker or several, and each reply is kept as soon as it is there."""

import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from typing import Final

from qa.errors import FootnoteError
from qa.evaluation.cache import Cache
from qa.evaluation.types import Case, Reply
from qa.types import Fingerprint, Progress

Ask = Callable[[Case], tuple[Reply, tuple[str, ...] | None]]
"""Asks a case: its reply, and the names of the prompts that were used; None for a reply that is not to be kept."""

AHEAD: Final = 2  # cases handed out per worker, so that none waits and little is lost


class StoppedError(FootnoteError):
    """A run that could not go on; the replies it had are kept."""


@dataclass(slots=True)
class Pace:
    """Tells the progress of a run, with the minutes left at the pace so far."""

    progress: Progress
    total: int
    done: int = 0
    began: float = field(default_factory=time.monotonic)

    def tell(self) -> None:
        left = (time.monotonic() - self.began) / self.done * (self.total - self.done) if self.done else None
        about = "" if left is None else f", about {left / 60:.0f} min left" if left >= 90 else f", about {left:.0f} s left"
        self.progress(f"asking{about}", self.done, self.total)


def run(
    cases: Sequence[Case], ask: Ask, cache: Cache, fingerprint: Fingerprint, progress: Progress, *, workers: int = 1
) -> dict[str, Reply]:
    """The replies by case id; those of the cache are not asked again.

    Raises StoppedError for whatever FootnoteError ends the run; what was had until then is in the cache.
    """
    had = {case.id: reply for case in cases if (reply := cache.find(case, fingerprint))}
    left = [case for case in cases if case.id not in had]
    pace = Pace(progress, len(left))
    pace.tell()

    def kept(case: Case) -> Reply:
        reply, used = ask(case)
        if used is not None:
            cache.add(case, fingerprint, used, reply)
        return reply

    try:
        for case, reply in _each(left, kept, workers):
            had[case.id] = reply
            pace.done += 1
            pace.tell()
    except FootnoteError as error:
        raise StoppedError(
            f"Stopped after {len(had)} of {len(cases)} cases: {error.message.rstrip('.')}",
            f"{error.hint} The {len(had)} replies are kept; the same command goes on from there.",
        ) from error
    return {case.id: had[case.id] for case in cases}


def _each(cases: Sequence[Case], ask: Callable[[Case], Reply], workers: int) -> Iterable[tuple[Case, Reply]]:
    """Each case with its reply as they come. With one worker in this thread, so that an interrupt is heard at once."""
    if workers == 1:
        yield from ((case, ask(case)) for case in cases)
        return
    waiting = iter(cases)
    under_way: dict[Future[Reply], Case] = {}
    pool = ThreadPoolExecutor(workers)
    try:
        while True:
            for case in waiting:
                under_way[pool.submit(ask, case)] = case
                if len(under_way) >= AHEAD * workers:
                    break
            if not under_way:
                return
            for future in wait(under_way, return_when=FIRST_COMPLETED).done:
                yield under_way.pop(future), future.result()
    finally:
        pool.shutdown(wait=False, cancel_futures=True)

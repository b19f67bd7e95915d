"""Running cases: what was had is not asked again, what fails stops the run and loses nothing."""

import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from qa.errors import EngineUnreachableError
from qa.evaluation.cache import Cache
from qa.evaluation.record import _unasked
from qa.evaluation.run import StoppedError, run
from qa.evaluation.types import Case, Reply
from qa.types import Fingerprint, ignore

CASES = [Case(str(number), f"Question {number}?", True, answers=("x",)) for number in range(12)]
FINGERPRINT = Fingerprint("m", "i", "c", "s", (("answer", "1"),))


def asker(asked: list[str], fail_at: int | None = None) -> Callable[[Case], tuple[Reply, tuple[str, ...]]]:
    def ask(case: Case) -> tuple[Reply, tuple[str, ...]]:
        if fail_at is not None and len(asked) == fail_at:
            raise EngineUnreachableError("Nobody answers.", "Start the server.")
        asked.append(case.id)
        return _unasked(case, "", "m"), ("answer",)

    return ask


@pytest.mark.parametrize("workers", [1, 3])
def test_each_case_is_asked_once_and_never_again(tmp_path: Path, workers: int) -> None:
    asked: list[str] = []
    steps: list[tuple[str, int, int]] = []
    for _ in range(2):
        replies = run(CASES, asker(asked), Cache(tmp_path / "r"), FINGERPRINT, lambda *step: steps.append(step), workers=workers)
        assert list(replies) == [case.id for case in CASES]
    assert sorted(asked) == sorted(case.id for case in CASES)
    assert steps[0] == ("asking", 0, 12)
    assert steps[12][1:] == (12, 12)
    assert steps[-1] == ("asking", 0, 0)


@pytest.mark.parametrize("workers", [1, 3])
def test_a_failing_engine_stops_the_run_and_loses_nothing(tmp_path: Path, workers: int) -> None:
    asked: list[str] = []
    with pytest.raises(StoppedError) as caught:
        run(CASES, asker(asked, fail_at=5), Cache(tmp_path / "r"), FINGERPRINT, ignore, workers=workers)
    assert "of 12 cases: Nobody answers." in caught.value.line()
    assert "Start the server." in caught.value.hint
    time.sleep(0.1)  # replies under way are still kept
    assert len(run(CASES, asker(asked), Cache(tmp_path / "r"), FINGERPRINT, ignore)) == 12
    assert len(asked) == len(set(asked)) == 12


def test_an_interrupt_is_not_swallowed_and_loses_nothing(tmp_path: Path) -> None:
    asked: list[str] = []

    def interrupted(label: str, done: int, total: int) -> None:
        if done == 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(CASES, asker(asked), Cache(tmp_path / "r"), FINGERPRINT, interrupted)
    run(CASES, asker(asked), Cache(tmp_path / "r"), FINGERPRINT, ignore)
    assert len(asked) == 12


def test_several_workers_ask_at_once(tmp_path: Path) -> None:
    meeting = threading.Barrier(3, timeout=10)

    def ask(case: Case) -> tuple[Reply, tuple[str, ...]]:
        meeting.wait()
        return _unasked(case, "", "m"), ()

    assert len(run(CASES, ask, Cache(tmp_path / "r"), FINGERPRINT, ignore, workers=3)) == 12


def test_a_case_that_failed_is_told_and_asked_again_next_time(tmp_path: Path) -> None:
    asked: list[str] = []

    def ask(case: Case) -> tuple[Reply, tuple[str, ...] | None]:
        asked.append(case.id)
        return _unasked(case, "The reply was cut", "m"), None if case.id == "3" else ("answer",)

    for _ in range(2):
        assert run(CASES, ask, Cache(tmp_path / "r"), FINGERPRINT, ignore)["3"].reason == "The reply was cut"
    assert asked == [*(case.id for case in CASES), "3"]

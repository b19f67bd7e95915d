"""How an exchange grows with its events, and the asking on a real event loop."""

import asyncio
import logging
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import aclosing

import pytest

from qa.errors import EngineUnreachableError, NotReadyError
from qa.types import Answer, Done, Event, Found, Revised, Timing, Token, Turn, Usage, Waiting
from ui.exchange import Asking, Exchange, Failure, Stopped, advance, turns

FOUND = Found("Q", (), ())


def done(answered: bool = True, text: str = "A.") -> Done:
    return Done(Answer("a1", "Q", "Q", answered, text, 0.9, None, (), (), (), (), "m", Usage(), Timing()))


def after(*news: Event | Stopped | Exception) -> Exchange:
    exchange = Exchange("Q")
    for item in news:
        exchange = advance(exchange, item)
    return exchange


class Model:
    """Stands in for what answers: gives the events that `script` yields, and knows when it was closed."""

    def __init__(self, script: Callable[[], Iterator[Event]], refusal: Exception | None = None) -> None:
        self.script, self.refusal = script, refusal
        self.closed = threading.Event()
        self.histories: list[Sequence[Turn]] = []

    def ask(self, question: str, history: Sequence[Turn] = (), asker: str = "") -> Iterator[Event]:
        self.histories.append(history)
        if self.refusal:
            raise self.refusal
        return self._events()

    def _events(self) -> Iterator[Event]:
        try:
            yield from self.script()
        finally:
            self.closed.set()


async def states(asking: Asking) -> list[Exchange]:
    return [state async for state in asking.states()]


def test_tokens_are_unchecked_until_the_text_is_revised() -> None:
    writing = after(FOUND, Token("It "), Token("was"))
    assert (writing.phase, writing.found, writing.checked, writing.unchecked) == ("writing", FOUND, "", "It was")
    revised = advance(writing, Revised("It was [1]."))
    assert (revised.checked, revised.unchecked) == ("It was [1].", "")
    assert advance(revised, Token("More")).unchecked == "More"


@pytest.mark.parametrize(("answered", "phase"), [(True, "answered"), (False, "withheld")])
def test_done_ends_it(answered: bool, phase: str) -> None:
    exchange = after(FOUND, Token("It"), done(answered))
    assert exchange.over
    assert exchange.phase == phase
    assert exchange.unchecked == ""


def test_the_place_in_line_is_shown_until_it_is_found() -> None:
    waiting = after(Waiting(2))
    assert (waiting.phase, waiting.place, waiting.over) == ("waiting", 2, False)
    assert advance(waiting, Waiting(1)).place == 1
    assert after(Waiting(1), FOUND).phase == "writing"
    assert after(Waiting(1), Stopped()).over


def test_what_comes_after_the_end_is_ignored() -> None:
    stopped = after(FOUND, Token("It"), Stopped())
    assert stopped.phase == "stopped"
    assert advance(stopped, done()) is stopped


def test_an_error_is_told_with_its_hint_and_an_unknown_one_goes_to_the_log(caplog: pytest.LogCaptureFixture) -> None:
    assert after(EngineUnreachableError("Nobody answers", "Start it.")).failure == Failure("Nobody answers", "Start it.")
    with caplog.at_level(logging.ERROR):
        failure = after(RuntimeError("a secret")).failure
    assert failure is not None
    assert "secret" not in failure.message + failure.hint
    assert "a secret" in caplog.text


def test_only_finished_exchanges_go_with_a_follow_up_and_only_the_last() -> None:
    past = [after(done(text=f"A{number}.")) for number in range(5)] + [after(Stopped()), after(RuntimeError())]
    assert turns(past) == tuple(turn for n in (2, 3, 4) for turn in (Turn("user", "Q"), Turn("assistant", f"A{n}.")))


def test_a_question_goes_from_its_evidence_to_its_answer() -> None:
    history = (Turn("user", "Before?"), Turn("assistant", "Yes."))

    def script() -> Iterator[Event]:
        yield from (FOUND, Token("A"))
        time.sleep(0.3)  # long enough for a reader to look
        yield from (Revised("A."), done())

    model = Model(script)
    seen = asyncio.run(states(Asking(model, "Q", history)))
    assert [(state.phase, state.checked + state.unchecked) for state in seen] == [
        ("writing", ""), ("writing", "A"), ("writing", "A."), ("answered", "A."),
    ]  # fmt: skip
    assert model.histories == [history]


def test_a_search_that_takes_long_is_seen() -> None:
    def script() -> Iterator[Event]:
        time.sleep(0.3)
        yield from (FOUND, done())

    seen = asyncio.run(states(Asking(Model(script), "Q", ())))
    assert [state.phase for state in seen] == ["searching", "writing", "answered"]


def test_many_tokens_cost_few_states() -> None:
    def script() -> Iterator[Event]:
        yield FOUND
        yield from (Token("x") for _ in range(5000))
        yield done()

    seen = asyncio.run(states(Asking(Model(script), "Q", ())))
    assert len(seen) < 500
    assert seen[-1].phase == "answered"


def test_a_refused_question_is_one_failed_state() -> None:
    (only,) = asyncio.run(states(Asking(Model(lambda: iter(()), NotReadyError("Still loading", "Wait.")), "Q", ())))
    assert only.failure == Failure("Still loading", "Wait.")


def test_events_that_end_without_an_answer_are_a_failure() -> None:
    last = asyncio.run(states(Asking(Model(lambda: iter((FOUND, Token("A")))), "Q", ())))[-1]
    assert (last.phase, last.unchecked) == ("failed", "A")


def test_stop_is_seen_at_once_and_closes_the_events_as_soon_as_the_model_gives_way() -> None:
    gate = threading.Event()

    def script() -> Iterator[Event]:
        yield FOUND
        gate.wait(10)
        yield Token("late")
        yield done()

    model = Model(script)

    async def stop_when_found() -> tuple[Exchange, float]:
        asking = Asking(model, "Q", ())
        async for state in asking.states():
            if state.found and not state.over:
                started = time.monotonic()
                asking.stop()
        return state, time.monotonic() - started

    last, seconds = asyncio.run(stop_when_found())
    assert last.phase == "stopped"
    assert seconds < 1
    assert not model.closed.is_set()
    gate.set()
    assert model.closed.wait(30)


def test_leaving_closes_the_events() -> None:
    def script() -> Iterator[Event]:
        yield FOUND
        while True:
            time.sleep(0.01)
            yield Token("on and on ")

    model = Model(script)

    async def leave() -> None:
        async with aclosing(Asking(model, "Q", ()).states()) as growing:
            async for state in growing:
                if state.unchecked:
                    return

    asyncio.run(leave())
    assert model.closed.wait(30)

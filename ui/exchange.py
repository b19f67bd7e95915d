"""One question and what has come of it so far, as the page shows it; and the asking, off the event loop."""

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncGenerator, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, Literal, Protocol

from qa.errors import FootnoteError
from qa.relay import Relay
from qa.types import Answer, Done, Event, Found, Revised, Token, Turn, Waiting

logger = logging.getLogger(__name__)

REMEMBERED: Final = 3  # earlier exchanges that go with a follow-up question
GLANCE: Final = 0.1  # seconds; what is found sooner is shown at once with the question, which spares the browser an update
SILENCE: Final = 5.0  # seconds after which the page is written again unchanged: only so is a reader missed who has gone
FRAME: Final = 0.04  # seconds between two looks of a reader at the text being written


class Asks(Protocol):
    """The part of `QA` that answers."""

    def ask(self, question: str, history: Sequence[Turn] = (), asker: str = "") -> Iterator[Event]: ...


@dataclass(frozen=True, slots=True)
class Failure:
    """Why there is no answer, and what to do about it."""

    message: str
    hint: str


@dataclass(frozen=True, slots=True)
class Exchange:
    """A question and its reply. `checked` is text that was let through, `unchecked` what the model wrote since."""

    question: str
    phase: Literal["waiting", "searching", "writing", "answered", "withheld", "stopped", "failed"] = "searching"
    found: Found | None = None
    checked: str = ""
    unchecked: str = ""
    answer: Answer | None = None
    failure: Failure | None = None
    place: int = 0  # in line, while waiting

    @property
    def over(self) -> bool:
        return self.phase not in ("waiting", "searching", "writing")


class Stopped:
    """In place of an event: the reader wants no more."""


def advance(exchange: Exchange, news: Event | Stopped | Exception) -> Exchange:
    """The exchange after one more event. What comes after its end is ignored."""
    if exchange.over:
        return exchange
    match news:
        case Waiting(place):
            after = replace(exchange, phase="waiting", place=place)
        case Found():
            after = replace(exchange, phase="writing", found=news)
        case Token():
            after = replace(exchange, phase="writing", unchecked=exchange.unchecked + news.text)
        case Revised():
            after = replace(exchange, phase="writing", checked=news.text, unchecked="")
        case Done():
            after = replace(exchange, phase="answered" if news.answer.answered else "withheld", answer=news.answer, unchecked="")
        case Stopped():
            after = replace(exchange, phase="stopped")
        case _:
            after = replace(exchange, phase="failed", failure=failure(news))
    return after


def failure(error: Exception) -> Failure:
    """What the reader is told of an error: never its traceback, which goes to the log."""
    if isinstance(error, FootnoteError):
        return Failure(error.message, error.hint)
    logger.error("An answer failed", exc_info=error)
    return Failure("Something went wrong inside Footnote", "The log of the server tells what; ask again, or report it.")


def turns(exchanges: Sequence[Exchange]) -> tuple[Turn, ...]:
    """The last answered or withheld exchanges as history for a follow-up question, oldest first."""
    answers = [(exchange.question, exchange.answer.answer) for exchange in exchanges if exchange.answer]
    return tuple(turn for asked, told in answers[-REMEMBERED:] for turn in (Turn("user", asked), Turn("assistant", told)))


class Asking:
    """A question on its way: iterate over `states` for the exchange as it grows; `stop` ends it.

    Leaving the iteration early (the reader stops, or closes the page) closes the iterator of `qa.ask`, which stops the model.
    """

    def __init__(self, qa: Asks, question: str, history: Sequence[Turn], asker: str = "") -> None:
        self._qa = qa
        self._history = history
        self._asker = asker
        self._exchange = Exchange(question)
        self._stopped = asyncio.Event()

    def stop(self) -> None:
        """Ends the exchange as stopped. To be called on the event loop."""
        self._stopped.set()

    async def states(self) -> AsyncGenerator[Exchange, None]:
        """The exchange whenever there is something new to see; the last one is over.

        Raises nothing, as errors become a failed exchange. A fast model costs one state per `FRAME`, not one per token.
        """
        try:
            relay = Relay(await asyncio.to_thread(self._qa.ask, self._exchange.question, self._history, self._asker))
        except Exception as error:  # noqa: BLE001 - told to the reader, or logged
            yield advance(self._exchange, error)
            return
        shown, patience = 0.0, GLANCE
        with contextlib.closing(relay), contextlib.closing(Inbox(relay, self._stopped)) as inbox:
            while not self._exchange.over:
                news = await inbox.next(patience)
                self._exchange = advance(self._exchange, news) if news else self._exchange
                unseen = isinstance(news, Token) and time.monotonic() - shown < FRAME
                patience = FRAME if unseen else SILENCE
                if not unseen:
                    shown = time.monotonic()
                    yield self._exchange


class Inbox:
    """What comes next from a relay, or that the reader has stopped."""

    def __init__(self, relay: Relay, stopped: asyncio.Event) -> None:
        self._relay = relay
        self._stopped = asyncio.ensure_future(stopped.wait())
        self._event = asyncio.ensure_future(relay.first())

    async def next(self, patience: float) -> Event | Stopped | Exception | None:
        """The next event, or what came instead of it; None after `patience` seconds without any."""
        await asyncio.wait((self._event, self._stopped), timeout=patience, return_when=asyncio.FIRST_COMPLETED)
        if self._stopped.done():
            return Stopped()
        if not self._event.done():
            return None
        event, self._event = self._event, asyncio.ensure_future(self._relay.first())
        try:
            return event.result()
        except Exception as error:  # noqa: BLE001 - told to the reader, or logged
            return error

    def close(self) -> None:
        self._event.cancel()
        self._stopped.cancel()


@dataclass
class Conversation:
    """What one browser tab has asked: lives on the server as long as the tab."""

    past: list[Exchange] = field(default_factory=list)
    asking: Asking | None = None

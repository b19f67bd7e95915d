"""Events from a model that blocks, on an event loop that must not; and the news that the client has gone."""

import asyncio
import contextlib
import threading
from collections.abc import Coroutine, Generator, Iterator
from typing import Final, TypeVar

from starlette.types import Receive

from qa.errors import ReplyCutError
from qa.types import Event

T = TypeVar("T")
SILENCE: Final = 15.0  # seconds after which a waiting reader is told that there is nothing yet


class Relay:
    """Reads `events` in a thread of its own, a daemon, so that a slow model holds up neither the event loop nor the end of the process.

    Close it: the iterator is then closed as soon as it gives way, which stops the model.
    """

    def __init__(self, events: Iterator[Event]) -> None:
        self._events = events
        self._loop = asyncio.get_running_loop()
        self._inbox: asyncio.Queue[Event | Exception] = asyncio.Queue()
        self._closed = threading.Event()
        threading.Thread(target=self._read, name="relay", daemon=True).start()

    async def next(self) -> Event | None:
        """The next event; None when there was none for SILENCE seconds.

        Raises what reading the events raised, and ReplyCutError once they are over: who has seen Done asks no further.
        """
        try:
            news = await asyncio.wait_for(self._inbox.get(), SILENCE)
        except TimeoutError:
            return None
        if isinstance(news, Exception):
            raise news
        return news

    async def first(self) -> Event:
        """The first event, however long it takes."""
        while (event := await self.next()) is None:
            pass
        return event

    def close(self) -> None:
        self._closed.set()

    def _read(self) -> None:
        try:
            with contextlib.ExitStack() as stack:
                if isinstance(self._events, Generator):
                    stack.enter_context(contextlib.closing(self._events))
                for event in self._events:
                    if self._closed.is_set():
                        return
                    self._tell(event)
            self._tell(ReplyCutError("The answer ended before it was done", "Ask again."))
        except Exception as error:  # noqa: BLE001 - raised again by `next`
            self._tell(error)

    def _tell(self, news: Event | Exception) -> None:
        with contextlib.suppress(RuntimeError):  # the loop has been closed: the server is ending, nobody listens
            self._loop.call_soon_threadsafe(self._inbox.put_nowait, news)


async def unless_gone(receive: Receive, work: Coroutine[None, None, T]) -> T | None:
    """The result of `work`; None, with the work cancelled, when the client goes first."""
    working, gone = asyncio.ensure_future(work), asyncio.ensure_future(_gone(receive))
    try:
        await asyncio.wait((working, gone), return_when=asyncio.FIRST_COMPLETED)
        return working.result() if working.done() else None
    finally:
        working.cancel()
        gone.cancel()
        await asyncio.wait((working, gone))


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass

"""The server: the endpoint at once, the page beside it when Gradio is there, and an end within two seconds."""

import asyncio
import logging
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from types import FrameType
from typing import TYPE_CHECKING, Final

import uvicorn
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from qa.api import bare_app, create_app
from qa.errors import FootnoteError, NotFoundError
from qa.guard import refuse
from qa.settings import Settings
from ui.app import mount

if TYPE_CHECKING:
    from qa.service import QA

logger = logging.getLogger(__name__)

SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)
GRACE: Final = 1  # seconds that answers under way have to end, once the engine is closed
DEADLINE: Final = 1.6  # seconds from the signal to the end, where closing takes no longer
INTERRUPTED: Final = 130


class Server(uvicorn.Server):
    """Uvicorn, with signals that close the engine at once: who waits for an answer is told, and nothing holds up the end."""

    def __init__(self, qa: "QA", settings: Settings) -> None:
        super().__init__(uvicorn.Config(site(qa, settings), access_log=False, log_config=None, timeout_graceful_shutdown=GRACE))
        self.interrupted = False
        self._qa = qa

    def live(self, listener: socket.socket, started: Callable[[], None]) -> None:
        """Serves on `listener` until a signal comes; calls `started` once requests are answered."""
        asyncio.run(self._live(listener, started))

    async def _live(self, listener: socket.socket, started: Callable[[], None]) -> None:
        serving = asyncio.create_task(self.serve(sockets=[listener]))
        while not self.started and not serving.done():
            await asyncio.sleep(0.01)
        started()
        watching = asyncio.create_task(self._watch())
        await serving
        watching.cancel()

    async def _watch(self) -> None:
        """Logs why index or model cannot be had; the endpoint and the page tell it too, but who starts a server looks here."""
        while any(stage.state in ("waiting", "working") for stage in self._qa.status().stages):
            await asyncio.sleep(0.2)
        for stage in self._qa.status().stages:
            if stage.state == "failed":
                logger.error("%s", stage.detail)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Uvicorn would raise the signals again in the end; but who was told to stop, and did, has not failed."""
        before = {number: signal.signal(number, self.handle_exit) for number in SIGNALS}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        super().handle_exit(sig, frame)
        self.interrupted = sig == signal.SIGINT
        logging.disable()  # what is cut off now is cut off on purpose
        threading.Thread(target=self._end, daemon=True).start()

    def _end(self) -> None:
        """Closes what must be closed; then whatever still holds up the process (an import, a thread of a library) is left behind."""
        began = time.monotonic()
        self._qa.close()
        time.sleep(max(0.1, DEADLINE - (time.monotonic() - began)))
        sys.stdout.flush()
        os._exit(INTERRUPTED if self.interrupted else 0)


def site(qa: "QA", settings: Settings) -> ASGIApp:
    """The endpoint, and the page wherever the endpoint knows no route."""
    app = create_app(qa, settings)
    page = mount(bare_app(), qa)

    @asynccontextmanager
    async def with_page(_: object) -> AsyncIterator[None]:
        async with page.router.lifespan_context(page):
            yield

    app.router.default = Beside(page)
    app.router.lifespan_context = with_page
    return app


class Beside:
    """The page, as an ASGI application: what it does not know either is answered in the endpoint's form."""

    def __init__(self, page: ASGIApp) -> None:
        self._page = page

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"].startswith("/v1/"):
            raise HTTPException(404)
        await self._page(scope, receive, _ours(scope, send))


def _ours(scope: Scope, send: Send) -> Send:
    """A `send` that puts the endpoint's own errors in the place of the page's 404 and 405."""
    replaced = False

    async def sending(message: Message) -> None:
        nonlocal replaced
        if message["type"] == "http.response.start" and message["status"] in (404, 405):
            replaced = True
            await refuse(_unknown(scope), send)
        elif not replaced:
            await send(message)

    return sending


def _unknown(scope: Scope) -> FootnoteError:
    return NotFoundError(f"There is nothing at {scope['path']} for {scope['method']}", "See /docs for what there is.")

"""The page beside the HTTP endpoint, in one process: at `/`, behind the endpoint's own routes, with the headers that keep it at home."""

import asyncio
import contextlib
import logging
import threading
from collections.abc import AsyncIterator, Callable, Mapping
from concurrent.futures import Future
from typing import TYPE_CHECKING, TypeVar

from starlette.datastructures import MutableHeaders
from starlette.responses import HTMLResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ui import render

if TYPE_CHECKING:
    from fastapi import FastAPI

    from qa.service import QA

T = TypeVar("T")
logger = logging.getLogger(__name__)

# Gradio runs inline scripts and compiles its templates, so scripts cannot be narrowed further.
# But nothing may be fetched from, or sent to, anywhere else.
POLICY = "; ".join(
    (
        "default-src 'self'",
        "script-src 'self' 'unsafe-inline' 'unsafe-eval'",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data: blob:",
        "font-src 'self' data:",
        "connect-src 'self'",
        "form-action 'self'",
        "object-src 'none'",
        "base-uri 'self'",
        "frame-ancestors 'none'",
    )
)
HEADERS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
}


class SafeHeaders:
    """Adds `HEADERS` to every response that does not bring its own. (A plain ASGI middleware: streams pass through it untouched.)"""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        await self.app(scope, receive, send_with_headers if scope["type"] == "http" else send)


STARTING = """<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark"><meta http-equiv="refresh" content="1"><title>Footnote</title>
<style>body {{ font: 1rem/1.5 "Segoe UI", Roboto, Arial, sans-serif; max-width: 30rem; margin: 30vh auto; padding: 0 1rem }}
h1 {{ font-size: 1.25rem }}</style><h1>Footnote</h1><p>{message}</p></html>"""


class LatePage:
    """The page as an ASGI application that is built while the server already serves.

    Importing Gradio takes seconds, which the endpoint, the index and the model need not wait for: it begins when they are ready, or when
    somebody asks for the page. Until then a few lines of HTML say so and try again.
    """

    def __init__(self, qa: "QA") -> None:
        self.qa = qa
        self.page: ASGIApp | None = None
        self.message = "The page is being prepared…"
        self._asked_for = asyncio.Event()
        self._closing = asyncio.Event()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._asked_for.set()
        if self.page is not None:
            await self.page(scope, receive, send)
        elif scope["type"] == "http":
            response = HTMLResponse(STARTING.format(message=render.escape(self.message)), status_code=503, headers={"retry-after": "1"})
            await response(scope, receive, send)

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Builds the page in the background, and takes it down at the end."""
        task = asyncio.create_task(self._run())
        try:
            yield
        finally:
            self._closing.set()
            if self.page is None:
                task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def _run(self) -> None:
        try:
            await self._until_wanted()
            page = await in_background(self._build)
            async with page.router.lifespan_context(page):
                self.page = page
                await self._closing.wait()
        except Exception:
            logger.exception("The page failed")
            self.message = "The page could not be started; the log of the server tells why. The endpoint is not affected."

    async def _until_wanted(self) -> None:
        while not (self._asked_for.is_set() or self.qa.status().ready):
            await asyncio.sleep(0.1)

    def _build(self) -> "FastAPI":
        from fastapi import FastAPI

        from qa.evaluation.desk import Desk
        from ui.chat import Page, attach
        from ui.documents import DocumentsPage
        from ui.evaluation import EvaluationPage

        blocks = Page(self.qa).blocks
        DocumentsPage(self.qa, blocks)
        EvaluationPage(Desk(self.qa), self.qa.status, blocks)
        return attach(FastAPI(openapi_url=None), blocks)


async def in_background(work: Callable[[], T]) -> T:
    """What `work` returns, from a thread that the end of the process does not wait for (it does for those of `asyncio.to_thread`)."""
    future: Future[T] = Future()

    def run() -> None:
        future.set_running_or_notify_cancel()
        try:
            future.set_result(work())
        except Exception as error:  # noqa: BLE001 - raised again where it is awaited
            future.set_exception(error)

    threading.Thread(target=run, name="page", daemon=True).start()
    return await asyncio.wrap_future(future)


def mount(app: "FastAPI", qa: "QA") -> "FastAPI":
    """Puts the page at `/` of `app`, behind the routes that it has, and the headers on every response. Returns `app`.

    To be called before `app` starts, as the page lives within its lifespan.
    """
    page = LatePage(qa)
    lifespan = app.router.lifespan_context

    @contextlib.asynccontextmanager
    async def with_page(application: "FastAPI") -> AsyncIterator[Mapping[str, object]]:
        async with lifespan(application) as state, page.running():
            yield state or {}

    app.router.lifespan_context = with_page
    app.router.default = page  # a mount would take known paths with a wrong method from their routes
    app.add_middleware(SafeHeaders)
    return app

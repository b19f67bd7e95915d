"""A real Chromium on the real page: the real endpoint, index and embedder behind it; only the language model is a fake."""

import contextlib
import os
import re
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal, Self

import pytest
import uvicorn
from fastapi import FastAPI
from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from playwright.sync_api import Browser, BrowserContext, Page, Request, expect, sync_playwright
from pydantic import ConfigDict, Field

from qa.api import create_app
from qa.library import Library
from qa.models import LanguageModel
from qa.service import QA
from qa.settings import Settings
from qa.types import ignore
from ui.app import mount

CHROMIUM = Path("/usr/bin/chromium")
OPTIONS = "--no-sandbox --disable-gpu --disable-background-networking --no-first-run --disable-component-update --disable-sync".split()
WAIT = 30_000  # milliseconds that the page has for anything
START = 200_000  # and that Gradio has to be imported on a busy machine
expect.set_options(timeout=WAIT)
HOLD = "⏸"  # in a scripted reply: wait here for the gate


class Scripted(BaseChatModel):
    """A model that replies by the first key that stands in the question, word by word."""

    model_config = ConfigDict(arbitrary_types_allowed=True)
    replies: Mapping[str, str | Exception]
    pause: float = 0.0
    gate: threading.Event = Field(default_factory=threading.Event)
    broken_off: threading.Event = Field(default_factory=threading.Event)

    @property
    def _llm_type(self) -> str:
        return "scripted"

    def _stream(
        self, messages: list[BaseMessage], stop: list[str] | None = None, run_manager: CallbackManagerForLLMRun | None = None, **_: Any
    ) -> Iterator[ChatGenerationChunk]:
        finished = False
        try:
            for word in self._words(str(messages[-1].content).rpartition("Question: ")[2]):
                time.sleep(self.pause)
                if word.strip() == HOLD:
                    self.gate.wait(WAIT / 1000)
                else:
                    yield ChatGenerationChunk(message=AIMessageChunk(content=word))
            finished = True
        finally:
            if not finished:
                self.broken_off.set()

    def _words(self, question: str) -> Iterator[str]:
        reply = next((reply for key, reply in self.replies.items() if key in question), "[0] Not stated")
        if isinstance(reply, Exception):
            yield "Well "
            raise reply
        yield from re.findall(r"\S+\s*", reply)

    def _generate(
        self, messages: list[BaseMessage], stop: list[str] | None = None, run_manager: CallbackManagerForLLMRun | None = None, **_: Any
    ) -> ChatResult:
        text = "".join(str(chunk.message.content) for chunk in self._stream(messages))
        return ChatResult(generations=[ChatGeneration(message=AIMessage(text))])


@dataclass(frozen=True)
class Site:
    """A server that runs, and what is behind it."""

    url: str
    qa: QA
    model: Scripted


def build_qa(folder: Path, home: Path, model: BaseChatModel) -> QA:
    """The real thing over the documents of `folder`, but for the language model."""
    settings = Settings(home=home)
    library = Library.open(settings, ignore)
    library.sync([folder], ignore)
    return QA(library, LanguageModel.of(model, "scripted"), settings)


@contextmanager
def serving(qa: QA) -> Iterator[str]:
    """The address at which endpoint and page are served, as soon as the page is there."""
    server = Server(mount(create_app(qa, Settings()), qa))
    with server.running() as url:
        yield url


class Server(uvicorn.Server):
    """Uvicorn in a thread, on a free port of loopback."""

    def __init__(self, app: FastAPI) -> None:
        super().__init__(uvicorn.Config(app, log_level="error", timeout_graceful_shutdown=1))

    @contextmanager
    def running(self) -> Iterator[str]:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            thread = threading.Thread(target=self.run, kwargs={"sockets": [listener]}, daemon=True)
            thread.start()
            yield f"http://127.0.0.1:{listener.getsockname()[1]}/"
            self.should_exit = True
            thread.join()


class Canary:
    """A server elsewhere that no browser should ever ask anything; it keeps what is asked."""

    def __init__(self) -> None:
        self.asked: list[bytes] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._listen, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.close()

    def _listen(self) -> None:
        with contextlib.suppress(OSError):  # closed
            while True:
                visitor, _ = self._listener.accept()
                visitor.settimeout(1)
                with visitor, contextlib.suppress(TimeoutError):  # connected ahead of time, as browsers do, and asked nothing
                    self.asked += [request] if (request := visitor.recv(1000)) else []


@pytest.fixture(scope="module")  # while Playwright runs, its event loop keeps `asyncio.run` of other modules away
def chromium() -> Iterator[Browser]:
    if not CHROMIUM.exists():
        reason = f"There is no Chromium at {CHROMIUM}: the page is not tested. (Debian: apt install chromium)"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=OPTIONS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def contexts(chromium: Browser) -> Callable[..., BrowserContext]:
    """One browser profile per kind of window, so that Gradio's scripts are fetched once."""

    @cache
    def context(width: int, height: int, scheme: Literal["light", "dark"]) -> BrowserContext:
        return chromium.new_context(viewport={"width": width, "height": height}, color_scheme=scheme)

    return context


Visit = Callable[..., Page]


@pytest.fixture
def visit(contexts: Callable[..., BrowserContext]) -> Iterator[Visit]:
    """Opens the page of a site. At the end, whatever the test was: nothing was asked of any other origin, and no script failed."""
    pages: list[Page] = []
    requests: list[Request] = []
    faults: list[str] = []
    origins: set[str] = set()

    def open_page(
        url: str,
        width: int = 1280,
        height: int = 800,
        scheme: Literal["light", "dark"] = "light",
        path: str = "",
        ready: str = "#question textarea",
    ) -> Page:
        origins.add(url)
        page = contexts(width, height, scheme).new_page()
        pages.append(page)
        page.set_default_timeout(WAIT)
        page.on("request", lambda request: requests.append(request))  # noqa: PLW0108 - a method cannot be a handler
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("dialog", lambda dialog: faults.append(f"dialog: {dialog.message}"))
        page.goto(url + path)
        page.wait_for_selector(ready, timeout=START)
        return page

    yield open_page
    for page in pages:
        page.close()
    strange = [request.url for request in requests if not request.url.startswith((*origins, "data:", "blob:"))]
    assert not strange
    assert not faults


def ask(page: Page, question: str) -> None:
    """Types a question and presses Enter, as soon as the page takes one."""
    page.wait_for_selector("#question .submit-button")
    page.fill("#question textarea", question)
    page.press("#question textarea", "Enter")


def wait_for(page: Page, phase: str, question: str) -> None:
    """Until the exchange about `question` is in a phase."""
    page.wait_for_selector(f'#current .turn[data-phase="{phase}"] .question:text-is("{question}")')


def overflow(page: Page) -> int:
    """Pixels by which the page is wider than the window."""
    width = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    assert isinstance(width, int)
    return width

"""A real server over a real index of two letters; only the language model is scripted."""

import contextlib
import re
import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import httpx
import uvicorn
from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.language_models.chat_models import BaseChatModel
from langchain_core.messages import AIMessageChunk, BaseMessage
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from pydantic import ConfigDict, Field

from qa.api import create_app
from qa.library import Library
from qa.models import LanguageModel
from qa.service import QA
from qa.settings import Settings

QUESTION = "Where did the mayor of Oslo open the bridge?"
TEXTS = {
    "bridge.txt": "The bridge at Nesodden\n\nBy Kari Holm\nPublished 4 May 2021\n\n"
    "The mayor of Oslo opened the bridge at Nesodden on Monday. "
    "The bridge had cost 40 million kroner.\n",
    "ferry.txt": "The last ferry\n\nThe last ferry crossed the fjord in April 2021. It had served the island for ninety years.\n",
}


def open_gate() -> threading.Event:
    gate = threading.Event()
    gate.set()
    return gate


class Scripted(BaseChatModel):
    """A chat model that copies the first numbered sentence with `copies` out of its prompt, once the gate is open, slowly or not, to the
    end or not."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    copies: str = "Nesodden on Monday"
    pause: float = 0.0
    gate: threading.Event = Field(default_factory=open_gate)
    breaks: Exception | None = None
    calls: list[str] = Field(default_factory=list)
    written: list[str] = Field(default_factory=list)
    stopped: threading.Event = Field(default_factory=threading.Event)

    @property
    def _llm_type(self) -> str:
        return "scripted"

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        text = "".join(chunk.text for chunk in self._stream(messages))
        return ChatResult(generations=[ChatGeneration(message=AIMessageChunk(content=text))])

    def _stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> Iterator[ChatGenerationChunk]:
        prompt = "\n".join(str(message.content) for message in messages)
        self.calls.append(prompt)
        self.gate.wait(60)
        found = re.findall(rf"^\[(\d+)\] (.*{self.copies}.*)$", prompt, re.MULTILINE)
        reply = "[{}] {}".format(*found[-1]) if found else "[0] Not stated"
        try:
            for word in re.findall(r"\S+\s*", reply):
                time.sleep(self.pause)
                self.written.append(word)
                yield ChatGenerationChunk(message=AIMessageChunk(content=word))
                if self.breaks and not word.startswith("["):
                    raise self.breaks
        finally:
            self.stopped.set()


@contextlib.contextmanager
def serving(qa: QA, settings: Settings | None = None) -> Iterator[httpx.Client]:
    """A client of a server over `qa`."""
    server = uvicorn.Server(uvicorn.Config(create_app(qa, settings or Settings()), log_level="critical", timeout_graceful_shutdown=1))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        while not server.started:
            time.sleep(0.005)
        with httpx.Client(base_url=f"http://127.0.0.1:{listener.getsockname()[1]}", timeout=240) as client:
            yield client
        server.should_exit = True
        thread.join()


def answering(library: Library, model: Scripted | None = None) -> QA:
    return QA(library, LanguageModel.of(model or Scripted()), Settings())


def check_error(response: httpx.Response, status: int, kind: str, *words: str) -> None:
    """The error is in our form, in one line, and says `words`."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/json"
    error = response.json()["error"]
    assert set(error) == {"type", "message", "hint"}
    assert error["type"] == kind
    assert "\n" not in error["message"]
    assert "Traceback" not in response.text
    for word in words:
        assert word in error["message"] + error["hint"]

"""An OpenAI-compatible server that is a real one: llama.cpp's own, asked through the whole of Footnote as a server of somebody else's."""

import os
import signal
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path

import httpx
import psutil
import pytest

from qa import weights
from qa.errors import EngineError, PromptTooLongError
from qa.llama import LlamaServer
from qa.models import open_language_model
from qa.service import QA
from qa.settings import Settings
from qa.types import Done, Token, ignore
from tests.parts import until
from tests.processes import Server, footnote

QUESTION = "Where did the US lawmakers meet Pakistan's army chief?"


@pytest.fixture(scope="module")
def llama(files: Settings) -> Iterator[LlamaServer]:
    """The model that Footnote embeds, behind an address."""
    server = LlamaServer(weights.fetch(weights.QWEN, files.cache, files.weights, ignore), context=2048)
    server.wait()
    yield server
    server.close()


@pytest.fixture
def settings(llama: LlamaServer, files: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setenv("OPENAI_API_KEY", llama.key)
    url = str(llama.client.base_url.join("/v1"))
    return files.model_copy(update={"home": tmp_path, "model": "openai:qwen", "model_url": url, "context": 2048})


def test_a_question_is_answered_and_cited_word_by_word(settings: Settings) -> None:
    with closing(QA.open(settings)) as qa:
        qa.wait(240)
        events = list(qa.ask(QUESTION))
    done = events[-1]
    assert isinstance(done, Done)
    assert sum(isinstance(event, Token) for event in events) > 3
    assert "Rawalpindi" in done.answer.answer
    assert done.answer.citations
    assert done.answer.model == "openai:qwen"
    assert done.answer.trace.signals["yes"] > 0.3  # the server tells probabilities
    assert done.answer.usage.prompt_tokens > 100


def test_over_http_and_on_the_command_line(settings: Settings) -> None:
    environment = environment_of(settings)
    asked = footnote("ask", QUESTION, environment=environment)
    assert asked.returncode == 0
    assert "Rawalpindi" in asked.stdout
    server = Server(environment, "--port", "0")
    try:
        server.wait("readyz")
        answer = httpx.post(f"{server.url}v1/ask", json={"question": QUESTION}, timeout=240).json()
        assert answer["answered"]
        assert "Rawalpindi" in answer["citations"][0]["quote"]
    finally:
        server.end(signal.SIGTERM)


def test_a_prompt_that_does_not_fit_is_refused_with_the_number_that_would(settings: Settings, llama: LlamaServer) -> None:
    with closing(open_language_model(settings, ignore)) as model, pytest.raises(PromptTooLongError, match="holds 2048") as caught:
        model.runnable(max_tokens=20).invoke("one two three " * 1000)
    assert "FOOTNOTE_CONTEXT to 3" in caught.value.hint


def test_a_server_that_hangs_and_one_that_dies_are_errors_and_the_next_question_works(
    settings: Settings, files: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    small = LlamaServer(weights.fetch(weights.SMOLLM2, files.cache, files.weights, ignore), context=512, threads=1)
    small.wait()
    monkeypatch.setenv("OPENAI_API_KEY", small.key)
    url = str(small.client.base_url.join("/v1"))
    hasty = settings.model_copy(update={"model": "openai:small", "model_url": url, "timeout": 1.0})
    process = psutil.Process(small.pid)
    with closing(small), closing(open_language_model(hasty, ignore)) as model:
        runnable = model.runnable(max_tokens=300)
        process.suspend()
        with pytest.raises(EngineError, match="no answer in time") as slow:
            runnable.invoke("Is the sky blue?")
        assert "FOOTNOTE_TIMEOUT" in slow.value.hint
        process.resume()
        stream = runnable.stream("Tell me a very long story about a dragon.")
        next(stream)
        process.kill()
        with pytest.raises(EngineError) as dead:
            list(stream)
        assert "FOOTNOTE_MODEL_URL" in dead.value.hint
        until(lambda: small.pid != process.pid and small.alive())
        assert runnable.invoke("Is the sky blue? Answer Yes or No.").content


def environment_of(settings: Settings) -> Mapping[str, str]:
    told = {"HOME": settings.home, "MODEL": settings.model, "MODEL_URL": settings.model_url, "CONTEXT": settings.context}
    files = {"CACHE": settings.cache, "WEIGHTS": settings.weights or ""}
    return {**os.environ, **{f"FOOTNOTE_{name}": str(value) for name, value in (told | files).items()}}

"""A real Ollama killed, hung, restarted, out of memory or cut off in the middle of its work: each an error, and the next question works."""

import resource
import signal
from collections.abc import Iterator
from urllib.parse import urlsplit

import psutil
import pytest

from qa.completions import Request
from qa.errors import EngineError, EngineUnreachableError, ReplyCutError
from qa.models import LanguageModel
from qa.settings import Settings
from tests.cutting_proxy import served_through
from tests.live_ollama import CACHE, LiveOllama, started
from tests.parts import until

STORY = "Write a very long story about a lighthouse keeper, her two goats and the sea."
CAPITAL = "What is the capital of France? Answer in one sentence."
LONG = Request(1500, cut_allowed=True)
CUTS = 40


@pytest.fixture
def server(live: LiveOllama, files: Settings) -> Iterator[LiveOllama]:
    """One of our own, to be ill-treated."""
    if live.program is None:
        pytest.skip("Killing and hanging need an Ollama that can be started and stopped: install its program too.")
    with started(live.program, CACHE / "models", files) as one:
        yield one


def writes(model: LanguageModel) -> bool:
    return bool(model.requesting(Request(10, cut_allowed=True)).invoke(CAPITAL).content)


def test_a_server_killed_while_it_answers_and_started_again(server: LiveOllama, files: Settings) -> None:
    model = server.open(server.smollm2)
    stream = model.requesting(LONG).stream(STORY)
    next(stream)
    server.send_signal(signal.SIGKILL)
    with pytest.raises(EngineError) as cut:
        list(stream)
    assert "ollama serve" in cut.value.hint
    with pytest.raises(EngineError) as gone:
        writes(model)
    assert "ollama serve" in gone.value.hint
    assert server.program
    with started(server.program, CACHE / "models", files, port=urlsplit(server.url).port or 0):
        assert writes(model)


def test_the_runner_of_a_model_killed_while_it_answers(server: LiveOllama) -> None:
    """What the system does to the largest process when memory ends."""
    model = server.open(server.smollm2)
    stream = model.requesting(LONG).stream(STORY)
    next(stream)
    assert server.process
    for runner in psutil.Process(server.process.pid).children():
        runner.kill()
    with pytest.raises(EngineError) as cut:
        list(stream)
    assert cut.value.hint
    until(lambda: _writes_again(model), 30)


def _writes_again(model: LanguageModel) -> bool:
    try:
        return writes(model)
    except EngineError:  # the server needs a moment to see that its runner has ended
        return False


def test_a_server_that_hangs_while_it_answers(server: LiveOllama) -> None:
    model = server.open(server.smollm2, timeout=2)
    stream = model.requesting(LONG).stream(STORY)
    next(stream)
    server.send_signal(signal.SIGSTOP)
    with pytest.raises(EngineError, match="no answer in time") as hung:
        list(stream)
    assert "FOOTNOTE_TIMEOUT" in hung.value.hint
    with pytest.raises(EngineError):
        writes(model)
    server.send_signal(signal.SIGCONT)
    until(lambda: _writes_again(model), 30)


def test_a_model_that_does_not_fit_into_memory(live: LiveOllama, files: Settings) -> None:
    if live.program is None:
        pytest.skip("A server with little memory must be started: install its program too.")
    little = 400 << 20  # bytes
    with started(live.program, CACHE / "models", files, limit=lambda: resource.setrlimit(resource.RLIMIT_DATA, (little, little))) as poor:
        with pytest.raises(EngineError, match="not enough memory for the model footnote-qwen") as caught:
            poor.open(poor.qwen)
        assert "FOOTNOTE_CONTEXT" in caught.value.hint
        assert writes(poor.open(poor.smollm2, context=512))


def test_no_reply_is_whole_whose_connection_was_cut(live: LiveOllama) -> None:
    """At every length: from before the first byte to after the last."""
    with served_through(live.url) as proxy:
        model = LiveOllama(proxy.url, live.prefix, live.files).open(live.smollm2)
        request = Request(60, logprobs=True)
        before = proxy.passed
        whole = model.requesting(request).invoke(CAPITAL).content
        size = proxy.passed - before
        cut = []
        for number in range(CUTS):
            proxy.left = left = (size + 100) * number // (CUTS - 1)  # the last line, with its durations, is not always as long
            try:
                reply = model.requesting(request).invoke(CAPITAL).content
            except (ReplyCutError, EngineUnreachableError):
                cut.append(left)
            else:
                assert reply == whole
            proxy.left = None
        assert CUTS - 5 <= len(cut) < CUTS
        assert cut == sorted(cut)

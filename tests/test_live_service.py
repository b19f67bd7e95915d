"""A question to the articles that ship with Footnote, answered by a real Ollama: on the page, over HTTP and on the command line."""

import os
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass

import httpx
import psutil
import pytest
from playwright.sync_api import expect

from qa.errors import EngineError
from qa.service import QA
from qa.settings import PREFIX, Settings
from tests.browser import Visit, ask, chromium, contexts, serving, visit, wait_for
from tests.live_ollama import PATIENCE, LiveOllama
from tests.parts import until
from tests.processes import footnote

__all__ = ["chromium", "contexts", "visit"]  # fixtures
QUESTION = "Where did the US lawmakers meet Pakistan's army chief?"
UNKNOWN = "Who is the mayor of Oslo?"


@dataclass(frozen=True)
class Served:
    name: str
    url: str
    qa: QA
    settings: Settings


@pytest.fixture(scope="module", params=["smollm2", "qwen"])
def served(request: pytest.FixtureRequest, live: LiveOllama, files: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    model = f"ollama:{getattr(live, request.param)}"
    home = tmp_path_factory.mktemp("home")
    settings = files.model_copy(update={"home": home, "model": model, "model_url": live.url, "context": 2048})
    with closing(QA.open(settings)) as qa:
        qa.wait(PATIENCE)
        with serving(qa) as url:
            yield Served(request.param, url, qa, settings)


def test_over_http(served: Served) -> None:
    answer = httpx.post(f"{served.url}v1/ask", json={"question": QUESTION}, timeout=PATIENCE).json()
    assert answer["model"] == served.settings.model
    assert answer["usage"]["prompt_tokens"] > 100
    assert all(sentence["citations"] for sentence in answer["sentences"])
    assert answer["answered"] or answer["reason"]
    if served.name == "qwen":
        assert "Rawalpindi" in answer["answer"]
        assert answer["confidence"] > 0.5  # its log-probabilities are heard


def test_on_the_page_streaming_and_with_proof(served: Served, visit: Visit) -> None:
    page = visit(served.url)
    ask(page, QUESTION)
    expect(page.locator("#panel .sentences li").first).to_be_visible()
    page.wait_for_selector('#current .turn[data-phase="answered"], #current .turn[data-phase="withheld"]', timeout=PATIENCE * 1000)
    if served.name == "qwen":
        expect(page.locator("#current .sentence").first).to_contain_text("Rawalpindi")
        page.click("#current .text a.cite >> nth=0")
        expect(page.locator("#document mark.active")).to_contain_text("Rawalpindi")


def test_on_the_command_line(served: Served) -> None:
    told = {
        "HOME": served.settings.home.parent / f"cli-{served.name}",
        "MODEL": served.settings.model,
        "MODEL_URL": served.settings.model_url,
    }
    kept = {"CACHE": served.settings.cache, "WEIGHTS": served.settings.weights or "", "CONTEXT": served.settings.context}
    environment = {**os.environ, **{PREFIX + name: str(value) for name, value in (told | kept).items()}}
    done = footnote("ask", QUESTION if served.name == "qwen" else UNKNOWN, environment=environment)
    assert done.returncode == 0, done.stderr
    assert ("Rawalpindi" in done.stdout) == (served.name == "qwen")


def test_stopping_on_the_page_stops_the_server(served: Served, live: LiveOllama, visit: Visit) -> None:
    if live.process is None:
        pytest.skip("Whether a server is idle is seen only of one that we started.")
    page = visit(served.url)
    ask(page, "What did the lawmakers discuss with the army chief, and what did he tell them about terrorism?")
    page.wait_for_selector('#current .turn[data-phase="writing"]')
    page.click("#question .stop-button")
    runners = psutil.Process(live.process.pid).children()
    until(lambda: sum(one.cpu_percent(0.5) for one in runners) < 20, PATIENCE)  # what is being read is read to its end: up to 512 tokens
    ask(page, UNKNOWN)
    wait_for(page, "withheld", UNKNOWN)


def test_a_model_removed_meanwhile_is_an_error_that_says_so(served: Served, live: LiveOllama) -> None:
    name = served.settings.model.removeprefix("ollama:")
    httpx.request("DELETE", f"{live.url}/api/delete", json={"model": name}, timeout=PATIENCE, trust_env=False).raise_for_status()
    try:
        with pytest.raises(EngineError, match=name) as caught:
            list(served.qa.ask(QUESTION))
        assert "ollama pull" in caught.value.hint
    finally:
        live.__dict__.pop(served.name)  # made again when it is next asked for
        assert getattr(live, served.name)

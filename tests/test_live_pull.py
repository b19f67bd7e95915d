"""A model that a real Ollama lacks is pulled from a registry: with progress, and on from where a pull was cut."""

import os
import pty
import re
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from qa import weights
from qa.completions import Request
from qa.errors import ModelMissingError
from qa.models import open_language_model
from qa.settings import PREFIX, Settings, load
from qa.types import ignore
from tests.live_ollama import LiveOllama, started
from tests.model_registry import Registry, served_registry
from tests.parts import until
from tests.processes import CHECKOUT, FOOTNOTE, PATIENCE, Server

QUESTION = "Is the sky blue?"
SIZE = weights.SMOLLM2.size


@pytest.fixture
def program(live: LiveOllama) -> Path:
    if live.program is None:
        pytest.skip("Pulling needs an Ollama that can be started and stopped: install its program too.")
    return live.program


@pytest.fixture
def registry(files: Settings) -> Iterator[Registry]:
    with served_registry(weights.fetch(weights.SMOLLM2, files.cache, files.weights, ignore), weights.SMOLLM2.sha256) as served:
        yield served


def test_a_pull_tells_how_far_it_is_and_goes_on_where_it_was_stopped(
    program: Path, registry: Registry, files: Settings, tmp_path: Path
) -> None:
    registry.pace = SIZE / 3
    told: list[tuple[str, int, int]] = []

    def stop(label: str, done: int, total: int) -> None:
        told.append((label, done, total))
        if done > SIZE / 3:
            raise KeyboardInterrupt

    with started(program, tmp_path, files) as server:
        settings = load(model=f"ollama:{registry.model}", model_url=server.url, context=512)
        with pytest.raises(KeyboardInterrupt):
            open_language_model(settings, stop)
        registry.pace = float("inf")
        model = open_language_model(settings, ignore)
        assert model.requesting(Request(20, cut_allowed=True)).invoke(QUESTION).content
    assert told[0][0] == f"pulling {registry.model}"
    assert [done for _, done, _ in told] == sorted(done for _, done, _ in told)
    assert max(total for *_, total in told) == SIZE
    assert max(registry.asked) > SIZE / 4
    assert registry.sent < SIZE * 1.5


def test_a_server_that_ends_while_it_pulls_is_an_error_and_pulls_when_it_is_back(
    program: Path, registry: Registry, files: Settings, tmp_path: Path
) -> None:
    registry.pace = SIZE / 3
    with started(program, tmp_path, files) as server:
        settings = load(model=f"ollama:{registry.model}", model_url=server.url, context=512)
        with pytest.raises(ModelMissingError, match="cannot pull it") as caught:
            open_language_model(settings, lambda *step: server.send_signal(signal.SIGKILL) if step[1] > SIZE / 4 else None)
        assert "ollama pull" in caught.value.hint
    registry.pace = float("inf")
    with started(program, tmp_path, files) as again:
        settings = load(model=f"ollama:{registry.model}", model_url=again.url, context=512)
        assert open_language_model(settings, ignore).requesting(Request(20, cut_allowed=True)).invoke(QUESTION).content


def test_a_pull_is_shown_on_the_terminal_and_over_http(program: Path, registry: Registry, files: Settings, tmp_path: Path) -> None:
    registry.pace = SIZE / 3
    (tmp_path / "letters").mkdir()
    (tmp_path / "letters" / "a.txt").write_text("The mayor of Oslo opened the bridge.\n", encoding="utf-8")
    with started(program, tmp_path / "models", files) as server:
        ours = {"HOME": tmp_path / "home", "FOLDERS": tmp_path / "letters", "MODEL": f"ollama:{registry.model}", "MODEL_URL": server.url}
        kept = {"CACHE": files.cache, "WEIGHTS": files.weights or "", "PORT": 0, "CONTEXT": 1024}
        environment = {**os.environ, **{PREFIX + name: str(value) for name, value in (ours | kept).items()}}
        serving = Server(environment)
        pulling = re.compile(rf"pulling {re.escape(registry.model)}")
        until(lambda: bool(pulling.search(serving.wait("readyz", 503).text)))
        serving.end(signal.SIGTERM)
        shown = on_a_terminal("ask", "Who opened the bridge?", environment=environment)
        assert pulling.search(shown)
        assert re.search(r"[1-9]\d* / 98 MB", shown)


def on_a_terminal(*arguments: str, environment: dict[str, str]) -> str:
    """What `footnote` writes to a terminal as its standard error."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [*FOOTNOTE, *arguments], env=environment | {"COLUMNS": "120"}, cwd=CHECKOUT, stdout=subprocess.DEVNULL, stderr=theirs
    )
    os.close(theirs)
    shown = b""
    try:
        while piece := os.read(ours, 1 << 16):
            shown += piece
    except OSError:  # how a terminal ends
        pass
    finally:
        os.close(ours)
    status = process.wait(PATIENCE)
    assert status == 0, shown
    return re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", shown.decode(errors="replace"))

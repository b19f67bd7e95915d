"""What tests share: settings of their own, and the real embedder."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from qa.embed import Embedder, open_embedder
from qa.settings import PREFIX, Settings
from qa.types import ignore
from tests.live_ollama import LiveOllama, live_server

# Model files come from where the user keeps them; nothing else of the user's settings reaches a test or its subprocesses.
_USERS = Settings()
for _name in [name for name in os.environ if name.startswith(PREFIX)]:
    del os.environ[_name]


@pytest.fixture(scope="session")
def files() -> Settings:
    """Settings that say nothing but where the model files are kept."""
    return Settings(cache=_USERS.cache, weights=_USERS.weights)


@pytest.fixture(scope="session")
def embedder() -> Embedder:
    """all-MiniLM-L6-v2, fetched if it is not on this machine yet."""
    return open_embedder(Settings(cache=_USERS.cache, weights=_USERS.weights, embedder="embedded"), ignore)


@pytest.fixture(scope="session")
def live(files: Settings) -> Iterator[LiveOllama]:
    """A real Ollama; without one the test is skipped, or fails where FOOTNOTE_TEST_OLLAMA names one."""
    with live_server(files) as server:
        yield server


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home folder that does not exist yet."""
    return tmp_path / "home"


@pytest.fixture
def settings(home: Path) -> Settings:
    """Defaults, but for the home."""
    return Settings(home=home, cache=_USERS.cache, weights=_USERS.weights)

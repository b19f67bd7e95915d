"""Several Footnotes over one catalog and one Chroma server, behind a proxy that hands requests to them in turn."""

import json
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest

from qa.settings import Settings
from tests.processes import PATIENCE, QUESTION, Model, Server, make_environment, served_chroma, served_model
from tests.round_robin import REPLICA, round_robin

FERRY = "The ferry to Skerry\n\nPublished 9 June 2022\n\nThe ferry to Skerry sails at noon. It carries two hundred cars.\n"
SCHOOL = "The school of Fjordby\n\nPublished 3 May 2023\n\nThe school of Fjordby was closed in June. It had ninety pupils.\n"
AMONG = 3  # replicas


class Hesitant(Model):
    pause = 0.03


@pytest.fixture
def environment(tmp_path: Path, files: Settings) -> Iterator[dict[str, str]]:
    with served_model(Hesitant) as url:
        yield make_environment(tmp_path, url, files)


@pytest.fixture
def chroma(tmp_path: Path) -> Path:
    folder = tmp_path / "server"
    folder.mkdir()
    return folder


@pytest.fixture
def serve() -> Iterator[Callable[..., Server]]:
    """Starts servers; what still runs in the end is ended."""
    with ExitStack() as stack:

        def start(environment: dict[str, str], *options: str) -> Server:
            server = Server(environment, *options)
            stack.callback(end, server)
            return server

        yield start


def end(server: Server) -> None:
    if server.process.poll() is None:
        server.end(signal.SIGTERM)


def add(environment: dict[str, str], name: str, text: str) -> None:
    (Path(environment["FOOTNOTE_FOLDERS"]) / name).write_text(text, encoding="utf-8")


def ask(url: str) -> str:
    """Who answered; the answer is right."""
    response = httpx.post(f"{url}/v1/ask", json={"question": QUESTION}, timeout=PATIENCE)
    assert response.status_code == 200, response.text
    assert "Nesodden" in response.json()["answer"]
    return response.headers[REPLICA]


def stream(url: str) -> str:
    """Who answered; the events came one after the other, not all in the end."""
    came: dict[str, float] = {}
    with httpx.stream("POST", f"{url}/v1/ask", json={"question": QUESTION, "stream": True}, timeout=PATIENCE) as response:
        for line in response.iter_lines():
            name, _, rest = line.partition(": ")
            if name == "event":
                came.setdefault(rest, time.monotonic())
            elif name == "data":
                last = json.loads(rest)
    assert "Nesodden" in last["answer"]
    assert came["found"] + 5 * Hesitant.pause < came["done"]
    return response.headers[REPLICA]


def find(url: str, question: str) -> tuple[str, str]:
    """Who answered, and the file of the best passage."""
    response = httpx.post(f"{url}/v1/search", json={"question": question}, timeout=PATIENCE)
    return response.headers[REPLICA], response.json()["passages"][0]["file"]


def sync(server: Server) -> httpx.Response:
    return httpx.post(f"{server.url}v1/sync", timeout=PATIENCE)


def test_replicas_answer_in_turn_and_one_may_be_killed(environment: dict[str, str], chroma: Path, serve: Callable[..., Server]) -> None:
    with served_chroma(chroma) as environment["FOOTNOTE_CHROMA_URL"]:
        servers = [serve(environment) for _ in range(AMONG)]
        for server in servers:
            server.wait("readyz")
        with round_robin([server.url for server in servers]) as url:
            everyone = {ask(url) for _ in range(AMONG)}
            assert len(everyone) == AMONG
            assert {stream(url) for _ in range(AMONG)} == everyone

            add(environment, "ferry.txt", FERRY)
            owner = next(server for server in servers if sync(server).status_code == 200)
            found = [find(url, "When does the ferry to Skerry sail?") for _ in range(AMONG)]
            assert set(found) == {(one, "letters/ferry.txt") for one in everyone}

            heir, victim = (server for server in servers if server is not owner)
            refused = sync(heir)
            assert (refused.status_code, refused.json()["error"]["type"]) == (409, "index_locked")
            victim.end(signal.SIGKILL)
            assert len({ask(url) for _ in range(AMONG)}) == AMONG - 1

            owner.end(signal.SIGKILL)
            add(environment, "school.txt", SCHOOL)
            assert sync(heir).json()["added"] == ["letters/school.txt"]
            assert str(heir.process.pid) == (Path(environment["FOOTNOTE_HOME"]) / "owner").read_text(encoding="utf-8")
            assert find(url, "When was the school of Fjordby closed?") == (heir.url.split("/")[2], "letters/school.txt")

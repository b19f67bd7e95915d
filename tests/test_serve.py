"""`footnote serve` as a process: endpoint and page together, what it says, how it ends."""

import json
import re
import signal
import socket
import time
from collections.abc import Iterator

import httpx
import pytest

from qa.settings import Settings
from tests.processes import QUESTION, Server, SlowModel, check_failure, footnote, make_environment, served_model

LATEST = 4.0  # seconds from a signal to the end; it is 2 where the tests have the machine to themselves


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory, files: Settings) -> Iterator[dict[str, str]]:
    with served_model() as url:
        yield make_environment(tmp_path_factory.mktemp("footnote"), url, files)


@pytest.fixture
def slow_model_url() -> Iterator[str]:
    SlowModel.asked.clear()
    with served_model(SlowModel) as url:
        yield url


@pytest.fixture(scope="module")
def server(environment: dict[str, str]) -> Iterator[Server]:
    server = Server(environment)
    yield server
    assert server.end(signal.SIGTERM)[0] == 0


def test_serve_answers_and_has_a_page(server: Server) -> None:
    assert re.fullmatch(r"Footnote is at http://127\.0\.0\.1:\d+/\n", server.line)
    server.wait("readyz")
    answer = httpx.post(server.url + "v1/ask", json={"question": QUESTION}, timeout=240).json()
    assert answer["answered"] is True
    page = server.wait("")
    assert "text/html" in page.headers["content-type"]
    assert "img-src 'self'" in page.headers["content-security-policy"]


def test_the_page_knows_the_errors_of_the_endpoint(server: Server) -> None:
    server.wait("")
    for response in (httpx.get(server.url + "nothing"), httpx.get(server.url + "v1/nothing"), httpx.post(server.url, json={})):
        assert response.status_code == 404
        assert response.json()["error"]["type"] == "not_found"
    assert httpx.get(server.url + "v1/ask").status_code == 405
    assert httpx.get(server.url, headers={"host": "elsewhere.example"}).status_code == 403


def test_a_question_beside_a_server(server: Server, environment: dict[str, str]) -> None:
    server.wait("readyz")
    assert "Nesodden" in footnote("ask", QUESTION, environment=environment).stdout
    check_failure(footnote("sync", environment=environment), 1, str(server.process.pid))


def test_a_server_tells_why_it_cannot_answer(environment: dict[str, str]) -> None:
    server = Server({**environment, "FOOTNOTE_MODEL_URL": "http://127.0.0.1:1/v1"})
    while (stages := httpx.get(server.url + "readyz").json()["stages"])[1]["state"] != "failed":
        time.sleep(0.1)
    assert server.process.stderr
    line = server.process.stderr.readline()
    assert line.startswith("footnote: ")
    assert stages[1]["detail"] in line
    assert httpx.post(server.url + "v1/ask", json={"question": QUESTION}).status_code == 503
    server.end(signal.SIGTERM)


def test_a_port_that_is_taken(server: Server, environment: dict[str, str]) -> None:
    port = str(httpx.URL(server.url).port)
    check_failure(footnote("serve", "--port", port, environment=environment), 1, port, "Footnote", "--port 0")
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])
        check_failure(footnote("serve", "--port", port, environment=environment), 1, port, "another program")


@pytest.mark.parametrize(
    ("path", "number", "status"), [("healthz", signal.SIGINT, 130), ("readyz", signal.SIGINT, 130), ("", signal.SIGTERM, 0)]
)
def test_a_server_ends_in_time(environment: dict[str, str], path: str, number: int, status: int) -> None:
    """At once, when ready, and with the page there."""
    server = Server(environment, "--json")
    server.url = json.loads(server.line)["address"]
    server.wait(path)
    ended, seconds, said = server.end(number)
    assert (ended, said) == (status, "")
    assert seconds < LATEST


def test_a_server_ends_in_the_middle_of_an_answer(environment: dict[str, str], slow_model_url: str) -> None:
    server = Server(environment, "--model-url", slow_model_url)
    server.wait("readyz")
    with httpx.stream("POST", server.url + "v1/ask", json={"question": QUESTION, "stream": True}, timeout=240) as response:
        next(response.iter_lines())
        status, seconds, said = server.end(signal.SIGTERM)
    assert (status, said) == (0, "")
    assert seconds < LATEST

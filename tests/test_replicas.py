"""Servers as processes that live with a folder: one that follows it, and two that share an index through a Chroma server."""

import signal
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from qa.settings import Settings
from tests.processes import PATIENCE, Server, footnote, make_environment, served_chroma, served_model

FERRY = "The ferry to Skerry\n\nPublished 9 June 2022\n\nThe ferry to Skerry sails at noon. It carries two hundred cars.\n"
QUESTION = "When does the ferry to Skerry sail?"


@pytest.fixture
def environment(tmp_path: Path, files: Settings) -> Iterator[dict[str, str]]:
    with served_model() as url:
        yield make_environment(tmp_path, url, files)


def found(server: Server) -> list[str]:
    answer = httpx.post(server.url + "v1/search", json={"question": QUESTION}, timeout=PATIENCE).json()
    return [passage["file"] for passage in answer["passages"]]


def until_found(server: Server, file: str, there: bool = True) -> None:
    deadline = time.monotonic() + PATIENCE
    while (file in found(server)) != there:
        assert time.monotonic() < deadline, found(server)
        time.sleep(0.1)


def test_a_server_that_follows_its_folder(environment: dict[str, str]) -> None:
    letters = Path(environment["FOOTNOTE_FOLDERS"])
    server = Server(environment, "--watch")
    try:
        server.wait("readyz")
        (letters / "ferry.txt").write_text(FERRY, encoding="utf-8")
        until_found(server, "letters/ferry.txt")
        (letters / "ferry.txt").rename(letters / "boat.txt")
        until_found(server, "letters/boat.txt")
        assert "letters/ferry.txt" not in found(server)
        (letters / "boat.txt").unlink()
        until_found(server, "letters/boat.txt", there=False)
    finally:
        assert server.end(signal.SIGTERM)[0] == 0


def test_two_servers_share_an_index(environment: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "server").mkdir()
    with served_chroma(tmp_path / "server") as url:
        environment["FOOTNOTE_CHROMA_URL"] = url
        first = Server(environment)
        first.wait("readyz")
        second = Server(environment)
        try:
            second.wait("readyz")
            (Path(environment["FOOTNOTE_FOLDERS"]) / "ferry.txt").write_text(FERRY, encoding="utf-8")
            refused = httpx.post(second.url + "v1/sync", timeout=PATIENCE)
            assert (refused.status_code, refused.json()["error"]["type"]) == (409, "index_locked")
            assert str(first.process.pid) in refused.json()["error"]["message"]
            assert httpx.post(first.url + "v1/sync", timeout=PATIENCE).json()["added"] == ["letters/ferry.txt"]
            assert found(first) == found(second) == ["letters/ferry.txt", "letters/bridge.txt"]
        finally:
            assert first.end(signal.SIGTERM)[0] == 0
            assert found(second) == ["letters/ferry.txt", "letters/bridge.txt"]
            assert second.end(signal.SIGTERM)[0] == 0
        assert footnote("sync", environment=environment).stdout == "0 added, 0 changed, 0 moved, 0 deleted, 2 unchanged, 0 unreadable\n"

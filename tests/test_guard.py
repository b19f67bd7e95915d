"""Who is let through to the endpoint, from where and with how much: over HTTP, as browsers and programs meet it."""

import contextlib
import http.client
import re
from collections.abc import Iterator

import httpx
import pytest

from qa.embed import Embedder
from qa.guard import BODY_LIMIT
from qa.library import Library
from qa.settings import Settings
from tests.endpoint import TEXTS, answering, check_error, serving
from tests.parts import make_library


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory, embedder: Embedder) -> Iterator[Library]:
    with contextlib.closing(make_library(tmp_path_factory.mktemp("library"), TEXTS, embedder)) as library:
        yield library


@pytest.fixture
def guarded(library: Library) -> Iterator[httpx.Client]:
    """Of a server with the token open-sesame."""
    with serving(answering(library), Settings(token="open-sesame")) as client:
        yield client


@pytest.fixture(scope="module")
def client(library: Library) -> Iterator[httpx.Client]:
    """Of a server that nothing goes wrong with, shared by the tests that change nothing."""
    with serving(answering(library)) as client:
        yield client


def test_too_large_a_body(client: httpx.Client) -> None:
    large = b'{"question": "' + b"x" * BODY_LIMIT + b'"}'
    pieces = (large[i : i + 50_000] for i in range(0, len(large), 50_000))
    headers = {"content-type": "application/json"}
    check_error(client.post("/v1/ask", content=large, headers=headers), 413, "too_large")
    check_error(client.post("/v1/ask", content=pieces, headers=headers), 413, "too_large")


def test_too_large_a_body_is_refused_before_it_comes(client: httpx.Client) -> None:
    with contextlib.closing(http.client.HTTPConnection("127.0.0.1", client.base_url.port, timeout=5)) as connection:
        connection.putrequest("POST", "/v1/ask")
        connection.putheader("content-length", str(BODY_LIMIT + 1))
        connection.endheaders()
        assert connection.getresponse().status == 413


def test_a_token_is_asked_for_everywhere_but_for_the_health(guarded: httpx.Client) -> None:
    for path in ("/healthz", "/readyz"):
        assert guarded.get(path).status_code == 200
    for path in ("/", "/docs", "/openapi.json", "/v1/documents", "/nothing"):
        check_error(guarded.get(path), 401, "unauthorized", "token")
    assert guarded.get("/docs").headers["www-authenticate"] == "Bearer"
    for header in ("Bearer wrong", "open-sesame", "Basic open-sesame", "Bearer öpen-sesame"):
        check_error(guarded.get("/v1/documents", headers={b"authorization": header.encode("latin-1")}), 401, "unauthorized")
    assert guarded.get("/v1/documents", headers={"authorization": "bearer open-sesame"}).status_code == 200


def test_a_token_in_the_address_becomes_a_cookie(guarded: httpx.Client) -> None:
    check_error(guarded.get("/v1/documents?token=wrong"), 401, "unauthorized")
    entered = guarded.get("/v1/documents?page=2&token=open-sesame")
    assert entered.status_code == 303
    assert entered.headers["location"] == "/v1/documents?page=2"
    assert "open-sesame" not in entered.headers["set-cookie"]
    assert "HttpOnly" in entered.headers["set-cookie"]
    assert guarded.get("/v1/documents").status_code == 200


def test_a_token_leads_to_no_other_host(guarded: httpx.Client) -> None:
    with contextlib.closing(http.client.HTTPConnection("127.0.0.1", guarded.base_url.port)) as connection:
        connection.request("GET", "//elsewhere.example/?token=open-sesame")
        location = connection.getresponse().headers["location"]
    assert location is None or re.match("/[^/]", location)


@pytest.mark.parametrize("host", ["elsewhere.example", "elsewhere.example:7860", "127.0.0.1.elsewhere.example", "", "[::1"])
def test_another_host_is_refused_on_loopback(client: httpx.Client, host: str) -> None:
    check_error(client.get("/healthz", headers={"host": host}), 403, "forbidden")


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:99", "127.0.0.1:1", "[::1]:7860", "localhost."])
def test_this_machine_is_let_through(client: httpx.Client, host: str) -> None:
    assert client.get("/healthz", headers={"host": host}).status_code == 200


@pytest.mark.parametrize("origin", ["http://elsewhere.example", "null", "http://127.0.0.1:1"])
def test_what_another_page_posts_is_refused(client: httpx.Client, origin: str) -> None:
    body = {"question": "fjord"}
    check_error(client.post("/v1/search", json=body, headers={"origin": origin}), 403, "forbidden")
    own = str(client.base_url).rstrip("/")
    assert client.post("/v1/search", json=body, headers={"origin": own}).status_code == 200


def test_every_response_forbids_sniffing(client: httpx.Client) -> None:
    for path in ("/healthz", "/nothing", "/docs"):
        assert client.get(path).headers["x-content-type-options"] == "nosniff"


def test_behind_a_proxy_the_name_is_the_proxys(library: Library) -> None:
    """With the headers that DEPLOYMENT.md tells to set."""
    proxied = {"host": "docs.example.org", "x-forwarded-for": "192.0.2.7", "x-forwarded-proto": "https"}
    with serving(answering(library), Settings(token="open-sesame", host="127.0.0.2")) as client:
        entered = client.get("/docs?token=open-sesame", headers=proxied)
        assert "Secure" in entered.headers["set-cookie"]
        cookie = {"cookie": entered.headers["set-cookie"].partition(";")[0]}
        own, foreign = {"origin": "https://docs.example.org"}, {"origin": "https://elsewhere.example"}
        assert client.post("/v1/search", json={"question": "fjord"}, headers=proxied | cookie | own).status_code == 200
        check_error(client.post("/v1/search", json={"question": "fjord"}, headers=proxied | cookie | foreign), 403, "forbidden")

"""The page's place beside the endpoint: what is served while it is built, its headers, and what stays shut. No browser needed."""

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from qa.service import QA
from qa.settings import Settings
from tests.browser import serving

PATIENCE = 200  # seconds for Gradio to be imported on a busy machine


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where a Footnote is served that has neither an index nor a model yet."""
    with serving(QA(settings=Settings(home=tmp_path_factory.mktemp("home")))) as url:
        yield url.rstrip("/")


def get_page(address: str) -> httpx.Response:
    """The page, as soon as it is there."""
    end = time.monotonic() + PATIENCE
    while (response := httpx.get(address)).status_code == 503 and time.monotonic() < end:
        time.sleep(0.2)
    return response


def test_until_the_page_is_built_a_few_lines_say_so_and_the_endpoint_answers(tmp_path: Path) -> None:
    with serving(QA(settings=Settings(home=tmp_path))) as url:
        early = httpx.get(url)
        assert early.status_code == 503
        assert 'http-equiv="refresh"' in early.text
        assert "being prepared" in early.text
        assert httpx.get(f"{url}healthz").status_code == 200
        page = get_page(url)
        assert page.status_code == 200
        assert "<title>Footnote</title>" in page.text or '"title":"Footnote"' in page.text.replace(" ", "")


def test_gradio_is_not_imported_before_the_page_is_wanted() -> None:
    code = "import sys, ui.app, ui.render, ui.exchange; sys.exit('gradio' in sys.modules or 'langchain_core' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize("path", ["/", "/config", "/theme.css", "/no/such/page", "/v1/documents", "/healthz"])
def test_every_response_carries_the_policy(address: str, path: str) -> None:
    assert get_page(address).status_code == 200
    headers = httpx.get(address + path).headers
    policy = dict(part.strip().split(" ", 1) for part in headers["content-security-policy"].split(";"))
    assert policy["default-src"] == policy["connect-src"] == policy["form-action"] == policy["base-uri"] == "'self'"
    assert policy["object-src"] == policy["frame-ancestors"] == "'none'"
    assert policy["img-src"] == "'self' data: blob:"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] in ("no-referrer", "same-origin")


def test_the_pages_own_html_names_no_other_host_to_load_from(address: str) -> None:
    text = get_page(address).text
    assert "fonts.googleapis" not in text
    assert 'src="http' not in text
    assert 'rel="stylesheet" href="http' not in text


def test_a_wrong_method_is_the_endpoints_to_refuse(address: str) -> None:
    assert get_page(address).status_code == 200
    assert httpx.get(f"{address}/v1/ask").status_code == 405


def test_nothing_can_be_uploaded_and_no_file_be_read_through_the_page(address: str) -> None:
    assert get_page(address).status_code == 200
    assert httpx.post(f"{address}/gradio_api/upload", files={"files": ("a.txt", b"more than one byte")}).status_code >= 400
    for path in (Path(__file__), Path("/etc/hostname"), Path(__file__).parents[1] / "ui" / "chat.py"):
        assert httpx.get(f"{address}/gradio_api/file={path}").status_code in (403, 404)

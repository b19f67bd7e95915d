"""The command line as its users meet it: as a process. The language model is a small server of ours."""

import json
import os
import pty
import re
import resource
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest

from qa.cli import OPTIONS
from qa.settings import Settings

QUESTION = "Where did the mayor of Oslo open the bridge?"
LETTER = (
    "The bridge at Nesodden\n\nPublished 4 May 2021\n\nThe mayor of Oslo opened the bridge at Nesodden on Monday. It had cost 40 million.\n"
)
FOOTNOTE = (sys.executable, "-m", "qa")
LATEST = 4.0  # seconds from a signal to the end; it is 2 where the tests have the machine to themselves
CHECKOUT = Path(__file__).parent.parent


class Model(BaseHTTPRequestHandler):
    """Speaks the chat-completions protocol and copies the numbered sentence with "Nesodden on" out of its prompt."""

    pause = 0.0

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b'{"data": []}')

    def do_POST(self) -> None:
        prompt = json.loads(self.rfile.read(int(self.headers["content-length"])))["messages"][-1]["content"]
        found = re.findall(r"^\[(\d+)\] (.*Nesodden on.*)$", prompt, re.MULTILINE)
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.end_headers()
        for word in re.findall(r"\S+\s*", "[{}] {}".format(*found[-1]) if found else "[0] Not stated"):
            time.sleep(self.pause)
            self.tell({"choices": [{"delta": {"content": word}}]})
        self.tell({"choices": [{"delta": {}, "finish_reason": "stop"}], "usage": {"prompt_tokens": 9, "completion_tokens": 9}})
        self.wfile.write(b"data: [DONE]\n\n")

    def tell(self, event: object) -> None:
        self.wfile.write(b"data: " + json.dumps(event).encode() + b"\n\n")
        self.wfile.flush()

    def log_message(self, *_: object) -> None:
        """Nothing on standard error."""


class SlowModel(Model):
    pause = 1.0
    asked = threading.Event()

    def do_POST(self) -> None:
        self.asked.set()
        super().do_POST()


@pytest.fixture(scope="module")
def model_url() -> Iterator[str]:
    yield from serve_model(Model)


@pytest.fixture
def slow_model_url() -> Iterator[str]:
    SlowModel.asked.clear()
    yield from serve_model(SlowModel)


def serve_model(handler: type[Model]) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/v1"
    server.shutdown()


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory, model_url: str) -> dict[str, str]:
    """Of a Footnote with one letter, indexed, and the model at `model_url`."""
    place = tmp_path_factory.mktemp("cli")
    letters = place / "letters"
    letters.mkdir()
    (letters / "bridge.txt").write_text(LETTER, encoding="utf-8")
    ours = {"HOME": place / "home", "FOLDERS": letters, "MODEL": "openai:copyist", "MODEL_URL": model_url, "PORT": 0}
    made = {**os.environ, **{f"FOOTNOTE_{name}": str(value) for name, value in ours.items()}, "PYTHONPATH": str(CHECKOUT)}
    assert footnote("sync", environment=made).returncode == 0
    return made


def footnote(*arguments: str, environment: Mapping[str, str] | None = None, text: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*FOOTNOTE, *arguments], env=environment, cwd=CHECKOUT, input=text, capture_output=True, text=True, timeout=60, check=False
    )


def check_failure(done: subprocess.CompletedProcess[str], status: int, *words: str) -> None:
    assert done.returncode == status, done.stderr
    assert done.stdout == ""
    assert re.fullmatch(r"footnote: .+\. .+\n", done.stderr), done.stderr
    for word in words:
        assert word in done.stderr


def test_help_is_cheap() -> None:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = footnote("--help")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert done.returncode == 0
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < 0.4
    for command in ("serve", "ask", "search", "sync", "documents", "models", "fetch", "doctor"):
        assert re.search(rf"^  {command} ", done.stdout, re.MULTILINE)


def test_help_imports_nothing_slow() -> None:
    done = subprocess.run(
        [sys.executable, "-X", "importtime", *FOOTNOTE[1:], "--help"], cwd=CHECKOUT, capture_output=True, text=True, check=True
    )
    imported = {line.rpartition("|")[2].strip().partition(".")[0] for line in done.stderr.splitlines() if line.startswith("import time")}
    assert "typer" in imported
    assert not imported & {"pydantic", "pydantic_settings", "rich", "gradio", "fastapi", "uvicorn", "langchain_core", "chromadb", "numpy"}


def test_every_setting_is_an_option_with_its_own_words() -> None:
    fields = {name: field.description for name, field in Settings.model_fields.items()}
    assert {name: description for name, (_, description) in OPTIONS.items()} == fields
    shown = " ".join(footnote("serve", "--help").stdout.split())
    for name in OPTIONS:
        assert f"--{name.replace('_', '-')} " in shown
        assert f"FOOTNOTE_{name.upper()}" in shown.replace(" ", "") or f"FOOTNOTE_{name.upper()}" in shown


def test_an_answer_with_its_footnotes(environment: dict[str, str]) -> None:
    done = footnote("ask", QUESTION, environment=environment)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    answer, _, notes = done.stdout.partition("\n\n")
    assert "Nesodden" in answer
    assert "[1]" in answer
    assert notes.splitlines()[0] == "[1] letters/bridge.txt, The bridge at Nesodden, 4 May 2021"
    assert notes.splitlines()[1].strip(" “”") in LETTER


def test_an_answer_as_json(environment: dict[str, str]) -> None:
    done = footnote("ask", "--json", "-", environment=environment, text=f"{QUESTION}\n")
    answer = json.loads(done.stdout)
    assert answer["question"] == QUESTION
    assert answer["answered"] is True
    citation = answer["citations"][0]
    assert LETTER[citation["start"] : citation["end"]] == citation["quote"]
    assert done.stdout.count("\n") == 1


def test_an_answer_withheld_is_a_success(environment: dict[str, str]) -> None:
    done = footnote("ask", "Who painted the ceiling of the cathedral in Florence?", environment=environment)
    assert done.returncode == 0
    assert "[1]" not in done.stdout
    assert "do not tell" in done.stdout


def test_a_terminal_gets_the_same_text_in_the_end(environment: dict[str, str]) -> None:
    screen = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", on_terminal("ask", QUESTION, environment=environment)).replace("\r", "")
    assert re.search(r"Nesodden.* \[1\]\.?\n\n\[1\] letters/bridge.txt, The bridge at Nesodden, 4 May 2021\n +“.*”\n$", screen)


def on_terminal(*arguments: str, environment: dict[str, str]) -> str:
    """All that a command writes where its output is a terminal."""
    ours, its = pty.openpty()
    process = subprocess.Popen(
        [*FOOTNOTE, *arguments], env={**environment, "TERM": "xterm", "COLUMNS": "200"}, cwd=CHECKOUT, stdout=its, stderr=its
    )
    os.close(its)
    written = b""
    try:
        while piece := os.read(ours, 10_000):
            written += piece
    except OSError:  # Linux's way of saying that the other end is closed
        pass
    os.close(ours)
    assert process.wait(30) == 0
    return written.decode()


def test_search_with_a_limit(environment: dict[str, str]) -> None:
    done = footnote("search", "bridge", "-k", "1", "--json", environment={**environment, "FOOTNOTE_MODEL_URL": "http://127.0.0.1:1"})
    assert [passage["file"] for passage in json.loads(done.stdout)["passages"]] == ["letters/bridge.txt"]
    assert "letters/bridge.txt" in footnote("search", "bridge", environment=environment).stdout


def test_sync_plans_then_does(environment: dict[str, str], tmp_path: Path) -> None:
    folder = tmp_path / "notes"
    folder.mkdir()
    (folder / "a.txt").write_text("A note\n\nThe heron came back on Tuesday.\n", encoding="utf-8")
    options = ("--home", str(tmp_path / "home"), "--json", str(folder))
    planned = json.loads(footnote("sync", "--dry-run", *options, environment=environment).stdout)
    assert planned["added"] == ["notes/a.txt"]
    done = footnote("sync", *options[:2], str(folder), environment=environment)
    assert done.stdout == "+ notes/a.txt\n1 added, 0 changed, 0 deleted, 0 unchanged, 0 unreadable\n"
    listed = footnote("documents", *options[:2], environment=environment)
    assert listed.stdout.startswith("notes/a.txt  A note")


def test_documents_as_json(environment: dict[str, str]) -> None:
    (document,) = json.loads(footnote("documents", "--json", environment=environment).stdout)["documents"]
    assert document["file"] == "letters/bridge.txt"
    assert document["date"] == "2021-05-04"


def test_models_are_listed(environment: dict[str, str]) -> None:
    environment = {**environment, "FOOTNOTE_MODEL": "embedded", "FOOTNOTE_MODEL_URL": "http://127.0.0.1:1"}
    models = json.loads(footnote("models", "--json", environment=environment).stdout)["models"]
    assert {"language", "embedder"} == {model["kind"] for model in models}
    assert "embedded:smollm2" in footnote("models", environment=environment).stdout


def test_fetch_gets_what_is_needed(environment: dict[str, str]) -> None:
    files = json.loads(footnote("fetch", "--json", environment=environment).stdout)["files"]
    assert [Path(file).suffix for file in files] == [".onnx", ".json"]
    assert all(Path(file).is_file() for file in files)


def test_doctor_fails_only_for_a_problem(environment: dict[str, str], tmp_path: Path) -> None:
    well = footnote("doctor", "--json", environment=environment)
    assert well.returncode == 0, well.stdout
    assert json.loads(well.stdout)["ok"] is True
    ill = footnote("doctor", "--folders", str(tmp_path / "none"), environment=environment)
    assert ill.returncode == 1
    assert ill.stderr == ""
    assert re.search(r"^problem  folders: .+\n +\S.+$", ill.stdout, re.MULTILINE)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("ask",), ("QUESTION",)),
        (("aks", "x"), ("aks",)),
        (("ask", "x", "--port", "1"), ("--port",)),
        (("search", "x", "-k", "0"), ("-k",)),
        (("search", "x", "--threads", "many"), ("threads",)),
        (("serve", "--host", "0.0.0.0"), ("0.0.0.0", "FOOTNOTE_TOKEN")),
        (("ask", " "), ("empty",)),
        (("search", "x" * 2001), ("2001",)),
        (("sync", "/no/such/folder"), ("/no/such/folder",)),
    ],
)
def test_wrong_usage(environment: dict[str, str], arguments: tuple[str, ...], words: tuple[str, ...]) -> None:
    check_failure(footnote(*arguments, environment=environment), 2, *words)


def test_a_failure(environment: dict[str, str]) -> None:
    check_failure(footnote("ask", QUESTION, "--model-url", "http://127.0.0.1:1/v1", environment=environment), 1, "127.0.0.1:1")


def test_no_command_shows_the_help() -> None:
    done = footnote()
    assert done.returncode == 2
    assert "Commands:" in done.stderr


def test_a_reader_that_has_enough(environment: dict[str, str]) -> None:
    process = subprocess.Popen(
        [*FOOTNOTE, "documents", "--json"], env=environment, cwd=CHECKOUT, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdout
    assert process.stderr
    process.stdout.close()
    assert process.stderr.read() == b""
    process.stderr.close()
    assert process.wait(30) == 0


def test_an_interrupted_question(environment: dict[str, str], slow_model_url: str) -> None:
    process = subprocess.Popen(
        [*FOOTNOTE, "ask", QUESTION, "--model-url", slow_model_url],
        env=environment,
        cwd=CHECKOUT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert SlowModel.asked.wait(60)
    process.send_signal(signal.SIGINT)
    out, error = process.communicate(timeout=5)
    assert process.returncode == 130
    assert (out, error) == ("", "")


class Server:
    """`footnote serve` as a process."""

    def __init__(self, environment: Mapping[str, str], *options: str) -> None:
        self.process = subprocess.Popen(
            [*FOOTNOTE, "serve", *options], env=environment, cwd=CHECKOUT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        assert self.process.stdout
        self.line = self.process.stdout.readline()
        self.url = self.line.split()[-1]

    def wait(self, path: str, status: int = 200) -> httpx.Response:
        deadline = time.monotonic() + 60
        while (response := httpx.get(self.url + path)).status_code != status:
            assert time.monotonic() < deadline, response.text
            time.sleep(0.1)
        return response

    def end(self, number: int) -> tuple[int, float, str]:
        """Exit status, seconds that it took, and what was said on standard output and error meanwhile."""
        began = time.monotonic()
        self.process.send_signal(number)
        out, error = self.process.communicate(timeout=20)
        return self.process.returncode, time.monotonic() - began, out + error


@pytest.fixture(scope="module")
def server(environment: dict[str, str]) -> Iterator[Server]:
    server = Server(environment)
    yield server
    assert server.end(signal.SIGTERM)[0] == 0


def test_serve_answers_and_has_a_page(server: Server) -> None:
    assert re.fullmatch(r"Footnote is at http://127\.0\.0\.1:\d+/\n", server.line)
    server.wait("readyz")
    answer = httpx.post(server.url + "v1/ask", json={"question": QUESTION}, timeout=30).json()
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
    with httpx.stream("POST", server.url + "v1/ask", json={"question": QUESTION, "stream": True}, timeout=30) as response:
        next(response.iter_lines())
        status, seconds, said = server.end(signal.SIGTERM)
    assert (status, said) == (0, "")
    assert seconds < LATEST

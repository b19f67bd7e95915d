"""`footnote` as a process, over one letter, with a small server of ours as its language model."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx

from qa.settings import PREFIX, Settings

QUESTION = "Where did the mayor of Oslo open the bridge?"
LETTER = (
    "The bridge at Nesodden\n\nPublished 4 May 2021\n\nThe mayor of Oslo opened the bridge at Nesodden on Monday. It had cost 40 million.\n"
)
FOOTNOTE = (sys.executable, "-m", "qa")
PATIENCE = 240  # seconds for what takes two or three on an idle machine
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


class ModelServer(ThreadingHTTPServer):
    def handle_error(self, *_: object) -> None:
        """A client that hangs up is no news."""


@contextmanager
def served_model(handler: type[Model] = Model) -> Iterator[str]:
    """The address of a model server."""
    server = ModelServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/v1"
    server.shutdown()


@contextmanager
def served_chroma(folder: Path, port: int = 0) -> Iterator[str]:
    """The address of a real `chroma run` that keeps its files in a folder, on a free port unless one is named."""
    port = port or free_port()
    program = Path(sys.executable).with_name("chroma")
    command = [str(program), "run", "--path", str(folder), "--host", "127.0.0.1", "--port", str(port)]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            assert process.poll() is None, (folder / "log").read_text(encoding="utf-8")
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.1)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(60)


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    return port


def make_environment(place: Path, model_url: str, files: Settings) -> dict[str, str]:
    """The environment of a Footnote with one letter, indexed."""
    letters = place / "letters"
    letters.mkdir()
    (letters / "bridge.txt").write_text(LETTER, encoding="utf-8")
    ours = {"HOME": place / "home", "FOLDERS": letters, "MODEL": "openai:copyist", "MODEL_URL": model_url, "PORT": 0}
    kept = {"CACHE": files.cache, "WEIGHTS": files.weights or ""}
    made = {**os.environ, **{PREFIX + name: str(value) for name, value in (ours | kept).items()}, "PYTHONPATH": str(CHECKOUT)}
    assert footnote("sync", environment=made).returncode == 0
    return made


def start(*arguments: str, environment: Mapping[str, str]) -> subprocess.Popen[str]:
    """`footnote` on its way, its output and errors in pipes."""
    return subprocess.Popen(
        [*FOOTNOTE, *arguments],
        env=environment,
        cwd=CHECKOUT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=hear_interrupts,  # noqa: PLW1509
    )


def hear_interrupts() -> None:
    """As in a terminal: a job that a script put into the background ignores Ctrl-C, and its children do too."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


def footnote(*arguments: str, environment: Mapping[str, str] | None = None, text: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*FOOTNOTE, *arguments], env=environment, cwd=CHECKOUT, input=text, capture_output=True, text=True, timeout=PATIENCE, check=False
    )


def check_failure(done: subprocess.CompletedProcess[str], status: int, *words: str) -> None:
    assert done.returncode == status, done.stderr
    assert done.stdout == ""
    assert re.fullmatch(r"footnote: .+\. .+\n", done.stderr), done.stderr
    for word in words:
        assert word in done.stderr


class Server:
    """`footnote serve` as a process."""

    def __init__(self, environment: Mapping[str, str], *options: str) -> None:
        self.process = start("serve", *options, environment=environment)
        assert self.process.stdout
        self.line = self.process.stdout.readline()
        self.url = self.line.split()[-1]

    def wait(self, path: str, status: int = 200) -> httpx.Response:
        deadline = time.monotonic() + PATIENCE
        while (response := httpx.get(self.url + path)).status_code != status:
            assert time.monotonic() < deadline, response.text
            time.sleep(0.1)
        return response

    def end(self, number: int) -> tuple[int, float, str]:
        """Exit status, seconds that it took, and what was said on standard output and error meanwhile."""
        began = time.monotonic()
        self.process.send_signal(number)
        out, error = self.process.communicate(timeout=PATIENCE)
        return self.process.returncode, time.monotonic() - began, out + error

"""A real Ollama for the tests: where its program is found, how one is started and ended, and models made from our own files."""

import hashlib
import json
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import IO, Any, Final

import httpx
import pytest

from qa import weights
from qa.address import OLLAMA_URL, answers
from qa.models import LanguageModel, open_language_model
from qa.settings import Settings, load
from qa.types import ignore

CACHE: Final = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "footnote-ollama"  # as in .ci/ollama
NAMED: Final = os.environ.get("FOOTNOTE_TEST_OLLAMA")  # read before tests/conftest.py takes the user's settings away
WANTED: Final = "Install Ollama and start it with `ollama serve`, or run `FOOTNOTE_TEST_OLLAMA=$(.ci/ollama) make test`."
PATIENCE: Final = 120  # seconds for what takes a few
CHATML: Final = (
    "{{- range .Messages }}<|im_start|>{{ .Role }}\n{{ .Content }}<|im_end|>\n{{ end }}<|im_start|>assistant\n"  # what both models learnt
)
BERT: Final = {
    "architectures": ["BertModel"],
    "model_type": "bert",
    "hidden_act": "gelu",
    "hidden_size": 384,
    "intermediate_size": 1536,
    "layer_norm_eps": 1e-12,
    "max_position_embeddings": 512,
    "num_attention_heads": 12,
    "num_hidden_layers": 6,
    "pad_token_id": 0,
    "position_embedding_type": "absolute",
    "type_vocab_size": 2,
    "vocab_size": 30522,
    "word_embedding_dimension": 384,  # from here on what Ollama looks for in the folder of the pooling, which is this one
    "pooling_mode_cls_token": False,
    "pooling_mode_mean_tokens": True,
}
MODULES: Final = [
    {"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"},
    {"idx": 1, "name": "1", "path": ".", "type": "sentence_transformers.models.Pooling"},
    {"idx": 2, "name": "2", "path": "2_Normalize", "type": "sentence_transformers.models.Normalize"},
]


@dataclass
class LiveOllama:
    """A server that runs. `program` is None and `process` too where it is the user's own, which is neither stopped nor restarted."""

    url: str
    prefix: str  # of the names of our models
    files: Settings
    program: Path | None = None
    process: "subprocess.Popen[bytes] | None" = None
    log: Path = Path(os.devnull)
    made: list[str] = field(default_factory=list)

    @cached_property
    def smollm2(self) -> str:
        return self.make("smollm2", *_gguf(weights.SMOLLM2))

    @cached_property
    def qwen(self) -> str:
        return self.make("qwen", *_gguf(weights.QWEN))

    @cached_property
    def minilm(self) -> str:
        """An embedder, which the server converts from its public form."""
        tokenizer = weights.fetch(weights.MINILM_TOKENIZER, self.files.cache, self.files.weights)
        words = json.loads(tokenizer.read_text(encoding="utf-8"))["model"]["vocab"]
        made = {
            "config.json": json.dumps(BERT),
            "modules.json": json.dumps(MODULES),
            "tokenizer_config.json": json.dumps({"do_lower_case": True, "model_max_length": 512, "tokenizer_class": "BertTokenizer"}),
            "vocab.txt": "".join(f"{word}\n" for word in sorted(words, key=words.__getitem__)),
        }
        return self.make("minilm", {"model.safetensors": weights.MINILM_FP32, "tokenizer.json": weights.MINILM_TOKENIZER}, {}, made)

    def make(
        self, name: str, files: Mapping[str, weights.Weights], form: Mapping[str, object], texts: Mapping[str, str] | None = None
    ) -> str:
        """The full name of a model made from model files and from small files of ours."""
        digests = {file: self._send_file(one) for file, one in files.items()}
        digests |= {file: self._send(text.encode()) for file, text in (texts or {}).items()}
        full = f"{self.prefix}{name}"
        self.post("/api/create", {"model": full, "files": digests, "stream": False, **form})
        self.made.append(full)
        return full

    def open(self, name: str, context: int = 2048, timeout: float = PATIENCE) -> LanguageModel:
        """The model as Footnote opens it."""
        return open_language_model(load(model=f"ollama:{name}", model_url=self.url, context=context, timeout=timeout), ignore)

    def post(self, path: str, body: Mapping[str, object]) -> dict[str, Any]:
        response = httpx.post(f"{self.url}{path}", json=body, timeout=PATIENCE, trust_env=False)
        assert response.status_code == 200, response.text
        answer: dict[str, Any] = response.json()
        return answer

    def loaded(self) -> list[dict[str, Any]]:
        """What `ollama ps` tells of the models in memory."""
        models: list[dict[str, Any]] = httpx.get(f"{self.url}/api/ps", timeout=PATIENCE, trust_env=False).json()["models"]
        return models

    def unload(self, name: str) -> None:
        self.post("/api/generate", {"model": name, "keep_alive": 0, "stream": False})

    def send_signal(self, number: int) -> None:
        """To the server and to the process that runs its model, both of which it leads."""
        assert self.process
        os.killpg(self.process.pid, number)

    def remove_models(self) -> None:
        for name in self.made:
            httpx.request("DELETE", f"{self.url}/api/delete", json={"model": name}, timeout=PATIENCE, trust_env=False)

    def _send_file(self, one: weights.Weights) -> str:
        if not self._holds(one.sha256):
            with weights.fetch(one, self.files.cache, self.files.weights).open("rb") as content:
                self._upload(one.sha256, content)
        return f"sha256:{one.sha256}"

    def _send(self, content: bytes) -> str:
        digest = hashlib.sha256(content).hexdigest()
        if not self._holds(digest):
            self._upload(digest, content)
        return f"sha256:{digest}"

    def _upload(self, digest: str, content: bytes | IO[bytes]) -> None:
        httpx.post(f"{self.url}/api/blobs/sha256:{digest}", content=content, timeout=PATIENCE, trust_env=False).raise_for_status()

    def _holds(self, digest: str) -> bool:
        return httpx.head(f"{self.url}/api/blobs/sha256:{digest}", timeout=PATIENCE, trust_env=False).status_code == httpx.codes.OK


def _gguf(one: weights.Weights) -> tuple[dict[str, weights.Weights], dict[str, object]]:
    return {one.file: one}, {"template": CHATML, "parameters": {"stop": ["<|im_end|>"]}}


def find_program() -> Path | None:
    """The program that is named, is installed, or was built by `.ci/ollama`."""
    if NAMED:
        return Path(NAMED)
    installed = shutil.which("ollama")
    built = sorted(CACHE.glob("v*/bin/ollama"))
    return Path(installed) if installed else built[-1] if built else None


@contextmanager
def started(program: Path, models: Path, files: Settings, port: int = 0, limit: Callable[[], None] | None = None) -> Iterator[LiveOllama]:
    """A server of our own on a free port of loopback, its models and its log in a folder. `limit` runs in its process before it does."""
    models.mkdir(parents=True, exist_ok=True)
    port = port or free_port()
    ours = {"HOST": f"127.0.0.1:{port}", "MODELS": models, "NOPRUNE": 1, "NUM_PARALLEL": 1, "MAX_LOADED_MODELS": 3}
    environment = {key: value for key, value in os.environ.items() if not key.startswith("OLLAMA_")}
    environment |= {f"OLLAMA_{key}": str(value) for key, value in ours.items()} | {"OMP_WAIT_POLICY": "passive", "HOME": str(models)}
    path = models / f"log-{port}-{time.monotonic_ns()}"
    with path.open("wb") as log:
        process = subprocess.Popen(
            [str(program), "serve"],
            env=environment,
            stdout=log,
            stderr=log,
            start_new_session=True,
            preexec_fn=limit,  # noqa: PLW1509
        )
    server = LiveOllama(f"http://127.0.0.1:{port}", "footnote-", files, program, process, path)
    try:
        deadline = time.monotonic() + PATIENCE
        while not answers(server.url):
            assert process.poll() is None, path.read_text(encoding="utf-8", errors="replace")
            assert time.monotonic() < deadline
            time.sleep(0.05)
        yield server
    finally:
        for number in (signal.SIGCONT, signal.SIGKILL):
            try:
                os.killpg(process.pid, number)
            except ProcessLookupError:  # ended by the test
                break
        process.wait(PATIENCE)
        path.unlink()


@contextmanager
def live_server(files: Settings) -> Iterator[LiveOllama]:
    """A server with a model folder that is kept beside the program's cache; else the user's, which gets its models back as they were.

    Where there is neither, tests that need one are skipped, saying why; where one is named they fail.
    """
    address = os.environ.get("OLLAMA_HOST") or OLLAMA_URL
    address = address if "://" in address else f"http://{address}"
    if program := find_program():
        with started(program, CACHE / "models", files) as server:
            yield server
    elif answers(address):
        server = LiveOllama(address, "footnote-test-", files)
        yield server
        server.remove_models()
    else:
        pytest.skip(f"There is no Ollama: what it does is not tested live. {WANTED}")


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    return port

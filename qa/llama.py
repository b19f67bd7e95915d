"""llama.cpp's own server, embedded: it runs in a child process of ours and speaks the OpenAI protocol on loopback.

A child, because loading holds Python's lock for as long as it takes (2 to 8 s), in which nothing else in the process would move, and
because a model that llama.cpp chokes on then takes nothing down with it. The child ends with its parent, however that ends: it waits for
the end of its input.
"""

import contextlib
import json
import logging
import mmap
import os
import re
import secrets
import signal
import subprocess
import sys
import tempfile
import threading
import time
from functools import lru_cache
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final, TypedDict

from qa.errors import EngineError, EngineUnreachableError
from qa.thoughts import UNTHINKING

if TYPE_CHECKING:
    import httpx

PROMPT_CACHE_MIB: Final = 128  # for the prompts of earlier conversations, about 28 KiB a token; llama.cpp's default is 8 GiB
PATIENCE: Final = 5.0  # seconds for the child to accept a connection, and to end by itself
PAUSE: Final = 30.0  # seconds between two starts of a child that keeps ending
RESTART: Final = "It starts again by itself: ask again in a moment. If it happens often, there may be too little memory for this model."
ERRORS_ONLY: Final = 1  # of llama.cpp's log levels
log = logging.getLogger(__name__)


class Load(TypedDict):
    """What the child is told on its input, so that the key shows in no list of processes."""

    model: str
    context: int  # of each slot
    slots: int
    threads: int
    key: str
    port: int  # 0: any that is free


class LlamaServer:
    """A llama.cpp server on a loopback port, behind a random key. `client` and `context` stand once `wait` has returned.

    A child that ends without being told to is started again, at the same address with the same key.
    """

    client: "httpx.Client"

    def __init__(self, model: Path, context: int, threads: int = 0, timeout: float = 300.0, slots: int = 1) -> None:
        """Starts loading the GGUF file and returns at once. `threads` 0 takes one per physical core; `timeout` (seconds) is of requests;
        `slots` is how many replies can be written at a time, each with a context of its own."""
        self.context = context  # as asked; from `wait` on as it is, which a model trained on less may lower
        self.count = lru_cache(maxsize=20_000)(self._count)
        self._load = Load(
            model=str(model.resolve()),
            context=context,
            slots=slots,
            threads=threads or physical_cores(),
            key=secrets.token_urlsafe(24),
            port=0,
        )
        self._model = model
        self._timeout = timeout
        self._closed = threading.Event()
        self._changing = threading.Lock()  # of the child
        self._loaded = False
        self._start()

    @property
    def pid(self) -> int:
        """The process that holds the model."""
        return self._process.pid

    @property
    def key(self) -> str:
        return self._load["key"]

    def alive(self) -> bool:
        """Whether a child runs and has loaded the model."""
        return self._loaded and self._process.poll() is None

    def wait(self) -> None:
        """Until the model is loaded. Raises EngineError with llama.cpp's reason where it cannot be."""
        import httpx

        url = self._address()
        if not url:
            reason = self._reason()
            self.close()
            raise EngineError(f"llama.cpp cannot load {self._model.name}: {reason}", "Set FOOTNOTE_MODEL to another model.")
        headers = {"Authorization": f"Bearer {self.key}"}
        timeout = httpx.Timeout(self._timeout, connect=PATIENCE)
        fresh = httpx.Limits(max_keepalive_connections=0)  # of connections used again, the server drops one in 500 without an answer
        self.client = httpx.Client(base_url=url, headers=headers, timeout=timeout, limits=fresh, trust_env=False)
        self.context = int(self._request("GET", "/props").json()["default_generation_settings"]["n_ctx"])
        self._load["port"] = httpx.URL(url).port or 0
        threading.Thread(target=self._keep, name="keep-llama", daemon=True).start()

    def close(self) -> None:
        """Ends the child and frees its memory; harmless when repeated."""
        with self._changing:
            self._closed.set()
            assert self._process.stdin
            assert self._process.stdout
            self._process.stdin.close()
            try:
                self._process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
            self._process.stdout.close()
            self._log.close()

    def _start(self) -> None:
        self._loaded = False
        self._started = time.monotonic()
        self._log: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115
        self._process = subprocess.Popen(
            [sys.executable, "-m", __name__],
            cwd=Path(__file__).resolve().parents[1],
            env={**os.environ, "OMP_WAIT_POLICY": "passive"},  # threads that spin while they wait are 20 times slower on a busy machine
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
        )
        assert self._process.stdin
        self._process.stdin.write(json.dumps(self._load).encode() + b"\n")
        self._process.stdin.flush()

    def _address(self) -> str:
        """Where the child listens, once it has loaded the model; nothing where it has ended."""
        assert self._process.stdout
        address = self._process.stdout.readline().decode().strip()
        self._loaded = bool(address)
        return address

    def _keep(self) -> None:
        """Starts the child again whenever it ends, but not more than once in PAUSE: it may be the model that it chokes on."""
        while not self._closed.is_set():
            self._process.wait()
            with self._changing:
                if self._closed.is_set():
                    return
                log.warning("The embedded %s has ended (%s) and is started again", self._model.stem, self._reason())
            self._closed.wait(self._started + PAUSE - time.monotonic())
            with self._changing:
                if self._closed.is_set():
                    return
                self._release()
                self._start()
            self._address()

    def _release(self) -> None:
        """Lets go of what is left of a child that has ended."""
        for stream in (self._process.stdin, self._process.stdout, self._log):
            if stream:
                with contextlib.suppress(BrokenPipeError):
                    stream.close()

    def prompt(self, text: str) -> str:
        """The prompt that the model's template makes of a question, up to where the reply begins."""
        asked = {"messages": [{"role": "user", "content": text}], "chat_template_kwargs": UNTHINKING}
        return str(self._request("POST", "/apply-template", asked).json()["prompt"])

    def _count(self, text: str) -> int:
        """Tokens of the text inside a prompt, by the model's own tokenizer."""
        return len(self._request("POST", "/tokenize", {"content": text}).json()["tokens"])

    def _request(self, method: str, path: str, body: object = None) -> "httpx.Response":
        import httpx

        try:
            return self.client.request(method, path, json=body).raise_for_status()
        except httpx.HTTPError as error:
            raise EngineUnreachableError(f"The embedded llama.cpp does not answer: {error}", RESTART) from error

    def _reason(self) -> str:
        """The first error that the child has logged."""
        status = self._process.wait()
        self._log.seek(0)
        log = self._log.read().decode(errors="replace")
        found = re.search(r"^\S+ E (.+)", log, re.MULTILINE) or re.search(r"(\S.*)\s*\Z", log)
        return found[1].strip() if found else f"it ended with status {status}"


def physical_cores() -> int:
    """Those that this process may use."""
    import psutil

    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(psutil.cpu_count(logical=False) or usable, usable)


def forget_pages(file: str) -> None:
    """Takes the pages of a mapped file out of this process's memory; those still needed come back by themselves (Linux only).

    llama.cpp reads the whole file and keeps most of it a second time, repacked: of 1,980 MB, 600 are then never looked at again.
    """
    if sys.platform != "linux":
        return
    import ctypes

    madvise = ctypes.CDLL(None).madvise
    madvise.argtypes = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int)
    for line in Path("/proc/self/maps").read_text(encoding="utf-8").splitlines():
        if line.endswith(f" {file}") and " r--s " in line:  # read-only and shared: nothing of ours can be lost
            start, end = (int(address, 16) for address in line.split()[0].split("-"))
            madvise(start, end - start, mmap.MADV_DONTNEED)


def serve() -> None:
    """The child: loads what its first line of input names, prints the address, serves until its input ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole terminal; the parent decides when to end
    output = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # whatever else writes to standard output must not be taken for the address
    load: Load = json.loads(sys.stdin.readline())
    import xllamacpp

    params = xllamacpp.CommonParams()
    params.model.path = load["model"]
    params.n_ctx, params.n_parallel = load["context"] * load["slots"], load["slots"]
    params.port = load["port"]
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = load["threads"]
    params.api_keys, params.cors_origins = [load["key"]], ""
    params.ui = params.endpoint_slots = False
    params.cache_ram_mib = PROMPT_CACHE_MIB
    params.fit_params = False  # it reads the file twice to find out what fits on a graphics card
    params.warmup = False  # 0.3 s that make no later call quicker
    params.verbosity = ERRORS_ONLY
    server = xllamacpp.Server(params)
    forget_pages(load["model"])
    print(server.listening_address, file=output, flush=True)
    sys.stdin.read()
    os._exit(0)  # at once: nothing here outlives the process, and a reply under way is wanted by nobody


if __name__ == "__main__":
    serve()

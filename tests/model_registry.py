"""A registry of Ollama models on loopback, which sends at a pace and may be cut off: what a pull asks of the public one, asked of ours."""

import hashlib
import json
import re
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Final

from tests.live_ollama import CHATML

KIND: Final = "application/vnd.ollama.image."
PIECE: Final = 1 << 18  # bytes


@dataclass
class Registry:
    """One model. `pace` is in bytes a second; `asked` holds the first byte of every piece of the weights that was asked for."""

    port: int
    weights: Path
    blobs: Mapping[str, bytes]
    manifest: bytes
    digest: str
    pace: float = float("inf")
    asked: list[int] = field(default_factory=list)
    sent: int = 0  # bytes of the weights

    @property
    def model(self) -> str:
        return f"127.0.0.1:{self.port}/library/tiny"


@contextmanager
def served_registry(weights: Path, digest: str) -> Iterator[Registry]:
    """A registry whose one model has these weights (a GGUF file and its SHA-256)."""
    server = _Server(("127.0.0.1", 0), _Handler)
    facts = json.dumps({"model_format": "gguf", "model_family": "llama", "architecture": "amd64", "os": "linux"}).encode()
    texts = {"template": CHATML.encode(), "params": json.dumps({"stop": ["<|im_end|>"]}).encode()}
    layers = [_layer(f"{KIND}model", digest, weights.stat().st_size)]
    layers += [_layer(f"{KIND}{kind}", _sha256(text), len(text)) for kind, text in texts.items()]
    form = {
        "schemaVersion": 2,
        "mediaType": "application/vnd.docker.distribution.manifest.v2+json",
        "config": _layer("application/vnd.docker.container.image.v1+json", _sha256(facts), len(facts)),
        "layers": layers,
    }
    blobs = {_sha256(text): text for text in (facts, *texts.values())}
    server.registry = Registry(server.server_port, weights, blobs, json.dumps(form).encode(), digest)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.registry
    server.shutdown()
    server.server_close()


class _Server(ThreadingHTTPServer):
    registry: Registry
    daemon_threads = True

    def handle_error(self, *_: object) -> None:
        """A client that hangs up is no news."""


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        registry = self.server.registry
        name = self.path.rpartition(":")[2]
        if "/manifests/" in self.path:
            self._send(registry.manifest, "application/vnd.docker.distribution.manifest.v2+json")
        elif name != registry.digest and name not in registry.blobs:
            self.send_error(HTTPStatus.NOT_FOUND)
        elif self.path.startswith("/v2/"):  # what is large is elsewhere, as with the public one
            self.send_response(HTTPStatus.TEMPORARY_REDIRECT)
            self.send_header("location", f"http://localhost:{registry.port}/elsewhere/sha256:{name}")
            self.send_header("content-length", "0")
            self.end_headers()
        elif name in registry.blobs:
            self._send(registry.blobs[name], "application/octet-stream")
        else:
            self._send_weights(registry)

    def _send(self, body: bytes, kind: str) -> None:
        self.send_response(HTTPStatus.OK)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)

    def _send_weights(self, registry: Registry) -> None:
        size = registry.weights.stat().st_size
        wanted = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("range", ""))
        first, last = (int(wanted[1]), int(wanted[2] or size - 1)) if wanted else (0, size - 1)
        self.send_response(HTTPStatus.PARTIAL_CONTENT if wanted else HTTPStatus.OK)
        self.send_header("content-length", str(last + 1 - first))
        self.send_header("content-range", f"bytes {first}-{last}/{size}")
        self.end_headers()
        if self.command == "HEAD":
            return
        registry.asked.append(first)
        with registry.weights.open("rb") as content:
            content.seek(first)
            while left := last + 1 - content.tell():
                piece = content.read(min(PIECE, left))
                self.wfile.write(piece)
                registry.sent += len(piece)
                time.sleep(len(piece) / registry.pace)

    def log_message(self, *_: object) -> None:
        """Nothing on standard error."""


def _layer(kind: str, digest: str, size: int) -> dict[str, object]:
    return {"mediaType": kind, "digest": f"sha256:{digest}", "size": size}


def _sha256(text: bytes) -> str:
    return hashlib.sha256(text).hexdigest()

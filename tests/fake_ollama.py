"""A small HTTP server that speaks Ollama's protocol on loopback: scripted replies, and faults that the real one has been seen to have."""

import json
import socket
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, ClassVar, Literal, Self

Fault = Literal["cut", "broken", "error", "failed", "hang", "garbage", "load"]
"""cut: the stream ends without `done`, as if it were complete; broken: the connection is lost; error: an error line in mid-stream;
failed: status 500; hang: silence; garbage: a line that is no JSON; load: only word that the model has been loaded."""


@dataclass(frozen=True)
class Reply:
    """One reply of `/api/chat`, sent piece by piece. `prompt_tokens` None: one for each word, at most `num_ctx`."""

    pieces: Sequence[str] = ("Hello", " there", ".")
    thoughts: Sequence[str] = ()  # told apart by the server, before the pieces
    done_reason: str = "stop"
    fault: Fault | None = None
    prompt_tokens: int | None = None
    top_logprobs: Mapping[str, float] | None = None  # of the first token, or of the first thought


@dataclass
class Model:
    """An installed model, or one that can be pulled."""

    capabilities: tuple[str, ...] = ("completion",)
    context: int = 8192
    size: int = 1_000_000
    dimensions: int = 8
    family: str = "llama"
    template: str = "<|user|>{{ .Prompt }}<|assistant|>"
    modelfile: str = ""
    facts: Mapping[str, object] = field(default_factory=dict)  # of its file, beside its context


@dataclass
class FakeOllama:
    """`with FakeOllama() as server:` listens at `server.url`; `requests` holds what was asked, `replies` what is to be replied."""

    models: dict[str, Model] = field(default_factory=lambda: {"llama3.2:latest": Model()})
    library: dict[str, Model] = field(default_factory=dict)  # what can be pulled
    replies: list[Reply] = field(default_factory=list)  # one for each chat, the last for all that follow
    requests: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    port: int = 0  # 0: any that is free
    disconnected: threading.Event = field(default_factory=threading.Event)  # set when a client leaves in the middle of a reply
    closing: threading.Event = field(default_factory=threading.Event)
    version: str = "0.24.0"

    def __enter__(self) -> Self:
        handler = type("Handler", (_Handler,), {"fake": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", self.port), handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.closing.set()
        self._server.shutdown()
        self._server.server_close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    @property
    def chats(self) -> list[dict[str, Any]]:
        """The bodies of the chats asked for so far."""
        return [body for path, body in self.requests if path == "/api/chat"]

    def find(self, name: str) -> Model | None:
        return self.models.get(name) or self.models.get(f"{name}:latest")

    def next_reply(self) -> Reply:
        return self.replies.pop(0) if len(self.replies) > 1 else (self.replies or [Reply()])[0]


class _Handler(BaseHTTPRequestHandler):
    fake: ClassVar[FakeOllama]
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self._answer({})

    def do_POST(self) -> None:
        self._answer(json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0))) or b"{}"))

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass

    def _answer(self, body: dict[str, Any]) -> None:
        self.fake.requests.append((self.path, body))
        routes = {
            "/api/version": self._version,
            "/api/tags": self._tags,
            "/api/show": self._show,
            "/api/generate": self._load,
            "/api/chat": self._chat,
            "/api/embed": self._embed,
            "/api/pull": self._pull,
            "/v1/models": self._listed,
            "/v1/chat/completions": self._completions,
        }
        if route := routes.get(self.path):
            route(body)
        else:
            self._json({"error": "not found"}, 404)

    def _version(self, body: dict[str, Any]) -> None:
        self._json({"version": self.fake.version})

    def _tags(self, body: dict[str, Any]) -> None:
        rows = [{"name": name, "model": name, "size": model.size, "digest": digest(name)} for name, model in self.fake.models.items()]
        self._json({"models": rows})

    def _listed(self, body: dict[str, Any]) -> None:
        """The same in OpenAI's protocol, with what vLLM tells beside."""
        rows = [{"id": name, "object": "model", "max_model_len": model.context} for name, model in self.fake.models.items()]
        self._json({"object": "list", "data": rows})

    def _show(self, body: dict[str, Any]) -> None:
        if model := self._model(body):
            facts = {"general.architecture": "llama", "llama.context_length": model.context, **model.facts}
            told = {"capabilities": model.capabilities, "model_info": facts, "details": {"family": model.family}}
            self._json(told | {"template": model.template, "modelfile": model.modelfile})

    def _load(self, body: dict[str, Any]) -> None:
        """A request without a prompt: the real server loads the model."""
        if self._model(body):
            self._json({"model": body["model"], "response": "", "done": True, "done_reason": "load"})

    def _chat(self, body: dict[str, Any]) -> None:
        if not self._model(body):
            return
        reply = self.fake.next_reply()
        if reply.fault == "failed":
            self._json({"error": "llama runner process has terminated"}, 500)
        elif reply.fault == "hang":
            self.fake.closing.wait(30)
        else:
            self._stream(chat_lines(body, reply), broken=reply.fault == "broken")

    def _completions(self, body: dict[str, Any]) -> None:
        """The same replies in OpenAI's protocol, which Ollama speaks too."""
        if self._model(body):
            reply = self.fake.next_reply()
            self._stream(completion_lines(reply), broken=reply.fault == "broken")

    def _embed(self, body: dict[str, Any]) -> None:
        model = self._model(body)
        if not model:
            return
        if any(len(text.split()) > model.context for text in body["input"]) and body.get("truncate") is False:
            self._json({"error": "the input length exceeds the context length"}, 400)
        else:
            self._json({"model": body["model"], "embeddings": [vector(text, model.dimensions) for text in body["input"]]})

    def _pull(self, body: dict[str, Any]) -> None:
        self._stream(self._pull_lines(body["model"]))

    def _pull_lines(self, name: str) -> Iterator[object]:
        yield {"status": "pulling manifest"}
        if name not in self.fake.library:
            yield {"error": "pull model manifest: file does not exist"}
            return
        for layer in ("a", "b"):
            for completed in (10, 60, 100):
                yield {"status": f"pulling {layer}", "digest": f"sha256:{layer}", "total": 100, "completed": completed}
        self.fake.models[name] = self.fake.library[name]
        yield {"status": "success"}

    def _model(self, body: dict[str, Any]) -> Model | None:
        """The model asked for; where there is none, 404 has been answered."""
        model = self.fake.find(body["model"])
        if model is None:
            self._json({"error": f"model '{body['model']}' not found"}, 404)
        return model

    def _json(self, form: object, status: int = 200) -> None:
        data = json.dumps(form).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def _stream(self, lines: Iterator[object], broken: bool = False) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "application/x-ndjson")
        self.send_header("Transfer-Encoding", "chunked")
        self.send_header("Connection", "close")  # says that this connection takes no further request, so that no client tries one on it
        self.end_headers()
        try:
            for line in lines:
                data = (line if isinstance(line, str) else json.dumps(line)).encode() + b"\n"
                self.wfile.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")
            if not broken:
                self.wfile.write(b"0\r\n\r\n")
        except OSError:
            self.fake.disconnected.set()


def chat_lines(body: Mapping[str, Any], reply: Reply) -> Iterator[object]:
    """The lines of a chat stream, as far as the reply's fault lets them come."""
    head = {"model": body["model"], "created_at": "2026-01-01T00:00:00Z"}
    told = [{"content": "", "thinking": thought} for thought in reply.thoughts] + [{"content": piece} for piece in reply.pieces]
    for number, message in enumerate(told if reply.fault != "load" else ()):
        line: dict[str, object] = {**head, "message": {"role": "assistant", **message}, "done": False}
        if number == 0 and body.get("logprobs") and reply.top_logprobs:
            top = [{"token": token, "logprob": logprob} for token, logprob in reply.top_logprobs.items()]
            line["logprobs"] = [{**top[0], "top_logprobs": top[: body.get("top_logprobs") or 0]}]
        yield line
    if reply.fault == "error":
        yield {"error": "an error was encountered while running the model"}
    elif reply.fault == "garbage":
        yield "<html>"
    elif reply.fault not in ("cut", "broken"):
        yield {**head, "message": {"role": "assistant", "content": ""}, "done": True, **ending(body, reply)}


def completion_lines(reply: Reply) -> Iterator[object]:
    """The lines of a stream of `/v1/chat/completions`; comments and empty lines stand between events."""
    yield ": ping"
    told = [{"reasoning_content": thought} for thought in reply.thoughts] + [{"content": piece} for piece in reply.pieces]
    for delta in told:
        yield f"data: {json.dumps({'choices': [{'delta': delta, 'finish_reason': None}]})}\n"
    if reply.fault == "error":
        yield f"data: {json.dumps({'error': {'message': 'out of memory'}})}\n"
    elif reply.fault == "garbage":
        yield "data: <html>"
    elif reply.fault not in ("cut", "broken"):
        yield f"data: {json.dumps({'choices': [{'delta': {}, 'finish_reason': reply.done_reason}]})}\n"
        yield f"data: {json.dumps({'choices': [], 'usage': {'prompt_tokens': 7, 'completion_tokens': len(told)}})}\n"
        yield "data: [DONE]\n"


def ending(body: Mapping[str, Any], reply: Reply) -> dict[str, object]:
    read = sum(len(message["content"].split()) for message in body["messages"])
    counted = min(read, body["options"].get("num_ctx", 4096)) if reply.prompt_tokens is None else reply.prompt_tokens
    reason = "load" if reply.fault == "load" else reply.done_reason
    return {"done_reason": reason, "prompt_eval_count": counted, "eval_count": len(reply.thoughts) + len(reply.pieces)}


def vector(text: str, dimensions: int) -> list[float]:
    """Counts of words by their first letter: the same for the same text, alike for texts alike, and not of length 1."""
    counts = [0.0] * dimensions
    for word in text.lower().split():
        counts[ord(word[0]) % dimensions] += 1.0
    return counts


def digest(name: str) -> str:
    return name.encode().hex().ljust(64, "0")[:64]


def closed_port() -> str:
    """The address of a port at which nobody listens."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{listener.getsockname()[1]}"

"""The HTTP endpoint over a real index; only the language model is scripted."""

import asyncio
import contextlib
import http.client
import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.language_models.chat_models import BaseChatModel
from langchain_core.messages import AIMessageChunk, BaseMessage
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from pydantic import ConfigDict, Field

from qa import relay
from qa.api import create_app
from qa.errors import ReplyCutError
from qa.guard import BODY_LIMIT
from qa.library import Library
from qa.models import LanguageModel
from qa.service import QA
from qa.settings import Settings
from qa.types import Answer, Hit, Passage, Span, Timing, Token, Usage, ignore
from qa.wire import AnswerForm

QUESTION = "Where did the mayor of Oslo open the bridge?"
TEXTS = {
    "bridge.txt": "The bridge at Nesodden\n\nBy Kari Holm\nPublished 4 May 2021\n\n"
    "The mayor of Oslo opened the bridge at Nesodden on Monday. "
    "The bridge had cost 40 million kroner.\n",
    "ferry.txt": "The last ferry\n\nThe last ferry crossed the fjord in April 2021. It had served the island for ninety years.\n",
}
ANSWER_KEYS = {
    *("id", "question", "standalone_question", "answered", "answer", "confidence", "reason", "sentences", "citations", "passages"),
    *("withdrawn", "model", "usage", "timing"),
}
CITATION_KEYS = {"number", "document", "file", "title", "date", "page", "start", "end", "quote"}
PASSAGE_KEYS = {"id", "document", "file", "title", "date", "page", "start", "end", "text", "score"}


class Scripted(BaseChatModel):
    """A chat model that copies the first numbered sentence with `copies` out of its prompt, slowly or not, to the end or not."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    copies: str = "Nesodden on Monday"
    pause: float = 0.0
    breaks: Exception | None = None
    calls: list[str] = Field(default_factory=list)
    stopped: threading.Event = Field(default_factory=threading.Event)

    @property
    def _llm_type(self) -> str:
        return "scripted"

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        text = "".join(chunk.text for chunk in self._stream(messages))
        return ChatResult(generations=[ChatGeneration(message=AIMessageChunk(content=text))])

    def _stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> Iterator[ChatGenerationChunk]:
        prompt = "\n".join(str(message.content) for message in messages)
        self.calls.append(prompt)
        found = re.findall(rf"^\[(\d+)\] (.*{self.copies}.*)$", prompt, re.MULTILINE)
        reply = "[{}] {}".format(*found[-1]) if found else "[0] Not stated"
        try:
            for word in re.findall(r"\S+\s*", reply):
                time.sleep(self.pause)
                yield ChatGenerationChunk(message=AIMessageChunk(content=word))
                if self.breaks and not word.startswith("["):
                    raise self.breaks
        finally:
            self.stopped.set()


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    home = tmp_path_factory.mktemp("home")
    folder = tmp_path_factory.mktemp("parent") / "letters"
    folder.mkdir()
    for name, text in TEXTS.items():
        (folder / name).write_text(text, encoding="utf-8")
    library = Library.open(Settings(home=home), ignore)
    library.sync([folder], ignore)
    with contextlib.closing(library):
        yield library


Client = httpx.Client
Start = Callable[..., Client]


@pytest.fixture
def start(library: Library) -> Iterator[Start]:
    """Starts a real server over the library and gives a client of it."""
    with contextlib.ExitStack() as stack:

        def start_one(model: Scripted | None = None, qa: QA | None = None, **settings: Any) -> Client:
            qa = qa or QA(library, LanguageModel.of(model or Scripted()), Settings(**settings))
            return stack.enter_context(serving(qa, Settings(**settings)))

        yield start_one


@contextlib.contextmanager
def serving(qa: QA, settings: Settings) -> Iterator[Client]:
    server = uvicorn.Server(uvicorn.Config(create_app(qa, settings), log_level="critical", timeout_graceful_shutdown=1))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        while not server.started:
            time.sleep(0.005)
        with httpx.Client(base_url=f"http://127.0.0.1:{listener.getsockname()[1]}", timeout=30) as client:
            yield client
        server.should_exit = True
        thread.join()


@pytest.fixture(scope="module")
def client(library: Library) -> Iterator[Client]:
    """A server that nothing goes wrong with, shared by the tests that change nothing."""
    with serving(QA(library, LanguageModel.of(Scripted()), Settings()), Settings()) as client:
        yield client


def events(text: str) -> list[tuple[str, Any]]:
    """Name and data of each server-sent event."""
    found = re.findall(r"^event: (\w+)\ndata: (.*)\n\n", text, re.MULTILINE)
    return [(name, httpx.Response(200, text=data).json()) for name, data in found]


def check_error(response: httpx.Response, status: int, kind: str, *words: str) -> None:
    """The error is in our form, in one line, and says `words`."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/json"
    error = response.json()["error"]
    assert set(error) == {"type", "message", "hint"}
    assert error["type"] == kind
    assert "\n" not in error["message"]
    assert "Traceback" not in response.text
    for word in words:
        assert word in error["message"] + error["hint"]


def test_an_answer_is_as_the_contract_says(client: Client) -> None:
    answer = client.post("/v1/ask", json={"question": QUESTION}).json()
    assert set(answer) == ANSWER_KEYS
    assert answer["answered"] is True
    assert answer["question"] == answer["standalone_question"] == QUESTION
    assert answer["answer"].endswith("[1].") or "[1]" in answer["answer"]
    assert answer["reason"] is None
    assert set(answer["sentences"][0]) == {"text", "citations"}
    assert set(answer["citations"][0]) == CITATION_KEYS
    assert set(answer["passages"][0]) == PASSAGE_KEYS
    assert set(answer["usage"]) == {"prompt_tokens", "completion_tokens"}
    assert set(answer["timing"]) == {"retrieve_ms", "first_token_ms", "total_ms"}


def test_numbers_carry_no_digits_that_mean_nothing() -> None:
    passage = Passage("p", "d", "a.txt", "A", None, None, 0, 2, "Hi", (Span(0, 2),))
    texts = ("id", "q", "q", True, "Hi [1].")
    answer = Answer(*texts, 0.98765, None, (), (), (Hit(passage, 0.123456),), (), "m", Usage(), Timing(1.26, None, 9.99))
    form = AnswerForm.of(answer)
    assert (form.confidence, form.passages[0].score) == (0.988, 0.1235)
    assert (form.timing.retrieve_ms, form.timing.first_token_ms, form.timing.total_ms) == (1.3, None, 10.0)


def test_a_citation_points_at_its_quote(client: Client) -> None:
    answer = client.post("/v1/ask", json={"question": QUESTION}).json()
    for citation in answer["citations"]:
        document = client.get(f"/v1/documents/{citation['document']}").json()
        assert document["text"][citation["start"] : citation["end"]] == citation["quote"]
        assert document["file"] == citation["file"] == "letters/bridge.txt"
        assert citation["date"] == document["date"] == "2021-05-04"


def test_what_is_not_told_is_withheld(client: Client) -> None:
    response = client.post("/v1/ask", json={"question": "Who painted the ceiling of the cathedral in Florence?"})
    answer = response.json()
    assert response.status_code == 200
    assert answer["answered"] is False
    assert answer["reason"]
    assert answer["citations"] == answer["sentences"] == []
    assert answer["answer"]


def test_a_stream_tells_first_what_was_found_and_last_the_answer(client: Client) -> None:
    response = client.post("/v1/ask", json={"question": QUESTION, "stream": True})
    told = events(response.text)
    names = [name for name, _ in told]
    assert response.headers["content-type"].startswith("text/event-stream")
    assert names[0] == "found"
    assert names.count("done") == 1
    assert names[-1] == "done"
    assert set(names[1:-1]) <= {"token", "revised"}
    found, done = told[0][1], told[-1][1]
    assert set(found) == {"standalone_question", "passages", "evidence"}
    assert set(found["evidence"][0]) == {*PASSAGE_KEYS, "number", "passage"} - {"id", "score"}
    assert set(done) == ANSWER_KEYS
    assert done["answer"] == [data["text"] for name, data in told if name == "revised"][-1]


def test_a_stream_and_a_plain_answer_agree(client: Client) -> None:
    plain = client.post("/v1/ask", json={"question": QUESTION}).json()
    streamed = events(client.post("/v1/ask", json={"question": QUESTION, "stream": True}).text)[-1][1]
    same = ANSWER_KEYS - {"id", "timing"}
    assert {key: plain[key] for key in same} == {key: streamed[key] for key in same}


def test_search_touches_no_model(start: Start) -> None:
    model = Scripted(calls=[])
    found = start(model).post("/v1/search", json={"question": "ferry fjord", "limit": 1}).json()
    assert [passage["file"] for passage in found["passages"]] == ["letters/ferry.txt"]
    assert set(found["passages"][0]) == PASSAGE_KEYS
    assert model.calls == []


def test_documents_and_their_passages(client: Client) -> None:
    documents = client.get("/v1/documents").json()["documents"]
    assert {document["file"] for document in documents} == {"letters/bridge.txt", "letters/ferry.txt"}
    for listed in documents:
        document = client.get(f"/v1/documents/{listed['id']}").json()
        assert document["title"] == listed["title"]
        assert document["text"] == TEXTS[Path(listed["file"]).name]
        assert document["passages"]
        for passage in document["passages"]:
            assert 0 <= passage["start"] < passage["end"] <= len(document["text"])


def test_an_unknown_document(client: Client) -> None:
    check_error(client.get("/v1/documents/none/such"), 404, "not_found")


def test_sync_reports_and_dry_run_changes_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "letters"
    folder.mkdir()
    (folder / "a.txt").write_text("The first letter\n\nIt came from Bergen in a blue envelope.\n", encoding="utf-8")
    settings = Settings(home=tmp_path / "home", folders=(folder,))
    qa = QA(Library.open(settings, ignore), LanguageModel.of(Scripted()), settings)
    with contextlib.closing(qa), serving(qa, settings) as client:
        planned = client.post("/v1/sync", json={"dry_run": True}).json()
        assert planned["added"] == ["letters/a.txt"]
        assert client.get("/v1/documents").json() == {"documents": []}
        assert client.post("/v1/sync").json() == planned
        assert [document["file"] for document in client.get("/v1/documents").json()["documents"]] == ["letters/a.txt"]


def test_feedback_on_an_answer(client: Client) -> None:
    answer = client.post("/v1/ask", json={"question": QUESTION}).json()
    given = client.post("/v1/feedback", json={"id": answer["id"], "good": True, "note": "yes"})
    assert given.json() == {"saved": True}
    check_error(client.post("/v1/feedback", json={"id": "unknown", "good": True}), 404, "not_found")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "question"),
        ({"question": ""}, "question"),
        ({"question": " \n"}, "question"),
        ({"question": "x" * 2001}, "question"),
        ({"question": 7}, "question"),
        ({"question": "x", "stream": "yes"}, "stream"),
        ({"question": "x", "strem": True}, "strem"),
        ({"question": "x", "history": [{"role": "nobody", "content": "y"}]}, "history.0.role"),
        ({"question": "x", "history": [{"role": "user", "content": "y" * 500_000}]}, "history"),
        ([], "body"),
        (None, "body"),
    ],
)
def test_a_bad_body_names_its_field(client: Client, body: object, field: str) -> None:
    check_error(client.post("/v1/ask", json=body), 422, "usage", field)


@pytest.mark.parametrize("body", [b"{", b'{"question": "\xff"}', b"[" * 100_000, b'{"question": "\\ud800"}', b""])
def test_what_is_not_json(client: Client, body: bytes) -> None:
    check_error(client.post("/v1/ask", content=body, headers={"content-type": "application/json"}), 422, "usage")


@pytest.mark.parametrize("headers", [{"content-type": "text/plain"}, {}])
def test_another_content_type(client: Client, headers: dict[str, str]) -> None:
    check_error(client.post("/v1/ask", content=b'{"question": "x"}', headers=headers), 415, "unsupported_media_type")


def test_the_longest_question_is_taken(client: Client) -> None:
    assert client.post("/v1/search", json={"question": "fjord " * 333}).status_code == 200


def test_too_large_a_body(client: Client) -> None:
    large = b'{"question": "' + b"x" * BODY_LIMIT + b'"}'
    pieces = (large[i : i + 50_000] for i in range(0, len(large), 50_000))
    headers = {"content-type": "application/json"}
    check_error(client.post("/v1/ask", content=large, headers=headers), 413, "too_large")
    check_error(client.post("/v1/ask", content=pieces, headers=headers), 413, "too_large")


def test_too_large_a_body_is_refused_before_it_comes(client: Client) -> None:
    with contextlib.closing(http.client.HTTPConnection("127.0.0.1", client.base_url.port, timeout=5)) as connection:
        connection.putrequest("POST", "/v1/ask")
        connection.putheader("content-length", str(BODY_LIMIT + 1))
        connection.endheaders()
        assert connection.getresponse().status == 413


def test_unknown_paths_and_methods(client: Client) -> None:
    check_error(client.get("/nothing"), 404, "not_found", "/nothing")
    check_error(client.get("/v1/ask"), 405, "method_not_allowed", "GET")
    assert client.get("/v1/ask").headers["allow"] == "POST"


def test_not_ready_tells_the_stage() -> None:
    with serving(QA(settings=Settings()), Settings()) as client:
        ready = client.get("/readyz")
        assert ready.status_code == 503
        assert [stage["name"] for stage in ready.json()["stages"]] == ["index", "model"]
        assert {"state", "detail", "done", "total", "unit"} < set(ready.json()["stages"][0])
        for stream in (False, True):
            refused = client.post("/v1/ask", json={"question": "x", "stream": stream})
            assert refused.status_code == 503
            assert refused.json()["error"]["type"] == "not_ready"
            assert refused.json()["stages"] == ready.json()["stages"]
            assert int(refused.headers["retry-after"]) > 0
        assert client.get("/healthz").status_code == 200


def test_ready(client: Client) -> None:
    assert client.get("/readyz").status_code == 200
    assert client.get("/readyz").json()["ready"] is True
    assert client.get("/healthz").json()["name"] == "footnote"


def test_an_engine_that_fails(start: Start) -> None:
    client = start(Scripted(breaks=ReplyCutError("The reply broke off", "Ask again.")))
    check_error(client.post("/v1/ask", json={"question": QUESTION}), 502, "reply_cut", "broke off", "Ask again.")
    told = events(client.post("/v1/ask", json={"question": QUESTION, "stream": True}).text)
    assert told[0][0] == "found"
    assert told[-1] == ("error", {"error": {"type": "reply_cut", "message": "The reply broke off", "hint": "Ask again."}})


def test_a_fault_of_ours_shows_no_traceback(start: Start, caplog: pytest.LogCaptureFixture) -> None:
    client = start(Scripted(breaks=KeyError("secret")))
    response = client.post("/v1/ask", json={"question": QUESTION})
    check_error(response, 500, "internal")
    told = events(client.post("/v1/ask", json={"question": QUESTION, "stream": True}).text)
    assert told[-1][0] == "error"
    assert told[-1][1]["error"]["type"] == "internal"
    assert "secret" not in response.text
    assert any(record.exc_info and "secret" in str(record.exc_info[1]) for record in caplog.records)


@pytest.mark.parametrize("stream", [False, True])
def test_a_client_that_goes_stops_the_model(start: Start, stream: bool) -> None:
    model = Scripted(pause=0.2, stopped=threading.Event())
    client = start(model)
    body = {"question": QUESTION, "stream": stream}
    began = time.monotonic()
    with contextlib.suppress(httpx.ReadTimeout), client.stream("POST", "/v1/ask", json=body, timeout=0.5) as response:
        next(line for line in response.iter_lines() if time.monotonic() > began + 0.5)
    assert model.stopped.wait(1)
    assert time.monotonic() - began < 1.6


def test_a_silent_stream_is_kept_alive(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(relay, "SILENCE", 0.05)
    text = start(Scripted(pause=0.12)).post("/v1/ask", json={"question": QUESTION, "stream": True}).text
    assert "\n\n: ping\n\n" in text
    assert events(text)[-1][0] == "done"


def test_events_that_end_without_an_answer_are_an_error() -> None:
    async def read_all() -> None:
        reader = relay.Relay(iter([Token("a")]))
        assert await reader.next() == Token("a")
        await reader.next()

    with pytest.raises(ReplyCutError):
        asyncio.run(read_all())


def test_a_token_is_asked_for_everywhere_but_for_the_health(start: Start) -> None:
    client = start(token="open-sesame")
    for path in ("/healthz", "/readyz"):
        assert client.get(path).status_code == 200
    for path in ("/", "/docs", "/openapi.json", "/v1/documents", "/nothing"):
        check_error(client.get(path), 401, "unauthorized", "token")
    assert client.get("/docs").headers["www-authenticate"] == "Bearer"
    for header in ("Bearer wrong", "open-sesame", "Basic open-sesame", "Bearer öpen-sesame"):
        check_error(client.get("/v1/documents", headers={b"authorization": header.encode("latin-1")}), 401, "unauthorized")
    assert client.get("/v1/documents", headers={"authorization": "bearer open-sesame"}).status_code == 200


def test_a_token_in_the_address_becomes_a_cookie(start: Start) -> None:
    client = start(token="open-sesame")
    check_error(client.get("/v1/documents?token=wrong"), 401, "unauthorized")
    entered = client.get("/v1/documents?page=2&token=open-sesame")
    assert entered.status_code == 303
    assert entered.headers["location"] == "/v1/documents?page=2"
    assert "open-sesame" not in entered.headers["set-cookie"]
    assert "HttpOnly" in entered.headers["set-cookie"]
    assert client.get("/v1/documents").status_code == 200


def test_a_token_leads_to_no_other_host(start: Start) -> None:
    client = start(token="open-sesame")
    with contextlib.closing(http.client.HTTPConnection("127.0.0.1", client.base_url.port)) as connection:
        connection.request("GET", "//elsewhere.example/?token=open-sesame")
        location = connection.getresponse().headers["location"]
    assert location is None or re.match("/[^/]", location)


@pytest.mark.parametrize("host", ["elsewhere.example", "elsewhere.example:7860", "127.0.0.1.elsewhere.example", "", "[::1"])
def test_another_host_is_refused_on_loopback(client: Client, host: str) -> None:
    check_error(client.get("/healthz", headers={"host": host}), 403, "forbidden")


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:99", "127.0.0.1:1", "[::1]:7860", "localhost."])
def test_this_machine_is_let_through(client: Client, host: str) -> None:
    assert client.get("/healthz", headers={"host": host}).status_code == 200


@pytest.mark.parametrize("origin", ["http://elsewhere.example", "null", "http://127.0.0.1:1"])
def test_what_another_page_posts_is_refused(client: Client, origin: str) -> None:
    body = {"question": "fjord"}
    check_error(client.post("/v1/search", json=body, headers={"origin": origin}), 403, "forbidden")
    own = str(client.base_url).rstrip("/")
    assert client.post("/v1/search", json=body, headers={"origin": own}).status_code == 200


def test_the_documentation_needs_nothing_from_outside(client: Client) -> None:
    schema = client.get("/openapi.json").json()
    page = client.get("/docs")
    paths = {"/healthz", "/readyz", "/v1/ask", "/v1/search", "/v1/documents", "/v1/documents/{id}", "/v1/sync", "/v1/feedback"}
    assert set(schema["paths"]) == paths
    assert all(path in page.text for path in paths)
    assert "<script" not in page.text
    assert not re.findall(r'(?:src|href)="(?!#|openapi\.json)', page.text)
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert {"question", "history", "stream"} == set(schema["components"]["schemas"]["AskBody"]["properties"])


def test_every_response_forbids_sniffing(client: Client) -> None:
    for path in ("/healthz", "/nothing", "/docs"):
        assert client.get(path).headers["x-content-type-options"] == "nosniff"

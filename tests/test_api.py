"""The HTTP endpoint over a real index: answers, streams, documents, and every error in one form."""

import asyncio
import contextlib
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from qa import relay
from qa.embed import Embedder
from qa.errors import ReplyCutError, ReplyTooLongError
from qa.library import Library
from qa.service import QA
from qa.settings import Settings
from qa.types import Answer, Hit, Passage, Span, Timing, Token, Usage
from qa.wire import AnswerForm
from tests.endpoint import QUESTION, TEXTS, Scripted, answering, check_error, serving
from tests.parts import make_library

ANSWER_KEYS = {
    *("id", "question", "standalone_question", "answered", "answer", "confidence", "reason", "sentences", "citations", "passages"),
    *("withdrawn", "model", "usage", "timing", "differing", "missing", "namesakes", "as_of"),
}
WORDS_OF_REPLY = 12
CITATION_KEYS = {"number", "document", "file", "title", "date", "page", "start", "end", "quote"}
PASSAGE_KEYS = {"id", "document", "file", "title", "date", "page", "start", "end", "text", "score", "scores"}
EVIDENCE_KEYS = {*PASSAGE_KEYS, "number", "passage", "answers", "answer"} - {"id", "scores"}
STAGES = ["fuse", "rescore", "date", "hop", "spread"]


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory, embedder: Embedder) -> Iterator[Library]:
    with contextlib.closing(make_library(tmp_path_factory.mktemp("library"), TEXTS, embedder)) as library:
        yield library


@pytest.fixture(scope="module")
def client(library: Library) -> Iterator[httpx.Client]:
    """Of a server that nothing goes wrong with, shared by the tests that change nothing."""
    with serving(answering(library)) as client:
        yield client


def events(text: str) -> list[tuple[str, Any]]:
    """Name and data of each server-sent event."""
    found = re.findall(r"^event: (\w+)\ndata: (.*)\n\n", text, re.MULTILINE)
    return [(name, httpx.Response(200, text=data).json()) for name, data in found]


def test_an_answer_is_as_the_contract_says(client: httpx.Client) -> None:
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
    assert set(answer["timing"]) == {"retrieve_ms", "first_token_ms", "total_ms", "wait_ms"}


def test_numbers_carry_no_digits_that_mean_nothing() -> None:
    passage = Passage("p", "d", "a.txt", "A", None, None, 0, 2, "Hi", (Span(0, 2),))
    texts = ("id", "q", "q", True, "Hi [1].")
    answer = Answer(*texts, 0.98765, None, (), (), (Hit(passage, 0.123456),), (), "m", Usage(), Timing(1.26, None, 9.99))
    form = AnswerForm.of(answer)
    assert (form.confidence, form.passages[0].score) == (0.988, 0.1235)
    assert (form.timing.retrieve_ms, form.timing.first_token_ms, form.timing.total_ms) == (1.3, None, 10.0)


def test_a_citation_points_at_its_quote(client: httpx.Client) -> None:
    answer = client.post("/v1/ask", json={"question": QUESTION}).json()
    for citation in answer["citations"]:
        document = client.get(f"/v1/documents/{citation['document']}").json()
        assert document["text"][citation["start"] : citation["end"]] == citation["quote"]
        assert document["file"] == citation["file"] == "documents/bridge.txt"
        assert citation["date"] == document["date"] == "2021-05-04"


def test_what_is_not_told_is_withheld(client: httpx.Client) -> None:
    response = client.post("/v1/ask", json={"question": "Who painted the ceiling of the cathedral in Florence?"})
    answer = response.json()
    assert response.status_code == 200
    assert answer["answered"] is False
    assert answer["reason"]
    assert answer["citations"] == answer["sentences"] == []
    assert answer["answer"]


def test_a_stream_tells_first_what_was_found_and_last_the_answer(client: httpx.Client) -> None:
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
    assert set(found["evidence"][0]) == EVIDENCE_KEYS
    assert set(done) == ANSWER_KEYS
    assert done["answer"] == [data["text"] for name, data in told if name == "revised"][-1]


def test_a_stream_and_a_plain_answer_agree(client: httpx.Client) -> None:
    plain = client.post("/v1/ask", json={"question": QUESTION}).json()
    streamed = events(client.post("/v1/ask", json={"question": QUESTION, "stream": True}).text)[-1][1]
    same = ANSWER_KEYS - {"id", "timing"}
    assert {key: plain[key] for key in same} == {key: streamed[key] for key in same}


def test_search_touches_no_model(library: Library) -> None:
    model = Scripted()
    with serving(answering(library, model)) as client:
        found = client.post("/v1/search", json={"question": "ferry fjord", "limit": 1}).json()
    assert [passage["file"] for passage in found["passages"]] == ["documents/ferry.txt"]
    assert set(found) == {"passages", "evidence", "steps"}
    assert set(found["passages"][0]) == PASSAGE_KEYS
    assert set(found["evidence"][0]) == EVIDENCE_KEYS
    assert found["evidence"][0]["text"] in TEXTS["ferry.txt"]
    assert found["steps"] == []
    assert model.calls == []


def test_search_tells_what_each_stage_did_where_it_is_asked_to(client: httpx.Client) -> None:
    body = {"question": "ferry fjord", "limit": 1}
    told, plain = (client.post("/v1/search", json=body | {"explain": explain}).json() for explain in (True, False))
    assert [step["stage"] for step in told["steps"]] == STAGES
    assert all(set(passage) == {"id", "file", "score"} for step in told["steps"] for passage in step["passages"])
    assert [len(step["passages"]) for step in told["steps"]] == [2, 2, 2, 2, 1]
    assert told["steps"][-1]["passages"][0]["id"] == told["passages"][0]["id"]
    assert told["passages"] == plain["passages"]
    assert told["evidence"] == plain["evidence"]
    check_error(client.post("/v1/search", json=body | {"explain": "yes"}), 422, "usage")


def test_documents_and_their_passages(client: httpx.Client) -> None:
    documents = client.get("/v1/documents").json()["documents"]
    assert {document["file"] for document in documents} == {"documents/bridge.txt", "documents/ferry.txt"}
    for listed in documents:
        document = client.get(f"/v1/documents/{listed['id']}").json()
        assert document["title"] == listed["title"]
        assert document["text"] == TEXTS[Path(listed["file"]).name]
        assert document["passages"]
        for passage in document["passages"]:
            assert 0 <= passage["start"] < passage["end"] <= len(document["text"])


def test_an_unknown_document(client: httpx.Client) -> None:
    check_error(client.get("/v1/documents/none/such"), 404, "not_found")


def test_sync_reports_and_dry_run_changes_nothing(tmp_path: Path, embedder: Embedder) -> None:
    with contextlib.closing(make_library(tmp_path, {}, embedder)) as library, serving(answering(library)) as client:
        (tmp_path / "documents" / "a.txt").write_text("The first letter\n\nIt came from Bergen in a blue envelope.\n", encoding="utf-8")
        planned = client.post("/v1/sync", json={"dry_run": True}).json()
        assert planned["added"] == ["documents/a.txt"]
        assert client.get("/v1/documents").json() == {"documents": []}
        assert client.post("/v1/sync").json() == planned
        assert [document["file"] for document in client.get("/v1/documents").json()["documents"]] == ["documents/a.txt"]


def test_feedback_on_an_answer(client: httpx.Client) -> None:
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
def test_a_bad_body_names_its_field(client: httpx.Client, body: object, field: str) -> None:
    check_error(client.post("/v1/ask", json=body), 422, "usage", field)


@pytest.mark.parametrize("body", [b"{", b'{"question": "\xff"}', b"[" * 100_000, b'{"question": "\\ud800"}', b""])
def test_what_is_not_json(client: httpx.Client, body: bytes) -> None:
    check_error(client.post("/v1/ask", content=body, headers={"content-type": "application/json"}), 422, "usage")


@pytest.mark.parametrize("headers", [{"content-type": "text/plain"}, {}])
def test_another_content_type(client: httpx.Client, headers: dict[str, str]) -> None:
    check_error(client.post("/v1/ask", content=b'{"question": "x"}', headers=headers), 415, "unsupported_media_type")


def test_the_longest_question_is_taken(client: httpx.Client) -> None:
    assert client.post("/v1/search", json={"question": "fjord " * 333}).status_code == 200


def test_unknown_paths_and_methods(client: httpx.Client) -> None:
    check_error(client.get("/nothing"), 404, "not_found", "/nothing")
    check_error(client.get("/v1/ask"), 405, "method_not_allowed", "GET")
    assert client.get("/v1/ask").headers["allow"] == "POST"


def test_not_ready_tells_the_stage() -> None:
    with serving(QA(settings=Settings())) as client:
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


def test_ready(client: httpx.Client) -> None:
    assert client.get("/readyz").status_code == 200
    assert client.get("/readyz").json()["ready"] is True
    assert client.get("/healthz").json()["name"] == "footnote"


def test_an_engine_that_fails(library: Library) -> None:
    with serving(answering(library, Scripted(breaks=ReplyCutError("The reply broke off", "Ask again.")))) as client:
        check_error(client.post("/v1/ask", json={"question": QUESTION}), 502, "reply_cut", "broke off", "Ask again.")
        told = events(client.post("/v1/ask", json={"question": QUESTION, "stream": True}).text)
    assert told[0][0] == "found"
    assert told[-1] == ("error", {"error": {"type": "reply_cut", "message": "The reply broke off", "hint": "Ask again."}})


def test_a_reply_without_an_end_is_withheld_even_where_its_sentences_stand(library: Library) -> None:
    rambling = Scripted(breaks=ReplyTooLongError("The reply was cut at 160 tokens", "Ask something narrower."))
    with serving(answering(library, rambling)) as client:
        answer = client.post("/v1/ask", json={"question": QUESTION}).json()
    assert (answer["answered"], answer["reason"]) == (False, "the model did not come to an end")
    assert answer["citations"] == answer["sentences"] == []
    assert answer["passages"]


def test_a_fault_of_ours_shows_no_traceback(library: Library, caplog: pytest.LogCaptureFixture) -> None:
    with serving(answering(library, Scripted(breaks=KeyError("secret")))) as client:
        response = client.post("/v1/ask", json={"question": QUESTION})
        told = events(client.post("/v1/ask", json={"question": QUESTION, "stream": True}).text)
    check_error(response, 500, "internal")
    assert told[-1][0] == "error"
    assert told[-1][1]["error"]["type"] == "internal"
    assert "secret" not in response.text
    assert any(record.exc_info and "secret" in str(record.exc_info[1]) for record in caplog.records)


@pytest.mark.parametrize("stream", [False, True])
def test_a_client_that_goes_stops_the_model(library: Library, stream: bool) -> None:
    model = Scripted(pause=0.2)
    body = {"question": QUESTION, "stream": stream}
    with serving(answering(library, model)) as client:
        began = time.monotonic()
        with contextlib.suppress(httpx.ReadTimeout), client.stream("POST", "/v1/ask", json=body, timeout=0.5) as response:
            next(line for line in response.iter_lines() if time.monotonic() > began + 0.5)
        assert model.stopped.wait(30)
    assert len(model.written) < WORDS_OF_REPLY


def test_a_silent_stream_is_kept_alive(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(relay, "SILENCE", 0.05)
    with serving(answering(library, Scripted(pause=0.12))) as client:
        text = client.post("/v1/ask", json={"question": QUESTION, "stream": True}).text
    assert "\n\n: ping\n\n" in text
    assert events(text)[-1][0] == "done"


def test_events_that_end_without_an_answer_are_an_error() -> None:
    async def read_all() -> None:
        reader = relay.Relay(iter([Token("a")]))
        assert await reader.next() == Token("a")
        await reader.next()

    with pytest.raises(ReplyCutError):
        asyncio.run(read_all())


def test_the_documentation_needs_nothing_from_outside(client: httpx.Client) -> None:
    schema = client.get("/openapi.json").json()
    page = client.get("/docs")
    paths = {"/healthz", "/readyz", "/v1/ask", "/v1/search", "/v1/documents", "/v1/documents/{id}", "/v1/sync", "/v1/feedback"}
    assert set(schema["paths"]) == paths
    assert all(path in page.text for path in paths)
    assert "<script" not in page.text
    assert not re.findall(r'(?:src|href)="(?!#|openapi\.json)', page.text)
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert {"question", "history", "stream"} == set(schema["components"]["schemas"]["AskBody"]["properties"])

"""Many askers and one model: who waits is told its place, over HTTP and on the page; an engine that is away comes back by itself."""

import contextlib
import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from qa import stages
from qa.embed import Embedder
from qa.errors import EngineUnreachableError, NotReadyError
from qa.library import Library
from qa.models import LanguageModel
from qa.service import QA
from qa.settings import Settings
from qa.types import Done, Found, Waiting
from tests.endpoint import QUESTION, TEXTS, Scripted, check_error, serving
from tests.fake_ollama import FakeOllama, closed_port
from tests.parts import make_library, until
from ui.render import ordinal

SLOW = 0.05  # seconds a word
ASK = {"question": QUESTION}
STREAM = {"question": QUESTION, "stream": True}
CALLS_OF_AN_ANSWER = 2  # the answer and the second look


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory, embedder: Embedder) -> Iterator[Library]:
    with contextlib.closing(make_library(tmp_path_factory.mktemp("library"), TEXTS, embedder)) as library:
        yield library


def opened(library: Library, model: Scripted, slots: int = 1, queue: int = 100) -> QA:
    return QA(library, LanguageModel.of(model), Settings(slots=slots, queue=queue))


def held() -> Scripted:
    """A model that writes once its gate is opened."""
    return Scripted(gate=threading.Event())


def told(response: httpx.Response) -> Iterator[tuple[str, Any]]:
    """Name and data of each server-sent event."""
    name = ""
    for line in response.iter_lines():
        if line.startswith("event: "):
            name = line.removeprefix("event: ")
        elif line.startswith("data: "):
            yield name, json.loads(line.removeprefix("data: "))


def in_turn(qa: QA, askers: int) -> list[list[object]]:
    """The events of questions asked at once by as many askers."""
    with ThreadPoolExecutor(askers) as pool:
        return list(pool.map(lambda number: list(qa.ask(QUESTION, asker=f"asker {number}")), range(askers)))


def test_one_who_asks_alone_does_not_wait(library: Library) -> None:
    events = list(opened(library, Scripted()).ask(QUESTION))
    assert isinstance(events[0], Found)
    assert isinstance(events[-1], Done)
    assert events[-1].answer.timing.wait_ms < 100


def test_all_are_answered_one_after_the_other_and_told_their_place_meanwhile(library: Library) -> None:
    lists = in_turn(opened(library, Scripted(pause=SLOW)), askers=4)
    places = sorted([event.place for event in events if isinstance(event, Waiting)] for events in lists)
    assert places[0] == []
    assert [list(dict.fromkeys(one)) for one in places[1:]] == [[1], [2, 1], [3, 2, 1]]
    answers = [event.answer for events in lists for event in events if isinstance(event, Done)]
    assert all(answer.answered for answer in answers)
    waited = sorted(answer.timing.wait_ms for answer in answers)
    assert waited[0] < waited[1] < waited[2] < waited[3]
    assert waited[3] > max(answer.timing.total_ms for answer in answers)


def test_as_many_are_answered_at_a_time_as_there_are_slots(library: Library) -> None:
    lists = in_turn(opened(library, Scripted(pause=SLOW), slots=2), askers=2)
    assert not [event for events in lists for event in events if isinstance(event, Waiting)]


def test_who_asks_twice_lets_another_go_first(library: Library) -> None:
    model = held()
    qa = opened(library, model)
    inside, second, other = (qa.ask(QUESTION, asker=asker) for asker in ("greedy", "greedy", "modest"))
    assert isinstance(next(inside), Found)
    assert [next(second), next(other)] == [Waiting(1), Waiting(1)]
    assert next(second) == Waiting(2)
    model.gate.set()


def test_a_stream_tells_the_place_and_who_is_too_many_is_told_when_to_come_again(library: Library) -> None:
    model = held()
    with serving(opened(library, model, queue=1)) as client, ThreadPoolExecutor(1) as pool:
        inside = pool.submit(client.post, "/v1/ask", json=ASK)
        until(lambda: bool(model.calls))
        with client.stream("POST", "/v1/ask", json=STREAM) as response:
            events = told(response)
            assert next(events) == ("waiting", {"place": 1})
            refused = client.post("/v1/ask", json=ASK)
            check_error(refused, 503, "busy", "1 questions are waiting", f"in {refused.headers['retry-after']} seconds")
            assert client.get("/readyz").status_code == client.get("/healthz").status_code == 200
            model.gate.set()
            names = [name for name, _ in events]
        assert names[-1] == "done"
        assert "found" in names
        assert inside.result().json()["answered"]


def test_who_goes_away_gives_up_the_place(library: Library) -> None:
    model = held()
    with serving(opened(library, model)) as client, ThreadPoolExecutor(1) as pool:
        inside = pool.submit(client.post, "/v1/ask", json=ASK)
        until(lambda: bool(model.calls))
        with client.stream("POST", "/v1/ask", json=STREAM) as gone, client.stream("POST", "/v1/ask", json=STREAM) as stays:
            assert next(told(gone)) == ("waiting", {"place": 1})
            events = told(stays)
            assert next(events) == ("waiting", {"place": 2})
            gone.close()
            until(lambda: next(events) == ("waiting", {"place": 1}))
            model.gate.set()
            assert [name for name, _ in events][-1] == "done"
        assert inside.result().json()["answered"]
    assert len(model.calls) == 2 * CALLS_OF_AN_ANSWER


def test_a_model_that_has_ended_is_not_ready_until_it_is_back(library: Library) -> None:
    lives = threading.Event()
    model = replace(LanguageModel.of(Scripted(), "small"), alive=lives.is_set)
    with serving(QA(library, model, Settings())) as client:
        away = client.get("/readyz")
        assert away.status_code == 503
        assert [stage["detail"] for stage in away.json()["stages"] if stage["name"] == "model"] == ["starting small again"]
        check_error(client.post("/v1/ask", json={"question": QUESTION}), 503, "not_ready", "starting small again")
        lives.set()
        assert client.get("/readyz").status_code == 200
        assert client.post("/v1/ask", json={"question": QUESTION}).json()["answered"]


def test_closing_sends_home_who_waits(library: Library) -> None:
    model = held()
    qa = opened(library, model)
    inside = qa.ask(QUESTION)
    assert isinstance(next(inside), Found)
    waiting = qa.ask(QUESTION)
    assert next(waiting) == Waiting(1)
    qa._admission.close()
    with pytest.raises(NotReadyError, match="being closed"):
        list(waiting)
    model.gate.set()


def test_an_engine_that_comes_later_is_found(tmp_path: Path, files: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stages, "AGAIN", 0.1)
    url = closed_port()
    settings = files.model_copy(update={"home": tmp_path, "model": "ollama:llama3.2", "model_url": url})
    with contextlib.closing(QA.open(settings)) as qa:
        with pytest.raises(EngineUnreachableError, match="Nobody answers") as caught:
            qa.wait(120)
        assert "ollama serve" in caught.value.hint
        with pytest.raises(EngineUnreachableError):
            qa.ask("Is it there?")
        with FakeOllama(port=urlsplit(url).port or 0):
            until(lambda: qa.status().ready)
            qa.wait(1)


def test_places_are_told_as_ordinals() -> None:
    assert [ordinal(number) for number in (1, 2, 3, 4, 11, 12, 13, 21, 42, 103, 111)] == (
        "1st 2nd 3rd 4th 11th 12th 13th 21st 42nd 103rd 111th".split()
    )

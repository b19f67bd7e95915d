"""Models that think before they speak, behind every engine: their thoughts are neither shown nor checked, nor is any probability theirs."""

from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from langchain_core.messages import BaseMessage, HumanMessage

from qa.embed import Embedder
from qa.errors import ReplyTooLongError
from qa.models import LanguageModel, open_language_model, tokens
from qa.service import QA
from qa.settings import Settings, load
from qa.thoughts import ROOM
from qa.types import Answer, Done, Event, Revised, Token, ignore
from tests.endpoint import QUESTION, TEXTS
from tests.fake_ollama import FakeOllama, Model, Reply
from tests.parts import make_library

ASKED: list[BaseMessage] = [HumanMessage("Where?")]
THINKER = Model(capabilities=("completion", "thinking"))
THOUGHT = ("Okay", ", the mayor", " opened it\n", "[1] in", " Bergen", ", I think", ".\n")
ANSWER = ("[1]", " At", " Nesodden", " on Monday", ".")
ENGINES = ("ollama:r1", "openai:r1")
FORM = 'root ::= "[1] " [^\\n]+'
WAYS = {
    "told apart": Reply(ANSWER, thoughts=THOUGHT),
    "between tags": Reply(("<think>", *THOUGHT, "</think>", "\n\n", *ANSWER)),
    "between tags in pieces": Reply(("<thi", "nking>O", *THOUGHT, "</", "thinking", ">\n", *ANSWER)),
    "opened by the template": Reply((*THOUGHT, "</think>", "\n\n", *ANSWER)),
}
ENDLESS = {
    "did not come to an end": Reply(["<think>"] + [" hm"] * (159 + ROOM), done_reason="length"),
    "no sentence of them states it": Reply(("<think>", *THOUGHT, *ANSWER)),
}


@pytest.fixture
def ollama() -> Iterator[FakeOllama]:
    with FakeOllama(models={"r1:latest": THINKER}) as fake:
        yield fake


def open_at(server: FakeOllama, model: str, context: int = 4096) -> LanguageModel:
    url = f"{server.url}/v1" if model.startswith("openai") else server.url
    return open_language_model(load(model=model, model_url=url, context=context), ignore)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("way", WAYS)
def test_thoughts_do_not_leave_the_engine(ollama: FakeOllama, engine: str, way: str) -> None:
    ollama.replies = [WAYS[way]]
    model = open_at(ollama, engine)
    chunks = list(model.runnable(grammar=FORM).stream(ASKED))
    assert "".join(chunk.text for chunk in chunks).strip() == "".join(ANSWER)
    assert len([chunk for chunk in chunks if chunk.text.strip()]) == len(ANSWER)  # as it is written
    assert model.runnable().invoke(ASKED).text.strip() == "".join(ANSWER)


@pytest.mark.parametrize("engine", ENGINES)
def test_thoughts_are_neither_shown_nor_checked(ollama: FakeOllama, engine: str, tmp_path: Path, embedder: Embedder) -> None:
    with closing(QA(make_library(tmp_path, TEXTS, embedder), open_at(ollama, engine), Settings(caution=0))) as qa:
        for reply in WAYS.values():
            ollama.replies = [reply]
            events = list(qa.ask(QUESTION))
            shown = "".join(event.text for event in events if isinstance(event, Token | Revised))
            assert "Nesodden" in shown
            assert "Okay" not in shown
            assert "Bergen" not in shown
            answer = answer_of(events)
            assert answer.answered
            assert answer.withdrawn == ()
            assert answer.trace.reply.strip() == "".join(ANSWER)
        for reason, reply in ENDLESS.items():
            ollama.replies = [reply]
            answer = answer_of(list(qa.ask(QUESTION)))
            assert not answer.answered
            assert reason in (answer.reason or "")
            assert answer.withdrawn == ()


def answer_of(events: Sequence[Event]) -> Answer:
    done = events[-1]
    assert isinstance(done, Done)
    return done.answer


@pytest.mark.parametrize("reply", [Reply(("<think>",)), Reply(("<thi",)), Reply((), thoughts=("Okay",))])
def test_a_thought_has_no_probability_of_yes(ollama: FakeOllama, reply: Reply) -> None:
    ollama.replies = [replace(reply, top_logprobs={"Okay": -0.1, "Yes": -3.0, "No": -4.0})]
    assert open_at(ollama, "ollama:r1").yes(ASKED) is None
    assert ollama.chats[-1]["options"]["num_predict"] == 1


def test_probabilities_stay_with_their_tokens(ollama: FakeOllama) -> None:
    ollama.replies = [Reply(ANSWER, top_logprobs={"[1]": -0.5, "[0]": -1.0})]
    chunks = list(open_at(ollama, "ollama:r1").runnable(grammar=FORM, logprobs=True).stream(ASKED))
    told = [(chunk.text, [token for token, _ in tokens(chunk)]) for chunk in chunks if chunk.text]
    assert told[0] == ("[1]", ["[1]"])
    ollama.replies = [Reply(("<think>", "[2]", "</think>", *ANSWER), top_logprobs={"<think>": -0.5})]
    chunks = list(open_at(ollama, "ollama:r1").runnable(grammar=FORM, logprobs=True).stream(ASKED))
    assert [token for chunk in chunks for token, _ in tokens(chunk)] == []


def test_a_model_that_may_think_has_room_for_it_and_is_told_not_to(ollama: FakeOllama) -> None:
    ollama.models["plain:latest"] = Model()
    ollama.models["gpt-oss:latest"] = Model(capabilities=("completion", "thinking"), family="gptoss")
    for name in ("r1", "plain", "gpt-oss"):
        open_at(ollama, f"ollama:{name}").runnable(max_tokens=160).invoke(ASKED)
    assert [chat["options"]["num_predict"] for chat in ollama.chats] == [160 + ROOM, 160, 160 + ROOM]
    assert [chat["think"] for chat in ollama.chats] == [False, False, "low"]
    open_at(ollama, "openai:plain", context=512).runnable(max_tokens=160).invoke(ASKED)
    assert ollama.requests[-1][1]["max_tokens"] == 160 + 512 // 4  # it is not known whether it thinks
    assert "chat_template_kwargs" not in ollama.requests[-1][1]  # which not every server takes


def test_where_the_template_opens_a_thought_a_reply_without_its_end_is_one() -> None:
    opening = Model(template="<|user|>{{ .Prompt }}<|assistant|><think>\n")
    with FakeOllama(models={"r1:latest": opening}, replies=[Reply(("[1]", " Hm", "."), top_logprobs={"Yes": -0.1})]) as server:
        model = open_at(server, "ollama:r1")
        assert model.runnable(grammar=FORM).invoke(ASKED).text == ""
        assert model.yes(ASKED) is None
        server.replies = [WAYS["opened by the template"]]
        assert model.runnable(grammar=FORM).invoke(ASKED).text.strip() == "".join(ANSWER)
    assert server.chats[0]["options"]["num_predict"] == 512 + ROOM


@pytest.mark.parametrize("engine", ENGINES)
def test_room_for_thoughts_is_none_for_talking(ollama: FakeOllama, engine: str) -> None:
    ollama.replies = [Reply(("[1]", *[" more"] * 400))]
    with pytest.raises(ReplyTooLongError, match="cut at 100 tokens"):
        list(open_at(ollama, engine).runnable(max_tokens=100, grammar=FORM).stream(ASKED))
    assert ollama.replies[0].pieces

"""Ollama and OpenAI-compatible servers: fakes that speak the protocols, with the faults of the real ones."""

from collections.abc import Generator, Iterator

import pytest
from langchain_core.messages import BaseMessage, HumanMessage, SystemMessage
from langchain_core.prompts import ChatPromptTemplate

from qa.errors import EngineError, EngineUnreachableError, ModelMissingError, PromptTooLongError, ReplyCutError, SettingsError
from qa.models import LanguageModel, open_language_model
from qa.settings import load
from qa.types import ignore
from tests.fake_ollama import FakeOllama, Fault, Model, Reply, closed_port

PROMPT = ChatPromptTemplate.from_messages([("system", "You answer in one sentence."), ("human", "{question}")])
QUESTION: list[BaseMessage] = [HumanMessage("Is the sky blue? Answer Yes or No.")]


@pytest.fixture
def ollama() -> Iterator[FakeOllama]:
    with FakeOllama() as fake:
        yield fake


def open_at(server: FakeOllama, model: str = "ollama:llama3.2", timeout: float = 10, context: int = 4096) -> LanguageModel:
    url = f"{server.url}/v1" if model.startswith("openai") else server.url
    return open_language_model(load(model=model, model_url=url, timeout=timeout, context=context), ignore)


def test_ollama_streams_through_a_chain(ollama: FakeOllama) -> None:
    model = open_at(ollama)
    chunks = list((PROMPT | model.runnable(max_tokens=200, stop=("\n",))).stream({"question": "Hi?"}))
    assert [chunk.content for chunk in chunks if chunk.content] == ["Hello", " there", "."]
    assert [chunk.usage_metadata["output_tokens"] for chunk in chunks if chunk.usage_metadata] == [3]
    assert (model.name, model.context) == ("ollama:llama3.2", 4096)
    asked = ollama.chats[0]
    assert [message["role"] for message in asked["messages"]] == ["system", "user"]
    assert asked["options"] == {"num_ctx": 4096, "num_predict": 200, "temperature": 0, "seed": 0, "stop": ["\n"], "repeat_penalty": 1.0}
    assert asked["think"] is False
    assert asked["keep_alive"] == "30m"


def test_ollama_loads_the_model_before_the_first_question(ollama: FakeOllama) -> None:
    open_at(ollama, context=2048)
    loads = [body for path, body in ollama.requests if path == "/api/generate"]
    assert [(body["model"], body["options"], body.get("prompt")) for body in loads] == [("llama3.2", {"num_ctx": 2048}, None)]
    assert ollama.chats == []


def test_ollama_answers_when_invoked(ollama: FakeOllama) -> None:
    assert open_at(ollama).runnable().invoke(QUESTION).content == "Hello there."


FAULTS: dict[Fault, tuple[type[EngineError], str]] = {
    "cut": (ReplyCutError, "broke off"),
    "broken": (ReplyCutError, "connection to Ollama .* broke"),
    "load": (ReplyCutError, "broke off"),
    "error": (EngineError, "Ollama failed: an error was encountered"),
    "failed": (EngineError, "Ollama failed: llama runner process has terminated"),
    "hang": (EngineError, "no answer in time"),
    "garbage": (EngineError, "not understood"),
}


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("streamed", [True, False])
def test_ollama_faults_are_errors(ollama: FakeOllama, fault: Fault, streamed: bool) -> None:
    ollama.replies = [Reply(fault=fault)]
    runnable = open_at(ollama, timeout=0.5).runnable()
    kind, message = FAULTS[fault]
    with pytest.raises(kind, match=message) as caught:
        list(runnable.stream(QUESTION)) if streamed else runnable.invoke(QUESTION)
    assert caught.type is kind
    assert caught.value.hint


def test_ollama_reply_cut_by_length_is_an_error(ollama: FakeOllama) -> None:
    ollama.replies = [Reply(done_reason="length")]
    with pytest.raises(ReplyCutError, match="cut at 3 tokens"):
        list(open_at(ollama).runnable(max_tokens=3).stream(QUESTION))


def test_prompt_that_ollama_would_cut_is_not_sent(ollama: FakeOllama) -> None:
    model = open_at(ollama, context=600)
    with pytest.raises(PromptTooLongError, match=r"but Ollama .* holds 600") as caught:
        list(model.runnable(max_tokens=100).stream([SystemMessage("Be brief."), HumanMessage("word " * 550)]))
    assert "FOOTNOTE_CONTEXT to 7" in caught.value.hint
    assert ollama.chats == []


@pytest.mark.parametrize("read", [599, 600])
def test_prompt_that_ollama_has_cut_is_an_error(ollama: FakeOllama, read: int) -> None:
    ollama.replies = [Reply(prompt_tokens=read)]
    with pytest.raises(PromptTooLongError, match=f"takes {read} tokens"):
        list(open_at(ollama, context=600).runnable(max_tokens=100).stream([HumanMessage("word " * 400)]))


def test_context_is_no_larger_than_the_model_was_trained_on() -> None:
    with FakeOllama(models={"tiny:latest": Model(context=2048)}) as server:
        assert open_at(server, "ollama:tiny", context=4096).context == 2048


def test_missing_ollama_model_is_pulled_with_progress() -> None:
    told: list[tuple[str, int, int]] = []
    with FakeOllama(models={}, library={"qwen3": Model()}) as server:
        model = open_language_model(load(model="ollama:qwen3", model_url=server.url), lambda *step: told.append(step))
        assert model.runnable().invoke(QUESTION).content == "Hello there."
    assert told[0] == ("pulling qwen3", 0, 0)
    assert told[-2:] == [("pulling qwen3", 200, 200), ("loading qwen3", 0, 0)]
    assert [done for _, done, _ in told[:-1]] == sorted(done for _, done, _ in told[:-1])


def test_ollama_model_that_cannot_be_pulled_is_missing(ollama: FakeOllama) -> None:
    with pytest.raises(ModelMissingError, match=r"no-such.*file does not exist") as caught:
        open_at(ollama, "ollama:no-such")
    assert "ollama pull no-such" in caught.value.hint


def test_ollama_model_removed_meanwhile_is_missing(ollama: FakeOllama) -> None:
    model = open_at(ollama)
    ollama.models.clear()
    with pytest.raises(ModelMissingError, match=r"llama3\.2"):
        list(model.runnable().stream(QUESTION))


def test_ollama_that_does_not_answer_is_unreachable() -> None:
    with pytest.raises(EngineUnreachableError) as caught:
        open_language_model(load(model="ollama:llama3.2", model_url=closed_port()), ignore)
    assert "ollama serve" in caught.value.hint


def test_ollama_that_is_stopped_meanwhile_is_unreachable() -> None:
    with FakeOllama() as server:
        model = open_at(server)
    with pytest.raises(EngineUnreachableError):
        list(model.runnable().stream(QUESTION))


@pytest.mark.parametrize("version", ["0.12.10", "0.9", "0.0.1"])
def test_ollama_that_is_too_old_is_refused(version: str) -> None:
    with FakeOllama(version=version) as server, pytest.raises(EngineError, match=rf"is version {version}, and 0\.12\.11") as caught:
        open_at(server)
    assert caught.value.hint == "Update Ollama."
    assert server.chats == []


@pytest.mark.parametrize("version", ["0.12.11", "0.13.0-rc1", "1.0", "0.0.0", "built here"])
def test_ollama_new_enough_or_of_no_version_is_taken(version: str) -> None:
    with FakeOllama(version=version) as server:
        assert open_at(server).runnable().invoke(QUESTION).content == "Hello there."


def test_ollama_is_told_not_to_cut_prompts(ollama: FakeOllama) -> None:
    open_at(ollama).runnable().invoke(QUESTION)
    assert (ollama.chats[0]["truncate"], ollama.chats[0]["shift"]) == (False, False)


def test_closing_a_stream_stops_ollama(ollama: FakeOllama) -> None:
    ollama.replies = [Reply(pieces=["word "] * 200_000)]
    stream = (PROMPT | open_at(ollama).runnable()).stream({"question": "Hi?"})
    assert isinstance(stream, Generator)
    next(stream)
    stream.close()
    assert ollama.disconnected.wait(30)


def test_ollama_gives_the_probability_of_yes(ollama: FakeOllama) -> None:
    ollama.replies = [Reply(pieces=["Yes"], done_reason="length", top_logprobs={"Yes": -0.5, " no": -1.5, "The": -3.0})]
    assert open_at(ollama).yes(QUESTION) == pytest.approx(1 / (1 + 2.718281828**-1))
    assert ollama.chats[0]["options"]["num_predict"] == 1
    assert ollama.chats[0]["top_logprobs"] == 20


def test_ollama_without_probabilities_gives_none(ollama: FakeOllama) -> None:
    ollama.replies = [Reply(pieces=["Yes"], done_reason="length")]
    assert open_at(ollama).yes(QUESTION) is None


@pytest.mark.parametrize("fault", ["cut", "broken", "error", "garbage"])
def test_compatible_server_faults_are_errors(ollama: FakeOllama, fault: Fault) -> None:
    ollama.replies = [Reply(fault=fault)]
    runnable = open_at(ollama, "openai:llama3.2").runnable()
    messages = {"cut": "broke off", "broken": "connection .* broke", "error": "broke off: out of memory", "garbage": "not understood"}
    with pytest.raises(EngineError, match=messages[fault]) as caught:
        list(runnable.stream(QUESTION))
    assert isinstance(caught.value, ReplyCutError) == (fault in ("cut", "broken"))


def test_compatible_server_without_the_model(ollama: FakeOllama) -> None:
    with pytest.raises(ModelMissingError, match="no model no-such"):
        open_at(ollama, "openai:no-such").runnable().invoke(QUESTION)


def test_compatible_server_needs_an_address_that_answers() -> None:
    with pytest.raises(SettingsError, match="address"):
        open_language_model(load(model="openai:llama3.2"), ignore)
    with pytest.raises(EngineUnreachableError):
        open_language_model(load(model="openai:llama3.2", model_url=closed_port()), ignore)
    with pytest.raises(EngineUnreachableError):
        open_language_model(load(model="openai:llama3.2", model_url="nonsense"), ignore)

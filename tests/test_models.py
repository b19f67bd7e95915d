"""Which language model the settings name, and what is asked of any of them."""

import math
import threading
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from langchain_core.language_models import FakeListChatModel
from langchain_core.messages import BaseMessage, HumanMessage
from langchain_core.prompts import ChatPromptTemplate

from qa import weights
from qa.errors import SettingsError
from qa.installed import installed
from qa.models import LanguageModel, open_language_model, share_of_yes
from qa.settings import Settings, load
from qa.types import ignore
from tests.fake_ollama import FakeOllama, Model, closed_port

PROMPT = ChatPromptTemplate.from_messages([("system", "You answer in one sentence."), ("human", "{question}")])
QUESTION: list[BaseMessage] = [HumanMessage("Is the sky blue? Answer Yes or No.")]


def test_automatic_choice_falls_back_on_the_embedded_model_which_knows_yes_from_no(files: Settings) -> None:
    told: list[str] = []
    model = open_language_model(files.model_copy(update={"model_url": closed_port()}), lambda label, done, total: told.append(label))
    try:
        text = "The delegation met the army chief in Rawalpindi. Does this text tell {}? Answer Yes or No."
        yes, no = (model.yes([HumanMessage(text.format(what))]) for what in ("where they met", "how tall Mount Everest is"))
    finally:
        model.close()
    assert model.name == "embedded:qwen2.5-coder-1.5b"
    assert told[-1] == "loading qwen2.5-coder-1.5b"
    assert yes is not None
    assert no is not None
    assert no < 0.3 < 0.7 < yes


def test_missing_file_is_a_wrong_setting(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"no file .*absent\.gguf"):
        open_language_model(load(model=f"embedded:{tmp_path / 'absent.gguf'}"), ignore)


def test_automatic_choice_is_the_first_chat_model_of_ollama() -> None:
    models = {"all-minilm:latest": Model(capabilities=("embedding",)), "qwen3:4b": Model(), "llama3.2:latest": Model()}
    with FakeOllama(models=models) as server:
        assert open_language_model(load(model="auto", model_url=server.url), ignore).name == "ollama:qwen3:4b"


@pytest.mark.parametrize("name", ["", "gpt", "ollama", "ollama:", "openai:", "embedded:", "llama:x"])
def test_unknown_models_are_refused(name: str) -> None:
    with pytest.raises(SettingsError) as caught:
        open_language_model(load(model=name), ignore)
    assert "FOOTNOTE_MODEL" in caught.value.hint


def test_any_chat_model_of_langchain_will_do() -> None:
    model = LanguageModel.of(FakeListChatModel(responses=["A reply."]), name="fake", context=100)
    chunks = (PROMPT | model.runnable(stop=("\n",))).stream({"question": "Hi?"})
    assert "".join(str(chunk.content) for chunk in chunks) == "A reply."
    assert model.yes(QUESTION) is None
    assert model.count("two words") >= 2
    model.close()


@pytest.mark.parametrize(
    ("found", "share"),
    [
        ({"Yes": 0.6, "No": 0.2}, 0.75),
        ({"Yes": 0.3, " yes": 0.2, "YES.": 0.1, "No": 0.15, '"no': 0.05, "Not": 0.2}, 0.75),
        ({"Yes": 0.9}, 1.0),
        ({"The": 0.9, "It": 0.1}, 0.5),
    ],
)
def test_share_of_yes_counts_every_spelling(found: dict[str, float], share: float) -> None:
    rows = [{"token": token, "logprob": math.log(probability)} for token, probability in found.items()]
    assert share_of_yes(rows) == pytest.approx(share)


def test_another_server_in_the_place_of_ollama_is_passed_over() -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), SimpleHTTPRequestHandler) as other:
        threading.Thread(target=other.serve_forever, args=(0.01,), daemon=True).start()
        found = installed(load(model_url=f"http://127.0.0.1:{other.server_port}"))
        other.shutdown()
    assert {model.engine for model in found} == {"embedded"}


def test_installed_tells_what_is_here(tmp_path: Path, files: Settings) -> None:
    models = {"llama3.2:latest": Model(size=2_000), "all-minilm:latest": Model(capabilities=("embedding",))}
    with FakeOllama(models=models) as server:
        found = {(model.name, model.kind): model for model in installed(load(model_url=server.url, cache=tmp_path, weights=tmp_path))}
    assert not found["embedded", "language"].present
    assert found["embedded", "language"].size == weights.QWEN.size
    assert found["ollama:llama3.2:latest", "language"].size == 2_000
    assert found["ollama:all-minilm:latest", "embedder"].present
    weights.fetch(weights.SMOLLM2, files.cache, files.weights, ignore)
    here = {model.name: model for model in installed(files.model_copy(update={"model_url": closed_port()}))}
    assert here["embedded:smollm2"].present
    assert {model.engine for model in here.values()} == {"embedded"}

"""The embedded engine: a real llama.cpp with a small model, through LangChain and from outside."""

import signal
import subprocess
import sys
import time
from collections.abc import Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import psutil
import pytest
from langchain_core.messages import BaseMessage, HumanMessage
from langchain_core.prompts import ChatPromptTemplate

from qa import llama, weights
from qa.errors import EngineError, EngineUnreachableError, PromptTooLongError, ReplyCutError
from qa.llama import LlamaServer
from qa.models import LanguageModel, open_language_model
from qa.scripts import BEYOND_LATIN, LATIN, foreign
from qa.settings import Settings, load
from qa.tokens import estimate
from qa.types import ignore
from tests.parts import until
from tests.test_gguf import gguf, pair

PROMPT = ChatPromptTemplate.from_messages([("system", "You answer in one sentence."), ("human", "{question}")])
QUESTION: list[BaseMessage] = [HumanMessage("Is the sky blue? Answer Yes or No.")]


@pytest.fixture(scope="session")
def small_file(files: Settings) -> Path:
    return weights.fetch(weights.SMOLLM2, files.cache, files.weights, ignore)


@pytest.fixture(scope="session")
def small(files: Settings) -> Iterator[LanguageModel]:
    """SmolLM2 on the embedded llama.cpp with a context of 512 tokens."""
    model = open_language_model(files.model_copy(update={"model": "embedded:smollm2", "context": 512}), ignore)
    yield model
    model.close()


@pytest.fixture(scope="session")
def server(small_file: Path) -> Iterator[LlamaServer]:
    """The same without LangChain around it."""
    server = LlamaServer(small_file, context=512, threads=1)
    server.wait()
    yield server
    server.close()


def test_embedded_model_streams_through_a_chain(small: LanguageModel) -> None:
    chain = PROMPT | small.runnable(max_tokens=200)
    chunks = list(chain.stream({"question": "Say hello."}))
    text = "".join(str(chunk.content) for chunk in chunks)
    assert len([chunk for chunk in chunks if chunk.content]) > 3
    assert chain.invoke({"question": "Say hello."}).content == text
    spent = [chunk.usage_metadata for chunk in chunks if chunk.usage_metadata]
    assert len(spent) == 1
    assert 0 < spent[0]["output_tokens"] <= 200
    assert abs(spent[0]["input_tokens"] - small.count("You answer in one sentence. Say hello.")) < 20


def test_embedded_model_is_named_and_counts_by_its_own_tokenizer(small: LanguageModel) -> None:
    assert small.name == "embedded:smollm2-135m"
    assert small.context == 512
    assert small.count("") == 0
    assert small.count("Hello world, where did they meet?") == 8
    assert small.count("Rawalpindi " * 50) > 100


def test_reply_ends_at_a_stop_sequence(small: LanguageModel) -> None:
    reply = small.runnable(max_tokens=100, stop=(".",)).invoke([HumanMessage("Tell me about cats.")])
    assert str(reply.content)
    assert "." not in str(reply.content)


def test_grammar_binds_the_embedded_model(small: LanguageModel) -> None:
    runnable = small.runnable(max_tokens=20, grammar='root ::= "[" [1-3] "] Rawalpindi"')
    assert str(runnable.invoke([HumanMessage("Where?")]).content) in {f"[{number}] Rawalpindi" for number in (1, 2, 3)}


@pytest.mark.parametrize(("others", "lapses"), [("", True), (BEYOND_LATIN, False)])
def test_a_grammar_keeps_the_embedded_model_to_latin_letters(small: LanguageModel, others: str, lapses: bool) -> None:
    reply = small.runnable(max_tokens=80, grammar=f"root ::= [^\\n{others}]{{4,12}}").invoke("Repeat this: 俄罗斯俄罗斯俄罗斯俄罗斯").text
    assert bool(foreign(reply, LATIN)) is lapses


def test_wrong_grammar_is_an_error(small: LanguageModel) -> None:
    with pytest.raises(EngineError, match="grammar"):
        small.runnable(grammar="root ::= nothing").invoke(QUESTION)


def test_reply_cut_by_max_tokens_is_an_error(small: LanguageModel) -> None:
    stream = small.runnable(max_tokens=5).stream([HumanMessage("Tell me a long story.")])
    assert str(next(stream).content) is not None
    with pytest.raises(ReplyCutError, match="cut at 5 tokens"):
        list(stream)


def test_reply_cut_by_the_context_is_an_error(small: LanguageModel) -> None:
    with pytest.raises(ReplyCutError, match="no longer fitted") as caught:
        small.runnable(max_tokens=300, grammar='root ::= ("and cats ")+').invoke([HumanMessage("cats and " * 220)])
    assert "FOOTNOTE_CONTEXT" in caught.value.hint


def test_too_long_a_prompt_is_refused_with_its_numbers(small: LanguageModel) -> None:
    with pytest.raises(PromptTooLongError, match=r"takes 10\d\d tokens .* holds 512") as caught:
        small.runnable(max_tokens=50).invoke([HumanMessage("hello " * 1000)])
    assert "FOOTNOTE_CONTEXT to 10" in caught.value.hint


def test_embedded_model_gives_the_probability_of_yes(small: LanguageModel) -> None:
    yes = small.yes([HumanMessage("Repeat this word: Yes")])
    no = small.yes([HumanMessage("Repeat this word: No")])
    assert yes is not None
    assert no is not None
    assert 0 <= no < 0.5 < yes <= 1


def test_closing_a_stream_stops_the_embedded_model(small: LanguageModel) -> None:
    """What is asked after a closed stream must not wait for the rest of its 350 tokens."""
    stream = (PROMPT | small.runnable(max_tokens=350)).stream({"question": "Tell me a very long story about a dragon."})
    assert isinstance(stream, Generator)
    next(stream)
    start = time.monotonic()
    for _ in range(20):
        next(stream)
    a_token = (time.monotonic() - start) / 20
    stream.close()
    start = time.monotonic()
    small.yes(QUESTION)
    assert time.monotonic() - start < 150 * a_token


def test_a_child_that_is_killed_is_started_again_at_the_same_address(small_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(llama, "PAUSE", 0.1)
    server = LlamaServer(small_file, context=512, threads=1)
    try:
        server.wait()
        address = server.client.base_url
        for _ in range(2):
            assert server.alive()
            killed = server.pid
            psutil.Process(killed).kill()
            until(lambda: not server.alive())
            with pytest.raises(EngineUnreachableError, match="does not answer") as caught:
                server.count("while it is away")
            assert "starts again by itself" in caught.value.hint
            until(server.alive)
            assert server.pid != killed
            assert server.client.base_url == address
            assert server.client.post("completion", json={"prompt": "Once", "n_predict": 3}).json()["content"]
    finally:
        server.close()
    assert not server.alive()


def test_a_child_that_cannot_be_started_again_is_tried_no_more_often_than_allowed(
    small_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(llama, "PAUSE", 1.5)
    file = tmp_path / "lent.gguf"
    file.symlink_to(small_file)
    server = LlamaServer(file, context=512, threads=1)
    try:
        server.wait()
        server._load["model"] = str(tmp_path / "gone.gguf")
        psutil.Process(server.pid).kill()
        time.sleep(4)
        ended = [record.getMessage() for record in caplog.records if "is started again" in record.getMessage()]
        assert 2 <= len(ended) <= 4
        assert "gone.gguf" in ended[-1]
        assert not server.alive()
        server._load["model"] = str(file.resolve())
        until(server.alive)
    finally:
        server.close()


def test_slots_have_a_context_each_and_write_at_the_same_time(small_file: Path) -> None:
    server = LlamaServer(small_file, context=512, threads=1, slots=2)
    try:
        server.wait()
        assert server.context == 512
        with server.client.stream("POST", "chat/completions", json=story(400)) as slow:
            lines = slow.iter_lines()
            next(lines)
            assert server.client.post("chat/completions", json=story(40)).json()["usage"]["completion_tokens"] == 40
            assert sum(line.startswith("data: {") for line in lines) > 10  # the longer one was still being written
    finally:
        server.close()


def story(tokens: int) -> dict[str, object]:
    told = [{"role": "user", "content": "Tell me a very long story about a dragon."}]
    return {"messages": told, "max_tokens": tokens, "stream": tokens > 100, "ignore_eos": True}


def test_two_questions_at_once_are_both_answered(small: LanguageModel) -> None:
    alone = small.runnable(max_tokens=200).invoke(QUESTION).content
    with ThreadPoolExecutor(2) as pool:
        replies = list(pool.map(lambda _: small.runnable(max_tokens=200).invoke(QUESTION).content, range(2)))
    assert replies == [alone, alone]


def test_prompts_are_read_once(server: LlamaServer) -> None:
    """A second question on a text costs its own tokens, and so does a return to that text after another one."""

    def read(text: str, question: str) -> int:
        body = {"max_tokens": 1, "messages": [{"role": "user", "content": f"{text * 8} {question}"}]}
        return int(server.client.post("chat/completions", json=body).json()["timings"]["prompt_n"])

    met, baked = "They met in Rawalpindi on Sunday.", "Bake it for an hour or less."
    assert [read(met, "Where?") > 60, read(met, "When?") < 12, read(baked, "How?") > 60, read(met, "Where?") < 12] == [True] * 4


def test_server_serves_nobody_else(server: LlamaServer) -> None:
    url = f"{server.client.base_url}/"
    assert httpx.URL(url).host == "127.0.0.1"
    for path in ("tokenize", "v1/chat/completions", "completion"):
        assert httpx.post(f"{url}{path}", json={"content": "x", "prompt": "x"}).status_code == 401
    assert not httpx.get(f"{url}health", headers={"Origin": "https://elsewhere.example"}).headers.get("access-control-allow-origin")
    assert server.client.get("").status_code == 404  # no page
    assert server.client.get("slots").status_code == 501


def test_count_asks_the_server_once_for_a_text(server: LlamaServer) -> None:
    before = server.count.cache_info().misses
    assert [server.count("the same text twice") for _ in range(3)] == [4, 4, 4]
    assert server.count.cache_info().misses == before + 1


def test_key_shows_in_no_list_of_processes(server: LlamaServer) -> None:
    process = psutil.Process(server.pid)
    assert server.key not in " ".join(process.cmdline())
    assert server.key not in process.environ().values()


def test_closed_model_is_unreachable(small_file: Path) -> None:
    server = LlamaServer(small_file, context=512, threads=1)
    server.wait()
    server.close()
    server.close()
    with pytest.raises(EngineUnreachableError, match="does not answer"):
        server.count("x")


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells which pages of a file are in memory")
def test_file_does_not_stay_in_memory_beside_its_weights(small_file: Path, tmp_path: Path) -> None:
    file = small_file.resolve()
    link = tmp_path / "link.gguf"
    link.symlink_to(file)
    server = LlamaServer(link, context=512, threads=1)
    try:
        server.wait()
        held = [part.rss for part in psutil.Process(server.pid).memory_maps() if part.path == str(file)]
        assert held
        assert sum(held) < file.stat().st_size / 10
        assert server.client.post("completion", json={"prompt": "Once", "n_predict": 3}).json()["content"]
    finally:
        server.close()


def test_embedded_engine_ends_with_a_parent_that_is_killed(small_file: Path) -> None:
    program = (
        "import sys, time; from pathlib import Path; from qa.llama import LlamaServer\n"
        "server = LlamaServer(Path(sys.argv[1]), 512, 1); server.wait()\n"
        "print(server.pid, flush=True); time.sleep(60)"
    )
    parent = subprocess.Popen([sys.executable, "-c", program, str(small_file)], stdout=subprocess.PIPE, text=True)
    assert parent.stdout
    child = psutil.Process(int(parent.stdout.readline()))
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    parent.stdout.close()
    child.wait(timeout=60)
    assert not child.is_running()


def test_file_that_is_no_model_is_refused_with_the_reason(tmp_path: Path) -> None:
    file = tmp_path / "broken.gguf"
    file.write_bytes(gguf([pair("general.architecture", "invented"), pair("tokenizer.chat_template", "{{ messages }}")]))
    with pytest.raises(EngineError, match=r"cannot load broken\.gguf: .*invented"):
        open_language_model(load(model=f"embedded:{file}"), ignore)


def test_compatible_server_streams(server: LlamaServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", server.key)
    model = open_language_model(load(model="openai:smollm2", model_url=f"{server.client.base_url}/v1"), ignore)
    reply = (PROMPT | model.runnable(max_tokens=200)).invoke({"question": "Say hello."})
    assert reply.content
    assert 0 < (model.yes(QUESTION) or 0) < 1
    assert model.name == "openai:smollm2"


def test_compatible_server_refuses_a_wrong_key(server: LlamaServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "wrong")
    model = open_language_model(load(model="openai:smollm2", model_url=f"{server.client.base_url}/v1"), ignore)
    with pytest.raises(EngineError, match="Invalid API Key") as caught:
        model.runnable().invoke(QUESTION)
    assert "OPENAI_API_KEY" in caught.value.hint


def test_estimate_is_rather_too_high(small: LanguageModel) -> None:
    lines = (Path(__file__).parent.parent / "seeds" / "002_466a4c17d71ee6e5.txt").read_text(encoding="utf-8").split("\n")
    texts = [line for line in lines if len(line) > 40][:12]
    counted = sum(small.count(text) for text in texts)
    assert counted <= sum(estimate(text) for text in texts) <= 1.5 * counted
    assert estimate("") == 0
    assert estimate("東京") == 6

"""The chat model and the embedder of a real Ollama: streams, stops, what fits, and that what is loaded stays as it is."""

import json
import random
import re
import time
from collections.abc import Generator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import cycle

import numpy as np
import pytest
from langchain_core.messages import BaseMessage, HumanMessage, SystemMessage
from langchain_core.prompts import ChatPromptTemplate

from qa.completions import Request
from qa.embed import open_embedder
from qa.errors import EngineError, PromptTooLongError
from qa.models import tokens
from qa.ollama import WHOLE, Ollama, OllamaChat
from qa.settings import load
from qa.types import ignore
from tests.live_ollama import LiveOllama

CAPITAL: list[BaseMessage] = [SystemMessage("You answer in one sentence."), HumanMessage("What is the capital of France?")]
STORY: list[BaseMessage] = [HumanMessage("Write a very long story about a lighthouse keeper, her two goats and the sea.")]
WORDS = "ferry harbour minister quota bridge sailor 1998 million Askoy treaty".split()


def test_an_answer_streams_through_a_chain_token_by_token(live: LiveOllama) -> None:
    prompt = ChatPromptTemplate.from_messages([("system", "You answer in one sentence."), ("human", "{question}")])
    stream = (prompt | live.open(live.smollm2).runnable(max_tokens=200)).stream({"question": "What is the capital of France?"})
    came = [(time.monotonic(), str(chunk.content)) for chunk in stream if chunk.content]
    assert len(came) > 5
    assert came[-1][0] - came[0][0] > 0.01  # the first words were here while the last were being written
    assert "Paris" in "".join(word for _, word in came)


def test_the_larger_model_answers_too_and_alike_each_time(live: LiveOllama) -> None:
    runnable = live.open(live.qwen).runnable(max_tokens=100)
    first = runnable.invoke(CAPITAL).content
    assert "Paris" in first
    assert runnable.invoke(CAPITAL).content == first


def test_what_was_read_and_written_is_told_also_of_a_prompt_it_remembers(live: LiveOllama) -> None:
    runnable = live.open(live.smollm2).runnable(max_tokens=200)
    told = [reply.usage_metadata for reply in (runnable.invoke(CAPITAL), runnable.invoke(CAPITAL))]
    assert told[0] == told[1]
    assert told[0]
    assert 20 < told[0]["input_tokens"] < 40
    assert 5 < told[0]["output_tokens"] < 40


def test_a_stop_in_mid_answer_frees_the_server(live: LiveOllama) -> None:
    runnable = live.open(live.smollm2).runnable(max_tokens=1800)
    stream = runnable.stream(STORY)
    assert isinstance(stream, Generator)
    began = time.monotonic()
    for _ in range(20):
        next(stream)
    for_twenty = time.monotonic() - began
    stream.close()
    began = time.monotonic()
    assert runnable.invoke(CAPITAL).content
    assert time.monotonic() - began < 20 * for_twenty  # the rest of the story would take ninety times as long


def test_the_model_stays_loaded_with_its_context_for_as_long_as_told(live: LiveOllama) -> None:
    model = live.open(live.smollm2, context=1024)
    took = []
    for tokens_ in (5, 50, 200):
        reply = model.requesting(_request(tokens_)).invoke(CAPITAL)
        took.append(reply.response_metadata["load_duration"])
    assert model.yes(CAPITAL) is not None
    (ours,) = [one for one in live.loaded() if one["model"].startswith(live.smollm2)]
    assert ours["context_length"] == 1024
    until_ = datetime.fromisoformat(re.sub(r"\.\d+", "", ours["expires_at"])) - datetime.now(UTC)
    assert timedelta(minutes=29) < until_ < timedelta(minutes=31)
    assert max(took) < 300_000_000  # nanoseconds; a loading takes more


def test_no_answer_comes_from_a_prompt_that_was_cut(live: LiveOllama) -> None:
    """Tokens of the same prompt in a context with room for it tell whether it was read whole. `make bench-ollama` has wider contexts."""
    context, chosen = 256, random.Random(256)
    prompts = [_of(chosen, int(share * context)) for share in (0.3, 0.6, 0.8, 0.9, 1.0, 1.1)]
    ollama = Ollama(live.url)
    chat = ollama.chat(live.smollm2, context)
    read = [_read(chat, prompt, max_tokens) for prompt, max_tokens in zip(prompts, cycle((8, context // 4)), strict=False)]
    assert 2 <= sum(one is not None for one in read) < len(read)
    roomy = ollama.chat(live.smollm2, 8192)
    assert [one for one in read if one is not None] == [
        _read(roomy, prompt, 1) for prompt, one in zip(prompts, read, strict=True) if one is not None
    ]


def test_ollama_refuses_what_does_not_fit_and_stops_when_nothing_more_does(live: LiveOllama) -> None:
    """Told so, it cuts nothing: the estimate that is made before only tells the number sooner."""
    options = {"num_ctx": 256, "num_predict": 400}
    fits = {"model": live.smollm2, "messages": [{"role": "user", "content": STORY[0].content}], "stream": False, "options": options} | WHOLE
    reply = live.post("/api/chat", fits)
    assert reply["done_reason"] == "length"
    assert reply["prompt_eval_count"] + reply["eval_count"] <= 257
    refused = fits | {"messages": [{"role": "user", "content": "word " * 300}]}
    with pytest.raises(AssertionError, match="exceeds the context length"):
        live.post("/api/chat", refused)


def test_a_prompt_that_does_not_fit_is_refused_with_a_number_that_will_do(live: LiveOllama) -> None:
    messages = _of(random.Random(1), 700)
    with pytest.raises(PromptTooLongError, match="holds 512") as caught:
        live.open(live.smollm2, context=512).runnable(max_tokens=50).invoke(messages)
    needed = re.search(r"FOOTNOTE_CONTEXT to (\d+)", caught.value.hint)
    assert needed
    assert _read(Ollama(live.url).chat(live.smollm2, int(needed[1])), messages, 50)


def test_a_prompt_estimated_too_low_is_refused_all_the_same(live: LiveOllama) -> None:
    rare = [HumanMessage("𒀀𒁀𒂀" * 60)]
    with pytest.raises(PromptTooLongError) as caught:
        live.open(live.smollm2, context=512).runnable(max_tokens=20).invoke(rare)
    needed = re.search(r"FOOTNOTE_CONTEXT to (\d+)", caught.value.hint)
    assert needed
    assert _read(Ollama(live.url).chat(live.smollm2, int(needed[1])), rare, 20)


def test_log_probabilities_stand_beside_every_token(live: LiveOllama) -> None:
    chunks = list(live.open(live.smollm2).runnable(max_tokens=100, logprobs=True).stream(CAPITAL))
    text = "".join(str(chunk.content) for chunk in chunks)
    told = [pair for chunk in chunks for pair in tokens(chunk)]
    assert "".join(token for token, _ in told) == text
    assert all(len(candidates) == 20 for _, candidates in told)


@pytest.mark.parametrize(
    ("question", "sure"), [("Is Paris a city? Answer yes or no.", True), ("Is Paris a fish? Answer yes or no.", False)]
)
def test_the_probability_of_yes(live: LiveOllama, question: str, sure: bool) -> None:
    share = live.open(live.qwen).yes([("human", question)])
    assert share is not None
    assert (share > 0.5) == sure


def test_a_schema_binds_what_is_written(live: LiveOllama) -> None:
    form = {"type": "object", "properties": {"city": {"type": "string"}, "letters": {"type": "integer"}}, "required": ["city", "letters"]}
    model = live.open(live.smollm2).requesting(_request(100))
    written = json.loads(str(model.invoke(CAPITAL, format=form).content))
    assert isinstance(written["city"], str)
    assert isinstance(written["letters"], int)


def test_its_embedder_finds_what_is_meant_and_refuses_what_it_would_cut(live: LiveOllama) -> None:
    model = open_embedder(load(embedder=f"ollama:{live.minilm}", model_url=live.url), ignore)
    texts = ["The ferry to Skerry sails at noon.", "A minister resigned over the budget.", "The orchestra played Mahler."]
    asked = ["When does the boat leave?", "Who stepped down from government?", "What music was performed?"]
    likeness = model.embed(asked) @ model.embed(texts).T
    assert likeness.argmax(axis=1).tolist() == [0, 1, 2]
    assert np.allclose(np.linalg.norm(model.embed([*texts, ""]), axis=1), 1, atol=1e-5)
    with pytest.raises(EngineError) as caught:
        model.embed(["ferry " * 2000])
    assert caught.value.hint


def _request(max_tokens: int) -> Request:
    return Request(max_tokens, cut_allowed=True)


def _of(chosen: random.Random, tokens_: int) -> list[BaseMessage]:
    """Messages of about so many tokens."""
    return [SystemMessage("You are brief."), HumanMessage(" ".join(chosen.choices(WORDS, k=max(1, int(tokens_ / 1.6)))))]


def _read(model: OllamaChat, messages: Sequence[BaseMessage], max_tokens: int) -> int | None:
    """Tokens of a prompt as the server counted them; None where there was no answer because it did not fit."""
    try:
        reply = model.requesting(_request(max_tokens)).invoke(list(messages))
    except PromptTooLongError:
        return None
    assert reply.usage_metadata
    return reply.usage_metadata["input_tokens"]

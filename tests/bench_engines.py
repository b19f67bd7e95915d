"""How quick an engine is, and what that makes of questions: `make bench-engines`.

A call takes `fixed + prompt / reading + reply / writing` seconds. The three are fitted to calls of different lengths, none of which
shares its beginning with another (what an engine remembers of earlier prompts costs nothing); with `--at-once` the same is done by
several callers. From them follow the questions a minute.
"""

import argparse
import itertools
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from typing import Final

import numpy as np
from langchain_core.messages import AIMessageChunk, HumanMessage

from qa.completions import Request
from qa.models import LanguageModel, open_language_model
from qa.settings import load
from qa.types import ignore

PROMPTS: Final = (60, 250, 500, 1000)  # words, about
REPLIES: Final = (1, 30, 90)  # tokens
SHAPES: Final = ((200, 25), (370, 40), (800, 60), (2000, 100))  # tokens of prompt and reply whose questions a minute are told
LOOK: Final = 190  # tokens that the second look at a sentence reads, on the seeds
WORDS: Final = "river stone seven lantern harbour quiet ninety copper window autumn bridge letter silver mountain eleven garden".split()


@dataclass(frozen=True)
class Call:
    """One call: tokens read and written, seconds taken."""

    read: int
    written: int
    seconds: float


@dataclass(frozen=True)
class Speed:
    """Tokens a second, seconds, and the share of the calls' variance that these explain."""

    reading: float
    writing: float
    fixed: float
    explained: float

    def seconds(self, prompt: int, reply: int) -> float:
        """Of a question with one sentence as its answer: the call that writes it and the second look."""
        return 2 * self.fixed + (prompt + LOOK) / self.reading + reply / self.writing


def call(model: LanguageModel, number: int, words: int, tokens: int) -> Call:
    """A call whose prompt shares no beginning with any other."""
    text = " ".join(f"{WORDS[(number * 7 + place * place) % len(WORDS)]} {number * 31 + place}" for place in range(words // 3))
    runnable = model.requesting(Request(tokens, cut_allowed=True))
    began = time.perf_counter()
    whole: AIMessageChunk | None = None
    for chunk in runnable.stream([HumanMessage(f"{text}\nWrite the numbers from {number} to {number + 500}, in words.")]):
        assert isinstance(chunk, AIMessageChunk)
        whole = chunk if whole is None else whole + chunk
    assert whole is not None
    assert whole.usage_metadata is not None
    return Call(whole.usage_metadata["input_tokens"], whole.usage_metadata["output_tokens"], time.perf_counter() - began)


def measure(model: LanguageModel, rounds: int, at_once: int) -> list[Call]:
    """The calls of every shape; of several at once each counts the time per call of the round."""
    numbers = itertools.count(1)
    call(model, next(numbers), 60, 5)  # the first one warms up
    shapes = [(words, tokens) for _ in range(rounds) for words in PROMPTS for tokens in REPLIES]
    if at_once == 1:
        return [call(model, next(numbers), *shape) for shape in shapes]
    calls: list[Call] = []
    with ThreadPoolExecutor(at_once) as pool:
        for shape in shapes:
            began = time.perf_counter()
            group = list(pool.map(lambda number, shape=shape: call(model, number, *shape), [next(numbers) for _ in range(at_once)]))
            share = (time.perf_counter() - began) / at_once
            calls.append(Call(group[0].read, group[0].written, share))
    return calls


def fit(calls: Sequence[Call]) -> Speed:
    """By least squares."""
    factors = np.array([[one.read, one.written, 1.0] for one in calls])
    taken = np.array([one.seconds for one in calls])
    (a_read, a_written, fixed), *_ = np.linalg.lstsq(factors, taken, rcond=None)
    left = taken - factors @ np.array([a_read, a_written, fixed])
    return Speed(1 / float(a_read), 1 / float(a_written), max(0.0, float(fixed)), 1 - float(left.var() / taken.var()))


def row(name: str, speed: Speed) -> str:
    minutes = " | ".join(f"{60 / speed.seconds(*shape):.1f}" for shape in SHAPES)
    return f"| {name} | {speed.reading:.0f} | {speed.writing:.1f} | {speed.fixed * 1000:.0f} | {minutes} | {speed.explained:.3f} |"


def main() -> None:
    parser = argparse.ArgumentParser(description="How quick an engine is.")
    parser.add_argument("--model", default="embedded")
    parser.add_argument("--model-url")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--at-once", type=int, default=1)
    chosen = parser.parse_args()
    settings = load(model=chosen.model, model_url=chosen.model_url, slots=chosen.at_once)
    model = open_language_model(settings, ignore)
    with closing(model):
        speed = fit(measure(model, chosen.rounds, chosen.at_once))
    shapes = " | ".join(f"{prompt} + {reply}" for prompt, reply in SHAPES)
    print(f"| engine and model | reads, tokens/s | writes, tokens/s | fixed, ms | {shapes} | explained |")
    print("|" + "---|" * (5 + len(SHAPES)))
    print(row(f"{model.name}, {chosen.at_once} at once", speed))


if __name__ == "__main__":
    main()

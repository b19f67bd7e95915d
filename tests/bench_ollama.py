"""What a real Ollama does under Footnote: `make bench-ollama PARTS="cuts sweep overhead gold"`.

cuts: answers whose connection to the engine is cut at random moments are errors, or the whole answer. sweep: no answer comes from a prompt
that was cut, whatever the context. overhead: a question through all of Footnote against the same prompts sent bare to `/api/chat`.
gold: the gold questions on Ollama and on the embedded engine, which runs the same weights, paired.
"""

import argparse
import json
import os
import random
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Final

import httpx
from langchain_core.messages import BaseMessage, HumanMessage

from qa.completions import Request
from qa.errors import EngineError, PromptTooLongError
from qa.ollama import Ollama, OllamaChat
from qa.service import QA
from qa.settings import PREFIX, Settings
from qa.types import Answer, Done
from tests.cutting_proxy import CuttingProxy, served_through
from tests.live_ollama import PATIENCE, LiveOllama, live_server

SEED: Final = 9
PARTS: Final = ("cuts", "sweep", "overhead", "gold")
GOLD: Final = Path("seeds/questions.jsonl")
CONTEXTS: Final = (256, 512, 1024, 2048, 4096)
SHARES: Final = (0.4, 0.7, 0.85, 0.92, 0.96, 0.98, 1.0, 1.02, 1.1, 1.6)  # of the context that a prompt is meant to take
WORDS: Final = "ferry harbour minister quota bridge sailor 1998 million Askoy treaty".split()
FLUSH: Final = {"messages": [{"role": "user", "content": "Something else."}], "options": {"num_predict": 1}, "stream": False}
CHAT: Final = re.compile(rb"POST /api/chat HTTP/1\.1\r\n(?:[^\r\n]+\r\n)*?content-length: (\d+)\r\n(?:[^\r\n]+\r\n)*\r\n", re.IGNORECASE)


@contextmanager
def asked_through(live: LiveOllama, url: str, name: str) -> Iterator[QA]:
    with tempfile.TemporaryDirectory() as home:
        settings = Settings(home=Path(home), model=f"ollama:{name}", model_url=url, embedder="embedded", context=2048)
        with closing(QA.open(settings)) as qa:
            qa.wait(PATIENCE)
            yield qa


def questions(count: int) -> list[str]:
    rows = [json.loads(line) for line in GOLD.read_text(encoding="utf-8").splitlines()]
    asked = [row["question"] for row in rows if row["answerable"] and not row.get("history")]
    random.Random(SEED).shuffle(asked)
    return asked[:count]


def answer(qa: QA, question: str) -> Answer:
    last = list(qa.ask(question))[-1]
    assert isinstance(last, Done)
    return last.answer


def cuts(live: LiveOllama, runs: int) -> None:
    """Each run asks one of ten questions and cuts after a random number of the bytes that its whole answer takes."""
    chosen, kept = random.Random(SEED), []
    with served_through(live.url) as proxy, asked_through(live, proxy.url, live.smollm2) as qa:
        whole = {}
        for question in questions(20):
            before = proxy.passed
            given = answer(qa, question)
            if proxy.passed > before:  # the model was asked
                whole[question] = (given.answer, proxy.passed - before)
        for run in range(runs):
            question, (text, size) = list(whole.items())[run % len(whole)]
            kept.append(one_cut(qa, proxy, question, text, chosen.randint(0, size)))
    told = {kind: kept.count(kind) for kind in ("an error", "the whole answer", "ANOTHER ANSWER")}
    print(f"cuts: {runs} runs over {len(whole)} questions: {', '.join(f'{count} {kind}' for kind, count in told.items())}")


def one_cut(qa: QA, proxy: CuttingProxy, question: str, text: str, left: int) -> str:
    proxy.left = left
    try:
        return "the whole answer" if answer(qa, question).answer == text else "ANOTHER ANSWER"
    except EngineError:
        return "an error"
    finally:
        proxy.left = None


def sweep(live: LiveOllama) -> None:
    chosen, ollama = random.Random(SEED), Ollama(live.url)
    roomy = {}
    for context in CONTEXTS:
        prompts = [prompt(chosen, int(share * context)) for share in SHARES]
        chat = ollama.chat(live.smollm2, context)
        read = [tokens(chat, one, 8) for one in prompts]
        roomy[context] = [(one, count) for one, count in zip(prompts, read, strict=True) if count is not None]
        print(f"sweep: num_ctx {context}: {len(roomy[context])} of {len(prompts)} prompts answered, the others refused", flush=True)
    chat = ollama.chat(live.smollm2, 8192)
    cut = sum(tokens(chat, one, 1) != count for pairs in roomy.values() for one, count in pairs)
    print(f"sweep: of {sum(map(len, roomy.values()))} answered {cut} were read otherwise than where there is room for all")


def prompt(chosen: random.Random, size: int) -> list[BaseMessage]:
    return [HumanMessage(" ".join(chosen.choices(WORDS, k=max(1, int(size / 1.6)))))]


def tokens(chat: OllamaChat, messages: Sequence[BaseMessage], max_tokens: int) -> int | None:
    """Tokens of a prompt as the server counted them; None where it was refused."""
    try:
        reply = chat.requesting(Request(max_tokens, cut_allowed=True)).invoke(list(messages))
    except PromptTooLongError:
        return None
    assert reply.usage_metadata
    return reply.usage_metadata["input_tokens"]


def overhead(live: LiveOllama, name: str, count: int) -> None:
    """Each question through Footnote, and the bodies that it sent, sent again bare; before both the model is made to forget its prompts."""
    extra, shares = [], []
    with served_through(live.url) as proxy, asked_through(live, proxy.url, name) as qa:
        for question in questions(count):
            proxy.forwarded.clear()
            flush(live, name)
            began = time.perf_counter()
            answer(qa, question)
            ours = time.perf_counter() - began
            bodies = chats(bytes(proxy.forwarded))
            flush(live, name)
            began = time.perf_counter()
            for body in bodies:
                send(live, body)
            bare = time.perf_counter() - began
            if bodies:
                extra.append(ours - bare)
                shares.append((ours - bare) / bare)
    low, middle, high = (1000 * value for value in statistics.quantiles(extra, n=4))
    print(f"overhead ({name}): {len(extra)} questions, median {middle:.0f} ms, quartiles {low:.0f} to {high:.0f} ms;", end=" ")
    print(f"{statistics.median(shares):.1%} of the bare calls", flush=True)


def flush(live: LiveOllama, name: str) -> None:
    live.post("/api/chat", FLUSH | {"model": name, "options": {"num_predict": 1, "num_ctx": 2048}})


def chats(sent: bytes) -> list[dict[str, Any]]:
    return [json.loads(sent[found.end() : found.end() + int(found[1])]) for found in CHAT.finditer(sent)]


def send(live: LiveOllama, body: dict[str, Any]) -> None:
    with httpx.stream("POST", f"{live.url}/api/chat", json=body, timeout=PATIENCE, trust_env=False) as reply:
        for _ in reply.iter_lines():
            pass


def gold(live: LiveOllama, folder: Path) -> None:
    evaluate("embedded", "", folder / "embedded.jsonl")
    evaluate(f"ollama:{live.qwen}", live.url, folder / "ollama.jsonl", "--no-worse-than", str(folder / "embedded.jsonl"))


def evaluate(model: str, url: str, report: Path, *options: str) -> None:
    command = [sys.executable, "-m", "qa", "eval", str(GOLD), "--folders", "seeds", "--embedder", "embedded", "--model", model]
    environment = os.environ | ({f"{PREFIX}MODEL_URL": url} if url else {})
    command += ["--home", str(report.parent / "home"), "--report", str(report), *options]
    subprocess.run(command, env=environment, check=False)  # worse is told, and fails it


def main() -> None:
    parser = argparse.ArgumentParser(description="What a real Ollama does under Footnote.")
    parser.add_argument("parts", nargs="*", default=PARTS, choices=PARTS)
    parser.add_argument("--runs", type=int, default=200, help="Cuts.")
    parser.add_argument("--questions", type=int, default=20, help="Questions of the overhead.")
    parser.add_argument("--folder", type=Path, default=Path(".venv/ollama"), help="Where the reports of the gold questions go.")
    chosen = parser.parse_args()
    with live_server(Settings()) as live:
        if "cuts" in chosen.parts:
            cuts(live, chosen.runs)
        if "sweep" in chosen.parts:
            sweep(live)
        if "overhead" in chosen.parts:
            overhead(live, live.smollm2, chosen.questions)
            overhead(live, live.qwen, chosen.questions)
        if "gold" in chosen.parts:
            chosen.folder.mkdir(parents=True, exist_ok=True)
            gold(live, chosen.folder)


if __name__ == "__main__":
    main()

"""Models of a real Ollama: what is told of them, templates that are missing, thoughts."""

import os
import subprocess
from pathlib import Path

import httpx
import pytest
from langchain_core.messages import BaseMessage, HumanMessage

from qa import weights
from qa.completions import Request
from qa.errors import EngineError
from qa.installed import inventory
from qa.inventory import ENGINE, FOOTNOTE
from qa.ollama import Ollama
from qa.settings import load
from tests.live_ollama import CHATML, LiveOllama

HELLO: list[BaseMessage] = [HumanMessage("Say hello.")]
ECHO: list[BaseMessage] = [HumanMessage("Repeat this text exactly, and nothing else: <think>one two</think>[1] In Oslo.")]
FILE = {weights.SMOLLM2.file: weights.SMOLLM2}


def test_what_is_listed_of_a_model_is_what_it_takes(live: LiveOllama) -> None:
    found = {model.name: model for model in inventory(load(model_url=live.url, context=2048)).models}
    listed = found[f"ollama:{live.smollm2}:latest"]
    assert listed.context == 8192
    assert listed.fits
    assert listed.remedy == ""
    live.open(live.smollm2)
    (loaded,) = (model for model in live.loaded() if model["name"].startswith(live.smollm2))
    assert listed.memory - FOOTNOTE - ENGINE == pytest.approx(loaded["size"], rel=0.05)  # the server reckons weights and cache


def test_a_model_without_a_template_is_refused_with_the_command_that_mends_it(live: LiveOllama, tmp_path: Path) -> None:
    bare = live.make("bare", FILE, {"template": "{{ .Prompt }}"})
    with pytest.raises(EngineError, match="has no chat template") as caught:
        live.open(bare)
    assert Ollama(live.url).chat_model() != f"{bare}:latest"
    command = caught.value.hint.split("`")[1]
    environment = {**os.environ, "OLLAMA_HOST": live.url, "PATH": f"{live.program.parent if live.program else ''}:{os.environ['PATH']}"}
    done = subprocess.run(["sh", "-c", command], cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    mended = caught.value.hint.rpartition("ollama:")[2].rstrip(".")
    assert Ollama(live.url).show(mended).template.splitlines() == CHATML.replace("{{-", "{{").splitlines()
    assert live.open(mended).requesting(Request(max_tokens=20, cut_allowed=True)).invoke(HELLO).text
    for name in (bare, mended):
        httpx.request("DELETE", f"{live.url}/api/delete", json={"model": name}, trust_env=False).raise_for_status()


def test_thoughts_of_a_live_model_are_dropped(live: LiveOllama) -> None:
    asked = {"model": live.qwen, "messages": [{"role": "user", "content": ECHO[0].content}], "options": {"temperature": 0, "num_ctx": 2048}}
    assert live.post("/api/chat", {**asked, "stream": False})["message"]["content"] == "<think>one two</think>[1] In Oslo."
    model = live.open(live.qwen)
    assert model.runnable(max_tokens=60).invoke(ECHO).text == "[1] In Oslo."
    assert "".join(chunk.text for chunk in model.runnable(max_tokens=60).stream(ECHO)) == "[1] In Oslo."

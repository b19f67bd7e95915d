"""Models whose files do not say how turns are marked, or whose template begins a thought: told, refused, mended."""

from contextlib import closing
from pathlib import Path

import pytest
from langchain_core.messages import BaseMessage, HumanMessage

from qa import weights
from qa.errors import EngineError
from qa.gguf import TEMPLATE, read_metadata
from qa.models import open_language_model
from qa.settings import Settings
from qa.template import is_bare, remedy
from qa.types import ignore
from tests.fake_ollama import FakeOllama, Model
from tests.test_inventory import QWEN3

HELLO: list[BaseMessage] = [HumanMessage("Say hello.")]
OPENING = (
    "{% for m in messages %}{{'<|im_start|>' + m['role'] + '\\n' + m['content'] + '<|im_end|>' + '\\n'}}{% endfor %}"
    "{{ '<|im_start|>assistant\\n<think>\\n' }}"
)


def changed(files: Settings, folder: Path, old: bytes, new: bytes) -> Settings:
    """A copy of the small model in which some bytes are others, as many."""
    assert len(old) == len(new)
    content = weights.fetch(weights.SMOLLM2, files.cache, files.weights).read_bytes()
    assert content.count(old) == 1
    path = folder / "own.gguf"
    path.write_bytes(content.replace(old, new))
    return files.model_copy(update={"model": f"embedded:{path}", "context": 512})


def test_a_file_without_a_template_is_refused(files: Settings, tmp_path: Path) -> None:
    """llama.cpp would take ChatML, whatever the model has learnt."""
    with pytest.raises(EngineError, match=r"own\.gguf has no chat template") as caught:
        open_language_model(changed(files, tmp_path, TEMPLATE.encode(), TEMPLATE.encode()[::-1]), ignore)
    assert "gguf-new-metadata --chat-template-config tokenizer_config.json own.gguf own-chat.gguf" in caught.value.hint


def test_a_damaged_file_is_refused_before_it_is_loaded(files: Settings, tmp_path: Path) -> None:
    path = tmp_path / "own.gguf"
    path.write_bytes(b"GGUF and nothing more")
    with pytest.raises(EngineError, match="no sound GGUF file"):
        open_language_model(files.model_copy(update={"model": f"embedded:{path}"}), ignore)


def test_a_template_that_begins_a_thought_is_known(files: Settings, tmp_path: Path) -> None:
    old = read_metadata(weights.fetch(weights.SMOLLM2, files.cache, files.weights)).template
    new = f"{OPENING}{{#{' ' * (len(old) - len(OPENING) - 4)}#}}"
    with closing(open_language_model(changed(files, tmp_path, old.encode(), new.encode()), ignore)) as model:
        assert model.runnable(grammar='root ::= "[1] In Oslo."').invoke(HELLO).text == "[1] In Oslo."  # no thought can be written
        assert model.yes(HELLO) is None
        assert model.runnable(max_tokens=30, stop=(".",)).invoke(HELLO).text == ""


def test_ollama_is_not_asked_with_a_bare_template() -> None:
    bare = Model(template="{{ .Prompt }}", facts=QWEN3)
    with FakeOllama(models={"bare:latest": bare}) as server:
        with pytest.raises(EngineError, match="bare has no chat template") as caught:
            open_language_model(Settings(model="ollama:bare", model_url=server.url), ignore)
        assert "ollama create bare-chat" in caught.value.hint
        assert not [path for path, _ in server.requests if path == "/api/generate"]
        bare.modelfile = "FROM x\nTEMPLATE {{ .Prompt }}\nRENDERER qwen3-vl\n"
        assert open_language_model(Settings(model="ollama:bare", model_url=server.url), ignore).runnable().invoke(HELLO).text


def test_auto_passes_a_bare_template_over() -> None:
    models = {"bare:latest": Model(template="{{ .Prompt }}"), "llama3.2:latest": Model()}
    with FakeOllama(models=models) as server:
        assert open_language_model(Settings(model="auto", model_url=server.url), ignore).name == "ollama:llama3.2:latest"


@pytest.mark.parametrize(
    ("template", "bare"),
    [
        ("{{ .Prompt }}", True),
        ("{{ .System }} {{ .Prompt }}", True),
        ("{{ range .Messages }}\n{{ .Content }}{{ end }}", True),
        ("{{ range .Messages }}<|im_start|>{{ .Role }}\n{{ .Content }}<|im_end|>\n{{ end }}", False),
        ("[INST] {{ .Prompt }} [/INST]", False),
        ("", False),
    ],
)
def test_a_template_that_marks_no_turns_is_bare(template: str, bare: bool) -> None:
    assert is_bare(template) is bare


def test_the_command_that_mends_fits_what_the_model_learnt() -> None:
    assert "<|im_start|>{{ .Role }}" in remedy("registry/lib/qwen:1b", QWEN3)
    assert "FROM registry/lib/qwen:1b" in remedy("registry/lib/qwen:1b", QWEN3)
    assert "ollama create qwen-chat " in remedy("registry/lib/qwen:1b", QWEN3)
    assert "its publisher's TEMPLATE" in remedy("llama:1b", {"tokenizer.ggml.pre": "llama-bpe"})
    assert "<|im_start|>" not in remedy("llama:1b", {"tokenizer.ggml.pre": "llama-bpe"})

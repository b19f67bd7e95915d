"""The doctor on real folders, files, ports and locks."""

import contextlib
import socket
from pathlib import Path

import psutil
import pytest

from qa import doctor
from qa.doctor import Check, diagnose, missing, needed
from qa.library import Library
from qa.settings import Settings
from qa.types import ignore
from qa.weights import MINILM, MINILM_TOKENIZER, QWEN, SMOLLM2
from tests.fake_ollama import FakeOllama, Model
from tests.test_gguf import gguf, pair

NOBODY = "http://127.0.0.1:1"
TEMPLATE = pair("tokenizer.chat_template", "{{ messages }}")


@pytest.fixture
def settings(tmp_path: Path, files: Settings) -> Settings:
    folder = tmp_path / "letters"
    folder.mkdir()
    (folder / "a.txt").write_text("The first letter\n\nIt came from Bergen in a blue envelope.\n", encoding="utf-8")
    return files.model_copy(update={"home": tmp_path / "home", "folders": (folder,), "model": "embedded", "model_url": NOBODY, "port": 0})


def changed(settings: Settings, **changes: object) -> Settings:
    return settings.model_copy(update=changes)


def check(settings: Settings, name: str) -> Check:
    (found,) = [check for check in diagnose(settings) if check.name == name]
    return found


def index(settings: Settings) -> None:
    with contextlib.closing(Library.open(settings, ignore)) as library:
        library.sync(settings.folders, ignore)


def test_nothing_is_made_by_looking(settings: Settings) -> None:
    assert {check.name for check in diagnose(settings)} == set(doctor.CHECKS)
    assert not settings.home.exists()


def test_whatever_is_wrong_comes_with_a_remedy(settings: Settings, tmp_path: Path) -> None:
    ill = changed(settings, folders=(tmp_path / "none",), cache=tmp_path / "cache", weights=None, model="ollama:x", chroma_url=NOBODY)
    found = {check.name: check for check in diagnose(ill)}
    assert {name for name, check in found.items() if check.state == "problem"} == {"folders", "model files", "language model", "chroma"}
    assert all(check.hint for check in found.values() if check.state != "ok")


def test_which_model_files_are_needed(settings: Settings) -> None:
    files = (MINILM, MINILM_TOKENIZER)
    assert needed(settings) == (QWEN, *files)
    assert needed(changed(settings, model="auto")) == (QWEN, *files)
    assert needed(changed(settings, model="embedded:smollm2")) == (SMOLLM2, *files)
    assert needed(changed(settings, model="ollama:x", embedder="ollama:y")) == (MINILM_TOKENIZER,)
    assert needed(changed(settings, model="ollama:x", embedder="ollama:y", reader="none")) == ()
    assert needed(changed(settings, model="embedded:my.gguf")) == files


def test_a_model_file_counts_only_in_full_length(settings: Settings, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    (cache / "models").mkdir(parents=True)
    ours = changed(settings, cache=cache, weights=None, model="ollama:x")
    assert missing(ours) == (MINILM, MINILM_TOKENIZER)
    for weights, size in ((MINILM, MINILM.size), (MINILM_TOKENIZER, 7)):
        with (cache / "models" / f"{weights.sha256[:16]}-{weights.file}").open("wb") as file:
            file.truncate(size)
    assert missing(ours) == (MINILM_TOKENIZER,)
    found = check(ours, "model files")
    assert found.state == "problem"
    assert MINILM_TOKENIZER.name in found.message
    assert "footnote fetch" in found.hint


def test_the_users_own_model_files_count(settings: Settings, tmp_path: Path) -> None:
    ours = changed(settings, cache=tmp_path, weights=tmp_path, model="ollama:x")
    for weights in (MINILM, MINILM_TOKENIZER):
        with (tmp_path / weights.file).open("wb") as file:
            file.truncate(weights.size)
    assert missing(ours) == ()


def test_folders(settings: Settings, tmp_path: Path) -> None:
    assert check(settings, "folders").message.startswith("1 files in")
    empty = tmp_path / "empty"
    empty.mkdir()
    (empty / "a.xyz").write_text("no reader for this")
    assert check(changed(settings, folders=(empty,)), "folders").state == "problem"
    gone = check(changed(settings, folders=(tmp_path / "gone",)), "folders")
    assert gone.state == "problem"
    assert "gone" in gone.message


def test_the_index_against_its_folders(settings: Settings) -> None:
    assert check(settings, "index").state == "warning"
    index(settings)
    assert check(settings, "index").state == "ok"
    (settings.folders[0] / "b.txt").write_text("The second letter\n\nIt was never answered.\n", encoding="utf-8")
    stale = check(settings, "index")
    assert (stale.state, stale.message) == ("warning", "The index is behind its folders: 1 new")
    assert "footnote sync" in stale.hint


def test_the_folders_of_the_last_sync_are_remembered(settings: Settings) -> None:
    index(settings)
    assert str(settings.folders[0]) in check(changed(settings, folders=()), "folders").message


def test_an_index_of_another_embedder(settings: Settings) -> None:
    index(settings)
    assert check(changed(settings, embedder="ollama:nomic"), "index").state == "warning"


def test_a_damaged_catalog(settings: Settings) -> None:
    settings.home.mkdir()
    (settings.home / "catalog.sqlite").write_bytes(b"this is no database, but long enough to be read as one" * 100)
    found = check(settings, "index")
    assert found.state == "problem"
    assert found.hint


def test_an_index_in_use(settings: Settings) -> None:
    assert check(settings, "lock").state == "ok"
    with contextlib.closing(Library.open(settings, ignore)):
        found = check(settings, "lock")
    assert found.state == "warning"
    assert "process" in found.message
    assert check(settings, "lock").state == "ok"


def test_the_port(settings: Settings) -> None:
    assert check(settings, "port").state == "ok"
    with socket.create_server(("127.0.0.1", 0)) as other:
        found = check(changed(settings, port=other.getsockname()[1]), "port")
    assert found.state == "problem"
    assert "another program" in found.message
    assert "--port" in found.hint


def test_language_models(settings: Settings, tmp_path: Path) -> None:
    assert check(settings, "language model").state == "ok"
    assert check(changed(settings, model="auto"), "language model").message.startswith("embedded")
    for model in ("ollama:x", "openai:x", "embedded:gone.gguf", "nonsense"):
        found = check(changed(settings, model=model), "language model")
        assert found.state == "problem", model
        assert found.hint
    own = tmp_path / "own.gguf"
    for content, state, hint in ((b"", "problem", "another"), (gguf([]), "problem", "gguf-new-metadata"), (gguf([TEMPLATE]), "ok", "")):
        own.write_bytes(content)
        found = check(changed(settings, model=f"embedded:{own}"), "language model")
        assert found.state == state
        assert hint in found.hint


def test_models_of_ollama(settings: Settings) -> None:
    with FakeOllama(models={"bare:latest": Model(template="{{ .Prompt }}"), "llama3.2:latest": Model()}) as server:
        at_server = changed(settings, model_url=server.url)
        assert check(changed(at_server, model="ollama:llama3.2"), "language model").state == "ok"
        assert "ollama pull x" in check(changed(at_server, model="ollama:x"), "language model").hint
        found = check(changed(at_server, model="ollama:bare"), "language model")
    assert found.state == "problem"
    assert "ollama create bare-chat" in found.hint


def test_memory(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    total = psutil.virtual_memory().total
    monkeypatch.setattr(doctor, "MEMORY", total + 1)
    assert check(settings, "memory").state == "problem"
    assert check(changed(settings, model="ollama:x"), "memory").state == "ok"
    monkeypatch.setattr(doctor, "MEMORY", 1)
    assert check(settings, "memory").state == "ok"


def test_disk(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "INDEX_ROOM", 10**18)
    found = check(settings, "disk")
    assert found.state == "problem"
    assert str(settings.home) in found.message


def test_a_home_that_cannot_be(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert check(changed(settings, home=tmp_path / "file" / "home"), "home").state == "problem"


def test_chroma(settings: Settings) -> None:
    assert check(settings, "chroma").state == "ok"
    assert check(changed(settings, chroma_url=NOBODY), "chroma").state == "problem"

"""The command line as its users meet it: as a process."""

import json
import os
import pty
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from qa.options import OPTIONS
from qa.settings import Settings
from tests.fake_ollama import FakeOllama
from tests.fake_ollama import Model as ServedModel
from tests.library_process import cost
from tests.processes import (
    CHECKOUT,
    FOOTNOTE,
    LETTER,
    PATIENCE,
    QUESTION,
    SlowModel,
    check_failure,
    footnote,
    make_environment,
    served_model,
    start,
)


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory, files: Settings) -> Iterator[dict[str, str]]:
    with served_model() as url:
        yield make_environment(tmp_path_factory.mktemp("footnote"), url, files)


@pytest.fixture
def slow_model_url() -> Iterator[str]:
    SlowModel.asked.clear()
    with served_model(SlowModel) as url:
        yield url


def test_help_is_cheap() -> None:
    assert cost([sys.executable, "-m", "qa", "--help"]).busy < 0.4
    done = footnote("--help")
    assert done.returncode == 0
    for command in ("serve", "ask", "search", "sync", "documents", "models", "fetch", "doctor"):
        assert re.search(rf"^  {command} ", done.stdout, re.MULTILINE)


def test_help_imports_nothing_slow() -> None:
    done = subprocess.run(
        [sys.executable, "-X", "importtime", *FOOTNOTE[1:], "--help"], cwd=CHECKOUT, capture_output=True, text=True, check=True
    )
    imported = {line.rpartition("|")[2].strip().partition(".")[0] for line in done.stderr.splitlines() if line.startswith("import time")}
    assert "typer" in imported
    assert not imported & {"pydantic", "pydantic_settings", "rich", "gradio", "fastapi", "uvicorn", "langchain_core", "chromadb", "numpy"}


def test_every_setting_is_an_option_with_its_own_words() -> None:
    fields = {name: field.description for name, field in Settings.model_fields.items()}
    assert {name: description for name, (_, description) in OPTIONS.items()} == fields
    shown = " ".join(footnote("serve", "--help").stdout.split())
    for name in OPTIONS:
        assert f"--{name.replace('_', '-')} " in shown
        assert f"FOOTNOTE_{name.upper()}" in shown.replace(" ", "") or f"FOOTNOTE_{name.upper()}" in shown


def test_an_answer_with_its_footnotes(environment: dict[str, str]) -> None:
    done = footnote("ask", QUESTION, environment=environment)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    answer, _, notes = done.stdout.partition("\n\n")
    assert "Nesodden" in answer
    assert "[1]" in answer
    assert notes.splitlines()[0] == "[1] letters/bridge.txt, The bridge at Nesodden, 4 May 2021"
    assert notes.splitlines()[1].strip(" “”") in LETTER


def test_an_answer_as_json(environment: dict[str, str]) -> None:
    done = footnote("ask", "--json", "-", environment=environment, text=f"{QUESTION}\n")
    answer = json.loads(done.stdout)
    assert answer["question"] == QUESTION
    assert answer["answered"] is True
    citation = answer["citations"][0]
    assert LETTER[citation["start"] : citation["end"]] == citation["quote"]
    assert done.stdout.count("\n") == 1


def test_an_answer_withheld_is_a_success(environment: dict[str, str]) -> None:
    done = footnote("ask", "Who painted the ceiling of the cathedral in Florence?", environment=environment)
    assert done.returncode == 0
    assert "[1]" not in done.stdout
    assert "do not tell" in done.stdout


def test_a_terminal_gets_the_same_text_in_the_end(environment: dict[str, str]) -> None:
    screen = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", on_terminal("ask", QUESTION, environment=environment)).replace("\r", "")
    assert re.search(r"Nesodden.* \[1\]\.?\n\n\[1\] letters/bridge.txt, The bridge at Nesodden, 4 May 2021\n +“.*”\n$", screen)


def on_terminal(*arguments: str, environment: dict[str, str]) -> str:
    """All that a command writes where its output is a terminal."""
    ours, its = pty.openpty()
    process = subprocess.Popen(
        [*FOOTNOTE, *arguments], env={**environment, "TERM": "xterm", "COLUMNS": "200"}, cwd=CHECKOUT, stdout=its, stderr=its
    )
    os.close(its)
    written = b""
    try:
        while piece := os.read(ours, 10_000):
            written += piece
    except OSError:  # Linux's way of saying that the other end is closed
        pass
    os.close(ours)
    assert process.wait(PATIENCE) == 0
    return written.decode()


def test_search_with_a_limit(environment: dict[str, str]) -> None:
    done = footnote("search", "bridge", "-k", "1", "--json", environment={**environment, "FOOTNOTE_MODEL_URL": "http://127.0.0.1:1"})
    assert [passage["file"] for passage in json.loads(done.stdout)["passages"]] == ["letters/bridge.txt"]
    assert "letters/bridge.txt" in footnote("search", "bridge", environment=environment).stdout


def test_search_explains_itself(environment: dict[str, str]) -> None:
    told = footnote("search", "Where is the bridge?", "--explain", environment=environment)
    first = r"^  1  The bridge at Nesodden \(4 May 2021\) · letters/bridge.txt\n +fuse 1 .* → spread 1 "
    assert told.returncode == 0, told.stderr
    assert re.search(first, told.stdout, re.MULTILINE)
    assert re.search(r"^Evidence:\n\[1\] .+ · letters/bridge.txt \(\d", told.stdout, re.MULTILINE)
    as_json = json.loads(footnote("search", "Where is the bridge?", "--explain", "--json", environment=environment).stdout)
    assert [step["stage"] for step in as_json["steps"]] == ["fuse", "rescore", "date", "hop", "spread"]
    assert as_json["evidence"][0]["text"] in LETTER


def test_sync_plans_then_does(environment: dict[str, str], tmp_path: Path) -> None:
    folder = tmp_path / "notes"
    folder.mkdir()
    (folder / "a.txt").write_text("A note\n\nThe heron came back on Tuesday.\n", encoding="utf-8")
    options = ("--home", str(tmp_path / "home"), "--json", str(folder))
    planned = json.loads(footnote("sync", "--dry-run", *options, environment=environment).stdout)
    assert planned["added"] == ["notes/a.txt"]
    table = footnote("sync", "--dry-run", "--home", str(tmp_path / "home"), str(folder), environment=environment).stdout
    assert table.splitlines()[0].split() == ["added", "notes/a.txt"]
    assert table.splitlines()[1].startswith("A sync would find: 1 added")
    done = footnote("sync", *options[:2], str(folder), environment=environment)
    assert done.stdout == "added       notes/a.txt\n1 added, 0 changed, 0 moved, 0 deleted, 0 unchanged, 0 unreadable\n"
    listed = footnote("documents", *options[:2], environment=environment)
    head, line, _, total = listed.stdout.splitlines()
    assert head.split()[:2] == ["FILE", "STATUS"]
    assert line.split() == ["notes/a.txt", "indexed", "1", "78%", "-", "-", "A", "note"]
    assert total == "1 document, 1 passage, 78% of 40 characters kept"
    detailed = footnote("documents", "-v", *options[:2], environment=environment).stdout
    assert "    kept 31 of 40 characters; left out: title 6, blank space and marks 3" in detailed


def test_documents_as_json(environment: dict[str, str]) -> None:
    (document,) = json.loads(footnote("documents", "--json", environment=environment).stdout)["documents"]
    assert document["file"] == "letters/bridge.txt"
    assert (document["date"], document["dated"]) == ("2021-05-04", "its date line")
    assert (document["language"], document["pages"], document["empty_pages"]) == ("en", 0, [])
    assert {"kind": "date and byline", "characters": 20} in document["dropped"]


def test_models_are_listed(environment: dict[str, str]) -> None:
    environment = {**environment, "FOOTNOTE_MODEL": "embedded", "FOOTNOTE_MODEL_URL": "http://127.0.0.1:1"}
    told = json.loads(footnote("models", "--json", "--context", "2048", environment=environment).stdout)
    assert {"language", "embedder"} == {model["kind"] for model in told["models"]}
    assert told["models"][0]["memory"] < json.loads(footnote("models", "--json", environment=environment).stdout)["models"][0]["memory"]
    assert told["available"] > 0
    assert "nobody answers" in told["absent"][0]
    done = footnote("models", environment=environment)
    assert done.returncode == 0
    assert done.stderr == ""
    assert re.search(r"^embedded +1,117 MB.* 32,768 .*36 of 48 right, 23 of 24 withheld$", done.stdout, re.MULTILINE)
    assert re.search(r"^embedded:smollm2 .*not measured$", done.stdout, re.MULTILINE)
    assert re.search(r"^(Recommended: FOOTNOTE_MODEL=embedded|No recommendation)", done.stdout, re.MULTILINE)


def test_models_of_a_server_that_runs_are_listed(environment: dict[str, str]) -> None:
    with FakeOllama(models={"bare:latest": ServedModel(template="{{ .Prompt }}")}) as server:
        done = footnote("models", environment={**environment, "FOOTNOTE_MODEL": "auto", "FOOTNOTE_MODEL_URL": server.url})
    assert done.returncode == 0
    assert re.search(r"^ollama:bare:latest .*\n    has no chat template\. Write a Modelfile", done.stdout, re.MULTILINE)


def test_fetch_gets_what_is_needed(environment: dict[str, str]) -> None:
    files = json.loads(footnote("fetch", "--json", environment=environment).stdout)["files"]
    assert [Path(file).suffix for file in files] == [".onnx", ".json"]
    assert all(Path(file).is_file() for file in files)


def test_doctor_fails_only_for_a_problem(environment: dict[str, str], tmp_path: Path) -> None:
    well = footnote("doctor", "--json", environment=environment)
    assert well.returncode == 0, well.stdout
    assert json.loads(well.stdout)["ok"] is True
    ill = footnote("doctor", "--folders", str(tmp_path / "none"), environment=environment)
    assert ill.returncode == 1
    assert ill.stderr == ""
    assert re.search(r"^problem  folders: .+\n +\S.+$", ill.stdout, re.MULTILINE)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("ask",), ("QUESTION",)),
        (("aks", "x"), ("aks",)),
        (("ask", "x", "--port", "1"), ("--port",)),
        (("search", "x", "-k", "0"), ("-k",)),
        (("search", "x", "--threads", "many"), ("threads",)),
        (("serve", "--host", "0.0.0.0"), ("0.0.0.0", "FOOTNOTE_TOKEN")),
        (("ask", " "), ("empty",)),
        (("search", "x" * 2001), ("2001",)),
        (("sync", "/no/such/folder"), ("/no/such/folder",)),
    ],
)
def test_wrong_usage(environment: dict[str, str], arguments: tuple[str, ...], words: tuple[str, ...]) -> None:
    check_failure(footnote(*arguments, environment=environment), 2, *words)


def test_a_failure(environment: dict[str, str]) -> None:
    check_failure(footnote("ask", QUESTION, "--model-url", "http://127.0.0.1:1/v1", environment=environment), 1, "127.0.0.1:1")


def test_no_command_shows_the_help() -> None:
    done = footnote()
    assert done.returncode == 2
    assert "Commands:" in done.stderr


def test_a_reader_that_has_enough(environment: dict[str, str]) -> None:
    process = start("documents", "--json", environment=environment)
    assert process.stdout
    assert process.stderr
    process.stdout.close()
    assert process.stderr.read() == ""
    process.stderr.close()
    assert process.wait(PATIENCE) == 0


INTERRUPTED_IMPORT = """
import builtins, runpy
def interrupted(name, *rest, load=builtins.__import__, **named):
    if name == "qa.options":
        raise KeyboardInterrupt
    return load(name, *rest, **named)
builtins.__import__ = interrupted
runpy.run_module("qa", run_name="__main__")
"""


def test_an_interruption_while_the_program_is_imported(environment: dict[str, str]) -> None:
    done = subprocess.run([sys.executable, "-c", INTERRUPTED_IMPORT], env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "")


WARNING_IMPORT = """
import builtins, runpy, sys, warnings
def warning(name, *rest, load=builtins.__import__, **named):
    if name == "qa.options":
        warnings.warn("PySocks is missing")
    return load(name, *rest, **named)
builtins.__import__ = warning
sys.argv = ["footnote", "--version"]
runpy.run_module("qa", run_name="__main__")
"""


@pytest.mark.parametrize("wanted", ["", "default"])
def test_warnings_of_libraries_are_shown_to_who_asks_for_them(environment: dict[str, str], wanted: str) -> None:
    """urllib3 hides its own, until another thread that has set the filters aside puts them back."""
    environment = {**environment, "PYTHONWARNINGS": wanted}
    done = subprocess.run([sys.executable, "-c", WARNING_IMPORT], env=environment, capture_output=True, text=True, check=False)
    assert ("PySocks is missing" in done.stderr) is bool(wanted)
    assert done.stdout.startswith("footnote ")


def test_an_interrupted_question(environment: dict[str, str], slow_model_url: str) -> None:
    process = start("ask", QUESTION, "--model-url", slow_model_url, environment=environment)
    assert SlowModel.asked.wait(PATIENCE)
    process.send_signal(signal.SIGINT)
    out, error = process.communicate(timeout=PATIENCE)
    assert process.returncode == 130
    assert (out, error) == ("", "")

"""The facade over real parts: a small folder, the real embedder, and SmolLM2 in llama.cpp."""

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from qa import stages
from qa.errors import ChromaUnreachableError, EngineError, FootnoteError, NotFoundError, NotReadyError, UsageError
from qa.library import claim
from qa.service import MOST_QUESTION, QA, checked
from qa.settings import Settings
from qa.types import Done, Found, Turn
from tests.processes import free_port, served_chroma

TEXT = """The lighthouse of Skerry

Published 3 March 2021

The lighthouse of Skerry was lit for the first time in 1871. Keeper Agnes Moe lives there with two goats. Its lamp reaches 22 miles.
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("skerry")
    (folder / "lighthouse.txt").write_text(TEXT, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def qa(tmp_path_factory: pytest.TempPathFactory, folder: Path, files: Settings) -> Iterator[QA]:
    home = tmp_path_factory.mktemp("home")
    settings = files.model_copy(update={"home": home, "folders": (folder,), "model": "embedded:smollm2", "caution": 0.0})
    qa = QA.open(settings)
    qa.wait(240)
    yield qa
    qa.close()


def test_ready_says_so_stage_by_stage(qa: QA) -> None:
    status = qa.status()
    assert status.ready
    assert {stage.name for stage in status.stages} == {"index", "model"}


def test_an_answer_of_the_real_chain_is_whole(qa: QA) -> None:
    events = list(qa.ask("When was the lighthouse of Skerry lit?"))
    assert isinstance(events[0], Found)
    assert isinstance(events[-1], Done)
    answer = events[-1].answer
    assert sum(isinstance(event, Done) for event in events) == 1
    assert answer.usage.prompt_tokens > 50
    assert answer.timing.total_ms >= (answer.timing.first_token_ms or 0) >= answer.timing.retrieve_ms > 0
    text = qa.document(events[0].evidence[0].passage.document)[0].text
    assert all(text[citation.start : citation.end] == citation.quote for citation in answer.citations)
    assert answer.model == "embedded:smollm2-135m"


def test_closing_the_events_frees_the_model(qa: QA) -> None:
    events = qa.ask("When was the lighthouse of Skerry lit?")
    next(events)
    next(events)
    events.close()  # type: ignore[attr-defined]
    assert isinstance(list(qa.ask("Who lives at the lighthouse of Skerry?"))[-1], Done)


def test_search_finds_the_passage(qa: QA) -> None:
    hits = qa.search("Who keeps the lamp?", 3)
    assert "Agnes Moe" in hits[0].passage.text
    assert hits[0].passage.date == "2021-03-03"


def test_a_search_is_explained_with_the_evidence_of_an_answer(qa: QA) -> None:
    question = "When was the lighthouse of Skerry lit?"
    found = qa.explain(question, 3)
    shown = next(iter(qa.ask(question)))
    assert isinstance(shown, Found)
    assert found.hits == qa.search(question, 3)
    assert [step.stage for step in found.steps][-1] == "spread"
    assert [item.text for item in found.evidence] == [item.text for item in shown.evidence]


def test_documents_and_their_text(qa: QA, folder: Path) -> None:
    (status,) = qa.documents()
    document, passages = qa.document(status.id)
    assert status.file == f"{folder.name}/lighthouse.txt"
    assert all(passage.text == document.text[passage.start : passage.end] for passage in passages)
    with pytest.raises(NotFoundError):
        qa.document("nothing")


def test_a_dry_run_tells_and_changes_nothing(qa: QA, folder: Path) -> None:
    extra = folder / "extra.txt"
    extra.write_text("A boat\n\nThe boat is green.\n", encoding="utf-8")
    try:
        assert qa.sync(dry_run=True).added == (f"{folder.name}/extra.txt",)
        assert len(qa.documents()) == 1
    finally:
        extra.unlink()


def test_feedback_is_kept_with_the_answer(qa: QA) -> None:
    done = list(qa.ask("How far does the lamp of Skerry reach?"))[-1]
    assert isinstance(done, Done)
    qa.feedback(done.answer.id, good=False, note="too short")
    home = qa._settings.home
    rows = sqlite3.connect(home / "catalog.sqlite").execute("SELECT good, note, trace FROM feedback").fetchall()
    assert rows[0][:2] == (0, "too short")
    assert "Skerry" in rows[0][2]
    with pytest.raises(NotFoundError):
        qa.feedback("unknown", good=True, note="")


def test_before_it_is_ready_it_says_what_is_missing(tmp_path: Path, files: Settings) -> None:
    qa = QA(settings=files.model_copy(update={"home": tmp_path}))
    with pytest.raises(NotReadyError, match="index"):
        qa.ask("Who?")
    with pytest.raises(NotReadyError):
        qa.documents()


def test_a_stage_that_fails_is_told_with_its_hint(tmp_path: Path, folder: Path, files: Settings) -> None:
    missing = tmp_path / "none.gguf"
    qa = QA.open(files.model_copy(update={"home": tmp_path / "home", "folders": (folder,), "model": f"embedded:{missing}"}))
    with pytest.raises(FootnoteError, match=r"none\.gguf") as caught:
        qa.wait(120)
    assert caught.value.hint
    qa.close()


def test_folders_that_are_gone_with_their_disk_leave_the_index_to_be_asked(
    tmp_path: Path, files: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    folder = tmp_path / "skerry"
    folder.mkdir()
    (folder / "lighthouse.txt").write_text(TEXT, encoding="utf-8")
    settings = files.model_copy(update={"home": tmp_path / "home", "folders": (folder,)})

    def opened(settings: Settings) -> None:
        with closing(QA.open(settings, model=False)) as qa:
            qa.wait(240)
            assert "Agnes Moe" in qa.search("Who keeps the lighthouse?")[0].passage.text

    opened(settings)
    assert not caplog.records
    (folder / "lighthouse.txt").unlink()
    opened(settings)
    assert "from the index as it is" in caplog.records[-1].getMessage()
    assert "--forget" in caplog.records[-1].getMessage()
    folder.rmdir()
    opened(settings)
    assert "There is no folder" in caplog.records[-1].getMessage()
    with pytest.raises(UsageError, match="There is no folder"):
        opened(settings.model_copy(update={"folders": (tmp_path / "never",)}))


def test_a_chroma_server_may_come_late(tmp_path: Path, folder: Path, files: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stages, "AGAIN", 0.1)
    (tmp_path / "server").mkdir()
    port = free_port()
    ours = {"home": tmp_path / "home", "folders": (folder,), "chroma_url": f"http://127.0.0.1:{port}"}
    with closing(QA.open(files.model_copy(update=ours), model=False)) as qa:
        with pytest.raises(ChromaUnreachableError):
            qa.wait(240)
        with served_chroma(tmp_path / "server", port):
            until_ready(qa)
            assert "Agnes Moe" in qa.search("Who keeps the lighthouse?")[0].passage.text


def test_an_empty_index_of_another_process_is_waited_for(
    tmp_path: Path, folder: Path, files: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stages, "AGAIN", 0.1)
    settings = files.model_copy(update={"home": tmp_path, "folders": (folder,)})
    lock = claim(tmp_path)
    assert lock
    with closing(QA.open(settings, model=False)) as qa:
        with pytest.raises(NotReadyError, match="another process is its writer"):
            qa.wait(240)
        lock.release()  # that process has ended before it was done
        until_ready(qa)
        assert "Agnes Moe" in qa.search("Who keeps the lighthouse?")[0].passage.text


def until_ready(qa: QA) -> None:
    deadline = time.monotonic() + 240
    while not qa.status().ready:
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_an_engine_that_dies_is_an_error_and_not_an_answer(tmp_path: Path, folder: Path, files: Settings) -> None:
    qa = QA.open(files.model_copy(update={"home": tmp_path / "home", "folders": (folder,), "model": "embedded:smollm2"}))
    qa.wait(240)
    assert qa._model
    qa._model.close()
    with pytest.raises(EngineError):
        list(qa.ask("When was the lighthouse of Skerry lit?"))
    qa.close()


@pytest.mark.parametrize("question", ["", "   ", "\x00\x07", "x" * (MOST_QUESTION + 1)])
def test_a_question_that_is_none_is_refused(question: str) -> None:
    with pytest.raises(UsageError) as caught:
        checked(question, ())
    assert caught.value.hint


def test_a_history_too_long_is_refused() -> None:
    with pytest.raises(UsageError, match="history"):
        checked("Who?", [Turn("user", "x" * 20_001)])


@pytest.mark.parametrize("question", ["😀😀", "?", "x", "' OR 1=1; --", '"NEAR(" AND OR NOT *', "مرحبا من؟", "a\ud800b", "{}$evidence"])
def test_odd_questions_are_answered_or_withheld(qa: QA, question: str) -> None:
    assert isinstance(list(qa.ask(question))[-1], Done)

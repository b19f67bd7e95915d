"""What is recorded of an answer from a real library, and evaluations in the background."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from langchain_core.language_models import FakeListChatModel
from langchain_core.outputs import ChatGenerationChunk

from qa.embed import Embedder
from qa.errors import ReplyCutError
from qa.evaluation.cases import read_cases
from qa.evaluation.desk import Desk
from qa.evaluation.evaluate import Plan, evaluate
from qa.evaluation.record import ask, search
from qa.evaluation.types import Case, Support
from qa.models import LanguageModel
from qa.service import QA
from qa.settings import Settings
from qa.types import Turn, ignore
from tests.parts import make_library

LETTER = """The bridge at Nesodden

Published 4 May 2021

The mayor of Oslo opened the bridge at Nesodden on Monday. It had cost 40 million.
"""
CASE = Case("a", "Where did the mayor of Oslo open the bridge?", True, answers=("Nesodden",), support=(Support("bridge.txt"),))


@pytest.fixture
def qa(tmp_path: Path, embedder: Embedder) -> Iterator[QA]:
    other = LETTER.replace("bridge", "tunnel").replace("Oslo", "Rome")
    library = make_library(tmp_path, {"bridge.txt": LETTER, "other.txt": other}, embedder)
    chat = FakeListChatModel(responses=["[1] The mayor of Oslo opened the bridge at Nesodden."])
    qa = QA(library, LanguageModel.of(chat), Settings(home=tmp_path / "home"))
    yield qa
    qa.close()


def test_an_answer_is_recorded_with_all_that_led_to_it(qa: QA) -> None:
    reply, prompts = ask(qa, CASE)
    assert prompts == ("answer", "confirm")
    assert reply.answered
    assert reply.answer == "The mayor of Oslo opened the bridge at Nesodden [1]."
    assert reply.output == "[1] The mayor of Oslo opened the bridge at Nesodden."
    assert reply.prompt[-1][0] == "user"
    assert reply.prompt[-1][1].endswith(f"Question: {CASE.question}")
    assert reply.evidence[0].text == reply.citations[0].quote
    assert reply.citations[0].verbatim
    assert reply.ranking[0] == "documents/bridge.txt"
    assert len(reply.ranking) == 2
    assert (reply.case, reply.model) == ("a", "test")


def test_what_is_refused_before_the_model_used_no_prompt(qa: QA) -> None:
    reply, prompts = ask(qa, Case("b", "Who is Mr Zorbax?", False))
    assert (reply.answered, prompts, reply.prompt, reply.output) == (False, (), (), "")
    assert "Zorbax" in str(reply.reason)


def test_a_follow_up_used_the_prompt_that_rewrites(qa: QA) -> None:
    history = (Turn("user", "Who is the mayor of Oslo?"), Turn("assistant", "Kari."))
    case = Case("c", "And where did he open it?", True, history, ("Nesodden",))
    assert "standalone" in (ask(qa, case)[1] or ())


class Rambling(FakeListChatModel):
    """Is cut at its limit of tokens."""

    def _stream(self, *args: object, **kwargs: object) -> Iterator[ChatGenerationChunk]:
        raise ReplyCutError("The reply was cut at 160 tokens", "Ask something narrower.")


def test_a_reply_that_is_cut_is_a_failure_of_the_case(qa: QA) -> None:
    library = qa._library
    rambling = QA(library, LanguageModel.of(Rambling(responses=[""])), qa.settings)
    reply, prompts = ask(rambling, CASE)
    assert (reply.answered, prompts) == (False, None)
    assert str(reply.reason).startswith("The reply was cut")


def test_a_search_asks_no_model(qa: QA) -> None:
    reply = search(qa, CASE)
    assert (reply.model, reply.ranking[0], reply.answered) == ("", "documents/bridge.txt", False)
    assert [item.number for item in reply.evidence] == list(range(1, len(reply.evidence) + 1))
    assert reply.evidence[0].file == "documents/bridge.txt"
    assert reply.evidence[0].text in LETTER


def test_the_desk_runs_a_set_in_the_background(qa: QA, tmp_path: Path) -> None:
    desk = Desk(qa)
    assert desk.sets() == ("questions.jsonl",)
    desk.folder.mkdir(parents=True)
    row = '{"id": "%s", "question": "Where did the mayor of Oslo open the bridge?", "answerable": true, "answers": ["Nesodden"]}\n'
    (desk.folder / "own.jsonl").write_text(row % "a" + row % "b", encoding="utf-8")
    assert desk.sets() == ("questions.jsonl", "own.jsonl")
    desk.start("own.jsonl")
    for _ in range(1000):
        if desk.state().phase != "running":
            break
        time.sleep(0.01)
    state = desk.state()
    assert (state.phase, state.error) == ("done", "")
    assert state.report is not None
    assert state.report.outcomes["right"] == 2
    assert evaluate(qa, Plan(read_cases(desk.folder / "own.jsonl")), qa.settings, ignore).outcomes["right"] == 2

"""A judge model's opinion, in a column of its own. The judge is Ollama as our small server plays it."""

import dataclasses
from collections.abc import Iterator

import pytest

from qa.errors import EngineError
from qa.evaluation.judge import expected, judge
from qa.evaluation.score import score
from qa.evaluation.types import Case
from qa.models import LanguageModel, open_language_model
from qa.settings import Settings
from qa.types import ignore
from tests.fake_ollama import FakeOllama, Reply
from tests.test_score import CASE, REPLY, UNTOLD, WITHHELD

YES, NO = Reply(("yes",), top_logprobs={"yes": -0.1, "no": -3.0}), Reply(("no",), top_logprobs={"no": -0.1, "yes": -3.0})
WRONG = dataclasses.replace(REPLY, answer="The king did [1].")


@pytest.fixture
def server() -> Iterator[FakeOllama]:
    with FakeOllama() as server:
        yield server


@pytest.fixture
def model(server: FakeOllama, settings: Settings) -> LanguageModel:
    return open_language_model(settings.model_copy(update={"model": "ollama:llama3.2", "model_url": server.url}), ignore)


def named(case: Case, id_: str) -> Case:
    return dataclasses.replace(case, id=id_)


def test_a_judge_is_asked_about_every_answer_to_an_answerable_question(server: FakeOllama, model: LanguageModel) -> None:
    server.replies = [YES, NO, YES, YES]
    scored = [
        score(named(CASE, "a"), REPLY), score(named(CASE, "b"), WRONG), score(named(CASE, "c"), WRONG),
        score(named(CASE, "silent"), WITHHELD), score(UNTOLD, REPLY),
    ]  # fmt: skip
    steps: list[tuple[str, int, int]] = []
    found = judge(scored, model, lambda *step: steps.append(step))
    assert found.verdicts == {"a": True, "b": False, "c": True}
    assert found.agreement == pytest.approx(2 / 3)
    assert found.kappa == pytest.approx(0.4)
    assert found.model == "ollama:llama3.2"
    assert [step[1:] for step in steps] == [(0, 3), (1, 3), (2, 3)]
    last = server.chats[-1]["messages"][-1]["content"]
    assert "Expected: the mayor of Oslo" in last
    assert last.endswith("Answer: The king did.")


def test_a_judge_without_probabilities_is_told(server: FakeOllama, model: LanguageModel) -> None:
    server.replies = [Reply(("yes",))]
    with pytest.raises(EngineError, match="tells no probabilities"):
        judge([score(CASE, REPLY)], model, ignore)


def test_nothing_to_judge_has_no_agreement(model: LanguageModel) -> None:
    found = judge([score(UNTOLD, WITHHELD)], model, ignore)
    assert (found.verdicts, found.agreement, found.kappa) == ({}, None, None)


def test_what_is_expected_in_a_line() -> None:
    assert expected(CASE) == "the mayor of Oslo"
    assert expected(dataclasses.replace(CASE, answers=("a", "b"))) == "a or b"
    assert expected(dataclasses.replace(CASE, answers=(), all_of=(("a", "b"), ("c",)))) == "a and c"
    assert expected(UNTOLD) == ""

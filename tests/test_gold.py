"""Ten gold questions over the shipped articles, asked of the real embedded model."""

from collections.abc import Iterator

import pytest

from qa.service import QA
from qa.settings import Settings
from tests.gold import Outcome, cases, run

ASKED = ("s002", "s013", "s022", "s023", "s031", "s035", "s038", "s051", "s057", "s072")
LEAST_RIGHT = 8  # of ten; `make bench` asks them all


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory, files: Settings) -> Iterator[list[Outcome]]:
    settings = files.model_copy(update={"home": tmp_path_factory.mktemp("gold"), "model": "embedded"})
    qa = QA.open(settings)
    qa.wait()
    yield list(run(qa, [case for case in cases() if case.id in ASKED]))
    qa.close()


@pytest.mark.timeout(900)
def test_most_are_right(outcomes: list[Outcome]) -> None:
    wrong = [(one.case.question, one.answer.answer, one.answer.reason) for one in outcomes if not one.right]
    assert len(wrong) <= len(ASKED) - LEAST_RIGHT, wrong


def test_every_citation_stands_in_its_file(outcomes: list[Outcome]) -> None:
    assert all(outcome.verbatim for outcome in outcomes)


def test_every_sentence_is_cited(outcomes: list[Outcome]) -> None:
    assert all(outcome.cited for outcome in outcomes)


def test_the_lawmakers_met_him_in_rawalpindi(outcomes: list[Outcome]) -> None:
    (met,) = (one.answer for one in outcomes if one.case.id == "s023")
    assert "Rawalpindi" in met.answer
    assert any(citation.file.startswith("seeds/002_") and "Rawalpindi" in citation.quote for citation in met.citations)


def test_the_documents_do_not_tell_how_tall_mount_everest_is(outcomes: list[Outcome]) -> None:
    (tall,) = (one.answer for one in outcomes if one.case.id == "s072")
    assert not tall.answered
    assert "Everest" in str(tall.reason)


def test_prompts_are_short(outcomes: list[Outcome]) -> None:
    sizes = sorted(one.answer.usage.prompt_tokens for one in outcomes if one.answer.usage.prompt_tokens)
    assert sizes[len(sizes) // 2] <= 400

"""Ten gold questions over the shipped articles, asked of the real embedded model. `make gold` asks them all."""

from collections.abc import Iterator

import pytest

from qa.evaluation.cases import read_cases
from qa.evaluation.record import ask
from qa.evaluation.score import score
from qa.evaluation.types import Scored
from qa.service import QA
from qa.settings import Settings, data_folder

ASKED = ("s002", "s013", "s022", "s023", "s031", "s035", "s038", "s051", "s057", "s072")
LEAST_RIGHT = 8  # of ten


@pytest.fixture(scope="module")
def scored(tmp_path_factory: pytest.TempPathFactory, files: Settings) -> Iterator[dict[str, Scored]]:
    qa = QA.open(files.model_copy(update={"home": tmp_path_factory.mktemp("gold"), "model": "embedded"}))
    qa.wait()
    cases = [case for case in read_cases(data_folder("seeds") / "questions.jsonl").cases if case.id in ASKED]
    yield {case.id: score(case, ask(qa, case)[0]) for case in cases}
    qa.close()


@pytest.mark.timeout(900)
def test_most_are_right(scored: dict[str, Scored]) -> None:
    wrong = {one.case.question: one.reply.answer for one in scored.values() if not one.marks["overall"].value}
    assert len(wrong) <= len(ASKED) - LEAST_RIGHT, wrong


def test_every_citation_stands_in_its_file(scored: dict[str, Scored]) -> None:
    given = [one for one in scored.values() if one.reply.answered]
    assert given
    assert all(one.marks["invented_citations"].value == 0 for one in given)


def test_every_sentence_is_cited(scored: dict[str, Scored]) -> None:
    assert all(sentence.citations for one in scored.values() for sentence in one.reply.sentences)


def test_the_lawmakers_met_him_in_rawalpindi(scored: dict[str, Scored]) -> None:
    met = scored["s023"]
    assert met.outcome == "right"
    assert any(citation.file.startswith("seeds/002_") and "Rawalpindi" in citation.quote for citation in met.reply.citations)


def test_the_documents_do_not_tell_how_tall_mount_everest_is(scored: dict[str, Scored]) -> None:
    tall = scored["s072"]
    assert tall.outcome == "silent"
    assert "Everest" in str(tall.reply.reason)


def test_prompts_are_short(scored: dict[str, Scored]) -> None:
    sizes = sorted(one.reply.prompt_tokens for one in scored.values() if one.reply.prompt_tokens)
    assert sizes[len(sizes) // 2] <= 400

"""Marks of a reply, each with its reason."""

import dataclasses

import pytest

from qa.evaluation.score import outcomes, same_place, score
from qa.evaluation.types import Case, Cited, Reply, Scored, Shown, Support
from qa.types import Sentence, Withdrawn

QUOTE = "The mayor of Oslo opened the bridge at Nesodden on Monday."
CASE = Case("a", "Who opened the bridge?", True, answers=("the mayor of Oslo",), support=(Support("bridge.txt", QUOTE),))
UNTOLD = Case("u", "Who painted the bridge?", False)
REPLY = Reply(
    case="a", question="", standalone_question="", answered=True, answer="The mayor of Oslo opened it [1].", confidence=0.8, reason=None,
    sentences=(Sentence("The mayor of Oslo opened it.", (1,)),),
    citations=(Cited(1, "letters/bridge.txt", "Bridge", 0, len(QUOTE), QUOTE, True),),
    evidence=(Shown(1, "letters/bridge.txt", "Bridge (4 May 2021)", QUOTE),),
    ranking=("letters/other.txt", "letters/bridge.txt"), withdrawn=(), prompt=(("user", "?"),), output="[1] …", model="m",
    prompt_tokens=300, completion_tokens=9, evidence_ms=20.0, first_token_ms=3000.0, total_ms=8000.0,
)  # fmt: skip
WITHHELD = dataclasses.replace(
    REPLY, answered=False, answer="The documents do not tell.", reason="no sentence states it", sentences=(), citations=(),
    withdrawn=(Withdrawn("The king opened it.", "no sentence states it"),),
)  # fmt: skip


def values(scored: Scored) -> dict[str, float]:
    return {name: mark.value for name, mark in scored.marks.items()}


def test_a_right_answer() -> None:
    scored = score(CASE, REPLY)
    assert scored.outcome == "right"
    assert values(scored) == {
        "overall": 1, "right": 1, "refused_answerable": 0, "wrong_given": 0, "exact": 0, "f1": pytest.approx(2 * 3 / (5 + 3)),
        "invented_citations": 0, "citation_precision": 1, "citation_recall": 1,
        "hit@1": 0, "hit@5": 1, "hit@10": 1, "recall@5": 1, "recall@10": 1, "mrr": 0.5, "ndcg@10": pytest.approx(0.6309, abs=1e-4),
        "evidence_answer": 1, "evidence_quote": 1,
        "prompt_tokens": 300, "completion_tokens": 9, "evidence_ms": 20, "first_token_ms": 3000, "total_ms": 8000,
    }  # fmt: skip
    assert scored.marks["right"].reason == "“the mayor of Oslo” stands in it"
    assert scored.marks["mrr"].reason == "at rank 2"


def test_a_wrong_answer_a_silent_one_and_an_invention() -> None:
    wrong = score(CASE, dataclasses.replace(REPLY, answer="The king did [1]."))
    assert (wrong.outcome, wrong.marks["wrong_given"].value, wrong.marks["overall"].value) == ("wrong", 1, 0)
    silent = score(CASE, WITHHELD)
    assert (silent.outcome, silent.marks["refused_answerable"].value, silent.marks["right"].value) == ("withheld", 1, 0)
    assert silent.marks["right"].reason == "withheld: no sentence states it"
    assert not {"wrong_given", "citation_precision", "invented_citations"} & set(silent.marks)
    assert (silent.marks["exact"].value, silent.marks["f1"].value) == (0, 0)
    good = score(UNTOLD, WITHHELD)
    assert (good.outcome, good.marks["refused_unanswerable"].value, good.marks["overall"].value) == ("silent", 1, 1)
    assert (good.marks["exact"].value, good.marks["f1"].value) == (1, 1)  # SQuAD 2.0: nothing was expected, nothing was said
    invented = score(UNTOLD, REPLY)
    assert (invented.outcome, invented.marks["wrong_given"].value, invented.marks["overall"].value) == ("invented", 1, 0)
    assert "right" not in invented.marks


def test_a_long_reference_is_neither_right_nor_wrong_but_its_silence_counts() -> None:
    long = dataclasses.replace(
        CASE, answers=("The mayor, who had waited for it for twelve long years, opened the bridge with his own two hands",)
    )
    assert score(long, REPLY).outcome == "unjudged"
    assert not {"overall", "right", "wrong_given"} & set(score(long, REPLY).marks)
    assert not {"overall", "right"} & set(score(long, WITHHELD).marks)
    assert score(long, WITHHELD).marks["refused_answerable"].value == 1
    assert 0 < score(long, REPLY).marks["f1"].value < 1


def test_footnotes_that_stand_in_no_file_are_invented() -> None:
    torn = dataclasses.replace(REPLY.citations[0], verbatim=False)
    assert score(CASE, dataclasses.replace(REPLY, citations=(torn,))).marks["invented_citations"].value == 1
    beyond = dataclasses.replace(REPLY, answer="The mayor of Oslo opened it [1][2].")
    assert score(CASE, beyond).marks["invented_citations"].value == 0.5


def test_citations_hold_the_support_or_do_not() -> None:
    elsewhere = Cited(2, "letters/bridge.txt", "Bridge", 70, 90, "It had cost 40 million.", True)
    foreign = Cited(3, "letters/other.txt", "Other", 0, len(QUOTE), QUOTE, True)
    reply = dataclasses.replace(
        REPLY, answer="He did [1][2]. It cost 40 million [2]. So they say [3].", citations=(*REPLY.citations, elsewhere, foreign),
        sentences=(Sentence("He did.", (1, 2)), Sentence("It cost 40 million.", (2,)), Sentence("So they say.", (3,))),
    )  # fmt: skip
    marks = score(CASE, reply).marks
    assert marks["citation_precision"].value == pytest.approx(1 / 3)
    assert marks["citation_recall"].value == pytest.approx(1 / 3)
    assert marks["citation_precision"].reason == "1 of 3 cited places hold the support"


def test_without_a_quote_the_cited_words_must_hold_the_answer_in_a_named_document() -> None:
    case = dataclasses.replace(CASE, support=(Support("bridge.txt"),))
    assert score(case, REPLY).marks["citation_precision"].value == 1
    assert score(dataclasses.replace(case, answers=("the king",)), REPLY).marks["citation_precision"].value == 0
    assert score(dataclasses.replace(case, support=(Support("other.txt"),)), REPLY).marks["citation_precision"].value == 0


def test_of_an_explanation_only_the_document_is_looked_at() -> None:
    long = dataclasses.replace(
        CASE, answers=("He opened it because " + "it was so very long in the making " * 3,), support=(Support("bridge.txt"),)
    )
    assert score(long, REPLY).marks["citation_precision"].value == 1
    assert score(dataclasses.replace(long, support=(Support("other.txt"),)), REPLY).marks["citation_precision"].value == 0


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (QUOTE, QUOTE, True),
        (QUOTE, f"He said: {QUOTE.lower()} Then he left, and nobody saw him again.", True),
        (QUOTE, "The mayor of Oslo opened the bridge", True),
        (QUOTE, "Monday on Nesodden at bridge the opened Oslo of mayor the", False),
        (QUOTE, "It had cost 40 million.", False),
        (QUOTE, "", False),
    ],
)
def test_two_quotes_are_about_the_same_place(one: str, other: str, same: bool) -> None:
    assert same_place(one, other) is same
    assert same_place(other, one) is same


def test_a_search_without_a_model_has_marks_for_retrieval_and_evidence_alone() -> None:
    found = dataclasses.replace(WITHHELD, model="", reason=None)
    ranking = {"hit@1", "hit@5", "hit@10", "recall@5", "recall@10", "mrr", "ndcg@10"}
    assert set(score(CASE, found).marks) == ranking | {"evidence_answer", "evidence_quote"}
    nothing = score(CASE, dataclasses.replace(found, ranking=()))
    assert (nothing.marks["mrr"].value, nothing.marks["mrr"].reason) == (0, "not among 0")


def test_outcomes_are_counted_in_one_order() -> None:
    scored = [score(CASE, REPLY), score(CASE, REPLY), score(CASE, WITHHELD), score(UNTOLD, WITHHELD)]
    assert outcomes(scored) == {"right": 2, "silent": 1, "withheld": 1, "wrong": 0, "invented": 0, "unjudged": 0}

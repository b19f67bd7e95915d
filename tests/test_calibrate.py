"""Fitting confidence: it finds what tells right from wrong, is honest about it, and says when there is too little to go by."""

import random
from dataclasses import replace
from pathlib import Path

import pytest

from qa.confidence import Signals
from qa.errors import UsageError
from qa.evaluation.calibrate import CAUTIONS, fit, outcome
from qa.evaluation.command import told
from qa.evaluation.types import Case, Mark, Outcome, Reply, Scored


def made(number: int, outcome: Outcome, signals: Signals) -> Scored:
    case = Case(f"c{number}", "Who?", outcome != "invented")
    reply = Reply(
        case=case.id, question="Who?", standalone_question="Who?", answered=True, answer="She [1].", confidence=0.5, reason=None,
        sentences=(), citations=(), evidence=(), ranking=(), withdrawn=(), prompt=(), output="", model="test", prompt_tokens=0,
        completion_tokens=0, evidence_ms=None, first_token_ms=None, total_ms=0.0, signals=signals.told(),
    )  # fmt: skip
    return Scored(case, reply, outcome, {})


def answers(count: int, seed: int = 1) -> list[Scored]:
    """Answers of which "yes" tells how likely they are to be right, and "words" nothing; a third are to unanswerable questions."""
    rng = random.Random(seed)
    found = []
    for number in range(count):
        yes, words = rng.random(), rng.random()
        right = rng.random() < yes
        outcome_: Outcome = "right" if right else "wrong" if number % 2 else "invented"
        found.append(made(number, outcome_, Signals(yes=yes, words=words)))
    return found


def test_it_finds_the_signal_that_tells_and_its_probabilities_hold() -> None:
    fitted = fit(answers(600), "test").confidence
    assert fitted.answers == 600
    assert set(fitted.weights) == {"yes", "words"}
    assert fitted.weights["yes"] > 0.3
    assert fitted.auc > 0.75
    assert fitted.calibration_error < 0.08
    for yes in (0.2, 0.5, 0.8):
        assert fitted.probability(Signals(yes=yes, words=0.5)) == pytest.approx(yes, abs=0.12)


def test_more_caution_answers_less_and_errs_less() -> None:
    costs = fit(answers(600), "test").costs
    assert [one.caution for one in costs] == list(CAUTIONS)
    withheld = [one.withheld for one in costs if one.withheld is not None]
    assert withheld == sorted(withheld)
    assert (costs[0].right or 0) > (costs[-1].right or 0)
    assert (costs[1].wrong or 0) > (costs[7].wrong or 0)


def test_the_same_answers_give_the_same_fit() -> None:
    assert fit(answers(100), "test") == fit(answers(100), "test")


@pytest.mark.parametrize("found", [answers(20), [one for one in answers(200) if one.outcome == "right"]], ids=["few", "all right"])
def test_too_little_to_go_by_is_told(found: list[Scored]) -> None:
    with pytest.raises(UsageError, match="too few") as caught:
        fit(found, "test")
    assert "cases" in str(caught.value.hint)


def test_answers_without_signals_are_left_out() -> None:
    bare = [replace(one, reply=replace(one.reply, signals={})) for one in answers(50, seed=2)]
    assert fit([*answers(100), *bare], "test").confidence.answers == 100


def test_an_answer_too_long_to_be_compared_is_right_where_it_cites_the_support() -> None:
    one = replace(answers(1)[0], outcome="unjudged")
    assert outcome(replace(one, marks={})) is None
    assert outcome(replace(one, marks={"citation_recall": Mark(1.0, "")})) is True
    assert outcome(replace(one, marks={"citation_recall": Mark(0.5, "")})) is False


def test_what_is_told_names_the_figures_and_the_file() -> None:
    text = told(fit(answers(100), "test"), Path("home/confidence.json"))
    assert "100 answers" in text
    assert "calibration error" in text
    assert "home/confidence.json" in text
    assert len(text.splitlines()) == 4 + len(CAUTIONS)

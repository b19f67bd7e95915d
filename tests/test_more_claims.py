"""Claims against one sentence, and answers that are no sentence."""

import pytest

from qa.types import Claim
from qa.verify import fault, support
from tests.claims import evidence_of
from tests.more_claims import ANSWERS, PAIRS


@pytest.mark.parametrize(("source", "claim", "stands"), PAIRS)
def test_a_claim_against_one_sentence(source: str, claim: str, stands: bool) -> None:
    assert (fault(claim, "", evidence_of("Notes", source)) is None) == stands


@pytest.mark.parametrize(("source", "question", "answer", "stands"), ANSWERS)
def test_an_answer_alone_is_checked_as_the_sentence_that_it_means(source: str, question: str, answer: str, stands: bool) -> None:
    assert (support(Claim(answer, ()), question, evidence_of("Notes", source))[1] is None) == stands


@pytest.mark.parametrize(("source", "_claim", "_stands"), PAIRS)
def test_a_sentence_supports_itself(source: str, _claim: str, _stands: bool) -> None:
    assert fault(source, "", evidence_of("Notes", source)) is None

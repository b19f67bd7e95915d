"""A judge model's opinion of the answers given: a column of its own, with its agreement with the exact scores."""

from collections.abc import Sequence
from typing import Final

from qa import prompts
from qa.errors import EngineError
from qa.evaluation.matching import without_footnotes
from qa.evaluation.statistics import cohen_kappa
from qa.evaluation.types import Case, Judgement, Scored
from qa.models import LanguageModel
from qa.types import Progress

SURE: Final = 0.5  # probability of yes


def judge(scored: Sequence[Scored], model: LanguageModel, progress: Progress) -> Judgement:
    """Asks the judge about every answer that was given to an answerable question and has an expected answer in words.

    Raises EngineError, also where the engine tells no probabilities.
    """
    prompt = prompts.load("judge")
    asked = [one for one in scored if one.reply.answered and one.case.answerable and expected(one.case)]
    verdicts: dict[str, bool] = {}
    for done, one in enumerate(asked):
        progress(f"judging with {model.name}", done, len(asked))
        answer = without_footnotes(one.reply.answer)
        messages = prompt.fill(question=one.reply.standalone_question, expected=expected(one.case), answer=answer)
        probability = model.yes(messages)
        if probability is None:
            raise EngineError(f"{model.name} tells no probabilities, so it cannot judge", "Name another judge.")
        verdicts[one.case.id] = probability >= SURE
    both = [(verdicts[one.case.id], one.outcome == "right") for one in asked if one.outcome != "unjudged"]
    agreement = sum(mine == exact for mine, exact in both) / len(both) if both else None
    return Judgement(model.name, verdicts, agreement, cohen_kappa([mine for mine, _ in both], [exact for _, exact in both]))


def expected(case: Case) -> str:
    """What a right answer says, in a line: one of the alternatives, or of each group one."""
    return " and ".join(group[0] for group in case.all_of) or " or ".join(case.answers[:3])

"""How sure a sentence of an answer is: of the language model's own "yes" and of what the second reader reads in its sources."""

import math
from collections.abc import Sequence
from typing import Final

from qa import parameters
from qa.reader import Reader, Text
from qa.types import Evidence

LEAST: Final = 1e-4  # no probability is taken to be nearer to 0 or 1


def answering(second: Reader, question: str, group: Sequence[Evidence]) -> float:
    """The reader's probability that the sources of a sentence, sentences of one article, answer the question."""
    source = Text(" ".join(" ".join(item.text.split()) for item in group), group[0].passage.heading)
    return second.read(question, [source])[0].answers


def confidence(yes: float | None, answers: float | None) -> float:
    """The probability, 0 to 1, that a sentence answers the question rightly: a logistic model of the two probabilities' logits (weights and
    figures: `qa.parameters.CONFIDENCE`), `yes` being the usual one where the engine does not tell. Without a reader it is `yes` alone, and
    1 where there is neither."""
    if answers is None:
        return 1.0 if yes is None else yes
    weights = parameters.CONFIDENCE
    total = weights["yes"] * _logit(parameters.USUAL_YES if yes is None else yes) + weights["answers"] * _logit(answers)
    return 1 / (1 + math.exp(-total))


def _logit(probability: float) -> float:
    kept = min(max(probability, LEAST), 1 - LEAST)
    return math.log(kept / (1 - kept))

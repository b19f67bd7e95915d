"""What the network learns from: a question or claim beside a text, and what is true of the two."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

Task = Literal["answer", "judge"]
SUPPORTED: Final = 0
CONTRADICTED: Final = 1
UNSETTLED: Final = 2


@dataclass(frozen=True, slots=True)
class Pair:
    """One example. `asked` is a question, a claim, or a question with its answer; `context` (a title, a date) stands before `text`.

    Task "answer": `label` 1 where the text answers the question, and then `start` and `end` are the characters of the answer in `text`
    (-1: not known). Task "judge": `label` is SUPPORTED, CONTRADICTED or UNSETTLED. `group` is what must not be split between training and
    validation: an article.
    """

    task: Task
    asked: str
    context: str
    text: str
    label: int
    source: str
    group: str
    start: int = -1
    end: int = -1


def shuffled(pairs: Sequence[Pair], seed: int) -> list[Pair]:
    """The pairs in a random order that only the seed decides."""
    made = list(pairs)
    random.Random(seed).shuffle(made)
    return made

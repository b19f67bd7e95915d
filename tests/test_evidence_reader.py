"""What the second reader does to the choice of evidence. A stand-in plays the reader."""

from collections.abc import Callable, Sequence

from qa import parameters
from qa.evidence import choose
from qa.reader import Reading, Text
from qa.types import Evidence, Passage
from tests.passages import asked, hit, passage, rows

MILL = passage(
    "The Ardo mill grinds wheat.", "Ardo built it in 1911.", "Ines Calvo owns the mill.", "A dog sleeps.", title="The mill", start=100
)
PLENTY = 1000


def reads(answer: str, sure: float = 0.9) -> Callable[[Sequence[Text]], list[Reading]]:
    """A reader that finds these words wherever they stand and nothing else."""

    def read(texts: Sequence[Text]) -> list[Reading]:
        return [
            Reading(sure, text.text.index(answer), text.text.index(answer) + len(answer), 0.8)
            if answer in text.text
            else Reading(0.01, 0, 1, 0.1)
            for text in texts
        ]

    return read


def chosen(part: Passage, cosines: Sequence[float], second: Callable[[Sequence[Text]], Sequence[Reading]]) -> tuple[Evidence, ...]:
    return choose(asked("Swimming?"), [hit(part)], {part.id: rows(*cosines)}, lambda text: len(text.split()), PLENTY, second=second)


def test_what_answers_comes_first() -> None:
    found = chosen(MILL, (0.5, 0.45, 0.48, 0.45), reads("Ines Calvo"))
    best = max(found, key=lambda item: item.score)
    assert best.text == "Ines Calvo owns the mill."
    assert best.answers == 0.9


def test_the_likely_answer_is_told_by_its_place_in_the_document() -> None:
    best = max(chosen(MILL, (0.5, 0.5, 0.5, 0.5), reads("Ines Calvo")), key=lambda item: item.score)
    assert best.answer is not None
    assert MILL.text[best.answer.start - 100 : best.answer.end - 100] == "Ines Calvo" == best.likely


def test_a_neighbour_of_what_answers_has_no_answer_of_its_own() -> None:
    found = {item.text: item for item in chosen(MILL, (0.5, 0.5, 0.5, 0.5), reads("Ines Calvo"))}
    after = found.get("A dog sleeps.")
    if after is not None:
        assert after.answer is None
        assert after.likely == ""
        assert after.answers == parameters.BESIDE * 0.9


def test_each_is_read_with_the_one_before_and_the_heading() -> None:
    seen: list[Text] = []

    def read(texts: Sequence[Text]) -> list[Reading]:
        seen.extend(texts)
        return [Reading(0.5, 0, 3, 0.5)] * len(texts)

    chosen(MILL, (0.9, 0.8, 0.7, 0.6), read)
    assert [text.text for text in seen][:2] == ["The Ardo mill grinds wheat.", "The Ardo mill grinds wheat. Ardo built it in 1911."]
    assert {text.context for text in seen} == {"The mill"}


def test_a_long_sentence_is_read_alone() -> None:
    long = "Many words " * 40 + "end."
    seen: list[Text] = []

    def read(texts: Sequence[Text]) -> list[Reading]:
        seen.extend(texts)
        return [Reading(0.5, 0, 3, 0.5)] * len(texts)

    chosen(passage(long, "It was built in 1911."), (0.5, 0.9), read)
    assert "It was built in 1911." in [text.text for text in seen]


def test_no_more_are_read_than_the_reader_has_time_for() -> None:
    many = passage(*(f"Sentence number {i} tells of wheat." for i in range(60)))
    seen: list[Text] = []

    def read(texts: Sequence[Text]) -> list[Reading]:
        seen.extend(texts)
        return [Reading(0.5, 0, 3, 0.5)] * len(texts)

    found = chosen(many, [0.9 - i / 100 for i in range(60)], read)
    assert len(seen) == parameters.REREAD
    assert len(found) <= parameters.MOST_SENTENCES

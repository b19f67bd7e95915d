"""News articles made into pairs by rule: what is asked is told in place, what is claimed is sound or changed."""

import random
import re

import pytest

from qa.training.kinds import COUNTRIES, NATIONALITIES, OFFICES
from qa.training.news import OTHER_WORDS, pairs, sound
from qa.training.pair import CONTRADICTED, SUPPORTED, UNSETTLED, Pair

TITLE = "A treaty for the strait"
TEXT = (
    "The Danish president Rita Holm opened the talks in the old harbour. Olaf Brandt, the Chilean foreign minister, came a day late.\n"
    "Mira Castell, 58, painted the hall where the papers were signed. The ships that came from Norway carried 2,400 crates of timber.\n"
    "Fishing in the strait was banned for the first time in 1987, and the ban cost $3.5 million. "
    "The ban left nearly 12 percent of the boats idle.\n"
    "The treaty was signed by both sides on March 14, 1991. The ministers said they may meet again before the summer."
)
"""Articles as the rules want them: offices, an age, a country, counts, dates."""


def made(seed: int, text: str = TEXT, most: int = 8) -> list[Pair]:
    return list(pairs(text, TITLE, "1 May 2020", random.Random(seed), most))


ALL = [pair for seed in range(80) for pair in made(seed)]
ASKED = [pair for pair in ALL if pair.task == "answer"]
ANSWERED = [pair for pair in ASKED if pair.label]
CLAIMED = [pair for pair in ALL if pair.task == "judge"]


def answers(question: str) -> set[str]:
    """What the pairs tell as the answer to questions that this pattern fits."""
    return {pair.text[pair.start : pair.end] for pair in ANSWERED if re.search(question, pair.asked)}


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        (r"Danish president|president of Danish", {"Rita Holm"}),
        (r"(?i)Chilean foreign minister|foreign minister of Chilean", {"Olaf Brandt"}),
        (r"How old is Mira Castell", {"58"}),
        (r"(?:which|what) country", {"Norway"}),
        (r"(?:which|what) year", {"1987", "1991"}),
        (r"how much", {"$3.5 million"}),
        (r"what (?:percentage|share)", {"12 percent"}),
        (r"what date|which day", {"March 14, 1991"}),
        (r"how many", {"2,400"}),
    ],
)
def test_what_is_asked_stands_at_its_span(question: str, answer: set[str]) -> None:
    assert answers(question) == answer


def test_every_question_has_a_span_and_does_not_tell_its_answer() -> None:
    assert all(0 <= pair.start < pair.end <= len(pair.text) for pair in ANSWERED)
    assert not [pair for pair in ANSWERED if pair.text[pair.start : pair.end] in pair.asked]
    assert all(pair.asked.endswith("?") and pair.asked[0].isupper() for pair in ANSWERED)


def test_a_near_miss_asks_for_what_is_not_told() -> None:
    near = [pair for pair in ASKED if pair.source == "news+swap"]
    assert near
    assert all(pair.label == 0 and pair.start == -1 for pair in near)
    assert not {pair.asked for pair in near} & {pair.asked for pair in ANSWERED}


def test_the_near_miss_of_an_office_is_of_another_office_or_place() -> None:
    near = [pair.asked for pair in ASKED if pair.source == "news+swap" and re.match(r"Who is|What is the name|Which person is", pair.asked)]
    assert near
    for asked in near:
        told = [office for office in OFFICES if office in asked.casefold()]
        places = [place for place in (*NATIONALITIES, *COUNTRIES) if re.search(rf"\b{place}\b", asked)]
        assert told
        assert len(places) == 1
        assert not (places == ["Danish"] and "president" in told)
        assert not (places == ["Chilean"] and "foreign minister" in told)


def test_a_question_beside_another_window_is_not_answered_there() -> None:
    told = {pair.asked: pair.text[pair.start : pair.end] for pair in ANSWERED}
    beside = [pair for pair in ASKED if not pair.label and pair.source == "news"]
    assert beside
    assert not [pair for pair in beside if told[pair.asked] in pair.text]


def test_speech_is_not_asked_about() -> None:
    spoken = "Nobody “will ever come back from Norway after the long winter of 1987”, she told them."
    assert not [pair for seed in range(20) for pair in made(seed, spoken) if pair.task == "answer"]


def test_so_many_at_most() -> None:
    assert len({pair.asked for pair in made(1, most=1) if pair.task == "answer" and pair.label}) == 1
    assert made(1, text="Too short. Also this.") == []


def test_pairs_belong_to_their_article_and_are_read_with_its_date() -> None:
    assert {pair.group for pair in ALL} == {TITLE}
    assert {pair.context for pair in ALL} == {"", f"{TITLE} · 1 May 2020"}


def test_a_changed_claim_is_told_nowhere_in_its_window() -> None:
    changed = [pair for pair in CLAIMED if "+" in pair.source and not pair.source.endswith("+untold")]
    assert {pair.label for pair in changed} == {CONTRADICTED, UNSETTLED}
    assert all((pair.label == UNSETTLED) == (pair.source == "news+certainty") for pair in changed)
    assert not [pair for pair in changed if pair.asked in pair.text]


def test_a_change_that_the_window_tells_too_is_left_out() -> None:
    both = "the gates of the old harbour {} open to the boats at night."
    text = f"By day {both.format('were')}\nBy day {both.format('were not')}"
    changed = [pair for seed in range(60) for pair in made(seed, text) if "+" in pair.source and pair.task == "judge"]
    assert changed
    assert not [pair for pair in changed if pair.asked in pair.text]


def test_claims_are_sound_changed_or_beside_something_else() -> None:
    assert {pair.label for pair in CLAIMED if pair.source == "news"} == {SUPPORTED, UNSETTLED}


SAYINGS = (
    "On Monday, the council said it has been closed.",
    "The bridge (built of oak) was nearly finished, which pleased the town.",
    "It cost $3 million, or 12%, on March 14, 1991.",
)


@pytest.mark.parametrize("sentence", SAYINGS)
def test_what_is_said_in_other_words_adds_none(sentence: str) -> None:
    known = set(re.findall(r"\w+", sentence.casefold()))
    allowed = known | {word for _, new in OTHER_WORDS for word in re.findall(r"[a-z]+", new.casefold())} | {"3mn", "2"}
    said = {sound(sentence, random.Random(seed)) for seed in range(40)}
    assert len(said) > 3
    assert sentence in said
    for text in said:
        assert set(re.findall(r"\w+", text.casefold())) <= allowed
        assert text[0].isupper()


def test_the_seed_decides_the_pairs() -> None:
    assert made(1) == made(1)
    assert made(1) != made(2)

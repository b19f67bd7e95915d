"""Questions made into pairs: the window that answers, windows that do not, near misses, and claims of the two."""

import random
from collections.abc import Iterable
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from qa.training.pair import CONTRADICTED, SUPPORTED, UNSETTLED, Pair, shuffled
from qa.training.questions import SIZES, Article, Chances, Pool, Question, alike, claims, pairs, softened

PASSAGE = (
    "The mill of Orrin was built by Rita Holm in 1874. It stood beside the river. Olaf Brandt bought it in 1902.\n"
    "A storm took the roof in 1911. There was no other harm. The new roof cost 240 crowns. Mira Castell paid for it."
)
PAID = "Mira Castell"


def question(text: str, *answers: str, whole: bool = False) -> Question:
    return Question(text, "Mill of Orrin", PASSAGE, tuple((answer, PASSAGE.index(answer)) for answer in answers), "sample", whole)


BUILT = question("Who built the mill of Orrin in 1874?", "Rita Holm")
YEAR = question("When was the mill of Orrin built?", "1874")
COST = question("How many crowns did the roof cost?", "240")
SOLD = question("Who sold the mill of Orrin?")


NONE = Chances(swaps=0, others=0, untold=0, softened=0)


def made(asked: Question, seeds: Iterable[int] = range(60), **chances: float) -> list[Pair]:
    """The pairs of a question with these chances and no others."""
    return [pair for seed in seeds for pair in pairs(asked, random.Random(seed), replace(NONE, **chances))]


def test_sentences_never_cross_lines() -> None:
    article = Article(PASSAGE)
    assert len(article.spans) == 7
    assert not any("\n" in article.window(i, i)[1] for i in range(7))
    assert article.window(2, 2)[1] == "Olaf Brandt bought it in 1902."
    assert article.names[0] in ("Orrin", "Rita Holm", "Olaf Brandt", "Mira Castell")


def test_a_heading_is_not_one_sentence_with_the_next_line() -> None:
    article = Article("The mill of Orrin\nIt was built in 1874")
    assert [article.window(i, i)[1] for i in range(2)] == ["The mill of Orrin", "It was built in 1874"]


@settings(max_examples=60, deadline=None)
@given(place=some.integers(0, 6), seed=some.integers(0, 10_000))
def test_a_window_holds_what_it_was_made_around(place: int, seed: int) -> None:
    article = Article(PASSAGE)
    first, last = article.around(place, place, random.Random(seed))
    assert 0 <= first <= place <= last <= 6
    assert last - first < max(SIZES)
    start, text = article.window(first, last)
    assert PASSAGE[start : start + len(text)] == text


@pytest.mark.parametrize("asked", [BUILT, YEAR, COST])
def test_the_span_of_a_pair_is_the_answer(asked: Question) -> None:
    found = [pair for pair in made(asked) if pair.task == "answer" and pair.label]
    assert len(found) == 60
    assert {pair.text[pair.start : pair.end] for pair in found} == {asked.answers[0][0]}
    assert {pair.context for pair in found} == {"", "Mill of Orrin"}
    assert len({pair.text for pair in found}) > 3


def test_a_near_miss_is_another_question_about_the_same_window() -> None:
    for seed in range(60):
        found = made(BUILT, [seed], swaps=1, others=0)
        near = [pair for pair in found if "+" in pair.source]
        for pair in near:
            assert pair.asked != BUILT.text
            assert (pair.text, pair.context) == (found[0].text, found[0].context)
            assert (pair.label, pair.start, pair.end) == (0, -1, -1)
    assert {pair.source for pair in made(BUILT, swaps=1)} >= {"sample+year", "sample+name"}
    assert not any("+" in pair.source for pair in made(BUILT, swaps=0))


def test_another_window_does_not_hold_the_answer() -> None:
    found = [pair for pair in made(BUILT, swaps=0, others=1) if pair.task == "answer" and not pair.label]
    assert len(found) == 60
    assert not any("Rita Holm" in pair.text for pair in found)
    assert not [pair for pair in made(BUILT, swaps=0, others=0) if pair.task == "answer" and not pair.label]


def test_a_question_without_an_answer_stands_beside_what_speaks_of_it() -> None:
    found = made(SOLD)
    assert len(found) == 60
    assert all(pair.label == 0 and pair.start == -1 and "mill of Orrin" in pair.text for pair in found)


def test_a_whole_sentence_is_no_span() -> None:
    sentence = "The mill of Orrin was built by Rita Holm in 1874."
    found = made(question("Who built the mill?", sentence, whole=True))
    right = [pair for pair in found if pair.label]
    assert {(pair.start, pair.end, pair.task) for pair in right} == {(-1, -1, "answer")}
    assert all(sentence in pair.text for pair in right)
    assert not any(sentence in pair.text for pair in found if not pair.label and "+" not in pair.source)


def test_a_passage_of_nothing_gives_nothing() -> None:
    assert not list(pairs(Question("Who?", "", " \n ", (), "sample"), random.Random(1)))


def test_an_answer_makes_a_claim_and_a_wrong_one_a_false_claim() -> None:
    found = [pair for pair in made(YEAR, range(300), swaps=0, others=0) if pair.task == "judge"]
    by_label = {label: [pair for pair in found if pair.label == label] for label in (SUPPORTED, CONTRADICTED, UNSETTLED)}
    assert all(by_label.values())
    assert all(pair.asked == f"{YEAR.text} 1874" and "1874" in pair.text for pair in by_label[SUPPORTED])
    assert all(pair.asked == f"{YEAR.text} 1874" and "1874" not in pair.text for pair in by_label[UNSETTLED])
    assert {pair.asked.removeprefix(YEAR.text) for pair in by_label[CONTRADICTED]} <= {" 1902", " 1911"}
    assert all(pair.asked.split()[-1] in pair.text for pair in by_label[CONTRADICTED])


@pytest.mark.parametrize(
    ("answer", "fitting"),
    [("1874", {"1902", "1911"}), ("240", {"1874", "1902", "1911"}), (PAID, {"Orrin", "Rita Holm", "Olaf Brandt"}), ("the river", {None})],
)
def test_a_wrong_answer_looks_like_the_right_one(answer: str, fitting: set[str | None]) -> None:
    assert {alike(answer, PASSAGE, "Which was it?", random.Random(seed)) for seed in range(60)} == fitting


def test_a_wrong_answer_is_not_what_is_asked_about() -> None:
    assert {alike("Rita Holm", PASSAGE, "Who sold Orrin to Olaf Brandt?", random.Random(seed)) for seed in range(20)} == {PAID}


def test_claims_keep_their_labels() -> None:
    labels = {"supported": SUPPORTED, "refuted": CONTRADICTED, "not_enough": UNSETTLED}
    rows = [{"claim": f"It is {label}.", "evidence": PASSAGE, "label": label} for label in labels]
    found = list(claims(rows, "sample"))
    assert [(pair.asked, pair.label, pair.task) for pair in found] == [(f"It is {word}.", label, "judge") for word, label in labels.items()]
    assert {pair.group for pair in found} == {PASSAGE[:80]}


def test_the_seed_decides_the_pairs() -> None:
    assert made(BUILT) == made(BUILT)
    assert made(BUILT, [1, 2, 3]) != made(BUILT, [4, 5, 6])
    order = made(BUILT)
    assert shuffled(order, 1) == shuffled(order, 1) != shuffled(order, 2)
    assert sorted(shuffled(order, 1), key=repr) == sorted(order, key=repr)


def test_a_window_without_its_answer_does_not_answer() -> None:
    found = [pair for pair in made(BUILT, untold=1) if pair.source == "sample+untold"]
    assert found
    assert not any("Rita" in pair.text or "Holm" in pair.text for pair in found)
    assert all(pair.label == (0 if pair.task == "answer" else UNSETTLED) and pair.start == -1 for pair in found)
    assert {pair.asked for pair in found if pair.task == "judge"} <= {f"{BUILT.text} Rita Holm"}


def test_another_name_made_general_leaves_the_answer_in_its_place() -> None:
    text = "Olaf Brandt saw the mill. Rita Holm built it."
    answered = Pair("answer", "Who built it?", "", text, 1, "sample", "Mill", text.index("Rita"), text.index(" built"))
    made = softened(answered, random.Random(1))
    assert "Olaf" not in made.text
    assert made.text[made.start : made.end] == "Rita Holm"
    asked = replace(answered, asked="Who built what Olaf Brandt saw?")
    assert softened(asked, random.Random(1)) == asked


def test_a_text_of_another_article_that_looks_like_an_answer_is_beside_a_question() -> None:
    pool = Pool()
    answered = Pair("answer", "Who built the mill?", "", "Rita Holm built it.", 1, "sample", "Mill", 0, 9)
    assert pool.beside(answered, random.Random(1)) is None
    pool.add(answered)
    assert pool.beside(answered, random.Random(1)) is None
    pool.add(replace(answered, text="Olaf built the mill of Tolmark.", group="Tolmark"))
    pool.add(replace(answered, text="Nobody came to the ferry.", group="Ferry"))
    pool.add(replace(answered, text="Rita Holm built the mill of Elmstead.", group="Elmstead"))
    found = pool.beside(answered, random.Random(1))
    assert found is not None
    assert (found.text, found.label, found.start) == ("Olaf built the mill of Tolmark.", 0, -1)

"""The stages that order hits, each by itself."""

import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa import parameters
from qa.match import reading
from qa.query import Query
from qa.rank import documents, fuse, hopped, leads, rescored, spread, timely, title_name
from qa.types import Hit
from tests.passages import asked, hit, order, passage, rows, unit

# Fusion


def test_fusion_adds_reciprocal_ranks() -> None:
    k = parameters.RANK_CONSTANT
    fused = fuse([["a", "b"], ["b", "c"]])
    assert [id_ for id_, _ in fused] == ["b", "a", "c"]
    assert dict(fused) == pytest.approx({"b": 1 / (k + 2) + 1 / (k + 1), "a": 1 / (k + 1), "c": 1 / (k + 2)})
    assert fuse([]) == fuse([[], []]) == []


@given(st.lists(st.permutations(["a", "b", "c", "d"]), min_size=1, max_size=4))
def test_fusion_keeps_what_all_agree_on_in_any_order_of_rankings(rankings: list[list[str]]) -> None:
    fused = dict(fuse(rankings))
    assert fused == pytest.approx(dict(fuse(rankings[::-1])))
    assert all(
        fused[one] > fused[other]
        for one in fused
        for other in fused
        if all(ranking.index(one) < ranking.index(other) for ranking in rankings)
    )


# Rescoring


def rank(question: Query, *hits: Hit) -> list[str]:
    return order(rescored(question, hits, {one.passage.id: rows(*[0.5] * len(one.passage.sentences)) for one in hits}))


def test_neighbouring_words_come_before_the_same_words_scattered() -> None:
    together = passage("The red fox den was found by a child in the wood.", document="together")
    scattered = passage("The den in the red wood was found by a child and a fox.", document="scattered")
    question = asked("Who found the red fox den?")
    assert rank(question, hit(scattered), hit(together)) == rank(question, hit(together), hit(scattered)) == ["together", "scattered"]


def test_a_title_that_has_the_words_counts() -> None:
    named = passage("It has nine wheels.", title="The mill")
    other = passage("It has nine wheels.", title="The school", start=100)  # another article of that document
    found = rescored(asked("How many wheels has the mill?"), [hit(other), hit(named)], {})
    assert [one.passage for one in found] == [named, other]


def test_what_the_other_passages_of_its_document_tell_counts() -> None:
    beside = passage("The mill of Ardo grinds wheat.", document="whole")
    with_it = passage("It has nine wheels.", document="whole", start=100)
    alone = passage("It has nine wheels.", document="alone")
    found = rank(asked("How many wheels has the mill of Ardo?"), hit(alone), hit(beside), hit(with_it))
    assert found.index("alone") == 2


def test_the_best_sentence_speaks_for_its_passage() -> None:
    near, far = passage("A.", "B.", document="near"), passage("A.", "B.", document="far")
    vectors = {near.id: rows(-0.5, 0.9), far.id: rows(0.5, 0.5)}
    found = rescored(asked("Who?"), [hit(far), hit(near)], vectors)
    assert order(found) == ["near", "far"]
    assert [one.scores["sentence"] for one in found] == pytest.approx([0.9, 0.5])


def test_scores_of_before_are_kept_and_the_sum_is_told() -> None:
    (one,) = rescored(asked("Who?"), [hit(passage("A."), 0.1, dense=0.3, fused=0.1)], {})
    assert (one.scores["dense"], one.scores["fused"]) == (0.3, 0.1)
    assert one.scores["rescored"] == one.score
    assert one.scores["sentence"] == 0  # no vectors of its sentences


# Dates

DATES = {"old": "2022-03-01", "june": "2024-06-20", "after": "2024-09-15", "undated": None}


def dated(score: float = 0.5, **scores: float) -> list[Hit]:
    return [hit(passage("It rained.", document=name, date=day), scores.get(name, score)) for name, day in DATES.items()]


def test_what_was_true_on_a_day_is_told_shortly_before() -> None:
    found = timely(asked("As of July 2024, who is the mayor?"), dated())
    assert next(document for document in order(found) if DATES[document]) == "june"
    assert all("date" in one.scores for one in found)


def test_the_nearer_before_and_the_nearer_after_come_first() -> None:
    question = asked("As of 1 July 2024, who is the mayor?")
    for days in ("2024-06-30", "2024-06-20", "2024-05-20"), ("2024-07-02", "2024-07-12", "2024-08-20"), ("2024-06-25", "2024-07-07"):
        hits = [hit(passage("It rained.", document=day, date=day)) for day in days]
        assert order(timely(question, hits[::-1])) == list(days)


def test_within_the_days_asked_for_all_are_equal() -> None:
    days = ("2024-02-01", "2024-11-15", "2025-01-05", "2023-12-20")
    found = timely(asked("As of 2024, who is the mayor?"), [hit(passage("It rained.", document=day, date=day), 0.5) for day in days])
    scores = {one.passage.document: one.score for one in found}
    assert scores["2024-02-01"] == scores["2024-11-15"] > scores["2023-12-20"] > scores["2025-01-05"]


def test_the_latest_is_the_newest() -> None:
    assert order(timely(asked("What is the latest on the strike?"), dated()))[0] == "after"


def test_much_the_better_article_stays_first_whatever_its_date() -> None:
    assert order(timely(asked("As of July 2024, who is the mayor?"), dated(old=5.0)))[0] == "old"


@pytest.mark.parametrize("question", ["Who is the mayor?", "Who was the mayor in July 2024?", "?"])
def test_a_question_of_no_day_changes_nothing(question: str) -> None:
    assert timely(asked(question), dated()) == tuple(dated())


def test_articles_without_a_date_neither_win_nor_lose() -> None:
    undated = [hit(passage("It rained.", document=name), score) for name, score in (("a", 0.9), ("b", 0.1))]
    for question in ("As of July 2024, who is the mayor?", "Who is currently mayor?"):
        found = timely(asked(question), undated)
        assert [(one.passage.document, one.score) for one in found] == [("a", 0.9), ("b", 0.1)]
        assert timely(asked(question), []) == ()


@given(st.dates(datetime.date(1, 1, 1)), st.sampled_from(["As of July 2024, who?", "As of 1000, who led?", "Who is the current mayor?"]))
def test_any_date_may_stand_in_a_document(day: datetime.date, question: str) -> None:
    (found,) = timely(asked(question), [hit(passage("It rained.", date=day.isoformat()))])
    assert -10 < found.score < 10


# The second hop

QUESTION = asked("Which river flows through the town where Agnes Moe was born?")
AGNES = passage("Agnes Moe was born in the town of Ardo in 1911.", document="agnes", title="Agnes Moe")
ARDO = passage("Ardo lies on the river Lima.", document="ardo", title="Ardo (town)")
OTHERS = [passage("It rained all day in the far north.", document=f"other{number}", title="Weather") for number in range(6)]


def hop(question: Query, *hits: Hit, near: float = 0.3) -> tuple[Hit, ...]:
    vectors = {one.passage.id: rows(*[near] * len(one.passage.sentences)) for one in hits}
    found = leads(question, hits, vectors)
    return hopped(question, hits, found, {id_: matrix[0] for id_, matrix in vectors.items()}) if found else tuple(hits)


def test_the_article_that_the_first_names_comes_next() -> None:
    hits = [hit(AGNES, 0.9), *(hit(other, 0.5 - 0.01 * number) for number, other in enumerate(OTHERS)), hit(ARDO, 0.3)]
    found = hop(QUESTION, *hits)
    assert order(found)[:2] == ["agnes", "ardo"]
    assert all("hop" in one.scores for one in found)


def test_what_is_found_at_once_stays_among_those_shown() -> None:
    towns = [
        passage(f"{name} lies on the river Lima, which flows by.", document=name.lower(), title=name)
        for name in ("Ardo", "Beja", "Caminha", "Douro", "Evora", "Faro")
    ]
    agnes = passage("Agnes Moe was born in Ardo, Beja, Caminha, Douro, Evora or Faro, as towns go.", document="agnes", title="Agnes Moe")
    hits = [hit(agnes, 0.9), hit(OTHERS[0], 0.5), hit(OTHERS[1], 0.49), *(hit(town, 0.1) for town in towns)]
    shown = documents(hop(QUESTION, *hits))[: parameters.SHOWN]
    assert shown[0] == "agnes"
    assert set(shown) >= {"agnes", "other0", "other1"}
    assert set(shown) & {"ardo", "beja", "caminha", "douro", "evora", "faro"}


def test_no_hop_where_the_best_document_has_all_words() -> None:
    whole = passage("Agnes Moe was born in Ardo, the town through which the river Lima flows.", document="whole", title="Agnes Moe")
    hits = (hit(whole, 0.9), hit(OTHERS[0], 0.5), hit(ARDO, 0.3))
    assert leads(QUESTION, hits, {}) == ()
    assert hop(QUESTION, *hits) == hits


def test_a_lead_is_named_by_what_the_question_does_not_name() -> None:
    lead, *_ = leads(QUESTION, [hit(AGNES, 0.9), hit(ARDO, 0.3)], {AGNES.id: rows(0.6), ARDO.id: rows(0.1)})
    assert ("ardo",) in {name[:1] for name in lead.names}
    assert ("agn", "moe") not in lead.names
    assert {"river", "flow"} <= lead.rest
    assert float(lead.vector @ lead.vector) == pytest.approx(1, abs=1e-5)
    assert float(lead.vector @ unit(0.6)) > 0.6  # moved towards its sentence


def test_no_leads_of_nothing() -> None:
    assert leads(QUESTION, [], {}) == ()


def test_titles_are_names_without_their_brackets() -> None:
    assert title_name("Mercury (planet)") == title_name("Mercury") == ("mercuri",)
    assert title_name("(planet)") == ("planet",)
    assert title_name("") == ()


@given(st.lists(st.tuples(st.integers(0, 7), st.floats(0, 2), st.floats(-1, 1)), min_size=1, max_size=20))
def test_hops_lose_nothing_and_keep_the_first_documents(made: list[tuple[int, float, float]]) -> None:
    pool = [AGNES, ARDO, *OTHERS]
    hits = sorted(
        (hit(passage(pool[n].text, document=pool[n].document, title=pool[n].title, start=100 * i), s) for i, (n, s, _) in enumerate(made)),
        key=lambda one: -one.score,
    )
    found = hop(QUESTION, *hits, near=made[0][2])
    assert sorted(one.passage.id for one in found) == sorted(one.passage.id for one in hits)
    assert [one.score for one in found] == sorted((one.score for one in found), reverse=True)
    assert set(documents(hits)[: parameters.KEPT]) <= set(documents(found)[: parameters.SHOWN])


# The list


def test_passages_of_one_document_do_not_crowd_out_others() -> None:
    crowd = [hit(passage("It rained.", document="crowd", start=100 * number), 0.9 - 0.001 * number) for number in range(5)]
    others = [hit(passage("It rained.", document=name), 0.885) for name in ("b", "c", "d")]
    found = spread([*crowd, *others], 5)
    assert order(found)[0] == "crowd"
    assert set(order(found)) == {"crowd", "b", "c", "d"}
    assert len(found) == 5


def test_documents_far_behind_do_not_come_in_by_it() -> None:
    crowd = [hit(passage("It rained.", document="crowd", start=100 * number), 5.0) for number in range(3)]
    assert order(spread([*crowd, hit(passage("It rained.", document="far"), 0.1)], 3)) == ["crowd"] * 3


@given(st.lists(st.integers(0, 3), max_size=12), st.integers(0, 15))
def test_the_list_has_the_best_first_and_each_passage_once(made: list[int], limit: int) -> None:
    hits = [hit(passage("It rained.", document=str(name), start=10 * place), 1 - place / 20) for place, name in enumerate(made)]
    found = spread(hits, limit)
    assert len(found) == len({one.passage.id for one in found}) == min(limit, len(hits))
    assert found[:1] == tuple(hits[: min(1, limit)])


def test_readings_of_equal_passages_are_shared() -> None:
    assert reading(passage("It rained.")) is reading(passage("It rained."))

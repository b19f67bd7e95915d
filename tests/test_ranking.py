"""Measures of a ranking, and when a case means a document."""

from math import log2

import pytest

from qa.evaluation.ranking import hit, ndcg, recall, reciprocal_rank, same_document

RANKING = ["d1", "d2", "d3", "d4"]


def test_hit_and_recall() -> None:
    assert [hit(RANKING, {"d3", "d9"}, k) for k in (1, 2, 3, 10)] == [0, 0, 1, 1]
    assert [recall(RANKING, {"d3", "d9"}, k) for k in (1, 3, 10)] == [0, 0.5, 0.5]


def test_reciprocal_rank_as_in_the_question_answering_track() -> None:
    """Voorhees (1999): the reciprocal of the rank of the first right answer, 0 for none."""
    assert [reciprocal_rank(RANKING, {name}) for name in ("d1", "d2", "d4", "d9")] == [1, 1 / 2, 1 / 4, 0]
    assert reciprocal_rank(RANKING, {"d2", "d4"}) == 1 / 2


def test_ndcg_by_hand() -> None:
    """Of three relevant the first and the third found: (1 + 1/2) of the ideal 1 + 1/log2(3) + 1/2."""
    assert ndcg(RANKING, {"d1", "d3", "d9"}, 10) == pytest.approx(1.5 / (1 + 1 / log2(3) + 0.5))
    assert ndcg(RANKING, {"d1", "d3", "d9"}, 2) == pytest.approx(1 / (1 + 1 / log2(3)))
    assert ndcg(RANKING, {"d1", "d2"}, 10) == 1
    assert ndcg(RANKING, {"d9"}, 10) == 0


def test_a_name_counts_once_at_its_first_rank() -> None:
    twice = ["d1", "d1", "d2", "d1", "d2"]
    assert reciprocal_rank(twice, {"d2"}) == 1 / 2
    assert recall(twice, ["d1", "d1", "d2"], 2) == 1
    assert ndcg(twice, ["d2", "d2"], 10) == pytest.approx(1 / log2(3))


def test_nothing_found_or_nothing_relevant() -> None:
    for relevant in ({"d1"}, set[str]()):
        assert [hit([], relevant, 5), recall([], relevant, 5), reciprocal_rank([], relevant), ndcg([], relevant, 5)] == [0, 0, 0, 0]
    assert [hit(RANKING, (), 5), recall(RANKING, (), 5), reciprocal_rank(RANKING, ()), ndcg(RANKING, (), 5)] == [0, 0, 0, 0]


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("seeds/a.txt", "seeds/a.txt"),
        ("seeds/a.txt", "a.txt"),
        ("seeds/a.txt", "./seeds/a.txt"),
        ("my/seeds/a.txt", "seeds/a.txt"),
        ("bench/corpus.jsonl#clap_31", "clap_31"),
        ("bench/corpus.jsonl#clap_31", "corpus.jsonl#clap_31"),
        ("bench/corpus.jsonl#wiki/Paris", "wiki/Paris"),
        ("bench/corpus.jsonl#wiki/Paris", "corpus.jsonl#wiki/Paris"),
        ("bench/corpus.jsonl#a#7", "a#7"),
        ("notes #3/a.txt", "a.txt"),
        ("C# notes.txt", "C# notes.txt"),
    ],
)
def test_a_case_means_a_document(file: str, name: str) -> None:
    assert same_document(file, name)


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("seeds/aa.txt", "a.txt"),
        ("myseeds/a.txt", "seeds/a.txt"),
        ("seeds/a.txt", "seeds"),
        ("seeds/a.txt", "other/seeds/a.txt"),
        ("seeds/a.txt", ""),
        ("seeds/a.txt", "./"),
        ("bench/corpus.jsonl#clap_31", "31"),
        ("bench/corpus.jsonl#clap_31", "_31"),
        ("bench/corpus.jsonl#clap_31", "clap_3"),
        ("bench/corpus.jsonl#clap_31", "bench/corpus.jsonl"),
        ("bench/corpus.jsonl#clap_31", "#clap_31"),
        ("bench/corpus.jsonl#wiki/Paris", "Paris"),
        ("bench/corpus.jsonl#a#7", "7"),
        ("C# notes.txt", " notes.txt"),
    ],
)
def test_a_case_means_another(file: str, name: str) -> None:
    assert not same_document(file, name)

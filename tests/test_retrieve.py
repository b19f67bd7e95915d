"""Search over a real index: by meaning, by words, through misspellings."""

from collections.abc import Iterator

import numpy as np
import pytest

from qa.embed import Embedder
from qa.library import Library
from qa.retrieve import RANK_CONSTANT, Query, fuse
from tests.parts import make_library

NOTES = {
    "bees.txt": "Thirsty bees\n\nA colony of honeybees can lose half its workers in a fortnight without water. Beekeeper Amina Diallo "
    "carries a bucket to her hives each morning.\n",
    "bank.txt": "Dearer money\n\nThe central bank raised its interest rate to 4.5 percent. Governor Lea Stern expects lower inflation.\n",
    "dam.txt": "The dam at Sorel\n\nThe dam holds two million tonnes of water. Engineers fear that the concrete is too old.\n",
    "ferry.txt": "Electric ferries\n\nNorway sold its electric ferries to Chile. The shipyard in Tromso built them in a year.\n",
}


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory, embedder: Embedder) -> Iterator[Library]:
    library = make_library(tmp_path_factory.mktemp("retrieve"), NOTES, embedder)
    yield library
    library.close()


def files(library: Library, question: str, limit: int = 4) -> list[str]:
    retriever = library.retriever
    return [hit.passage.file.rpartition("/")[2] for hit in retriever.search(retriever.prepare(question), limit)]


@pytest.mark.parametrize(
    ("question", "file"),
    [
        ("Who keeps bees?", "bees.txt"),
        ("What did Lea Stern say?", "bank.txt"),
        ("Is borrowing getting more expensive?", "bank.txt"),
        ("Which vessels run on batteries?", "ferry.txt"),
        ("Might the barrage of Sorel break?", "dam.txt"),
        ("who is the beekeper Amina Dialo", "bees.txt"),
        ("Tromso shipyrad", "ferry.txt"),
    ],
)
def test_the_right_passage_comes_first(library: Library, question: str, file: str) -> None:
    assert files(library, question)[0] == file


def test_scores_tell_how_a_hit_was_found(library: Library) -> None:
    retriever = library.retriever
    first, *rest = retriever.search(retriever.prepare("How much water does the dam hold?"), 4)
    assert set(first.scores) == {"dense", "lexical", "fused"}
    assert 0 < first.scores["dense"] <= 1
    assert first.scores["lexical"] > 0
    assert first.score == first.scores["fused"] >= max(hit.score for hit in rest)


def test_no_more_hits_than_asked_for(library: Library) -> None:
    assert [len(files(library, "water", limit)) for limit in (1, 2, 9)] == [1, 2, 4]


def test_a_query_knows_what_each_word_tells(library: Library) -> None:
    query = library.retriever.prepare("Does the dam hold water for unicorns?")
    assert query.weights["dam"] > query.weights["water"] > query.weights["unicorns"] == 0
    assert query.terms == ("dam", "hold", "water", "unicorns")
    assert np.linalg.norm(query.vector) == pytest.approx(1, abs=1e-3)


def test_a_misspelt_word_is_looked_up_as_the_documents_spell_it(library: Library) -> None:
    query = library.retriever.prepare("enginers and the conrcete")
    assert query.terms[1] == "concret"
    assert all(query.weights.values())


def test_a_question_without_a_known_word_is_searched_by_meaning(library: Library) -> None:
    query = library.retriever.prepare("?")
    assert query.terms == ()
    assert len(library.retriever.search(query, 4)) == 4


@pytest.mark.parametrize("question", ['"quoted" AND (dam OR NOT *', "", "NEAR(dam, 2)", "title:dam"])
def test_no_question_is_a_search_command(library: Library, question: str) -> None:
    assert len(files(library, question)) == 4


def test_an_empty_library_finds_nothing(tmp_path_factory: pytest.TempPathFactory, embedder: Embedder) -> None:
    empty = make_library(tmp_path_factory.mktemp("empty"), {}, embedder)
    assert empty.retriever.search(empty.retriever.prepare("dam"), 4) == ()
    empty.close()


def test_fusion_adds_reciprocal_ranks() -> None:
    fused = fuse([["a", "b"], ["b", "c"]])
    assert [id_ for id_, _ in fused] == ["b", "a", "c"]
    assert dict(fused)["b"] == pytest.approx(1 / (RANK_CONSTANT + 2) + 1 / (RANK_CONSTANT + 1))
    assert fuse([]) == fuse([[], []]) == []


def test_queries_compare_by_their_words() -> None:
    vector = np.zeros(2, dtype=np.float32)
    assert Query("q", ("a",), {"a": 1.0}, vector) == Query("q", ("a",), {"a": 1.0}, vector + 1)

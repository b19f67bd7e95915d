"""Search over a real index: by meaning, by words, through misspellings, by dates, and from one document to the next."""

from collections.abc import Iterator

import numpy as np
import pytest

from qa import parameters
from qa.embed import Embedder
from qa.library import Library
from qa.match import known, reading
from qa.retrieve import MOST_STRANGE, STAGES, Retriever, Stage, respelt
from qa.types import Hit
from tests.parts import make_library

NOTES = {
    "bees.txt": "Thirsty bees\n\nA colony of honeybees can lose half its workers in a fortnight without water. Beekeeper Amina Diallo "
    "carries a bucket to her hives each morning.\n",
    "bank.txt": "Dearer money\n\nThe central bank raised its interest rate to 4.5 percent. Governor Lea Stern expects lower inflation.\n",
    "dam.txt": "The dam at Sorel\n\nThe dam holds two million tonnes of water. Engineers fear that the concrete is too old.\n",
    "ferry.txt": "Electric ferries\n\nNorway sold its electric ferries to Chile. The shipyard in Tromso built them in a year.\n",
    "moe.txt": "Agnes Moe\n\nAgnes Moe was a painter of storms and harbours. She was born in Ardo in 1911, the daughter of a baker.\n",
    "ardo.txt": "Ardo\n\nArdo is known for its cheese and its mills. Through it flows the Lima, a river that floods every spring.\n",
    "strike22.txt": "Strike at the harbour\n\nPublished 3 March 2022\n\nLomma's dockers are on strike. Their leader is Per Holm.\n",
    "strike24.txt": "Strike at the harbour\n\nPublished 20 June 2024\n\nLomma's dockers are on strike. Their leader is Ida Berg.\n",
    "strike25.txt": "Strike at the harbour\n\nPublished 15 September 2024\n\nLomma's dockers are on strike. Their leader is Jon Vik.\n",
    "libya.txt": "A colonel\n\nGaddafi took power in 1969. Zelensky was an actor before he was president. They met in Rawalpindi never.\n",
}


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory, embedder: Embedder) -> Iterator[Library]:
    library = make_library(tmp_path_factory.mktemp("retrieve"), NOTES, embedder)
    yield library
    library.close()


def names(hits: tuple[Hit, ...]) -> list[str]:
    return [hit.passage.file.rpartition("/")[2] for hit in hits]


def files(library: Library, question: str, limit: int = 4) -> list[str]:
    return names(library.search(question, limit, len, 500).hits)


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
        ("Who leads the strike at Lomma as of July 2024?", "strike24.txt"),
        ("As of April 2022, who leads the strike at Lomma?", "strike22.txt"),
        ("Who is the latest leader of the strike at Lomma?", "strike25.txt"),
        ("When did Kadhafi take power?", "libya.txt"),
        ("Which trade did Selenskyj have?", "libya.txt"),
    ],
)
def test_the_right_passage_comes_first(library: Library, question: str, file: str) -> None:
    assert files(library, question)[0] == file


def test_scores_tell_what_each_stage_saw(library: Library) -> None:
    retriever = library.retriever
    steps = retriever.stages(retriever.prepare("How much water does the dam hold as of 2024?"))
    assert [step.stage for step in steps] == ["fuse", "rescore", "date", "hop"]
    first = {step.stage: step.hits[0] for step in steps}
    assert first["fuse"].score == first["fuse"].scores["fused"] >= max(hit.score for hit in steps[0].hits)
    assert 0 < first["fuse"].scores["dense"] <= 1
    assert first["fuse"].scores["lexical"] > 0
    assert first["rescore"].score == first["rescore"].scores["rescored"]
    assert "date" in first["date"].scores
    for step in steps:
        assert [hit.score for hit in step.hits] == sorted((hit.score for hit in step.hits), reverse=True)


def test_each_stage_works_on_what_the_one_before_made(library: Library) -> None:
    retriever = library.retriever
    fuse, *later = retriever.stages(retriever.prepare("Which river flows through the town where Agnes Moe was born?"))
    for step in later:
        assert {hit.passage.id for hit in step.hits} >= {hit.passage.id for hit in fuse.hits}


@pytest.mark.parametrize("stage", STAGES)
def test_any_stage_may_be_left_out(library: Library, stage: Stage) -> None:
    retriever = Retriever(library.catalog, library.vectors, library.embedder, frozenset([stage]))
    steps = retriever.stages(retriever.prepare("How much water does the dam at Sorel hold?"))
    assert names(steps[-1].hits)[0] == "dam.txt"
    assert stage not in {step.stage for step in steps}
    if stage in ("lexical", "dense"):
        assert all(stage not in hit.scores for hit in steps[0].hits)


def test_the_second_hop_leads_to_what_the_first_document_names(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, few in (("DEPTH", 2), ("POOL", 2), ("HOP_DEPTH", 1)):  # as in a library of thousands, where no search by meaning reaches it
        monkeypatch.setattr(parameters, name, few)
    question = "In which country was the painter Agnes Moe, daughter of a baker, born?"
    retriever = library.retriever
    steps = {step.stage: names(step.hits) for step in retriever.stages(retriever.prepare(question))}
    assert "ardo.txt" not in steps["date"]
    assert steps["hop"][0] == "moe.txt"
    assert "ardo.txt" in steps["hop"]


def test_no_more_hits_than_asked_for(library: Library) -> None:
    assert [len(files(library, "water", limit)) for limit in (1, 2, 99)] == [1, 2, len(NOTES)]


def test_as_many_hits_as_asked_for(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parameters, "POOL", 2)
    monkeypatch.setattr(parameters, "DEPTH", 2)
    assert len(files(library, "water", 6)) == 6


def test_a_query_knows_what_each_word_tells(library: Library) -> None:
    query = library.retriever.prepare("Does the dam hold water for unicorns?")
    assert query.weights["dam"] > query.weights["water"] > query.weights["unicorn"] == 0
    assert query.terms == ("dam", "hold", "held", "water", "unicorns")
    assert np.linalg.norm(query.vector) == pytest.approx(1, abs=1e-3)


def test_the_day_is_not_searched_for(library: Library) -> None:
    dated, plain = map(library.retriever.prepare, ("As of 20 June 2024, does the dam hold?", "does the dam hold?"))
    assert dated.terms == plain.terms
    assert np.allclose(dated.vector, plain.vector)


@pytest.mark.parametrize(
    ("written", "held"),
    [
        ("beekeepr", "beekeep"),
        ("conrcete", "concret"),
        ("Rawalpndi", "rawalpindi"),
        ("Zelenskiy", "zelenski"),
        ("Zelenskyy", "zelenski"),
        ("Selenskyj", "zelenski"),
        ("Qaddafi", "gaddafi"),
        ("Kadhafi", "gaddafi"),
        ("Khaddafi", "gaddafi"),
    ],
)
def test_a_word_spelt_otherwise_is_looked_up_as_the_documents_spell_it(library: Library, written: str, held: str) -> None:
    query = library.retriever.prepare(f"so {written}")
    assert query.terms == (held,)
    assert all(query.weights.values())
    libya = next(passage for passage in library.catalog.all_passages() if passage.file.endswith("libya.txt"))
    assert bool(known(query, reading(libya).flat)) is written[0].isupper()


@pytest.mark.parametrize("written", ["kadhafi", "Volodymyr", "Kid", "Gdansk", "Zorbax"])
def test_but_no_other_word(library: Library, written: str) -> None:
    query = library.retriever.prepare(f"so {written}")
    assert query.terms == (written,)
    assert not any(query.weights.values())


def test_words_that_the_documents_hold_are_not_looked_up_again(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    def looked_up(*_: object) -> list[str]:
        raise AssertionError

    monkeypatch.setattr(library.catalog, "vocabulary", looked_up)
    assert library.retriever.prepare("Gaddafi and Zelensky, whose concrete?").terms == ("Gaddafi", "Zelensky", "concrete")


def test_a_text_pasted_in_is_looked_up_in_part(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def looked_up(first: str, *_: int) -> list[str]:
        asked.append(first)
        return []

    monkeypatch.setattr(library.catalog, "vocabulary", looked_up)
    terms = library.retriever.prepare(" ".join(f"zzyx{letter}{letter}q" for letter in "abcdefghijklmnopqrstuvw")).terms
    assert len(terms) == 23
    assert len(asked) == MOST_STRANGE


def test_a_question_without_a_known_word_is_searched_by_meaning(library: Library) -> None:
    assert library.retriever.prepare("?").terms == ()
    assert len(files(library, "?")) == 4


def test_an_empty_library_finds_nothing(tmp_path_factory: pytest.TempPathFactory, embedder: Embedder) -> None:
    empty = make_library(tmp_path_factory.mktemp("empty"), {}, embedder)
    found = empty.search("dam as of 2024", 4, len, 500)
    assert (found.hits, found.evidence) == ((), ())
    empty.close()


def test_a_misspelt_question_is_read_as_the_documents_spell_it(library: Library) -> None:
    query = library.retriever.prepare("Does the dam hold watter?")
    assert query.text == "Does the dam hold watter?"
    assert query.spelt == "Does the dam hold water?"
    assert library.retriever.prepare("Does the dam hold water?").spelt == "Does the dam hold water?"


@pytest.mark.parametrize(
    ("text", "spellings", "spelt"),
    [
        ("wich rusia?", {"rusia": "russia"}, "wich russia?"),
        ("Rus and rusia", {"Rus": "russ"}, "russ and rusia"),
        ("As it is", {"it": "it"}, "As it is"),
        ("", {}, ""),
        ("a.b (c)", {"a.b": "ab"}, "ab (c)"),
    ],
)
def test_only_whole_words_are_spelt_otherwise(text: str, spellings: dict[str, str], spelt: str) -> None:
    assert respelt(text, {word: (spelling, 1) for word, spelling in spellings.items()}) == spelt

"""The benchmark of retrieval, run on two small made-up sets."""

import json
import math
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from qa import parameters
from qa.catalog import Catalog
from qa.evaluation.types import Case, Support
from qa.library import CATALOG, Library
from qa.settings import Settings
from qa.types import ignore
from tests import bench_retrieval, retrieval_fit, retrieval_sets, retrieval_speed
from tests.retrieval_sets import Told

ARTICLES = {
    "bees": ("Thirsty bees", "A colony of honeybees can lose half its workers without water. Amina Diallo carries a bucket to her hives."),
    "bank": ("Dearer money", "The central bank raised its interest rate to 4.5 percent. Governor Lea Stern expects lower inflation."),
    "dam": ("The dam at Sorel", "The dam holds two million tonnes of water. Engineers fear that the concrete is too old."),
    "ferry": ("Electric ferries", "Norway sold its electric ferries to Chile. The shipyard in Tromso built them in a year."),
}
QUESTIONS = {
    "Who carries water to the hives?": ("bees", "Amina Diallo carries a bucket to her hives.", "Amina Diallo"),
    "Who expects lower inflation?": ("bank", "Governor Lea Stern expects lower inflation.", "Lea Stern"),
    "How much water does the dam hold?": ("dam", "The dam holds two million tonnes of water.", "two million tonnes"),
    "Who bought the electric ferries?": ("ferry", "Norway sold its electric ferries to Chile.", "Chile"),
}


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three of the sets, with the same questions: of documents, of gold sentences, and of answers with other documents beside."""
    folder = tmp_path_factory.mktemp("bench")
    corpus = [{"id": id_, "title": title, "text": text} for id_, (title, text) in ARTICLES.items()]
    questions = [
        {"id": id_, "question": question, "answerable": True, "answers": [answer], "evidence_doc_ids": [id_], "evidence_sentences": [quote]}
        for question, (id_, quote, answer) in QUESTIONS.items()
    ]
    for name in ("realtimeqa_dev", "clapnq", "squad2_cs224n_dev"):
        (folder / name).mkdir()
        for file, rows in (("corpus", corpus), ("questions", [*questions, {"id": "none", "question": "Who?", "answerable": False}])):
            (folder / name / f"{file}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    (folder / "wiki_distractors").mkdir()
    other = {"id": "other", "title": "The dam at Lund", "text": "The dam of this town holds no water. It was built in 1920."}
    (folder / "wiki_distractors" / "corpus.jsonl").write_text(json.dumps(other) + "\n", encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("indexes")


@pytest.fixture(autouse=True)
def _models(files: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FOOTNOTE_CACHE", str(files.cache))
    if files.weights:
        monkeypatch.setenv("FOOTNOTE_WEIGHTS", str(files.weights))


def rows(folder: Path, *arguments: str) -> list[dict[str, object]]:
    written = folder / "figures.jsonl"
    bench_retrieval.main([*arguments, "--json", str(written)])
    return [json.loads(line) for line in written.read_text(encoding="utf-8").splitlines()]


def test_the_table_holds_every_measure_of_every_way(bench: Path, home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = rows(tmp_path, str(bench), "table", "--home", str(home))
    told = {(row["set"], row["measure"], row["way"]): row["value"] for row in found}
    assert all(
        told[name, "Hit@5", way] == 1.0 for name in ("realtimeqa_dev", "clapnq") for way in ("BM25", "vectors", "fusion", "Footnote")
    )
    assert told["clapnq", "gold sentence in the evidence", "Footnote"] == 1.0
    assert told["squad2_cs224n_dev", "answer in the evidence", "Footnote"] == 1.0
    assert told["clapnq", "tokens, as set", "BM25"] is None
    assert 0 < told["clapnq", "tokens, as set", "Footnote"] <= Settings().evidence_tokens  # type: ignore[operator]
    printed = capsys.readouterr().out
    assert "timeqa_human is left out" in printed
    assert "| clapnq | Hit@5 | 100.0 (51.0–100.0) |" in printed  # of four questions, all right, little is known


def test_a_second_run_gives_the_same(bench: Path, home: Path, tmp_path: Path) -> None:
    arguments = (str(bench), "table", "ablation", "--home", str(home), "--set", "clapnq", "--sample", "3", "--seed", "5")
    first = rows(tmp_path, *arguments)
    assert rows(tmp_path, *arguments) == first
    assert {row["way"] for row in first if row["part"] == "ablation"} >= {"all", "without dense", "without hop"}
    assert {row["n"] for row in first if row["measure"] == "Hit@5"} == {3}


def test_the_fit_reports_the_weights_and_changes_nothing(bench: Path, home: Path, tmp_path: Path) -> None:
    path = Path(str(parameters.__file__))
    before = path.read_bytes()
    found = rows(tmp_path, str(bench), "fit", "--home", str(home))
    weights = {str(row["weights"]): row["value"] for row in found if "measure" not in row}
    assert list(weights) == ["PASSAGE", "SENTENCE"]
    assert isinstance(weights["PASSAGE"], Mapping)
    assert all(math.isfinite(weight) and weight >= 0 for weight in weights["PASSAGE"].values())
    assert {row["way"] for row in found if row.get("set") == "realtimeqa_dev"} >= {"cross-validated", "fitted on the other sets"}
    assert path.read_bytes() == before


def test_the_gradient_of_the_fit_is_that_of_its_loss() -> None:
    random = np.random.default_rng(3)
    group, wanted = np.array([0, 1, 0, 2, 1]), np.array([False, True, False])
    listing = retrieval_fit.Listing("d", random.random((5, 3)), random.random(5), group, wanted, lambda scores: {})
    weights, step = random.random(3), 1e-6
    slope = [
        (retrieval_fit.loss(weights + step * one, listing, 4.0)[0] - retrieval_fit.loss(weights - step * one, listing, 4.0)[0]) / (2 * step)
        for one in np.eye(3)
    ]
    np.testing.assert_allclose(retrieval_fit.loss(weights, listing, 4.0)[1], slope, rtol=1e-5)


def test_the_fit_finds_the_part_that_tells() -> None:
    random = np.random.default_rng(4)
    listings = []
    for number in range(30):
        parts = random.random((6, len(retrieval_fit.PASSAGES.present)))
        wanted = np.arange(6) == parts[:, 1].argmax()
        listings.append(retrieval_fit.Listing(str(number), parts, np.zeros(6), np.arange(6), wanted, lambda scores: {}))
    weights = retrieval_fit.fitted(retrieval_fit.PASSAGES, [listings])
    assert weights.argmax() == 1
    assert weights[1] > 5 * np.delete(weights, 1).max()


@pytest.mark.parametrize(
    ("document", "text", "gold"),
    [
        ("a", "It had cost FORTY million kroner.", True),
        ("a", "Cost forty", True),  # a part of it
        ("a", "As the town said, it had cost forty million kroner, in all.", True),  # more than it
        ("b", "It had cost forty million kroner.", False),
        ("a", "It had cost forty million krone", False),  # no whole word
        ("a", "…", False),
    ],
)
def test_a_gold_sentence_is_known_by_its_words_and_document(document: str, text: str, gold: bool) -> None:
    case = Case("1", "What did it cost?", True, answers=("40",), support=(Support("a", "It had cost forty million kroner."),))
    assert retrieval_sets.is_gold(case, Told(document, "Bridge", text)) is gold


def test_documents_beside_a_set_are_indexed_with_its_own(bench: Path, home: Path) -> None:
    one = next(one for one in retrieval_sets.SETS if one.beside)
    with closing(retrieval_sets.opened(one, bench, home, ignore)) as library:
        assert {retrieval_sets.name(passage) for passage in library.catalog.all_passages()} == {*ARTICLES, "other"}


def test_evidence_of_a_plain_search_fills_the_budget_and_no_more(bench: Path, home: Path) -> None:
    one = next(one for one in retrieval_sets.SETS if one.name == "clapnq")
    with closing(retrieval_sets.opened(one, bench, home, ignore)) as library:
        passages = list(library.catalog.all_passages())
    sentences = [text for passage in passages for text in retrieval_sets.sentences(passage)]
    taken = retrieval_sets.filled(passages, 60)
    assert [told.text for told in taken] == sentences[: len(taken)]
    assert 0 < len(taken) < len(sentences)
    assert retrieval_sets.cost(taken) <= 60 < retrieval_sets.cost(retrieval_sets.filled(passages, 1000))


def test_the_index_to_time_searches_in_is_filled_with_altered_copies(bench: Path, home: Path, tmp_path: Path) -> None:
    one = next(one for one in retrieval_sets.SETS if one.name == "clapnq")
    retrieval_sets.opened(one, bench, home, ignore).close()
    many = tmp_path / "many"
    retrieval_speed.build(many, [retrieval_sets.home_of(one, home)], 30, 0, ignore)
    with closing(Catalog(many / CATALOG)) as catalog:
        texts = [passage.text for passage in catalog.all_passages()]
        _, vectors = catalog.content_vectors(catalog.meta("embedder") or "")
    assert 30 <= len(texts) <= 30 + len(ARTICLES)
    assert len(set(texts)) > 3 * len(ARTICLES)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=2e-3)
    questions, times = tmp_path / "questions.json", tmp_path / "times.json"
    questions.write_text(json.dumps(list(QUESTIONS)), encoding="utf-8")
    retrieval_speed.child(many, questions, times)
    told = json.loads(times.read_text(encoding="utf-8"))
    assert len(told["searches"]) == len(QUESTIONS)
    assert told["passages"] == len(texts)
    with closing(Library.open(Settings(home=many), ignore)) as library:
        assert library.vectors.is_open
        best = library.search("Who expects lower inflation?", 1, retrieval_sets.tokens, 100).hits[0]
    assert "inflation" in best.passage.text

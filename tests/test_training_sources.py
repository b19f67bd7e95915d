"""The files that are learned from: what is taken of them, and what is kept apart."""

import json
import random
from collections import Counter
from pathlib import Path

import pytest

from qa.errors import FootnoteError
from qa.training import sources
from qa.training.pair import Pair
from tests import training_sample

ROWS = 6
STABLE = (
    ("Elmstead Holm tower", True),
    ("of mill Westerby", True),
    ("Holm tower Elmstead", True),
    ("Tolmark Müller Orrin", False),
    ("of mill Holm", False),
    ("Westerby Müller Tolmark", False),
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return training_sample.files(tmp_path_factory.mktemp("sources") / "train", ROWS)


@pytest.fixture(scope="module")
def articles(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return training_sample.news(tmp_path_factory.mktemp("sources") / "news.jsonl", ROWS)


def of(group: str) -> Pair:
    return Pair("answer", "Who?", "", "Nobody.", 0, "sample", group)


def test_every_file_gives_pairs(folder: Path, articles: Path) -> None:
    found = sources.pairs(folder, articles, 1)
    told = Counter(pair.source.partition("+")[0] for pair in found)
    assert set(told) == {*sources.QUESTIONS, *sources.CLAIMS, "news"}
    assert {told[source] for source in sources.CLAIMS} == {ROWS}
    assert {pair.task for pair in found} == {"answer", "judge"}


def test_the_span_of_every_pair_lies_in_its_text(folder: Path, articles: Path) -> None:
    located = [pair for pair in sources.pairs(folder, articles, 1) if pair.start >= 0]
    assert located
    assert all(pair.label == 1 and pair.text[pair.start : pair.end].strip() for pair in located)
    assert not any(pair.source.partition("+")[0] in sources.WHOLE for pair in located)


def test_the_seed_decides_the_pairs_and_their_order(folder: Path, articles: Path) -> None:
    first, again, other = (sources.pairs(folder, articles, seed) for seed in (1, 1, 2))
    assert first == again
    assert set(first) != set(other)


def test_a_share_takes_so_much_of_every_file(folder: Path, articles: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "CLAIMS", dict.fromkeys(sources.CLAIMS, ROWS))
    half = [pair for pair in sources.pairs(folder, articles, 1, 0.5) if pair.source in sources.CLAIMS]
    assert len(half) == len(sources.CLAIMS) * ROWS // 2
    assert not [pair for pair in sources.pairs(folder, None, 1) if pair.source.startswith("news")]


def test_long_evidence_is_left_out(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "LONGEST", 20)
    assert not [pair for pair in sources.pairs(folder, None, 1) if pair.source in sources.CLAIMS]


@pytest.mark.parametrize("name", ["qa_qamr.jsonl.gz", "claims_wice.jsonl.gz"])
def test_a_missing_file_is_told_in_one_line(folder: Path, name: str) -> None:
    file = folder / name
    content = file.read_bytes()
    file.unlink()
    try:
        with pytest.raises(FootnoteError) as error:
            sources.pairs(folder, None, 1)
    finally:
        file.write_bytes(content)
    assert name in error.value.line()
    assert "No such file" in error.value.line()
    assert "\n" not in error.value.line()


def test_a_file_that_is_not_packed_is_told_in_one_line(folder: Path) -> None:
    file = folder / "qa_qamr.jsonl.gz"
    content = file.read_bytes()
    file.write_text("{}\n", encoding="utf-8")
    try:
        with pytest.raises(FootnoteError, match="Cannot read"):
            sources.pairs(folder, None, 1)
    finally:
        file.write_bytes(content)


def test_missing_news_are_told_in_one_line(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(FootnoteError) as error:
        sources.pairs(folder, tmp_path / "none.jsonl", 1)
    assert "none.jsonl" in error.value.line()
    assert "\n" not in error.value.line()


def groups(count: int) -> list[str]:
    """Invented titles."""
    rng = random.Random(7)
    words = (*training_sample.PLACES, *training_sample.THINGS, *" ".join(training_sample.PEOPLE).split())
    return sorted({" ".join(rng.sample(words, 3)) for _ in range(count)})


def test_one_article_in_forty_is_held_out() -> None:
    told = groups(8000)
    assert 1 / 50 < sum(sources.is_held_out(of(group)) for group in told) / len(told) < 1 / 32


@pytest.mark.parametrize(("group", "held"), STABLE)
def test_what_is_held_out_never_changes(group: str, held: bool) -> None:
    assert sources.is_held_out(of(group)) == held


def test_the_halves_of_the_articles_are_every_other_one_and_all_together() -> None:
    titles = ["Dam", "Ant", "Cat", "Bee", "Ant", "Elk"]
    assert sources.half(titles, "odd") == {"Ant", "Cat", "Elk"}
    assert sources.half(reversed(titles), "even") == {"Bee", "Dam"}
    assert sources.half([], "odd") == frozenset()


def test_near_misses_are_of_their_passage(tmp_path: Path) -> None:
    folder = training_sample.near(tmp_path / "near", 12)
    passages = {row["id"]: row for row in map(json.loads, (folder / "corpus.jsonl").read_text("utf-8").splitlines())}
    rows = [json.loads(line) for line in (folder / "questions.jsonl").read_text("utf-8").splitlines()]
    first, again, other = (sources.near_misses(iter(rows), passages, seed) for seed in (1, 1, 2))
    assert first == again
    assert first != other
    answers = {answer for row in rows if row["answerable"] for answer in row["answers"]}
    assert {pair.text[pair.start : pair.end] for pair in first if pair.start >= 0} == answers
    unanswerable = {passages[row["related_doc_ids"][0]]["title"]: row["question"] for row in rows if not row["answerable"]}
    beside = [pair for pair in first if pair.asked == unanswerable.get(pair.group)]
    assert len(beside) == len(unanswerable) == 3
    assert not any(pair.label for pair in beside)

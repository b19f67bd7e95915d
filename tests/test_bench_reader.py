"""The measures of the second reader's benchmark, against scikit-learn and by hand; its sets, over files of our own making."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from qa.reader import Text
from tests import reader_sets as sets
from tests.bench_reader import auc, of_articles, told_auc, told_mean
from tests.reader_sets import Asked

SCORED = st.lists(st.tuples(st.sampled_from([0.0, 0.1, 0.25, 0.5, 0.9, 1.0]), st.booleans(), st.integers(1, 3)), min_size=2, max_size=40)
MILL = "The mill was built by Rita Holm in 1874. It stood beside the river.\nOlaf Brandt bought it in 1902."


@settings(deadline=None)
@given(SCORED)
def test_the_area_is_that_of_scikit_learn(rows: list[tuple[float, bool, int]]) -> None:
    scores, truth = np.array([row[0] for row in rows]), np.array([row[1] for row in rows])
    times = np.array([float(row[2]) for row in rows])
    if truth.all() or not truth.any():
        return
    assert auc(scores, truth) == pytest.approx(roc_auc_score(truth, scores))
    assert auc(scores, truth, times) == pytest.approx(roc_auc_score(truth, scores, sample_weight=times))


def test_figures_are_told_with_their_interval() -> None:
    groups = [f"article {i}" for i in range(40)]
    assert told_mean([1.0] * 40, groups) == "1.000 (1.000-1.000)"
    whole = told_auc([0.9, 0.1] * 20, [True, False] * 20, groups)
    assert whole == "1.000 (1.000-1.000)"
    value, low, high = told_mean([0.0, 1.0] * 20, groups).replace("(", "").replace(")", "").replace("-", " ").split()
    assert float(low) < float(value) == 0.5 < float(high)


def test_a_window_is_a_sentence_with_the_one_before() -> None:
    assert sets.windows(MILL, "Mill") == (
        Text("The mill was built by Rita Holm in 1874.", "Mill"),
        Text("The mill was built by Rita Holm in 1874. It stood beside the river.", "Mill"),
        Text("It stood beside the river.\nOlaf Brandt bought it in 1902.", "Mill"),
    )
    assert sets.windows(" \n", "") == ()


@pytest.fixture
def bench(tmp_path: Path) -> Path:
    """The folders of the public sets with a document and a question or two of our own each."""

    def write(name: str, file: str, *rows: dict[str, object]) -> None:
        (tmp_path / name).mkdir(exist_ok=True)
        (tmp_path / name / file).write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")

    articles: list[dict[str, object]] = []
    for name in ("squad2_cs224n_dev", "clapnq", "timeqa_human"):
        write(name, "corpus.jsonl", {"id": "m", "title": "Mill", "text": MILL})
        write(
            name, "questions.jsonl",
            {"id": "1", "question": "Who built the mill?", "answers": ["Rita Holm"], "answerable": True, "related_doc_ids": ["m"],
             "evidence_doc_ids": ["m"], "evidence_sentences": ["The mill was built by Rita Holm in 1874."]},
            {"id": "2", "question": "Who sold the mill?", "answers": [], "answerable": False, "related_doc_ids": ["m"],
             "evidence_doc_ids": []},
        )  # fmt: skip
    for place, title in enumerate(("A dam", "A dam too", "A ferry", "A lake")):
        articles.append({"id": title, "title": title, "date": f"2024-01-0{place + 1}", "text": "Text."})
    write("realtimeqa_dev", "corpus.jsonl", *articles)
    told = (
        ("A dam", "On which day did the dam of Orrin break?", "Monday", "The dam of Orrin broke on Monday."),
        ("A dam too", "How old is the dam?", "Ninety", "The dam of Orrin is ninety."),
        ("A ferry", "When did the ferry sink?", "Monday", "The ferry sank near the dam of Orrin on Monday."),
        ("A lake", "Which lake dried up?", "Lake Selm", "It dried up beside the dam of Orrin."),
    )
    write(
        "realtimeqa_dev", "questions.jsonl",
        *({"id": title, "question_raw": question, "answers": [answer], "answerable": True, "evidence_doc_ids": [title],
           "gold_evidence_text": text} for title, question, answer, text in told),
        {"id": "?", "question_raw": "Who?", "answers": [], "answerable": False, "evidence_doc_ids": []},
    )  # fmt: skip
    return tmp_path


def test_near_misses_keep_their_passage_and_tell_what_answers(bench: Path) -> None:
    one, other = sets.near_misses(bench, None, 1)
    assert (one.group, one.answers, len(one.windows)) == ("Mill", ("Rita Holm",), 3)
    assert (other.question, other.answers) == ("Who sold the mill?", ())


def test_other_texts_answer_other_questions_and_not_this_one(bench: Path) -> None:
    gold, *others = [asked for asked in sets.other_texts(bench, None, 1) if asked.group == "A dam"]
    assert (gold.answers, gold.windows[0].context) == (("Monday",), "A dam · 2024-01-01")
    assert {asked.windows[0].text for asked in others} == {"The dam of Orrin is ninety.", "It dried up beside the dam of Orrin."}
    assert not any(asked.answers for asked in others)


def test_a_text_without_the_words_of_its_answer_is_left_out(bench: Path) -> None:
    assert "A lake" not in {asked.group for asked in sets.other_texts(bench, None, 1)}


def test_claims_come_in_twos_and_the_changed_ones_differ(bench: Path) -> None:
    found = sets.claims(bench, 1)
    assert found
    assert [one.changed is None for one in found] == [True, False] * (len(found) // 2)
    for sound, changed in zip(found[::2], found[1::2], strict=True):
        assert sound.claim != changed.claim
        assert changed.claim not in changed.text.text


def test_one_half_of_the_articles_and_the_other_are_all() -> None:
    found = [Asked("?", group, (), ()) for group in "dbcaab"]
    odd, even = of_articles(found, "odd"), of_articles(found, "even")
    assert {asked.group for asked in odd} == {"a", "c"}
    assert len(odd) + len(even) == len(of_articles(found, "all")) == 6

"""Case files: what is read, what is refused and how it is told, what is chosen."""

import json
from pathlib import Path

import pytest

from qa.errors import UsageError
from qa.evaluation.cases import chosen, read_cases, unknown_documents
from qa.evaluation.types import Case, Fault, Support
from qa.settings import data_folder
from qa.types import Turn

GOOD = {"id": "a", "question": "Who?", "answerable": True, "answers": ["Ada"], "type": "fact"}


def write(path: Path, *rows: object) -> Path:
    path.write_text("\n".join(row if isinstance(row, str) else json.dumps(row) for row in rows), encoding="utf-8")
    return path


def test_the_gold_questions_are_cases() -> None:
    file = read_cases(data_folder("seeds") / "questions.jsonl", strict=True)
    assert file.name == "questions.jsonl"
    assert len(file.cases) == 72
    assert sum(case.answerable for case in file.cases) == 48
    assert all(case.support and all(one.quote for one in case.support) for case in file.cases if case.answerable)


def test_every_field_of_the_contract(tmp_path: Path) -> None:
    row = {
        "id": 7, "question": " When?\n", "history": [{"role": "user", "content": "Hi"}, {"role": "agent", "text": "Yes"}],
        "answerable": True, "all_of": [["x", "y"], ["z"]], "patterns": [r"\d+"], "evidence": [{"file": "a.txt", "quote": "It was."}],
        "note": "n", "more": 1,
    }  # fmt: skip
    (case,) = read_cases(write(tmp_path / "c.jsonl", row)).cases
    assert case == Case(
        "7", "When?", True, (Turn("user", "Hi"), Turn("assistant", "Yes")), (), (("x", "y"), ("z",)), (r"\d+",),
        (Support("a.txt", "It was."),), "", "n",
    )  # fmt: skip


def test_quotes_belong_to_the_only_document_named(tmp_path: Path) -> None:
    one = GOOD | {"evidence_doc_ids": ["d"], "evidence_sentences": ["S.", "T."]}
    two = GOOD | {"id": "b", "evidence_doc_ids": ["d", "e"], "evidence_sentences": ["S."]}
    first, second = read_cases(write(tmp_path / "c.jsonl", one, two)).cases
    assert first.support == (Support("d", "S."), Support("d", "T."))
    assert second.support == (Support("d"), Support("e"))
    assert first.documents == ("d",)


def test_what_an_unanswerable_row_offers_as_answer_is_not_looked_at(tmp_path: Path) -> None:
    (case,) = read_cases(write(tmp_path / "c.jsonl", GOOD | {"answerable": False, "evidence_doc_ids": ["d"]})).cases
    assert (case.answers, case.support) == ((), ())


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ('{"id": "x"', "not JSON: Expecting ',' delimiter at character 11"),
        ("[1]", "not a JSON object"),
        (r'{"id": "x", "note": "\ud83d"}', "half of a character (a lone surrogate) stands in it"),
        ({k: v for k, v in GOOD.items() if k != "question"} | {"id": "x"}, "question: Field required"),
        (GOOD | {"id": "x", "question": " "}, "The question is empty"),
        (GOOD | {"id": "x", "question": "a" * 3000}, "The question has 3000 characters, 2000 are allowed"),
        (GOOD | {"id": "x", "answers": []}, "it is answerable, but no answers, all_of or patterns say what is right"),
        (GOOD | {"id": "x", "answers": ["", " "]}, "it is answerable, but no answers, all_of or patterns say what is right"),
        (GOOD | {"id": "x", "all_of": [["a"], []]}, "a group of all_of is empty"),
        (GOOD | {"id": "x", "patterns": ["("]}, "'(' is not a regular expression: missing ), unterminated subpattern at position 0"),
        (GOOD | {"id": "x", "answers": "Ada"}, "answers: Input should be a valid tuple"),
        (GOOD | {"id": "x", "history": [{"role": "king", "content": "?"}]}, "history.0.role: Input should be 'user' or 'assistant'"),
        (GOOD, "the id 'a' was used before"),
    ],
)
def test_a_wrong_row_is_named_by_its_line_and_left_out(tmp_path: Path, row: object, reason: str) -> None:
    path = write(tmp_path / "c.jsonl", GOOD, "", row, GOOD | {"id": "last"})
    file = read_cases(path)
    assert [case.id for case in file.cases] == ["a", "last"]
    assert file.faults == (Fault(3, reason),)
    with pytest.raises(UsageError) as caught:
        read_cases(path, strict=True)
    assert caught.value.message == f"{path}, line 3: {reason}"
    assert "\n" not in caught.value.line()


def test_files_that_hold_no_cases(tmp_path: Path) -> None:
    for path, words in (
        (tmp_path, "is a folder"),
        (tmp_path / "missing.jsonl", "cannot be read: No such file"),
        (write(tmp_path / "empty.jsonl"), "holds no cases"),
        (write(tmp_path / "prose.jsonl", "Dear Ada,", "no."), "line 1: not JSON"),
    ):
        with pytest.raises(UsageError, match=words):
            read_cases(path)
    (tmp_path / "latin.jsonl").write_bytes(b'{"id": "\xe9"}')
    with pytest.raises(UsageError, match="is not UTF-8: byte 8"):
        read_cases(tmp_path / "latin.jsonl")


def test_a_line_ends_at_a_line_feed_only(tmp_path: Path) -> None:
    (case,) = read_cases(write(tmp_path / "c.jsonl", json.dumps(GOOD | {"note": "a\u2028b"}, ensure_ascii=False))).cases
    assert case.note == "a\u2028b"


def cases(*types: str) -> list[Case]:
    return [Case(str(number), "?", True, answers=("x",), type=name) for number, name in enumerate(types)]


def test_choosing_by_type_sample_and_limit() -> None:
    all_ = cases(*"aabbcc" * 20)
    assert {case.type for case in chosen(all_, ["a", "b"])} == {"a", "b"}
    small, large = chosen(all_, sample=10, seed=3), chosen(all_, sample=30, seed=3)
    assert len(small) == 10
    assert {case.id for case in small} < {case.id for case in large}
    assert [int(case.id) for case in large] == sorted(int(case.id) for case in large)
    assert small != chosen(all_, sample=10, seed=4)
    assert chosen(all_, limit=3) == all_[:3]
    assert chosen(all_, sample=500) == all_
    with pytest.raises(UsageError, match="No case has the type 'z'"):
        chosen(all_, ["z"])


def test_cases_that_name_a_document_which_is_not_indexed() -> None:
    known = ["seeds/a.txt", "bench/corpus.jsonl#c_1"]
    named = [
        Case("row", "?", True, answers=("x",), support=(Support("c_1"),)),
        Case("file", "?", True, answers=("x",), support=(Support("seeds/a.txt"),)),
        Case("gone", "?", True, answers=("x",), support=(Support("a.txt"), Support("b.txt"))),
    ]
    assert unknown_documents(named, known) == {"gone": "b.txt"}

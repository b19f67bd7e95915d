"""Replies that are kept: found again under what decides them, and never lost to a process that dies."""

import dataclasses
from pathlib import Path

import pytest

from qa.errors import StoreError
from qa.evaluation import cache as cache_module
from qa.evaluation.cache import Cache
from qa.evaluation.journal import Journal
from qa.evaluation.types import Case, Reply
from qa.types import Fingerprint, Turn
from tests.reports import report

CASE = Case("a", "Who opened it?", True, answers=("Ada",))
FINGERPRINT = Fingerprint("m", "i", "c", "s", (("answer", "1"), ("confirm", "1"), ("standalone", "1")))
USED = ("answer", "confirm")


@pytest.fixture
def reply() -> Reply:
    return dataclasses.replace(report(3, seed=1).scored[0].reply, case="a", question=CASE.question)


def test_a_reply_is_found_again_by_another_process(tmp_path: Path, reply: Reply) -> None:
    Cache(tmp_path / "replies.jsonl").add(CASE, FINGERPRINT, USED, reply)
    assert Cache(tmp_path / "replies.jsonl").find(CASE, FINGERPRINT) == reply
    assert Cache(tmp_path / "replies.jsonl", reading=False).find(CASE, FINGERPRINT) is None


def test_what_a_case_expects_and_is_called_does_not_decide_the_reply(tmp_path: Path, reply: Reply) -> None:
    Cache(tmp_path / "replies.jsonl").add(CASE, FINGERPRINT, USED, reply)
    other = dataclasses.replace(CASE, id="b", answers=("Bo",), note="new")
    assert Cache(tmp_path / "replies.jsonl").find(other, FINGERPRINT) == dataclasses.replace(reply, case="b")


@pytest.mark.parametrize("name", ["model", "index", "code", "settings"])
def test_whatever_decides_a_reply_parts_it(tmp_path: Path, reply: Reply, name: str) -> None:
    Cache(tmp_path / "replies.jsonl").add(CASE, FINGERPRINT, USED, reply)
    changed = Fingerprint(**(dataclasses.asdict(FINGERPRINT) | {name: "other"}))
    assert Cache(tmp_path / "replies.jsonl").find(CASE, changed) is None


def test_question_and_history_part_it(tmp_path: Path, reply: Reply) -> None:
    Cache(tmp_path / "replies.jsonl").add(CASE, FINGERPRINT, USED, reply)
    kept = Cache(tmp_path / "replies.jsonl")
    assert kept.find(dataclasses.replace(CASE, question="Who closed it?"), FINGERPRINT) is None
    assert kept.find(dataclasses.replace(CASE, history=(Turn("user", "Hi"),)), FINGERPRINT) is None


def test_a_changed_prompt_counts_only_where_it_was_used(tmp_path: Path, reply: Reply) -> None:
    Cache(tmp_path / "replies.jsonl").add(CASE, FINGERPRINT, USED, reply)
    kept = Cache(tmp_path / "replies.jsonl")
    unused = dataclasses.replace(FINGERPRINT, prompts=(("answer", "1"), ("confirm", "1"), ("standalone", "2")))
    used = dataclasses.replace(FINGERPRINT, prompts=(("answer", "1"), ("confirm", "2"), ("standalone", "1")))
    assert kept.find(CASE, unused) == reply
    assert kept.find(CASE, used) is None
    kept.add(CASE, used, USED, dataclasses.replace(reply, answer="other"))
    both = Cache(tmp_path / "replies.jsonl")
    assert (both.find(CASE, FINGERPRINT), both.find(CASE, used)) == (reply, dataclasses.replace(reply, answer="other"))


@pytest.mark.parametrize("torn", [b"\n", b'{"key":"', b"{}\n", b"\xff\xfe\n", b'{"key":"0123456789abcdef0123456789abcdef","pro'])
def test_a_line_that_a_dying_process_left_is_passed_over(tmp_path: Path, reply: Reply, torn: bytes) -> None:
    path = tmp_path / "replies.jsonl"
    Cache(path).add(CASE, FINGERPRINT, USED, reply)
    with path.open("ab") as file:
        file.write(torn)
    later = dataclasses.replace(CASE, question="Then?")
    Cache(path).add(later, FINGERPRINT, USED, reply)
    assert Cache(path).find(CASE, FINGERPRINT)
    assert Cache(path).find(later, FINGERPRINT)


def test_every_cut_of_the_file_keeps_what_was_whole(tmp_path: Path) -> None:
    whole = tmp_path / "whole"
    for number in range(3):
        Journal(whole).append(b"line %d" % number)
    content = whole.read_bytes()
    for cut in range(len(content) + 1):
        path = tmp_path / f"cut{cut}"
        path.write_bytes(content[:cut])
        kept = [line for _, line in Journal(path).lines()]
        assert kept == [b"line %d" % number for number in range(content[:cut].count(b"\n"))]
        Journal(path).append(b"next")
        *before, after = [line for _, line in Journal(path).lines()]
        assert (before[: len(kept)], after) == (kept, b"next")


def test_the_oldest_replies_are_forgotten_when_there_are_too_many(tmp_path: Path, reply: Reply, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "replies.jsonl"
    asked = [dataclasses.replace(CASE, question=str(number)) for number in range(10)]
    for case in asked:
        Cache(path).add(case, FINGERPRINT, USED, reply)
    monkeypatch.setattr(cache_module, "LARGEST", path.stat().st_size - 1)
    found = [Cache(path).find(case, FINGERPRINT) is not None for case in asked]
    assert found == [False] * 5 + [True] * 5


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path, reply: Reply) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="cannot be used"):
        Cache(tmp_path / "file" / "replies.jsonl").add(CASE, FINGERPRINT, USED, reply)

"""The box of proposals: nothing that was told to be kept is lost, whatever happens to the process."""

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from qa.errors import StoreError
from qa.evaluation.box import FILE, Box, append_case, from_feedback
from qa.evaluation.cases import read_cases
from qa.evaluation.types import Case, Proposal, Support
from qa.types import Turn

CASE = Case(
    "d-1",
    "Who opened the bridge?",
    True,
    history=(Turn("user", "Hello"), Turn("assistant", "Hello.")),
    answers=("Kari Dahl", "Dahl"),
    all_of=(("a", "b"),),
    patterns=("^Ka",),
    support=(Support("a.txt", "Kari Dahl opened\nit."), Support("b.txt")),
    type="drafted",
    note="a note — with a dash",
)
SILENT = Case("u-2", "Who closed the bridge?", False, type="swapped")


def proposal(case: Case) -> Proposal:
    return Proposal(case, "drafted", "about", {"answer": "x"})


def test_what_goes_in_comes_out(tmp_path: Path) -> None:
    Box(tmp_path).add([proposal(CASE), proposal(SILENT)])
    assert Box(tmp_path).waiting() == (proposal(CASE), proposal(SILENT))


def test_a_box_that_was_never_used_is_empty(tmp_path: Path) -> None:
    box = Box(tmp_path / "nowhere")
    assert (box.waiting(), box.known(), box.decided()) == ((), frozenset(), {})


def test_what_was_decided_on_no_longer_waits_and_stays_known(tmp_path: Path) -> None:
    box = Box(tmp_path)
    box.add([proposal(CASE), proposal(SILENT)])
    box.decide("d-1", "refused")
    assert box.waiting() == (proposal(SILENT),)
    assert box.decided() == {"d-1": "refused"}
    assert box.known() == {CASE.question, SILENT.question}


def test_a_proposal_that_is_added_twice_waits_once(tmp_path: Path) -> None:
    box = Box(tmp_path)
    box.add([proposal(CASE), proposal(CASE)])
    assert len(box.waiting()) == 1


def test_a_torn_line_is_passed_over_and_mended(tmp_path: Path) -> None:
    box = Box(tmp_path)
    box.add([proposal(CASE), proposal(SILENT)])
    path = tmp_path / FILE
    path.write_bytes(path.read_bytes()[:-20])
    assert box.waiting() == (proposal(CASE),)
    box.decide("d-1", "accepted")
    box.add([proposal(SILENT)])
    assert box.waiting() == (proposal(SILENT),)
    assert box.decided() == {"d-1": "accepted"}


def test_a_killed_process_loses_nothing(tmp_path: Path) -> None:
    code = (
        "import sys, pathlib\n"
        "from qa.evaluation.box import Box\n"
        "from qa.evaluation.types import Case, Proposal\n"
        "box = Box(pathlib.Path(sys.argv[1]))\n"
        "for number in range(100_000):\n"
        "    box.add([Proposal(Case(f'd-{number}', f'Question {number}?', False), 'swapped')])\n"
        "    print(number, flush=True)\n"
    )
    with subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        told = [int(process.stdout.readline()) for _ in range(20)]
        process.send_signal(signal.SIGKILL)
        told += [int(line) for line in process.stdout]
    kept = {one.case.id for one in Box(tmp_path).waiting()}
    assert {f"d-{number}" for number in told} <= kept


def test_an_accepted_case_is_a_row_that_is_read_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "cases.jsonl"
    append_case(path, CASE)
    append_case(path, SILENT)
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    assert rows[1] == {"id": "u-2", "question": "Who closed the bridge?", "answerable": False, "type": "swapped"}
    assert rows[0]["evidence"] == [{"file": "a.txt", "quote": "Kari Dahl opened\nit."}, {"file": "b.txt"}]
    assert read_cases(path).cases == (CASE, SILENT)


def test_a_case_begins_on_a_line_of_its_own(tmp_path: Path) -> None:
    path = tmp_path / "cases.jsonl"
    path.write_text('{"id": "1"}', encoding="utf-8")
    append_case(path, SILENT)
    assert [json.loads(line)["id"] for line in path.read_text(encoding="utf-8").splitlines()] == ["1", "u-2"]


def test_a_file_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="cannot be used") as caught:
        append_case(tmp_path, CASE)
    assert "Name a file" in caught.value.hint


TRACE = {
    "question": "And who opened it?",
    "standalone_question": "Who opened the bridge?",
    "answered": True,
    "answer": "Kari Dahl opened it [1].",
    "reason": None,
    "sentences": [{"text": "Kari Dahl opened it.", "citations": [1]}],
    "citations": [{"number": 1, "file": "a.txt", "quote": "Mayor Kari Dahl opened it on Monday."}],
}
WITHHELD = TRACE | {"answered": False, "answer": "The documents do not tell.", "reason": "nothing", "sentences": [], "citations": []}


def test_thumbs_up_confirm_an_answer() -> None:
    found = from_feedback("ab12", True, "", TRACE)
    assert (found.case.id, found.case.question, found.origin) == ("f-ab12", "Who opened the bridge?", "thumbs up")
    assert found.case.answerable
    assert found.case.answers == ("Kari Dahl opened it.",)
    assert found.case.support == (Support("a.txt", "Mayor Kari Dahl opened it on Monday."),)
    assert found.trace == TRACE


def test_thumbs_up_confirm_a_silence() -> None:
    found = from_feedback("ab12", True, "", WITHHELD)
    assert (found.case.answerable, found.case.answers, found.case.support) == (False, (), ())


@pytest.mark.parametrize(("trace", "said"), [(TRACE, "Kari Dahl opened it."), (WITHHELD, "withheld: nothing")])
def test_thumbs_down_wait_for_the_right_answer(trace: dict[str, object], said: str) -> None:
    found = from_feedback("ab12", False, "It was the king.", trace)
    assert (found.case.answerable, found.case.answers, found.origin) == (True, (), "thumbs down")
    assert said in found.about
    assert "It was the king." in found.about


def test_feedback_is_kept_like_any_proposal(tmp_path: Path) -> None:
    found = from_feedback("ab12", False, "no", TRACE)
    Box(tmp_path).add([found])
    assert Box(tmp_path).waiting() == (found,)

"""The second reader as it is shipped: what it says of small texts of our own, and that nothing it is given harms it."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as tried
from hypothesis import strategies as st

from qa import reader
from qa.errors import SettingsError, WeightsError
from qa.reader import FILE, Judgement, Reader, Text, best_span, checked, joined, open_reader
from qa.settings import Settings
from qa.types import ignore

BRIDGE = Text("The footbridge was opened by Mayor Helen Ostrow on 4 May 2019. It is 412 metres long.", "A bridge for Marlow")
FERRIES = Text("Norway sold 120 electric ferries to Chile in 2021.", "Ferries for the south")


@pytest.fixture(scope="module")
def second(files: Settings) -> Iterator[Reader]:
    opened = open_reader(files, ignore)
    assert opened is not None
    with closing(opened):
        yield opened


@pytest.mark.parametrize(
    ("question", "text", "answer"),
    [
        ("Who opened the footbridge?", BRIDGE, "Helen Ostrow"),
        ("When was the footbridge opened?", BRIDGE, "4 May 2019"),
        ("How long is the footbridge?", BRIDGE, "412 metres"),
        ("To which country did Norway sell ferries?", FERRIES, "Chile"),
        ("How many electric ferries did Norway sell?", FERRIES, "120"),
    ],
)
def test_it_finds_the_words_that_answer(second: Reader, question: str, text: Text, answer: str) -> None:
    found = second.read(question, [text])[0]
    assert answer in text.text[found.start : found.end]
    assert found.answers > 0.5


@pytest.mark.parametrize(
    ("question", "right", "wrong"), [("Who opened the footbridge?", BRIDGE, FERRIES), ("Who sold ferries to Chile?", FERRIES, BRIDGE)]
)
def test_a_text_that_answers_comes_before_one_that_does_not(second: Reader, question: str, right: Text, wrong: Text) -> None:
    one, other = second.read(question, [right, wrong])
    assert one.answers > 0.5 > other.answers


@pytest.mark.parametrize(
    ("sound", "changed"),
    [
        ("Helen Ostrow opened the footbridge.", "Tomas Varga opened the footbridge."),
        ("The footbridge is 412 metres long.", "The footbridge is 214 metres long."),
        ("The footbridge was opened in 2019.", "The footbridge was not opened in 2019."),
        ("Who opened the footbridge? Helen Ostrow", "Who opened the footbridge? Tomas Varga"),
    ],
)
def test_a_sound_claim_is_supported_and_a_changed_one_is_far_less(second: Reader, sound: str, changed: str) -> None:
    kept, doubted = (second.judge(claim, [BRIDGE])[0] for claim in (sound, changed))
    assert kept.verdict == "supported"
    assert doubted.supported < kept.supported - 0.3


def test_a_claim_on_something_else_is_neither_supported_nor_contradicted(second: Reader) -> None:
    assert second.judge("The museum closed in March.", [FERRIES])[0].verdict == "unsettled"


def test_a_text_is_read_alike_in_any_company_and_on_any_number_of_threads(second: Reader, files: Settings) -> None:
    texts = [BRIDGE, FERRIES, Text("A dog sleeps."), Text("word " * 300)]
    together = second.read("Who opened the footbridge?", texts)
    assert [second.read("Who opened the footbridge?", [text])[0] for text in texts] == list(together)
    with closing(open_reader(files.model_copy(update={"threads": 1}), ignore)) as alone:  # type: ignore[type-var]
        assert alone is not None
        assert alone.read("Who opened the footbridge?", texts) == together


def test_the_context_is_read_but_never_the_answer(second: Reader) -> None:
    found = second.read("What is it about?", [Text("It is 412 metres long.", "A bridge for Marlow")])[0]
    assert 0 <= found.start <= found.end <= len("It is 412 metres long.")


def test_of_nothing_it_says_nothing(second: Reader) -> None:
    assert second.read("Who?", []) == ()
    assert second.judge("It rains.", []) == ()
    found = second.read("Who?", [Text("")])[0]
    assert (found.start, found.end, found.span) == (0, 0, 0.0)


def test_it_stops_between_texts_when_told_to(second: Reader) -> None:
    told = iter([False, False, True])
    assert len(second.read("Who?", [BRIDGE] * 5, lambda: next(told))) == 2


@tried(max_examples=40, deadline=None)
@given(question=st.text(max_size=300), text=st.text(max_size=600), context=st.text(max_size=200))
def test_any_text_gets_probabilities_and_a_span_within_it(second: Reader, question: str, text: str, context: str) -> None:
    found = second.read(question, [Text(text, context)])[0]
    assert 0 <= found.answers <= 1
    assert 0 <= found.span <= 1 + 1e-6
    assert 0 <= found.start <= found.end <= len(text)
    judged = second.judge(question, [Text(text, context)])[0]
    assert judged.supported + judged.contradicted + judged.unsettled == pytest.approx(1, abs=1e-5)


def test_the_likeliest_span_never_ends_before_it_begins() -> None:
    starts, ends = np.array([0, 9, 0, 5], dtype=np.float32), np.array([9, 0, 5, 0], dtype=np.float32)
    first, last, share = best_span(starts, ends, np.array([True] * 4))
    assert (first, last) == (1, 2)
    assert 0 < share < 1
    assert best_span(starts, ends, np.array([False, False, False, True]))[:2] == (3, 3)


def test_a_context_stands_before_its_text() -> None:
    assert joined("Title", "Text.") == ("Title: Text.", 7)
    assert joined("", "Text.") == ("Text.", 0)


def test_the_verdict_is_the_likeliest() -> None:
    assert Judgement(0.2, 0.5, 0.3).verdict == "contradicted"


def test_a_file_that_is_not_ours_is_refused_in_one_line(tmp_path: Path) -> None:
    strange = tmp_path / "reader.onnx"
    with pytest.raises(WeightsError, match="cannot be read") as missing:
        checked(strange)
    strange.write_bytes(FILE.read_bytes()[:-1] + b"?")
    with pytest.raises(WeightsError, match="damaged") as damaged:
        checked(strange)
    for error in (missing.value, damaged.value):
        assert "\n" not in error.line()
        assert "FOOTNOTE_READER=none" in error.hint


def test_it_can_be_switched_off_and_nothing_else(files: Settings) -> None:
    assert open_reader(files.model_copy(update={"reader": "none"}), ignore) is None
    with pytest.raises(SettingsError, match="crystal ball"):
        open_reader(files.model_copy(update={"reader": "crystal ball"}), ignore)


def test_the_file_is_small_enough_to_be_shipped() -> None:
    assert FILE.stat().st_size <= 25_000_000
    assert reader.SHA256

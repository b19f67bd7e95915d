"""How the signals of an answer make one probability, and where the model of them comes from."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa.confidence import FILE, NAMES, Confidence, Signals, answering, confidence_of, keep, least, read, shared_words
from qa.errors import SettingsError
from tests.claims import evidence_of

SHARE = st.floats(0, 1)
PLAIN = Confidence("test", -1.0, {"yes": 0.5, "words": 2.0}, {"yes": 0.4, "words": 0.6}, 100, 60, 0.8, 0.05, 0.15)
SHIPPED = read(FILE)


@given(st.builds(Signals, *(st.none() | SHARE for _ in NAMES)))
def test_it_is_a_probability_whatever_is_told(signals: Signals) -> None:
    for model in (PLAIN, *SHIPPED):
        assert 0 < model.probability(signals) < 1


@given(SHARE, SHARE, SHARE)
def test_more_that_speaks_for_it_makes_it_no_less_sure(one: float, other: float, words: float) -> None:
    less, more = sorted((one, other))
    assert PLAIN.probability(Signals(yes=less, words=words)) <= PLAIN.probability(Signals(yes=more, words=words))


def test_what_is_missing_counts_as_usual() -> None:
    assert PLAIN.probability(Signals()) == pytest.approx(1 / (1 + 2.718281828 ** -(-1.0 + 0.5 * 0.4 + 2.0 * 0.6)))
    assert PLAIN.probability(Signals(words=0.6)) == pytest.approx(PLAIN.probability(Signals()))


def test_what_is_shipped_listens_to_every_one_of_its_witnesses() -> None:
    good = Signals(yes=0.98, stated=0.99, answers=0.95, words=0.9, found=2.0)
    bad = Signals(yes=0.2, stated=0.5, answers=0.05, words=0.1, found=0.8)
    for model in SHIPPED:
        assert model.probability(good) > 0.8
        assert model.probability(bad) < 0.3
        for name in model.weights:
            assert model.probability(replace(good, **{name: getattr(bad, name)})) <= model.probability(good)


def test_an_answer_is_as_good_as_its_weakest_sentence() -> None:
    assert least([Signals(yes=0.9, words=0.2), Signals(yes=0.3, words=0.8, answers=0.5)]) == Signals(yes=0.3, words=0.2, answers=0.5)


def test_a_model_that_was_never_measured_is_taken_like_the_first(tmp_path: Path) -> None:
    assert confidence_of("ollama:unheard-of", tmp_path) == SHIPPED[0]


def test_the_users_own_goes_first_and_replaces_only_its_own(tmp_path: Path) -> None:
    own = replace(PLAIN, model=SHIPPED[0].model)
    keep(PLAIN, tmp_path)
    keep(own, tmp_path)
    path = keep(replace(own, intercept=2.0), tmp_path)
    assert confidence_of(SHIPPED[0].model, tmp_path).intercept == 2.0
    assert confidence_of("test", tmp_path) == PLAIN
    assert len(read(path)) == 2


@pytest.mark.parametrize("content", ["", "[]", "{}", "no", json.dumps([{"model": "test"}])])
def test_a_damaged_file_is_told_with_what_mends_it(tmp_path: Path, content: str) -> None:
    (tmp_path / "confidence.json").write_text(content)
    with pytest.raises(SettingsError) as caught:
        confidence_of("test", tmp_path)
    assert "confidence.json" in caught.value.message
    assert "--calibrate" in str(caught.value.hint)


def test_a_file_with_signals_that_this_version_does_not_know_is_refused(tmp_path: Path) -> None:
    keep(replace(PLAIN, weights={"smell": 1.0}), tmp_path)
    with pytest.raises(SettingsError, match="another version"):
        confidence_of("test", tmp_path)


def test_what_the_reader_said_while_it_read_the_evidence_is_taken() -> None:
    shown = evidence_of("Bridge", "It opened in 1998.", "It cost 40 million.", "It is red.")
    assert answering(None, "What did it cost?", shown) is None
    read_ = [replace(item, answers=share) for item, share in zip(shown, (0.1, 0.8, None), strict=True)]
    assert answering(None, "What did it cost?", read_) == 0.8


def test_words_are_looked_for_in_the_sources_and_their_headings() -> None:
    (shown,) = evidence_of("Harbour bridge", "Mayor Dahl opened it.")
    assert shared_words("Who opened the harbour bridge?", [shown]) == 1.0
    assert shared_words("Who painted the tunnel?", [shown]) == 0.0
    assert shared_words("Who was it?", [shown]) == 1.0

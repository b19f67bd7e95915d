"""How two minds make one probability."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa.confidence import confidence

PROBABILITY = st.floats(0, 1)


def test_without_the_reader_the_model_has_the_word() -> None:
    assert confidence(0.3, None) == 0.3
    assert confidence(None, None) == 1.0


@given(PROBABILITY | st.none(), PROBABILITY)
def test_it_is_a_probability_whatever_they_say(yes: float | None, answers: float) -> None:
    assert 0 <= confidence(yes, answers) <= 1


@given(PROBABILITY, PROBABILITY, PROBABILITY)
def test_each_who_is_surer_makes_it_no_less_sure(one: float, other: float, third: float) -> None:
    less, more = sorted((one, other))
    assert confidence(less, third) <= confidence(more, third)
    assert confidence(third, less) <= confidence(third, more)


def test_two_who_cannot_tell_leave_it_open() -> None:
    assert confidence(0.5, 0.5) == pytest.approx(0.5)


def test_one_who_doubts_is_heard_and_one_who_is_sure_makes_up_for_it() -> None:
    assert confidence(0.6, 0.05) < 0.5 < confidence(0.95, 0.05)
    assert confidence(0.2, 0.4) < 0.5 < confidence(0.2, 0.97)


def test_a_reader_alone_can_tell() -> None:
    assert confidence(None, 0.02) < 0.5 < confidence(None, 0.4)

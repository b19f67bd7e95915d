"""Damaged files are read or refused, never more. `make damage` tries a thousand; these are a few of every format."""

from pathlib import Path

import pytest

from qa.read import READERS
from tests.damage import LONGEST, damaged, outcomes, table
from tests.format_samples import SAMPLES

FILES = 8 * len(SAMPLES)


@pytest.mark.timeout(120)
def test_damaged_files_are_read_or_refused_in_one_line(tmp_path: Path) -> None:
    found = list(outcomes(tmp_path, FILES, seed=7))
    assert [outcome for outcome in found if outcome.fault or outcome.seconds > LONGEST] == []
    assert sum(bool(outcome.refused) for outcome in found) > FILES // 4, table(found)


def test_every_kind_of_reader_has_a_sample() -> None:
    assert {READERS[suffix] for suffix in SAMPLES} == set(READERS.values())


def test_the_damage_is_the_same_every_time_and_hurts() -> None:
    import random

    first, second = (damaged(SAMPLES[".docx"], random.Random(3)) for _ in range(2))
    assert first == second
    assert first[1] != SAMPLES[".docx"]

"""Vectors and texts made small: what comes back is what went in, or as near to it as is said."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa.pack import Matrix, deflated, dimensions_of, inflated, packed, packed_halves, quantised, quantised_halves, restored, unpacked


def rows(number: int, dimensions: int = 384) -> Matrix:
    made: Matrix = np.random.default_rng(number).normal(size=(number, dimensions)).astype(np.float32)
    made /= np.linalg.norm(made, axis=1, keepdims=True)
    return made


@pytest.mark.parametrize("number", [0, 1, 7])
def test_vectors_come_back_nearly_as_they_were(number: int) -> None:
    before = rows(number)
    fine, coarse = restored(quantised(before), 384), unpacked(packed(before), 384)
    assert fine.shape == coarse.shape == before.shape
    assert fine.dtype == coarse.dtype == np.float32
    assert all((fine * before).sum(axis=1) > 0.9998)
    assert all((coarse * before).sum(axis=1) > 0.998)
    np.testing.assert_allclose(np.linalg.norm(np.concatenate([fine, coarse]), axis=1), 1.0, atol=1e-5)


def test_a_vector_along_one_axis_is_kept() -> None:
    axis = np.eye(5, dtype=np.float32)
    np.testing.assert_allclose(unpacked(packed(axis), 5), axis, atol=1e-3)


def test_they_are_small() -> None:
    before = rows(100)
    assert len(quantised(before)) == 100 * (384 + 2)
    assert len(packed(before)) < 100 * 300
    assert dimensions_of(len(quantised(before[:1]))) == 384


def test_halves_of_older_versions_are_taken_over() -> None:
    before = rows(3, 16)
    halves = before.astype(np.float16).tobytes()
    assert (restored(quantised_halves(halves[:32]), 16) * before[:1]).sum() > 0.999
    assert all((unpacked(packed_halves(halves, 32), 16) * before).sum(axis=1) > 0.995)


@given(st.text(st.characters(codec=None, exclude_categories=())))
def test_every_text_comes_back(text: str) -> None:
    assert inflated(deflated(text)) == text

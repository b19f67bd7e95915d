"""The model's reply becomes readable text and claims, however it is cut and however badly it is formed."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qa.reply import ReplyReader, claims, declines, pointers, readable
from qa.types import Claim

TOKENS = "[1] |[2, 3]|[0]|[|]|[1|- |* |1. |2) |\n|\n\n| |They met.|It rained|.|A [b] c|3 tons|<|hm|<b>|and|–|• |\r\n|\t|1|[sic]|U.S. "
PARTS = st.lists(st.sampled_from(TOKENS.split("|")), max_size=14).map("".join)
CUTS = st.lists(st.integers(0, 200), max_size=8)


def read(*pieces: str) -> tuple[list[str], list[list[Claim]]]:
    """What is shown, line by line, and what is claimed."""
    reader, shown, claimed = ReplyReader(), [""], []
    for events in (*(reader.feed(piece) for piece in pieces), reader.finish()):
        for event in events:
            if isinstance(event, str):
                shown[-1] += event
            else:
                claimed.append(event)
                shown.append("")
    assert reader.text == "".join(pieces)
    assert shown[-1] == ""
    return shown[:-1], claimed


def flat(claimed: list[list[Claim]]) -> list[Claim]:
    return [claim for line in claimed for claim in line]


def cut(text: str, places: list[int]) -> list[str]:
    edges = sorted({0, len(text), *(place for place in places if place < len(text))})
    return [text[start:end] for start, end in pairwise(edges)]


def lines(*pieces: str) -> list[tuple[str, list[Claim]]]:
    """Each line that claims something, as shown."""
    return [(line, claimed) for line, claimed in zip(*read(*pieces), strict=True) if claimed]


@settings(max_examples=400, deadline=None)
@given(PARTS, CUTS)
def test_how_a_reply_is_cut_does_not_matter(text: str, places: list[int]) -> None:
    assert lines(*cut(text, places)) == lines(text) == lines(*text)


@settings(deadline=None)
@given(PARTS)
def test_what_is_shown_of_a_line_is_its_readable_whole(text: str) -> None:
    line = text.replace("\n", " ")
    shown = read(*line)[0]
    if not declines(line):
        assert "".join(shown) == readable(line)


def test_pointers_are_read_and_not_shown() -> None:
    shown, claimed = read("[1] They ", "met in Lugo [2", "]. It rain", "ed.\n[3,4] It snowed.")
    assert shown == ["They met in Lugo. It rained.", "It snowed."]
    assert claimed == [
        [Claim("They met in Lugo.", (1, 2)), Claim("It rained.", (1, 2))],
        [Claim("It snowed.", (3, 4))],
    ]


def test_text_is_shown_as_soon_as_it_is_sure() -> None:
    reader = ReplyReader()
    assert list(reader.feed("[1] They met ")) == ["They met"]
    assert list(reader.feed("[2")) == []
    assert list(reader.feed("] in")) == [" in"]
    assert list(reader.feed(" Lugo")) == [" Lugo"]
    assert list(reader.finish()) == [[Claim("They met in Lugo", (1, 2))]]
    assert list(reader.finish()) == []


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("[1]", (1,)),
        ("[ 2 , 3 ]", (2, 3)),
        ("[2-4] [3]", (2, 3, 4)),
        ("[2–4;7]", (2, 3, 4, 7)),
        ("[1 and 5]", (1, 5)),
        ("[4-2]", (4, 2)),
        ("[1-2-3]", (1, 2, 3)),
        ("[1-9999]", tuple(range(1, 22))),
        ("[one] [] [1 (2)", ()),
    ],
)
def test_pointers(line: str, expected: tuple[int, ...]) -> None:
    assert pointers(line) == expected


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("- [1] They met.", "They met."),
        ("[1] - They met.", "They met."),
        ("1. [2] They met.", "They met."),
        ("2) They met.", "They met."),
        ("• They met  [2] .", "They met ."),
        ("12 people met [1", "12 people met [1"),
        ("3.5 tons [1]", "3.5 tons"),
        ("[1] 24. ", "24."),
        ("- ", "-"),
        ("[sic] They met.", "[sic] They met."),
        ("   ", ""),
    ],
)
def test_readable(line: str, expected: str) -> None:
    assert readable(line) == expected


@pytest.mark.parametrize("reply", ["[0] Not stated", "[0]", "Not stated [0]", "- [0] Not stated.\n", "", "\n\n"])
def test_a_reply_that_declines_claims_nothing(reply: str) -> None:
    assert flat(read(reply)[1]) == flat(read(*reply)[1]) == []


def test_what_was_shown_before_the_model_declined_is_taken_back() -> None:
    shown, claimed = read("They did not meet", " [0]")
    assert shown == ["They did not meet"]
    assert claimed == [[]]


def test_one_line_may_decline_and_another_claim() -> None:
    assert read("[0] Not stated\n[2] They met.")[1] == [[Claim("They met.", (2,))]]


def test_tags_are_text() -> None:
    assert read(*"[1] a <b> c < d")[0] == ["a <b> c < d"]


def test_the_claims_of_a_line_without_pointers_have_none() -> None:
    assert list(claims("Dr. Ruiz met them. It rained!")) == [Claim("Dr. Ruiz met them.", ()), Claim("It rained!", ())]

"""What a model thinks is told from what it says, however the reply is cut, and the probabilities of its tokens go with their tokens."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from qa.thoughts import TAG, TAGS, Spoken, left_open

PIECES = st.lists(
    st.sampled_from("[1] |They met.|It rained.|\n|<think>|</think>|<thinking>|</thinking>|<|</th|ink>|think|>|<b>|a < b| |- ".split("|")),
    max_size=12,
)


def said(pieces: list[str], formed: bool = True, thinking: bool = False) -> str:
    spoken = Spoken[None](formed, thinking)
    return "".join([*(spoken.feed(piece)[0] for piece in pieces), spoken.finish()[0]])


@pytest.mark.parametrize(
    ("reply", "text"),
    [
        ("[1] In Oslo.", "[1] In Oslo."),
        ("<think>[2] Perhaps?\n[3] No.</think>\n\n[1] In Oslo.", "\n\n[1] In Oslo."),
        ("<thinking>Hm.</thinking>[1] In Oslo.", "[1] In Oslo."),
        ("Okay, [2] says so.\n[3] too. </think>[1] In Oslo.", "[1] In Oslo."),
        ("[1] In <think>or near?</think>Oslo.", "[1] In Oslo."),
        ("- [1] In Oslo.</think>", "- [1] In Oslo."),
        ("<think>Hm.</think>[1] In Oslo.</think> [2] In May.", "[1] In Oslo. [2] In May."),
        ("In Oslo, they say.", "In Oslo, they say."),
        ("[1] a < b, <b>c</b> <thi", "[1] a < b, <b>c</b> <thi"),
        ("<think>It is in Oslo", ""),
        ("[1] In Oslo. <think>Or", "[1] In Oslo. "),
        ("<thi", ""),
        ("", ""),
    ],
)
def test_only_what_is_spoken_comes_out(reply: str, text: str) -> None:
    assert said([reply]) == text
    assert said(list(reply)) == text
    if "[1] In Oslo.</think>" not in reply:  # that nothing has opened: see the next test
        assert said([reply], formed=False) == text


def test_without_a_form_the_end_of_a_thought_drops_what_was_not_handed_out_yet() -> None:
    assert said(["Okay, in Oslo. </think>Where was it?"], formed=False) == "Where was it?"
    assert said(["Okay", ", in Oslo. </think>Where was it?"], formed=False) == "Okay, in Oslo. Where was it?"


@given(PIECES)
def test_what_comes_out_does_not_depend_on_how_a_reply_is_cut(pieces: list[str]) -> None:
    whole = "".join(pieces)
    assert said(pieces) == said([whole]) == said(list(whole))


@given(PIECES)
def test_what_has_no_tag_comes_out_whole(pieces: list[str]) -> None:
    whole = "".join(pieces)
    assume(not TAG.search(whole) and not any(tag.startswith(whole.strip()) for tag in TAGS))
    assert said(pieces) == said(pieces, formed=False) == whole


def test_an_answer_is_handed_out_while_it_is_written() -> None:
    spoken = Spoken[None](formed=True)
    assert [spoken.feed(piece)[0] for piece in ("[", "1", "] In", " Oslo <", "b>.")] == ["[", "1", "] In", " Oslo ", "<b>."]


def test_what_may_be_a_thought_waits_and_is_dropped_with_its_end() -> None:
    spoken = Spoken[None](formed=True)
    pieces = ("Okay", ", the question", " is [1]", "</thi", "nk>", "[2] ", "In Oslo.")
    assert [spoken.feed(piece)[0] for piece in pieces] == ["", "", "", "", "", "[2] ", "In Oslo."]


@pytest.mark.parametrize(
    ("template", "opens"),
    [
        ("<|im_start|>assistant\n<think>\n", True),
        ("{{ range .Messages }}<|{{ .Role }}|>{{ .Content }}{{ end }}<|assistant|><think>{{ end }} ", True),
        ("<|assistant|><think>\n\n</think>\n\n", False),
        ("<|assistant|>{{ if .Think }}<think>{{ end }}\n{{ .Response }}<|end|>", False),
        ("<|assistant|>\n", False),
    ],
)
def test_what_ends_inside_a_thought_is_told(template: str, opens: bool) -> None:
    assert left_open(template) is opens
    assert said(["[1] In Oslo."], thinking=opens) == ("" if opens else "[1] In Oslo.")


def test_marks_go_with_their_tokens() -> None:
    tokens = ["<", "think", ">", "[3]", " Hm", "</think>", "\n", "[", "1", "]", " Oslo", "<think>", "7", "</think>", "."]
    spoken = Spoken[str](formed=True)
    told = [spoken.feed(token, [(0, token)]) for token in tokens] + [spoken.finish()]
    assert [mark for _, marks in told for mark in marks] == ["\n", "[", "1", "]", " Oslo", "."]
    assert all("".join(marks) == text for text, marks in told)
    whole, places = "".join(tokens), [sum(map(len, tokens[:number])) for number in range(len(tokens))]
    assert Spoken[str](formed=True).feed(whole, list(zip(places, tokens, strict=True)))[1] == ["\n", "[", "1", "]", " Oslo", "."]

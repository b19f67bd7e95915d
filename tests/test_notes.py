"""What is told beside an answer, as plain text, on the command line and over HTTP."""

from dataclasses import replace

from qa.notes import missing, notes
from qa.terminal import answer_text
from qa.types import Answer, Citation, Differing, Sentence, Timing, Usage
from qa.wire import AnswerForm

COST = Citation(1, "d1", "a.txt", "Bridge", "2024-01-31", None, 0, 10, "It cost $7.")
OTHER = Citation(2, "d2", "b.txt", "Bridge opens", "2025-05-12", 3, 5, 16, "It cost\n$9.")
BARE = Answer(
    "a1", "How much?", "How much?", True, "$7 [1].", 0.9, None, (Sentence("$7.", (1,)),), (COST,), (), (), "m", Usage(), Timing(),
)  # fmt: skip
FULL = replace(
    BARE,
    differing=(Differing("$9", OTHER),),
    missing=("When was it held", "by whom"),
    namesakes=("Petra Holm", "Jonas Holm"),
    as_of="2024-01-31",
)


def test_each_thing_is_told_in_a_sentence() -> None:
    assert notes(FULL) == (
        "As of 31 January 2024.",
        "The documents speak of more than one: Petra Holm, Jonas Holm.",
        "The documents do not tell: when was it held; by whom?",
        "Sources differ: “It cost $9.” (Bridge opens, 12 May 2025) [2].",
    )


def test_nothing_is_told_of_nothing() -> None:
    assert notes(BARE) == notes(replace(FULL, answered=False)) == ()
    assert missing(()) == ""


def test_an_undated_quotation_is_told_as_it_is() -> None:
    quote = replace(OTHER, date=None, quote="“It cost $9,” she said.")
    assert notes(replace(BARE, differing=(Differing("$9", quote),))) == ("Sources differ: “It cost $9,” she said. (Bridge opens) [2].",)


def test_the_command_line_tells_it_between_answer_and_footnotes() -> None:
    lines = answer_text(FULL).splitlines()
    assert lines[0] == "$7 [1]."
    assert tuple(lines[1:5]) == notes(FULL)
    assert lines[5:] == [
        "", "[1] a.txt, Bridge, 31 January 2024", "    “It cost $7.”", "[2] b.txt, p. 3, Bridge opens, 12 May 2025", "    “It cost $9.”",
    ]  # fmt: skip
    assert answer_text(BARE).splitlines()[:2] == ["$7 [1].", ""]


def test_it_goes_out_over_http() -> None:
    sent = AnswerForm.of(FULL).model_dump(mode="json")
    assert sent["differing"][0]["value"] == "$9"
    assert sent["differing"][0]["citation"]["quote"] == OTHER.quote
    assert (sent["missing"], sent["as_of"]) == (["When was it held", "by whom"], "2024-01-31")
    assert sent["namesakes"] == ["Petra Holm", "Jonas Holm"]
    bare = AnswerForm.of(BARE).model_dump(mode="json")
    assert [bare[name] for name in ("differing", "missing", "namesakes", "as_of")] == [[], [], [], None]

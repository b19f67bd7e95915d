"""How a search is explained to its user."""

from qa.explain import explanation
from qa.types import Evidence, Search, Span, Step
from tests.passages import hit, passage

MILL = passage("The mill of Ardo grinds.", document="mill", title="The mill", date="2024-07-02")
RIVER = passage("The river floods.", document="river", title="The river")
DOG = passage("A dog\nsleeps.", document="dog", title="A dog")
FUSED = Step("fuse", (hit(RIVER, 0.03, dense=0.7, fused=0.03), hit(DOG, 0.02, dense=0.6, fused=0.02)))
HOPPED = Step(
    "hop",
    (
        hit(MILL, 1.5, dense=0.5, rescored=1.5, hop=0.9),
        hit(RIVER, 0.8, dense=0.7, fused=0.03, rescored=0.8, hop=0.25),
        hit(DOG, 0.1, dense=0.6, fused=0.02, hop=0.0),
    ),
)
SPREAD = Step("spread", HOPPED.hits[:1])
FOUND = Search(SPREAD.hits, (Evidence(1, DOG, 0, 13, DOG.text, 0.4567),), (FUSED, HOPPED, SPREAD))
TEXT = """\
  1  The mill (2 July 2024) · mill.txt
     fuse - → hop 1 (1.500) → spread 1 (1.500)
     dense 0.5, hop 0.9

Fell behind:
  -  The river · river.txt
     fuse 1 (0.030) → hop 2 (0.800) → spread -
     dense 0.7, hop 0.25

Evidence:
[1] A dog sleeps. · dog.txt (0.457)"""


def test_each_hit_is_told_with_its_places_and_scores() -> None:
    assert explanation(FOUND) == TEXT


def test_what_was_never_among_the_first_is_not_told_of() -> None:
    assert "A dog ·" not in explanation(FOUND)
    assert "A dog ·" in explanation(Search(HOPPED.hits[:2], (), (FUSED, HOPPED, Step("spread", HOPPED.hits[:2]))))


def test_each_stage_and_each_hit_come_once() -> None:
    found = Search(HOPPED.hits, (), (FUSED, HOPPED, Step("spread", HOPPED.hits)))
    lines = explanation(found).splitlines()
    for heading in ("The mill (2 July 2024)", "The river", "A dog"):
        assert sum(f"  {heading} · " in line for line in lines) == 1
    for stage in ("fuse", "hop", "spread"):
        assert sum(f"{stage} " in line and "→" in line for line in lines) == 3
    assert "Fell behind:" not in lines


def test_nothing_is_said_in_words() -> None:
    assert explanation(Search((), (), (Step("fuse", ()),))) == "Nothing was found."


def test_what_the_second_reader_saw_is_told_with_the_evidence() -> None:
    def last(answers: float | None, answer: Span | None) -> str:
        return explanation(Search(SPREAD.hits, (Evidence(1, DOG, 0, 13, DOG.text, 0.4567, answers, answer),), ())).splitlines()[-1]

    assert last(0.93, Span(2, 5)).endswith("(0.457, answers 0.93: “dog”)")
    assert last(0.02, None).endswith("(0.457, answers 0.02)")
    assert last(None, None).endswith("(0.457)")

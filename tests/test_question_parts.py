"""Questions of several parts, and which parts an answer leaves open. The questions are of our own making."""

import pytest

from qa.parts import parts, unmet

SEVERAL = (
    ("Who won the Selby marathon, and when was it held?", ("Who won the Selby marathon", "when was it held")),
    ("What is the Ardo mill and why did it close?", ("What is the Ardo mill", "why did it close")),
    ("How many people died and how many were hurt?", ("How many people died", "how many were hurt")),
    ("When and where was Ines Calvo born?", ("When was Ines Calvo born", "where was Ines Calvo born")),
    ("Where was the treaty of Tolva signed, and by whom?", ("Where was the treaty of Tolva signed", "by whom")),
    ("Who founded the Quen library and who leads it now?", ("Who founded the Quen library", "who leads it now")),
    ("Where was it held and when?", ("Where was it held", "when")),
    ("Who opened the bridge? When did it close?", ("Who opened the bridge", "When did it close")),
    ("In 2019, who won the race and where was it run?", ("In 2019, who won the race", "where was it run")),
    ("Who wrote “Who goes and when was it” and when was it printed?", ("Who wrote “Who goes and when was it”", "when was it printed")),
    ("Who sold the ferries, when were they sold, and how much did they cost?",
     ("Who sold the ferries", "when were they sold", "how much did they cost")),
    ("What did the mayor say and in which year did she resign?", ("What did the mayor say", "in which year did she resign")),
    ("As of 2 May 2020: who leads the town and when was she elected?", ("who leads the town", "when was she elected")),
)  # fmt: skip


@pytest.mark.parametrize(("question", "expected"), SEVERAL)
def test_a_question_of_several_parts_is_cut(question: str, expected: tuple[str, ...]) -> None:
    assert parts(question) == expected


@pytest.mark.parametrize(
    "question",
    [
        "Who won the Selby marathon?",
        "Which of the towns Ardo, Vesby or Tolva lies on the Lima?",
        "Who said what?",
        "Who is the man who founded the library and who left in 1911?",
        "Which mayor, who opened the bridge and who closed the mill, resigned?",
        "Who wrote “Who goes and when was it”?",
        "Who wrote Where and When You Sleep?",
        "Did the mayor say who won and when it was held?",
        "What happened when the mill closed and the town was flooded?",
        "Who or what is Tolva?",
        "What is the difference between what the mayor said and what she did?",
        "How do salt and pepper differ?",
        "What did the mayor do, when asked for help?",
        "Where did Kari Dahl, who was mayor, and her sister live?",
        "the bridge and when it opened",
        "Who knows who won and who lost?",
    ],
)
def test_a_question_of_one_part_has_no_parts(question: str) -> None:
    assert parts(question) == ()
    assert unmet(question, ["Kari Dahl"]) == ()


TWO = "How many mills does Ardo have, and how many does Tolva have?"
WON_WHEN = "Who won the Selby marathon, and when was it held?"


@pytest.mark.parametrize(
    ("question", "texts", "expected"),
    [
        (WON_WHEN, ["Kari Dahl won the Selby marathon."], ("when was it held",)),
        (WON_WHEN, ["The Selby marathon was held on 4 May 2019."], ("Who won the Selby marathon",)),
        (WON_WHEN, ["Kari Dahl won it on 4 May 2019."], ()),
        (WON_WHEN, ["Kari Dahl", "It was held in May."], ()),
        (WON_WHEN, [], ()),
        (WON_WHEN, ["The race was hard."], ()),  # it meets neither
        ("How many people died and how many were hurt?", ["22 people died."], ()),  # which number is whose is not told by its form
        (TWO, ["Ardo has 120 mills."], ("how many does Tolva have",)),
        (TWO, ["120 mills"], ()),  # for which of the two is not told
        (TWO, ["Ardo has 120 mills.", "The other has 90 mills."], ()),
        (TWO, ["Ardo and Tolva have 120 mills each."], ()),
        ("What is the Ardo mill and when did it close?", ["It grinds wheat for the valley."], ("when did it close",)),
        ("What is the Ardo mill and why did it close?", ["It grinds wheat for the valley."], ()),  # no form tells why
        ("Where was the treaty of Tolva signed, and by whom?", ["It was signed in a hall by the lake."], ("by whom",)),
        ("Where was the treaty of Tolva signed, and by whom?", ["Kari Dahl signed it in Bergen."], ()),
        ("Where was it held and when?", ["In Bergen"], ("when",)),
        ("When and where was Ines Calvo born?", ["She was born on 2 March 1911."], ()),  # "on" may tell a place
        ("Who sold the ferries and how many did they sell?", ["Norway's Kari Dahl sold them."], ("how many did they sell",)),
        ("Who was Ines Calvo and when was she born?", ["A painter of the valley."], ("when was she born",)),
        ("Who won the Selby marathon?", ["It was held in May."], ()),
    ],
)
def test_the_parts_that_an_answer_leaves_open(question: str, texts: list[str], expected: tuple[str, ...]) -> None:
    assert unmet(question, texts) == expected

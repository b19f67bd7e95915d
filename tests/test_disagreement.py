"""Sources that give another value are found, and what only looks like it is not. All texts are of our own making."""

import dataclasses
from collections.abc import Sequence

import pytest

from qa.disagreement import differing, rivals, same_story
from qa.types import Citation, Evidence, Span
from tests.passages import passage

Source = tuple[str, str, str | None]  # title, sentence, date


def evidence(sources: Sequence[Source]) -> tuple[Evidence, ...]:
    """A sentence of each of several documents, as evidence that no second reader has seen."""
    found = []
    for number, (title, text, date) in enumerate(sources, 1):
        place = passage(text, document=f"d{number}", title=title, date=date)
        found.append(Evidence(number, place, 0, len(text), text, 1.0))
    return tuple(found)


def read(item: Evidence, answers: float, likely: str) -> Evidence:
    """A sentence as the second reader has seen it."""
    start = item.text.index(likely)
    return dataclasses.replace(item, answers=answers, answer=Span(start, start + len(likely)))


def values(question: str, answer: str, first: Source, *others: Source) -> list[str]:
    """What differs from an answer that stands on the first source."""
    shown = evidence((first, *others))
    return [rival.value for rival in rivals(question, [(answer, shown[:1])], shown)]


DIFFER = (
    ("How much did the Marlow footbridge cost?", "$7 million", "The Marlow footbridge cost $7 million.",
     "The footbridge at Marlow cost $9.4 million in the end.", "$9.4 million"),
    ("How many people were killed in the Ardo fire?", "At least 22 people were killed.",
     "At the mill, 22 people were killed in the Ardo fire.", "The Ardo fire killed 19 people, the mayor said.", "19"),
    ("How many people died in the Ardo fire?", "22 people died.", "The Ardo fire killed 22 people.",
     "25 people died in the fire at Ardo.", "25"),
    ("When was the Marlow footbridge opened?", "4 May 2019", "The Marlow footbridge was opened on 4 May 2019.",
     "Marlow's footbridge was opened on 12 June 2019 by the mayor.", "12 June 2019"),
    ("In what year did Ines Calvo found the choir?", "1911", "Ines Calvo founded the choir in 1911.",
     "The choir was founded by Ines Calvo in 1913.", "1913"),
    ("How long is the Selby tunnel?", "It is 412 metres long.", "The Selby tunnel is 412 metres long.",
     "The Selby tunnel is 530 metres long.", "530 metres"),
    ("What percentage of voters in Tolva backed the plan?", "54%", "In Tolva 54% of voters backed the plan.",
     "Some 61 percent of voters in Tolva backed the plan.", "61 percent"),
    ("How many books does the Quen library hold?", "3,400 books", "The Quen library holds 3,400 books.",
     "The library at Quen holds 5,100 books.", "5,100"),
    ("How many ferries did Norway sell to Chile?", "120 ferries", "Norway sold 120 ferries to Chile.",
     "In all Norway sold 90 ferries to Chile.", "90"),
    ("What is the height of Mount Orla?", "2,310 metres", "The height of Mount Orla is 2,310 metres.",
     "The height of Mount Orla is 2,960 metres, by the new survey.", "2,960 metres"),
    ("What time does the Lima ferry leave?", "It leaves at 7 pm.", "The Lima ferry leaves at 7 pm.", "The Lima ferry leaves at 8.30 pm.",
     "8.30 pm"),
    ("How many pupils of Vesby school fell ill?", "45 pupils", "At Vesby school 45 pupils fell ill.",
     "At Vesby school sixty pupils fell ill.", "sixty"),
    ("How long did the strike in Norchester last?", "three weeks", "The strike in Norchester lasted three weeks.",
     "The strike in Norchester lasted five weeks.", "five weeks"),
    ("What did the Delmar Museum pay?", "The Delmar Museum paid €3 million for the painting.",
     "The Delmar Museum paid €3 million for the painting.", "The Delmar Museum paid €5 million for the painting.", "€5 million"),
)  # fmt: skip


@pytest.mark.parametrize(("question", "answer", "source", "other", "value"), DIFFER)
def test_another_value_is_found(question: str, answer: str, source: str, other: str, value: str) -> None:
    assert values(question, answer, ("One", source, None), ("Two", other, None)) == [value]


AGREE = (
    # a value told more or less precisely
    ("How much did the Marlow footbridge cost?", "about $7 billion", "The Marlow footbridge cost about $7 billion.",
     "The Marlow footbridge cost $7.1 billion."),
    ("When was the Marlow footbridge opened?", "April 2025", "The Marlow footbridge was opened in April 2025.",
     "The Marlow footbridge was opened on April 13, 2025."),
    ("How many books does the Quen library hold?", "more than 3,000 books", "The Quen library holds more than 3,000 books.",
     "The Quen library holds 3,412 books."),
    ("When was the Marlow footbridge opened?", "on 4 May", "The Marlow footbridge was opened on 4 May.",
     "The Marlow footbridge was opened in 2019."),
    ("How long did the strike in Norchester last?", "a decade", "The strike in Norchester lasted a decade.",
     "The strike in Norchester lasted ten years."),
    ("How many people died in the Ardo fire?", "nearly 200 people died", "Nearly 200 people died in the Ardo fire.",
     "In the Ardo fire 188 people died."),
    # another thing
    ("How many people were injured in the Ardo fire?", "22 people", "In the Ardo fire 22 people were injured.",
     "In the Ardo fire 25 people were killed."),
    ("How many people died in the Ardo fire?", "22 people", "22 people died in the Ardo fire.", "40 people died in the Ardo flood."),
    ("How many people died in the Ardo fire?", "22 people", "22 people died in the Ardo fire.", "40 people died in the Vesby fire."),
    ("How many people died in the Ardo fire?", "22 people", "22 people died in the Ardo fire.", "Five children died in the Ardo fire."),
    ("When was the Marlow footbridge opened?", "4 May 2019", "The Marlow footbridge was opened on 4 May 2019.",
     "The Marlow footbridge was closed on 12 June 2022."),
    ("When was the Marlow footbridge opened?", "4 May 2019", "The Marlow footbridge was opened on 4 May 2019.",
     "The Marlow footbridge, opened by the mayor, won a prize."),
    ("How much did the Marlow footbridge cost?", "$7 million", "The Marlow footbridge cost $7 million.",
     "The Marlow footbridge cost 6 million euros."),
    ("How long is the Selby tunnel?", "412 metres", "The Selby tunnel is 412 metres long.", "The Selby tunnel took nine years to dig."),
    ("How many ferries did Norway sell to Chile?", "120 ferries", "Norway sold 120 ferries to Chile.",
     "Norway sold another 30 ferries to Chile."),
    ("How many ferries did Norway sell to Chile?", "120 ferries", "Norway sold 120 ferries to Chile.",
     "Chile sold 30 ferries to Peru, not to Norway."),
    ("When did Norway return the Quen letters?", "1749", "The fleet of Norway returned in 1749.",
     "Norway returned the Quen letters in 1911."),  # the answer is wrong, and the sources do not differ
    # another time
    ("How many books does the Quen library hold?", "3,400 books", "In 2010 the Quen library held 3,400 books.",
     "In 2020 the Quen library held 5,100 books."),
    ("How many books did the Quen library hold in 2010?", "3,400 books", "The Quen library held 3,400 books.",
     "In 2020 the Quen library held 5,100 books."),
    ("How many books does the Quen library hold?", "3,400 books", "The Quen library holds 3,400 books.",
     "In 1950 the Quen library held 900 books."),
    ("How many people were hurt in Tolva?", "22 people", "On Monday 22 people were hurt in Tolva.",
     "On Thursday 31 people were hurt in Tolva."),
    ("How many people were hurt in Tolva?", "22 people", "On 3 May 22 people were hurt in Tolva.",
     "On 9 June 31 people were hurt in Tolva."),
    ("How many ferries did Norway sell?", "120 ferries", "Norway sold 120 ferries.", "Last year Norway sold 90 ferries."),
    # another mood
    ("How much did the Marlow footbridge cost?", "$7 million", "The Marlow footbridge cost $7 million.",
     "The Marlow footbridge was expected to cost $5 million."),
    ("How many people died in the Ardo fire?", "22 people", "22 people died in the Ardo fire.",
     "It is not true that 40 people died in the Ardo fire."),
    # the value of the answer stands there too, or which one is meant cannot be told
    ("How much did the Marlow footbridge cost?", "$7 million", "The Marlow footbridge cost $7 million.",
     "The Marlow footbridge cost $7 million, up from $5 million."),
    ("How much did the Marlow footbridge cost?", "$7 million", "The Marlow footbridge cost $7 million.",
     "The Marlow footbridge cost $7,000,000 and the toll is $3."),
    ("How many people died in the Ardo fire?", "22 people", "22 people died in the Ardo fire.",
     "In the Ardo fire 30 people died by the mill and 12 people in the inn."),
    ("When was the Marlow footbridge opened?", "4 May 2019", "The Marlow footbridge was opened on 4 May 2019.",
     "Begun on 2 March 2016, the Marlow footbridge was opened on 5 May 2019."),
    ("How old is Tomas Varga?", "51 years old", "Tomas Varga is 51 years old.", "Tomas Varga is 53 years old."),
    # a question that its words alone do not fix
    ("how many seats did the party win", "120 seats", "The party won 120 seats.",
     "The party won 90 seats in the north of the country at the last election."),
    ("What did the Delmar Museum do?", "The Delmar Museum sold 12 paintings.", "The Delmar Museum sold 12 paintings.",
     "The Delmar Museum in its long history of misfortune lost 15 paintings to thieves."),
)  # fmt: skip


@pytest.mark.parametrize(("question", "answer", "source", "other"), AGREE)
def test_what_is_no_other_value_is_none(question: str, answer: str, source: str, other: str) -> None:
    assert values(question, answer, ("One", source, None), ("Two", other, None)) == []


COST = "How much did the Marlow footbridge cost?"
BASE = ("Bridge", "The Marlow footbridge cost $7 million.", "2019-05-04")


def test_the_newest_comes_first_and_what_has_no_date_last() -> None:
    old = ("Old", "The Marlow footbridge had cost $5 million.", "2018-01-01")
    undated = ("Undated", "The footbridge of Marlow cost its town $4 million.", None)
    new = ("New", "In all the footbridge in Marlow cost $9 million.", "2020-01-01")
    assert values(COST, "$7 million", BASE, old, undated, new) == ["$9 million", "$5 million", "$4 million"]


def test_two_articles_of_one_agency_count_once() -> None:
    text = "The Marlow footbridge cost $9 million, the town council said after its meeting"
    twice = (("A", f"{text}.", "2020-01-01"), ("B", f"{text} on Monday.", "2020-01-02"))
    assert values(COST, "$7 million", BASE, *twice) == ["$9 million"]
    assert same_story(*evidence(twice))
    assert not same_story(*evidence((twice[0], ("C", twice[1][1].replace("9", "8"), None))))


def test_a_sentence_of_the_same_document_is_no_rival() -> None:
    shown = evidence((BASE, ("Two", "The Marlow footbridge cost $9 million.", None)))
    same = dataclasses.replace(shown[1], passage=shown[0].passage)
    assert rivals(COST, [("$7 million", shown[:1])], (shown[0], same)) == ()


def test_what_the_answer_tells_itself_is_no_rival() -> None:
    shown = evidence((BASE, ("Two", "The Marlow footbridge cost $9 million.", None)))
    assert rivals(COST, [("$7 million", shown[:1]), ("Others say $9 million", shown[1:])], shown) == ()
    assert rivals(COST, [], shown) == ()


def test_of_the_latest_nothing_older_is_a_rival() -> None:
    question = "What is the latest price of a Marlow ticket?"
    base = ("Now", "The price of a Marlow ticket is $7.", "2020-06-01")
    other = "The price of a Marlow ticket is $5."
    assert values(question, "$7", base, ("Then", other, "2019-01-01")) == []
    assert values(question, "$7", base, ("Then", other, None)) == []
    assert values(question, "$7", base, ("Later", other, "2020-07-01")) == ["$5"]


def test_what_was_written_long_before_or_after_the_day_asked_for_is_no_rival() -> None:
    question = "As of 2 June 2020: what is the price of a Marlow ticket?"
    base = ("Now", "The price of a Marlow ticket is $7.", "2020-06-01")
    other = "The price of a Marlow ticket is $5."
    assert values(question, "$7", base, ("Then", other, "2020-01-01")) == []
    assert values(question, "$7", base, ("Same week", other, "2020-06-03")) == ["$5"]


@pytest.mark.parametrize(
    ("answers", "likely", "found"), [(0.1, "$9 million", False), (0.8, "The Marlow footbridge", False), (0.8, "$9 million", True)]
)
def test_what_the_second_reader_takes_for_no_answer_is_none(answers: float, likely: str, found: bool) -> None:
    shown = evidence((BASE, ("Two", "The Marlow footbridge cost $9 million.", None)))
    shown = (shown[0], read(shown[1], answers, likely))
    assert bool(rivals(COST, [("$7 million", shown[:1])], shown)) == found


def test_the_second_reader_tells_which_of_two_values_is_meant() -> None:
    text = "The Marlow footbridge cost $9 million, and its lamps $2 million."
    shown = evidence((BASE, ("Two", text, None)))
    assert rivals(COST, [("$7 million", shown[:1])], shown) == ()
    shown = (shown[0], read(shown[1], 0.9, "$9 million"))
    assert [rival.value for rival in rivals(COST, [("$7 million", shown[:1])], shown)] == ["$9 million"]


@pytest.mark.parametrize(("answers", "found"), [(0.9, ["2004"]), (0.7, [])])
def test_sentences_that_share_a_name_alone_are_compared_where_the_second_reader_is_sure_of_both(answers: float, found: list[str]) -> None:
    shown = evidence(
        (("One", "The 1997 Treaty of Tolva was long.", None), ("Two", "Fishing is free since the 2004 Treaty of Tolva.", None))
    )
    shown = (read(shown[0], 0.9, "1997"), read(shown[1], answers, "2004"))
    assert [one.value for one in rivals("When was the Treaty of Tolva made?", [("1997", shown[:1])], shown)] == found


WON = "Who won the Selby marathon?"


@pytest.mark.parametrize(
    ("text", "likely", "answers", "found"),
    [
        ("The Selby marathon was won by Petra Holm.", "Petra Holm", 0.9, ["Petra Holm"]),
        ("The Selby marathon was won by Petra Holm.", "Petra Holm", 0.5, []),  # not likely enough
        ("The Selby marathon was won by Dahl.", "Dahl", 0.9, []),  # the same, in short
        ("The Selby marathon was won by Karin Dahle.", "Karin Dahle", 0.9, []),  # the same, spelt in another way
        ("Won in the rain, the Selby marathon was hard.", "the rain", 0.9, []),  # no name
        ("Petra Holm won the Selby marathon before Kari Dahl did.", "Petra Holm", 0.9, []),  # both
    ],
)
def test_another_name_is_found_where_the_second_reader_is_sure(text: str, likely: str, answers: float, found: list[str]) -> None:
    shown = evidence((("One", "Kari Dahl won the Selby marathon.", None), ("Two", text, None)))
    shown = (read(shown[0], 0.9, "Kari Dahl"), read(shown[1], answers, likely))
    assert [rival.value for rival in rivals(WON, [("Kari Dahl", shown[:1])], shown)] == found


def test_a_question_that_several_names_answer_has_no_rivals() -> None:
    shown = evidence((("One", "Kari Dahl ran in the Selby marathon.", None), ("Two", "Petra Holm ran in the Selby marathon.", None)))
    shown = (read(shown[0], 0.9, "Kari Dahl"), read(shown[1], 0.9, "Petra Holm"))
    assert rivals("Who ran in the Selby marathon?", [("Kari Dahl", shown[:1])], shown) == ()


def test_a_country_and_a_town_are_no_rivals() -> None:
    shown = evidence((("One", "Kari Dahl was born in Bergen.", None), ("Two", "Kari Dahl was born in Norway.", None)))
    shown = (read(shown[0], 0.9, "Bergen"), read(shown[1], 0.9, "Norway"))
    assert rivals("Where was Kari Dahl born?", [("Bergen", shown[:1])], shown) == ()


def test_a_rival_is_cited_word_for_word_after_the_answer() -> None:
    shown = evidence((BASE, ("New bridge", "The Marlow footbridge\ncost $9 million.", "2025-05-12")))
    (found,) = differing(rivals(COST, [("$7 million", shown[:1])], shown), 1)
    place = shown[1].passage
    assert found.value == "$9 million"
    assert found.citation == Citation(2, "d2", "d2.txt", "New bridge", "2025-05-12", None, 0, place.end, place.text)

"""Near misses by rule: one thing of the named kind changes, and nothing else."""

import random
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from qa.facts import MONTH_NAMES
from qa.training.kinds import COUNTRIES, NATIONALITIES, NUMBER_WORDS, OFFICES, OPPOSITES, ORDINALS
from qa.training.swap import CHANGES, names, swapped

OTHERS = ["Olaf Brandt", "Mira Castell", "Tolmark"]
CASES = {
    "year": ("The mill burned down in 1874 after a storm.", r"1874", r"18[5-8]\d"),
    "day": ("The fair opens on Tuesday at noon.", "Tuesday", r"(?!Tues)\w+day"),
    "number": ("The hall holds 240 people at most.", "240", r"\d+"),
    "ordinal": ("She won the third round of the race.", "third", "|".join(ORDINALS)),
    "unit": ("The road is 12 miles long.", "miles", "kilometres|metres|feet"),
    "country": ("The trade team went to Norway by sea.", "Norway", "|".join(COUNTRIES)),
    "nationality": ("A Danish crew found the wreck.", "Danish", "|".join(NATIONALITIES)),
    "office": ("It was the mayor who signed the order.", "mayor", "|".join(OFFICES)),
    "name": ("A song by Rita Holm was heard.", "Rita Holm", "Olaf Brandt|Mira Castell"),
    "surname": ("A song by Rita Holm was heard.", "Rita", "Olaf|Mira|Daniel|Maria"),
    "opposite": ("The price of wool rose in spring.", "rose", "fell"),
    "negation": ("The bridge was open all day.", "", r"(?:not|never|no longer) "),
    "certainty": ("The council may sell the hall.", "may", "will"),
}
"""Kind → a sentence with one thing of that kind, that thing, and what may take its place."""
PLAIN = "the cat sat on the mat and slept"


@pytest.mark.parametrize("kind", CASES)
@settings(max_examples=30, deadline=None)
@given(seed=some.integers(0, 500))
def test_only_the_one_thing_changes(kind: str, seed: int) -> None:
    text, old, new = CASES[kind]
    made = swapped(text, OTHERS, random.Random(seed), [kind])
    assert made is not None
    assert made.kind == kind
    assert made.text != text
    before, after = text.split(old, 1) if old else ("The bridge was ", "open all day.")
    found = made.text.removeprefix(before).removesuffix(after)
    assert made.text == before + found + after
    assert re.fullmatch(new, found), made.text
    assert found != old


@pytest.mark.parametrize("kind", CHANGES)
def test_a_text_without_such_a_thing_stays_as_it_is(kind: str) -> None:
    assert all(swapped(PLAIN, OTHERS, random.Random(seed), [kind]) is None for seed in range(10))


def test_a_text_with_nothing_to_change_gives_none() -> None:
    assert swapped(PLAIN, OTHERS, random.Random(1)) is None
    assert swapped("", [], random.Random(1)) is None


@pytest.mark.parametrize("seed", range(10))
def test_two_names_change_places(seed: int) -> None:
    made = swapped("A gift went from Rita Holm to Olaf Brandt.", (), random.Random(seed), ["direction"])
    assert made is not None
    assert made.text == "A gift went from Olaf Brandt to Rita Holm."


@pytest.mark.parametrize("listed", ["A gift from Rita Holm and Olaf Brandt.", "Rita Holm, Olaf Brandt sang.", "A gift from Rita Holm."])
def test_names_in_a_list_do_not_change_places(listed: str) -> None:
    assert swapped(listed, (), random.Random(1), ["direction"]) is None


def test_a_country_changes_places_with_a_country_only() -> None:
    assert swapped("Rita Holm sailed to Norway.", (), random.Random(1), ["direction"]) is None
    made = swapped("Rita Holm sailed from Norway to Chile.", (), random.Random(1), ["direction"])
    assert made is not None
    assert made.text == "Rita Holm sailed from Chile to Norway."


@pytest.mark.parametrize(
    ("text", "sound"),
    [("The bridge was not open.", "The bridge was open."), ("The bridge wasn't open.", "The bridge was open.")],
)
def test_a_denial_is_taken_back(text: str, sound: str) -> None:
    made = swapped(text, (), random.Random(1), ["negation"])
    assert made is not None
    assert made.text == sound


@pytest.mark.parametrize(
    ("question", "denied"),
    [
        ("Who will open it?", "Who won't open it?"),
        ("Who can open it?", "Who can't open it?"),
        ("What was it that sank?", "What wasn't it that sank?"),
    ],
)
def test_a_question_is_denied_by_its_verb(question: str, denied: str) -> None:
    made = swapped(question, (), random.Random(1), ["negation"])
    assert made is not None
    assert made.text == denied


@settings(max_examples=30, deadline=None)
@given(seed=some.integers(0, 500), number=some.integers(1000, 999_999))
def test_a_number_with_commas_keeps_them(seed: int, number: int) -> None:
    made = swapped(f"It cost {number:,} crowns.", (), random.Random(seed), ["number"])
    assert made is not None
    found = re.fullmatch(r"It cost ([\d,]+) crowns\.", made.text)
    assert found is not None
    assert found[1] == f"{int(found[1].replace(',', '')):,}"


@pytest.mark.parametrize("seed", range(20))
def test_a_number_keeps_its_decimals_and_a_word_stays_a_word(seed: int) -> None:
    made = swapped("It is 3.25 metres deep.", (), random.Random(seed), ["number"])
    assert made is not None
    assert re.fullmatch(r"It is \d+\.\d\d metres deep\.", made.text)
    word = swapped("It took seven years.", (), random.Random(seed), ["number"])
    assert word is not None
    assert word.text.split()[2] in set(NUMBER_WORDS) - {"seven"}


def test_a_year_is_no_number() -> None:
    assert swapped("It burned down in 1874.", (), random.Random(1), ["number"]) is None


@pytest.mark.parametrize("seed", range(20))
def test_a_date_changes_its_month_or_its_day(seed: int) -> None:
    made = swapped("It opened on March 14.", (), random.Random(seed), ["day"])
    assert made is not None
    found = re.fullmatch(r"It opened on (\w+) (\d+)\.", made.text)
    assert found is not None
    assert (found[1] == "March") != (found[2] == "14")
    assert found[1] in MONTH_NAMES
    assert 1 <= int(found[2]) <= 28


@pytest.mark.parametrize("seed", range(10))
def test_may_is_a_month_only_before_a_day(seed: int) -> None:
    assert swapped("May the best one win.", (), random.Random(seed), ["day"]) is None
    assert swapped("It opened on May 3.", (), random.Random(seed), ["day"]) is not None


def test_another_name_is_one_that_shares_no_word() -> None:
    assert swapped("A song by Rita Holm was heard.", ["Jon Holm", "Rita Vance"], random.Random(1), ["name"]) is None


def test_an_office_keeps_its_capital() -> None:
    made = swapped("It was Mayor Holm who signed.", (), random.Random(1), ["office"])
    assert made is not None
    assert made.text[7].isupper()


@settings(max_examples=30, deadline=None)
@given(
    parts=some.lists(some.sampled_from([text for text, _, _ in CASES.values()]), min_size=1, max_size=4),
    seed=some.integers(0, 10_000),
)
def test_the_changed_text_is_another_one_and_the_seed_decides_it(parts: list[str], seed: int) -> None:
    text = " ".join(parts)
    made, again = (swapped(text, OTHERS, random.Random(seed)) for _ in range(2))
    assert made is not None
    assert made == again
    assert made.text != text
    assert made.kind in CHANGES


def test_other_seeds_change_other_things() -> None:
    text = " ".join(text for text, _, _ in CASES.values())
    assert len({swapped(text, OTHERS, random.Random(seed)) for seed in range(30)}) > 15


def test_names_are_told_without_the_words_that_only_begin_a_sentence() -> None:
    assert names("The mayor met Rita Holm and the Bank of Tolmark in March.") == ["Rita Holm", "Bank of Tolmark"]
    assert names("Bread was dear.") == []
    assert names("Rita Holm baked.") == ["Rita Holm"]
    assert names("When Rita Holm baked, However Mira sang.") == ["Rita Holm", "Mira"]


def test_opposites_are_words_apart() -> None:
    assert all(one != other for one, other in OPPOSITES)

import pytest

from qa.furniture import Stamp, byline_of, date_in, dateline_of, form_of, is_name, is_policy, stamp_of, without_credit


@pytest.mark.parametrize(
    ("words", "stamp"),
    [
        ("3 March 2021", Stamp("2021-03-03", False, None)),
        ("Wednesday 5 June 2019 07.00 BST", Stamp("2019-06-05", False, None)),
        ("March 3, 2021 · 5 min read", Stamp("2021-03-03", False, None)),
        ("2021-03-04T10:00:00Z", Stamp("2021-03-04", False, None)),
        ("2021年3月4日", Stamp("2021-03-04", False, None)),
        ("04.03.2021", Stamp("2021-03-04", False, None)),
        ("13/04/2021", Stamp("2021-04-13", False, None)),
        ("04/13/2021", Stamp("2021-04-13", False, None)),
        ("Last updated: 3rd of March, 2021, 10.30am", Stamp("2021-03-03", True, None)),
        ("First published on Thu 4 May 2017 15.27 BST", Stamp("2017-05-04", True, None)),
        ("Published 12:01 AM EST Jan 5, 2020", Stamp("2020-01-05", True, None)),
        ("By Mara Lind, 3 March 2021", Stamp("2021-03-03", True, "Mara Lind")),
        ("Jane Doe | March 3, 2021", Stamp("2021-03-03", True, "Jane Doe")),
        ("Posted on Tue, 4 May 2021 at 10:15 GMT+2 by Ana de la Cruz", Stamp("2021-05-04", True, "Ana de la Cruz")),
        ("Grand Hotel, 5 May 2024", None),
        ("The pact of 3 March 2021", None),
        ("On 31st October 2025, the two signed a deal", None),
        ("Updated 5 sec ago", None),
        ("03/04/2021", None),
        ("31 February 2021", None),
    ],
)
def test_stamp(words: str, stamp: Stamp | None) -> None:
    assert stamp_of(words) == stamp


@pytest.mark.parametrize(
    ("words", "date"),
    [
        ("May 12, 2018 (AGENCY/WEB) — The minister", "2018-05-12"),
        ("LONDON, March 3, 2021 (Wire) - The", "2021-03-03"),
        ("NAIROBI, Kenya, 3 March 2021 – The", "2021-03-03"),
        ("Geneva, 4 June 2019: The agency", "2019-06-04"),
        ("PARIS (AGENCY) — On 3 March 2021, the", None),
        ("On May 3, 2021 — A bright day — he left", None),
        ("The war of May 5, 2018 — A disaster — began", None),
        ("May 12 — The minister", None),
    ],
)
def test_dateline(words: str, date: str | None) -> None:
    assert dateline_of(words) == date


@pytest.mark.parametrize(
    ("words", "name"),
    [
        ("By Jane Doe", "Jane Doe"),
        ("by JANE DOE and John Roe", "JANE DOE and John Roe"),
        ("Written by Ana de la Cruz, Staff Writer", "Ana de la Cruz"),
        ("Author: Li Wei", "Li Wei"),
        ("By the Sea", None),
        ("By Monday he had left", None),
        ("Authors: Ann Lee is a scholar of law at the university of Ulm.", None),
    ],
)
def test_byline(words: str, name: str | None) -> None:
    assert byline_of(words) == name


@pytest.mark.parametrize(
    ("words", "expected"), [("Jane Doe", True), ("Ana de la Cruz", True), ("Jane", False), ("Jane Doe 3", False), ("the Doe", False)]
)
def test_name(words: str, expected: bool) -> None:
    assert is_name(words) == expected


@pytest.mark.parametrize(
    ("words", "name"),
    [
        ("15 mins ago", "relative"),
        ("Updated 5 sec ago", "relative"),
        ("LEAVE A REPLY", "final"),
        ("You might also like:", "list"),
        ("More from the Coast Post", "list"),
        ("Log in to continue reading", "gate"),
        ("Also read: Otters return to the Aa", "prompt"),
        ("Discover more local stories here", "prompt"),
        ("Follow us on Instagram", "social"),
        ("#harbour #Kelso", "social"),
        ("12 Comments", "counter"),
        ("3 / 7", "counter"),
        ("Image for illustrative purposes only.", "credit"),
        ("(Photo: Ann Lee)", "credit"),
        ("© 2023 The Post. All rights reserved.", "credit"),
        ("Share", "control"),
        ("Read more about the harbour in the second chapter.", None),
        ("More than 300 people died", None),
        ("Recent articles on bees", None),
        ("See also: RFC 2119", None),
        ("Shares fell by two percent", None),
        ("Wifi password: hunter2", None),
    ],
)
def test_form(words: str, name: str | None) -> None:
    form = form_of(words)
    assert (form.name if form else None) == name


def test_policy() -> None:
    assert is_policy("Comments are moderated. Please follow our community guidelines.")
    assert is_policy("You need an account")
    assert not is_policy("The bank said that nine accounts had been opened with forged papers.")
    assert not is_policy("Your boat is safe here.")


def test_credit_is_cut_from_a_caption() -> None:
    assert (
        without_credit("The pier of Kelso after the storm on Monday. | Photo Credit: Wire")
        == "The pier of Kelso after the storm on Monday."
    )
    assert without_credit("The pier of Kelso (Wire)") == "The pier of Kelso (Wire)"


def test_first_possible_date_counts() -> None:
    assert date_in("no 31 June 2020 but 2020-07-01") == "2020-07-01"
    assert date_in("in 2020") is None

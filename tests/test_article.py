import textwrap
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qa.article import LONGEST_TITLE, article, articles
from qa.types import Article

QUICK = settings(deadline=None, derandomize=True, max_examples=60)
SEEDS = sorted((Path(__file__).parent.parent / "seeds").glob("*.txt"))


def words_of(text: str, found: Article) -> list[str]:
    return [" ".join(block.of(text).split()) for block in found.blocks]


def test_second_article_begins_where_its_headline_is_repeated() -> None:
    text = """Tram line four reopens

Tram line four reopens

Updated 7 August 2020
Follow

The line was closed for two years while the bridge over the Aa was renewed.

Passengers may ride free of charge until Sunday.


Baker wins the silver spoon of Aarau again

Updated 3 min ago
Follow

Baker wins the silver spoon of Aarau again

  • Her rye bread convinced all nine judges

She has won it four times since 2011, more often than anyone before her.
"""
    first, second = articles(text, "x")
    assert (first.title, first.date) == ("Tram line four reopens", "2020-08-07")
    assert (second.title, second.date) == ("Baker wins the silver spoon of Aarau again", None)
    assert words_of(text, first)[-1] == "Passengers may ride free of charge until Sunday."
    assert words_of(text, second)[0] == "Her rye bread convinced all nine judges"
    assert len(first.blocks) + len(second.blocks) == 4


def test_second_article_begins_at_a_headline_with_its_own_date() -> None:
    text = """Reservoir at Brenn is full again
By Jo Hart
Published: 4 May 2021

The reservoir at Brenn is full for the first time in six years, the waterworks said.

Share

Old mill burns down in the night
By Ann Poe
Published: 6 June 2021

The mill at Tarn, built in 1788, burned down on Saturday night; nobody was hurt.

Police think that lightning struck it, because a storm had passed at midnight.
"""
    first, second = articles(text, "x")
    assert (first.title, first.date, first.byline) == ("Reservoir at Brenn is full again", "2021-05-04", "Jo Hart")
    assert (second.title, second.date, second.byline) == ("Old mill burns down in the night", "2021-06-06", "Ann Poe")
    assert len(second.blocks) == 2


def test_article_after_a_box_of_headlines_is_not_lost() -> None:
    text = """Mayor opens the new library

0 comments

The mayor opened the new library on Monday and borrowed the first book herself.

You may also like

Library roof leaks

Library roof cost twice what was planned

Street lamps of Odde to be dimmed

Updated 1 hour ago

Street lamps of Odde to be dimmed

From eleven at night the lamps of Odde will burn at half their strength.
"""
    first, second = articles(text, "x")
    assert len(first.blocks) == 1
    assert words_of(text, second) == ["From eleven at night the lamps of Odde will burn at half their strength."]


@pytest.mark.parametrize(
    ("head", "date"),
    [
        ("Published - August 03, 2023 08:51 pm IST - Islamabad", "2023-08-03"),
        ("Updated 13 April 2025", "2025-04-13"),
        ("By X. Yalda, 3 March 2021", "2021-03-03"),
        ("2021-03-03T08:00:00+01:00", "2021-03-03"),
        ("Updated 5 sec ago", None),
        ("Just now", None),
        ("03/04/2021", None),
        ("Before 3 March 2021 nobody had heard of it.", None),
    ],
)
def test_date_of_a_line(head: str, date: str | None) -> None:
    text = f"Rare gull seen at the pier\n\n{head}\n\nA Ross's gull was seen at the pier in Sund, far south of its usual home.\n"
    (found,) = articles(text, "x")
    assert found.date == date


def test_date_in_a_running_sentence_is_not_the_date_of_the_article() -> None:
    text = "A history of the canal\n\nOn 31st October 1925, the canal was opened; on May 3, 1931 it froze.\n\nIt closed on 2001-02-03.\n"
    (found,) = articles(text, "x")
    assert found.date is None


def test_only_line_is_text_under_the_fallback_title() -> None:
    (found,) = articles("Buy milk", "shopping")
    assert (found.title, len(found.blocks)) == ("shopping", 1)


def test_text_of_nothing_but_furniture_is_kept() -> None:
    text = "Share\n\n0 comments\n\nShort Url\n"
    (found,) = articles(text, "x")
    assert found.blocks


@pytest.mark.parametrize("text", ["", " \n\t\n", "— … —\n***\n"])
def test_text_without_a_letter_has_no_article(text: str) -> None:
    assert articles(text, "x") == ()


def test_given_title_and_date_win_and_the_repeated_title_is_left_out() -> None:
    text = "Comet seen over Lund\n\nPublished 4 May 2021\n\nA comet was seen over Lund on Monday night by many people.\n"
    found = article(text, "Comet seen  over Lund", date="2021-05-05", byline="A. Berg")
    assert (found.title, found.date, found.byline) == ("Comet seen over Lund", "2021-05-05", "A. Berg")
    assert words_of(text, found) == ["A comet was seen over Lund on Monday night by many people."]


def test_long_title_is_clipped_at_a_word() -> None:
    found = article("Some text.", "word " * 100)
    assert len(found.title) <= LONGEST_TITLE
    assert found.title.endswith("word…")


def test_value_in_the_first_line_is_not_lost() -> None:
    text = "Wifi password: hunter2\n\nThe router stands in the hall.\n"
    (found,) = articles(text, "x")
    assert words_of(text, found)[0] == "Wifi password: hunter2"


def test_heading_above_a_list_stays_and_above_a_sentence_goes() -> None:
    text = "# House\n\n## Router\n\n192.168.0.1\n\n## Garden\n\nThe key hangs beside the door.\n"
    (found,) = articles(text, "x")
    assert words_of(text, found) == ["Router", "192.168.0.1", "The key hangs beside the door."]


SENTENCE = st.lists(
    st.sampled_from("the old harbour of Kelso was closed by Müller and a storm for nine days".split()), min_size=12, max_size=60
).map(lambda words: " ".join(words).capitalize() + ".")


@QUICK
@given(st.lists(SENTENCE, min_size=2, max_size=8), st.integers(min_value=40, max_value=100))
def test_wrapping_changes_nothing(paragraphs: list[str], width: int) -> None:
    wrapped = "\n\n".join(textwrap.fill(paragraph, width, break_long_words=False) for paragraph in paragraphs)
    (found,) = articles(wrapped, "x")
    assert words_of(wrapped, found) == paragraphs


@QUICK
@given(st.text(alphabet=st.sampled_from("abc ABC.,:;!?\n\n#-•|>`0123 \u00a0…“”"), max_size=400))
def test_blocks_are_in_order_and_not_blank(text: str) -> None:
    end = 0
    for found in articles(text, "x"):
        assert found.blocks
        for block in found.blocks:
            assert end <= block.start < block.end <= len(text)
            assert block.of(text) == block.of(text).strip()
            assert any(map(str.isalnum, block.of(text)))
            end = block.end


@QUICK
@given(
    st.lists(SENTENCE, min_size=1, max_size=6),
    st.lists(st.sampled_from(["Share", "0 comments", "Updated 5 min ago", "Advertisement"]), min_size=3),
)
def test_furniture_is_left_out_and_no_sentence_with_it(sentences: list[str], furniture: list[str]) -> None:
    text = "\n\n".join(["Harbour closed", *furniture, *(part for sentence in sentences for part in (sentence, "Share")), "Leave a Reply"])
    (found,) = articles(text, "x")
    assert words_of(text, found) == sentences


SEED_FACTS: dict[str, list[tuple[str, str | None, str, int]]] = {
    "000": [("Pakistan Approves New Security Pact", None, "including in defense.", 5)],
    "001": [("Pakistan Cabinet approves signing", "2023-08-03", "the report said.", 19)],
    "002": [
        ("Pakistan’s army chief discusses", "2025-04-13", "bordering Afghanistan.", 15),
        ("Pakistan, Canada explore", None, "Canadian investment.”", 15),
    ],
    "003": [("Indo-US Defence Pact 2025", None, "non-traditional security threats.", 13)],
    "004": [("Pakistan, Russia Sign", "2018-05-12", "Tribune in Islamabad.", 17)],
}
NOT_TEXT = [
    "Find More",
    "Piyush",
    "Recent Posts",
    "…",
    "Sign in",
    "Comments have",
    "0 / 0",
    "Short Url",
    "Follow",
    "Updated",
    "0 comments",
    "Home Global",
]


@pytest.mark.parametrize("path", SEEDS, ids=lambda path: path.stem)
def test_seed(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    facts = SEED_FACTS[path.stem[:3]]
    for found, (title, date, last, blocks) in zip(articles(text, "x"), facts, strict=True):
        assert found.title.startswith(title)
        assert found.date == date
        assert words_of(text, found)[-1].endswith(last)
        assert len(found.blocks) == blocks
        kept = "\n".join(words_of(text, found))
        assert not [
            words
            for words in [*NOT_TEXT, "Photo Credit", "Leave a", "You may also", "Renewing Defense Ties:", found.title]
            if words in kept
        ]


def test_long_text_is_quick() -> None:
    paragraph = "The harbour of Kelso was closed for nine days, and then for ten more. " * 4
    text = "Harbour\n\n" + "\n\n".join([paragraph, "Share", "Related stories", "0 comments"] * 3000)
    start = time.process_time()
    articles(text, "x")
    assert time.process_time() - start < 5

import pytest

from qa.paragraph import key_of, paragraphs_of


def words(text: str, wrapped: bool = True) -> list[str]:
    return [paragraph.words for paragraph in paragraphs_of(text, wrapped)]


def test_lines_of_one_paragraph_each_stay_apart() -> None:
    text = "The meeting began at nine and all came.\nWe discussed the roof.\nThe next meeting is on Friday at ten.\n"
    assert words(text) == text.strip().split("\n")


def test_long_lines_stay_apart() -> None:
    lines = ["A sentence that goes on. " * 8, "And the next one that goes on as well. " * 5]
    assert words("\n".join(lines)) == [line.strip() for line in lines]


def test_line_that_begins_in_lower_case_goes_on() -> None:
    assert words("The line goes\non here.\nThe next one\ntoo.\n") == ["The line goes on here.", "The next one too."]


def test_list_items_stay_apart_and_their_lines_together() -> None:
    text = "1. first item of the list, which is\n   long\n2. second\n- third\n"
    assert words(text) == ["1. first item of the list, which is long", "2. second", "third"]


def test_dash_inside_a_wrapped_sentence_is_no_bullet() -> None:
    text = "The old harbour of Kelso was closed for nine days\n– and nobody could say why, not even the old men\nwho sat there.\n"
    assert len(words(text)) == 1


@pytest.mark.parametrize(
    ("text", "sign"), [("# Title", "#"), ("Title\n=====", "#"), ("• item", "•"), ("> quote", ">"), ("| a | b |", "|"), ("text", "")]
)
def test_sign(text: str, sign: str) -> None:
    (paragraph,) = paragraphs_of(text, wrapped=True)
    assert paragraph.sign == sign
    assert paragraph.span.of(text) == paragraph.words


def test_fenced_lines_are_one_paragraph_without_headings() -> None:
    (paragraph,) = paragraphs_of("```sh\n# not a heading\nShare\n```\n", wrapped=True)
    assert (paragraph.words, paragraph.sign, paragraph.form) == ("# not a heading Share", "`", "")


def test_pictures_and_rules_are_no_paragraphs() -> None:
    assert words("![alt](a.png)\n\n[![build](b.svg)](https://b.example)\n\n-----\n\n***\n\nText\n") == ["Text"]


def test_spans_leave_out_blanks_of_every_kind() -> None:
    text = "\ufeff \u00a0Text here\u200b \r\n"
    (paragraph,) = paragraphs_of(text, wrapped=True)
    assert paragraph.span.of(text) == "Text here"


def test_key_ignores_case_and_marks() -> None:
    assert key_of("‘Harbour’ – Reopens!") == key_of("harbour reopens")


def test_a_few_full_lines_do_not_make_a_wrapped_text() -> None:
    items = "Bread and milk\nEggs\nFlour\nTea\nSalt and pepper\nOil\nRice\nHoney\n"
    text = f"{items}\nThe soup is made of beans\nBeans Kelso style are big\nand white.\n"
    assert words(text) == [*items.strip().split("\n"), "The soup is made of beans", "Beans Kelso style are big and white."]


def test_furniture_does_not_go_on_in_the_next_line() -> None:
    assert words("Follow\nde Vries spoke for an hour.\n") == ["Follow", "de Vries spoke for an hour."]

"""Letters of another writing system are told from accents, units and marks."""

import pytest

from qa.scripts import LATIN, foreign, scripts


@pytest.mark.parametrize("text", ["naïve Hawaiʻi", "“5 °C” – €3 …", "ﬁne Ｆｕｌｌ 1ª", "Łódź, Đà Nẵng", ""])
def test_latin_however_it_is_written(text: str) -> None:
    assert foreign(text, LATIN) == ""


@pytest.mark.parametrize(
    ("text", "strange"),
    [
        ("oil from俄罗斯, they say", "俄罗斯"),
        ("the город Нью-Йорк", "город"),
        ("5 µg", "μ"),
        ("a \ufffd\ufffd b", "\ufffd\ufffd"),
        ("東京へ", "東京へ"),
    ],
)
def test_letters_of_others(text: str, strange: str) -> None:
    assert foreign(text, LATIN) == strange
    assert foreign(text, scripts([text])) == ""


def test_japanese_writes_with_three() -> None:
    assert foreign("トウキョウへ", scripts(["東京"])) == ""

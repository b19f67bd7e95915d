"""Made-up pages and plain documents, drawn line by line in `layouts/`.

`T` begins the title, `+` text, `.` more lines of the same paragraph, `-` what is left out, as does `%` to the end of the line; above
them stand the date and the byline that are to be found.
"""

import re
from pathlib import Path

import pytest

from qa.article import articles

DRAWINGS = sorted((Path(__file__).parent / "layouts").glob("*.txt"))


@pytest.mark.parametrize("path", DRAWINGS, ids=lambda path: path.stem)
def test_layout(path: Path) -> None:
    drawing = path.read_text(encoding="utf-8")
    head, lines = re.findall(r"^(\w+): (.+)$", drawing, re.MULTILINE), re.findall(r"^(?:[T+.-] .*|)$", drawing, re.MULTILINE)
    text = "\n".join(line[2:].replace("%", "") for line in lines)
    blocks = re.findall(r"^\+ ((?:.|\n\. )+)$", drawing, re.MULTILINE)
    title = re.search(r"^T (?:# )?(.+)$", drawing, re.MULTILINE)
    (found,) = articles(text, "fallback")
    assert [block.of(text) for block in found.blocks] == [_cleaned(block) for block in blocks]
    assert found.title == (title.group(1) if title else "fallback")
    assert {"date": found.date, "byline": found.byline} == {"date": None, "byline": None, **dict(head)}


def _cleaned(block: str) -> str:
    return re.sub(r"^ *(?:•|-|\*|##) ", "", block.replace("\n. ", "\n")).partition("%")[0]

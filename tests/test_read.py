import hashlib
import json
from pathlib import Path

import pytest

from qa.errors import ReadError
from qa.read import LARGEST, READERS, SUPPORTED, document_id, read
from qa.types import Document

PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Harbour reopens after storm | The Coast Post</title>
<meta property="og:title" content="Harbour reopens after storm"><meta name="author" content="Mara Lind">
<meta property="article:published_time" content="2022-05-04T10:00:00Z"></head>
<body><nav><ul><li><a href="/">Home</a></li><li><a href="/world">World</a></li></ul></nav>
<article><h1>Harbour reopens after storm</h1>
<p>The harbour of Kelso reopened on Tuesday after four days, the port authority said. Ferries had been held since 2 May 2010.</p>
<h2>What comes next</h2>
<p>Repairs to the northern pier will take until June.<br>The cost is put at 3.2 million.</p>
<ul><li>Two cranes were lost</li><li>no one was hurt</li></ul></article>
<footer><p>We use cookies. Accept all.</p></footer></body></html>"""


def put(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def one(folder: Path, name: str, content: str | bytes) -> Document:
    (found,) = read(put(folder, name, content), f"library/{name}")
    return found


def blocks(found: Document) -> list[str]:
    return [block.of(found.text) for article in found.articles for block in article.blocks]


def error(folder: Path, name: str, content: str | bytes) -> ReadError:
    with pytest.raises(ReadError) as caught:
        read(put(folder, name, content), f"library/{name}")
    assert f"library/{name}" in caught.value.message
    assert caught.value.hint
    assert "\n" not in caught.value.line()
    return caught.value


def test_id_is_made_of_the_display_name(tmp_path: Path) -> None:
    found = one(tmp_path, "a.txt", "Some text here.")
    assert found.id == document_id("library/a.txt") == hashlib.sha256(b"library/a.txt").hexdigest()[:16]
    assert found.file == "library/a.txt"


def test_everything_in_the_table_is_supported() -> None:
    assert frozenset(READERS) == SUPPORTED
    assert {".txt", ".text", ".md", ".markdown", ".html", ".htm", ".xhtml", ".jsonl"} <= SUPPORTED


def test_suffix_in_capitals_is_read(tmp_path: Path) -> None:
    assert one(tmp_path, "A.TXT", "Some text here.").articles[0].title == "A"


def test_unknown_suffix_names_those_that_can_be_read(tmp_path: Path) -> None:
    assert ".html" in error(tmp_path, "a.xyz", "text").hint


def test_text_of_several_articles_is_one_document(tmp_path: Path) -> None:
    story = "{title}\n\nUpdated {ago}\nFollow\n\n{title}\n\nThe line was closed for two years while the bridge was renewed.\n\n"
    text = story.format(title="Tram line four reopens", ago="7 May 2020") + story.format(
        title="Baker wins the silver spoon", ago="3 min ago"
    )
    found = one(tmp_path, "a.txt", text)
    assert [(article.title, article.date) for article in found.articles] == [
        ("Tram line four reopens", "2020-05-07"),
        ("Baker wins the silver spoon", None),
    ]


@pytest.mark.parametrize(
    "content",
    [
        "Café “très bon”\nñandú — naïve".encode(),
        b"\xef\xbb\xbf" + "Café “très bon”\r\nñandú — naïve".encode(),
        "\ufeffCafé “très bon”\r\nñandú — naïve".encode("utf-16-le"),
        "\ufeffCafé “très bon”\rñandú — naïve".encode("utf-16-be"),
        "Café “très bon”\r\nñandú — naïve".encode("cp1252"),
    ],
)
def test_encodings_and_line_ends(tmp_path: Path, content: bytes) -> None:
    assert one(tmp_path, "a.txt", content).text == "Café “très bon”\nñandú — naïve"


def test_short_western_text_is_not_taken_for_another_script(tmp_path: Path) -> None:
    assert one(tmp_path, "a.txt", "It costs £5.".encode("latin-1")).text == "It costs £5."


def test_text_of_another_script_is_recognised(tmp_path: Path) -> None:
    text = "Сегодня мы идём гулять в парк, а завтра будет дождь."
    assert one(tmp_path, "a.txt", text.encode("cp1251")).text == text


@pytest.mark.parametrize("content", [b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", b"text\0text", bytes(range(1, 9)) * 30, "text".encode("utf-16-le")])
def test_binary_content_is_refused(tmp_path: Path, content: bytes) -> None:
    assert "binary" in error(tmp_path, "a.txt", content).message


@pytest.mark.parametrize(
    ("name", "content"), [("a.txt", ""), ("a.txt", " \n \n"), ("a.md", "---\n***\n"), ("a.html", "<html></html>"), ("a.jsonl", "\n")]
)
def test_file_without_text_is_refused(tmp_path: Path, name: str, content: str) -> None:
    assert "no text" in error(tmp_path, name, content).message


def test_file_that_is_too_large_is_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    with path.open("wb") as file:
        file.truncate(LARGEST + 1)  # sparse
    with pytest.raises(ReadError, match="too large"):
        read(path, "a.txt")


def test_missing_file_and_folder_are_read_errors(tmp_path: Path) -> None:
    (tmp_path / "folder.txt").mkdir()
    for name in ("missing.txt", "folder.txt"):
        with pytest.raises(ReadError, match="cannot be opened"):
            read(tmp_path / name, name)


def test_markdown(tmp_path: Path) -> None:
    found = one(tmp_path, "a.md", "# Tide tables\n\n## Usage\n\nRun it with a port.\n\n- fast\n- small\n")
    assert found.title == "Tide tables"
    assert blocks(found) == ["Run it with a port.", "fast", "small"]


def test_front_matter_is_given(tmp_path: Path) -> None:
    found = one(tmp_path, "a.md", '---\ntitle: "My note"\nDate: 2024-05-06\nauthor: Ann Lee\ntags: [a]\n---\n\n# Heading\n\nText of it.\n')
    (article,) = found.articles
    assert (article.title, article.date, article.byline) == ("My note", "2024-05-06", "Ann Lee")
    assert blocks(found) == ["Text of it."]


def test_line_of_dashes_is_not_front_matter(tmp_path: Path) -> None:
    assert "First" in one(tmp_path, "a.md", "---\n\nFirst: nothing.\n\n---\n\nSecond.\n").text


def test_html(tmp_path: Path) -> None:
    found = one(tmp_path, "a.html", PAGE)
    (article,) = found.articles
    assert (article.title, article.date, article.byline) == ("Harbour reopens after storm", "2022-05-04", "Mara Lind")
    kept = blocks(found)
    assert kept[0].startswith("The harbour of Kelso reopened")
    assert kept[1:] == [
        "Repairs to the northern pier will take until June.",
        "The cost is put at 3.2 million.",
        "Two cranes were lost",
        "no one was hurt",
    ]
    assert "cookies" not in found.text


def test_html_takes_no_date_from_a_sentence(tmp_path: Path) -> None:
    page = PAGE.replace('content="2022-05-04T10:00:00Z"', "")
    assert one(tmp_path, "a.html", page).date is None


@pytest.mark.parametrize("page", ["<p>A bit of text.</p>", "<html><body>A bit of text.</body></html>", "A bit of text."])
def test_html_fragment(tmp_path: Path, page: str) -> None:
    found = one(tmp_path, "a.htm", page)
    assert blocks(found) == ["A bit of text."]
    assert found.title == "a"


def test_html_in_the_encoding_that_it_declares(tmp_path: Path) -> None:
    page = '<html><head><meta charset="iso-8859-2"><title>Pogoda</title></head><body><p>Żółta łódź płynie.</p></body></html>'
    found = one(tmp_path, "a.xhtml", page.encode("iso-8859-2"))
    assert (found.title, found.text) == ("Pogoda", "Żółta łódź płynie.")


def rows(*fields: dict[str, object]) -> str:
    return "\n".join(json.dumps(row) for row in fields)


def test_collection(tmp_path: Path) -> None:
    path = put(
        tmp_path,
        "news.jsonl",
        rows(
            {
                "id": "a7",
                "title": " One\r\n ",
                "date": "2020-01-02T03:04:05Z",
                "url": "https://a.example/",
                "text": "One\n\nThe text of one.\r\nMore.",
            },
            {
                "id": 12,
                "title": "",
                "date": "no date",
                "text": "Second title\n\nPublished 4 May 2021\n\nIts text stands here and goes on for a while.",
            },
            {"text": "only text in lower case, without anything else."},
        )
        + "\n\n",
    )
    first, second, third = read(path, "news.jsonl")
    assert [found.file for found in (first, second, third)] == ["news.jsonl#a7", "news.jsonl#12", "news.jsonl#3"]
    assert first.id == document_id("news.jsonl#a7")
    assert (first.title, first.date, blocks(first)) == ("One", "2020-01-02", ["The text of one.", "More."])
    assert first.text == "One\n\nThe text of one.\nMore."
    assert (second.title, second.date) == ("Second title", "2021-05-04")
    assert (third.title, third.date) == ("news", None)


def test_row_with_a_title_is_a_single_article(tmp_path: Path) -> None:
    text = "Tram line four reopens\n\nUpdated 5 min ago\n\nTram line four reopens\n\nThe line was closed for two years, they say.\n\n" * 2
    found = one(tmp_path, "a.jsonl", rows({"title": "Two stories", "date": "May 3, 2021", "text": text}))
    (article,) = found.articles
    assert (article.title, article.date) == ("Two stories", "2021-05-03")


def test_row_may_be_called_zero(tmp_path: Path) -> None:
    path = put(tmp_path, "a.jsonl", rows({"id": 0, "text": "One."}, {"id": 1, "text": "Two."}, {"id": "", "text": "Three."}))
    assert [found.file for found in read(path, "a.jsonl")] == ["a.jsonl#0", "a.jsonl#1", "a.jsonl#3"]


def test_row_with_an_empty_text_is_a_document_without_articles(tmp_path: Path) -> None:
    found = one(tmp_path, "a.jsonl", rows({"id": "e", "text": " "}))
    assert (found.articles, found.title) == ((), "library/a.jsonl#e")


def test_row_is_made_storable(tmp_path: Path) -> None:
    found = one(tmp_path, "a.jsonl", '{"text": "Half \\ud83d, zero \\u0000, whole \\ud83d\\ude00."}')
    assert found.text == "Half \ufffd, zero \ufffd, whole 😀."


def test_rows_without_text_are_no_collection(tmp_path: Path) -> None:
    caught = error(tmp_path, "questions.jsonl", rows({"question": "Who?"}, {"question": "When?"}))
    assert "not a collection" in caught.message


@pytest.mark.parametrize("row", ["nope", "[1]", '{"text": 5}', '{"title": "no text"}', '{"id": "a", "text": "Again."}', "[" * 100_000])
def test_broken_row_is_named_by_its_line(tmp_path: Path, row: str) -> None:
    assert "line 3" in error(tmp_path, "a.jsonl", rows({"id": "a", "text": "One."}) + f"\n\n{row}\n").message

"""Every format is read for what it says: text, title, date, byline, pages; and what cannot be read is told in one line."""

import contextlib
import json
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from qa.errors import ReadError
from qa.read import READERS, document, extracts, read
from qa.split import passages
from qa.types import Document
from tests.format_samples import CODE, PROSE, SAMPLES, book, letter, mail, open_sheet, pdf, unzipped, values, workbook, zipped

KELSO = "Town: Kelso; Ferries: 12; Since: 2020-05-04."
MARSH = "Town: Upper Marsh; Ferries: 3.5; Since: 2019-01-31."


def told(data: bytes, name: str) -> list[Document]:
    return [document(extract) for extract in extracts(data, f"library/{name}")]


def one(data: bytes, name: str) -> Document:
    (found,) = told(data, name)
    return found


def blocks(found: Document) -> list[str]:
    return [block.of(found.text) for article in found.articles for block in article.blocks]


def known(found: Document) -> tuple[str, str | None, str | None]:
    return found.title, found.date, found.articles[0].byline


def refused(data: bytes, name: str) -> ReadError:
    with pytest.raises(ReadError) as caught:
        told(data, name)
    assert f"library/{name}" in caught.value.message
    assert caught.value.hint
    return caught.value


def page_of(found: Document, words: str) -> int | None:
    (page,) = {passage.page for passage in passages(found, lambda text: len(text.split())) if words in passage.text}
    return page


@pytest.mark.parametrize("suffix", SAMPLES)
def test_a_sound_file_is_read(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"a{suffix}"
    path.write_bytes(SAMPLES[suffix])
    for found in read(path, path.name):
        assert found.articles
        assert found.digest
        assert all(any(map(str.isalnum, block)) for block in blocks(found))


# PDF


def test_pdf_is_read_page_by_page() -> None:
    found = one(pdf([PROSE[:1], [], PROSE[1:]]), "a.pdf")
    assert blocks(found) == list(PROSE)
    assert found.text[found.pages[2] :].startswith(PROSE[1])
    assert found.pages[1] + 2 == found.pages[2]
    assert [page_of(found, words) for words in ("harbour", "cranes")] == [1, 3]


def test_pdf_without_text_at_its_ends_keeps_its_numbers() -> None:
    found = one(pdf([[], PROSE[:1], []]), "a.pdf")
    assert len(found.pages) == 3
    assert page_of(found, "harbour") == 2


def test_sentence_goes_on_over_the_page_and_words_over_the_line() -> None:
    lines = ("Ferries had been held in the har-", "bour since the well-", "known storm, and the captains", "were waiting for")
    found = one(pdf([lines, ("a pilot all day.", "It is a well-known story.")]), "a.pdf")
    assert "held in the harbour since the well-known storm" in found.text
    assert "waiting for\na pilot all day." in found.text


def test_wrapped_lines_are_joined_and_lists_are_not() -> None:
    lines = (
        "This manual describes the harbour library that provides Abstract",
        "Mooring Notation and the tables of all the ports between Kelso and",
        "Upper Marsh. It has no index.",
        "The cranes of the northern pier and of the southern one, as listed by",
        "1. the port authority in its yearly report about the state of the piers",
        "2. the owners",
        "Cranes of the northern pier . . . . . . . . . . . . . . . . . . . . 12",
        "Cranes of the southern pier . . . . . . . . . . . . . . . . . . . . 14",
        "and what is said of the pilots in every port between Upper Marsh and",
        "17",
    )
    assert one(pdf([lines]), "a.pdf").text.split("\n") == [" ".join(lines[:3]), *lines[3:]]


@pytest.mark.parametrize(
    ("title", "shown"),
    [("Harbour report", "Harbour report"), ("Microsoft Word - x.doc", "a"), ("report_final.docx", "a"), ("untitled", "a"), ("A", "a")],
)
def test_pdf_tells_its_title_unless_a_program_did(title: str, shown: str) -> None:
    found = one(
        pdf([["it began and it ended."]], {"Title": title, "Author": "Mara Lind", "CreationDate": "D:20220504103000+02'00'"}), "a.pdf"
    )
    assert known(found) == (shown, "2022-05-04", "Mara Lind")


def test_date_in_the_text_goes_before_the_day_of_saving() -> None:
    found = one(pdf([["Harbour reopens after storm", "Published 3 May 2022", *PROSE]], {"CreationDate": "D:20230101"}), "a.pdf")
    assert found.date == "2022-05-03"


@pytest.mark.parametrize("pages", [1, 3])
def test_scanned_pdf_is_told(pages: int) -> None:
    error = refused(pdf([[]] * pages), "a.pdf")
    assert "probably scanned" in error.message
    assert "text recognition" in error.hint


def test_protected_files_are_told() -> None:
    for data, name in (
        (pdf([PROSE], protected=True), "a.pdf"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "a.docx"),
        (book(encrypted=True), "a.epub"),
    ):
        assert "is protected" in refused(data, name).message


# Office documents


def test_letter() -> None:
    found = one(letter(), "a.docx")
    assert known(found) == ("Harbour report", "2022-05-04", "Mara Lind")
    assert blocks(found) == [PROSE[0], KELSO, MARSH, PROSE[1], "Two cranes", "It was put in.", "It stands in a control."]
    assert "CONFIDENTIAL" not in found.text
    assert "Cut out" not in found.text
    assert "## What happened" in found.text


def test_slides_are_pages_with_their_notes() -> None:
    found = one(SAMPLES[".pptx"], "a.pptx")
    assert known(found) == ("Harbour talk", "2022-05-04", "Mara Lind")
    assert blocks(found) == ["The storm", PROSE[0], "Two cranes lost", "Mention the pilots.", "Ferries", KELSO, MARSH]
    assert len(found.pages) == 3
    assert [page_of(found, words) for words in ("pilots", "Kelso;")] == [1, 3]


def test_sheets_are_documents_and_rows_bear_their_header() -> None:
    ferries, cranes = told(workbook(), "a.xlsx")
    assert (ferries.file, cranes.file) == ("library/a.xlsx#Ferries", "library/a.xlsx#Cranes")
    assert known(ferries) == ("Harbour figures: Ferries", "2022-05-04", "Mara Lind")
    assert blocks(ferries) == ["As of May.", KELSO, MARSH]
    assert blocks(cranes) == ["Lost; 2."]


def test_workbook_of_one_sheet_is_one_document() -> None:
    for data, name in ((workbook(title="", second=False), "a.xlsm"), (open_sheet(), "a.ods")):
        found = one(data, name)
        assert (found.file, found.title) == (f"library/{name}", "a: Ferries")
        assert blocks(found)[-2:] == [KELSO, MARSH]


@pytest.mark.parametrize(("name", "delimiter"), [("a.csv", ","), ("a.csv", ";"), ("a.csv", "|"), ("a.tsv", "\t")])
def test_values_whatever_stands_between_them(name: str, delimiter: str) -> None:
    assert blocks(one(values(delimiter), name)) == [KELSO, MARSH]


def test_rows_stay_whole_sentences() -> None:
    rows = "Name,Post,Since\n" + "".join(f"J. Smith {i},Dr. of St. Mary Ltd.,{1900 + i}\n" for i in range(100))
    found = one(rows.encode(), "a.csv")
    sentences = [span.of(found.text) for passage in passages(found, lambda text: len(text.split())) for span in passage.sentences]
    assert set(sentences) == {f"Name: J. Smith {i}; Post: Dr. of St. Mary Ltd.; Since: {1900 + i}." for i in range(100)}


@pytest.mark.parametrize(
    ("rows", "lines"),
    [
        ("1,2\n3,4\n", ["1; 2.", "3; 4."]),
        ('a,b\n"one\nline, two",x\n', ["a: one line, two; b: x."]),
        ("Recent posts,Share\nTown,Home\n", ["Recent posts: Town; Share: Home."]),
        ("only\none\ncolumn\n", ["only.", "one.", "column."]),
        ("Town,Ferries\n", ["Town; Ferries."]),
        ("a,b\n,\nx,,z\n", ["a: x; z."]),
        (f"a,b\n{'long ' * 40_000},y\n", [f"a: {'long ' * 40_000}".strip() + "; b: y."]),
    ],
)
def test_odd_rows(rows: str, lines: list[str]) -> None:
    assert blocks(one(rows.encode(), "a.csv")) == lines


# Mail, books, notebooks, source code


@pytest.mark.parametrize("html_only", [False, True])
def test_mail(html_only: bool) -> None:
    found = one(mail(html_only), "a.eml")
    assert known(found) == ("Harbour reopens – at last", "2022-05-04", "Mara Lind")
    assert [block for block in blocks(found) if block in PROSE] == list(PROSE[:2])
    assert found.text.endswith("Attached: plan.pdf.")
    assert "<p>" not in found.text
    assert "color" not in found.text


def test_mail_in_an_encoding_that_nobody_knows() -> None:
    head = b"Subject: Tide\r\nFrom: x@y.example\r\nContent-Type: text/plain; charset=x-unknown\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
    assert blocks(one(head + "Ebb at three, café open.\r\n".encode("cp1252"), "a.eml")) == ["Ebb at three, café open."]


def test_text_that_is_no_mail_is_refused() -> None:
    assert "damaged or no EML" in refused(b"\n\njust some words\n", "a.eml").message


def test_book_has_chapters_for_pages() -> None:
    found = one(book([PROSE[0], "", "Caf&#233; &amp; more.<br/>Next line."]), "a.epub")
    assert known(found) == ("Harbour tales", "2022-05-04", "Mara Lind")
    assert blocks(found) == ["Chapter 1", PROSE[0], "Chapter 3", "Café & more.", "Next line."]
    assert [page_of(found, words) for words in ("harbour", "Café")] == [1, 3]


def test_notebook() -> None:
    found = one(SAMPLES[".ipynb"], "a.ipynb")
    assert found.title == "Harbour notes"
    prose, code, printed, failed, last = blocks(found)
    assert (prose, printed, failed, last) == (PROSE[0], "12 ferries\ntoday", "ValueError: no crane", PROSE[1])
    assert code.startswith("ferries = 12\n")
    assert code.endswith("print(ferries)")


@pytest.mark.parametrize("content", [b"{", b"[]", b'{"cells": 5}', b"[" * 100_000, b'{"cells": [5, {"cell_type": "code", "outputs": 7}]}'])
def test_what_is_no_notebook_is_refused(content: bytes) -> None:
    assert refused(content, "a.ipynb")


def test_source_code_is_kept_line_by_line() -> None:
    furniture = b"# Share\n# Recent posts\n# Leave a reply\n# 5 min ago\n"
    found = one(CODE + furniture, "deep/a.py")
    assert found.title == "a.py"
    assert blocks(found) == [line.strip() for line in (CODE + furniture).decode().splitlines() if any(map(str.isalnum, line))]
    assert found.text.encode() == CODE + furniture


# Archives that lie, and libraries that are not there


def test_archive_that_unpacks_to_much_is_refused() -> None:
    made = bytearray(zipped({**unzipped(letter()), "word/media/a.bin": bytes(60_000)}))
    entry = made.rindex(b"word/media/a.bin") - 46  # in the directory at the archive's end
    made[entry + 24 : entry + 28] = (600_000_000).to_bytes(4, "little")
    assert "unpacks to 601 MB" in refused(bytes(made), "a.docx").message


@pytest.mark.parametrize(
    ("suffix", "part"), [(".xlsx", "docProps/core.xml"), (".docx", "word/document.xml"), (".epub", "OEBPS/text/c 0.xhtml")]
)
def test_part_that_is_nested_without_end_is_borne(suffix: str, part: str) -> None:
    deep = b"<html>" + b"<p>word" * 100_000
    with contextlib.suppress(ReadError):
        assert all(found.text.count("word") < 100_001 for found in told(zipped({**unzipped(SAMPLES[suffix]), part: deep}), f"a{suffix}"))


@pytest.mark.parametrize(("suffix", "part"), [(".docx", "word/document.xml"), (".epub", "OEBPS/book.opf"), (".xlsx", "docProps/core.xml")])
def test_archive_without_its_part_or_with_entities_is_borne(suffix: str, part: str) -> None:
    parts = unzipped(SAMPLES[suffix])
    laughs = "".join(f'<!ENTITY l{i + 1} "{f"&l{i};" * 10}">' for i in range(12))
    hostile = f'<!DOCTYPE x [<!ENTITY l0 "ha">{laughs}<!ENTITY f SYSTEM "file:///etc/passwd">]><x>&l12;&f;</x>'.encode()
    for content in (b"", hostile):
        try:
            text = "".join(found.text for found in told(zipped({**parts, part: content}), f"a{suffix}"))
        except ReadError as error:
            text = error.line()
        assert "haha" not in text
        assert "root:" not in text


LIBRARIES = {suffix: entry.library for suffix, entry in READERS.items() if entry.library}
MODULES = {
    "trafilatura": "trafilatura",
    "pypdfium2": "pypdfium2",
    "python-docx": "docx",
    "python-pptx": "pptx",
    "python-calamine": "python_calamine",
    "lxml": "lxml",
}


@pytest.fixture
def without(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder whose modules every new process finds first, and a reader's process that is new."""
    from qa.apart import APART

    monkeypatch.setenv("PYTHONPATH", os.pathsep.join((str(tmp_path), os.environ.get("PYTHONPATH", ""))))
    APART.close()
    yield tmp_path
    APART.close()


@pytest.mark.parametrize("suffix", [".pdf", ".docx", ".pptx", ".xlsx"])
def test_missing_library_is_named_with_what_installs_it(suffix: str, without: Path) -> None:
    library = LIBRARIES[suffix]
    hidden = f"import sys\nsys.modules[{MODULES[library]!r}] = None\n"
    (without / "sitecustomize.py").write_text(hidden)
    error = refused(SAMPLES[suffix], f"a{suffix}")
    assert error.message == f"library/a{suffix} needs the library {library}"
    assert "footnote[formats]" in error.hint


def test_every_library_of_the_table_is_a_dependency() -> None:
    import tomllib

    project = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text())["project"]
    listed: Sequence[str] = [*project["dependencies"], *project["optional-dependencies"]["formats"]]
    assert {library for library in LIBRARIES.values() if not any(entry.startswith(library) for entry in listed)} == set()


def test_rows_of_a_collection_may_have_an_address() -> None:
    row = json.dumps({"id": "a", "url": "https://a.example/", "text": PROSE[0]}).encode()
    assert blocks(one(row, "a.jsonl")) == [PROSE[0]]

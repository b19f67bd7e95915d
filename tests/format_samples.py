"""Small files of every format, made by the formats' own writers where they have one, and by hand where not."""

import datetime
import io
import json
import zipfile
from collections.abc import Mapping, Sequence
from email.message import EmailMessage

import docx
import openpyxl
import pptx
from docx.oxml import parse_xml
from pptx.util import Inches

PROSE = (
    "The harbour of Kelso reopened on Tuesday after four days, the port authority said.",
    "Repairs to the northern pier will take until June, and the cost is put at 3.2 million.",
    "Two cranes were lost in the storm, but no one was hurt.",
)
WHEN = datetime.datetime(2022, 5, 4, 10, 30, tzinfo=datetime.UTC)
ROWS: tuple[tuple[object, ...], ...] = (
    ("Town", "Ferries", "Since"),
    ("Kelso", 12, datetime.date(2020, 5, 4)),
    ("Upper Marsh", 3.5, datetime.date(2019, 1, 31)),
)


# PDF


def pdf(pages: Sequence[Sequence[str]], known: Mapping[str, str] | None = None, protected: bool = False) -> bytes:
    """A PDF with these lines on its pages. `known`: what it says of itself, such as its Title."""
    kids = b" ".join(b"%d 0 R" % (6 + 2 * i) for i in range(len(pages)))
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Count %d/Kids[%s]>>" % (len(pages), kids),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>",
        b"<<%s>>" % b"".join(b"/%s%s" % (name.encode(), _string(value)) for name, value in (known or {}).items()),
        b"<</Filter/Standard/V 1/R 2/P -4/O<%s>/U<%s>>>" % (b"41" * 32, b"42" * 32),  # of no password that anyone knows
    ]
    for number, lines in enumerate(pages):
        shown = b"BT /F 11 Tf 14 TL 72 720 Td %s ET" % b" ".join(b"%s Tj T*" % _string(line) for line in lines)
        objects.append(
            b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Resources<</Font<</F 3 0 R>>>>/Contents %d 0 R>>" % (7 + 2 * number)
        )
        objects.append(b"<</Length %d>>stream\n%s\nendstream" % (len(shown), shown))
    made, starts = b"%PDF-1.4\n", []
    for number, content in enumerate(objects, 1):
        starts.append(len(made))
        made += b"%d 0 obj%s\nendobj\n" % (number, content)
    places = b"".join(b"%010d 00000 n \n" % start for start in starts)
    extra = b"/Encrypt 5 0 R/ID[<00><00>]" if protected else b""
    trailer = b"trailer<</Size %d/Root 1 0 R/Info 4 0 R%s>>\nstartxref\n%d\n%%%%EOF" % (len(objects) + 1, extra, len(made))
    return made + b"xref\n0 %d\n0000000000 65535 f \n%s%s" % (len(objects) + 1, places, trailer)


def _string(text: str) -> bytes:
    return b"(%s)" % text.encode("cp1252").replace(b"\\", rb"\\").replace(b"(", rb"\(").replace(b")", rb"\)")


# Office


def letter() -> bytes:
    """A Word document with a table between paragraphs, a header, a deletion, an insertion, a content control and a footer."""
    made = docx.Document()
    made.core_properties.title, made.core_properties.author, made.core_properties.created = "Harbour report", "Mara Lind", WHEN
    made.sections[0].header.paragraphs[0].text = "CONFIDENTIAL HEADER"
    made.sections[0].footer.paragraphs[0].text = "CONFIDENTIAL FOOTER"
    made.add_heading("What happened", 1)
    made.add_paragraph(PROSE[0])
    table = made.add_table(rows=0, cols=3)
    for row in ROWS:
        for cell, value in zip(table.add_row().cells, row, strict=True):
            cell.text = str(value)
    made.add_paragraph(PROSE[1])
    made.add_paragraph("Two cranes", style="List Bullet")
    space = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
    deleted = "<w:del><w:r><w:delText>Cut out.</w:delText></w:r></w:del>"
    changed = f"<w:p {space}><w:ins><w:r><w:t>It was put in.</w:t></w:r></w:ins>{deleted}</w:p>"
    control = f"<w:sdt {space}><w:sdtContent><w:p><w:r><w:t>It stands in a control.</w:t></w:r></w:p></w:sdtContent></w:sdt>"
    for part in (changed, control):
        made.element.body.insert(len(made.element.body) - 1, parse_xml(part))
    return _saved(made)


def slides() -> bytes:
    """Three slides: a title with bullets and notes, an empty one, and a table."""
    made = pptx.Presentation()
    made.core_properties.title, made.core_properties.author, made.core_properties.created = "Harbour talk", "Mara Lind", WHEN
    first = made.slides.add_slide(made.slide_layouts[1])
    first.shapes.title.text = "The storm"
    first.placeholders[1].text = f"{PROSE[0]}\nTwo cranes lost"
    first.notes_slide.notes_text_frame.text = "Mention the pilots."
    made.slides.add_slide(made.slide_layouts[6])
    third = made.slides.add_slide(made.slide_layouts[5])
    third.shapes.title.text = "Ferries"
    table = third.shapes.add_table(len(ROWS), 3, Inches(1), Inches(2), Inches(6), Inches(2)).table
    for i, row in enumerate(ROWS):
        for j, value in enumerate(row):
            table.cell(i, j).text = str(value)
    return _saved(made)


def workbook(title: str = "Harbour figures", second: bool = True) -> bytes:
    """Two sheets with rows, the first under a line that says what it is, and one without."""
    made = openpyxl.Workbook()
    made.properties.title, made.properties.creator, made.properties.created = title, "Mara Lind", WHEN.replace(tzinfo=None)
    sheet = made.active
    assert sheet
    sheet.title = "Ferries"
    for row in (("As of May",), (), *ROWS):
        sheet.append([*row])
    if second:
        made.create_sheet("Cranes").append(("Lost", 2))
    made.create_sheet("Nothing")
    return _saved(made)


def _saved(document: object) -> bytes:
    into = io.BytesIO()
    document.save(into)  # type: ignore[attr-defined]
    return into.getvalue()


def unzipped(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def zipped(parts: Mapping[str, str] | Mapping[str, bytes]) -> bytes:
    into = io.BytesIO()
    with zipfile.ZipFile(into, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return into.getvalue()


def open_sheet() -> bytes:
    """An OpenDocument spreadsheet."""
    spaces = " ".join(f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"' for name in ("office", "table", "text"))
    cell = '<table:table-cell office:value-type="string"><text:p>{}</text:p></table:table-cell>'.format
    rows = "".join(f"<table:table-row>{''.join(map(cell, row))}</table:table-row>" for row in ROWS)
    body = f'<table:table table:name="Ferries">{rows}</table:table>'
    body = f"<office:body><office:spreadsheet>{body}</office:spreadsheet></office:body>"
    content = f"<office:document-content {spaces}>{body}</office:document-content>"
    listed = '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"/>'
    kind = "application/vnd.oasis.opendocument.spreadsheet"
    return zipped({"mimetype": kind, "META-INF/manifest.xml": listed, "content.xml": content})


# Books, mail, notebooks, text


def book(chapters: Sequence[str] = PROSE, encrypted: bool = False) -> bytes:
    """An EPUB with a chapter for each text, of which one without words is a picture."""
    items = "".join(f'<item id="c{i}" href="text/c%20{i}.xhtml" media-type="application/xhtml+xml"/>' for i in range(len(chapters)))
    spine = "".join(f'<itemref idref="c{i}"/>' for i in range(len(chapters)))
    known = "<dc:title>Harbour tales</dc:title><dc:creator>Mara Lind</dc:creator><dc:date>2022-05-04</dc:date>"
    parts = {
        "mimetype": "application/epub+zip",
        "META-INF/container.xml": '<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>'
        '<rootfile full-path="OEBPS/book.opf"/></rootfiles></container>',
        "OEBPS/book.opf": '<package xmlns="http://www.idpf.org/2007/opf" xmlns:dc="http://purl.org/dc/elements/1.1/">'
        f"<metadata>{known}</metadata><manifest>{items}</manifest><spine>{spine}</spine></package>",
    }
    for i, text in enumerate(chapters):
        body = f"<h1>Chapter {i + 1}</h1><p>{text}</p>" if text else '<img src="cover.png"/>'
        parts[f"OEBPS/text/c {i}.xhtml"] = (
            '<?xml version="1.0" encoding="utf-8"?><html xmlns="http://www.w3.org/1999/xhtml"><head><title>No text</title></head>'
            f"<body>{body}</body></html>"
        )
    if encrypted:
        parts["META-INF/encryption.xml"] = (
            '<encryption xmlns:enc="http://www.w3.org/2001/04/xmlenc#"><enc:CipherReference URI="OEBPS/text/c%200.xhtml"/></encryption>'
        )
    return zipped(parts)


def mail(html_only: bool = False, attached: bool = True) -> bytes:
    made = EmailMessage()
    made["Subject"], made["From"], made["To"] = "Harbour reopens – at last", "Mara Lind <mara@port.example>", "all@port.example"
    made["Date"] = "Wed, 04 May 2022 10:30:00 +0200"
    page = f"<html><head><style>p {{ color: red }}</style></head><body><p>{PROSE[0]}</p><p>{PROSE[1]}</p></body></html>"
    made.set_content(page if html_only else f"Dear all,\n\n{PROSE[0]}\n{PROSE[1]}\n", subtype="html" if html_only else "plain")
    if not html_only:
        made.add_alternative(page, subtype="html")
    if attached:
        made.add_attachment(b"%PDF-1.4", maintype="application", subtype="pdf", filename="plan.pdf")
    return made.as_bytes()


def notebook() -> bytes:
    output = {"output_type": "stream", "name": "stdout", "text": ["12 ferries\n", "today\n"]}
    failed = {"output_type": "error", "ename": "ValueError", "evalue": "no crane", "traceback": []}
    cells = [
        {"cell_type": "markdown", "source": ["# Harbour notes\n", "\n", PROSE[0]]},
        {"cell_type": "code", "source": 'ferries = 12\n"""\n```\nfence\n"""\nprint(ferries)', "outputs": [output, failed]},
        {"cell_type": "markdown", "source": PROSE[1]},
    ]
    return json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": cells}).encode()


def page() -> bytes:
    paragraphs = "".join(f"<p>{line}</p><ul><li>{line[:20]}</li></ul>" for line in PROSE * 10)
    head = '<meta charset="utf-8"><title>Harbour reopens after storm</title>'
    return f"<!doctype html><html><head>{head}</head><body><article><h1>Harbour reopens</h1>{paragraphs}</article></body></html>".encode()


def values(delimiter: str) -> bytes:
    return "\n".join(delimiter.join(map(str, row)) for row in ROWS).encode()


CODE = b'"""Ferries."""\n\n\ndef ferries(town: str) -> int:\n    # Counted by hand.\n    return {"Kelso": 12}[town]\n'
TEXT = "\n\n".join(("Harbour reopens after storm", *PROSE)).encode()

SAMPLES: Mapping[str, bytes] = {
    ".txt": TEXT + " Ångström, Żółć, Ελλάδα, 東京.".encode() * 10,
    ".md": b"---\ntitle: Harbour\n---\n\n# Harbour\n\n" + TEXT * 10,
    ".html": page(),
    ".jsonl": "\n".join(json.dumps({"id": i, "title": f"Part {i}", "text": line}) for i, line in enumerate(PROSE)).encode(),
    ".csv": values(","),
    ".tsv": values("\t"),
    ".ipynb": notebook(),
    ".py": CODE * 10,
    ".pdf": pdf([PROSE, [], PROSE[:1]], {"Title": "Harbour report", "Author": "Mara Lind", "CreationDate": "D:20220504103000"}),
    ".docx": letter(),
    ".pptx": slides(),
    ".xlsx": workbook(),
    ".ods": open_sheet(),
    ".eml": mail(),
    ".epub": book(),
}
"""A sound file of every format, by suffix."""

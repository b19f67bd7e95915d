"""Readers of what office programs write: documents, slides, sheets."""

import io
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from qa.archive import opened, properties
from qa.extract import Extract, flat, offsets, required
from qa.table import lines_of

if TYPE_CHECKING:
    from docx.document import Document as Letter
    from lxml.etree import _Element
    from pptx.shapes.base import BaseShape
    from pptx.slide import Slide

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"  # a text box a second time, for old programs
_MARKS = {f"{_W}tab": "\t", f"{_W}br": "\n", f"{_W}cr": "\n", f"{_W}noBreakHyphen": "-"}
_HOLDERS = tuple(f"{_W}{name}" for name in ("sdt", "sdtContent", "customXml", "ins"))
_UNNAMED = re.compile(r"(?:sheet|table|tabelle|feuil|hoja|foglio|blad|planilha|лист)? ?\d*", re.IGNORECASE)
_NOTES = ("/footnotes", "/endnotes")


def letter(data: bytes, file: str) -> Iterator[Extract]:
    """A Word document: paragraphs, headings (as in Markdown), rows of tables and notes in their order; not what stands at the edges of
    its pages, nor what is deleted."""
    import docx

    known = properties(opened(data, file), file)
    document = docx.Document(io.BytesIO(data))
    styles = _styles(document)
    parts = [*_paragraphs(document.element.body, styles), *_notes(document)]
    text = required("\n\n".join(part for part in parts if part.strip()), file)
    yield Extract(file, text, known.title or _headline(document, styles), byline=known.byline, saved=known.saved)


def _styles(document: "Letter") -> dict[str, str]:
    """The name of each style, in English whatever the program speaks."""
    names = ((style.get(f"{_W}styleId"), style.find(f"{_W}name")) for style in document.styles.element.iter(f"{_W}style"))
    return {str(key): str(name.get(f"{_W}val")).capitalize() for key, name in names if name is not None}


def _style(node: "_Element", styles: Mapping[str, str]) -> str:
    used = node.find(f"{_W}pPr/{_W}pStyle")
    return styles.get(used.get(f"{_W}val", ""), "") if used is not None else ""


def _headline(document: "Letter", styles: Mapping[str, str]) -> str:
    """The first paragraph in the style of a title."""
    return next((flat(_text(node)) for node in document.element.body.iter(f"{_W}p") if _style(node, styles) == "Title"), "")


def _paragraphs(body: "_Element", styles: Mapping[str, str]) -> Iterator[str]:
    """What stands in a body or a content control, in order."""
    for node in body:
        if node.tag == f"{_W}p":
            yield _paragraph(node, styles)
        elif node.tag == f"{_W}tbl":
            yield "\n".join(lines_of(_rows(node)))
        elif node.tag in _HOLDERS:
            yield from _paragraphs(node, styles)


def _paragraph(node: "_Element", styles: Mapping[str, str]) -> str:
    text = _text(node).strip()
    style = _style(node, styles)
    if style == "Title" or style.startswith("Heading "):
        return f"{'#' if style == 'Title' else '##'} {flat(text)}" if text else ""
    return f"- {text}" if text and style.startswith("List ") else text


def _text(node: "_Element") -> str:
    """The text of a paragraph, with links, insertions and text boxes, without deletions."""
    pieces: list[str] = []
    waiting = [*reversed(node)]
    while waiting:
        child = waiting.pop()
        if child.tag == f"{_W}t":
            pieces.append(child.text or "")
        elif child.tag in _MARKS:
            pieces.append(_MARKS[child.tag])
        elif child.tag != _FALLBACK:
            pieces += ["\n"] if child.tag == f"{_W}p" else []
            waiting += reversed(child)
    return "".join(pieces)


def _rows(table: "_Element") -> Iterator[list[str]]:
    for row in table.findall(f"{_W}tr"):
        yield [" ".join(_text(p) for p in cell.iter(f"{_W}p")) for cell in row.findall(f"{_W}tc")]


def _notes(document: "Letter") -> Iterator[str]:
    """Footnotes and endnotes, each a paragraph at the end."""
    from lxml import etree

    for relation in document.part.rels.values():
        if not relation.is_external and relation.reltype.endswith(_NOTES):
            notes = etree.fromstring(relation.target_part.blob, etree.XMLParser(resolve_entities=False, no_network=True))
            yield from (" ".join(_text(p).strip() for p in note.iter(f"{_W}p")).strip() for note in notes)


# Slides


def slides(data: bytes, file: str) -> Iterator[Extract]:
    """A presentation: each slide a page, with its tables and the speaker's notes."""
    from pptx import Presentation

    known = properties(opened(data, file), file)
    presentation = Presentation(io.BytesIO(data))
    pages = ["\n".join(_slide(slide)) for slide in presentation.slides]
    text = required("\n\n".join(pages), file)
    first = next((page.split("\n", 1)[0] for page in pages if page), "")
    title = known.title or (first if len(first.split()) <= 20 else "")
    yield Extract(file, text, title, byline=known.byline, pages=offsets(pages, 2), lines=True, saved=known.saved)


def _slide(slide: "Slide") -> Iterator[str]:
    title = slide.shapes.title
    first = [title] if title is not None else []
    rest = [shape for shape in slide.shapes if title is None or shape.shape_id != title.shape_id]
    yield from _shapes([*first, *rest])
    if slide.has_notes_slide and (notes := slide.notes_slide.notes_text_frame) is not None:
        yield from _lines(notes.text)


def _shapes(shapes: "Iterable[BaseShape]") -> Iterator[str]:
    from pptx.shapes.autoshape import Shape
    from pptx.shapes.graphfrm import GraphicFrame
    from pptx.shapes.group import GroupShape

    for shape in shapes:
        if isinstance(shape, GroupShape):
            yield from _shapes(shape.shapes)
        elif isinstance(shape, Shape):
            yield from _lines(shape.text_frame.text)
        elif isinstance(shape, GraphicFrame) and shape.has_table:
            yield from lines_of([cell.text for cell in row.cells] for row in shape.table.rows)


def _lines(text: str) -> Iterator[str]:
    return (line for raw in text.replace("\v", "\n").split("\n") if (line := flat(raw)))


# Sheets


def workbook(data: bytes, file: str) -> Iterator[Extract]:
    """A workbook: each sheet that has rows an extract, named as its rows of a collection are, each row with its header."""
    from python_calamine import CalamineWorkbook

    archive = opened(data, file)
    known = properties(archive, file)
    book = CalamineWorkbook.from_filelike(io.BytesIO(data))
    found = {_name(book.sheet_names, i): "\n".join(lines_of(book.get_sheet_by_index(i).to_python())) for i in range(len(book.sheet_names))}
    filled = {name: text for name, text in found.items() if any(map(str.isalnum, text))}
    required("text" if filled else "", file)
    alone, of_all = len(filled) == 1, known.title or Path(file).stem
    for name, text in filled.items():
        title = of_all if alone and _UNNAMED.fullmatch(name) else f"{of_all}: {name}"
        yield Extract(file if alone else f"{file}#{name}", text, title, byline=known.byline, lines=True, saved=known.saved)


def _name(names: Sequence[str], index: int) -> str:
    """The name of a sheet; with its number where another has the same, as no document may."""
    name = flat(names[index])
    return name if [flat(other) for other in names].count(name) == 1 else f"{name} ({index + 1})"

"""Readers of what is text already: plain, Markdown, source code, rows, notebooks."""

import csv
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from qa.errors import NoDocumentsError, ReadError
from qa.extract import Extract, damaged, decoded, flat, iso_date, lined, required, storable
from qa.table import delimited, lines_of

LONGEST_ARTICLE: Final = 5_000_000  # characters; a longer text is a log or a dump, and is kept line by line

_FRONT_MATTER = re.compile(r"---\n([\w-]+:.{0,8000}?\n)---[ \t]*(?:\n|$)", re.DOTALL)
_FIELD = re.compile(r"^(title|date|author)[ \t]*:[ \t]*(\S.*?)[ \t]*$", re.MULTILINE | re.IGNORECASE)
_FENCE = re.compile(r"^(?=[ \t]*(?:```|~~~))", re.MULTILINE)
_COLOUR = re.compile(r"\x1b\[[\d;]*m")


def text(data: bytes, file: str) -> Iterator[Extract]:
    """Plain text."""
    found = required(decoded(data, file), file)
    yield Extract(file, found, lines=len(found) > LONGEST_ARTICLE)


def markdown(data: bytes, file: str) -> Iterator[Extract]:
    """Plain text, and the fields that may stand above it between lines of dashes."""
    found = required(decoded(data, file), file)
    head = _FRONT_MATTER.match(found)
    if not head:
        yield Extract(file, found, lines=len(found) > LONGEST_ARTICLE)
        return
    fields = {name.lower(): value.strip("\"'") for name, value in _FIELD.findall(head.group(1))}
    found = required(found[head.end() :].lstrip("\n"), file)
    yield Extract(file, found, fields.get("title", ""), iso_date(fields.get("date")), fields.get("author"))


def source(data: bytes, file: str) -> Iterator[Extract]:
    """Source code and the like, line by line."""
    yield Extract(file, required(decoded(data, file), file), fallback=Path(file).name, lines=True)


def sheet(data: bytes, file: str) -> Iterator[Extract]:
    """Rows of values, each with its header."""
    try:
        found = "\n".join(lines_of(delimited(decoded(data, file))))
    except csv.Error as error:
        raise damaged(file, error) from error
    yield Extract(file, required(found, file), lines=True)


def notebook(data: bytes, file: str) -> Iterator[Extract]:
    """The cells of a Jupyter notebook as Markdown: prose as it is, code and what it printed between fences."""
    try:
        content = json.loads(decoded(data, file))
    except (ValueError, RecursionError) as error:
        raise damaged(file, error) from error
    cells = content.get("cells") if isinstance(content, dict) else None
    if not isinstance(cells, list):
        raise damaged(file, "it has no list of cells")
    parts = [part for cell in cells if isinstance(cell, dict) for part in _cell(cell)]
    metadata = content.get("metadata")
    title = flat(metadata.get("title") or "") if isinstance(metadata, dict) else ""
    yield Extract(file, required(storable("\n\n".join(parts)), file), storable(title))


def _cell(cell: dict[str, object]) -> Iterator[str]:
    written = _joined(cell.get("source")).strip("\n")
    if cell.get("cell_type") != "code":
        yield written
        return
    outputs = cell.get("outputs")
    printed = (_printed(output) for output in outputs if isinstance(output, dict)) if isinstance(outputs, list) else ()
    for block in (written, *printed):
        if block.strip():
            inner = _FENCE.sub(r"\\", block.strip("\n"))  # a fence inside would end ours
            yield f"```\n{inner}\n```"


def _printed(output: dict[str, object]) -> str:
    """What a cell gave as text; pictures are left out."""
    data = output.get("data")
    shown = _joined(data.get("text/plain")) if isinstance(data, dict) else ""
    error = f"{output['ename']}: {output.get('evalue', '')}" if "ename" in output else ""
    return _COLOUR.sub("", lined(_joined(output.get("text")) or shown or error))


def _joined(lines: object) -> str:
    """A text that a notebook holds whole or as a list of its lines."""
    return "".join(map(str, lines)) if isinstance(lines, list) else str(lines or "")


def collection(data: bytes, file: str) -> Iterator[Extract]:
    """An extract for each row, which has a `text` and may have an `id`, a `title` and a `date`."""
    rows = [(line, row) for line, row in enumerate(decoded(data, file).split("\n"), 1) if row.strip()]
    names: set[str] = set()
    for line, row in rows:
        fields = _fields(row, line, file)
        found = fields.get("text")
        if not isinstance(found, str):
            raise _wrong_row(file, line, found, first=not names)
        name = storable(flat(fields.get("id"))) or str(line)
        if name in names:
            raise ReadError(f"{file}, line {line}: the id {name} stands for the second time", "Give every row an id of its own, or none.")
        names.add(name)
        title = storable(str(fields.get("title") or ""))
        yield Extract(f"{file}#{name}", storable(found), title, iso_date(fields.get("date")), fallback=Path(file).stem)
    required("text" if names else "", file)


def _fields(row: str, line: int, file: str) -> dict[str, object]:
    try:
        fields = json.loads(row)
    except (ValueError, RecursionError) as error:
        raise ReadError(f"{file}, line {line}: not JSON ({error})", "Mend the line, or leave the file out of the folder.") from error
    if not isinstance(fields, dict):
        raise ReadError(f"{file}, line {line}: not a JSON object", "Mend the line, or leave the file out of the folder.")
    return fields


def _wrong_row(file: str, line: int, text: object, first: bool) -> ReadError:
    if first and text is None:
        return NoDocumentsError(
            f"{file} is not a collection of documents: its rows have no `text`", "Leave it out, or give every row a `text`."
        )
    what = "the row has no `text`" if text is None else "`text` is not a string"
    return ReadError(f"{file}, line {line}: {what}", "Mend the line, or leave the file out of the folder.")

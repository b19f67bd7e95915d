"""Rows of cells → lines that each stand for themselves: "Town: Kelso; Ferries: 12." Pure."""

import csv
import datetime
import io
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice
from typing import Final

from qa.extract import flat

DELIMITERS: Final = ",;\t|"
HEAD: Final = 10  # rows in which the header is looked for
SAMPLE: Final = 100_000  # characters by which the delimiter is told

_NUMBER = re.compile(r"[\W\d_]*(?:[eE][+-]?\d+)?[\W\d_]*")
_ENDED = (".", "!", "?", "…")


def lines_of(rows: Iterable[Sequence[object]]) -> Iterator[str]:
    """A line for each row that is not empty: "Header: value; Header: value.", where the rows have a header."""
    filled = (cells for row in rows if any(cells := [_shown(cell) for cell in row]))
    head = list(islice(filled, HEAD))
    header = _header(head)
    names: list[str] = []
    for number, cells in enumerate(chain(head, filled)):
        if number == header:
            names = cells
        else:
            yield _line(cells, names)
    if header == len(head) - 1 == 0:
        yield _line(names, [])  # a table that is all header


def delimited(text: str) -> Iterator[list[str]]:
    """The rows of a text of values separated by commas, semicolons, tabs or bars."""
    csv.field_size_limit(2**31 - 1)  # by default 128 KiB, which a long note exceeds
    return csv.reader(io.StringIO(text), delimiter=_delimiter(text[:SAMPLE]))


def _delimiter(sample: str) -> str:
    """The one by which the most rows have the same number of cells, more than one."""
    return max(DELIMITERS, key=lambda delimiter: _evenness(sample, delimiter))


def _evenness(sample: str, delimiter: str) -> tuple[int, int]:
    widths = Counter(len(row) for row in islice(csv.reader(io.StringIO(sample), delimiter=delimiter), 50) if len(row) > 1)
    width, rows = widths.most_common(1)[0] if widths else (0, 0)
    return rows, width


def _shown(cell: object) -> str:
    """A cell as one reads it: 3 rather than 3.0, a day without the midnight that spreadsheets add."""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    if isinstance(cell, datetime.datetime):
        day = cell.date().isoformat()
        return day if cell.time() == datetime.time() else f"{day} {cell:%H:%M}"
    return flat(cell)


def _header(head: Sequence[Sequence[str]]) -> int | None:
    """The row that names the columns: the first that is as full as those below it, if it is all words."""
    fullest = max((sum(map(bool, row)) for row in head), default=0)
    for number, row in enumerate(head):
        cells = [cell for cell in row if cell]
        if len(cells) > 1 and 2 * len(cells) > fullest:
            return None if any(map(_NUMBER.fullmatch, cells)) or len(set(cells)) < len(cells) else number
    return None


def _line(cells: Sequence[str], names: Sequence[str]) -> str:
    told = [f"{names[i]}: {cell}" if i < len(names) and names[i] else cell for i, cell in enumerate(cells) if cell]
    line = "; ".join(told)
    return line if line.endswith(_ENDED) else f"{line}."

"""What the command line shows: text for people, with progress bars and colour only where a terminal shows them."""

import json
import re
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING, Final

from qa.coverage import left_out, percent, share, totals, wrong
from qa.notes import notes, quoted
from qa.status import DocumentStatus, SyncReport
from qa.types import Answer, Citation, Done, Event, Hit, Progress, Revised, Token, ignore, readable_date

if TYPE_CHECKING:
    from qa.doctor import Check
    from qa.service import QA
    from qa.settings import Settings
    from qa.wire import Form

EXCERPT: Final = 160  # characters of a passage that are shown
NEAREST: Final = 3  # passages shown where the answer is withheld
MEGABYTES_FROM: Final = 1_000_000  # totals from here on are bytes, and shown as megabytes
COLUMNS: Final = ("FILE", "STATUS", "PAGES", "PASSAGES", "KEPT", "LANGUAGE", "DATE", "TITLE")
NUMBERS: Final = ("PAGES", "PASSAGES", "KEPT")
LONGEST_TITLE: Final = 60  # characters of it in the table
WIDEST: Final = 60  # characters of a column; a longer name pushes its own line aside, not all of them
SILENCE: Final = 60.0  # seconds between two lines of progress in a log
CONTROLS: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")  # a document must not steer the terminal


def show(text: str) -> None:
    print(CONTROLS.sub("", text), flush=True)


def show_json(form: "Form") -> None:
    """One line, in ASCII where the output is not UTF-8."""
    utf8 = (sys.stdout.encoding or "").lower().replace("-", "") == "utf8"
    print(json.dumps(form.model_dump(), ensure_ascii=not utf8), flush=True)


@contextmanager
def bars() -> Iterator[Progress]:
    """A `Progress` that draws on standard error, a bar for each kind of label (its first word), or nothing where that is no terminal."""
    if not sys.stderr.isatty():
        yield ignore
        return
    from rich.console import Console
    from rich.progress import BarColumn, TaskID, TextColumn
    from rich.progress import Progress as Bars

    columns = TextColumn("{task.description}", markup=False), BarColumn(), TextColumn("{task.fields[amount]}")
    with Bars(*columns, console=Console(stderr=True), transient=True) as drawn:
        tasks: dict[str, TaskID] = {}

        def tell(label: str, done: int, total: int) -> None:
            kind = label.partition(" ")[0]
            if kind not in tasks:
                tasks[kind] = drawn.add_task(label, total=None, amount="")
            drawn.update(tasks[kind], description=CONTROLS.sub("", label), completed=done, total=total or None, amount=amount(done, total))

        yield tell


def amount(done: int, total: int) -> str:
    """`12 / 98 MB`, `3 / 5`; empty where the total is not known."""
    if total >= MEGABYTES_FROM:
        return f"{done / 1e6:,.0f} / {total / 1e6:,.0f} MB"
    return f"{done:,} / {total:,}" if total else ""


@contextmanager
def opened(settings: "Settings", model: bool = True, sync: bool = True, search: bool = True) -> Iterator["QA"]:
    """The facade, ready, and closed in the end. Without `model` no language model is loaded, without `sync` the index is taken as it is,
    without `search` nothing is loaded that only a search needs."""
    from qa.service import QA

    qa = QA.open(settings, model=model, sync=sync, search=search)
    try:
        wait(qa)
        yield qa
    finally:
        qa.close()


@contextmanager
def steps() -> Iterator[Progress]:
    """Like `bars`, but where there is no terminal a line now and then, so that the log of a long run shows that it goes on."""
    if sys.stderr.isatty():
        with bars() as tell:
            yield tell
        return
    told = time.monotonic()

    def line(label: str, done: int, total: int) -> None:
        nonlocal told
        if time.monotonic() - told >= SILENCE:
            told = time.monotonic()
            print(f"footnote: {label}, {amount(done, total)}", file=sys.stderr, flush=True)

    yield line


def wait(qa: "QA") -> None:
    """Until `qa` is ready, with a bar for each stage. Raises the error of a stage that failed."""
    with bars() as tell:
        while not (status := qa.status()).ready and all(stage.state != "failed" for stage in status.stages):
            for stage in status.stages:
                if stage.state == "working":
                    tell(f"{stage.name}: {stage.detail}", stage.done, stage.total)
            time.sleep(0.02)
    qa.wait()


def follow(events: Iterator[Event], seen: bool) -> Answer:
    """The answer; where it is to be `seen`, a terminal shows its sentences as they are checked, and dimmed what is being written."""
    with _live() if seen and sys.stdout.isatty() else nullcontext(_nowhere) as draw:
        checked = unchecked = ""
        for event in events:
            match event:
                case Token(text):
                    unchecked += text
                case Revised(text):
                    checked, unchecked = text, ""
                case Done(answer):
                    return answer
            draw(checked, unchecked)
    raise AssertionError("QA.ask ends with Done")


def _nowhere(checked: str, unchecked: str) -> None:
    """Draws nothing."""


@contextmanager
def _live() -> Iterator[Callable[[str, str], None]]:
    from rich.live import Live
    from rich.text import Text

    with Live(transient=True, refresh_per_second=10) as live:

        def draw(checked: str, unchecked: str) -> None:
            live.update(Text.assemble(CONTROLS.sub("", checked), " " if checked else "", (CONTROLS.sub("", unchecked), "dim")))

        yield draw


def answer_text(answer: Answer) -> str:
    """The answer with what is told beside it and its footnotes; where it is withheld the reason and the nearest passages."""
    if answer.answered:
        others = (one.citation for one in answer.differing)
        return "\n".join([answer.answer, *notes(answer), "", *map(footnote, (*answer.citations, *others))])
    reason = f" ({answer.reason})" if answer.reason else ""
    nearest = ["", "Nearest passages:", *map(_excerpt, answer.hits[:NEAREST])] if answer.hits else []
    return "\n".join([f"{answer.answer}{reason}", *nearest])


def footnote(citation: Citation) -> str:
    """`[1] seeds/a.txt, p. 3, Title, 13 April 2025`, and below it the quote."""
    page = f"p. {citation.page}" if citation.page else ""
    place = ", ".join(filter(None, (citation.file, page, citation.title, citation.date and readable_date(citation.date))))
    return f"[{citation.number}] {place}\n    {quoted(_one_line(citation.quote))}"


def hits_text(hits: Sequence[Hit]) -> str:
    return "\n".join(map(_excerpt, hits)) if hits else "Nothing was found."


def documents_text(documents: Sequence[DocumentStatus], details: bool = False) -> str:
    """A table of the documents, below a file what is wrong with it and with `details` what was dropped of it, and the totals."""
    if not documents:
        return "There are no documents: run `footnote sync FOLDER`."
    rows = [_row(document) for document in documents]
    widths = [min(max(map(len, column)), WIDEST) for column in zip(COLUMNS, *rows, strict=True)]
    lines = [_aligned(COLUMNS, widths)]
    for document, row in zip(documents, rows, strict=True):
        lines += [_aligned(row, widths), *(f"    {line}" for line in _below(document, details))]
    return "\n".join([*lines, "", totals(documents)])


def report_text(report: SyncReport, dry_run: bool) -> str:
    """A table of the files with something to tell, and the counts."""
    table = [(what, file) for what in ("added", "changed", "deleted") for file in getattr(report, what)]
    table += [("moved", f"{old} → {new}") for old, new in report.moved]
    table += [("unreadable", f"{file}: {reason}") for file, reason in report.unreadable]
    lines = [f"{what:<10}  {file}" for what, file in table]
    counts = [f"{len(getattr(report, what)):,} {what}" for what in ("added", "changed", "moved", "deleted", "unchanged", "unreadable")]
    would = "A sync would find: " if dry_run else ""
    return "\n".join([*lines, would + ", ".join(counts)])


def checks_text(checks: Sequence["Check"]) -> str:
    """A line for each check, and below it what mends it."""
    return "\n".join(
        f"{check.state:<8} {check.name}: {check.message}" + (f"\n         {check.hint}" if check.hint else "") for check in checks
    )


def _row(document: DocumentStatus) -> tuple[str, ...]:
    """The cells of COLUMNS."""
    file = _one_line(document.file)
    if document.status == "unreadable":
        return (file, "unreadable", *("",) * (len(COLUMNS) - 2))
    pages = f"{document.pages:,}" if document.pages else ""
    date = " ".join(filter(None, (document.date, document.date and document.dated and f"({document.dated})"))) or "-"
    title = _one_line(document.title)
    title = title if len(title) <= LONGEST_TITLE else title[: LONGEST_TITLE - 1] + "…"
    return (
        file, document.status, pages, f"{document.passages:,}", percent(share(document)), document.language or "-", date, title,
    )  # fmt: skip


def _aligned(cells: Sequence[str], widths: Sequence[int]) -> str:
    """Numbers to the right, words to the left."""
    sides = (">" if name in NUMBERS else "<" for name in COLUMNS)
    return "  ".join(f"{cell:{side}{width}}" for cell, side, width in zip(cells, sides, widths, strict=True)).rstrip()


def _below(document: DocumentStatus, details: bool) -> list[str]:
    """What stands below a file's line."""
    lines = [_one_line(fault)] if (fault := wrong(document)) else []
    if details and document.status == "indexed":
        dropped = ", ".join(f"{kind} {count:,}" for kind, count in left_out(document)) or "nothing"
        lines.append(f"kept {document.kept:,} of {document.characters:,} characters; left out: {dropped}")
    return lines


def _excerpt(hit: Hit) -> str:
    text = _one_line(hit.passage.text)
    return f"  {hit.passage.heading} · {hit.passage.location}\n    {text if len(text) <= EXCERPT else text[: EXCERPT - 1] + '…'}"


def _one_line(text: str) -> str:
    return " ".join(text.split())

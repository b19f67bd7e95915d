"""The page that runs a set of cases, shows how far it is, and the report. What runs is shared by all tabs."""

import threading
from collections import Counter
from collections.abc import Callable, Mapping
from html import escape

import gradio as gr

from qa.errors import FootnoteError, UsageError
from qa.evaluation import page as report_page
from qa.evaluation.cases import CaseFile
from qa.evaluation.desk import Desk, State
from qa.evaluation.types import Report
from qa.status import Status
from ui import render
from ui.chat import POLL, QUIET, Update

MOST_TYPES = 8  # that are told of a set
NOTHING = """<div class="blank-report"><h2>Are the answers right?</h2>
<p>Each case is a question with the answer it should get. Running a set asks all of them as the chat would, and reports how many
answers are right, which are wrong and why, and whether that is better or worse than last time.</p>
<p>The report will stand here. While cases are being asked, answers in the chat take longer.</p></div>"""

# A tab that is looked at again looks again: another one may have begun a run meanwhile.
LOOK_AGAIN = """document.addEventListener("visibilitychange", () => { if (!document.hidden) trigger("click"); });"""

# The button that was pressed has gone: the keyboard goes on at the one in its place.
FOCUS_STOP = """() => { if (document.activeElement === document.body) document.querySelector("#stop")?.focus(); }"""


class Shelf:
    """The newest report as HTML, which takes a moment for thousands of cases: made once for all tabs."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._report: Report | None = None
        self._html = ""
        self._number = 0

    def newest(self, report: Report) -> tuple[int, str]:
        """The report's number, which counts from 1, and what shows it."""
        with self._lock:
            if report is not self._report:
                self._html = frame(report.run.name, report_page.page(report))
                self._report, self._number = report, self._number + 1
            return self._number, self._html


class EvaluationPage:
    """The components of the page and the functions behind them; added to `blocks` as `/evaluation`."""

    def __init__(self, desk: Desk, status: Callable[[], Status], blocks: gr.Blocks) -> None:
        self._desk = desk
        self._status = status
        self._shelf = Shelf()
        with blocks.route("Evaluation", "/evaluation"):
            self.shown = gr.State(0)  # the number of the report in this tab
            self._lay_out()
            self._connect(blocks)

    def _lay_out(self) -> None:
        with gr.Row(elem_id="bar"):
            gr.HTML("<h1>Footnote</h1>", apply_default_css=False, elem_id="brand")
            gr.HTML('<a href="./">Chat</a><a href="documents">Documents</a>', js_on_load=None, apply_default_css=False, elem_id="ways")
        with gr.Column(elem_id="evaluation"):
            with gr.Row(elem_id="order"):
                self.set = gr.Dropdown([], label="Set of cases", filterable=False, elem_id="set")
                self.sample = gr.Textbox(label="How many", placeholder="all", lines=1, max_lines=1, max_length=6, elem_id="sample")
                self.start = gr.Button("Start", min_width=0, elem_id="start")
                self.stop = gr.Button("Stop", min_width=0, visible=False, elem_id="stop")
                self.progress = gr.HTML("", js_on_load=LOOK_AGAIN, apply_default_css=False, elem_id="progress")
            self.stages = gr.HTML("", js_on_load=None, apply_default_css=False, elem_id="stages")
            self.fault = gr.HTML("", js_on_load=None, apply_default_css=False, elem_id="fault")
            self.about = gr.HTML("", js_on_load=None, apply_default_css=False, elem_id="about")
            self.report = gr.HTML(NOTHING, js_on_load=None, apply_default_css=False, elem_id="report")
        spoken = '<div role="status" aria-live="polite" class="spoken">${value}</div>'
        self.spoken = gr.HTML("", html_template=spoken, js_on_load=None, apply_default_css=False, elem_id="spoken")
        self.timer = gr.Timer(POLL)

    def _connect(self, blocks: gr.Blocks) -> None:
        seen = [self.progress, self.stages, self.start, self.stop, self.report, self.shown, self.spoken, self.timer]
        blocks.load(self.open, None, [self.set, self.about, self.fault], concurrency_limit=None, **QUIET)
        gr.on(
            [blocks.load, self.timer.tick, self.progress.click], self.look, self.shown, seen,
            concurrency_limit=None, trigger_mode="once", **QUIET,
        )  # fmt: skip
        self.set.input(self.describe, self.set, [self.about, self.fault], queue=False, **QUIET)
        pressed = [*seen, self.fault]
        started = [self.start.click, self.sample.submit]
        begun = gr.on(started, self.begin, [self.set, self.sample, self.shown], pressed, queue=False, trigger_mode="once", **QUIET)
        begun.then(None, js=FOCUS_STOP, queue=False, **QUIET)
        self.stop.click(self.end, self.shown, pressed, queue=False, **QUIET)

    def open(self) -> Update:
        """The sets that there are now."""
        names = self._desk.sets()
        running = self._desk.state().name
        first = running if running in names else next(iter(names), None)
        return {self.set: gr.Dropdown(list(names), value=first), **self.describe(first)}

    def describe(self, name: str | None) -> Update:
        """What a set holds, or why it cannot be read."""
        place = where(str(self._desk.folder))
        try:
            told = summary(self._desk.cases(name)) if name else "There is no set of cases yet."
        except UsageError as error:
            return {self.about: f"<p>{place}</p>", self.fault: fault(error)}
        return {self.about: f"<p>{told} {place}</p>", self.fault: ""}

    def look(self, shown: int) -> Update:
        """How far the run is, and its report once there is a new one; as long as nothing moves, nobody looks again."""
        state, ready = self._desk.state(), self._status()
        running = state.phase in ("running", "stopping")
        changes: Update = {
            self.progress: progress(state),
            self.stages: render.status(ready),
            self.start: gr.Button(visible=not running),
            self.stop: gr.Button(
                "Stop" if state.phase != "stopping" else "Stopping…", visible=running, interactive=state.phase == "running"
            ),
            self.spoken: spoken(state),
            self.timer: gr.Timer(active=running or not ready.ready),
        }
        if state.report:
            number, html = self._shelf.newest(state.report)
            changes |= {self.report: html, self.shown: number} if number != shown else {}
        return changes

    def begin(self, name: str | None, sample: str, shown: int) -> Update:
        """Starts the set, or says why not."""
        try:
            self._begin(name, sample)
        except FootnoteError as error:
            return {**self.look(shown), self.fault: fault(error)}
        return {**self.look(shown), self.fault: ""}

    def _begin(self, name: str | None, sample: str) -> None:
        if waiting := unready(self._status()):
            raise UsageError(waiting)
        if not name:
            raise UsageError("There is no set of cases yet", f"Put a JSONL file of cases into {self._desk.folder}.")
        self._desk.start(name, wanted(sample))

    def end(self, shown: int) -> Update:
        self._desk.stop()
        return {**self.look(shown), self.fault: ""}


def wanted(sample: str) -> int | None:
    """The number of cases to draw at random, None for all. Raises UsageError."""
    text = sample.strip().lower()
    if text in ("", "all"):
        return None
    if not (text.isascii() and text.isdigit() and int(text)):
        raise UsageError(f"{sample!r} is not a number of cases", "Leave the field empty for all of them.")
    return int(text)


def summary(file: CaseFile) -> str:
    """`72 cases: 40 single, 12 unanswerable.` and how many rows are none."""
    types = Counter(case.type for case in file.cases)
    told = ": " + ", ".join(f"{count:,} {escape(name)}" for name, count in types.most_common()) if told_apart(types) else ""
    first = file.faults[0] if file.faults else None
    left_out = (
        f" {render.plural(len(file.faults), 'row')} left out, the first in line {first.line}: {escape(first.reason)}." if first else ""
    )
    return f"{render.plural(len(file.cases), 'case')}{told}.{left_out}"


def told_apart(types: Mapping[str, int]) -> bool:
    return 1 < len(types) <= MOST_TYPES and "" not in types


def where(folder: str) -> str:
    """Where files of cases go, and the other way to run them."""
    return (
        f"Your own sets are JSONL files in <code>{escape(folder)}</code>. "
        "On the command line <code>footnote eval</code> does the same, and more."
    )


def unready(status: Status) -> str:
    """What is not ready yet, or has failed; empty where all is well."""
    waiting = next((stage for stage in status.stages if stage.state != "ready"), None)
    if waiting is None:
        return ""
    name = {"index": "index", "model": "language model"}[waiting.name]
    return f"The {name} failed: {waiting.detail}" if waiting.state == "failed" else f"The {name} is not ready yet. Start when it is."


def progress(state: State) -> str:
    """How far the run is, or how the last one ended."""
    name = f"<b>{escape(state.name)}</b>"
    amount = f"{state.done:,} of {state.total:,}" if state.total else ""
    match state.phase:
        case "running" | "stopping":
            label = state.label if state.phase == "running" else "stopping after the case under way"
            bar = f'<progress aria-label="Cases asked" max="{state.total or 1}" value="{state.done}"></progress>'
            return f'<div class="run"><span>{name} {escape(label)}</span><span class="amount">{amount}</span>{bar}</div>'
        case "done":
            return f'<div class="run"><span>{name} is done. <button type="button" class="keep-report">Save the report</button></span></div>'
        case "stopped":
            kept = f"stopped after {amount}. The replies are kept: the next run goes on from there."
            return f'<div class="run"><span>{name} {kept}</span></div>'
        case "failed":
            why = escape(state.error.removeprefix(f"{state.name}: "))
            return f'<div class="run broken"><span>{name} failed: {why}</span></div>'
        case "idle":
            return '<div class="run"></div>'


def spoken(state: State) -> str:
    """What a screen reader is told: beginning and end, not every step."""
    return escape(f"{state.name}: {state.phase}. {state.error}") if state.name else ""


def fault(error: FootnoteError) -> str:
    return f'<p role="alert">{escape(error.line())}</p>'


def frame(name: str, html: str) -> str:
    """A report in a frame of its own, whose scripts can reach nothing outside it."""
    file = escape(f"{name.removesuffix('.jsonl')}.html")
    return f'<iframe sandbox="allow-scripts" title="Report on {escape(name)}" data-file="{file}" srcdoc="{escape(html)}"></iframe>'

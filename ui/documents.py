"""The page that lists the documents: what became of every file, what is wrong first."""

import threading
import time
from collections.abc import Callable
from typing import Final

import gradio as gr

from qa.coverage import counted, matching
from qa.errors import FootnoteError
from qa.service import QA
from qa.status import DocumentStatus
from ui import render, table
from ui.chat import POLL, QUIET, Update

FRESH: Final = 2.0  # seconds for which a listing is taken again: typing a word into the filter reads the catalog once

FILTER: Final = """<label for="words">Filter</label>
<input type="search" id="words" placeholder="Part of a name, a title, a date, or “unreadable”" autocomplete="off" spellcheck="false">"""

# A pause in typing is waited for. (Gradio's own box keeps the first change to itself.)
TYPED: Final = """let pause;
element.addEventListener("input", (event) => {
  clearTimeout(pause);
  pause = setTimeout(() => trigger("input", { words: event.target.value }), 150);
});"""

# A tab that is looked at again looks again: a sync may have changed the documents meanwhile.
LOOK_AGAIN: Final = """document.addEventListener("visibilitychange", () => { if (!document.hidden) trigger("click"); });"""


class Listing:
    """What became of the documents, read from the catalog anew when it is older than FRESH. For all tabs."""

    def __init__(self, read: Callable[[], tuple[DocumentStatus, ...]], clock: Callable[[], float] = time.monotonic) -> None:
        self._read = read
        self._clock = clock
        self._lock = threading.Lock()
        self._documents: tuple[DocumentStatus, ...] = ()
        self._at = float("-inf")

    def documents(self) -> tuple[DocumentStatus, ...]:
        """Raises what reading raises."""
        with self._lock:
            if self._clock() - self._at > FRESH:
                self._documents = self._read()
                self._at = self._clock()
            return self._documents


class DocumentsPage:
    """The components of the page and the functions behind them; added to `blocks` as `/documents`."""

    def __init__(self, qa: QA, blocks: gr.Blocks) -> None:
        self._qa = qa
        self._listing = Listing(qa.documents)
        with blocks.route("Documents", "/documents"):
            self.words = gr.State("")  # the filter of this tab
            self.number = gr.State(0)  # and its page of the table
            self._lay_out()
            self._connect(blocks)

    def _lay_out(self) -> None:
        with gr.Row(elem_id="bar"):
            gr.HTML("<h1>Footnote</h1>", apply_default_css=False, elem_id="brand")
            ways = '<a href="./">Chat</a><a href="evaluation">Evaluation</a>'
            gr.HTML(ways, js_on_load=None, apply_default_css=False, elem_id="ways")
        with gr.Column(elem_id="documents"):
            self.filter = gr.HTML(FILTER, js_on_load=TYPED, apply_default_css=False, elem_id="filter")
            self.stages = gr.HTML("", js_on_load=None, apply_default_css=False, elem_id="stages")
            self.summary = gr.HTML("", js_on_load=LOOK_AGAIN, apply_default_css=False, elem_id="summary")
            self.table = gr.HTML("", js_on_load=None, apply_default_css=False, elem_id="listing")
            with gr.Row(elem_id="turning"):
                self.back = gr.Button("Previous", min_width=0, visible=False, elem_id="previous")
                self.place = gr.HTML("", js_on_load=None, apply_default_css=False, elem_id="place")
                self.on = gr.Button("Next", min_width=0, visible=False, elem_id="next")
        spoken = '<div role="status" aria-live="polite" class="spoken">${value}</div>'
        self.spoken = gr.HTML("", html_template=spoken, js_on_load=None, apply_default_css=False, elem_id="spoken")
        self.timer = gr.Timer(POLL)

    def _connect(self, blocks: gr.Blocks) -> None:
        seen = [self.stages, self.summary, self.table, self.back, self.place, self.on, self.number, self.spoken, self.timer]
        told = [self.words, self.number]
        gr.on(
            [blocks.load, self.timer.tick, self.summary.click], self.look, told, seen,
            concurrency_limit=None, trigger_mode="once", **QUIET,
        )  # fmt: skip
        self.filter.input(self.search, None, [*seen, self.words], concurrency_limit=None, trigger_mode="always_last", **QUIET)
        self.back.click(self.turn_back, told, seen, concurrency_limit=None, trigger_mode="once", **QUIET)
        self.on.click(self.turn, told, seen, concurrency_limit=None, trigger_mode="once", **QUIET)

    def look(self, words: str, number: int) -> Update:
        """The documents as they are now; once the index is ready, nobody looks any more."""
        state = self._qa.status()
        waiting = any(stage.name == "index" and stage.state != "ready" for stage in state.stages)
        changes: Update = {self.stages: render.status(state), self.timer: gr.Timer(active=waiting)}
        return changes if waiting else {**changes, **self._shown(words, number)}

    def search(self, event: gr.EventData) -> Update:
        words = str(event.words)
        return {**self._shown(words, 0), self.words: words}

    def turn(self, words: str, number: int) -> Update:
        return self._shown(words, number + 1)

    def turn_back(self, words: str, number: int) -> Update:
        return self._shown(words, number - 1)

    def _shown(self, words: str, number: int) -> Update:
        """A page of the documents in which the words occur, or why they cannot be told."""
        try:
            documents = self._listing.documents()
        except FootnoteError as error:
            return {self.summary: f'<p role="alert">{render.escape(error.line())}</p>'}
        found = matching(documents, words)
        number = table.clamped(number, len(found))
        filtered = bool(words.strip())
        return {
            self.summary: table.summary(documents, len(found), filtered),
            self.table: table.table(found, number),
            self.place: table.place(len(found), number),
            self.back: gr.Button(visible=len(found) > table.PAGE, interactive=number > 0),
            self.on: gr.Button(visible=len(found) > table.PAGE, interactive=(number + 1) * table.PAGE < len(found)),
            self.number: number,
            self.spoken: f"{counted(len(found), 'file')} found." if filtered else "",
        }

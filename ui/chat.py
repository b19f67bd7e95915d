"""The page itself: Gradio's components and what happens between them. Importing it imports Gradio, which takes seconds."""

import os
from collections.abc import AsyncIterator
from contextlib import aclosing
from pathlib import Path
from typing import Literal, TypedDict
from urllib.parse import quote

# Gradio reads these when it is imported or starts. Without the first it calls home; the others keep it from computing, after every
# event, statistics of all events that nobody looks at.
os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
os.environ["GRADIO_ANALYTICS_CACHE_FREQUENCY"] = "1000000000"
os.environ["GRADIO_ANALYTICS_MAX_EVENTS"] = "1"

import gradio as gr
from fastapi import FastAPI

from qa.service import QA
from qa.status import Status
from ui import render
from ui.exchange import Asking, Conversation, Exchange, turns

FOLDER = Path(__file__).parent
FONTS = (
    "-apple-system",
    "Segoe UI",
    "Roboto",
    "Adwaita Sans",
    "Ubuntu",
    "Noto Sans",
    "Liberation Sans",
    "Arial",
    "system-ui",
    "sans-serif",
)
MONOSPACE = ("ui-monospace", "SFMono-Regular", "Menlo", "Consolas", "Liberation Mono", "monospace")
IDLE = 0.005  # seconds between two looks of Gradio's queue at itself; at its own 0.001 an idle server takes 4% of a core
KEPT = 50  # exchanges of a conversation
POLL = 1.0  # seconds between two looks at what is not ready yet
WAYS = '<a class="away" href="documents">Documents</a><a class="away" href="evaluation">Evaluation</a>'

Update = dict[gr.components.Component, object]

# An example is asked by a click: the button's text goes along with the event.
ASK_EXAMPLE = """element.addEventListener("click", (event) => {
  const example = event.target.closest("button.example");
  if (example) trigger("click", { question: example.textContent });
});"""


def theme() -> gr.themes.Base:
    """Gradio's plainest theme on the system's own fonts (its own would be loaded from elsewhere); style.css does the rest."""
    return gr.themes.Base(font=FONTS, font_mono=MONOSPACE).set(
        body_background_fill="#ffffff", body_background_fill_dark="#15181c", body_text_color="#1d2126", body_text_color_dark="#e4e7ea"
    )


def head() -> str:
    """Icon, style and script of the page, within its own HTML: nothing more to fetch."""
    icon, style, script = ((FOLDER / name).read_text(encoding="utf-8") for name in ("icon.svg", "style.css", "page.js"))
    return f'<link rel="icon" href="data:image/svg+xml,{quote(icon)}"><style>{style}</style><script>{script}</script>'


class Quiet(TypedDict):
    """What all events have in common: no spinner over the page, no name in Gradio's own interface."""

    show_progress: Literal["hidden"]
    api_visibility: Literal["private"]


QUIET: Quiet = {"show_progress": "hidden", "api_visibility": "private"}


class Page:
    """The components of one page and the functions behind them."""

    def __init__(self, qa: QA) -> None:
        self.qa = qa
        with gr.Blocks(title="Footnote", analytics_enabled=False, fill_width=True) as self.blocks:
            self.conversation = gr.State(Conversation())
            self._lay_out()
            self._connect()

    def _lay_out(self) -> None:
        with gr.Row(elem_id="bar"):
            gr.HTML("<h1>Footnote</h1>", apply_default_css=False, elem_id="brand")
            gr.HTML(WAYS, js_on_load=None, apply_default_css=False, elem_id="ways")
            self.new = gr.Button("New conversation", elem_id="new", size="sm", min_width=0)
        with gr.Row(elem_id="desk"):
            with gr.Column(elem_id="chat"):
                with gr.Column(elem_id="talk"):
                    self.welcome = gr.HTML(render.welcome((), 0), js_on_load=ASK_EXAMPLE, apply_default_css=False, elem_id="welcome")
                    self.past = gr.HTML("", js_on_load=None, apply_default_css=False, elem_id="past")
                    self.current = gr.HTML("", js_on_load=None, apply_default_css=False, elem_id="current")
                with gr.Column(elem_id="composer"):
                    self.status = gr.HTML("", js_on_load=None, apply_default_css=False, elem_id="status")
                    self.box = gr.Textbox(
                        label="Question", show_label=False, placeholder="Ask a question", lines=1, max_lines=8,
                        autofocus=True, submit_btn="Ask", container=False, elem_id="question",
                    )  # fmt: skip
            with gr.Column(elem_id="side"):
                self.panel = gr.HTML(render.blank(), js_on_load=None, apply_default_css=False, elem_id="panel")
                gr.HTML(
                    '<section id="document" tabindex="-1" hidden></section>', js_on_load=None, apply_default_css=False, elem_id="reader"
                )
        spoken = '<div role="status" aria-live="polite" class="spoken">${value}</div>'
        self.spoken = gr.HTML("", html_template=spoken, js_on_load=None, apply_default_css=False, elem_id="spoken")
        self.timer = gr.Timer(POLL)

    def _connect(self) -> None:
        shown = [self.welcome, self.past, self.current, self.panel, self.spoken, self.box]
        gr.on(
            [self.box.submit, self.welcome.click], self.ask, [self.box, self.conversation], shown,
            concurrency_limit=None, trigger_mode="once", **QUIET,
        )  # fmt: skip
        self.box.stop(self.stop, self.conversation, queue=False, **QUIET)
        self.new.click(self.start_over, self.conversation, [*shown], queue=False, **QUIET)
        ready = [self.status, self.welcome, self.timer]
        self.blocks.load(self.look, self.conversation, ready, concurrency_limit=None, **QUIET)
        self.timer.tick(self.look, self.conversation, ready, concurrency_limit=None, **QUIET)

    async def ask(self, question: str, conversation: Conversation, event: gr.EventData, request: gr.Request) -> AsyncIterator[Update]:
        """Asks what the example clicked or the box says, and shows the exchange as it grows."""
        question = (event.question if event.target is self.welcome else question).strip()
        if not question:
            return
        asking = conversation.asking = Asking(self.qa, question, turns(conversation.past), f"tab {request.session_hash}")
        shown: Exchange | None = None
        async with aclosing(asking.states()) as states:
            async for exchange in states:
                if conversation.asking is not asking:
                    return  # a new conversation has begun meanwhile
                yield self._changes(conversation, shown, exchange)
                shown = exchange
        conversation.asking = None
        conversation.past += [shown] if shown and shown.found else []  # what was refused need not be kept
        del conversation.past[:-KEPT]

    def _changes(self, conversation: Conversation, before: Exchange | None, now: Exchange) -> Update:
        """What to show anew; the exchange itself stands in `current` until the next one pushes it into `past`."""
        changes: Update = {self.current: render.turn(now)}
        if before is None:
            changes |= {self.welcome: "", self.past: render.conversation(conversation.past)}
            changes |= {self.box: gr.Textbox("", submit_btn=False, stop_btn="Stop")}
        if before is None or before.found is not now.found or before.place != now.place or now.over:
            changes |= {self.panel: render.panel(now), self.spoken: render.announcement(now)}
        if now.over:
            changes[self.box] = gr.Textbox(submit_btn="Ask", stop_btn=False)
        if before is None and now.over:  # refused before it began: the question stays in the box, to be asked again
            changes[self.box] = gr.Textbox(now.question, submit_btn="Ask", stop_btn=False)
        return changes

    async def stop(self, conversation: Conversation) -> None:
        if conversation.asking:
            conversation.asking.stop()

    async def start_over(self, conversation: Conversation) -> Update:
        await self.stop(conversation)
        conversation.asking = None
        conversation.past.clear()
        return {
            self.welcome: self._welcome(self.qa.status()), self.past: "", self.current: "", self.panel: render.blank(),
            self.spoken: "New conversation.", self.box: gr.Textbox("", submit_btn="Ask", stop_btn=False),
        }  # fmt: skip

    def look(self, conversation: Conversation) -> Update:
        """What is not ready yet; once everything is, nobody looks any more."""
        state = self.qa.status()
        changes: Update = {self.status: render.status(state), self.timer: gr.Timer(active=not state.ready)}
        if not conversation.past and not conversation.asking:
            changes[self.welcome] = self._welcome(state)
        return changes

    def _welcome(self, state: Status) -> str:
        if any(stage.name == "index" and stage.state == "ready" for stage in state.stages):
            return render.welcome(self.qa.examples(), len(self.qa.documents()))
        return render.welcome((), 0)


def attach(app: FastAPI, blocks: gr.Blocks) -> FastAPI:
    """Mounts the pages at `/` of `app`: nothing to upload, no history kept in the browser, no footer of Gradio's."""
    blocks._queue.sleep_when_free = IDLE
    gr.mount_gradio_app(
        app, blocks, path="/", theme=theme(), head=head(), footer_links=[], run_history=False, show_error=False,
        ssr_mode=False, pwa=False, mcp_server=False, enable_monitoring=False, max_file_size=1,
    )  # fmt: skip
    return app

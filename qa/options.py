"""The settings as options of the command line."""

import functools
import inspect
import os
from collections.abc import Callable
from typing import Annotated, Final

import typer

Command = Callable[..., None]

# The descriptions are those of qa.settings, whose import would cost `--help` more than everything else; a test compares them.
OPTIONS: Final[dict[str, tuple[str, str]]] = {
    "home": ("FOLDER", "Folder of the index, the catalog and the logs."),
    "folders": (
        "FOLDERS",
        f"Folders (or files) to index, separated by '{os.pathsep}'; empty: those of the last sync, at first the seeds.",
    ),
    "model": ("MODEL", "Language model: auto, embedded, embedded:FILE.gguf, ollama:NAME or openai:NAME."),
    "model_url": ("URL", "Address of the Ollama or OpenAI-compatible server, if not the usual one."),
    "embedder": ("EMBEDDER", "Embedder: embedded or ollama:NAME."),
    "reader": ("READER", "Second reader, which chooses evidence and doubts answers: embedded or none."),
    "chroma_url": ("URL", "Address of a Chroma server; without it Chroma runs inside Footnote."),
    "host": ("HOST", "Address to listen on; anything but loopback needs a token."),
    "port": ("PORT", "Port to listen on; 0 takes a free one."),
    "token": ("TOKEN", "Bearer token that every request must carry."),
    "cache": ("FOLDER", "Folder of the model files, shared between checkouts."),
    "weights": ("FOLDER", "Folder that already holds model files; looked in before anything is downloaded."),
    "context": ("TOKENS", "Context of the language model, in tokens."),
    "evidence_tokens": ("TOKENS", "Most tokens of evidence handed to the language model; a short fact gets three quarters."),
    "threads": ("N", "Threads of the embedded engine; 0: one per physical core."),
    "slots": ("N", "Answers written at a time; the embedded engine then shares its batches among them."),
    "queue": ("N", "Questions that may wait for a slot; more are told to come again."),
    "timeout": ("SECONDS", "Seconds to wait for an engine before giving up."),
    "caution": ("P", "Least confidence at which an answer is given rather than withheld."),
}
ALL: Final = tuple(OPTIONS)
INDEX: Final = ("home", "folders", "embedder", "reader", "chroma_url", "cache", "weights", "threads", "timeout")
MODEL: Final = ("model", "model_url", "context", "evidence_tokens", "caution")

SETTINGS: Final = "\b\nSettings, each also an option (FOOTNOTE_PORT is --port) or a line of footnote.toml (port = 8000):\n" + "\n".join(
    f"  FOOTNOTE_{name.upper():<15} {description}" for name, (_, description) in OPTIONS.items()
)


def with_settings(*names: str) -> Callable[[Command], Command]:
    """Gives a command whose first parameter is `settings` an option for each of `names`."""

    def decorate(command: Command) -> Command:
        @functools.wraps(command)
        def run(**given: object) -> None:
            from qa.settings import load

            command(load(**{name: given.pop(name) for name in names}), **given)

        own = list(inspect.signature(command).parameters.values())[1:]
        added = [inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=_option(name)) for name in names]
        run.__signature__ = inspect.Signature([*own, *added])  # type: ignore[attr-defined] # where inspect, and so typer, looks first
        run.__annotations__ = {}  # typer would look for the type of `settings` there
        return run

    return decorate


def _option(name: str) -> object:
    metavar, description = OPTIONS[name]
    flag = f"--{name.replace('_', '-')}"
    return Annotated[str | None, typer.Option(flag, metavar=metavar, help=f"{description} [FOOTNOTE_{name.upper()}]", show_default=False)]

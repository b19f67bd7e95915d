"""The command line on typer. What is slow to import is imported by the command that needs it: `--help` is there at once."""

import functools
import inspect
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer
from typer.exceptions import TyperException

from qa.errors import FootnoteError, UsageError

if TYPE_CHECKING:
    from qa.service import QA
    from qa.settings import Settings

DONE: Final = 0
FAILED: Final = 1
WRONG_USAGE: Final = 2
INTERRUPTED: Final = 130

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
    "chroma_url": ("URL", "Address of a Chroma server; without it Chroma runs inside Footnote."),
    "host": ("HOST", "Address to listen on; anything but loopback needs a token."),
    "port": ("PORT", "Port to listen on; 0 takes a free one."),
    "token": ("TOKEN", "Bearer token that every request must carry."),
    "cache": ("FOLDER", "Folder of the model files, shared between checkouts."),
    "weights": ("FOLDER", "Folder that already holds model files; looked in before anything is downloaded."),
    "context": ("TOKENS", "Context of the language model, in tokens."),
    "evidence_tokens": ("TOKENS", "Most tokens of evidence handed to the language model."),
    "threads": ("N", "Threads of the embedded engine; 0: one per physical core."),
    "timeout": ("SECONDS", "Seconds to wait for an engine before giving up."),
    "caution": ("P", "Least confidence at which an answer is given rather than withheld."),
}
ALL: Final = tuple(OPTIONS)
INDEX: Final = ("home", "folders", "embedder", "chroma_url", "cache", "weights", "threads", "timeout")
MODEL: Final = ("model", "model_url", "context", "evidence_tokens", "caution")

SETTINGS: Final = "\b\nSettings, each also an option (FOOTNOTE_PORT is --port) or a line of footnote.toml (port = 8000):\n" + "\n".join(
    f"  FOOTNOTE_{name.upper():<15} {description}" for name, (_, description) in OPTIONS.items()
)
Question = Annotated[str, typer.Argument(metavar="QUESTION", help="The question; '-' reads it from standard input.", show_default=False)]
Named = Annotated[list[Path] | None, typer.Argument(metavar="[FOLDER]...", help="Folders or files to index.", show_default=False)]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Command = Callable[..., None]

app = typer.Typer(
    name="footnote",
    help="Ask a folder of documents, on your own machine; every sentence of the answer cites its source.",
    epilog=SETTINGS,
    rich_markup_mode=None,  # importing rich would take half of the time of `--help`
    add_completion=False,
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


@app.callback(invoke_without_command=True)
def footnote(
    context: typer.Context, version: Annotated[bool, typer.Option("--version", help="Print the version.", is_eager=True)] = False
) -> None:
    if version:
        from qa import __version__

        typer.echo(f"footnote {__version__}")
    elif context.invoked_subcommand is None:
        typer.echo(context.get_help(), err=True)
        raise typer.Exit(WRONG_USAGE)


@app.command()
@with_settings(*ALL)
def serve(settings: "Settings", as_json: Json = False) -> None:
    """Serve the chat page and the HTTP endpoint."""
    from qa.serve import serve as serve_until_told

    hint = " (open it once with ?token=TOKEN)" if settings.token else ""
    line = '{{"address": "{}"}}'.format if as_json else ("Footnote is at {}" + hint).format
    serve_until_told(settings, lambda address: print(line(address), flush=True))


@app.command()
@with_settings(*INDEX, *MODEL)
def ask(settings: "Settings", question: Question, as_json: Json = False) -> None:
    """Answer a question, with the sources."""
    from qa import terminal
    from qa.wire import AnswerForm

    question = _read(question)
    with _opened(settings) as qa:
        answer = terminal.follow(qa.ask(question), seen=not as_json)
    if as_json:
        terminal.show_json(AnswerForm.of(answer))
    else:
        terminal.show(terminal.answer_text(answer))


@app.command()
@with_settings(*INDEX)
def search(
    settings: "Settings",
    question: Question,
    limit: Annotated[int, typer.Option("-k", "--limit", metavar="N", min=1, max=100, help="Most passages to show.")] = 10,
    as_json: Json = False,
) -> None:
    """Show the passages nearest to a question."""
    from qa import terminal
    from qa.wire import PassagesForm

    question = _read(question)
    with _opened(settings, model=False) as qa:
        hits = qa.search(question, limit)
    if as_json:
        terminal.show_json(PassagesForm.of_hits(hits))
    else:
        terminal.show(terminal.hits_text(hits))


@app.command()
@with_settings(*INDEX)
def sync(
    settings: "Settings",
    named: Named = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only tell what would be done.")] = False,
    as_json: Json = False,
) -> None:
    """Bring the index up to date with its folders."""
    from qa import terminal
    from qa.wire import SyncForm

    with _opened(settings, model=False, sync=False) as qa, terminal.bars() as progress:
        report = qa.sync(named or (), dry_run, progress)
    if as_json:
        terminal.show_json(SyncForm.of_report(report))
    else:
        terminal.show(terminal.report_text(report, dry_run))


@app.command()
@with_settings(*INDEX)
def documents(settings: "Settings", as_json: Json = False) -> None:
    """List the documents, and those that cannot be read."""
    from qa import terminal
    from qa.wire import DocumentsForm

    with _opened(settings, model=False, sync=False) as qa:
        found = qa.documents()
    if as_json:
        terminal.show_json(DocumentsForm.of_all(found))
    else:
        terminal.show(terminal.documents_text(found))


@app.command()
@with_settings("model", "model_url", "embedder", "cache", "weights", "timeout")
def models(settings: "Settings", as_json: Json = False) -> None:
    """List the models that can be used."""
    from qa import terminal
    from qa.models import installed
    from qa.wire import ModelForm, ModelsForm

    found = installed(settings)
    if as_json:
        terminal.show_json(ModelsForm(models=tuple(map(ModelForm.of, found))))
    else:
        terminal.show(terminal.models_text(found))


@app.command()
@with_settings("model", "model_url", "embedder", "cache", "weights", "timeout")
def fetch(settings: "Settings", as_json: Json = False) -> None:
    """Get the model files that are needed."""
    from qa import terminal
    from qa.doctor import needed
    from qa.weights import fetch as fetch_one
    from qa.wire import FilesForm

    with terminal.bars() as progress:
        paths = tuple(str(fetch_one(one, settings.cache, settings.weights, progress)) for one in needed(settings))
    if as_json:
        terminal.show_json(FilesForm(files=paths))
    else:
        terminal.show("\n".join(paths))


@app.command()
@with_settings(*ALL)
def doctor(settings: "Settings", as_json: Json = False) -> None:
    """Say what is wrong, and the command that mends it."""
    from qa import terminal
    from qa.doctor import diagnose
    from qa.wire import CheckForm, ChecksForm

    checks = tuple(diagnose(settings))
    ok = all(check.state != "problem" for check in checks)
    if as_json:
        terminal.show_json(ChecksForm(ok=ok, checks=tuple(map(CheckForm.of, checks))))
    else:
        terminal.show(terminal.checks_text(checks))
    if not ok:
        raise typer.Exit(FAILED)


def _read(question: str) -> str:
    """The question, from standard input for '-'. Raises UsageError before anything is loaded."""
    from qa.service import checked

    return checked(sys.stdin.read() if question == "-" else question, ())


@contextmanager
def _opened(settings: "Settings", model: bool = True, sync: bool = True) -> Iterator["QA"]:
    """The facade, ready, and closed in the end. Without `model` no language model is loaded; without `sync` the index is taken as it is."""
    from qa import terminal
    from qa.service import QA

    qa = QA.open(settings, model=model, sync=sync)
    try:
        terminal.wait(qa)
        yield qa
    finally:
        qa.close()


def main() -> None:
    """The entry point. Ends without Python's own tidying up: threads in which a library still loads would abort the process then."""
    status = run(sys.argv[1:])
    sys.stderr.flush()
    os._exit(status)


def run(arguments: list[str]) -> int:
    """Runs a command line, with one line for whatever goes wrong, and returns the exit status of the contract."""
    try:
        return _run(arguments)
    except (BrokenPipeError, SystemExit) as error:  # typer turns the first into the second
        if not isinstance(error.__context__ or error, BrokenPipeError):
            raise
        _silence()
        return DONE  # who read our output had enough of it
    except KeyboardInterrupt:
        return INTERRUPTED
    except TyperException as error:
        _complain(f"{_one_line(error.format_message()).rstrip('.')}. `footnote --help` and `footnote COMMAND --help` tell more.")
        return error.exit_code
    except FootnoteError as error:
        _complain(error.line())
        return WRONG_USAGE if isinstance(error, UsageError) else FAILED
    except Exception as error:
        if os.environ.get("FOOTNOTE_DEBUG"):
            raise
        _complain(f"{type(error).__name__}: {_one_line(str(error))}. This is a fault of Footnote; FOOTNOTE_DEBUG=1 shows where.")
        return FAILED


def _run(arguments: list[str]) -> int:
    status = typer.main.get_command(app)(args=arguments, prog_name="footnote", standalone_mode=False)
    sys.stdout.flush()
    return status if isinstance(status, int) else DONE


def _complain(line: str) -> None:
    print(f"footnote: {line}", file=sys.stderr)


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _silence() -> None:
    """Standard output to nowhere, else Python complains of the broken pipe once more when it ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)


if __name__ == "__main__":
    main()

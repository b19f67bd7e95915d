"""The command line on typer. What is slow to import is imported by the command that needs it: `--help` is there at once."""

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer
from typer.exceptions import TyperException

from qa.errors import FootnoteError, UsageError
from qa.options import ALL, INDEX, MODEL, SETTINGS, with_settings

if TYPE_CHECKING:
    from qa.settings import Settings

DONE: Final = 0
FAILED: Final = 1
WRONG_USAGE: Final = 2
INTERRUPTED: Final = 130

Question = Annotated[str, typer.Argument(metavar="QUESTION", help="The question; '-' reads it from standard input.", show_default=False)]
Named = Annotated[list[Path] | None, typer.Argument(metavar="[FOLDER]...", help="Folders or files to index.", show_default=False)]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]

app = typer.Typer(
    name="footnote",
    help="Ask a folder of documents, on your own machine; every sentence of the answer cites its source.",
    epilog=SETTINGS,
    rich_markup_mode=None,  # importing rich would take half of the time of `--help`
    add_completion=False,
)


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
def serve(
    settings: "Settings",
    watch: Annotated[bool, typer.Option("--watch", help="Follow the folders: index what changes in them while serving.")] = False,
    as_json: Json = False,
) -> None:
    """Serve the chat page and the HTTP endpoint."""
    from qa.serve import serve as serve_until_told

    hint = " (open it once with ?token=TOKEN)" if settings.token else ""
    line = '{{"address": "{}"}}'.format if as_json else ("Footnote is at {}" + hint).format
    serve_until_told(settings, lambda address: print(line(address), flush=True), watch)


@app.command()
@with_settings(*INDEX, *MODEL)
def ask(settings: "Settings", question: Question, as_json: Json = False) -> None:
    """Answer a question, with the sources."""
    from qa import terminal
    from qa.wire import AnswerForm

    question = _read(question)
    with terminal.opened(settings) as qa:
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
    explain: Annotated[bool, typer.Option("--explain", help="Show what each stage of retrieval did, and the evidence.")] = False,
    as_json: Json = False,
) -> None:
    """Show the passages that come nearest to answering a question."""
    from qa import terminal
    from qa.explain import explanation
    from qa.wire import SearchForm

    question = _read(question)
    with terminal.opened(settings, model=False) as qa:
        found = qa.explain(question, limit)
    if as_json:
        terminal.show_json(SearchForm.of_search(found, explain))
    else:
        terminal.show(explanation(found) if explain else terminal.hits_text(found.hits))


@app.command()
@with_settings(*INDEX)
def sync(
    settings: "Settings",
    named: Named = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only tell what would be done.")] = False,
    forget: Annotated[bool, typer.Option("--forget", help="Go on though a folder has lost all its documents.")] = False,
    as_json: Json = False,
) -> None:
    """Bring the index up to date with its folders."""
    from qa import terminal

    with terminal.opened(settings, model=False, sync=False, search=False) as qa, terminal.bars() as progress:
        report = qa.sync(named or (), dry_run, progress, forget)
    if as_json:
        from qa.wire import SyncForm

        terminal.show_json(SyncForm.of_report(report))
    else:
        terminal.show(terminal.report_text(report, dry_run))


@app.command()
@with_settings(*INDEX)
def documents(
    settings: "Settings",
    details: Annotated[bool, typer.Option("--details", "-v", help="Show what was left out of each file, and why.")] = False,
    as_json: Json = False,
) -> None:
    """List what became of every file: what was kept of it, its language and date, which pages gave nothing, what cannot be read."""
    from qa import terminal

    with terminal.opened(settings, model=False, sync=False, search=False) as qa:
        found = qa.documents()
    if as_json:
        from qa.wire import DocumentsForm

        terminal.show_json(DocumentsForm.of_all(found))
    else:
        terminal.show(terminal.documents_text(found, details))


@app.command()
@with_settings(*INDEX)
def reindex(
    settings: "Settings",
    *,
    cases: Annotated[Path | None, typer.Option(metavar="FILE", help="Compare both embedders on these cases.", show_default=False)] = None,
    swap: Annotated[bool, typer.Option("--swap", help="Change over whatever the comparison says.")] = False,
    only_compare: Annotated[bool, typer.Option("--only-compare", help="Do not change over.")] = False,
    back: Annotated[bool, typer.Option("--back", help="Put the embedder back that was in use before.")] = False,
    forget: Annotated[bool, typer.Option("--forget", help="Delete the vectors of all embedders but the one in use.")] = False,
    as_json: Json = False,
) -> None:
    """Change the embedder: embed beside the index, compare, and change over unless it is worse."""
    from qa.evaluation import command, embedders

    if (swap, only_compare, back, forget).count(True) > 1:
        raise UsageError("Only one of --swap, --only-compare, --back and --forget can be done at a time", "Choose one.")
    do = embedders.back if back else embedders.forget if forget else embedders.change(embedders.Wish(cases, swap, only_compare))
    command.reindex(settings, do, as_json)


@app.command("eval")
@with_settings(*INDEX, *MODEL)
def evaluate(
    settings: "Settings",
    cases: Annotated[Path, typer.Argument(metavar="CASES", help="JSONL file with a case in each line.", show_default=False)],
    *,
    kind: Annotated[list[str] | None, typer.Option("--type", metavar="TYPE", help="Only cases of this type; may be repeated.")] = None,
    limit: Annotated[int | None, typer.Option(metavar="N", min=1, help="Only the first N.")] = None,
    sample: Annotated[int | None, typer.Option(metavar="N", min=1, help="Only N drawn at random.")] = None,
    seed: Annotated[int, typer.Option(metavar="N", help="Of the random draw and the intervals.")] = 0,
    workers: Annotated[int, typer.Option(metavar="N", min=1, max=64, help="Questions asked at once of a server that can take them.")] = 1,
    strict: Annotated[bool, typer.Option("--strict", help="Stop at a wrong row or a document that is not indexed.")] = False,
    search_only: Annotated[bool, typer.Option("--search-only", help="Evaluate retrieval alone, without a language model.")] = False,
    fresh: Annotated[bool, typer.Option("--fresh", help="Ask again what was asked before.")] = False,
    replies: Annotated[Path | None, typer.Option(metavar="FILE", help="Score the replies of a report (.jsonl); nothing is asked.")] = None,
    calibrate: Annotated[bool, typer.Option("--calibrate", help="Fit confidence to these cases and keep it for this model.")] = False,
    judge: Annotated[str | None, typer.Option(metavar="MODEL", help="Let this model judge too, in a column of its own.")] = None,
    require: Annotated[list[str] | None, typer.Option(metavar="RULE", help="Exit 1 unless met, as 'right>=0.8'; may be repeated.")] = None,
    no_worse_than: Annotated[str | None, typer.Option(metavar="FILE", help="Exit 1 if worse than this report, or than 'last'.")] = None,
    report: Annotated[list[Path] | None, typer.Option(metavar="FILE", help="Write a .html, .md or .jsonl; may be repeated.")] = None,
    draft: Annotated[int | None, typer.Option(metavar="N", min=1, max=1000, help="Propose N cases from the documents.")] = None,
    review: Annotated[bool, typer.Option("--review", help="Decide on proposed cases; the accepted go into CASES.")] = False,
    as_json: Json = False,
) -> None:
    """Ask the questions of a file of cases, and say what is right, what is wrong, and whether that is better than before."""
    from qa.evaluation import command
    from qa.evaluation.cases import read_cases
    from qa.evaluation.evaluate import LAST, Plan
    from qa.evaluation.require import parse

    if draft or review:
        command.cases(settings, cases, draft, review, as_json)
        return
    plan = Plan(
        read_cases(cases, strict), tuple(kind or ()), sample, seed, limit, workers, strict, search_only, fresh, replies, judge,
        previous=no_worse_than or LAST, required=tuple(map(parse, require or ())), no_worse=no_worse_than is not None, calibrate=calibrate,
    )  # fmt: skip
    if not command.evaluation(settings, plan, tuple(report or ()), as_json):
        raise typer.Exit(FAILED)


@app.command()
@with_settings("model", "model_url", "embedder", "context", "slots", "cache", "weights", "timeout")
def models(settings: "Settings", as_json: Json = False) -> None:
    """List the models that the engines have: what fits in memory here, how well it answers, and which to take."""
    from qa import listing, terminal
    from qa.installed import inventory

    found = inventory(settings)
    if as_json:
        terminal.show_json(listing.ModelsForm.of(found))
    else:
        terminal.show(listing.models_text(found))


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

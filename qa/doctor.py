"""What is wrong with this machine's Footnote, and the command that mends it. Looks only: changes, downloads and loads nothing."""

import json
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

import psutil
from filelock import FileLock, Timeout

from qa import reader, sync
from qa.address import OLLAMA_URL, answers
from qa.catalog import Catalog
from qa.errors import EngineError, FootnoteError
from qa.folder import files
from qa.gguf import read_metadata
from qa.installed import installed
from qa.models import EMBEDDED, chat_template_fault
from qa.port import PortError, footnote_at, listen
from qa.settings import Settings, data_folder
from qa.status import SyncReport
from qa.weights import MINILM, MINILM_TOKENIZER, Weights

MEMORY: Final = 2_500_000_000  # bytes that Footnote takes with the embedded model loaded
INDEX_ROOM: Final = 200_000_000  # bytes that an index should be able to grow by
SECONDS: Final = 2.0  # that a server has to answer


@dataclass(frozen=True, slots=True)
class Check:
    """What was looked at and found. `hint` is the command that mends it."""

    name: str
    state: Literal["ok", "warning", "problem"]
    message: str
    hint: str = ""


def diagnose(settings: Settings) -> Iterator[Check]:
    """One check after the other. Raises nothing of ours: an error is a finding."""
    for name, check in CHECKS.items():
        try:
            yield check(settings)
        except FootnoteError as error:
            yield Check(name, "problem", error.message, error.hint)


def needed(settings: Settings) -> tuple[Weights, ...]:
    """The model files that the settings call for: of the language model, then of the embedder, whose tokenizer the second reader shares."""
    model = embedded_model(settings)
    embedded = settings.embedder == "embedded"
    tokenizer = embedded or settings.reader == "embedded"
    return (*((model,) if model else ()), *((MINILM,) if embedded else ()), *((MINILM_TOKENIZER,) if tokenizer else ()))


def embedded_model(settings: Settings) -> Weights | None:
    """The language model among our own files that would be loaded; None where a server or a file of the user's stands in for it."""
    if settings.model != "auto":
        return EMBEDDED.get(settings.model)
    try:
        served = any(model.engine == "ollama" and model.kind == "language" for model in installed(settings))
    except EngineError:  # what answers there is no Ollama
        served = False
    return None if served else EMBEDDED["embedded"]


def missing(settings: Settings) -> tuple[Weights, ...]:
    """Those of the needed files that are not there in full length; their digests are checked when they are loaded."""
    return tuple(one for one in needed(settings) if not any(_size(path) == one.size for path in _places(one, settings)))


def _places(one: Weights, settings: Settings) -> Iterator[Path]:
    if settings.weights:
        yield settings.weights / one.file
    yield from (settings.cache / "models").glob(f"*-{one.file}")


def _size(path: Path) -> int:
    return path.stat().st_size if path.is_file() else -1


def _files(settings: Settings) -> Check:
    absent = missing(settings)
    if not absent:
        return Check("model files", "ok", ", ".join(one.name for one in needed(settings)) or "none are needed")
    names = ", ".join(f"{one.name} ({one.size / 1e6:,.0f} MB)" for one in absent)
    return Check("model files", "problem", f"Missing, or of another size than they should be: {names}", "Run `footnote fetch`.")


def _reader(settings: Settings) -> Check:
    if settings.reader == "none":
        hint = "Unset FOOTNOTE_READER to have it back."
        return Check("second reader", "warning", "It is switched off: evidence is found and answers are checked worse", hint)
    return Check("second reader", "ok", reader.checked(reader.FILE).name)


def _memory(settings: Settings) -> Check:
    memory = psutil.virtual_memory()
    told = f"{memory.available / 1e9:.1f} of {memory.total / 1e9:.1f} GB are free"
    if embedded_model(settings) is None:
        return Check("memory", "ok", told)
    hint = "Close other programs, or set FOOTNOTE_MODEL to a model of a server elsewhere."
    if memory.total < MEMORY:
        return Check("memory", "problem", f"{told}, the embedded model takes {MEMORY / 1e9:.1f}", hint)
    state: Literal["ok", "warning"] = "warning" if memory.available < MEMORY else "ok"
    return Check("memory", state, told, hint if state == "warning" else "")


def _disk(settings: Settings) -> Check:
    wanted = {settings.cache: 2 * sum(one.size for one in missing(settings)), settings.home: INDEX_ROOM}
    for folder, room in wanted.items():
        free = shutil.disk_usage(_existing(folder)).free
        if free < room:
            told = f"{free / 1e6:,.0f} MB are free where {folder} is, {room / 1e6:,.0f} are needed"
            return Check("disk", "problem", told, "Make room, or set FOOTNOTE_CACHE and FOOTNOTE_HOME to another disk.")
    return Check("disk", "ok", "enough room for model files and index")


def _existing(folder: Path) -> Path:
    return next(parent for parent in (folder, *folder.parents) if parent.exists())


def _home(settings: Settings) -> Check:
    folder = _existing(settings.home)
    if folder.is_dir() and os.access(folder, os.W_OK | os.X_OK):
        return Check("home", "ok", str(settings.home))
    return Check("home", "problem", f"{settings.home} cannot be written", "Set FOOTNOTE_HOME to a folder you can write.")


def _folders(settings: Settings) -> Check:
    empty = [folder for folder in _wanted(settings) if not files([folder])]
    if empty:
        hint = "Put documents there, or name another folder: `footnote sync FOLDER`."
        return Check("folders", "problem", f"There is nothing that can be read in {', '.join(map(str, empty))}", hint)
    folders = _wanted(settings)
    return Check("folders", "ok", f"{len(files(folders)):,} files in {', '.join(map(str, folders))}")


def _wanted(settings: Settings) -> tuple[Path, ...]:
    if settings.folders:
        return settings.folders
    with _catalog(settings) as catalog:
        remembered = catalog.meta("folders") if catalog else None
    return tuple(map(Path, json.loads(remembered or "[]"))) or (data_folder("seeds"),)


def _index(settings: Settings) -> Check:
    with _catalog(settings) as catalog:
        if catalog is None:
            return Check(
                "index", "warning", f"There is no index in {settings.home} yet", "Run `footnote sync`; `footnote serve` does it too."
            )
        made_by = catalog.meta("embedder") or ""
        if made_by and not made_by.startswith(_embedder_mark(settings)):
            return Check("index", "warning", f"The index was made with the embedder {made_by}", "Run `footnote reindex` to change over.")
        return _freshness(sync.report(sync.plan(catalog, _wanted(settings)), catalog))


def _embedder_mark(settings: Settings) -> str:
    """How the fingerprints of the embedder begin."""
    return MINILM.name if settings.embedder == "embedded" else f"{settings.embedder}:"


def _freshness(report: SyncReport) -> Check:
    stale = {"new": report.added, "changed": report.changed, "gone": report.deleted}
    counts = ", ".join(f"{len(files):,} {name}" for name, files in stale.items() if files)
    if counts:
        return Check("index", "warning", f"The index is behind its folders: {counts}", "Run `footnote sync`.")
    if report.unreadable:
        told = f"{len(report.unreadable):,} files could not be read"
        return Check("index", "warning", told, "`footnote documents` tells which, and why.")
    return Check("index", "ok", f"{len(report.unchanged):,} files, as they are now")


@contextmanager
def _catalog(settings: Settings) -> Iterator[Catalog | None]:
    """The catalog if there is one: opening would make it."""
    path = settings.home / "catalog.sqlite"
    if not path.is_file():
        yield None
        return
    with closing(Catalog(path)) as catalog:
        yield catalog


def _lock(settings: Settings) -> Check:
    path = settings.home / "lock"
    if not path.is_file():
        return Check("lock", "ok", "the index is free")
    lock = FileLock(path)
    try:
        with lock.acquire(timeout=0):
            return Check("lock", "ok", "the index is free")
    except Timeout:
        owner = settings.home / "owner"
        who = f"process {owner.read_text(encoding='utf-8')}" if owner.is_file() else "another process"
        return Check("lock", "warning", f"The index is in use by {who}", "Questions can be asked all the same; to sync from here, stop it.")


def _port(settings: Settings) -> Check:
    try:
        with listen(settings.host, settings.port) as listener:
            return Check("port", "ok", f"{listener.getsockname()[1]} of {settings.host} is free")
    except PortError as error:
        ours = footnote_at(settings.host, settings.port) is not None
        return Check("port", "warning" if ours else "problem", error.message, error.hint)


def _model(settings: Settings) -> Check:
    engine, _, name = settings.model.partition(":")
    if settings.model in EMBEDDED:
        return Check("language model", "ok", f"embedded: {EMBEDDED[settings.model].name}")
    if engine == "embedded":
        return _file_of_user(Path(name))
    if engine == "openai":
        return _server("language model", settings.model_url or "", "FOOTNOTE_MODEL_URL")
    if engine in ("ollama", "auto"):
        return _ollama(settings, name)
    return Check("language model", "problem", f"There is no engine for {settings.model}", "See `footnote serve --help` for FOOTNOTE_MODEL.")


def _file_of_user(path: Path) -> Check:
    if path.expanduser().is_file():
        fault = chat_template_fault(path, read_metadata(path.expanduser()))
        return (
            Check("language model", "problem", fault.message, fault.hint) if fault else Check("language model", "ok", f"embedded: {path}")
        )
    return Check(
        "language model", "problem", f"There is no file {path}", "Set FOOTNOTE_MODEL to embedded:FILE.gguf with a file that exists."
    )


def _ollama(settings: Settings, name: str) -> Check:
    """Ollama when it is asked for; for `auto` it is a matter of luck."""
    from qa.ollama import Ollama

    try:
        server = Ollama(settings.model_url or OLLAMA_URL, SECONDS)
        names = [model.name for model in server.models()]
    except EngineError:
        if name:
            raise
        return Check("language model", "ok", f"embedded: {EMBEDDED['embedded'].name}, as no Ollama answers")
    if name and not {name, f"{name}:latest"} & set(names):
        return Check(
            "language model", "warning", f"Ollama does not have {name} yet", f"`ollama pull {name}`; `footnote serve` does it too."
        )
    if name:
        server.show(name).require_template()
    return Check("language model", "ok", f"Ollama has {', '.join(names) or 'no model'}")


def _chroma(settings: Settings) -> Check:
    if settings.chroma_url is None:
        return Check("chroma", "ok", "inside Footnote")
    return _server("chroma", settings.chroma_url, "FOOTNOTE_CHROMA_URL")


def _server(name: str, url: str, variable: str) -> Check:
    if answers(url):
        return Check(name, "ok", f"somebody listens at {url}")
    return Check(name, "problem", f"Nobody listens at {url or 'no address'}", f"Start it, or set {variable} to where it is.")


CHECKS: Final[dict[str, Callable[[Settings], Check]]] = {
    "home": _home,
    "model files": _files,
    "language model": _model,
    "second reader": _reader,
    "memory": _memory,
    "disk": _disk,
    "folders": _folders,
    "index": _index,
    "lock": _lock,
    "chroma": _chroma,
    "port": _port,
}

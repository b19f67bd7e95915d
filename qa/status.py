"""What became of the documents, what a sync did, and how far getting ready is."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class DocumentStatus:
    """What became of one file (or row) of the library: `indexed`, or `unreadable` with the reason in `error`."""

    id: str
    file: str
    title: str
    date: str | None
    status: Literal["indexed", "unreadable"]
    passages: int
    characters: int  # of the text as stored
    kept: int  # of these, in blocks of articles
    error: str | None = None
    dropped: tuple[tuple[str, int], ...] = ()  # the rest, by kind ("menus", "byline"), with its characters
    dated: str = ""  # where the date was found
    language: str | None = None  # ISO 639-1
    pages: int = 0  # 0 where the file has no pages
    empty_pages: tuple[int, ...] = ()  # the numbers of those that gave no text


@dataclass(frozen=True, slots=True)
class SyncReport:
    """What a sync did, or (dry run) would do: the files of each kind."""

    added: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    moved: tuple[tuple[str, str], ...] = ()  # from, to
    deleted: tuple[str, ...] = ()
    unchanged: tuple[str, ...] = ()
    unreadable: tuple[tuple[str, str], ...] = ()  # file, reason


@dataclass(frozen=True, slots=True)
class Stage:
    """One step of getting ready; `done` of `total` is in `unit`, total 0 where it is not known."""

    name: Literal["index", "model"]
    state: Literal["waiting", "working", "ready", "failed"]
    detail: str  # "downloading qwen2.5-coder-1.5b", "indexing"; the error and its hint when failed
    done: int = 0
    total: int = 0
    unit: Literal["bytes", "files", ""] = ""


@dataclass(frozen=True, slots=True)
class Status:
    """Whether questions can be answered, and if not yet, how far each stage is."""

    stages: tuple[Stage, ...]

    @property
    def ready(self) -> bool:
        return all(stage.state == "ready" for stage in self.stages)

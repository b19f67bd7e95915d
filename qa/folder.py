"""Which files of a folder are documents, and what they are called.

Left out are hidden files, links that lead out of the folder, what is no regular file (sockets, pipes, devices), what no reader knows, and
what a `.footnoteignore` names: the syntax and the reach of a `.gitignore`, in the folder itself or in any folder below.
"""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from pathspec import GitIgnoreSpec

from qa.errors import ReadError, UsageError
from qa.read import READERS

IGNORE: Final = ".footnoteignore"


def files(folders: Sequence[Path]) -> dict[str, Path]:
    """Every file of the folders that there is a reader for, by display name: `seeds/a.txt` for the file `a.txt` of a folder `…/seeds`.

    A folder inside that cannot be listed is named itself, so that it is reported as what it is. Raises UsageError for a folder that does
    not exist, ReadError for a `.footnoteignore` that cannot be read: rather nothing than what was to be left out.
    """
    found: dict[str, Path] = {}
    for folder, label in zip(folders, _labels(folders), strict=True):
        if not folder.exists():
            raise UsageError(f"There is no folder {folder}", "Name an existing folder with FOOTNOTE_FOLDERS or --folders.")
        if folder.is_file():
            found[label] = folder
            continue
        for path in _walk(folder):
            found[printable(f"{label}/{path.relative_to(folder).as_posix()}")] = path
    return found


def printable(name: str) -> str:
    """A name whose bytes are not UTF-8 with these bytes written out, as "\\udce9"."""
    return name.encode("utf-8", "backslashreplace").decode()


def _labels(folders: Sequence[Path]) -> list[str]:
    """The last part of each folder's path; more parts where two would be called the same."""
    labels = [folder.name or folder.as_posix() for folder in folders]
    return [label if labels.count(label) == 1 else folder.as_posix().lstrip("/") for label, folder in zip(labels, folders, strict=True)]


def _walk(folder: Path) -> Iterator[Path]:
    root = folder.resolve()
    unlisted: list[str] = []
    rules: list[tuple[Path, GitIgnoreSpec]] = []
    for directory, names, leaves in os.walk(folder, onerror=lambda error: unlisted.append(error.filename)):
        here = Path(directory)
        rules = [rule for rule in rules if here.is_relative_to(rule[0])]
        if IGNORE in leaves:
            rules.append((here, _rules(here / IGNORE)))
        names[:] = sorted(name for name in names if not name.startswith(".") and not _is_ignored(here / name, rules, "/"))
        for leaf in sorted(leaves):
            path = here / leaf
            known = not leaf.startswith(".") and path.suffix.lower() in READERS
            if known and not _is_ignored(path, rules) and _belongs(path, root):
                yield path
    yield from map(Path, unlisted)


def _rules(path: Path) -> GitIgnoreSpec:
    try:
        return GitIgnoreSpec.from_lines(path.read_text(encoding="utf-8-sig").splitlines())
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise ReadError(f"{path} cannot be read: {reason}", "Write it in UTF-8, as a .gitignore is written, or remove it.") from error


def _is_ignored(path: Path, rules: Sequence[tuple[Path, GitIgnoreSpec]], ending: str = "") -> bool:
    """By the last rule that says anything, the rules of inner folders coming later, as git does it."""
    for folder, spec in reversed(rules):
        told = spec.check_file(path.relative_to(folder).as_posix() + ending).include
        if told is not None:
            return told
    return False


def _belongs(path: Path, root: Path) -> bool:
    try:
        return path.is_file() and path.resolve().is_relative_to(root)
    except OSError:
        return True  # it cannot be looked at: to be reported, not left out

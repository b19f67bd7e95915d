"""Following folders: something in them changed, so it is time to sync."""

import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Final

from watchfiles import Change, watch

logger = logging.getLogger(__name__)

QUIET: Final = 200  # milliseconds without a change after which a burst of changes is over
LONGEST: Final = 1000  # milliseconds after which a burst is told of though it goes on
LOOK: Final = 2000  # milliseconds after which it is looked whether the folders are still those that are watched
RETRY: Final = 5.0  # seconds until a folder that cannot be watched is tried again


def follow(folders: Sequence[Path], apart: Path, stop: threading.Event, changed: Callable[[], None]) -> None:
    """Call `changed` once the folders (or files) are watched, and then after every change in them, until `stop` is set. Changes under
    `apart` are not told: the index may lie inside a folder.

    A folder that goes and comes again is watched again; where the system cannot watch, as on some network drives, it is polled.
    """
    polling = False
    while not stop.is_set():
        try:
            for _ in _changes(folders, apart, stop, polling):
                changed()
        except (OSError, RuntimeError) as error:  # the second is the library's own for what its engine cannot do
            if not isinstance(error, FileNotFoundError):
                polling = True
            logger.warning("A folder cannot be watched (%s); trying again in %g seconds%s", error, RETRY, ", by polling" if polling else "")
            stop.wait(RETRY)


def _changes(folders: Sequence[Path], apart: Path, stop: threading.Event, polling: bool) -> Iterator[None]:
    """At first, and after each change; ends when one of the folders is another than at first."""
    roots = {folder if folder.is_dir() else folder.parent for folder in folders}
    known = _identities(folders)

    def wanted(_: Change, name: str) -> bool:
        path = Path(name)
        return not path.is_relative_to(apart) and any(path.is_relative_to(folder) for folder in folders)

    told = False
    for changes in watch(
        *roots, watch_filter=wanted, debounce=LONGEST, step=QUIET, stop_event=stop, rust_timeout=LOOK, yield_on_timeout=True,
        raise_interrupt=False, force_polling=polling or None, ignore_permission_denied=True,
    ):  # fmt: skip
        if changes or not told:
            told = True
            yield
        if _identities(folders) != known:
            return


def _identities(folders: Sequence[Path]) -> list[tuple[int, int] | None]:
    """Which folder each is, as the file system numbers them; a file is often replaced when it is saved, and is the same all the same."""
    return [(folder.stat().st_dev, folder.stat().st_ino) if folder.is_dir() else None for folder in folders]

"""Starting the server: port and log first, then index and model in the background while what answers requests is being imported."""

import logging
from collections.abc import Callable
from contextlib import closing
from logging.handlers import RotatingFileHandler
from typing import Final

from qa.errors import StoreError
from qa.port import address, listen
from qa.service import QA
from qa.settings import Settings

LOG_BYTES: Final = 1_000_000


def serve(settings: Settings, announce: Callable[[str], None], watch: bool = False) -> None:
    """Serves until SIGTERM, or until SIGINT and then raises KeyboardInterrupt; tells `announce` the address once requests are answered.
    `watch`: follow the folders.

    Raises PortError, StoreError for a home that cannot be written, and what `QA.open` raises.
    """
    with listen(settings.host, settings.port) as listener:
        _log_to_home(settings)
        with closing(QA.open(settings)) as qa:
            if watch:
                qa.watch()
            from qa.server import Server  # takes most of a second, in which index and model go on

            server = Server(qa, settings)
            server.live(listener, lambda: announce(address(listener, settings.host)))
    if server.interrupted:
        raise KeyboardInterrupt


def _log_to_home(settings: Settings) -> None:
    """Warnings and tracebacks go to a file in the home folder; standard error gets a line of each."""
    try:
        settings.home.mkdir(parents=True, exist_ok=True)
        log = RotatingFileHandler(settings.home / "footnote.log", maxBytes=LOG_BYTES, backupCount=1, encoding="utf-8", delay=True)
    except OSError as error:
        raise StoreError(f"{settings.home} cannot be written: {error.strerror}", "Set FOOTNOTE_HOME to a folder you can write.") from error
    log.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    line = logging.StreamHandler()
    line.setFormatter(Line())
    logging.basicConfig(level=logging.WARNING, handlers=[log, line])


class Line(logging.Formatter):
    """One line of a record, without its traceback."""

    def format(self, record: logging.LogRecord) -> str:
        error = record.exc_info[1] if record.exc_info else None
        text = " ".join(record.getMessage().split())
        return f"footnote: {text}: {type(error).__name__}: {error}. The log tells more." if error else f"footnote: {text}"

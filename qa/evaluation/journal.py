"""An append-only file of JSON lines that a killed process cannot harm: a torn last line is passed over, and mended by the next one."""

import contextlib
import errno
import os
from collections.abc import Iterator
from pathlib import Path

from qa.errors import StoreError


class Journal:
    """Lines of bytes in one file. Several processes may append at once: each line is one write."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def append(self, line: bytes) -> None:
        """Adds a line; when this returns it is on the disk. Raises StoreError."""
        with _told(self.path):
            self.path.parent.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(self.path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o644)
            try:
                end = os.lseek(descriptor, 0, os.SEEK_END)
                torn = end > 0 and os.pread(descriptor, 1, end - 1) != b"\n"
                whole = (b"\n" if torn else b"") + line + b"\n"
                if os.write(descriptor, whole) < len(whole):
                    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
                os.fsync(descriptor)
            finally:
                os.close(descriptor)

    def lines(self) -> Iterator[tuple[int, bytes]]:
        """Each whole line with the offset at which it begins. Raises StoreError."""
        with _told(self.path):
            if not self.path.exists():
                return
            offset = 0
            with self.path.open("rb") as file:
                for line in file:
                    if line.endswith(b"\n"):
                        yield offset, line[:-1]
                    offset += len(line)

    def read(self, offset: int) -> bytes:
        """The line at an offset. Raises StoreError."""
        with _told(self.path), self.path.open("rb") as file:
            file.seek(offset)
            return file.readline().rstrip(b"\n")

    def keep(self, offset: int) -> None:
        """Forget the lines before an offset, all at once. Raises StoreError."""
        rest = self.path.with_suffix(".rest")
        with _told(self.path):
            with self.path.open("rb") as old, rest.open("wb") as new:
                old.seek(offset)
                while block := old.read(1 << 20):
                    new.write(block)
                new.flush()
                os.fsync(new.fileno())
            rest.replace(self.path)


@contextlib.contextmanager
def _told(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StoreError(f"{path} cannot be used: {error.strerror}", "Set FOOTNOTE_HOME to a folder you can write.") from error

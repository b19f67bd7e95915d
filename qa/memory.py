"""How much memory is still to be had: what the system has free, or what a container may still take, whichever is less."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

VERSION_2: Final = ("memory.max", "memory.current", "inactive_file")
VERSION_1: Final = ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file")
"""Of a control group (Linux): the file of its limit, that of its use, and the line of memory.stat that tells what would be given back."""


def available(root: Path = Path("/")) -> int:
    """Bytes. `root` is where the system's files are looked for."""
    import psutil

    return max(0, min(psutil.virtual_memory().available, *_left(root)))


def _left(root: Path) -> Iterator[int]:
    """What each control group that this process is in may still take; one number at least, as large as any memory."""
    yield 1 << 62
    try:
        lines = (root / "proc/self/cgroup").read_text(encoding="utf-8").splitlines()
    except OSError:  # not Linux
        return
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if not controllers:
            yield from _left_in(root / "sys/fs/cgroup", path, *VERSION_2)
        elif "memory" in controllers.split(","):
            yield from _left_in(root / "sys/fs/cgroup/memory", path, *VERSION_1)


def _left_in(mount: Path, path: str, limit: str, used: str, cache: str) -> Iterator[int]:
    """From the group up to the root, which inside a container is the container's own, whatever its path is called outside."""
    group = mount / path.strip("/")
    for folder in (folder for folder in (group, *group.parents) if folder.is_relative_to(mount)):
        try:
            most, now = (folder / limit).read_text(encoding="ascii").strip(), int((folder / used).read_text(encoding="ascii"))
            counts = dict(line.split(maxsplit=1) for line in (folder / "memory.stat").read_text(encoding="ascii").splitlines())
        except OSError:
            continue  # a level that this container does not see, or the root of the machine, which has no limit
        if most != "max":
            yield int(most) - now + int(counts.get(cache, 0))

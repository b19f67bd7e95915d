"""What decides an answer besides question and documents, as short digests: the code, the prompts, the settings."""

import functools
import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from qa.confidence import FILE, OWN
from qa.settings import Settings, data_folder

AROUND: Final = frozenset(
    "__init__ __main__ admission api bodies cli doctor fingerprint guard manual options port relay serve server stages suggest terminal "
    "wire".split()
)
"""Modules that carry questions and answers but do not make them; tests/test_fingerprint.py holds it against the imports."""

DECIDING: Final = ("context", "evidence_tokens", "caution", "embedder", "reader", "chroma_url")
"""The settings that change answers and are not told by the fingerprints of model and index."""


@functools.cache
def code() -> str:
    """Digest of the modules that make an answer, with the shipped models of confidence."""
    folder = Path(__file__).parent
    return _digest([*(path for path in sorted(folder.glob("*.py")) if path.stem not in AROUND), FILE])


def prompts() -> tuple[tuple[str, str], ...]:
    """Each prompt's name and digest."""
    return tuple((path.stem, _digest([path])) for path in sorted(data_folder("prompts").glob("*.md")))


def settings(chosen: Settings) -> str:
    """`caution=0.4 context=4096 …`: readable, as it is shown when two runs differ."""
    own = chosen.home / OWN
    told = {name: getattr(chosen, name) for name in DECIDING} | {"confidence": _digest([own]) if own.exists() else "shipped"}
    return " ".join(f"{name}={value}" for name, value in sorted(told.items()))


def _digest(paths: Iterable[Path]) -> str:
    total = hashlib.sha256()
    for path in paths:
        total.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return total.hexdigest()[:12]

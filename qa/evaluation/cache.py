"""Replies that were had before, under everything that decides them: a second run costs nothing, a killed one goes on where it stopped."""

import hashlib
import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from pydantic import TypeAdapter, ValidationError

from qa.evaluation.journal import Journal
from qa.evaluation.types import Case, Reply
from qa.types import Fingerprint

KEY: Final = 32  # characters
LARGEST: Final = 200_000_000  # bytes; beyond it the older half is forgotten


@dataclass(frozen=True, slots=True)
class Entry:
    """A reply under its key. `prompts` holds the digests of the prompts that were used for it, and of no others."""

    key: str
    prompts: Mapping[str, str]
    reply: Reply


ENTRY: Final = TypeAdapter(Entry)


class Cache:
    """The replies kept in one file; without `reading` none is found, but all are kept. Safe to use from several threads.

    Raises StoreError where the file cannot be used.
    """

    def __init__(self, path: Path, reading: bool = True) -> None:
        self._journal = Journal(path)
        self._lock = threading.Lock()
        self._offsets: dict[str, list[int]] = {}
        self._forget_old()
        for offset, line in self._journal.lines() if reading else ():
            self._offsets.setdefault(_key_in(line), []).append(offset)

    def find(self, case: Case, fingerprint: Fingerprint) -> Reply | None:
        """The newest reply to this question under this fingerprint. A prompt that changed counts only where the reply had used it."""
        prompts = dict(fingerprint.prompts)
        for offset in reversed(self._offsets.get(key(case, fingerprint), ())):
            entry = self._read(offset)
            if entry and all(prompts.get(name) == digest for name, digest in entry.prompts.items()):
                return replace(entry.reply, case=case.id)
        return None

    def add(self, case: Case, fingerprint: Fingerprint, used: tuple[str, ...], reply: Reply) -> None:
        """Keep a reply; when this returns it is on the disk."""
        prompts = {name: digest for name, digest in fingerprint.prompts if name in used}
        line = ENTRY.dump_json(Entry(key(case, fingerprint), prompts, reply))
        with self._lock:
            self._journal.append(line)

    def _read(self, offset: int) -> Entry | None:
        try:
            return ENTRY.validate_json(self._journal.read(offset))
        except ValidationError:  # written by another version, or torn: as good as not there
            return None

    def _forget_old(self) -> None:
        path = self._journal.path
        if path.exists() and path.stat().st_size > LARGEST:
            self._journal.keep(next(offset for offset, _ in self._journal.lines() if offset >= LARGEST // 2))


def key(case: Case, fingerprint: Fingerprint) -> str:
    """Of question, history and all of the fingerprint but the prompts; not of the case's id or of what it expects."""
    history = [(turn.role, turn.content) for turn in case.history]
    decides = [case.question, history, fingerprint.model, fingerprint.index, fingerprint.code, fingerprint.settings]
    return hashlib.sha256(json.dumps(decides).encode()).hexdigest()[:KEY]


def _key_in(line: bytes) -> str:
    """The key of an entry's line, which it begins with (`{"key":"…`), without reading all of it."""
    return line[8 : 8 + KEY].decode(errors="replace")

"""Damaged files of every format: each must be read or refused in one line, soon, and nothing may fall over.

`python -m tests.damage [FILES]` makes 1,000 of them, prints a table and ends with status 1 where one falls over or takes over 10 s.
"""

import random
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from qa.errors import ReadError
from qa.read import read
from tests.format_samples import SAMPLES, unzipped, zipped

LONGEST = 10.0  # seconds for a file
SEED = 2022


@dataclass(frozen=True)
class Outcome:
    """What became of a damaged file. `fault` is the exception that was no ReadError, or what its message lacks."""

    suffix: str
    damage: str
    seconds: float
    refused: str = ""
    fault: str = ""


def damaged(sample: bytes, chance: random.Random) -> tuple[str, bytes]:
    """The sample, or a part inside it, cut short, with a few bits turned over, or with a stretch overwritten; and what was done."""
    kind = chance.choice(("cut", "cut", "flipped", "flipped", "overwritten"))
    if sample.startswith(b"PK") and chance.random() < 0.5:  # the archive is sound, a part of it is not
        parts = unzipped(sample)
        name = chance.choice([*parts])
        inner, parts[name] = damaged(parts[name] or b"\0", chance)
        return f"{name} {inner}", zipped(parts)
    if kind == "cut":
        return kind, sample[: chance.randrange(len(sample))]
    made = bytearray(sample)
    if kind == "flipped":
        for _ in range(chance.choice((1, 3, 10, 50))):
            made[chance.randrange(len(made))] ^= 1 << chance.randrange(8)
    else:
        start = chance.randrange(len(made))
        made[start : start + 64] = chance.randbytes(min(64, len(made) - start))
    return kind, bytes(made)


def outcomes(folder: Path, files: int, seed: int = SEED) -> Iterator[Outcome]:
    """What becomes of so many files, as many of each format, one after another."""
    chance = random.Random(seed)
    suffixes = [*SAMPLES]
    for number in range(files):
        suffix = suffixes[number % len(suffixes)]
        damage, content = damaged(SAMPLES[suffix], chance)
        path = folder / f"{number}{suffix}"
        path.write_bytes(content)
        yield _outcome(path, suffix, damage)


def _outcome(path: Path, suffix: str, damage: str) -> Outcome:
    began = time.monotonic()
    refused = fault = ""
    try:
        read(path, f"library/{path.name}")
    except ReadError as error:
        refused = error.line()
        whole = path.name in error.message and error.hint and "\n" not in refused and len(refused) < 400
        fault = "" if whole else f"the message lacks something: {refused}"
    except Exception as error:  # noqa: BLE001 (what the table is for)
        fault = f"{type(error).__name__}: {error}"
    return Outcome(suffix, damage, time.monotonic() - began, refused, fault)


def table(found: list[Outcome]) -> str:
    """Format by format: files, how many were read and refused, how many fell over, and the slowest."""
    lines = [f"{'format':8}{'files':>7}{'read':>7}{'refused':>9}{'fallen':>8}{'slowest s':>11}"]
    for suffix in (*dict.fromkeys(outcome.suffix for outcome in found), ""):
        of = [outcome for outcome in found if suffix in ("", outcome.suffix)]
        refused, fallen = sum(bool(o.refused) for o in of), sum(bool(o.fault) for o in of)
        slowest = max(o.seconds for o in of)
        lines.append(f"{suffix or 'all':8}{len(of):7}{len(of) - refused - fallen:7}{refused:9}{fallen:8}{slowest:11.2f}")
    return "\n".join(lines)


def main() -> int:
    files = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000
    with tempfile.TemporaryDirectory() as folder:
        found = list(outcomes(Path(folder), files))
    print(table(found))
    wrong = [outcome for outcome in found if outcome.fault or outcome.seconds > LONGEST]
    for outcome in wrong:
        print(f"{outcome.suffix} {outcome.damage}, {outcome.seconds:.1f} s: {outcome.fault}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())

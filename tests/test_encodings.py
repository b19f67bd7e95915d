"""Text of every encoding and size, and what is almost text."""

import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.format_samples import PROSE
from tests.test_formats import blocks, one, refused


def test_byte_order_marks_line_ends_and_scripts() -> None:
    text = "Ångström\nЖёлтый 東京 العربية\n"
    for encoding in ("utf-8-sig", "utf-16", "utf-32"):
        for name in ("a.txt", "a.py", "a.csv"):
            assert "Жёлтый 東京 العربية" in one(text.replace("\n", "\r\n").encode(encoding), name).text


def test_few_broken_letters_do_not_change_the_encoding_of_the_others() -> None:
    text = "Żółta łódź płynie. " * 50
    assert one(text.encode() + b"\xff", "a.txt").text == text + "\ufffd"
    assert one(text.encode()[:-20] + "ó".encode()[:1], "a.txt").text.startswith(text[:900])


def test_stray_nul_is_borne_and_many_are_not() -> None:
    assert one(b"word " * 500 + b"\0", "a.txt").text.endswith("\ufffd")
    assert "binary" in refused(b"word\0" * 500, "a.txt").message


@pytest.mark.parametrize("name", ["a.txt", "a.js", "a.md", "a.json"])
def test_line_of_five_megabytes(name: str) -> None:
    began = time.monotonic()
    found = one(b"go(x) and more; " * 312_500, name)
    assert sum(len(block) for block in blocks(found)) > 4_900_000
    assert time.monotonic() - began < 10


def test_hundred_megabytes_of_text(tmp_path: Path) -> None:
    """In a process of its own, whose memory is measured: 100 MB of bytes and of text, and little more."""
    path = tmp_path / "a.log"
    path.write_bytes((PROSE[0] + "\n").encode() * (100_000_000 // (len(PROSE[0]) + 1)))
    code = (
        "import sys, time; from pathlib import Path; from qa.read import extracts, load; began = time.monotonic();"
        "found = [len(e.text) for e in extracts(load(Path(sys.argv[1]), 'a.log'), 'a.log')];"
        "status = Path('/proc/self/status'); told = status.read_text() if status.exists() else 'VmHWM: 0';"
        "print(found[0], time.monotonic() - began, told.partition('VmHWM:')[2].split()[0])"  # ru_maxrss would tell what the parent had, too
    )
    size, seconds, memory = map(float, subprocess.run([sys.executable, "-c", code, path], capture_output=True, check=True).stdout.split())
    assert size > 99_000_000
    assert seconds < 10
    assert memory < 700_000  # KiB

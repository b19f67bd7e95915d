"""The reader of GGUF files: what it reads of sound ones, ours and invented, and that damage costs an error, never memory or time."""

import struct
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from qa import weights
from qa.errors import EngineError
from qa.gguf import SCALARS, Value, read_metadata
from qa.inventory import KNOWN, shape
from qa.models import EMBEDDED
from qa.settings import Settings

FORMS = {bool: 7, int: 11, float: 12}
KEYS = st.text(min_size=1, max_size=12)
VALUES = st.one_of(st.booleans(), st.integers(-(2**63), 2**63 - 1), st.floats(allow_nan=False), st.text(max_size=30))


def text(value: str) -> bytes:
    data = value.encode("utf-8", "surrogatepass")
    return struct.pack("<Q", len(data)) + data


def pair(key: str, value: Value | list[str] | list[int]) -> bytes:
    if isinstance(value, list):
        strings = any(isinstance(one, str) for one in value)
        items = b"".join(text(one) if isinstance(one, str) else struct.pack("<i", one) for one in value)
        return text(key) + struct.pack("<IIQ", 9, 8 if strings else 5, len(value)) + items
    if isinstance(value, str):
        return text(key) + struct.pack("<I", 8) + text(value)
    form = FORMS[type(value)]
    return text(key) + struct.pack("<I", form) + struct.pack(SCALARS[form], value)


def gguf(pairs: list[bytes], version: int = 3, count: int | None = None) -> bytes:
    return b"GGUF" + struct.pack("<IQQ", version, 0, len(pairs) if count is None else count) + b"".join(pairs)


def write(folder: Path, content: bytes) -> Path:
    path = folder / "made.gguf"
    path.write_bytes(content)
    return path


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.dictionaries(KEYS, st.one_of(VALUES, st.lists(st.text(max_size=5), max_size=5), st.lists(st.integers(0, 99), max_size=5))))
def test_values_are_read_and_arrays_passed_over(tmp_path: Path, told: dict[str, Value | list[str] | list[int]]) -> None:
    read = read_metadata(write(tmp_path, gguf([pair(key, value) for key, value in told.items()], version=2)))
    assert read.values == {key: value for key, value in told.items() if not isinstance(value, list)}
    assert read.lengths == {key: len(value) for key, value in told.items() if isinstance(value, list)}


def test_arrays_in_arrays_are_passed_over(tmp_path: Path) -> None:
    inner = struct.pack("<IQ", 0, 3) + b"abc"
    nested = text("nested") + struct.pack("<IIQ", 9, 9, 2) + inner + inner
    read = read_metadata(write(tmp_path, gguf([nested, pair("after", 7)])))
    assert (read.lengths, read.values) == ({"nested": 2}, {"after": 7})


SOUND = gguf([pair("general.architecture", "llama"), pair("tokens", ["a", "bc"]), pair("llama.block_count", 30), pair("numbers", [1, 2])])


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=300)
@given(st.lists(st.tuples(st.integers(0, len(SOUND) - 1), st.integers(0, 255)), min_size=1, max_size=4), st.integers(0, len(SOUND)))
def test_damage_is_an_error_or_reads_as_something_else(tmp_path: Path, changes: list[tuple[int, int]], end: int) -> None:
    content = bytearray(SOUND)
    for place, byte in changes:
        content[place] = byte
    for damaged in (bytes(content), SOUND[:end]):
        with suppress(EngineError):  # and nothing else
            read = read_metadata(write(tmp_path, damaged))
            assert sum(len(value) for value in read.values.values() if isinstance(value, str)) <= len(SOUND)


def test_a_file_that_is_cut_off_anywhere_is_an_error(tmp_path: Path) -> None:
    for end in range(len(SOUND)):
        with pytest.raises(EngineError, match="no sound GGUF file"):
            read_metadata(write(tmp_path, SOUND[:end]))


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"PK\x03\x04" + bytes(100), "does not begin as one"),
        (gguf([], version=1), "version 1 is not known"),
        (gguf([], version=3 << 24), "is not known"),  # big endian
        (gguf([pair("a", 1)], count=2**60), "elements are told"),
        (gguf([struct.pack("<Q", 2**63) + b"key"]) + bytes(20), "elements are told"),
        (gguf([text("a") + struct.pack("<IIQ", 9, 8, 2**62)]), "elements are told"),
        (gguf([text("a") + struct.pack("<IIQ", 9, 8, 6_000_000) + bytes(48_000_000)]), "6,000,001 elements"),
        (gguf([text("a") + struct.pack("<I", 13) + bytes(20)]), "value of type 13"),
        (gguf([text("a") + struct.pack("<IIQ", 9, 77, 1) + bytes(20)]), "array of type 77"),
        (gguf([text("a") + struct.pack("<I", 9) + struct.pack("<IQ", 9, 1) * 6 + bytes(20)]), "deep"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_cannot_be_is_told(tmp_path: Path, content: bytes, reason: str) -> None:
    with pytest.raises(EngineError, match=reason):
        read_metadata(write(tmp_path, content))


def test_a_missing_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(EngineError, match=r"absent\.gguf cannot be read: No such file") as caught:
        read_metadata(tmp_path / "absent.gguf")
    assert "FOOTNOTE_MODEL" in caught.value.hint


@pytest.mark.parametrize("name", EMBEDDED)
def test_what_is_known_of_our_models_is_what_their_files_say(files: Settings, name: str) -> None:
    read = read_metadata(weights.fetch(EMBEDDED[name], files.cache, files.weights))
    assert shape(read.values) == KNOWN[name].shape
    assert "<|im_start|>" in read.template
    assert read.lengths["tokenizer.ggml.tokens"] > 40_000

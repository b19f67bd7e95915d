"""What a GGUF model file says of itself, read without its weights: versions 2 and 3, little endian.

Nothing that the file claims is believed before it is measured against the file's size, and arrays (the vocabulary) are passed over, not
held: a damaged file costs an error, not memory or time.
"""

import mmap
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from qa.errors import EngineError

MAGIC: Final = b"GGUF"
VERSIONS: Final = (2, 3)
STRING: Final = 8
ARRAY: Final = 9
SCALARS: Final = {0: "<B", 1: "<b", 2: "<H", 3: "<h", 4: "<I", 5: "<i", 6: "<f", 7: "<?", 10: "<Q", 11: "<q", 12: "<d"}
"""The format of a value by the number of its type."""
LEAST: Final = 13  # bytes of a key and its value: a length, a type, a value of one byte
DEEPEST: Final = 4  # arrays within arrays
MOST: Final = 5_000_000  # keys and elements that are gone through one by one; the largest vocabularies have a million
TEMPLATE: Final = "tokenizer.chat_template"
ANOTHER: Final = "Fetch the file again, or set FOOTNOTE_MODEL to another model."

Value = str | int | float | bool


@dataclass(frozen=True, slots=True)
class Metadata:
    """`values` by key, without arrays; of these `lengths` tells how many elements they have."""

    values: Mapping[str, Value]
    lengths: Mapping[str, int] = field(default_factory=dict)

    @property
    def template(self) -> str:
        """The chat template (Jinja), which says how turns are marked; empty where the file has none."""
        return str(self.values.get(TEMPLATE, ""))


def read_metadata(path: Path) -> Metadata:
    """Raises EngineError where the file is no GGUF file of a version that is known, or is damaged or cut off."""
    try:
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
            return _Reader(content).metadata()
    except (struct.error, ValueError) as error:  # an empty file cannot be mapped: ValueError
        raise EngineError(f"{path} is no sound GGUF file: {error}", ANOTHER) from error
    except OSError as error:
        raise EngineError(f"{path} cannot be read: {error.strerror}", ANOTHER) from error


class _Reader:
    """Goes through the bytes from the front. Raises ValueError or struct.error at what cannot be."""

    def __init__(self, content: mmap.mmap) -> None:
        self._content = content
        self._size = len(content)
        self._at = 0
        self._steps = 0

    def metadata(self) -> Metadata:
        if self._content[:4] != MAGIC:
            raise ValueError("it does not begin as one")
        self._at = 4
        version = self._number("<I")
        if version not in VERSIONS:
            raise ValueError(f"version {version} is not known")
        self._number("<Q")  # how many tensors
        values: dict[str, Value] = {}
        lengths: dict[str, int] = {}
        for _ in range(self._several(LEAST)):
            key, kind = self._string(), self._number("<I")
            if kind == ARRAY:
                lengths[key] = self._pass_array(0)
            else:
                values[key] = self._string() if kind == STRING else self._scalar(kind)
        return Metadata(values, lengths)

    def _pass_array(self, depth: int) -> int:
        """How many elements the array has that begins here; goes to its end."""
        kind = self._number("<I")
        if kind in SCALARS:
            width = struct.calcsize(SCALARS[kind])
            count = self._count(width)
            self._at += count * width
            return count
        if kind not in (STRING, ARRAY) or depth >= DEEPEST:
            raise ValueError(f"an array of type {kind}, {depth} deep")
        count = self._several(8)
        for _ in range(count):
            if kind == ARRAY:
                self._pass_array(depth + 1)
            else:
                length = self._count(1)
                self._at += length
        return count

    def _scalar(self, kind: int) -> Value:
        if kind not in SCALARS:
            raise ValueError(f"a value of type {kind}")
        (value,) = struct.unpack_from(SCALARS[kind], self._content, self._at)
        self._at += struct.calcsize(SCALARS[kind])
        scalar: Value = value
        return scalar

    def _string(self) -> str:
        length = self._count(1)
        begin = self._at
        self._at += length
        return self._content[begin : self._at].decode("utf-8", "replace")

    def _count(self, width: int) -> int:
        """A length, of elements of at least `width` bytes each: no more than what is left of the file could hold."""
        count = self._number("<Q")
        if count * width > self._size - self._at:
            raise ValueError(f"{count:,} elements are told, {self._size - self._at:,} bytes are left")
        return count

    def _several(self, width: int) -> int:
        """A length of what is gone through one by one."""
        count = self._count(width)
        self._steps += count
        if self._steps > MOST:
            raise ValueError(f"it tells {self._steps:,} elements")
        return count

    def _number(self, form: str) -> int:
        (number,) = struct.unpack_from(form, self._content, self._at)
        self._at += struct.calcsize(form)
        return int(number)

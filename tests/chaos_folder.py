"""A folder of documents that keeps changing: texts drawn by a seed, in plain files, Markdown and collections, with paragraphs in common."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Final

SYLLABLES: Final = "ba be bo da de do fa fe ga go ka ke ko la le lo ma me mo na ne no pa pe ra re ro sa se so ta te to va ve".split()
ROWS: Final = 10  # of a collection
SHARED: Final = 0.2  # of the paragraphs stand in other documents too
PLACES: Final = ("", "letters", "notes/old", "notes/new")


class Folder:
    """Documents under `path`, about as many as asked for, whatever is done to them."""

    def __init__(self, path: Path, documents: int, seed: int) -> None:
        self.path = path
        self._random = Random(seed)
        self._wanted = documents
        self._made = 0
        self._words = ["".join(self._random.choices(SYLLABLES, k=self._random.randint(1, 4))) for _ in range(1500)]
        self._common = [self._new_paragraph() for _ in range(60)]
        self._files: dict[Path, int] = {}
        for place in PLACES:
            (path / place).mkdir(parents=True, exist_ok=True)
        while len(self) < documents:
            self.add()

    def __len__(self) -> int:
        """How many documents there are; of a collection every row is one."""
        return sum(self._files.values())

    def stir(self, times: int) -> None:
        """Add, change, touch, rename, move and delete files at random, so many times."""
        doings: list[Callable[[], None]] = [
            self.change,
            self.change,
            self.change_in_place,
            self.touch,
            self.rename,
            self.rename_kind,
            self.move,
        ]
        for _ in range(times):
            more, fewer = len(self) <= 0.9 * self._wanted, len(self) >= 1.1 * self._wanted
            self._random.choice([*doings, *([] if fewer else [self.add]), *([] if more else [self.delete])])()

    def word(self) -> str:
        """A word that some document very likely holds."""
        return self._random.choice(self._words)

    def add(self) -> None:
        self._made += 1
        kind = self._random.choices([".txt", ".md", ".jsonl"], [14, 4, 1])[0]
        path = self.path / self._random.choice(PLACES) / f"{self._made:05}{kind}"
        path.write_text(self._content(kind), encoding="utf-8")
        self._files[path] = ROWS if kind == ".jsonl" else 1

    def change(self) -> None:
        """Put another paragraph in the place of one, or another row."""
        path = self._any()
        lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
        texts = [number for number, line in enumerate(lines) if len(line) > 60]
        number = self._random.choice(texts)
        lines[number] = self._row(number) if path.suffix == ".jsonl" else self._paragraph() + "\n"
        path.write_text("".join(lines), encoding="utf-8")

    def change_in_place(self) -> None:
        """Another letter, as many bytes."""
        path = self._any()
        content = path.read_bytes()
        place = self._random.choice([number for number, byte in enumerate(content) if byte in b"aeo" and number > len(content) // 2])
        with path.open("r+b") as file:
            file.seek(place)
            file.write(self._random.choice([letter for letter in (b"a", b"e", b"o") if letter != content[place : place + 1]]))

    def touch(self) -> None:
        os.utime(self._any())

    def rename(self) -> None:
        path = self._any()
        self._made += 1
        self._put(path, path.with_name(f"renamed-{self._made:05}{path.suffix}"))

    def rename_kind(self) -> None:
        """Text as Markdown, or the other way round: the same bytes, but another document."""
        path = self._any()
        if other := {".txt": ".md", ".md": ".txt"}.get(path.suffix):
            self._put(path, path.with_suffix(other))

    def move(self) -> None:
        path = self._any()
        self._put(path, self.path / self._random.choice(PLACES) / path.name)

    def delete(self) -> None:
        path = self._any()
        path.unlink()
        del self._files[path]

    def texts(self) -> dict[str, str]:
        """What the documents say, by the name that an index of the folder shows; read from the disk, and by no reader of Footnote's."""
        found: dict[str, str] = {}
        for path in (path for path in sorted(self.path.rglob("*")) if path.is_file()):
            name = f"{self.path.name}/{path.relative_to(self.path).as_posix()}"
            content = path.read_text(encoding="utf-8")
            if path.suffix == ".jsonl":
                found.update((f"{name}#{row['id']}", row["text"]) for row in map(json.loads, content.splitlines()))
            else:
                found[name] = content.rpartition("---\n")[2].lstrip("\n") if path.suffix == ".md" else content
        return found

    def _put(self, old: Path, new: Path) -> None:
        old.rename(new)
        self._files[new] = self._files.pop(old)

    def _any(self) -> Path:
        return self._random.choice(list(self._files))

    def _content(self, kind: str) -> str:
        if kind == ".jsonl":
            return "".join(self._row(number) for number in range(ROWS))
        text = f"{self._title()}\n\n" + "\n".join(f"{self._paragraph()}\n" for _ in range(self._random.randint(3, 8)))
        return f"---\ntitle: {self._title()}\ndate: 2024-03-{self._random.randint(10, 28)}\n---\n\n{text}" if kind == ".md" else text

    def _row(self, number: int) -> str:
        row = {"id": f"row-{number}", "text": f"{self._paragraph()}\n\n{self._paragraph()}"}
        return json.dumps(row | ({"title": self._title()} if number % 2 else {})) + "\n"

    def _title(self) -> str:
        return " ".join(self._random.choices(self._words, k=4)).capitalize()

    def _paragraph(self) -> str:
        return self._random.choice(self._common) if self._random.random() < SHARED else self._new_paragraph()

    def _new_paragraph(self) -> str:
        return " ".join(self._sentence() for _ in range(self._random.randint(4, 8)))

    def _sentence(self) -> str:
        return " ".join(self._random.choices(self._words, k=self._random.randint(8, 14))).capitalize() + "."

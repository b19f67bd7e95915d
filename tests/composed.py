"""compose.yaml, Dockerfile and .dockerignore as values, read as Compose and the builder would."""

import json
import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, Final

import yaml

from tests.processes import CHECKOUT

VARIABLE: Final = re.compile(r"\$(?:(\$)|\{(\w+)(?::?([-?])([^{}]*))?\})")


@dataclass(frozen=True, slots=True)
class Instruction:
    """An instruction of a Dockerfile: `words` are those of its exec form or `NAME=value` pairs, empty where the shell reads it."""

    name: str
    text: str

    @property
    def words(self) -> tuple[str, ...]:
        if self.name in ("CMD", "ENTRYPOINT") and self.text.startswith("["):
            return tuple(json.loads(self.text))
        if self.name == "HEALTHCHECK" and (found := re.search(r"\bCMD (\[.*)", self.text)):
            return tuple(json.loads(found[1]))
        return tuple(shlex.split(self.text)) if self.name in ("ENV", "COPY") else ()


@dataclass(frozen=True, slots=True)
class Stage:
    image: str
    instructions: tuple[Instruction, ...]

    def all(self, name: str) -> list[Instruction]:
        return [one for one in self.instructions if one.name == name]

    def last(self, name: str) -> Instruction:
        return self.all(name)[-1]

    @property
    def environment(self) -> dict[str, str]:
        pairs = (word.partition("=") for one in self.all("ENV") for word in one.words)
        return {name: value for name, _, value in pairs}


def stages(path: Path = CHECKOUT / "Dockerfile") -> tuple[Stage, ...]:
    found: list[tuple[str, list[Instruction]]] = []
    for one in _instructions(path.read_text(encoding="utf-8")):
        if one.name == "FROM":
            found.append((one.text.split()[0], []))
        else:
            found[-1][1].append(one)
    return tuple(Stage(image, tuple(instructions)) for image, instructions in found)


def _instructions(text: str) -> Iterator[Instruction]:
    lines = "\n".join(line for line in text.splitlines() if line.strip() and not line.startswith("#"))
    for line in lines.replace("\\\n", " ").splitlines():
        name, _, rest = line.partition(" ")
        yield Instruction(name, rest.strip())


def composition(variables: Mapping[str, str], path: Path = CHECKOUT / "compose.yaml") -> dict[str, Any]:
    """The file with its variables put in. Raises KeyError for one that must be given and is not."""
    document: dict[str, Any] = _filled(yaml.safe_load(path.read_text(encoding="utf-8")), variables)
    return document


def _filled(value: Any, variables: Mapping[str, str]) -> Any:
    if isinstance(value, dict):
        return {key: _filled(one, variables) for key, one in value.items()}
    if isinstance(value, list):
        return [_filled(one, variables) for one in value]
    return VARIABLE.sub(lambda match: _value(match, variables), value) if isinstance(value, str) else value


def _value(match: re.Match[str], variables: Mapping[str, str]) -> str:
    dollar, name, kind, rest = match.groups()
    return "$" if dollar else variables[name] if kind == "?" else variables.get(name) or rest or ""


def let_through(path: str, ignore: Path = CHECKOUT / ".dockerignore") -> bool:
    """Whether the builder is given a file: the last rule that names it or a folder that it is in decides."""
    passes = True
    for line in ignore.read_text(encoding="utf-8").splitlines():
        rule = line.strip().strip("/")
        if rule and not rule.startswith("#") and _names(rule.removeprefix("!"), path):
            passes = rule.startswith("!")
    return passes


def _names(rule: str, path: str) -> bool:
    parts = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    pattern = re.sub(r"\*\*/|\*\*|\*|\?|[^*?]+", lambda match: parts.get(match[0]) or re.escape(match[0]), rule)
    pure = PurePosixPath(path)
    return any(re.fullmatch(pattern, str(one)) for one in (pure, *pure.parents[:-1]))


def placed(words: Sequence[str], places: Mapping[str, str]) -> list[str]:
    """A command with what is so only in a container (addresses, ports, folders, programs) put in the words of this machine."""
    pattern = "|".join(rf"(?<![\w.{'/' if name[0] == '/' else ''}-]){re.escape(name)}(?![\w.-])" for name in places)
    return [re.sub(pattern, lambda match: places[match[0]], word) for word in words]

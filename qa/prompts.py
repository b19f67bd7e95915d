"""Loads the prompts of `prompts/*.md`: data with declared variables, checked when loaded.

A prompt file begins with a line `variables: a, b` and an empty line. Then come its messages, each under a line `[system]`, `[user]` or
`[assistant]`, with `$a` and `$b` in them (`string.Template`, so that braces in a prompt mean themselves).
"""

import re
from dataclasses import dataclass
from pathlib import Path
from string import Template
from typing import Final

from qa.errors import PromptError
from qa.settings import data_folder

ROLE: Final = re.compile(r"^\[(system|user|assistant)\]\n", re.MULTILINE)

Message = tuple[str, str]
"""Role and content, as LangChain takes them."""


@dataclass(frozen=True, slots=True)
class Prompt:
    """Messages with holes; `variables` are exactly the holes."""

    name: str
    variables: frozenset[str]
    messages: tuple[Message, ...]

    def fill(self, **values: str) -> list[Message]:
        """The messages with every variable replaced. Raises PromptError when the values given are not exactly the variables."""
        if values.keys() != self.variables:
            raise PromptError(f"Prompt {self.name} needs {sorted(self.variables)}, was given {sorted(values)}")
        return [(role, Template(text).substitute(values)) for role, text in self.messages]


def parse(name: str, content: str) -> Prompt:
    """A prompt from the content of its file. Raises PromptError when it is malformed."""
    header, _, text = content.replace("\r\n", "\n").partition("\n\n")
    if not header.startswith("variables:"):
        raise PromptError(f"prompts/{name}.md does not begin with 'variables: …'", "Restore the file, or mend its first line.")
    before, *parts = ROLE.split(text)
    if before.strip() or not parts:
        raise PromptError(f"prompts/{name}.md has text under no role", "Put it under a line [system], [user] or [assistant].")
    messages = tuple((role, text.strip()) for role, text in zip(parts[::2], parts[1::2], strict=True))
    declared = frozenset(part.strip() for part in header.removeprefix("variables:").split(",") if part.strip())
    return Prompt(name, _checked(name, declared, messages), messages)


def load(name: str, folder: Path | None = None) -> Prompt:
    """The prompt of `prompts/NAME.md`. Raises PromptError when it is missing or malformed."""
    path = (folder or data_folder("prompts")) / f"{name}.md"
    try:
        return parse(name, path.read_text(encoding="utf-8"))
    except OSError as error:
        raise PromptError(f"The prompt {path} cannot be read: {error.strerror}", "Restore the file.") from error
    except UnicodeDecodeError as error:
        raise PromptError(f"The prompt {path} is not UTF-8: {error.reason}", "Restore the file.") from error


def _checked(name: str, declared: frozenset[str], messages: tuple[Message, ...]) -> frozenset[str]:
    templates = [Template(text) for _, text in messages]
    if not all(template.is_valid() for template in templates):
        raise PromptError(f"prompts/{name}.md holds a $ that names no variable", "Write $$ for a dollar sign.")
    used = frozenset(variable for template in templates for variable in template.get_identifiers())
    if used != declared:
        raise PromptError(f"prompts/{name}.md declares {sorted(declared)} but uses {sorted(used)}", "Mend the first line or the text.")
    return declared

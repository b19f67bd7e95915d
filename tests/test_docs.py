"""What the documents say is so: the settings table, the commands and the files that they name."""

import re
from pathlib import Path

import pytest

from qa.evaluation.measures import MEASURES
from qa.options import OPTIONS
from qa.settings import PREFIX, Settings

TOP = Path(__file__).resolve().parents[1]
DEFAULTS = {"home": "your data folder", "cache": "your cache folder", "folders": "`seeds/`"}


def settings_table() -> list[str]:
    """The rows of README's table, from the fields themselves."""
    rows = []
    for name, field in Settings.model_fields.items():
        default = DEFAULTS.get(name) or (f"`{field.default}`" if field.default not in (None, ()) else "none")
        rows.append(f"| `{PREFIX}{name.upper()}` | {default} | {str(field.description).replace('|', ' or ')} |")
    return rows


def test_the_settings_table_of_the_readme_is_true() -> None:
    readme = (TOP / "README.md").read_text(encoding="utf-8")
    assert [line for line in readme.splitlines() if line.startswith(f"| `{PREFIX}")] == settings_table()


@pytest.mark.parametrize("document", sorted({path.name for path in TOP.glob("*.md")} - {"CHANGELOG.md"}))
def test_every_file_that_a_document_names_is_there(document: str) -> None:
    text = (TOP / document).read_text(encoding="utf-8")
    named = set(re.findall(r"\]\((?!https?:)([^)#]+)\)", text)) | set(re.findall(r"`((?:qa|ui|prompts|tests|\.ci)/[\w./]+\.\w+)`", text))
    assert named
    assert [name for name in sorted(named) if not (TOP / name).exists()] == []


def test_every_module_stands_in_the_architecture() -> None:
    text = (TOP / "ARCHITECTURE.md").read_text(encoding="utf-8")
    modules = [str(path.relative_to(TOP)) for path in (TOP / "qa").rglob("*.py") if not path.name.startswith("__")]
    assert [name for name in sorted(modules) if f"`{name}`" not in text] == []


def test_the_targets_that_the_readme_names_exist() -> None:
    makefile = (TOP / "Makefile").read_text(encoding="utf-8")
    text = "".join((TOP / name).read_text(encoding="utf-8") for name in ("README.md", "EVALUATION.md", "LIBRARY.md"))
    for target in set(re.findall(r"(?:`|^ +)make ([a-z-]+)", text, re.MULTILINE)):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target


def test_every_measure_stands_in_the_documentation_of_evaluations() -> None:
    text = (TOP / "EVALUATION.md").read_text(encoding="utf-8")
    told = {name for cell in re.findall(r"^\| (`.+?`) \|", text, re.MULTILINE) for name in re.findall(r"`([^`]+)`", cell)}
    assert {re.sub(r"@\d+", "@k", measure.name) for measure in MEASURES} <= {re.sub(r"@\d+", "@k", name) for name in told}


def test_every_option_that_the_documentation_of_evaluations_names_exists() -> None:
    text = (TOP / "EVALUATION.md").read_text(encoding="utf-8")
    known = set(re.findall(r'"(--[a-z-]+)"|(?<=    )([a-z_]+): Annotated\[', (TOP / "qa" / "cli.py").read_text(encoding="utf-8")))
    options = {flag or f"--{name.replace('_', '-')}" for flag, name in known} | {f"--{name.replace('_', '-')}" for name in OPTIONS}
    assert set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", text)) <= options

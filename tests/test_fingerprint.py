"""What decides an answer, as digests."""

import shutil
import sys
from pathlib import Path

import pytest

from qa import fingerprint
from qa.settings import Settings, data_folder
from tests.test_architecture import MODULES, imports


def reached(name: str) -> set[str]:
    """The modules that a module imports, and those that these import."""
    seen: set[str] = set()
    left = {name}
    while left:
        seen |= left
        left = {one for known in left for one in imports(MODULES[known]) if one in MODULES} - seen
    return seen


def test_nothing_that_makes_an_answer_is_left_out() -> None:
    deciding = {name.removeprefix("qa.") for name in reached("qa.answer") | reached("qa.library")}
    assert deciding & fingerprint.AROUND == set()


def test_the_left_out_exist() -> None:
    assert {f"qa.{name}" for name in fingerprint.AROUND} <= set(MODULES)


def test_each_prompt_has_its_digest(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    before = dict(fingerprint.prompts())
    assert {"answer", "confirm", "standalone"} <= set(before)
    shutil.copytree(data_folder("prompts"), tmp_path / "prompts")
    with (tmp_path / "prompts" / "confirm.md").open("a") as file:
        file.write(" ")
    monkeypatch.setattr(sys.modules["qa.fingerprint"], "data_folder", lambda name: tmp_path / name)
    after = dict(fingerprint.prompts())
    assert {name for name in before if before[name] != after[name]} == {"confirm"}


def test_settings_that_change_answers_are_told() -> None:
    plain = fingerprint.settings(Settings())
    assert "caution=0.4" in plain
    assert fingerprint.settings(Settings(caution=0.7)) != plain
    assert fingerprint.settings(Settings(port=1234, timeout=5)) == plain


def test_confidence_fitted_to_the_users_own_cases_is_told(tmp_path: Path) -> None:
    before = fingerprint.settings(Settings(home=tmp_path))
    assert "confidence=shipped" in before
    (tmp_path / "confidence.json").write_text("[]")
    assert fingerprint.settings(Settings(home=tmp_path)) != before


def test_the_code_has_one_digest() -> None:
    assert fingerprint.code() == fingerprint.code()
    assert len(fingerprint.code()) == 12

"""Settings: where they come from, and what is said of wrong ones."""

import os
import re
from pathlib import Path

import pytest
from pydantic import ValidationError

from qa.errors import SettingsError
from qa.settings import Settings, data_folder, load


@pytest.fixture(autouse=True)
def in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def write(content: str) -> None:
    Path("footnote.toml").write_text(content, encoding="utf-8")


def test_an_option_beats_the_environment_beats_the_file_beats_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    assert load().port == 7860
    write("port = 1001")
    assert load().port == 1001
    monkeypatch.setenv("FOOTNOTE_PORT", "1002")
    assert load().port == 1002
    assert load(port=1003).port == 1003


def test_an_option_that_was_not_given_and_an_empty_variable_count_for_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    write("port = 1001")
    monkeypatch.setenv("FOOTNOTE_PORT", "")
    assert load(port=None).port == 1001


def test_folders_are_split_at_the_separator_of_paths(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FOOTNOTE_FOLDERS", os.pathsep.join(["/a b", "c", "", "~/d"]))
    assert load().folders == (Path("/a b"), tmp_path / "c", Path.home() / "d")


def test_folders_of_the_file_may_be_a_list() -> None:
    write('folders = ["/a", "/b"]')
    assert load().folders == (Path("/a"), Path("/b"))


def test_folders_of_the_defaults_are_none() -> None:
    assert load().folders == ()


def test_paths_become_absolute(tmp_path: Path) -> None:
    settings = load(home=Path("state"), cache=Path("~/models"), weights=Path("w"))
    assert (settings.home, settings.cache, settings.weights) == (tmp_path / "state", Path.home() / "models", tmp_path / "w")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("port", "seventy"),
        ("port", "70000"),
        ("context", "511"),
        ("timeout", "0"),
        ("caution", "1.5"),
        ("token", "short"),
        ("threads", "-1"),
        ("home", "~nobody-of-this-name/x"),
        ("folders", "~nobody-of-this-name/x"),
    ],
)
def test_a_wrong_value_is_named_in_one_line(name: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(f"FOOTNOTE_{name.upper()}", value)
    with pytest.raises(SettingsError) as caught:
        load()
    line = caught.value.line()
    assert line.startswith(f"The setting {name} is wrong: ")
    assert f"FOOTNOTE_{name.upper()}" in line
    assert "\n" not in line
    assert value not in line or name != "token"


def test_an_unknown_setting_of_the_file_is_named() -> None:
    write("prot = 1001")
    with pytest.raises(SettingsError, match=r"prot") as caught:
        load()
    assert "footnote.toml" in caught.value.hint


def test_a_file_that_is_no_toml_is_named() -> None:
    write("port = = 3")
    with pytest.raises(SettingsError, match=r"footnote\.toml cannot be read"):
        load()


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "example.org"])
def test_others_than_this_machine_are_not_served_without_a_token(host: str) -> None:
    with pytest.raises(SettingsError, match=r"without a token"):
        load(host=host)
    assert load(host=host, token="a-long-secret").host == host


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1"])
def test_loopback_needs_no_token(host: str) -> None:
    assert load(host=host).token is None


def test_settings_cannot_be_changed() -> None:
    with pytest.raises(ValidationError):
        load().port = 1


def test_every_setting_is_described_in_one_line() -> None:
    for name, field in Settings.model_fields.items():
        assert re.fullmatch(r"[A-Z][^\n]{10,}\.", field.description or ""), name


def test_prompts_and_seeds_are_found() -> None:
    assert list(data_folder("prompts").glob("*.md"))
    assert list(data_folder("seeds").glob("*.txt"))

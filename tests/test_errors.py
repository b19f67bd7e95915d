"""The error tree: documented as it is, and readable by people and machines."""

import inspect
import re

import pytest

from qa import errors
from qa.errors import BusyError, FootnoteError, IndexLockedError, ModelMissingError, PromptTooLongError, ReplyCutError, ReplyTooLongError

CLASSES = [value for value in vars(errors).values() if inspect.isclass(value) and issubclass(value, FootnoteError)]
TREE = re.compile(r"^([│├└─ ]*)(\w+Error)\b(.*)$", re.MULTILINE)


def documented() -> dict[str, tuple[str | None, str]]:
    """Name → (name of the parent, description), as the module's docstring draws it."""
    path: list[str] = []
    found = {}
    for lead, name, description in TREE.findall(errors.__doc__ or ""):
        depth = len(lead) // 4
        path[depth:] = [name]
        found[name] = (path[depth - 1] if depth else None, description)
    return found


def test_the_docstring_draws_the_tree_as_it_is() -> None:
    parents = {one.__name__: one.__bases__[0].__name__ for one in CLASSES}
    assert {name: parent or "Exception" for name, (parent, _) in documented().items()} == parents


def test_a_status_told_in_the_docstring_is_the_status() -> None:
    told = {name: int(found[1]) for name, (_, text) in documented().items() if (found := re.search(r"HTTP (\d+)", text))}
    assert len(told) >= 7
    assert {name: getattr(errors, name).status for name in told} == told


@pytest.mark.parametrize("one", CLASSES, ids=lambda one: one.__name__)
def test_every_error_has_a_status_of_an_error_and_a_type(one: type[FootnoteError]) -> None:
    assert 400 <= one.status < 600
    assert re.fullmatch(r"[a-z]+(_[a-z]+)*", one("wrong").type)


def test_types_differ() -> None:
    assert len({one("").type for one in CLASSES}) == len(CLASSES)


@pytest.mark.parametrize(
    ("one", "name"),
    [
        (FootnoteError, "footnote"),
        (PromptTooLongError, "prompt_too_long"),
        (IndexLockedError, "index_locked"),
        (ModelMissingError, "model_missing"),
        (ReplyCutError, "reply_cut"),
        (ReplyTooLongError, "reply_too_long"),
        (BusyError, "busy"),
    ],
)
def test_the_type_is_the_name_for_machines(one: type[FootnoteError], name: str) -> None:
    assert one("wrong").type == name


@pytest.mark.parametrize(
    ("message", "hint", "line"),
    [
        ("It is wrong", "", "It is wrong"),
        ("It is wrong", "Mend it.", "It is wrong. Mend it."),
        ("It is wrong.", "Mend it.", "It is wrong. Mend it."),
        ("It is\nwrong", " Mend\n it. ", "It is wrong. Mend it."),
    ],
)
def test_an_error_is_one_line(message: str, hint: str, line: str) -> None:
    assert FootnoteError(message, hint).line() == line

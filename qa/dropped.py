"""What of a text is not kept as an article, in words that a reader understands. Pure."""

from collections import Counter
from collections.abc import Sequence
from typing import Final

from qa.paragraph import Paragraph
from qa.types import Span

TITLE: Final = "title"
SIGNATURE: Final = "date and byline"
HEADINGS: Final = "section headings"
BUTTONS: Final = "menus and buttons"
OTHERS: Final = "teasers, other articles and comments"
NOTICES: Final = "policies and notices"
CREDITS: Final = "picture credits"
KINDS: Final = {
    "title": TITLE, "stamp": SIGNATURE, "byline": SIGNATURE, "relative": SIGNATURE, "heading": HEADINGS,
    "menu": BUTTONS, "control": BUTTONS, "social": BUTTONS, "counter": BUTTONS, "number": BUTTONS,
    "list": OTHERS, "tail": OTHERS, "teaser": OTHERS, "prompt": OTHERS, "final": OTHERS,
    "gate": NOTICES, "edge": NOTICES, "credit": CREDITS,
}  # fmt: skip
"""What the roles that `qa.article` gives paragraphs are to a reader."""

Dropped = tuple[tuple[str, int], ...]  # kinds and their characters, the most first


def dropped(paragraphs: Sequence[Paragraph], roles: Sequence[str], kept: Sequence[Span | None]) -> Dropped:
    """What is dropped of the paragraphs, of which `kept` stays. A paragraph without a role can only have lost its picture credit."""
    counts: Counter[str] = Counter()
    for paragraph, role, span in zip(paragraphs, roles, kept, strict=True):
        counts[KINDS[role] if role else CREDITS] += _length(paragraph.span) - (_length(span) if span else 0)
    return _sorted(counts)


def together(*parts: Dropped) -> Dropped:
    """The sums over several."""
    counts: Counter[str] = Counter()
    for part in parts:
        counts.update(dict(part))
    return _sorted(counts)


def _sorted(counts: Counter[str]) -> Dropped:
    return tuple((kind, count) for kind, count in counts.most_common() if count)


def _length(span: Span) -> int:
    return span.end - span.start

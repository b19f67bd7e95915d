"""What is told of an answer beside its sentences, as plain text: its day, for whom it holds, what is open, who says otherwise. Pure."""

from collections.abc import Sequence

from qa.types import Answer, Citation, readable_date


def notes(answer: Answer) -> tuple[str, ...]:
    """All that is to be told of an answer beside its sentences, a sentence each; nothing of one that is withheld."""
    if not answer.answered:
        return ()
    told = (as_of(answer.as_of), several(answer.namesakes), missing(answer.missing))
    others = [f"{differs(one.citation)} [{one.citation.number}]." for one in answer.differing]
    return tuple(note for note in (*told, *others) if note)


def as_of(date: str | None) -> str:
    """`As of 12 May 2025.`"""
    return f"As of {readable_date(date)}." if date else ""


def several(people: Sequence[str]) -> str:
    """`The documents speak of more than one: Petra Holm, Jonas Holm.`"""
    return f"The documents speak of more than one: {', '.join(people)}." if people else ""


def missing(parts: Sequence[str]) -> str:
    """`The documents do not tell: when was it held?`"""
    asked = "; ".join(part[:1].lower() + part[1:] for part in parts)
    return f"The documents do not tell: {asked}?" if parts else ""


def differs(citation: Citation) -> str:
    """`Sources differ: “The bridge cost $9bn.” (Bridge opens, 12 May 2025)`, word for word, without a footnote and the stop after it."""
    place = ", ".join(filter(None, (citation.title, citation.date and readable_date(citation.date))))
    return f"Sources differ: {quoted(' '.join(citation.quote.split()))} ({place})"


def quoted(text: str) -> str:
    """A text in quotation marks, where it does not begin with one."""
    return text if text.startswith(("“", '"')) else f"“{text}”"

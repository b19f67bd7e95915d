"""Frozen values that pass from stage to stage. Offsets count Unicode characters of `Document.text`."""

import datetime
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True, slots=True)
class Span:
    """Characters `start` (included) to `end` (excluded) of a document's text."""

    start: int
    end: int

    def of(self, text: str) -> str:
        return text[self.start : self.end]


@dataclass(frozen=True, slots=True)
class Article:
    """One article of a document: what it is, and the blocks (paragraphs) that are its text.

    What lies between the blocks (menus, teasers, bylines, repeated headlines) is neither searched nor cited.
    """

    title: str
    date: str | None  # ISO 8601, "2025-04-13"; None where the document does not tell
    byline: str | None
    blocks: tuple[Span, ...]
    dated: str = ""  # where the date was found, in a few words
    dropped: tuple[tuple[str, int], ...] = ()  # what lies between the blocks: its kind, and how many characters of it


@dataclass(frozen=True, slots=True)
class Document:
    """A file, or a row of a collection, as text."""

    id: str
    file: str  # "seeds/a.txt", or "seeds/rows.jsonl#17" for a row
    text: str
    articles: tuple[Article, ...]
    pages: tuple[int, ...] = ()  # the offset at which each page begins; empty where there are no pages
    digest: str = ""  # of what the file gave: as long as it stays the same, so does the document
    language: str | None = None  # ISO 639-1, "en"; None where it is not known

    @property
    def title(self) -> str:
        return self.articles[0].title if self.articles else self.file

    @property
    def date(self) -> str | None:
        return self.articles[0].date if self.articles else None


@dataclass(frozen=True, slots=True)
class Passage:
    """Neighbouring whole sentences of one article; `text` is `Document.text[start:end]`."""

    id: str
    document: str
    file: str
    title: str
    date: str | None
    page: int | None
    start: int
    end: int
    text: str
    sentences: tuple[Span, ...]

    @property
    def heading(self) -> str:
        """`Title (13 April 2025)`, as shown to the reader and to the model."""
        return f"{self.title} ({readable_date(self.date)})" if self.date else self.title

    @property
    def location(self) -> str:
        return f"{self.file}, p. {self.page}" if self.page else self.file


@dataclass(frozen=True, slots=True)
class Hit:
    """A passage found for a question; `scores` says what each stage of retrieval thought of it."""

    passage: Passage
    score: float
    scores: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Evidence:
    """A sentence that the model is shown under `number` (from 1). Where a second reader has read it: `answers`, the probability that it
    answers the question, and `answer`, the characters of the document that would be the answer."""

    number: int
    passage: Passage
    start: int
    end: int
    text: str
    score: float
    answers: float | None = None
    answer: Span | None = None

    @property
    def likely(self) -> str:
        """The words that would be the answer; none where no one has looked, or they are another sentence's."""
        return self.text[self.answer.start - self.start : self.answer.end - self.start] if self.answer else ""


@dataclass(frozen=True, slots=True)
class Step:
    """What one stage of retrieval made of the hits, best first."""

    stage: str
    hits: tuple[Hit, ...]


@dataclass(frozen=True, slots=True)
class Search:
    """What was found for a question: the best passages, the sentences chosen from them, and how the stages came to that."""

    hits: tuple[Hit, ...]
    evidence: tuple[Evidence, ...]
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Citation:
    """Where a sentence of the answer stands: `quote` is the document's text from `start` to `end`."""

    number: int
    document: str
    file: str
    title: str
    date: str | None
    page: int | None
    start: int
    end: int
    quote: str


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence of an answer with the numbers of its citations."""

    text: str
    citations: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Claim:
    """A sentence as the model wrote it, with the numbers of the evidence that it pointed at."""

    text: str
    pointers: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """A sentence that was not let through, and why."""

    text: str
    reason: str


@dataclass(frozen=True, slots=True)
class Differing:
    """A source that gives another value than the answer, and the words in its quote that tell it."""

    value: str
    citation: Citation


@dataclass(frozen=True, slots=True)
class Turn:
    """One message of a conversation."""

    role: Literal["user", "assistant"]
    content: str


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens of the call that wrote the answer, by the engine's own count. The second look, one token long, is not in it."""

    prompt_tokens: int = 0
    completion_tokens: int = 0


@dataclass(frozen=True, slots=True)
class Timing:
    """Milliseconds, from when the question was let in: before that it waited for `wait_ms`."""

    retrieve_ms: float = 0.0
    first_token_ms: float | None = None
    total_ms: float = 0.0
    wait_ms: float = 0.0


@dataclass(frozen=True, slots=True)
class Trace:
    """How an answer came about: the evidence shown, the messages sent to write it (none where the model was not asked), and what the
    model wrote, as it wrote it. `prompts` names every prompt that was used, the second look's too; `signals` are those of confidence."""

    evidence: tuple[Evidence, ...] = ()
    messages: tuple[tuple[str, str], ...] = ()  # role, content
    reply: str = ""
    prompts: tuple[str, ...] = ()
    signals: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Answer:
    """A finished answer. Withheld: `answered` is false, `answer` says so in a sentence, `reason` says why. What stands last is to be told
    beside the sentences (`qa.notes`)."""

    id: str
    question: str
    standalone_question: str
    answered: bool
    answer: str
    confidence: float
    reason: str | None
    sentences: tuple[Sentence, ...]
    citations: tuple[Citation, ...]
    hits: tuple[Hit, ...]
    withdrawn: tuple[Withdrawn, ...]
    model: str
    usage: Usage
    timing: Timing
    trace: Trace = Trace()
    differing: tuple[Differing, ...] = ()  # the newest first
    missing: tuple[str, ...] = ()  # parts of the question that nothing answers
    namesakes: tuple[str, ...] = ()  # whom a name of the question may mean
    as_of: str | None = None  # ISO 8601; of a question how things are now


@dataclass(frozen=True, slots=True)
class Waiting:
    """Before all others, at least once a second while others are served first: the place in line, 1 for the next one."""

    place: int


@dataclass(frozen=True, slots=True)
class Found:
    """First event of an answer: what was searched for, the passages, and the sentences chosen as evidence."""

    standalone_question: str
    hits: tuple[Hit, ...]
    evidence: tuple[Evidence, ...]


@dataclass(frozen=True, slots=True)
class Token:
    """More text of the sentence being written, not yet checked."""

    text: str


@dataclass(frozen=True, slots=True)
class Revised:
    """The whole text so far, to be shown instead of everything before."""

    text: str


@dataclass(frozen=True, slots=True)
class Done:
    """Last event: the answer."""

    answer: Answer


Event = Waiting | Found | Token | Revised | Done


@dataclass(frozen=True, slots=True)
class Feedback:
    """What a reader thought of an answer; `answer` is the whole `Answer` as JSON, `at` ISO 8601."""

    id: str
    good: bool
    note: str
    answer: str
    at: str


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """What decides an answer besides the question: two equal ones give equal answers, up to the engine's own unsteadiness. `prompts` is the
    digest of each prompt by its name, as an answer need not use them all (`Trace.prompts`)."""

    model: str
    index: str
    code: str
    settings: str
    prompts: tuple[tuple[str, str], ...]


Progress = Callable[[str, int, int], None]
"""Called with a label, the amount done and the total (0: not known), as often as there is something to tell."""


def ignore(label: str, done: int, total: int) -> None:
    """The progress that nobody wants to see."""


def readable_date(date: str) -> str:
    """`13 April 2025` for `2025-04-13`."""
    day = datetime.date.fromisoformat(date)
    return f"{day.day} {day:%B %Y}"

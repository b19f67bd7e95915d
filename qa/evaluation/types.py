"""Frozen values of an evaluation: cases, what came of asking them, their scores, and the report drawn from these."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from qa.types import Sentence, Turn, Withdrawn

Outcome = Literal["right", "wrong", "withheld", "invented", "silent", "unjudged"]
"""What became of a case. Answerable: right, wrong or withheld (unjudged: answered, but no exact score fits its reference answer).
Unanswerable: silent (rightly) or invented (answered all the same)."""

Verdict = Literal["better", "worse", "cannot tell"]


@dataclass(frozen=True, slots=True)
class Support:
    """Where the answer of a case stands: a document, by its file or the id of its row, and the words if they are known."""

    document: str
    quote: str | None = None


@dataclass(frozen=True, slots=True)
class Case:
    """A question with what a good answer is. Of `answers` any one will do, of `all_of` each group needs one, `patterns` must all match."""

    id: str
    question: str
    answerable: bool
    history: tuple[Turn, ...] = ()
    answers: tuple[str, ...] = ()
    all_of: tuple[tuple[str, ...], ...] = ()
    patterns: tuple[str, ...] = ()
    support: tuple[Support, ...] = ()
    type: str = ""
    note: str = ""

    @property
    def documents(self) -> tuple[str, ...]:
        """The documents that support the answer, each once, in the order of the case."""
        return tuple(dict.fromkeys(one.document for one in self.support))


@dataclass(frozen=True, slots=True)
class Fault:
    """A case that was left out, and why; `line` counts from 1 and is 0 where the row itself is right."""

    line: int
    reason: str

    @property
    def told(self) -> str:
        return f"line {self.line}: {self.reason}" if self.line else self.reason


@dataclass(frozen=True, slots=True)
class Cited:
    """A citation of a reply; `verbatim` where the quote is the document's text at that place."""

    number: int
    file: str
    title: str
    start: int
    end: int
    quote: str
    verbatim: bool


@dataclass(frozen=True, slots=True)
class Shown:
    """A sentence that the model was shown as evidence."""

    number: int
    file: str
    heading: str
    text: str


@dataclass(frozen=True, slots=True)
class Reply:
    """What came of asking a case: all that scores and report need, so that it can be scored again without asking again."""

    case: str  # its id
    question: str
    standalone_question: str
    answered: bool
    answer: str  # with footnotes
    confidence: float
    reason: str | None
    sentences: tuple[Sentence, ...]
    citations: tuple[Cited, ...]
    evidence: tuple[Shown, ...]
    ranking: tuple[str, ...]  # files of the documents found, best first, each once
    withdrawn: tuple[Withdrawn, ...]
    prompt: tuple[tuple[str, str], ...]  # role and content of the messages; empty where the model was not asked
    output: str  # what the model wrote, as it wrote it
    model: str
    prompt_tokens: int
    completion_tokens: int
    evidence_ms: float | None
    first_token_ms: float | None
    total_ms: float
    signals: Mapping[str, float] = field(default_factory=dict)  # of `qa.confidence.Signals`, where confidence was asked


@dataclass(frozen=True, slots=True)
class Mark:
    """A score of one reply with its reason. A share is 0 or 1 (or between, for a reply with several parts)."""

    value: float
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Scored:
    """A case, its reply and its marks by the name of the measure; a measure that does not apply has none."""

    case: Case
    reply: Reply
    outcome: Outcome
    marks: Mapping[str, Mark]


@dataclass(frozen=True, slots=True)
class Measure:
    """A column of the report. `share` and `mean` average the marks, `median` takes their middle; `whole` is computed from all replies."""

    name: str
    label: str
    kind: Literal["share", "mean", "median", "whole"]
    better: Literal["higher", "lower"]
    unit: Literal["", "ms", "tokens"] = ""
    about: str = ""


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure over `n` replies with its 95% interval (none where it cannot be told); `count` of the `n` for a share of whole marks."""

    value: float
    low: float | None
    high: float | None
    n: int
    count: int | None = None


@dataclass(frozen=True, slots=True)
class Group:
    """The figures of all cases (`name` empty) or of one type."""

    name: str
    cases: int
    estimates: Mapping[str, Estimate]


@dataclass(frozen=True, slots=True)
class Bin:
    """One bar of a reliability diagram: answers whose confidence lies from `low` to `high`."""

    low: float
    high: float
    n: int
    confidence: float  # mean
    right: float  # share


@dataclass(frozen=True, slots=True)
class Change:
    """One measure before and now, on the cases that both runs have. `more`: further cases needed to tell, None where no number would do."""

    measure: str
    n: int
    before: float
    after: float
    low: float | None  # of the difference, 95%
    high: float | None
    p: float | None  # McNemar's exact test; None for measures that are bootstrapped
    gained: int | None  # cases that were wrong and are right now
    lost: int | None
    verdict: Verdict
    more: int | None = None


@dataclass(frozen=True, slots=True)
class Comparison:
    """This run against an earlier one; `gained` and `lost` are ids of cases."""

    previous: str
    changes: tuple[Change, ...]
    gained: tuple[str, ...]
    lost: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Requirement:
    """A threshold, as it was asked for, and whether it was met."""

    text: str
    met: bool
    found: str  # "0.77 (37 of 48)"


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a judge model thought of the answers given, beside the exact scores and never mixed with them."""

    model: str
    verdicts: Mapping[str, bool]  # by case id; True: the answer says what was expected
    agreement: float | None  # share of the cases that both judged alike
    kappa: float | None  # Cohen's


@dataclass(frozen=True, slots=True)
class Run:
    """What was asked of what: enough to know whether two runs can be compared."""

    name: str  # of the set of cases
    at: str  # ISO 8601, UTC
    model: str
    index: str  # fingerprint
    code: str  # fingerprint
    settings: Mapping[str, str]
    left_out: tuple[Fault, ...] = ()


@dataclass(frozen=True, slots=True)
class Report:
    """Everything that a report shows, in whatever form."""

    run: Run
    scored: tuple[Scored, ...]
    groups: tuple[Group, ...]  # the first is of all cases
    outcomes: Mapping[Outcome, int]
    risk_coverage: tuple[tuple[float, float], ...]  # coverage, risk: from the most confident answer on
    reliability: tuple[Bin, ...]
    resampled: str  # how the intervals were made, for people
    comparison: Comparison | None = None
    requirements: tuple[Requirement, ...] = ()
    judgement: Judgement | None = None


@dataclass(frozen=True, slots=True)
class Proposal:
    """A case that waits to be accepted: `origin` says where it comes from, `trace` is the answer behind it as JSON, for feedback."""

    case: Case
    origin: Literal["drafted", "swapped", "thumbs up", "thumbs down"]
    about: str = ""  # for the one who decides: the sentence it rests on, or the note of the reader
    trace: Mapping[str, object] = field(default_factory=dict)

"""How a report puts its figures and its cases into words, in whatever form it is shown."""

import functools
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from qa.evaluation.measures import BY_NAME
from qa.evaluation.types import Case, Change, Comparison, Estimate, Measure, Outcome, Report, Run, Scored
from qa.types import readable_date
from qa.words import WORD, is_stopword, stem, vocabulary

CONTROLS: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff]+")  # no document steers the terminal
BLOCKS: Final = (
    ("Answers", ("overall", "right", "refused_answerable", "refused_unanswerable", "wrong_given", "exact", "f1")),
    ("Citations", ("citation_precision", "citation_recall", "invented_citations")),
    (
        "Retrieval",
        ("hit@1", "hit@5", "hit@10", "recall@5", "recall@10", "mrr", "ndcg@10", "evidence_answer", "evidence_quote"),
    ),
    ("Calibration", ("aurc", "ece", "brier")),
    ("Cost (medians)", ("prompt_tokens", "completion_tokens", "evidence_ms", "first_token_ms", "total_ms")),
)
KEY: Final = ("overall", "right", "refused_answerable", "refused_unanswerable", "wrong_given", "citation_precision", "total_ms")
NO_TYPE: Final = "(none)"  # the group of the cases that have no type
DECIMALS: Final = frozenset(("mrr", "ndcg@10"))  # means, yet of no shares
WORST_FIRST: Final[tuple[Outcome, ...]] = ("invented", "wrong", "withheld", "unjudged", "right", "silent")
NOT_RIGHT: Final[tuple[Outcome, ...]] = ("invented", "wrong", "withheld")
PLAIN, FOUND, MISSING, FOOTNOTE = 0, 1, 2, 3  # what a piece of text is
NUMBERED: Final = re.compile(r"(\[\d+\])")

Piece = tuple[str, int]

_TELLING: Final = {"wrong": ("right", "overall"), "invented": ("overall",)}
_DEFAULT: Final[dict[Outcome, str]] = {
    "wrong": "not what was expected",
    "invented": "answered, though the documents do not tell",
    "unjudged": "no exact score fits the reference answer",
}


@dataclass(frozen=True, slots=True)
class Scale:
    """How the figures of one row are written, so that a value and its interval have one unit."""

    factor: float
    digits: int
    unit: str

    @classmethod
    def of(cls, measure: Measure, value: float, n: int) -> "Scale":
        """The scale for a value over `n` replies: a tenth of a percent means nothing below 500."""
        if measure.unit == "ms":
            seconds = value / 1000
            return cls(1e-3, 2 if seconds < 10 else 1, " s") if seconds >= 1 else cls(1, 0, " ms")
        if measure.unit == "tokens":
            return cls(1, 0, " tokens")
        if measure.kind == "whole" or measure.name in DECIMALS:
            return cls(1, 3, "")
        return cls(100, 1 if n >= 500 else 0, "%")

    def number(self, value: float) -> str:
        """Without the unit. What is not quite 0 or 100% is not rounded to it."""
        for digits in range(self.digits, 4):
            text = f"{value * self.factor:,.{digits}f}"
            if self.unit != "%" or value in (0, 1) or float(text) not in (0, 100):
                break
        return text

    def signed(self, value: float) -> str:
        """`+6`, `−1.2`, `0`."""
        text = f"{abs(value) * self.factor:,.{self.digits}f}"
        if not text.strip("0.,"):
            return text
        return f"{'−' if value < 0 else '+'}{text}"


def figure(measure: Measure, estimate: Estimate) -> str:
    """`77%`, `0.812`, `364 tokens`, `1.94 s`."""
    scale = Scale.of(measure, estimate.value, estimate.n)
    return scale.number(estimate.value) + scale.unit


def interval(measure: Measure, estimate: Estimate) -> str:
    """`63 to 87`, in the unit of the figure; empty where it cannot be told."""
    if estimate.low is None or estimate.high is None:
        return ""
    scale = Scale.of(measure, estimate.value, estimate.n)
    return f"{scale.number(estimate.low)} to {scale.number(estimate.high)}"


def counts(estimate: Estimate) -> str:
    """`37 of 48`; of what is no count, how many it is over."""
    return f"over {estimate.n:,}" if estimate.count is None else f"{estimate.count:,} of {estimate.n:,}"


def passage_of(change: Change) -> str:
    """`77% → 83%`, `1.50 → 1.90 s`."""
    scale = _scale(change)
    before, after = scale.number(change.before), scale.number(change.after)
    return f"{before}% → {after}%" if scale.unit == "%" else f"{before} → {after}{scale.unit}"


def difference(change: Change) -> str:
    """`+6 points (−1 to +13)`."""
    scale = _scale(change)
    unit = " points" if scale.unit == "%" else scale.unit
    text = scale.signed(change.after - change.before)
    text += unit.rstrip("s") if text in ("+1", "−1") else unit
    return text if change.low is None or change.high is None else f"{text} ({scale.signed(change.low)} to {scale.signed(change.high)})"


def _scale(change: Change) -> Scale:
    return Scale.of(BY_NAME[change.measure], max(change.before, change.after), change.n)


def changed(comparison: Comparison) -> tuple[tuple[Change, ...], str]:
    """The changes worth a line, and how many figures are the same to the last digit, for people (empty where none is)."""
    told = tuple(change for change in comparison.changes if change.after != change.before)
    same = len(comparison.changes) - len(told)
    others = f"the other {same}" if told else "all"
    return told, f"{others} figure{'s' * (same != 1)} the same as before" if same else ""


def ruling(change: Change) -> str:
    """`better`, `worse`, or `cannot tell; about 120 more cases would tell`."""
    return change.verdict + (f"; about {change.more:,} more cases would tell" if change.verdict == "cannot tell" and change.more else "")


# --- Words ---------------------------------------------------------------------------------------------------------------------------


def one_line(text: str) -> str:
    """Without line breaks and whatever else steers a terminal or turns text around."""
    return " ".join(CONTROLS.sub(" ", text).split())


def columns(text: str) -> int:
    """Columns that a terminal needs: two for a wide character, none for an accent of its own."""
    if text.isascii():
        return len(text)
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def cut(text: str, width: int) -> str:
    """One line of at most `width` columns."""
    line = one_line(text)[: 2 * width]
    if columns(line) <= width and len(line) < 2 * width:
        return line
    while columns(line) > width - 1:
        line = line[: min(len(line) - 1, width - 1)] if line.isascii() else line[:-1]
    return line.rstrip() + "…"


def pad(text: str, width: int) -> str:
    return text + " " * (width - columns(text))


def expected(case: Case) -> str:
    """What a good answer says, in a line."""
    if not case.answerable:
        return "silence: the documents do not tell"
    groups = " and ".join(f"({' / '.join(group)})" if len(group) > 1 else group[0] for group in case.all_of if group)
    return "; ".join(filter(None, (" / ".join(case.answers), groups, " ".join(f"/{pattern}/" for pattern in case.patterns))))


def why(one: Scored) -> str:
    """Why a case is not right: the reason of the mark that says so; of silence, why it was kept."""
    if one.outcome == "withheld":
        return one.reply.reason or "no reason given"
    if not one.reply.model:
        return "searched only"
    reasons = (one.marks[name].reason for name in _TELLING.get(one.outcome, ()) if name in one.marks)
    return next(filter(None, reasons), _DEFAULT.get(one.outcome, ""))


def worst_first(scored: Iterable[Scored]) -> list[Scored]:
    """Invented before wrong before withheld; of these the most confident first."""
    return sorted(scored, key=lambda one: (WORST_FIRST.index(one.outcome), -one.reply.confidence))


def when(run: Run) -> str:
    """`2 November 2026, 14:03 UTC`; as it stands where it is no date."""
    try:
        at = datetime.fromisoformat(run.at)
    except ValueError:
        return run.at
    at = at.astimezone(UTC) if at.tzinfo else at
    return f"{readable_date(at.date().isoformat())}, {at:%H:%M} UTC"


def verdict(report: Report) -> list[str]:
    """The report in one to three sentences: the result, the requirements, the comparison."""
    sentences = (_result(report), _demands(report), comparison_line(report.comparison) if report.comparison else "")
    return [sentence for sentence in sentences if sentence]


def _result(report: Report) -> str:
    estimate = report.groups[0].estimates.get("overall") if report.groups else None
    if estimate is None:
        return _searched(report)
    measure = BY_NAME["overall"]
    within = f", 95% interval {interval(measure, estimate)}" if estimate.low is not None else ""
    faults = [f"{count:,} {outcome}" for outcome in WORST_FIRST[:4] if (count := report.outcomes.get(outcome, 0))]
    rest = f"; {_listed(faults)}" if faults else ""
    return f"{counts(estimate)} right or rightly silent ({figure(measure, estimate)}{within}){rest}."


def _searched(report: Report) -> str:
    found = report.groups[0].estimates.get("hit@5") if report.groups else None
    if found is None:
        return "No case was scored."
    return f"Searched only: a supporting document is among the first five for {counts(found)} ({figure(BY_NAME['hit@5'], found)})."


def _demands(report: Report) -> str:
    missed, all_of_them = sum(not one.met for one in report.requirements), len(report.requirements)
    if not all_of_them:
        return ""
    if not missed:
        return "The requirement is met." if all_of_them == 1 else f"All {all_of_them} requirements are met."
    return f"{missed} of {all_of_them} requirement{'s' * (all_of_them > 1)} missed."


def comparison_line(comparison: Comparison) -> str:
    """`Against main: cannot tell; better: first token after; worse: prompt.`"""
    on_the_whole = next((change.verdict for change in comparison.changes if change.measure == "overall"), None)
    parts: list[str] = [on_the_whole] if on_the_whole else []
    for verdict_ in ("better", "worse"):
        labels = [BY_NAME[c.measure].label for c in comparison.changes if c.verdict == verdict_ and c.measure != "overall"]
        parts += [f"{verdict_}: {_listed(labels[:3])}{f' and {len(labels) - 3} more' if len(labels) > 3 else ''}"] if labels else []
    return f"Against {one_line(comparison.previous)}: {'; '.join(parts) or 'cannot tell'}."


def _listed(parts: Sequence[str]) -> str:
    return ", ".join(parts)


def intervals_line(report: Report) -> str:
    return f"95% intervals: bootstrap, {one_line(report.resampled)}; for shares of few cases Wilson's"


def judge_line(report: Report) -> str:
    """What the judge model thought, and how far it agrees with the exact scores; empty where none was asked."""
    if not (judgement := report.judgement):
        return ""
    good, n = sum(judgement.verdicts.values()), len(judgement.verdicts)
    agreement = "" if judgement.agreement is None else f"; agrees with the exact scores on {judgement.agreement:.0%}"
    kappa = "" if judgement.kappa is None else f" (Cohen's kappa {judgement.kappa:.2f})"
    return f"Judge {cut(judgement.model, 40)}: {good:,} of {n:,} as expected{agreement}{kappa}"


# --- What was said beside what was expected, word by word ------------------------------------------------------------------------------


def wanted(case: Case, answer: str) -> list[tuple[str, list[list[Piece]]]]:
    """What is accepted, in groups under a label; each option in pieces that say which of its words the answer holds."""
    present = vocabulary(answer)
    groups = [("any of", case.answers), *(("and any of" if i or case.answers else "any of", group) for i, group in enumerate(case.all_of))]
    named = [(label if len(options) > 1 else label.removesuffix("any of").strip(), options) for label, options in groups if options]
    found = [(label, [_pieces(option, present) for option in options]) for label, options in named]
    matched = [(pattern, FOUND if re.search(pattern, answer, re.IGNORECASE) else MISSING) for pattern in case.patterns]
    return [*found, *([("matching", [[one] for one in matched])] if matched else [])]


def _pieces(text: str, present: frozenset[str]) -> list[Piece]:
    telling = any(_root(word) for word in WORD.findall(text))
    pieces, end = [], 0
    for match in WORD.finditer(text):
        word = match.group()
        root = _root(word)
        state = PLAIN if telling and not root else FOUND if (root or stem(word)) in present else MISSING
        pieces += [(text[end : match.start()], PLAIN), (word, state)]
        end = match.end()
    return _joined([*pieces, (text[end:], PLAIN)])


def said(case: Case, answer: str) -> list[Piece]:
    """An answer in pieces: its footnotes, and the words that it shares with what is accepted."""
    options = [*case.answers, *(option for group in case.all_of for option in group)]
    accepted = frozenset(_root(word) for option in options for word in WORD.findall(option)) - {""}
    parts = NUMBERED.split(answer)
    pieces = [[(part, FOOTNOTE)] if i % 2 else _shared_words(part, accepted) for i, part in enumerate(parts)]
    return _joined([piece for some in pieces for piece in some])


def _shared_words(text: str, accepted: frozenset[str]) -> list[Piece]:
    pieces, end = [], 0
    for match in WORD.finditer(text) if accepted else ():
        if _root(match.group()) in accepted:
            pieces += [(text[end : match.start()], PLAIN), (match.group(), FOUND)]
            end = match.end()
    return [*pieces, (text[end:], PLAIN)]


@functools.lru_cache(maxsize=50_000)
def _root(word: str) -> str:
    """The stem of a word; empty for one that carries no content."""
    return "" if is_stopword(word) else stem(word)


def _joined(pieces: Sequence[Piece]) -> list[Piece]:
    """Neighbours of one kind as one piece."""
    joined: list[Piece] = []
    for text, state in pieces:
        if not text:
            continue
        if joined and joined[-1][1] == state:
            joined[-1] = (joined[-1][0] + text, state)
        else:
            joined.append((text, state))
    return joined

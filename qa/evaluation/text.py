"""A report as text: a table for the terminal, Markdown for a pull request, JSON lines for machines. Pure: values in, text out."""

import functools
import re
import textwrap
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

from pydantic import TypeAdapter, ValidationError

from qa.errors import UsageError
from qa.evaluation.figures import (
    BLOCKS,
    KEY,
    NO_TYPE,
    NOT_RIGHT,
    changed,
    columns,
    counts,
    cut,
    difference,
    expected,
    figure,
    interval,
    intervals_line,
    judge_line,
    one_line,
    pad,
    passage_of,
    ruling,
    verdict,
    when,
    why,
    worst_first,
)
from qa.evaluation.measures import BY_NAME
from qa.evaluation.types import Change, Comparison, Estimate, Group, Measure, Outcome, Report, Run, Scored

WIDTH: Final = 110  # columns of the table
MOST_WRONG: Final = 20  # wrong cases in the table
MOST_LEFT_OUT: Final = 5  # rows left out that are told
MOST_IDS: Final = 20  # ids gained or lost
MOST_TYPES: Final = 20
LONGEST: Final = 240  # characters of a question or an answer in Markdown
MOST_MARKDOWN: Final = 40_000  # characters of wrong cases: GitHub takes comments of up to 65,536


def table(report: Report) -> str:
    """The report for a terminal: at most 110 columns, the most important first, and what comes of no case left out."""
    groups = report.groups[0].estimates if report.groups else {}
    sections = [
        [_headline(report), *textwrap.wrap(" ".join(verdict(report)), WIDTH)],
        *(_block(title, [(BY_NAME[name], groups[name]) for name in names if name in groups]) for title, names in BLOCKS),
        _types(report),
        _judged(report),
        _left_out(report.run),
        comparison_table(report.comparison) if report.comparison else [],
        _requirements(report),
        _wrong(report),
        textwrap.wrap(intervals_line(report), WIDTH),
    ]
    return "\n\n".join("\n".join(line.rstrip() for line in lines) for lines in sections if lines)


def _headline(report: Report) -> str:
    run = report.run
    cases = f"{len(report.scored):,} case{'s' * (len(report.scored) != 1)}"
    ending = f" · {cut(run.model, 40)} · {cut(when(run), 30)} · {cases}"
    return cut(run.name, WIDTH - columns(ending)) + ending


def _block(title: str, rows: Sequence[tuple[Measure, Estimate]]) -> list[str]:
    lines = []
    for measure, estimate in rows:
        within = f"({text})" if (text := interval(measure, estimate)) else ""
        lines.append(f"  {pad(measure.label, 28)}{figure(measure, estimate):>12}  {within:<18}  {counts(estimate)}")
    return [title, *lines] if lines else []


def _types(report: Report) -> list[str]:
    groups = report.groups[1:]
    if len(groups) < 2:
        return []
    found = Counter((one.case.type or NO_TYPE, one.outcome) for one in report.scored)
    head = f"{pad('Types', 30)}{'cases':>7}  {'right, or rightly silent':<28}{'withheld':>8}  {'wrong':>5}"
    more = [f"  and {len(groups) - MOST_TYPES} more types"] if len(groups) > MOST_TYPES else []
    return [head, *(_type(group, found) for group in groups[:MOST_TYPES]), *more]


def _type(group: Group, found: Counter[tuple[str, Outcome]]) -> str:
    overall, estimate = BY_NAME["overall"], group.estimates.get("overall")
    share = f"{figure(overall, estimate):>5}  ({interval(overall, estimate) or 'cannot tell'})" if estimate else ""
    silent = found[group.name, "withheld"] + found[group.name, "silent"]
    wrong = found[group.name, "wrong"] + found[group.name, "invented"]
    return f"  {pad(cut(group.name or 'no type', 27), 28)}{group.cases:>7,}  {share:<28}{silent:>8,}  {wrong:>5,}"


def _judged(report: Report) -> list[str]:
    return [judged, "  a column of its own; no figure above rests on it"] if (judged := judge_line(report)) else []


def _left_out(run: Run) -> list[str]:
    if not (faults := run.left_out):
        return []
    lines = [cut(fault.told, WIDTH - 2) for fault in faults[:MOST_LEFT_OUT]]
    more = [f"  and {len(faults) - MOST_LEFT_OUT:,} more"] if len(faults) > MOST_LEFT_OUT else []
    return [f"Left out: {len(faults):,} case{'s' * (len(faults) > 1)}", *(f"  {line}" for line in lines), *more]


def comparison_table(comparison: Comparison) -> list[str]:
    """Every measure that tells the two runs apart, and how many do not, in lines."""
    told, same = changed(comparison)
    cells = [(BY_NAME[c.measure].label, passage_of(c), difference(c), ruling(c).replace(" would tell", "")) for c in told]
    widths = [max((columns(row[place]) for row in cells), default=0) for place in range(3)]
    rows = ["  ".join([*map(pad, row, widths), row[3]]) for row in cells]
    n = max((change.n for change in comparison.changes), default=0)
    head = cut(f"Against {comparison.previous}, on the {n:,} cases of both", WIDTH)
    return [head, *(f"  {_cut_row(row)}" for row in rows), *([f"  {same}"] if same else []), *_moved(comparison)]


def _cut_row(row: str) -> str:
    return row if columns(row) <= WIDTH - 2 else row[: WIDTH - 3] + "…"


def _moved(comparison: Comparison) -> Iterator[str]:
    for label, ids in (("right now, not before", comparison.gained), ("right before, not now", comparison.lost)):
        if ids:
            more = f" and {len(ids) - MOST_IDS:,} more" if len(ids) > MOST_IDS else ""
            text = f"{len(ids):,} {label}: {', '.join(cut(id_, 40) for id_ in ids[:MOST_IDS])}{more}"
            yield from textwrap.wrap(text, WIDTH, initial_indent="  ", subsequent_indent="    ")


def _requirements(report: Report) -> list[str]:
    ordered = sorted(report.requirements, key=lambda one: one.met)
    lines = [f"  {'met   ' if one.met else 'MISSED'}  {pad(cut(one.text, 50), 32)}  found {cut(one.found, 45)}" for one in ordered]
    return ["Requirements", *lines] if lines else []


def _wrong(report: Report) -> list[str]:
    wrong = worst_first(one for one in report.scored if one.outcome in NOT_RIGHT)
    lines = [line for one in wrong[:MOST_WRONG] for line in _wrong_case(one)]
    more = [f"  and {len(wrong) - MOST_WRONG:,} more"] if len(wrong) > MOST_WRONG else []
    return ["Not right, the worst first", *lines, *more] if wrong else []


def _wrong_case(one: Scored) -> Iterator[str]:
    first = f"  {one.outcome:<8}  {pad(cut(one.case.id, 24), 6)}  "
    yield first + cut(one.case.question, WIDTH - columns(first))
    for label, text in (("said", one.reply.answer if one.reply.answered else ""), ("wanted", expected(one.case)), ("why", why(one))):
        if text and (label, one.outcome) != ("wanted", "invented"):
            yield f"{label:>16}  {cut(text, WIDTH - 18)}"


# --- For a pull request ----------------------------------------------------------------------------------------------------------------

MARKUP: Final = str.maketrans({c: f"&#{ord(c)};" for c in "&<>|`*_~[]$\\!"})
LINKS: Final = re.compile(r"[@#]|:(?=[/+\w-])|\bwww(?=\.)|\bGH(?=-)", re.IGNORECASE)  # what GitHub turns into mentions, links and pictures


def escaped(text: str, longest: int = LONGEST) -> str:
    """Text from questions, documents and models as one line that Markdown shows as it is: no markup, no mention, no link."""
    line = one_line(text)
    line = line if len(line) <= longest else line[: longest - 1].rstrip() + "…"
    return LINKS.sub("\\g<0>\u2060", line).translate(MARKUP)


def markdown(report: Report) -> str:
    """The report as a comment on a pull request: the verdict, the key figures, and folded up the wrong cases and all figures."""
    first = f"**{escaped(report.run.name, 80)}** · {escaped(' '.join(verdict(report)), 2000)}"
    sections = [
        first,
        _figures(report, _compact(report)),
        _demands(report),
        _folded_cases(report),
        _folded_figures(report),
        _footer(report),
    ]
    return "\n\n".join(filter(None, sections)) + "\n"


def _compact(report: Report) -> list[str]:
    """The key figures, and whatever changed."""
    changed = {c.measure for c in report.comparison.changes if c.verdict != "cannot tell"} if report.comparison else set()
    return [measure for measure in BY_NAME if measure in KEY or measure in changed]


def _figures(report: Report, names: Sequence[str]) -> str:
    estimates = report.groups[0].estimates if report.groups else {}
    changes = {change.measure: change for change in report.comparison.changes} if report.comparison else {}
    rows = [_figure_row(BY_NAME[name], estimates[name], changes.get(name)) for name in names if name in estimates]
    head = ("| measure | value | 95% interval | n | change |", "| :-- | --: | :-- | --: | :-- |")
    return "\n".join([*head, *rows]) if rows else ""


def _figure_row(measure: Measure, estimate: Estimate, change: Change | None) -> str:
    n = counts(estimate).removeprefix("over ")
    changed = f"{difference(change)}: {ruling(change)}" if change else ""
    return f"| {measure.label} | {figure(measure, estimate)} | {interval(measure, estimate)} | {n} | {changed} |"


def _demands(report: Report) -> str:
    ordered = sorted(report.requirements, key=lambda one: one.met)
    return "\n".join(f"- {'met' if one.met else '**missed**'}: {escaped(one.text)}, found {escaped(one.found)}" for one in ordered)


def _folded(title: str, content: str) -> str:
    return f"<details>\n<summary>{title}</summary>\n\n{content}\n\n</details>" if content else ""


def _folded_cases(report: Report) -> str:
    wrong = worst_first(one for one in report.scored if one.outcome in NOT_RIGHT)
    lines: list[str] = []
    room = MOST_MARKDOWN
    for one in wrong:
        line = _case_item(one)
        if (room := room - len(line)) < 0:
            break
        lines.append(line)
    more = [f"- and {len(wrong) - len(lines):,} more"] if len(lines) < len(wrong) else []
    return _folded(f"{len(wrong):,} case{'s' * (len(wrong) != 1)} not right, the worst first", "\n".join([*lines, *more]))


def _case_item(one: Scored) -> str:
    said = f"<br>said: {escaped(one.reply.answer)}" if one.reply.answered else ""
    wanted = f"<br>expected: {escaped(expected(one.case))}" if one.case.answerable else ""
    return f"- **{one.outcome}** {escaped(one.case.id, 80)}: {escaped(one.case.question)}{said}{wanted}<br>why: {escaped(why(one))}"


def _folded_figures(report: Report) -> str:
    return _folded("All figures", _figures(report, tuple(BY_NAME)))


def _footer(report: Report) -> str:
    run = report.run
    facts = (
        f"{len(report.scored):,} cases",
        run.model,
        when(run),
        f"index {run.index}",
        f"code {run.code}",
        judge_line(report),
        report.resampled,
    )
    left_out = f"{len(run.left_out):,} left out" if run.left_out else ""
    return f"<sub>{' · '.join(escaped(fact, 300) for fact in (*facts, left_out) if fact)}</sub>"


# --- For machines ----------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _First:
    run: Run


@functools.cache
def _adapters() -> tuple[TypeAdapter[Report], TypeAdapter[_First], TypeAdapter[Scored]]:
    return TypeAdapter(Report), TypeAdapter(_First), TypeAdapter(Scored)


def jsonl(report: Report) -> Iterator[str]:
    """JSON lines without their line breaks: first the summary, then one per case. `read_jsonl` reads them back."""
    whole, _, scored = _adapters()
    yield whole.dump_json(report, exclude={"scored"}).decode()
    for one in report.scored:
        yield scored.dump_json(one).decode()


def read_jsonl(lines: Iterable[str]) -> tuple[Run, tuple[Scored, ...]]:
    """The run and the cases of a report written by `jsonl`. Raises UsageError that names the line and what is wrong with it."""
    _, first, scored = _adapters()
    numbered = ((number, line) for number, line in enumerate(lines, 1) if line.strip())
    number, line = next(numbered, (1, ""))
    run = _parsed(first, number, line, "the summary of a run").run
    seen: dict[str, Scored] = {}
    for number, line in numbered:
        one = _parsed(scored, number, line, "a scored case")
        if one.case.id in seen:
            raise UsageError(f"Line {number} repeats the case {one.case.id}", "Name a file that footnote eval wrote.")
        seen[one.case.id] = one
    return run, tuple(seen.values())


Parsed = TypeVar("Parsed")


def _parsed(adapter: TypeAdapter[Parsed], number: int, line: str, kind: str) -> Parsed:
    try:
        return adapter.validate_json(line, strict=True)
    except ValidationError as error:
        fault = error.errors(include_url=False, include_input=False, include_context=False)[0]
        place = ".".join(map(str, fault["loc"]))
        reason = f"{place}: {fault['msg']}" if place else fault["msg"]
        raise UsageError(f"Line {number} is not {kind}: {one_line(reason)}", "Name a file that footnote eval wrote.") from error

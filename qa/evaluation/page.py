"""A report as one HTML file that needs nothing else: no network, no server. Pure: a report in, the text of the file out.

The cases travel as gzip in base64 and are unpacked and drawn as they are opened, so that thousands stay quick; a message that several
prompts share is stored once. Text from outside is put in by `textContent` alone, and the page's own policy forbids every other script.
"""

import base64
import gzip
import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from html import escape
from pathlib import Path
from string import Template
from typing import Final
from urllib.parse import quote

from pydantic import TypeAdapter
from pydantic_core import to_json

from qa.evaluation import plots
from qa.evaluation.figures import (
    BLOCKS,
    KEY,
    Scale,
    changed,
    counts,
    difference,
    expected,
    figure,
    interval,
    intervals_line,
    judge_line,
    passage_of,
    ruling,
    said,
    verdict,
    wanted,
    when,
    why,
    worst_first,
)
from qa.evaluation.measures import BY_NAME, MEASURES
from qa.evaluation.ranking import same_document
from qa.evaluation.score import holds_support, same_place
from qa.evaluation.types import Change, Comparison, Estimate, Group, Measure, Report, Scored, Shown, Support

CHUNK: Final = 40  # cases that are unpacked together
MOST_IDS: Final = 40  # ids gained or lost
MOST_LEFT_OUT: Final = 50
Packed = Mapping[str, object]
Shared = Mapping[tuple[str, str], int]


def page(report: Report) -> str:
    """The whole page."""
    sentences = verdict(report)
    style, script = _file("page.css"), _file("page.js")
    return Template(_file("page.html")).substitute(
        title=escape(f"{report.run.name}: {sentences[0]}"),
        over=f"Evaluation of {escape(report.run.name)}",
        headline=escape(sentences[0]),
        lede=f'<p class="lede">{escape(" ".join(sentences[1:]))}</p>' if sentences[1:] else "",
        facts=_facts(report),
        sections="\n".join(filter(None, _sections(report))),
        footer=escape(f"{intervals_line(report)}."),
        data="\n".join(_data(report)),
        style=style,
        script=script,
        style_hash=_digest(style),
        script_hash=_digest(script),
    )


@cache
def _file(name: str) -> str:
    return Path(__file__).with_name(name).read_text(encoding="utf-8")


def _digest(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


# --- What stands above the cases ---------------------------------------------------------------------------------------------------------


def _facts(report: Report) -> str:
    run = report.run
    facts = (f"{len(report.scored):,} cases", run.model, when(run), f"index {run.index}", f"code {run.code}")
    return " · ".join(escape(fact) for fact in facts if fact)


def _sections(report: Report) -> Iterator[str]:
    yield _key_figures(report)
    yield _section("Requirements", _requirements(report))
    yield _section(f"Against {report.comparison.previous}", _comparison(report.comparison)) if report.comparison else ""
    yield _plots(report)
    yield _section("Judge model", f"<p>{escape(judged)}. No figure above rests on it.</p>") if (judged := judge_line(report)) else ""
    yield _folded("All figures", _figures(report.groups[0])) if report.groups else ""
    yield _folded("By type", _types(report.groups[1:])) if len(report.groups) > 2 else ""
    yield _folded(f"Left out: {len(report.run.left_out):,} cases", _left_out(report)) if report.run.left_out else ""
    yield _folded("Settings", _settings(report.run.settings)) if report.run.settings else ""


def _section(title: str, content: str) -> str:
    return f"<section><h2>{escape(title)}</h2>{content}</section>" if content else ""


def _folded(title: str, content: str) -> str:
    return f'<details class="folded"><summary><h2>{escape(title)}</h2></summary>{content}</details>' if content else ""


def _key_figures(report: Report) -> str:
    estimates = report.groups[0].estimates if report.groups else {}
    cards = "".join(_card(name, estimates[name]) for name in KEY if name in estimates)
    return f'<section aria-label="Key figures"><dl class="key">{cards}</dl></section>' if cards else ""


def _card(name: str, estimate: Estimate) -> str:
    measure = BY_NAME[name]
    within = f"95%: {interval(measure, estimate)}" if estimate.low is not None else ""
    said = f'<span class="value">{figure(measure, estimate)}</span> <span class="within">{within}</span>'
    return (
        f"<div><dt>{escape(measure.label)}</dt><dd>{said}{_whisker(name, estimate)}<span class='soft'>{counts(estimate)}</span></dd></div>"
    )


def _whisker(name: str, estimate: Estimate) -> str:
    percent = Scale.of(BY_NAME[name], estimate.value, estimate.n).unit in ("%", "")
    return plots.whisker(estimate.value, estimate.low, estimate.high) if percent else ""


def _requirements(report: Report) -> str:
    rows = "".join(
        f'<li class="{"met" if one.met else "missed"}"><b>{"met" if one.met else "missed"}</b> <code>{escape(one.text)}</code> '
        f"<span>found {escape(one.found)}</span></li>"
        for one in sorted(report.requirements, key=lambda one: one.met)
    )
    return f'<ul class="requirements">{rows}</ul>' if rows else ""


def _comparison(comparison: Comparison) -> str:
    told, same = changed(comparison)
    rows = "".join(map(_change, told))
    head = "<tr><th>measure<th>before → now<th>difference (95%)<th class='drawn'><th>verdict</tr>"
    table = f'<table class="changes"><thead>{head}</thead><tbody>{rows}</tbody></table>' if rows else ""
    rest = f"<p>{same[0].upper()}{same[1:]}.</p>" if same else ""
    return table + rest + _moved("right now, not before", comparison.gained) + _moved("right before, not now", comparison.lost)


def _change(change: Change) -> str:
    measure = BY_NAME[change.measure]
    shares = measure.unit == ""
    drawn = plots.whisker(change.after - change.before, change.low, change.high, -0.5, 0.5) if shares else ""
    cells = f"<td>{passage_of(change)}<td>{difference(change)}<td class='drawn'>{drawn}"
    kind = change.verdict.replace(" ", "-")
    return f'<tr><th scope="row">{escape(measure.label)}{cells}<td class="{kind}">{ruling(change)}</tr>'


def _moved(label: str, ids: Sequence[str]) -> str:
    if not ids:
        return ""
    links = " ".join(f'<a href="#case-{_fragment(one)}">{escape(one)}</a>' for one in ids[:MOST_IDS])
    more = f" and {len(ids) - MOST_IDS:,} more" if len(ids) > MOST_IDS else ""
    return f'<p class="moved">{len(ids):,} {label}: {links}{more}</p>'


def _fragment(text: str) -> str:
    return quote(text, safe="")


def _plots(report: Report) -> str:
    drawn = (
        ("What became of the cases", plots.outcomes(report.scored)),
        ("Does confidence tell right from wrong?", plots.risk_coverage(report.risk_coverage)),
        ("Is confidence honest?", plots.reliability(report.reliability)),
        ("How long it takes", plots.latency(report.scored)),
    )
    figures = "".join(f"<figure><figcaption>{title}</figcaption>{svg}</figure>" for title, svg in drawn if svg)
    return f'<section class="plots" aria-label="Plots">{figures}</section>' if figures else ""


def _figures(group: Group) -> str:
    head = "<tr><th>measure<th>value<th>95% interval<th class='drawn'><th>over<th>better<th>about</tr>"
    bodies = "".join(
        f'<tbody><tr><th colspan="7" class="block">{escape(title)}</tr>{rows}</tbody>'
        for title, names in BLOCKS
        if (rows := "".join(_figure(name, group.estimates[name]) for name in names if name in group.estimates))
    )
    return f'<div class="scroll"><table><thead>{head}</thead>{bodies}</table></div>'


def _figure(name: str, estimate: Estimate) -> str:
    measure = BY_NAME[name]
    cells = (
        f"<td>{figure(measure, estimate)}<td>{interval(measure, estimate)}<td class='drawn'>{_whisker(name, estimate)}"
        f"<td>{counts(estimate).removeprefix('over ')}<td class='soft'>{measure.better}<td class='soft'>{escape(measure.about)}"
    )
    return f'<tr><th scope="row">{escape(measure.label)}{cells}</tr>'


def _types(groups: Sequence[Group]) -> str:
    names = ("overall", "refused_answerable", "refused_unanswerable", "wrong_given")
    head = "".join(f"<th>{escape(BY_NAME[name].label)}" for name in names)
    rows = "".join(f'<tr><th scope="row">{escape(group.name)}<td>{group.cases:,}{_type(group, names)}</tr>' for group in groups)
    return f'<div class="scroll"><table><thead><tr><th>type<th>cases{head}</tr></thead><tbody>{rows}</tbody></table></div>'


def _type(group: Group, names: Sequence[str]) -> str:
    found = ((BY_NAME[name], group.estimates.get(name)) for name in names)
    return "".join(
        f'<td>{figure(measure, one)} <span class="soft">{interval(measure, one)}</span>' if one else "<td>" for measure, one in found
    )


def _left_out(report: Report) -> str:
    faults = report.run.left_out
    more = f"<li>and {len(faults) - MOST_LEFT_OUT:,} more</li>" if len(faults) > MOST_LEFT_OUT else ""
    return f"<ul>{''.join(f'<li>{escape(one.told)}</li>' for one in faults[:MOST_LEFT_OUT])}{more}</ul>"


def _settings(settings: Mapping[str, str]) -> str:
    rows = "".join(f'<tr><th scope="row">{escape(name)}<td>{escape(value)}</tr>' for name, value in settings.items())
    return f'<div class="scroll"><table class="settings">{rows}</table></div>'


# --- The cases ---------------------------------------------------------------------------------------------------------------------------


def _data(report: Report) -> Iterator[str]:
    """The list of the cases, then their details in chunks, each as a script element that no browser runs."""
    ordered = worst_first(report.scored)
    shared = _shared(ordered)
    head = {
        "cases": [_entry(one, report) for one in ordered],
        "messages": list(shared),
        "previous": report.comparison.previous if report.comparison else None,
        "chunk": CHUNK,
    }
    yield _element("head", head)
    adapter = TypeAdapter(Scored)
    for number, start in enumerate(range(0, len(ordered), CHUNK)):
        yield _element(f"chunk-{number}", [_packed(one, adapter, shared) for one in ordered[start : start + CHUNK]])


def _element(name: str, value: object) -> str:
    packed = gzip.compress(to_json(value), 3, mtime=0)
    return f'<script type="text/plain" id="{name}">{base64.b64encode(packed).decode()}</script>'


def _shared(scored: Iterable[Scored]) -> Shared:
    """Messages that several prompts hold, with their places in the list of these."""
    counted = Counter(message for one in scored for message in set(one.reply.prompt))
    return {message: place for place, message in enumerate(message for message, n in counted.items() if n > 1)}


def _entry(one: Scored, report: Report) -> Packed:
    """What the list shows of a case, and what is searched in."""
    case, comparison = one.case, report.comparison
    moved = "" if comparison is None else "gained" if case.id in comparison.gained else "lost" if case.id in comparison.lost else ""
    judged = report.judgement.verdicts.get(case.id) if report.judgement else None
    return {"id": case.id, "outcome": one.outcome, "type": case.type, "question": case.question, "why": why(one)} | {
        "said": one.reply.answer if one.reply.answered else "",
        "expected": expected(case),
        "moved": moved,
        "judged": judged,
    }


def _packed(one: Scored, adapter: TypeAdapter[Scored], shared: Shared) -> Packed:
    """All that an opened case shows."""
    case, reply = one.case, one.reply
    whole: Packed = adapter.dump_python(one, mode="json", exclude={"reply": {"prompt", "answer"}, "marks": True})
    return {**whole} | {
        "prompt": [shared.get(message, message) for message in reply.prompt],
        "said": said(case, reply.answer),
        "wanted": wanted(case, reply.answer if reply.answered else ""),
        "supporting": [holds_support(case, citation) for citation in reply.citations],
        "footnotes": [[c.number for c in reply.citations if c.file == s.file and _within(s.text, c.quote)] for s in reply.evidence],
        "gold": [any(_shows(shown, one) for one in case.support) for shown in reply.evidence],
        "marks": [
            (measure.label, _mark(measure, mark.value), mark.reason) for measure in MEASURES if (mark := one.marks.get(measure.name))
        ],
    }


@cache
def _mark(measure: Measure, value: float) -> str:
    """`yes` and `no` for one reply's share of 0 or 1, else the figure."""
    return ("no", "yes")[int(value)] if measure.kind == "share" and value in (0, 1) else figure(measure, Estimate(value, None, None, 1))


def _shows(shown: Shown, support: Support) -> bool:
    """Whether a sentence of the evidence is the quote that a case rests on, or the greater part of it."""
    if not support.quote or (support.document and not same_document(shown.file, support.document)):
        return False
    return _within(support.quote, shown.text) or same_place(support.quote, shown.text)


def _within(a: str, b: str) -> bool:
    """Whether one of two texts holds the other, however its lines are broken."""
    one, other = " ".join(a.split()), " ".join(b.split())
    return bool(one and other) and (one in other or other in one)

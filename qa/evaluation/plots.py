"""Plots as inline SVG: no library, no script. Colours come from the page's CSS variables, and without these from the colour of its text.

Each function gives the text of one `<svg>`, or nothing where there is nothing to draw. Lengths are in units of the viewBox, a CSS pixel
each at the size that the plots are made for.
"""

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from html import escape
from statistics import median
from typing import Final

from qa.evaluation.types import Bin, Outcome, Scored

W: Final = 360  # width of a plot
LEFT, RIGHT, TOP, BOTTOM = 44, 348, 34, 210  # of the area that holds the data
MOST_POINTS: Final = 240  # of a curve: more than its width has pixels for
SUREST: Final = 0.1  # of the answers, at which the curve begins
BARS: Final = 38  # of a histogram
TYPES: Final = 14  # rows of the outcomes; the smaller types are put together
LETTER: Final = 6.6  # width of a letter at the size of the labels, generously
ORDER: Final[tuple[Outcome, ...]] = ("right", "silent", "unjudged", "withheld", "wrong", "invented")
MEANINGS: Final = {
    "right": "right",
    "silent": "rightly silent",
    "withheld": "withheld",
    "unjudged": "not judged",
    "wrong": "wrong",
    "invented": "invented",
}


def svg(title: str, height: float, parts: Iterable[str], width: float = W) -> str:
    """`title` is what a screen reader says: the plot in a sentence."""
    text = escape(title)
    return f'<svg class="plot" viewBox="0 0 {width} {height:g}" role="img" aria-label="{text}"><title>{text}</title>{"".join(parts)}</svg>'


def label(x: float, y: float, text: str, anchor: str = "start", kind: str = "") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" class="label {kind}">{escape(text)}</text>'


def line(x1: float, y1: float, x2: float, y2: float, kind: str) -> str:
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" class="{kind}"/>'


def bar(x: float, y: float, width: float, height: float, kind: str, *, title: str = "") -> str:
    inner = f"<title>{escape(title)}</title>" if title else ""
    return f'<rect x="{x:.1f}" y="{y:.1f}" width="{max(width, 0):.1f}" height="{max(height, 0):.1f}" class="{kind}">{inner}</rect>'


def across(share: float) -> float:
    return LEFT + share * (RIGHT - LEFT)


def upwards(share: float) -> float:
    return BOTTOM - share * (BOTTOM - TOP)


def percent(share: float) -> str:
    return f"{100 * share:.0f}%"


def _axes(x_label: str, y_label: str, top: float = 1.0) -> Iterator[str]:
    """Both axes in percent, the upright one from 0 to `top`, its name above it."""
    yield label(LEFT - 36, 12, y_label, kind="name")
    yield label(RIGHT, BOTTOM + 32, x_label, "end", "name")
    for share in (0, 0.5, 1):
        yield line(LEFT, upwards(share), RIGHT, upwards(share), "axis" if share == 0 else "grid")
        yield label(LEFT - 6, upwards(share) + 4, f"{100 * share * top:g}%", "end")
    for share in (0, 0.25, 0.5, 0.75, 1):
        yield line(across(share), BOTTOM, across(share), BOTTOM + 4, "axis")
        yield label(across(share), BOTTOM + 16, percent(share), "end" if share == 1 else "middle")


# --- Risk and coverage -----------------------------------------------------------------------------------------------------------------


def risk_coverage(points: Sequence[tuple[float, float]]) -> str:
    """The share of wrong answers among the most confident ones (El-Yaniv and Wiener 2010), over `(coverage, risk)` of growing coverage.

    The curve begins at the surest tenth: what comes before it is a handful of answers, and would set the scale.
    """
    if not points:
        return ""
    (coverage, risk), half = points[-1], percent(_at(points, 0.5))
    drawn = [point for point in points if point[0] >= SUREST * coverage]
    top = next(t for t in (0.1, 0.2, 0.4, 0.6, 0.8, 1.0) if t >= max(r for _, r in drawn))
    path = "L".join(f"{across(c):.1f} {upwards(r / top):.1f}" for c, r in _thinned(drawn))
    title = f"Risk and coverage: of all answers given {percent(risk)} are wrong; of the most confident half {half} are."
    parts = [
        *_axes("coverage: share of the cases answered, the surest first", "risk: wrong among them", top),
        f'<path d="M{path}" class="curve"/>',
        f'<circle cx="{across(coverage):.1f}" cy="{upwards(risk / top):.1f}" r="3" class="dot"/>',
        label(RIGHT, 12, f"all {percent(risk)}, surer half {half}", "end", "value"),
    ]
    return svg(title, BOTTOM + 40, parts)


def _at(points: Sequence[tuple[float, float]], share: float) -> float:
    return next(risk for coverage, risk in points if coverage >= share * points[-1][0])


def _thinned(points: Sequence[tuple[float, float]]) -> Sequence[tuple[float, float]]:
    step = math.ceil(len(points) / MOST_POINTS)
    return [*points[: len(points) - 1 : step], points[-1]]


# --- Reliability -----------------------------------------------------------------------------------------------------------------------


def reliability(bins: Sequence[Bin]) -> str:
    """How often answers of a confidence are right (DeGroot and Fienberg 1983), with Wilson's 95% interval and the answers in each bin."""
    filled = [one for one in bins if one.n]
    if not filled:
        return ""
    n = sum(one.n for one in filled)
    gap = sum(one.n * (one.right - one.confidence) for one in filled) / n
    tendency = f"on average {percent(abs(gap))} too {'modest' if gap > 0 else 'sure'}"
    parts = [
        *_axes("confidence", "right"),
        *(part for one in filled for part in _reliability_bar(one)),
        label(LEFT - 6, TOP - 9, "n", "end", "small"),
        line(across(0), upwards(0), across(1), upwards(1), "diagonal"),
        label(RIGHT, 12, tendency, "end", "value"),
    ]
    return svg(f"Reliability of the confidence of {n} answers: {tendency}.", BOTTOM + 40, parts)


def _reliability_bar(one: Bin) -> Iterator[str]:
    x, width = across(one.low) + 1, across(one.high) - across(one.low) - 2
    told = f"confidence {percent(one.low)} to {percent(one.high)}: {percent(one.right)} right of {one.n}"
    yield bar(x, upwards(one.right), width, BOTTOM - upwards(one.right), "bar", title=told)
    low, high = wilson(one.right, one.n)
    yield line(across(one.confidence), upwards(low), across(one.confidence), upwards(high), "whisker")
    yield f'<circle cx="{across(one.confidence):.1f}" cy="{upwards(one.right):.1f}" r="2.5" class="dot"/>'
    yield label(x + width / 2, TOP - 9, f"{one.n:,}" if one.n < 10_000 else f"{one.n // 1000}k", "middle", "small")


def wilson(share: float, n: int) -> tuple[float, float]:
    """Wilson's 95% interval of a share (1927)."""
    z2 = 1.96**2
    middle = (share + z2 / (2 * n)) / (1 + z2 / n)
    half = math.sqrt(z2 * share * (1 - share) / n + z2 * z2 / (4 * n * n)) / (1 + z2 / n)
    return max(0.0, middle - half), min(1.0, middle + half)


# --- Times -----------------------------------------------------------------------------------------------------------------------------


def latency(scored: Sequence[Scored]) -> str:
    """When the first token came and when the answer was finished, one histogram above the other on one scale of seconds."""
    rows = [
        ("first token", [one.reply.first_token_ms / 1000 for one in scored if one.reply.first_token_ms is not None]),
        ("finished", [one.reply.total_ms / 1000 for one in scored if one.reply.total_ms]),
    ]
    rows = [(name, seconds) for name, seconds in rows if seconds]
    if not rows:
        return ""
    end = _end(_quantile(max((seconds for _, seconds in rows), key=max), 0.99))
    told = [
        (name, seconds, f"median {_seconds(median(seconds))}, slowest 5% from {_seconds(_quantile(seconds, 0.95))}")
        for name, seconds in rows
    ]
    parts = [part for i, row in enumerate(told) for part in _histogram(*row, end, 98 + 112 * i)]
    bottom = 98 + 112 * (len(told) - 1)
    parts += [label(across(i / 4), bottom + 16, f"{end * i / 4:g}", "end" if i == 4 else "middle") for i in range(5)]
    parts.append(label(RIGHT, bottom + 32, "seconds; what took longer stands in the last bar", "end", "name"))
    return svg("Times: " + "; ".join(f"{name} {text}" for name, _, text in told) + ".", bottom + 40, parts)


def _histogram(name: str, seconds: Sequence[float], text: str, end: float, bottom: float) -> Iterator[str]:
    counted = Counter(min(int(value / end * BARS), BARS - 1) for value in seconds)
    width, most = (RIGHT - LEFT) / BARS, max(counted.values())
    yield label(LEFT - 36, bottom - 86, name, kind="name")
    yield label(RIGHT, bottom - 86, text, "end", "value")
    for place, n in sorted(counted.items()):
        height = max(1.0, 66 * n / most)
        told = f"{place * end / BARS:.2g} to {(place + 1) * end / BARS:.2g} s: {n}"
        yield bar(LEFT + place * width + 0.5, bottom - height, width - 1, height, "bar", title=told)
    yield line(LEFT, bottom, RIGHT, bottom, "axis")
    x = across(min(median(seconds) / end, 1))
    yield line(x, bottom - 74, x, bottom + 4, "median")


def _quantile(values: Sequence[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(int(share * len(ordered)), len(ordered) - 1)]


def _end(seconds: float) -> float:
    """The end of the scale: the next number of seconds that has four even quarters."""
    size = 10.0 ** math.floor(math.log10(max(seconds, 1e-3)))
    return next(step * size for step in (1, 1.2, 1.6, 2, 2.4, 3.2, 4, 6, 8, 10, 12) if step * size >= seconds)


def _seconds(value: float) -> str:
    return f"{1000 * value:.0f} ms" if value < 1 else f"{value:.1f} s"


# --- Outcomes --------------------------------------------------------------------------------------------------------------------------


def outcomes(scored: Sequence[Scored]) -> str:
    """What became of the cases, a bar for all and one per type, the largest first."""
    if not scored:
        return ""
    rows = _rows(scored)
    total = rows[0][1]
    present = [outcome for outcome in ORDER if total[outcome]]
    height = 58 + 24 * len(rows)
    parts = [*_legend(present), *(part for i, (name, counted) in enumerate(rows) for part in _outcome_row(name, counted, 58 + 24 * i))]
    title = "Outcomes: " + ", ".join(f"{total[outcome]} {MEANINGS[outcome]}" for outcome in present) + f" of {len(scored)} cases."
    return svg(title, height + 4, parts)


def _rows(scored: Sequence[Scored]) -> list[tuple[str, Counter[Outcome]]]:
    kinds: dict[str, Counter[Outcome]] = {}
    for one in scored:
        kinds.setdefault(one.case.type, Counter())[one.outcome] += 1
    largest = sorted(kinds.items(), key=lambda item: -item[1].total())
    shown = largest if len(largest) <= TYPES else largest[: TYPES - 1]
    rest = Counter[Outcome]()
    for _, counted in largest[len(shown) :]:
        rest.update(counted)
    total = Counter[Outcome](one.outcome for one in scored)
    types = [(name or "(none)", counted) for name, counted in shown] if len(largest) > 1 else []
    return [("all", total), *types, *([(f"{len(largest) - len(shown)} others", rest)] if rest else [])]


def _legend(present: Sequence[Outcome]) -> Iterator[str]:
    """Two rows of three."""
    for place, outcome in enumerate(present):
        x, y = LEFT - 36 + 120 * (place % 3), 14 + 18 * (place // 3)
        yield bar(x, y - 9, 10, 10, outcome)
        yield label(x + 15, y, MEANINGS[outcome])


def _outcome_row(name: str, counted: Counter[Outcome], y: float) -> Iterator[str]:
    start, end, n = 100.0, 316.0, counted.total()
    short = name if len(name) * LETTER <= start - 14 else name[: int((start - 14) / LETTER) - 1].rstrip() + "…"
    yield label(8, y + 4, short, kind="name" if name == "all" else "")
    yield label(RIGHT, y + 4, f"{n:,}", "end", "small")
    x = start
    for outcome in ORDER:
        width = (end - start) * counted[outcome] / n
        if counted[outcome]:
            yield bar(x, y - 7, width - 0.8, 15, outcome, title=f"{name}: {counted[outcome]} of {n} {MEANINGS[outcome]}")
        if width > LETTER * len(str(counted[outcome])) + 6:
            yield label(x + width / 2, y + 4, str(counted[outcome]), "middle", f"on-{outcome} small")
        x += width


# --- In the rows of a table --------------------------------------------------------------------------------------------------------------


def whisker(value: float, low: float | None, high: float | None, start: float = 0.0, end: float = 1.0) -> str:
    """A dot with its interval on a line from `start` to `end`; for people who see it, the figures stand beside it."""

    def x(at: float) -> float:
        return 4 + 112 * min(max((at - start) / (end - start), 0), 1)

    parts = [line(4, 8, 116, 8, "grid")]
    if start < 0 < end:
        parts.append(line(x(0), 2, x(0), 14, "axis"))
    if low is not None and high is not None:
        parts.append(line(x(low), 8, x(high), 8, "whisker"))
    parts.append(f'<circle cx="{x(value):.1f}" cy="8" r="3" class="dot"/>')
    return f'<svg class="whisk" viewBox="0 0 120 16" aria-hidden="true">{"".join(parts)}</svg>'

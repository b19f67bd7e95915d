"""The plots: well-formed, told in words too, within their frame, and true to the figures. That no text overlaps is seen in the browser."""

import math
import re
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from dataclasses import replace

import pytest

from qa.evaluation import plots
from qa.evaluation.types import Bin, Outcome, Scored
from tests.reports import HOSTILE, report

SVG = "{http://www.w3.org/2000/svg}"


def parsed(svg: str) -> ET.Element:
    return ET.fromstring(svg.replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1))


def numbers(element: ET.Element) -> list[float]:
    return [
        float(value) for name, value in element.attrib.items() if name in ("x", "y", "x1", "x2", "y1", "y2", "cx", "cy", "width", "height")
    ]


def rectangles(svg: str, kind: str) -> list[ET.Element]:
    return [one for one in parsed(svg).iter(f"{SVG}rect") if one.get("class") == kind]


def all_plots(n: int) -> list[str]:
    made = report(n)
    return [
        plots.risk_coverage(made.risk_coverage),
        plots.reliability(made.reliability),
        plots.latency(made.scored),
        plots.outcomes(made.scored),
    ]


@pytest.mark.parametrize("n", [2, 48, 2000])
def test_every_plot_is_well_formed_within_its_frame_and_told_in_words(n: int) -> None:
    for svg in filter(None, all_plots(n)):
        drawn = parsed(svg)
        _, _, width, height = map(float, drawn.attrib["viewBox"].split())
        assert drawn.find(f"{SVG}title") is not None
        assert drawn.get("role") == "img"
        assert drawn.get("aria-label")
        for element in drawn.iter():
            assert all(math.isfinite(value) and -1 <= value <= max(width, height) + 1 for value in numbers(element))
        assert not re.search(r"<script|\son\w+=|href|style=|url\(", svg)
        assert len(svg) < 30_000


def test_where_there_is_nothing_there_is_no_plot() -> None:
    assert all_plots(0) == ["", "", "", ""]


def test_names_from_outside_stay_text() -> None:
    scored = report(10).scored
    svg = plots.outcomes([replace(scored[0], case=replace(scored[0].case, type=HOSTILE.replace("\x1b", ""))), *scored[1:]])
    assert "<img" not in svg
    assert "<b>" not in svg
    parsed(svg)


def test_the_curve_runs_through_its_points_and_is_thinned() -> None:
    points = [(i / 5000, 0.2 * i / 5000) for i in range(1, 5001)]
    svg = plots.risk_coverage(points)
    path = next(one.attrib["d"] for one in parsed(svg).iter(f"{SVG}path"))
    drawn = [tuple(map(float, pair.split())) for pair in path.removeprefix("M").split("L")]
    assert len(drawn) <= plots.MOST_POINTS + 2
    assert drawn[-1] == (plots.RIGHT, plots.TOP)  # the scale ends at 20%
    assert "all 20%, surer half 10%" in svg


def test_the_bars_of_the_reliability_diagram_are_as_high_as_the_share_that_is_right() -> None:
    bins = [Bin(0.4, 0.5, 10, 0.45, 0.5), Bin(0.5, 0.6, 0, 0.0, 0.0), Bin(0.9, 1.0, 30, 0.95, 1.0)]
    svg = plots.reliability(bins)
    full = plots.BOTTOM - plots.TOP
    assert [float(one.attrib["height"]) for one in rectangles(svg, "bar")] == [full / 2, full]
    assert "too modest" in svg
    assert "confidence 40% to 50%: 50% right of 10" in svg


@pytest.mark.parametrize(
    ("right", "n", "low", "high"), [(0, 5, 0.0, 0.4345), (3, 10, 0.1078, 0.6032), (48, 48, 0.9259, 1.0), (900, 1000, 0.8798, 0.9171)]
)
def test_the_interval_of_a_bin_is_wilsons(right: int, n: int, low: float, high: float) -> None:
    assert plots.wilson(right / n, n) == pytest.approx((low, high), abs=1e-4)  # as prop.test of R has it without continuity correction


def test_the_histogram_counts_every_answer_once_and_puts_the_slowest_into_the_last_bar() -> None:
    scored = report(400).scored
    slow = replace(scored[0], reply=replace(scored[0].reply, total_ms=900_000.0, first_token_ms=None))
    svg = plots.latency([slow, *scored[1:]])
    counted = sum(int(title.rpartition(": ")[2]) for title in re.findall(r"<title>([^<]* s: \d+)</title>", svg))
    assert counted == 400 + sum(one.reply.first_token_ms is not None for one in scored[1:])
    assert re.search(r"first token</text>.*median 1\.\d s", svg)


def test_times_alone_without_a_first_token_are_one_histogram() -> None:
    scored = [replace(one, reply=replace(one.reply, first_token_ms=None)) for one in report(20).scored]
    svg = plots.latency(scored)
    assert "first token" not in svg
    assert "finished" in svg


def kinds(scored: Sequence[Scored], n: int) -> list[Scored]:
    return [replace(one, case=replace(one.case, type=f"type number {i % n}")) for i, one in enumerate(scored)]


def test_the_bars_of_the_outcomes_are_shares_and_small_types_are_put_together() -> None:
    outcome: list[Outcome] = ["right", "right", "right", "wrong"]
    scored = [replace(one, outcome=kind, case=replace(one.case, type="")) for one, kind in zip(report(4).scored, outcome, strict=True)]
    svg = plots.outcomes(scored)
    right, wrong = (sum(float(one.attrib["width"]) for one in rectangles(svg, kind)[1:]) for kind in ("right", "wrong"))  # after the legend
    assert right / wrong == pytest.approx(3, rel=0.02)
    many = plots.outcomes(kinds(report(100).scored, 40))
    assert f">{40 - plots.TYPES + 1} others</text>" in many


def test_a_whisker_stays_on_its_line() -> None:
    for svg in (plots.whisker(0.5, 0.3, 1.2), plots.whisker(0.0, None, None), plots.whisker(0.2, -0.9, 0.9, -0.5, 0.5)):
        assert all(0 <= value <= 120 for element in parsed(svg).iter() for value in numbers(element))

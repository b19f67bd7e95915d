"""Reports as text: the table, Markdown that nothing from outside can break out of, and JSON lines that come back as they went."""

import html
import json
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Final

import pytest
from markdown_it import MarkdownIt

from qa.errors import UsageError
from qa.evaluation.figures import (
    BLOCKS,
    FOUND,
    MISSING,
    PLAIN,
    Scale,
    columns,
    cut,
    difference,
    expected,
    figure,
    interval,
    passage_of,
    ruling,
    said,
    verdict,
    wanted,
    when,
    why,
)
from qa.evaluation.measures import BY_NAME, MEASURES
from qa.evaluation.text import WIDTH, escaped, jsonl, markdown, read_jsonl, table
from qa.evaluation.types import Case, Change, Estimate, Mark, Report
from tests.reports import HOSTILE, Maker, hostile, report


@pytest.fixture(scope="module")
def usual() -> Report:
    return report(48)


def nasty() -> Report:
    maker = Maker(3)
    wide = replace(maker.scored(2), case=replace(maker.scored(2).case, question="日本語の質問はどこですか" * 12))
    return report(scored=[hostile(), wide, *(maker.scored(i) for i in range(3, 12))])


# --- Figures -----------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("measure", "value", "n", "text"),
    [
        ("right", 0.7708, 48, "77%"),
        ("right", 0.7708, 600, "77.1%"),
        ("right", 0.998, 48, "99.8%"),
        ("right", 0.9999, 48, "99.99%"),
        ("right", 1.0, 48, "100%"),
        ("right", 0.0, 48, "0%"),
        ("right", 0.001, 48, "0.1%"),
        ("mrr", 0.8125, 48, "0.812"),
        ("ece", 0.0834, 48, "0.083"),
        ("prompt_tokens", 1364.0, 48, "1,364 tokens"),
        ("total_ms", 67.4, 48, "67 ms"),
        ("total_ms", 1900.0, 48, "1.90 s"),
        ("total_ms", 16711.8, 48, "16.7 s"),
    ],
)
def test_a_figure_has_its_unit_and_no_more_digits_than_it_can_bear(measure: str, value: float, n: int, text: str) -> None:
    assert figure(BY_NAME[measure], Estimate(value, None, None, n)) == text


def test_an_interval_is_in_the_unit_of_its_figure() -> None:
    assert interval(BY_NAME["total_ms"], Estimate(1200, 900, 1500, 48)) == "0.90 to 1.50"
    assert interval(BY_NAME["right"], Estimate(1, 0.926, 1, 48)) == "93 to 100"
    assert interval(BY_NAME["right"], Estimate(1, None, None, 1)) == ""


def test_a_change_says_what_it_was_what_it_is_and_how_far_that_can_be_told() -> None:
    change = Change("right", 48, 0.77, 0.83, -0.01, 0.13, 0.2, 5, 2, "cannot tell", 120)
    assert passage_of(change) == "77% → 83%"
    assert difference(change) == "+6 points (−1 to +13)"
    assert ruling(change) == "cannot tell; about 120 more cases would tell"
    slower = Change("total_ms", 48, 1500, 1400, None, None, None, None, None, "better")
    assert (passage_of(slower), difference(slower), ruling(slower)) == ("1.50 → 1.40 s", "−0.10 s", "better")
    assert difference(replace(change, before=0.83, after=0.82)) == "−1 point (−1 to +13)"


def test_a_difference_of_nothing_has_no_sign() -> None:
    assert Scale(100, 0, "%").signed(-0.001) == "0"


def test_every_measure_has_one_place_in_the_blocks_and_their_order_is_kept() -> None:
    assert [name for _, names in BLOCKS for name in names] == [measure.name for measure in MEASURES]


def test_what_is_expected_is_told_in_a_line() -> None:
    case = Case("a", "q", True, answers=("x", "y"), all_of=(("u",), ("v", "w")), patterns=(r"\d+",))
    assert expected(case) == r"x / y; u and (v / w); /\d+/"
    assert expected(Case("a", "q", False)) == "silence: the documents do not tell"


def test_what_was_said_and_what_was_expected_are_marked_word_by_word() -> None:
    case = Case("a", "q", True, answers=("the Mayor of Bergen",), patterns=("opened", "closed"))
    (label, [option]), (_, patterns) = wanted(case, "The mayor opened it [1].")
    assert label == ""
    assert option == [("the ", PLAIN), ("Mayor", FOUND), (" of ", PLAIN), ("Bergen", MISSING)]
    assert patterns == [[("opened", FOUND)], [("closed", MISSING)]]
    assert ("mayor", FOUND) in said(case, "The mayor opened it [1].")
    assert "".join(text for text, _ in said(case, "The mayor opened it [1].")) == "The mayor opened it [1]."


def test_an_answer_of_stopwords_alone_is_still_compared() -> None:
    (_, [option]), *_ = wanted(Case("a", "q", True, answers=("The Who",)), "Pink Floyd")
    assert {state for text, state in option if text.strip()} == {MISSING}


def test_the_date_is_readable_and_odd_ones_stand_as_they_are(usual: Report) -> None:
    assert when(usual.run) == "2 November 2026, 14:03 UTC"
    assert when(replace(usual.run, at="2026-11-02T15:03:00+01:00")) == "2 November 2026, 14:03 UTC"
    assert when(replace(usual.run, at="yesterday")) == "yesterday"


def test_cutting_counts_columns_not_characters() -> None:
    assert cut("short", 10) == "short"
    assert cut("日本語の質問", 7) == "日本語…"
    assert columns(cut("e\u0301" * 500, 20)) <= 20
    assert cut("a\n\x1b[31mb\u202e", 20) == "a [31mb"


# --- The table ---------------------------------------------------------------------------------------------------------------------


MAKERS: Final[dict[str, Callable[[], Report]]] = {
    "usual": lambda: report(48),
    "large": lambda: report(1200),
    "one": lambda: report(1),
    "none": lambda: report(0),
    "bare": lambda: report(48, bare=True),
    "hostile": nasty,
}


@pytest.mark.parametrize("kind", MAKERS)
def test_the_table_is_never_wider_than_it_may_be_and_steers_no_terminal(kind: str) -> None:
    made = MAKERS[kind]()
    text = table(made)
    assert max(map(columns, text.splitlines())) <= WIDTH
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", text)


def test_the_table_begins_with_what_was_asked_of_what_and_the_verdict(usual: Report) -> None:
    first, second = table(usual).splitlines()[:2]
    assert first == "gold questions · qwen2.5-coder-1.5b · 2 November 2026, 14:03 UTC · 48 cases"
    estimate = usual.groups[0].estimates["overall"]
    assert second.startswith(f"{estimate.count} of 48 right or rightly silent ({round(100 * estimate.value)}%, 95% interval")
    assert "1 of 2 requirements missed." in " ".join(verdict(usual))


def test_the_table_has_its_sections_in_order_of_weight(usual: Report) -> None:
    titles = [block.splitlines()[0].partition(" ")[0] for block in table(usual).split("\n\n")]
    sections = "gold Answers Citations Retrieval Calibration Cost Types Judge Left Against Requirements Not 95%"
    assert titles == sections.split()


def test_a_row_of_the_table_tells_value_interval_and_counts_and_leaves_out_what_was_not_measured(usual: Report) -> None:
    groups = (replace(usual.groups[0], estimates={"right": Estimate(37 / 48, 0.63, 0.87, 48, 37)}),)
    text = table(replace(usual, groups=groups))
    assert re.search(r"^  answerable: right +77%  \(63 to 87\) +37 of 48$", text, re.MULTILINE)
    assert "MRR" not in text
    assert "Retrieval" not in text


def test_values_stand_below_each_other(usual: Report) -> None:
    rows = [line for line in table(usual).splitlines() if re.match(r"  [\w@].*\(.* to .*\) +(?:\d|over)", line) and " of " in line]
    assert len({line.index("(") for line in rows if "requirement" not in line and line.index("(") > 30}) == 1


def test_at_most_twenty_wrong_cases_are_told_and_the_rest_counted() -> None:
    made = report(200)
    wrong = sum(made.outcomes.get(name, 0) for name in ("wrong", "invented", "withheld"))
    section = table(made).split("Not right, the worst first\n")[1].split("\n\n")[0].splitlines()
    assert sum(bool(re.match(r"  (?:invented|wrong|withheld) ", line)) for line in section) == 20
    assert section[-1] == f"  and {wrong - 20} more"
    assert section[0].startswith("  invented")


def test_what_was_left_out_is_told_and_counted(usual: Report) -> None:
    section = table(usual).split("Left out: 7 cases\n")[1].split("\n\n")[0].splitlines()
    assert section[0] == "  line 7: answerable is missing"
    assert section[5:] == ["  and 2 more"]


def test_cases_without_a_type_are_a_row_of_their_own(usual: Report) -> None:
    plain = [replace(one, case=replace(one.case, type="" if one.case.type == "date" else "other")) for one in usual.scored]
    wrong = sum(one.outcome in ("wrong", "invented") for one in plain if not one.case.type)
    row = next(line for line in table(report(scored=plain)).splitlines() if line.startswith("  (none)"))
    assert row.split()[1] == str(sum(not one.case.type for one in plain))
    assert row.split()[-1] == str(wrong) != "0"


def test_requirements_missed_come_first(usual: Report) -> None:
    lines = table(usual).split("\nRequirements\n")[1].splitlines()
    assert lines[0].split() == "MISSED refused_unanswerable>=0.95 found 0.91 (10 of 11)".split()


def test_a_report_of_a_search_alone_says_so() -> None:
    made = report(48)
    searched = replace(made, groups=(replace(made.groups[0], estimates={"hit@5": Estimate(0.9, 0.8, 0.95, 40, 36)}),), comparison=None)
    assert verdict(searched)[0] == "Searched only: a supporting document is among the first five for 36 of 40 (90%)."
    assert verdict(report(0, bare=True)) == ["No case was scored."]


def test_why_a_case_is_wrong_comes_from_its_marks() -> None:
    one = next(one for one in report(60).scored if one.outcome == "wrong")
    assert why(one) == one.marks["right"].reason
    assert why(replace(one, marks={"right": Mark(0.0)})) == "not what was expected"
    assert why(replace(one, outcome="withheld", reply=replace(one.reply, reason="too far"))) == "too far"


# --- Markdown ----------------------------------------------------------------------------------------------------------------------


def rendered(text: str) -> str:
    return str(MarkdownIt("commonmark", {"html": True}).enable("table").render(text))


def test_nothing_from_outside_becomes_markup_or_mention() -> None:
    shown = rendered(markdown(nasty()))
    assert not re.search(r"<(?:img|script|a|code|em|u|i|b)\b", shown)
    assert "<script>" in html.unescape(shown)  # shown as it is
    said_to_people = re.sub(r"<[^>]+>", "", html.unescape(shown.replace("&lt;", "")))
    assert not re.search(r"(?<!\w)@\w|#\w", said_to_people)  # "Hit@1" is no mention
    assert len(re.findall(r"<details>", shown)) == len(re.findall(r"</details>", shown)) == 2


@pytest.mark.parametrize(
    "text", ["a|b", "a\nb", "`x`", "<b>", "@me", "#12", "GH-7", "http://x.y", "www.x.y", "*a* _b_ ~c~", "[a](b)", "![a](b)", ":+1:"]
)
def test_escaped_text_stands_in_a_cell_as_it_is(text: str) -> None:
    shown = rendered(f"| a | b |\n| -- | -- |\n| {escaped(text)} | end |\n")
    cells = re.findall(r"<td>(.*?)</td>", shown)
    assert [html.unescape(cell).replace("\u2060", "") for cell in cells] == [" ".join(text.split()), "end"]
    assert not re.search(r"[@#]\w|://|www\.|GH-\d|:\+", html.unescape(cells[0]))


def test_markdown_tells_the_verdict_first_and_folds_up_the_rest(usual: Report) -> None:
    text = markdown(usual)
    assert text.startswith("**gold questions** · ")
    assert verdict(usual)[0] in html.unescape(text.splitlines()[0])
    compact, _, folded = text.partition("<details>")
    assert "| first token after |" in compact  # it is worse
    assert "| MRR |" not in compact
    assert "| MRR |" in folded


def test_markdown_of_thousands_of_cases_fits_a_comment() -> None:
    made = report(1500)
    text = markdown(made)
    assert len(text) < 65_536
    assert re.search(r"^- and [\d,]+ more$", text, re.MULTILINE)


# --- JSON lines --------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["usual", "none", "hostile"])
def test_what_was_written_is_read_back_exactly(kind: str) -> None:
    made = MAKERS[kind]()
    lines = list(jsonl(made))
    assert len(lines) == 1 + len(made.scored)
    assert all("\n" not in line for line in lines)
    assert read_jsonl(f"{line}\n" for line in lines) == (made.run, made.scored)


def test_the_first_line_holds_the_whole_summary_and_each_other_a_case(usual: Report) -> None:
    first, second, *_ = map(json.loads, jsonl(usual))
    assert set(first) == {
        "run",
        "groups",
        "outcomes",
        "risk_coverage",
        "reliability",
        "resampled",
        "comparison",
        "requirements",
        "judgement",
    }
    assert list(second) == ["case", "reply", "outcome", "marks"]


@pytest.mark.parametrize(
    ("number", "line", "words"),
    [
        (1, "", "Line 1 is not the summary of a run"),
        (1, "[]", "Line 1 is not the summary of a run"),
        (1, '{"a": 1}', "Line 1 is not the summary of a run: run: Field required"),
        (3, "{", "Line 3 is not a scored case: Invalid JSON"),
        (3, '{"case": {}}', "Line 3 is not a scored case: case.id: Field required"),
        (4, "same as 2", "Line 4 repeats the case s001"),
    ],
)
def test_anything_else_is_refused_by_its_line(usual: Report, number: int, line: str, words: str) -> None:
    lines = list(jsonl(usual))
    lines[number - 1] = lines[1] if line == "same as 2" else line
    with pytest.raises(UsageError, match=re.escape(words)):
        read_jsonl(lines if line else [])


def test_a_mark_of_the_wrong_type_is_refused(usual: Report) -> None:
    first, second, *_ = jsonl(usual)
    with pytest.raises(UsageError, match="Line 2 is not a scored case: outcome"):
        read_jsonl([first, second.replace('"outcome":"', '"outcome":"mostly ', 1)])


def test_hostile_text_is_long_enough_to_matter() -> None:
    assert HOSTILE in "".join(one.case.question for one in nasty().scored)

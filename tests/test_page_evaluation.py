"""What readers say of answers, and the page that runs evaluations, in a real browser."""

import json
import re
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

import gradio as gr
import pytest
from playwright.sync_api import Page, expect

from qa.evaluation.cases import CaseFile
from qa.evaluation.desk import Desk, State
from qa.evaluation.types import Case, Fault
from qa.status import Stage, Status
from qa.types import Feedback
from tests.browser import WAIT, Canary, Site, Visit, ask, chromium, contexts, overflow, visit, wait_for
from tests.page_site import FERRY, HOSTILE, OPENED, QUOTE, TALL, canary, gate, site
from tests.reports import report
from ui import evaluation

__all__ = ["canary", "chromium", "contexts", "gate", "site", "visit"]  # fixtures

SET = "bridge.jsonl"
STRANGE = "<img src=x onerror=alert(6)>.jsonl"
ROWS: tuple[Mapping[str, object], ...] = (
    {"id": "ferry", "question": FERRY, "answerable": True, "answers": ["Horten"]},
    {
        "id": "opened",
        "question": OPENED,
        "answerable": True,
        "answers": ["the mayor of Oslo"],
        "evidence": [{"file": "papers/bridge.txt", "quote": QUOTE}],
    },
    {"id": "tall", "question": TALL, "answerable": False},
)


def write_set(folder: Path, name: str, rows: Iterable[Mapping[str, object]]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")


@pytest.fixture
def sets(site: Site) -> Iterator[Path]:
    """The folder in which the page looks for sets of cases, with one, and no reply known yet."""
    folder = Desk(site.qa).folder
    write_set(folder, SET, ROWS)
    yield folder
    for path in folder.glob("*.jsonl"):
        path.unlink()


def given(site: Site, holds: Callable[[Feedback], bool]) -> Feedback:
    """What was said last, as soon as `holds` is true of it."""
    end = time.monotonic() + WAIT / 1000
    while time.monotonic() < end:
        said = site.qa.given_feedback()
        if said and holds(said[-1]):
            return said[-1]
        time.sleep(0.05)
    raise AssertionError(site.qa.given_feedback())


def pressed(page: Page, where: str = "#current") -> list[str | None]:
    return [thumb.get_attribute("aria-pressed") for thumb in page.locator(f"{where} .thumb").all()]


# --- thumbs -----------------------------------------------------------------------------------------------------------------------


def test_a_thumb_and_a_note_are_kept_and_the_last_word_counts(site: Site, visit: Visit) -> None:
    page = visit(site.url)
    ask(page, OPENED)
    wait_for(page, "answered", OPENED)
    expect(page.get_by_role("textbox", name="What was wrong?")).to_have_count(0)
    page.get_by_role("button", name="Good answer").click()
    answer = given(site, lambda one: one.good).id
    assert pressed(page) == ["true", "false"]
    page.get_by_role("button", name="Bad answer").focus()
    page.keyboard.press("Space")
    note = page.get_by_role("textbox", name="What was wrong?")
    note.fill("It was <b>the king</b>.")
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Save")).to_be_focused()
    note.press("Enter")
    expect(page.locator("#current .told")).to_have_text("Saved.")
    said = given(site, lambda one: not one.good and one.note != "")
    assert (said.id, said.note) == (answer, "It was <b>the king</b>.")
    page.get_by_role("button", name="Good answer").click()
    assert given(site, lambda one: one.good).note == "It was <b>the king</b>."


def test_what_was_pressed_and_typed_outlasts_the_next_question(site: Site, visit: Visit) -> None:
    page = visit(site.url, width=390, height=844)
    ask(page, TALL)
    wait_for(page, "withheld", TALL)
    page.get_by_role("button", name="Bad answer").click()
    page.get_by_role("textbox", name="What was wrong?").fill("half a no")
    assert overflow(page) <= 0
    ask(page, FERRY)
    wait_for(page, "answered", FERRY)
    assert pressed(page, "#past") == ["false", "true"]
    assert pressed(page) == ["false", "false"]
    expect(page.locator("#past .remark input")).to_have_value("half a no")
    expect(page.locator("#current .remark")).to_be_hidden()


def test_what_could_not_be_kept_is_told_and_taken_back(site: Site, visit: Visit) -> None:
    page = visit(site.url)
    ask(page, FERRY)
    wait_for(page, "answered", FERRY)
    page.route("**/v1/feedback", lambda route: route.abort())
    good = page.get_by_role("button", name="Good answer")
    good.click()
    expect(page.locator("#current .told")).to_have_text("Not saved: the server cannot be reached.")
    assert pressed(page) == ["false", "false"]
    page.unroute("**/v1/feedback")
    page.locator("#current .feedback").evaluate("node => { node.dataset.answer = 'gone'; }")  # as after a restart of the server
    good.click()
    expect(page.locator("#current .told")).to_have_text("Not saved: the server no longer knows this answer.")
    assert pressed(page) == ["false", "false"]


# --- the evaluation page ----------------------------------------------------------------------------------------------------------


def open_evaluation(visit: Visit, site: Site, name: str = SET, **window: object) -> Page:
    """The page with a set chosen."""
    page = visit(site.url, path="evaluation", ready=":is(#start, #stop):visible", **window)
    expect(page.locator("#about")).to_contain_text("JSONL")
    if page.locator("#start").is_visible() and page.get_by_label("Set of cases").input_value() != name:
        page.get_by_label("Set of cases").click()
        page.get_by_role("option", name=name, exact=True).click()
    return page


def test_a_set_is_run_stopped_and_gone_on_with_and_every_tab_sees_it(site: Site, visit: Visit, gate: threading.Event, sets: Path) -> None:
    gate.clear()
    page = open_evaluation(visit, site)
    expect(page).to_have_title("Evaluation – Footnote")
    expect(page.locator("#about")).to_contain_text("3 cases")
    expect(page.locator("#about")).to_contain_text(str(sets))
    expect(page.locator("#report")).to_contain_text("Are the answers right?")
    page.locator("#start").click()
    expect(page.locator(".run .amount")).to_have_text("1 of 3")
    expect(page.locator(".run progress")).to_have_attribute("value", "1")
    expect(page.locator("#stop")).to_be_focused()
    other = open_evaluation(visit, site, width=390, height=844)
    expect(other.locator(".run")).to_contain_text(SET)
    expect(other.locator(".run .amount")).to_have_text("1 of 3")
    page.locator("#stop").click()
    expect(page.locator("#stop")).to_be_disabled()
    gate.set()
    expect(page.locator(".run")).to_contain_text(re.compile("stopped after [12] of 3"))
    expect(other.locator(".run")).to_contain_text(re.compile("stopped after [12] of 3"))
    page.locator("#start").click()
    report = page.frame_locator("#report iframe")
    expect(report.locator("h1")).to_contain_text("3 of 3 right or rightly silent")
    expect(page.locator(".run")).to_contain_text("is done")
    other.evaluate("document.dispatchEvent(new Event('visibilitychange'))")  # as when a tab is looked at again
    expect(other.frame_locator("#report iframe").locator("h1")).to_contain_text("3 of 3")
    assert overflow(other) <= 0
    report.get_by_label("Show").select_option("all")
    report.locator(".case summary").last.click()
    report.get_by_role("link", name="Link to this case").click()  # within the frame, which has no address of its own
    expect(report.locator(".case[open] > summary")).to_be_focused()
    with page.expect_download() as download:
        page.get_by_role("button", name="Save the report").click()
    assert download.value.suggested_filename == "bridge.html"
    assert "3 of 3 right" in download.value.path().read_text(encoding="utf-8")


def test_what_cannot_be_started_or_fails_is_told_in_one_line(site: Site, visit: Visit, sets: Path) -> None:
    write_set(sets, "elsewhere.jsonl", ({**ROWS[1], "evidence": [{"file": "papers/gone.txt"}]},))
    (sets / "empty.jsonl").write_text("\n", encoding="utf-8")
    page = open_evaluation(visit, site, "empty.jsonl")
    expect(page.get_by_role("alert")).to_contain_text("empty.jsonl holds no cases")
    page.locator("#start").click()
    page.wait_for_timeout(300)
    expect(page.get_by_role("alert")).to_contain_text("empty.jsonl holds no cases")
    page.get_by_label("Set of cases").click()
    page.get_by_role("option", name="elsewhere.jsonl").click()
    expect(page.get_by_role("alert")).to_have_count(0)
    page.get_by_label("How many").fill("none")
    page.get_by_label("How many").press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("'none' is not a number of cases")
    page.get_by_label("How many").fill("1")
    page.locator("#start").click()
    expect(page.locator(".run.broken")).to_contain_text("papers/gone.txt, which is not indexed")
    expect(page.locator("#start")).to_be_visible()


def test_hostile_cases_reach_nothing_outside_the_report(site: Site, visit: Visit, canary: Canary, sets: Path) -> None:
    hostile = f"{HOSTILE.replace('CANARY', canary.url)}</script><script>parent.alert(7)</script>\"'></iframe><script>alert(8)</script>"
    row = {"id": hostile, "question": f"{TALL} {hostile}", "answerable": True, "answers": [hostile], "type": hostile}
    write_set(sets, STRANGE, (row, {**row, "id": "2", "type": "<b>"}))
    page = open_evaluation(visit, site, STRANGE)
    expect(page.locator("#about")).to_contain_text(f"1 {hostile}")
    page.locator("#start").click()
    report = page.frame_locator("#report iframe")
    report.locator("summary", has_text="alert(7)").first.click()
    expect(report.locator(".case .body").first).to_contain_text(hostile)
    reached = page.frames[-1].evaluate("() => { try { return parent.document.title; } catch (error) { return error.name; } }")
    assert reached == "SecurityError"
    assert page.locator("#evaluation :is(img, script, form, b:not(.run b), object, [onerror])").count() == 0
    assert page.locator("iframe").count() == 1
    assert page.frames[-1].locator(":is(img, iframe, object, [onerror])").count() == 0
    assert canary.asked == []


def test_the_two_pages_lead_to_each_other_and_a_conversation_stays_open(site: Site, visit: Visit) -> None:
    page = visit(site.url)
    page.get_by_role("link", name="Evaluation").click()
    page.wait_for_selector("#start:visible")
    page.get_by_role("link", name="Chat").click()
    ask(page, FERRY)
    wait_for(page, "answered", FERRY)
    with page.context.expect_page() as opened:
        page.get_by_role("link", name="Evaluation").click()
    opened.value.wait_for_selector("#start:visible")
    opened.value.close()
    expect(page.locator("#current .sentence")).to_contain_text("Horten")


# --- without a browser --------------------------------------------------------------------------------------------------------------


def made(site: Site, status: Status) -> evaluation.EvaluationPage:
    with gr.Blocks() as blocks:
        pass
    return evaluation.EvaluationPage(Desk(site.qa), lambda: status, blocks)


@pytest.mark.parametrize(
    ("stages", "told"),
    [
        ((Stage("index", "working", "indexing"), Stage("model", "ready", "")), "The index is not ready yet. Start when it is."),
        ((Stage("index", "ready", ""), Stage("model", "failed", "Nobody answers")), "The language model failed: Nobody answers"),
    ],
)
def test_nothing_is_started_before_everything_is_ready(site: Site, sets: Path, stages: tuple[Stage, ...], told: str) -> None:
    page = made(site, Status(stages))
    changes = page.begin(SET, "", 0)
    assert told in str(changes[page.fault])
    assert Desk(site.qa).state().phase == "idle"


def test_a_report_is_sent_once() -> None:
    shelf, first = evaluation.Shelf(), report(3, seed=1)
    assert shelf.newest(first)[0] == 1
    assert shelf.newest(first) == shelf.newest(first)
    assert shelf.newest(report(3, seed=2))[0] == 2


@pytest.mark.parametrize(
    ("types", "faults", "told"),
    [
        (("",), (), "1 case."),
        (("date", "date", "fact"), (), "3 cases: 2 date, 1 fact."),
        (tuple("abcdefghi"), (), "9 cases."),
        (("date", "date"), (Fault(7, "not <JSON>"),), "2 cases. 1 row left out, the first in line 7: not &lt;JSON&gt;."),
    ],
)
def test_a_set_is_told_in_a_line(types: tuple[str, ...], faults: tuple[Fault, ...], told: str) -> None:
    cases = tuple(Case(str(number), "Q", False, type=name) for number, name in enumerate(types))
    assert evaluation.summary(CaseFile("a.jsonl", cases, faults)) == told


@pytest.mark.parametrize("phase", ["idle", "running", "stopping", "done", "stopped", "failed"])
def test_the_name_of_a_set_stays_text_in_every_phase(phase: str) -> None:
    markup = evaluation.progress(State(phase, STRANGE, "<i>", 1, 2, "<u>"))  # type: ignore[arg-type]
    assert not any(tag in markup for tag in ("<img", "<i>", "<u>"))

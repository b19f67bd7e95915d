"""The page in a real browser. Every test ends with the check that nothing was asked of another origin (`browser.visit`)."""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import BrowserContext, Page, Route, expect

from qa.service import QA
from qa.settings import Settings
from tests.browser import START, Canary, Site, Visit, ask, chromium, contexts, overflow, serving, visit, wait_for
from tests.fake_ollama import FakeOllama, Model, Reply
from tests.page_site import (
    BRIDGE,
    BROKEN,
    DOWN,
    ENDLESS,
    FERRY,
    FERRY_TEXT,
    HOSTILE,
    LOG,
    LONG,
    OPENED,
    QUOTE,
    STOP,
    TALL,
    canary,
    gate,
    site,
)

__all__ = ["canary", "chromium", "contexts", "gate", "site", "visit"]  # fixtures


def answered(page: Page, question: str) -> None:
    ask(page, question)
    wait_for(page, "answered", question)


def in_view(page: Page, selector: str) -> bool:
    """Whether the middle of an element is what one sees at its place."""
    return bool(
        page.evaluate(
            """selector => {
              const box = document.querySelector(selector).getClientRects()[0];
              const seen = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
              return seen?.closest(selector) !== null;
            }""",
            selector,
        )
    )


def top(page: Page, selector: str) -> float:
    box = page.locator(selector).bounding_box()
    assert box is not None
    return box["y"]


def test_evidence_stands_there_before_the_answer_and_tokens_are_dimmed_until_checked(
    site: Site, visit: Visit, gate: threading.Event
) -> None:
    gate.clear()
    page = visit(site.url)
    ask(page, OPENED)
    expect(page.locator("#panel .sentences li .words").filter(has_text=QUOTE)).to_be_visible()
    expect(page.locator("#panel .source").first).to_contain_text("4 May 1998 · papers/bridge.txt")
    unchecked = page.locator("#current .unchecked")
    expect(unchecked).to_have_text("The mayor of Oslo opened")
    checked = page.locator("#current .question").evaluate("node => getComputedStyle(node).color")
    assert unchecked.evaluate("node => getComputedStyle(node).color") != checked
    gate.set()
    wait_for(page, "answered", OPENED)
    expect(page.locator("#current .sentence")).to_have_text("The mayor of Oslo opened the bridge.[1]")
    expect(page.locator("#current .unchecked")).to_have_count(0)
    expect(page.locator("#panel li.cited .words")).to_have_text(QUOTE)
    expect(page.locator(".spoken")).to_have_text("The mayor of Oslo opened the bridge [1].")


def test_a_footnote_opens_its_document_with_the_quote_highlighted_in_view(site: Site, visit: Visit) -> None:
    page = visit(site.url)
    answered(page, OPENED)
    page.click("#current .text a.cite")
    mark = page.locator("#document mark.active")
    expect(mark).to_have_text(QUOTE)  # behind characters that JavaScript counts twice
    expect(mark).to_be_in_viewport()
    assert in_view(page, "#document mark.active")
    expect(page.locator("#document header")).to_contain_text("New bridge opens over the Alna 🎉")
    expect(page.locator("#document header")).to_contain_text("4 May 1998 · papers/bridge.txt")
    assert page.locator("#document .body").evaluate("node => node.textContent") == BRIDGE
    expect(page.locator("#panel")).to_be_hidden()
    page.click("#document .back")
    expect(page.locator("#panel")).to_be_visible()


def test_everything_can_be_done_with_the_keyboard(site: Site, visit: Visit) -> None:
    page = visit(site.url)
    expect(page.get_by_role("textbox", name="Question")).to_be_focused()
    expect(page.get_by_role("button", name="Ask", exact=True)).to_be_visible()
    page.keyboard.type(OPENED)
    page.keyboard.press("Enter")
    wait_for(page, "answered", OPENED)
    link = page.locator("#current .text a.cite")
    link.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#document mark.active")).to_be_in_viewport()
    expect(page.locator("#document")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator("#document")).to_be_hidden()
    expect(link).to_be_focused()
    assert link.evaluate("node => getComputedStyle(node).outlineStyle") != "none"


def test_stop_ends_the_answer_and_the_model(site: Site, visit: Visit, gate: threading.Event) -> None:
    gate.clear()
    site.model.broken_off.clear()
    page = visit(site.url)
    ask(page, STOP)
    expect(page.locator("#current .unchecked")).to_have_text("Engineers from Bergen designed")
    page.click("#question .stop-button")
    wait_for(page, "stopped", STOP)
    expect(page.locator("#current .notice")).to_contain_text("not checked")
    gate.set()
    assert site.model.broken_off.wait(30)
    answered(page, FERRY)


def test_closing_the_page_stops_the_model(site: Site, visit: Visit) -> None:
    site.model.pause = 0.01
    site.model.broken_off.clear()
    page = visit(site.url)
    ask(page, ENDLESS)
    expect(page.locator("#current .unchecked")).to_contain_text("on and on")
    page.close()
    assert site.model.broken_off.wait(30)


def test_a_withheld_answer_says_so_and_shows_the_nearest_passages(site: Site, visit: Visit) -> None:
    page = visit(site.url)
    ask(page, TALL)
    wait_for(page, "withheld", TALL)
    expect(page.locator("#current .withheld .message")).to_have_text("The documents do not tell.")
    expect(page.locator("#current .withheld .reason")).not_to_be_empty()
    expect(page.locator("#current a.cite")).to_have_count(0)
    expect(page.locator("#panel h2")).to_have_text("Nearest passages")
    page.locator("#panel a.open").first.click()
    expect(page.locator("#document mark.active")).to_be_in_viewport()


def test_withdrawn_sentences_are_listed_with_their_reasons(site: Site, visit: Visit) -> None:
    page = visit(site.url)
    answered(page, LONG)
    expect(page.locator("#current .sentence")).to_have_text("The bridge is 212 metres long.[1]")
    fold = page.locator("#current .withdrawn")
    expect(fold.locator("li")).to_be_hidden()
    fold.locator("summary").click()
    expect(fold.locator("li")).to_contain_text("because the number 999")


def test_errors_show_message_and_hint_and_no_code(site: Site, visit: Visit) -> None:
    page = visit(site.url)
    ask(page, DOWN)
    wait_for(page, "failed", DOWN)
    expect(page.locator("#current .failed")).to_contain_text("Nobody answers at 127.0.0.1:1.")
    expect(page.locator("#current .failed .hint")).to_have_text("Start the engine & ask again.")
    ask(page, BROKEN)
    wait_for(page, "failed", BROKEN)
    expect(page.locator("#current .failed")).to_contain_text("Something went wrong inside Footnote.")
    assert "secret" not in page.content()
    ask(page, "x" * 2001)
    expect(page.locator("#current .failed")).to_contain_text("2000 are allowed")
    expect(page.locator("#question textarea")).to_have_value("x" * 2001)


def test_hostile_texts_stay_texts(site: Site, visit: Visit, canary: Canary) -> None:
    page = visit(site.url)
    hostile = HOSTILE.replace("CANARY", canary.url)
    answered(page, LOG)
    expect(page.locator("#current .sentence")).to_contain_text(hostile)
    page.click("#current .text a.cite")
    expect(page.locator("#document mark.active")).to_contain_text(hostile)
    expect(page.locator("#document h2")).to_contain_text(hostile)
    expect(page.locator("#document .file")).to_have_text("papers/<b onclick=alert(5)>log.txt")
    ask(page, hostile)
    expect(page.locator("#current .question")).to_have_text(hostile)
    page.wait_for_selector("#question .submit-button")
    page.wait_for_timeout(300)
    assert page.locator("#desk :is(img, script, iframe, form, b, object, svg image, [onclick], [onerror])").count() == 0
    assert page.locator('#desk a:not([href="#document"])').count() == 0
    assert canary.asked == []


def test_the_policy_stops_what_would_leave(site: Site, contexts: Callable[..., BrowserContext], canary: Canary) -> None:
    """Were a text ever to become HTML, it could still not tell anything to anybody."""
    page = contexts(1280, 800, "light").new_page()
    page.goto(site.url)
    page.evaluate("url => { const image = new Image(); image.src = url; document.body.append(image); }", f"{canary.url}/i.png")
    told = page.evaluate("url => fetch(url).then(() => 'sent', () => 'refused')", canary.url)
    page.evaluate("url => { document.body.innerHTML = `<form action=${url}><button>`; document.forms[0].submit(); }", canary.url)
    page.wait_for_timeout(300)
    assert told == "refused"
    assert canary.asked == []
    page.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_phone_shows_everything_in_one_column(site: Site, visit: Visit, scheme: Literal["light", "dark"]) -> None:
    page = visit(site.url, width=390, height=844, scheme=scheme)
    background = page.evaluate("getComputedStyle(document.querySelector('.gradio-container')).backgroundColor")
    assert (sum(map(int, background.removeprefix("rgb(").removesuffix(")").split(","))) < 150) is (scheme == "dark")
    assert overflow(page) <= 0
    answered(page, FERRY)
    answered(page, OPENED)
    expect(page.locator("#current .question")).to_be_in_viewport()
    assert overflow(page) <= 0
    assert top(page, "#side") > top(page, "#current")
    page.click("#current .text a.cite")
    expect(page.locator("#document mark.active")).to_be_in_viewport()
    assert in_view(page, "#document mark.active")
    assert overflow(page) <= 0
    page.click("#document .back")
    expect(page.locator("#current .text a.cite")).to_be_in_viewport()


def test_a_conversation_keeps_its_answers_and_their_evidence_until_a_new_one(site: Site, visit: Visit) -> None:
    page = visit(site.url)
    answered(page, FERRY)
    answered(page, LONG)
    expect(page.locator("#past .sentence")).to_have_text("The Tuva Queen goes to Horten.[1]")
    page.click("#past .show-evidence")
    expect(page.locator("#document .source").first).to_contain_text("Ferry timetable changes")
    page.click("#past .text a.cite")
    expect(page.locator("#document mark.active")).to_have_text("MOSS: Every hour the Tuva Queen goes to Horten.")
    page.click("#new")
    expect(page.locator(".turn")).to_have_count(0)
    expect(page.locator(".welcome")).to_contain_text("3 documents indexed")


def test_an_example_is_asked_by_a_click(site: Site, visit: Visit) -> None:
    page = visit(site.url)
    example = page.locator(".example").first
    question = example.inner_text()
    example.click()
    expect(page.locator("#current .question")).to_have_text(question)
    expect(page.locator(".welcome")).to_have_count(0)


def serve_document(page: Page, change: Callable[[str], str]) -> None:
    """Lets the page get documents with another text than the library's."""

    def fulfil(route: Route) -> None:
        document = route.fetch().json()
        route.fulfill(json={**document, "text": change(document["text"])})

    page.route("**/v1/documents/*", fulfil)


def test_offsets_count_characters_and_not_the_units_of_javascript(site: Site, visit: Visit) -> None:
    def flags_before(text: str) -> str:
        """The quote stands early too, and before its true place as many characters as ever, each of two units."""
        start = text.index(QUOTE)
        return QUOTE + "🎏" * (start - len(QUOTE)) + text[start:]

    page = visit(site.url)
    serve_document(page, flags_before)
    answered(page, OPENED)
    page.click("#current .text a.cite")
    expect(page.locator("#document mark.active")).to_have_text(QUOTE)
    before = page.evaluate("document.querySelector('#document .body').textContent.split('🎏').length - 1")
    assert page.locator("#document mark.active").evaluate("node => node.previousSibling.textContent.endsWith('🎏')")
    assert before == BRIDGE.index(QUOTE) - len(QUOTE)


def test_a_document_that_has_changed_or_gone_is_told_with_the_quote(site: Site, visit: Visit) -> None:
    page = visit(site.url)
    serve_document(page, lambda text: text.replace(QUOTE, "It was opened on Tuesday."))
    answered(page, OPENED)
    page.click("#current .text a.cite")
    expect(page.locator("#document .notice")).to_contain_text("has changed")
    expect(page.locator("#document .notice blockquote")).to_have_text(QUOTE)
    page = visit(site.url)
    gone = {"error": {"type": "not_found", "message": "There is no <b>document</b>", "hint": "Sync again."}}
    page.route("**/v1/documents/*", lambda route: route.fulfill(status=404, json=gone))
    answered(page, OPENED)
    page.click("#current .text a.cite")
    expect(page.locator("#document .notice")).to_contain_text("There is no <b>document</b>. Sync again.")
    expect(page.locator("#document .notice blockquote")).to_have_text(QUOTE)


def test_a_document_of_five_megabytes_opens_at_once(site: Site, visit: Visit) -> None:
    page = visit(site.url)
    serve_document(page, lambda text: text + "\nThe river went on and on. " * 190_000)
    answered(page, OPENED)
    page.click("#current .text a.cite")
    expect(page.locator("#document mark.active")).to_be_in_viewport(timeout=5000)
    assert page.evaluate("document.querySelector('#document .body').textContent.length") > 5_000_000
    scroll = "document.querySelector('#side').scrollTop += 2000; void document.body.offsetHeight"
    busy = page.evaluate(f"() => {{ const start = performance.now(); {scroll}; return performance.now() - start; }}")
    assert busy < 1000  # milliseconds


def test_what_is_not_ready_yet_is_told_and_goes_away(visit: Visit, tmp_path: Path) -> None:
    arrived = threading.Event()

    class Slow(dict[str, Model]):
        def __getitem__(self, name: str) -> Model:
            arrived.wait(20)
            return super().__getitem__(name)

    (tmp_path / "papers").mkdir()
    (tmp_path / "papers" / "ferry.txt").write_text(FERRY_TEXT, encoding="utf-8")
    with FakeOllama(models={}, library=Slow(tiny=Model()), replies=[Reply(("[1] The Tuva Queen ", "goes to Horten."))]) as ollama:
        settings = Settings(home=tmp_path / "home", folders=(tmp_path / "papers",), model="ollama:tiny", model_url=ollama.url)
        qa = QA.open(settings)
        with serving(qa) as url:
            page = visit(url)
            stage = page.locator('#status .stage[data-state="working"]')
            expect(stage.filter(has_text="Language model")).to_contain_text("pulling tiny")
            expect(stage.locator("progress").last).to_have_attribute("max", "200")
            ask(page, FERRY)
            wait_for(page, "failed", FERRY)
            expect(page.locator("#current .failed")).to_contain_text("pulling tiny")
            expect(page.locator("#question textarea")).to_have_value(FERRY)
            arrived.set()
            expect(page.locator("#status .stage")).to_have_count(0, timeout=START)
            page.press("#question textarea", "Enter")
            wait_for(page, "answered", FERRY)
        qa.close()

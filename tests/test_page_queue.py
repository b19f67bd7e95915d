"""The line on the page: who asks while another is answered."""

import threading

from playwright.sync_api import expect

from qa.types import Done, Found
from tests.browser import Site, Visit, ask, chromium, contexts, visit, wait_for
from tests.page_site import FERRY, LONG, OPENED, canary, gate, site

__all__ = ["canary", "chromium", "contexts", "gate", "site", "visit"]  # fixtures


def test_who_asks_while_another_is_answered_sees_the_place_in_line(site: Site, visit: Visit, gate: threading.Event) -> None:
    gate.clear()
    inside = site.qa.ask(OPENED)
    assert isinstance(next(inside), Found)
    first, second = visit(site.url), visit(site.url)  # no third: a browser keeps six connections to an address, and a page takes two
    ask(first, LONG)
    expect(first.locator("#current .working")).to_have_text("1st in line; others are being answered")
    expect(first.locator(".spoken")).to_have_text("1st in line; others are being answered")
    ask(second, FERRY)
    expect(second.locator("#current .working")).to_contain_text("2nd in line")
    first.click("#question .stop-button")
    wait_for(first, "stopped", LONG)
    expect(second.locator("#current .working")).to_contain_text("1st in line")
    expect(second.locator(".spoken")).to_contain_text("1st in line")
    gate.set()
    assert isinstance(list(inside)[-1], Done)
    wait_for(second, "answered", FERRY)


def test_closing_the_page_gives_up_the_place(site: Site, visit: Visit, gate: threading.Event) -> None:
    gate.clear()
    inside = site.qa.ask(OPENED)
    assert isinstance(next(inside), Found)
    first, second = visit(site.url), visit(site.url)
    ask(first, LONG)
    expect(first.locator("#current .working")).to_contain_text("1st in line")
    ask(second, FERRY)
    expect(second.locator("#current .working")).to_contain_text("2nd in line")
    first.close()
    expect(second.locator("#current .working")).to_contain_text("1st in line")
    gate.set()
    assert isinstance(list(inside)[-1], Done)
    wait_for(second, "answered", FERRY)

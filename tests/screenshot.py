"""A picture of the real page, for the README: `python -m tests.screenshot OUT.png [ADDRESS] [QUESTION]`, while `make serve` runs."""

import sys

from playwright.sync_api import sync_playwright

from tests.browser import CHROMIUM, OPTIONS, ask

QUESTION = "Where did the US lawmakers meet Pakistan's army chief?"
PATIENCE = 120_000  # milliseconds for the model


def take(out: str, address: str = "http://127.0.0.1:7860/", question: str = QUESTION) -> None:
    """Asks, opens the first footnote and takes the picture: 1440 × 900 points, two pixels each way."""
    with sync_playwright() as playwright, playwright.chromium.launch(executable_path=CHROMIUM, args=OPTIONS) as browser:
        page = browser.new_page(viewport={"width": 1440, "height": 900}, device_scale_factor=2)
        page.set_default_timeout(PATIENCE)
        page.goto(address)
        ask(page, question)
        page.click("#current .text a.cite")
        page.wait_for_selector("#document mark.active")
        page.mouse.move(0, 0)
        page.wait_for_timeout(500)
        page.screenshot(path=out)


if __name__ == "__main__":
    take(*sys.argv[1:])

"""How quick the page is, in a real browser: `python -m tests.page_times [ADDRESS]`; without one, over the seeds with a scripted model.

Prints the milliseconds from Enter to the evidence on screen, and from the address to a page that can be asked, and the bytes sent for it.
"""

import statistics
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from qa.settings import data_folder
from tests.browser import CHROMIUM, OPTIONS, Scripted, ask, build_qa, serving

ROUNDS = 20
WATCH = """() => {
  window.asked = window.seen = 0;
  addEventListener("keydown", (event) => { if (event.key === "Enter") window.asked = performance.now(); }, true);
  new MutationObserver(() => {
    if (window.asked && !window.seen && !document.querySelector("#panel .blank, #panel .cited, #panel .nearest"))
      requestAnimationFrame(() => { window.seen ||= performance.now(); });
  }).observe(document.getElementById("panel"), { childList: true, subtree: true });
}"""
LOADED = """() => [performance.getEntriesByType("navigation")[0], ...performance.getEntriesByType("resource")]
  .reduce((sum, entry) => sum + entry.transferSize, 0)"""


def evidence_ms(page: Page, question: str) -> float:
    """From the key to the frame that shows the evidence; the answer is waited for."""
    page.evaluate("window.asked = window.seen = 0")
    ask(page, question)
    page.wait_for_function("window.seen > 0")
    page.wait_for_selector("#question .submit-button", timeout=120_000)
    return float(page.evaluate("window.seen - window.asked"))


def measure(browser: Browser, address: str) -> None:
    page = browser.new_page()
    page.goto(address)
    page.wait_for_selector("#question textarea", timeout=60_000)
    page.close()
    page = browser.new_page()  # the server is warm now, the browser's cache is not: each page has its own
    page.goto(address)
    page.wait_for_selector("#question textarea")
    usable = page.evaluate("performance.now()")
    weight = page.evaluate(LOADED)
    page.evaluate(WATCH)
    times = [evidence_ms(page, f"Who met the army chief of Pakistan? {number}") for number in range(ROUNDS)]
    print(f"page usable after {usable:.0f} ms, {weight / 1000:.0f} kB sent")
    print(f"Enter to evidence on screen: median {statistics.median(times):.0f} ms, p95 {statistics.quantiles(times, n=20)[-1]:.0f} ms")
    page.close()


def main(address: str | None = None) -> None:
    with sync_playwright() as playwright, playwright.chromium.launch(executable_path=CHROMIUM, args=OPTIONS) as browser:
        if address:
            measure(browser, address)
            return
        with tempfile.TemporaryDirectory() as home:
            qa = build_qa(data_folder("seeds"), Path(home), Scripted(replies={"army": "[1] US lawmakers met the army chief."}, pause=0.02))
            with serving(qa) as url:
                measure(browser, url)
            qa.close()


if __name__ == "__main__":
    main(*sys.argv[1:])

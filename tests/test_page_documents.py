"""The page that lists the documents, in a real browser, over a library of 3,000."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from qa.catalog import Part
from qa.errors import NotReadyError
from qa.library import Library
from qa.models import LanguageModel
from qa.rows import Entry
from qa.service import QA
from qa.settings import Settings
from qa.status import DocumentStatus
from qa.types import ignore
from tests.browser import Canary, Scripted, Visit, chromium, contexts, overflow, serving, visit
from tests.format_samples import pdf
from tests.page_site import BRIDGE, HOSTILE, canary
from tests.samples import document, entry, source
from ui.documents import FRESH, Listing
from ui.table import PAGE, clamped, place, row, summary, table

__all__ = ["canary", "chromium", "contexts", "visit"]  # fixtures

MANY = 3000
BLANKS = 12  # pages of the scan, of which the seventh and the ninth to the eleventh are empty
EMPTY = (7, 9, 10, 11)
PASTED = f"{BRIDGE}\nRecent posts\n\nBaker wins the silver spoon\n\nFerry timetable changes\n"


@dataclass(frozen=True)
class Shelf:
    """A server, and the name of the file that would do harm."""

    url: str
    hostile: str


def scan() -> bytes:
    """A PDF of pages, some without text."""
    words = "The harbour of Horten had {} ships that came to it in this year, as the keeper of its {}th book of records told the town."
    return pdf([[] if number in EMPTY else [words.format(50 + number, number)] for number in range(1, BLANKS + 1)])


def part(made: Entry) -> Part:
    file = made.document.file
    return Part(source(file, made.document.text), (made,), frozenset({made.document.id}), complete=True)


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory, canary: Canary) -> Iterator[Shelf]:
    folder = tmp_path_factory.mktemp("library") / "papers"
    folder.mkdir()
    hostile = HOSTILE.replace("CANARY", canary.url)
    name = "<b onclick=alert(5)>log ${alert(6)}.txt"
    (folder / "bridge.txt").write_text(PASTED, encoding="utf-8")
    (folder / "scan.pdf").write_bytes(scan())
    (folder / name).write_text(f"Storm over the lighthouse {hostile}\n\nUpdated 7 July 1999\n\nNo ship was lost.\n", encoding="utf-8")
    (folder / "<img src=x onerror=alert(7)>.txt").write_bytes(b"\0binary\0")
    settings = Settings(home=tmp_path_factory.mktemp("home"))
    library = Library.open(settings, ignore)
    library.sync([folder], ignore)
    letters = (entry(document(f"letters/{number:04}.txt", f"The letter of number {number} came on a Tuesday.")) for number in range(MANY))
    library.catalog.store(map(part, letters))
    qa = QA(library, LanguageModel.of(Scripted(replies={}), "scripted"), settings)
    with serving(qa) as url:
        yield Shelf(url, f"papers/{name}")
    qa.close()


def opened(visit: Visit, shelf: Shelf, **window: object) -> Page:
    return visit(shelf.url, path="documents", ready="#listing tr.document", **window)


def line(page: Page, file: str) -> Locator:
    """The row of a file."""
    return page.locator("tr.document").filter(has=page.get_by_role("button", name=file, exact=True))


def narrow(page: Page, words: str, count: str) -> None:
    """Types into the filter, and waits for so many files."""
    page.get_by_label("Filter").fill(words)
    expect(page.locator("#summary")).to_contain_text(f"{count} found.")


def test_what_is_wrong_stands_first_and_the_rest_is_turned_page_by_page(shelf: Shelf, visit: Visit) -> None:
    page = opened(visit, shelf)
    expect(page).to_have_title("Documents – Footnote")
    expect(page.locator("#summary")).to_contain_text("1 unreadable, 1 with pages that gave no text")
    files = page.locator("tr.document .unfold")
    expect(files).to_have_count(PAGE)
    assert files.nth(0).inner_text() == "papers/<img src=x onerror=alert(7)>.txt"
    assert files.nth(1).inner_text() == "papers/scan.pdf"
    assert files.nth(2).inner_text() == "letters/0000.txt"
    total = MANY + 4
    expect(page.locator("#place")).to_have_text(f"1-{PAGE} of {total:,}")
    expect(page.get_by_role("button", name="Previous")).to_be_disabled()
    page.get_by_role("button", name="Next").click()
    expect(page.locator("#place")).to_have_text(f"{PAGE + 1}-{2 * PAGE} of {total:,}")
    expect(files.first).to_have_text(f"letters/{PAGE - 2:04}.txt")
    page.get_by_role("button", name="Previous").click()
    expect(files.first).to_contain_text("onerror")


def test_a_page_that_gave_nothing_is_told(shelf: Shelf, visit: Visit) -> None:
    page = opened(visit, shelf)
    narrow(page, "scan no text", "1 file")
    scan = line(page, "papers/scan.pdf")
    expect(scan).to_have_attribute("data-state", "fault")
    expect(scan.locator(".fault")).to_have_text("pages 7, 9-11 of 12 gave no text")
    assert scan.locator("td").nth(1).inner_text() == "12"
    more = page.locator("tr.more")
    expect(more).to_be_hidden()
    page.get_by_role("button", name="papers/scan.pdf").click()
    expect(more).to_contain_text("Pages 7, 9-11 of 12 gave no text")


def test_a_row_opens_by_keyboard_to_what_was_left_out(shelf: Shelf, visit: Visit) -> None:
    page = opened(visit, shelf)
    narrow(page, "bridge 1998", "1 file")
    bridge = line(page, "papers/bridge.txt")
    cells = [cell.inner_text() for cell in bridge.locator("td").all()]
    assert [cells[0], cells[1], cells[4]] == ["indexed", "", "en"]
    assert re.fullmatch(r"\d\d%", cells[3])
    assert cells[5].split("\n") == ["4 May 1998", "its date line"]
    button = page.get_by_role("button", name="papers/bridge.txt")
    page.get_by_label("Filter").press("Tab")
    expect(button).to_be_focused()
    page.keyboard.press("Enter")
    expect(button).to_have_attribute("aria-expanded", "true")
    rows = [cell.inner_text().split() for cell in page.locator(".left-out tbody tr").all()]
    assert ["date", "and", "byline", "18"] in rows
    assert any(cells[:2] == ["teasers,", "other"] for cells in rows)
    page.keyboard.press("Space")
    expect(button).to_have_attribute("aria-expanded", "false")
    expect(page.locator("tr.more")).to_be_hidden()


def test_the_reason_of_what_cannot_be_read_is_told(shelf: Shelf, visit: Visit) -> None:
    page = opened(visit, shelf)
    narrow(page, "unreadable", "1 file")
    expect(page.locator("tr.document .fault")).to_contain_text("it holds binary data")
    page.locator(".unfold").click()
    expect(page.locator("tr.more")).to_contain_text("Nothing of it can be searched")


def test_hostile_names_and_titles_stay_text(shelf: Shelf, visit: Visit, canary: Canary) -> None:
    page = opened(visit, shelf)
    narrow(page, "lighthouse", "1 file")
    page.get_by_role("button", name=shelf.hostile, exact=True).click()
    expect(page.locator("tr.document .title")).to_contain_text('onerror="alert(1)"> <script>alert(2)</script>')
    page.get_by_label("Filter").fill("<img src=x onerror=alert(8)>")
    expect(page.locator("#summary")).to_contain_text("0 files found.")
    assert page.locator("#documents :is(img, script, b:not(#summary b), form, object, [onerror], [onclick])").count() == 0
    assert canary.asked == []


def test_it_is_a_table_that_can_be_read_aloud_and_fits_a_phone(shelf: Shelf, visit: Visit) -> None:
    page = opened(visit, shelf, width=390, height=844)
    headers = page.locator("#listing > * thead th[scope=col]").all_inner_texts()
    assert headers[:7] == ["File", "Status", "Pages", "Passages", "Kept", "Language", "Date"]
    assert page.get_by_role("table", name="Documents").count() == 1
    assert page.get_by_role("rowheader").count() >= PAGE
    assert overflow(page) <= 0


def test_three_thousand_documents_are_no_burden(shelf: Shelf, visit: Visit) -> None:
    page = opened(visit, shelf)
    assert page.locator("#documents *").count() < 40 * PAGE
    page.get_by_label("Filter").press_sequentially("letters/2999", delay=20)
    expect(page.locator("tr.document .unfold")).to_have_text(["letters/2999.txt"])
    expect(page.locator("#spoken")).to_have_text("1 file found.")
    expect(page.get_by_role("button", name="Next")).to_be_hidden()
    page.get_by_label("Filter").fill("")
    expect(page.locator("#place")).to_contain_text(f"of {MANY + 4:,}")


def test_the_pages_lead_to_each_other(shelf: Shelf, visit: Visit) -> None:
    page = opened(visit, shelf)
    page.get_by_role("link", name="Evaluation").click()
    page.wait_for_selector("#start:visible")
    page.get_by_role("link", name="Documents").click()
    page.wait_for_selector("tr.document")
    page.get_by_role("link", name="Chat").click()
    page.wait_for_selector("#question textarea")
    page.get_by_role("link", name="Documents").click()
    page.wait_for_selector("tr.document")


def test_what_changed_is_seen_when_the_tab_is_looked_at_again(tmp_path: Path, visit: Visit) -> None:
    folder = tmp_path / "papers"
    folder.mkdir()
    library = Library.open(settings := Settings(home=tmp_path / "home"), ignore)
    qa = QA(library, LanguageModel.of(Scripted(replies={}), "scripted"), settings)
    with serving(qa) as url:
        page = visit(url, path="documents", ready="#summary p")
        expect(page.locator("#summary")).to_contain_text("There are no documents.")
        (folder / "late.txt").write_text("A late letter\n\nIt came on Tuesday.\n", encoding="utf-8")
        library.sync([folder], ignore)
        page.wait_for_timeout(1000 * FRESH)
        page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
        expect(page.locator("tr.document .unfold")).to_have_text(["papers/late.txt"])
    qa.close()


# --- without a browser --------------------------------------------------------------------------------------------------------------

BAD = '<script>alert("&")</script>'
STRANGE = DocumentStatus(
    BAD, BAD, BAD, "2021-05-04", "indexed", 1, 9, 5, BAD, dropped=((BAD, 4),), dated=BAD, language=BAD, pages=2, empty_pages=(2,)
)


@pytest.mark.parametrize("status", ["indexed", "unreadable"])
def test_nothing_of_a_document_is_markup(status: str) -> None:
    markup = row(replace(STRANGE, status=status), 1)  # type: ignore[arg-type]
    assert "<script" not in markup
    assert "&lt;script&gt;alert(&quot;&amp;&quot;)" in markup


def test_a_listing_is_read_again_when_it_is_old_and_a_fault_is_not_kept() -> None:
    now, reads = 0.0, 0

    def read() -> tuple[DocumentStatus, ...]:
        nonlocal reads
        reads += 1
        if reads == 1:
            raise NotReadyError("Not yet", "Wait.")
        return (STRANGE,) * reads

    listing = Listing(read, lambda: now)
    with pytest.raises(NotReadyError):
        listing.documents()
    assert len(listing.documents()) == 2
    assert len(listing.documents()) == 2
    now += FRESH + 1
    assert len(listing.documents()) == 3


@pytest.mark.parametrize(("page", "found", "there"), [(0, 0, 0), (-1, 300, 0), (2, 300, 2), (3, 300, 2), (9, 301, 3), (5, 100, 0)])
def test_a_page_that_is_not_there_is_the_nearest(page: int, found: int, there: int) -> None:
    assert clamped(page, found) == there


def test_few_documents_need_no_turning() -> None:
    assert place(PAGE, 0) == ""
    assert place(PAGE + 1, 1) == f"<span>{PAGE + 1}-{PAGE + 1} of {PAGE + 1}</span>"
    assert table((), 0) == ""
    assert "footnote sync" in summary((), 0, filtered=True)

"""Three small articles, one of them hostile, and a scripted model that answers questions about them: what the page is tested on."""

import threading
from collections.abc import Iterator

import pytest

from qa.errors import EngineUnreachableError
from tests.browser import HOLD, Canary, Scripted, Site, build_qa, serving

OPENED = "Who opened the bridge?"
QUOTE = "The bridge was opened by the mayor of Oslo on Monday."
LONG = "How long is the bridge?"
STOP = "What did the engineers design?"
ENDLESS = "How does the river go?"
FERRY = "Where does the Tuva Queen go?"
TALL = "What colour is the bridge?"
DOWN = "Who paid for the bridge?"
BROKEN = "When was the bridge opened?"
LOG = "What did the lighthouse keeper write in his log?"
HOSTILE = (
    '![x](CANARY/a.png) <img src="CANARY/b.png" onerror="alert(1)"> <script>alert(2)</script> '
    "[c](javascript:alert(3)) ${alert(4)} {{value}}"
)
REPLIES: dict[str, str | Exception] = {
    OPENED: f"[1] The mayor of Oslo opened {HOLD} the bridge.",
    LONG: "[1] The bridge is 212 metres long.\n[1] It is 999 metres wide.",
    STOP: f"[1] Engineers from Bergen designed {HOLD} its steel arches.",
    ENDLESS: "[1] The river goes " + "on and on " * 5000,
    FERRY: "[1] The Tuva Queen goes to Horten.",
    DOWN: EngineUnreachableError("Nobody answers at 127.0.0.1:1", "Start the engine & ask again."),
    BROKEN: RuntimeError("a secret of the code"),
}
FILLER = "\n".join(
    f"Remark {number}: the river was calm that day and the people of the town walked along its banks." for number in range(60)
)
BRIDGE = f"""New bridge opens over the Alna 🎉

Updated 4 May 1998

OSLO: Flags 🎏 flew over the river 🌊 all day long.
{FILLER}
{QUOTE} It had cost 40 million kroner. The bridge is 212 metres long. Engineers from Bergen designed its steel arches.
"""
FERRY_TEXT = """Ferry timetable changes

Updated 2 June 1999

MOSS: Every hour the Tuva Queen goes to Horten. It carries 80 cars and takes half an hour for the crossing of the fjord.
"""


@pytest.fixture(scope="module")
def canary() -> Iterator[Canary]:
    with Canary() as canary:
        yield canary


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, canary: Canary) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("library") / "papers"
    folder.mkdir()
    hostile = HOSTILE.replace("CANARY", canary.url)
    (folder / "bridge.txt").write_text(BRIDGE, encoding="utf-8")
    (folder / "ferry.txt").write_text(FERRY_TEXT, encoding="utf-8")
    log = f"Storm over the lighthouse {hostile}\n\nUpdated 7 July 1999\n\nThe lighthouse keeper wrote {hostile} in his log on Tuesday.\n"
    (folder / "<b onclick=alert(5)>log.txt").write_text(log, encoding="utf-8")
    replies = {**REPLIES, LOG: f"[1] The lighthouse keeper wrote {hostile} in his log on Tuesday."}
    model = Scripted(replies=replies)
    qa = build_qa(folder, tmp_path_factory.mktemp("home"), model)
    with serving(qa) as url:
        yield Site(url, qa, model)
    qa.close()


@pytest.fixture(autouse=True)
def gate(site: Site) -> Iterator[threading.Event]:
    """While it is closed the model waits where its reply says HOLD."""
    site.model.gate.set()
    yield site.model.gate
    site.model.gate.set()
    site.model.pause = 0.0

"""Rendering, without a browser: every text comes out as text, whatever it holds."""

from dataclasses import replace
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa.status import Stage, Status
from qa.types import Answer, Citation, Differing, Evidence, Found, Hit, Passage, Sentence, Span, Timing, Usage, Withdrawn
from ui import render
from ui.exchange import Exchange, Failure

TAGS = set("article h2 h3 div p span a ol ul li details summary q section mark time button progress b input".split())
TEXT = "It was opened in Oslo. Nobody came."
HOSTILE = "<script>x</script> \"' onload=x ![a](http://a.example/b.png) <img src=//a.example/b.png> javascript:x &amp; \u202e"


def passage(text: str = TEXT, title: str = "Bridge", file: str = "papers/a.txt", page: int | None = None, start: int = 100) -> Passage:
    return Passage("p1", "d1", file, title, "1998-05-04", page, start, start + len(text), text, (Span(start, start + len(text)),))


def exchange(text: str = TEXT, **changes: object) -> Exchange:
    """A question that was answered with the first words of a passage, and everything that can stand in a text holding `text`."""
    place = passage(text, title=text, file=text)
    item = Evidence(1, place, place.start, place.start + 22, text[:22], 1.0)
    citation = Citation(1, "d1", text, text, "1998-05-04", 3, item.start, item.end, text[:22])
    answer = Answer(
        "a1", text, f"standalone {text}", True, f"{text} [1]", 0.9, None, (Sentence(text, (1,)),), (citation,), (Hit(place, 1.0),),
        (Withdrawn(text, text),), text, Usage(), Timing(total_ms=2340.0),
        differing=(Differing(text[:5], replace(citation, number=2)),), missing=(text,), namesakes=(text, text), as_of="1998-05-04",
    )  # fmt: skip
    found = Found(text, (Hit(place, 1.0),), (item,))
    whole = Exchange(text, "answered", found, text, text, answer)
    return replace(whole, **changes)  # type: ignore[arg-type]


def withheld(text: str = TEXT) -> Exchange:
    given = exchange(text).answer
    assert given is not None
    silent = replace(given, answered=False, answer=text, reason=text, sentences=(), citations=())
    return exchange(text, phase="withheld", answer=silent)


class Tree(HTMLParser):
    """What a browser would make of a piece of HTML: its elements, its text, and whether all that was opened is closed."""

    def __init__(self, markup: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.open: list[str] = []
        self.feed(markup)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag != "input":  # which holds nothing
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data

    def all(self, tag: str, css: str = "") -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag and css in ["", *(attributes.get("class") or "").split()]]


def everything(text: str) -> str:
    """All that the page can show, made of one text."""
    stopped = exchange(text, phase="stopped", answer=None)
    failed = exchange(text, phase="failed", answer=None, failure=Failure(text, text))
    shown = [exchange(text), withheld(text), stopped, failed, exchange(text, phase="writing", answer=None)]
    stages = Status((Stage("index", "working", text, 1, 2, "files"), Stage("model", "failed", text)))
    around = (render.welcome([text], 3), render.status(stages), render.blank(text))
    return "".join([render.conversation(shown), *map(render.panel, shown), *map(render.announcement, shown), *around])


def harmless(tree: Tree) -> bool:
    links = {attributes.get("href") for _, attributes in tree.elements if "href" in attributes}
    names = {name for _, attributes in tree.elements for name in attributes}
    return {tag for tag, _ in tree.elements} <= TAGS and links == {"#document"} and not any(name.startswith("on") for name in names)


def test_hostile_texts_come_out_as_texts() -> None:
    tree = Tree(everything(HOSTILE))
    assert harmless(tree)
    assert not tree.open
    assert tree.text.count(HOSTILE) >= 20


@given(st.text(alphabet="<>&\"'`=/! abc()\0\n{}$1:😀", min_size=1, max_size=60))
def test_no_text_makes_an_element_or_an_attribute(text: str) -> None:
    tree = Tree(everything(text))
    assert harmless(tree)
    assert not tree.open
    assert [tag for tag, _ in tree.elements] == [tag for tag, _ in Tree(everything("x" * len(text))).elements]


def test_a_sentence_ends_in_its_footnotes_which_lead_to_the_quote() -> None:
    tree = Tree(render.turn(exchange()))
    link, _ = tree.all("a", "cite")  # the other is that of the source that differs
    assert link["data-document"] == "d1"
    assert (link["data-start"], link["data-end"]) == ("100", "122")
    assert link["data-quote"] == TEXT[:22]
    assert link["data-date"] == "4 May 1998"
    assert link["data-page"] == "3"
    assert link["role"] == "doc-noteref"
    assert f"{TEXT}[1]" in tree.text


def test_what_is_told_beside_an_answer_leads_to_its_source() -> None:
    given = exchange().answer
    assert given is not None
    given = replace(given, missing=("When was it held",), namesakes=("Petra Holm", "Jonas Holm"), as_of="2025-05-12")
    markup = render.answered(given)
    tree = Tree(markup)
    assert [link["data-quote"] for link in tree.all("a", "cite")] == [TEXT[:22]] * 2
    assert f'<q><mark>{TEXT[:5]}</mark>{TEXT[5:22]}</q> ({TEXT}, 4 May 1998)<a class="cite"' in markup
    assert "As of 12 May 2025." in tree.text
    assert "The documents speak of more than one: Petra Holm, Jonas Holm." in tree.text
    assert "The documents do not tell: when was it held?" in tree.text
    assert render.beside(replace(given, differing=(), missing=(), namesakes=(), as_of=None)) == ""


def test_the_last_word_keeps_its_footnotes() -> None:
    item = Sentence("They met in Rawalpindi.", (1,))
    given = exchange().answer
    assert given is not None
    assert '<span class="last">Rawalpindi.<a class="cite"' in render.sentence(item, {1: given.citations[0]})


def test_numbers_without_a_citation_are_left_out() -> None:
    assert Tree(render.sentence(Sentence("Yes.", (1, 7)), {})).text == "Yes."


def test_the_text_so_far_is_marked_as_checked_or_not() -> None:
    writing = Exchange("Q", "writing", checked="Checked [1].", unchecked="not yet")
    markup = render.turn(writing)
    assert '<span class="checked">Checked<span class="cite pending">[1]</span>.</span>' in markup
    assert '<span class="unchecked" title="Not yet checked"> not yet</span>' in markup


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (Exchange("Q"), "Searching the documents"),
        (Exchange("Q", "stopped"), "Stopped before an answer."),
        (Exchange("Q", "stopped", checked="A."), "Stopped."),
        (Exchange("Q", "stopped", unchecked="A"), "not checked"),
        (Exchange("Q", "failed", failure=Failure("It broke", "Mend it.")), "It broke.Mend it."),
        (exchange(phase="writing", answer=None, checked="", unchecked=""), "Reading 1 sentence from 1 article"),
        (exchange(), "Understood as"),
        (exchange(), "2.3 s"),
        (exchange(), "1 sentence withdrawn"),
    ],
)  # fmt: skip
def test_each_phase_says_what_it_is(state: Exchange, words: str) -> None:
    assert words in Tree(render.turn(state)).text


@pytest.mark.parametrize("state", [exchange(), withheld()])
def test_a_finished_answer_has_thumbs_of_its_own(state: Exchange) -> None:
    tree = Tree(render.turn(state))
    assert [one["data-answer"] for one in tree.all("div", "feedback")] == ["a1"]
    assert [one["aria-label"] for one in tree.all("button", "thumb")] == ["Good answer", "Bad answer"]


@pytest.mark.parametrize("phase", ["writing", "stopped", "failed"])
def test_what_is_no_answer_has_no_thumbs(phase: str) -> None:
    assert "feedback" not in render.turn(exchange(phase=phase, answer=None))


def test_evidence_is_grouped_by_article_and_what_is_cited_is_marked() -> None:
    first, second, other = passage(), passage("Another one.", start=500), replace(passage("Far away."), document="d2", title="Ferry")
    items = [Evidence(n, place, place.start, place.end, place.text, 1.0) for n, place in enumerate((first, other, second), 1)]
    citation = Citation(1, "d1", "papers/a.txt", "Bridge", None, None, 100, 122, TEXT[:22])
    tree = Tree(render.evidence(items, [citation]))
    assert len(tree.all("article", "source")) == 2
    assert len(tree.all("li", "cited")) == 1
    assert "3 sentences from 2 articles" in tree.text
    assert tree.text.index("Bridge") < tree.text.index("Another one.") < tree.text.index("Ferry") < tree.text.index("Far away.")


@pytest.mark.parametrize(
    ("answers", "answer", "row"),
    [
        (0.9, Span(117, 121), 'It was opened in <mark class="likely" title="The likely answer">Oslo</mark>.'),
        (render.LIKELY / 2, Span(117, 121), "It was opened in Oslo."),
        (0.9, None, "It was opened in Oslo."),
        (None, None, "It was opened in Oslo."),
    ],
)
def test_the_likely_answer_is_marked_as_soon_as_the_evidence_stands(answers: float | None, answer: Span | None, row: str) -> None:
    item = Evidence(1, passage(), 100, 122, TEXT[:22], 1.0, answers, answer)
    assert f'<span class="words" dir="auto">{row}</span>' in render.evidence([item], [])


def test_a_likely_answer_cannot_smuggle_anything_in() -> None:
    text = "<b>Oslo</b> & <i>Bergen</i>."
    item = Evidence(1, passage(text), 100, 100 + len(text), text, 1.0, 0.9, Span(103, 107))
    assert "&lt;b&gt;<mark" in render.evidence([item], [])
    assert "<b>" not in render.evidence([item], [])


def test_a_folded_passage_marks_its_sentences() -> None:
    place = passage()
    assert '<p dir="auto"><mark>It was opened in Oslo.</mark> Nobody came.</p>' in render.near(place, [Span(100, 122)])


@pytest.mark.parametrize(
    ("spans", "marked"),
    [
        ([], "abcdef"),
        ([Span(1, 3)], "a<mark>bc</mark>def"),
        ([Span(3, 5), Span(0, 2)], "<mark>ab</mark>c<mark>de</mark>f"),
        ([Span(0, 4), Span(2, 6)], "<mark>abcd</mark><mark>ef</mark>"),
        ([Span(4, 99)], "abcd<mark>ef</mark>"),
        ([Span(-5, 2)], "<mark>ab</mark>cdef"),
        ([Span(-5, -2), Span(9, 12)], "abcdef"),
    ],
)
def test_marks_never_overlap_or_leave_the_text(spans: list[Span], marked: str) -> None:
    assert render.marks("abcdef", spans) == marked


def test_a_withheld_answer_shows_the_nearest_passages_instead_of_evidence() -> None:
    tree = Tree(render.panel(withheld()))
    assert "Nearest passages" in tree.text
    assert TEXT in tree.text
    assert not tree.all("a", "cite")


def test_a_page_number_is_shown_where_there_is_one() -> None:
    assert "p. 12" in Tree(render.details(passage(page=12))).text
    assert "p." not in Tree(render.details(passage())).text


@pytest.mark.parametrize(
    ("stage", "text"),
    [
        (Stage("model", "working", "downloading", 412_000_000, 1_117_320_768, "bytes"), "412 of 1,117 MB"),
        (Stage("model", "working", "downloading", 10_000, 466_247, "bytes"), "10 of 466 kB"),
        (Stage("index", "working", "indexing", 3, 5, "files"), "3 of 5 files"),
        (Stage("index", "working", "opening"), "Documents opening"),
        (Stage("index", "waiting", ""), "Documents waiting"),
        (Stage("model", "failed", "Nobody answers. Start it."), "Language model Nobody answers. Start it."),
    ],
)
def test_a_stage_tells_how_far_it_is(stage: Stage, text: str) -> None:
    assert text in Tree(render.status(Status((stage,)))).text


def test_nothing_is_said_when_everything_is_ready() -> None:
    assert render.status(Status((Stage("index", "ready", "5 passages"), Stage("model", "ready", "m")))) == ""


def test_a_screen_reader_is_told_the_answer_once_it_is_finished() -> None:
    assert render.announcement(Exchange("Q", "writing", unchecked="Half")) == "Searching the documents"
    spoken = render.announcement(exchange("Yes."))
    assert spoken.startswith("Yes. [1] As of 4 May 1998. ")
    assert spoken.endswith("Sources differ: “Yes.” (Yes., 4 May 1998) [2].")
    assert render.announcement(withheld("No.")) == "No. No."

"""Exchanges, evidence and status as HTML. Pure; every text that is not ours goes through `escape`: it can be read and do nothing else."""

import html
import itertools
import re
from collections.abc import Iterable, Sequence
from typing import Final

from qa import notes
from qa.status import Stage, Status
from qa.types import Answer, Citation, Differing, Evidence, Hit, Passage, Sentence, Span, Withdrawn, readable_date
from ui.exchange import Exchange, Failure

LIKELY: Final = 0.5
"""Probability that a sentence answers from which on its likely answer is marked."""
FOOTNOTE: Final = re.compile(r" ?\[(\d+)\]")
PENDING: Final = r'<span class="cite pending">[\1]</span>'  # a footnote before the answer is done: it does not lead anywhere yet


def escape(text: str) -> str:
    """Text for an element or a quoted attribute. NUL would end the HTML parser's patience, so it goes."""
    return html.escape(text.replace("\0", "\ufffd"), quote=True)


def as_sentence(text: str) -> str:
    """`what was found is old` → `What was found is old.`"""
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", "!", "?")) else ".")


def ordinal(number: int) -> str:
    """`2nd`, `11th`, `23rd`."""
    return f"{number}{'th' if number // 10 % 10 == 1 else {1: 'st', 2: 'nd', 3: 'rd'}.get(number % 10, 'th')}"


def plural(count: int, word: str) -> str:
    return f"{count} {word}" if count == 1 else f"{count} {word}s"


# --- the conversation -------------------------------------------------------------------------------------------------------------


def welcome(examples: Sequence[str], documents: int) -> str:
    """What stands where the conversation will be: what this is, and questions to begin with."""
    buttons = "".join(f'<li><button type="button" class="example" dir="auto">{escape(example)}</button></li>' for example in examples)
    count = f"{documents:,} document{'' if documents == 1 else 's'} indexed. " if documents else ""
    ask = f'<p class="label" id="examples">Questions to begin with</p><ul aria-labelledby="examples">{buttons}</ul>' if buttons else ""
    return (
        '<div class="welcome"><h2>Ask your documents</h2>'
        f"<p>{count}Every sentence of an answer is checked against its source and leads to it. "
        "What the documents do not tell stays unsaid.</p>"
        f"{ask}</div>"
    )


def conversation(exchanges: Iterable[Exchange]) -> str:
    """Finished exchanges, each with its evidence folded away for the panel to show again."""
    return "".join(turn(exchange, keep_evidence=True) for exchange in exchanges)


def turn(exchange: Exchange, keep_evidence: bool = False) -> str:
    """A question and its reply."""
    kept = f'<div class="kept" hidden>{panel(exchange)}</div>' if keep_evidence and exchange.found else ""
    return (
        f'<article class="turn" data-phase="{exchange.phase}">'
        f'<h2 class="question" dir="auto">{escape(exchange.question)}</h2>'
        f'<div class="reply">{reply(exchange)}{kept}</div></article>'
    )


def reply(exchange: Exchange) -> str:
    if exchange.failure:
        return draft(exchange) + failed(exchange.failure)
    if exchange.answer:
        text = answered(exchange.answer) if exchange.answer.answered else withheld(exchange.answer)
        return text + withdrawn(exchange.answer.withdrawn) + colophon(exchange.question, exchange.answer)
    if exchange.phase == "stopped":
        return draft(exchange) + f'<p class="notice">{stop_note(exchange)}</p>'
    return draft(exchange) or f'<p class="working">{escape(working(exchange))}</p>'


def working(exchange: Exchange) -> str:
    if exchange.phase == "waiting":
        return f"{ordinal(exchange.place)} in line; others are being answered"
    if exchange.found is None:
        return "Searching the documents"
    evidence = exchange.found.evidence
    articles = len({(item.passage.document, item.passage.title) for item in evidence})
    return f"Reading {plural(len(evidence), 'sentence')} from {plural(articles, 'article')}"


def stop_note(exchange: Exchange) -> str:
    if exchange.unchecked:
        return "Stopped. The dimmed text was not checked against the documents."
    return "Stopped." if exchange.checked else "Stopped before an answer."


def draft(exchange: Exchange) -> str:
    """The text so far: what was let through, and dimmed what has not been checked."""
    if not exchange.checked and not exchange.unchecked:
        return ""
    space = " " if exchange.checked and not exchange.checked[-1].isspace() else ""
    unchecked = f'<span class="unchecked" title="Not yet checked">{space}{escape(exchange.unchecked)}</span>' if exchange.unchecked else ""
    return f'<p class="text" dir="auto"><span class="checked">{FOOTNOTE.sub(PENDING, escape(exchange.checked))}</span>{unchecked}</p>'


def failed(failure: Failure) -> str:
    hint = f'<p class="hint">{escape(failure.hint)}</p>' if failure.hint else ""
    return f'<div class="failed"><p class="message">{escape(as_sentence(failure.message))}</p>{hint}</div>'


def answered(answer: Answer) -> str:
    sources = {citation.number: citation for citation in answer.citations}
    sentences = " ".join(sentence(item, sources) for item in answer.sentences)
    footnotes = "".join(f'<li><span class="number">{item.number}</span>{source_link(item)}</li>' for item in cited(answer))
    text = f'<p class="text" dir="auto">{sentences}</p>{beside(answer)}'
    return f'{text}<ol class="footnotes" aria-label="Sources">{footnotes}</ol>'


def cited(answer: Answer) -> tuple[Citation, ...]:
    """What an answer cites, and after it what differs from it."""
    return (*answer.citations, *(item.citation for item in answer.differing))


def beside(answer: Answer) -> str:
    """What is told of an answer beside its sentences: its day, for whom it holds, what stays open, and the sources that differ."""
    told = (notes.as_of(answer.as_of), notes.several(answer.namesakes), notes.missing(answer.missing))
    rows = [f'<li dir="auto">{escape(note)}</li>' for note in told if note] + list(map(differs, answer.differing))
    return f'<ul class="beside">{"".join(rows)}</ul>' if rows else ""


def differs(item: Differing) -> str:
    """`Sources differ: “It cost $9bn.” (Bridge opens, 12 May 2025)[2].`, the value marked."""
    start = item.citation.quote.find(item.value)
    value = [Span(start, start + len(item.value))] if start >= 0 else []
    date = f", {readable_date(item.citation.date)}" if item.citation.date else ""
    source = f"{escape(item.citation.title)}{escape(date)}"
    return f'<li dir="auto">Sources differ: <q>{marks(item.citation.quote, value)}</q> ({source}){footnote(item.citation)}</li>'


def sentence(item: Sentence, sources: dict[int, Citation]) -> str:
    """A sentence and its footnotes, `They met in Rawalpindi.[1]`; no footnote begins a line."""
    links = "".join(footnote(sources[number]) for number in item.citations if number in sources)
    start, space, last = item.text.rpartition(" ")
    return f'<span class="sentence">{escape(start + space)}<span class="last">{escape(last)}{links}</span></span>'


def footnote(citation: Citation) -> str:
    label = escape(f"Footnote {citation.number}: {citation.title}")
    return f'<a class="cite" role="doc-noteref" aria-label="{label}" {place(citation)}>[{citation.number}]</a>'


def source_link(citation: Citation) -> str:
    link = f'<a class="source-link" dir="auto" {place(citation)}>{escape(citation.title)}</a>'
    return f'<span>{link} <span class="details">{details(citation)}</span></span>'


def withheld(answer: Answer) -> str:
    reason = f'<p class="reason" dir="auto">{escape(as_sentence(answer.reason))}</p>' if answer.reason else ""
    nearest = '<p class="nearest">The passages that come nearest are shown as evidence.</p>' if answer.hits else ""
    return f'<div class="withheld"><p class="message" dir="auto">{escape(answer.answer)}</p>{reason}{nearest}</div>'


def withdrawn(items: Sequence[Withdrawn]) -> str:
    if not items:
        return ""
    rows = "".join(
        f'<li><q dir="auto">{escape(item.text)}</q> <span class="because">because {escape(item.reason)}</span></li>' for item in items
    )
    return f'<details class="withdrawn"><summary>{plural(len(items), "sentence")} withdrawn</summary><ul>{rows}</ul></details>'


def colophon(question: str, answer: Answer) -> str:
    """What stands in small print below an answer."""
    rephrased = answer.standalone_question.strip().casefold() != question.strip().casefold()
    understood = f'<span dir="auto">Understood as “{escape(answer.standalone_question)}”</span>' if rephrased else ""
    evidence = '<button type="button" class="show-evidence">Evidence</button>' if answer.hits else ""
    facts = (understood, evidence, f"<span>{answer.timing.total_ms / 1000:.1f} s</span>", f"<span>{escape(answer.model)}</span>")
    return f'<p class="colophon">{"".join(fact for fact in facts if fact)}</p>{feedback(answer.id)}'


def feedback(answer: str) -> str:
    """Thumbs up and down, and the note that may go along; page.js sends them and shows again what was said when Gradio draws anew."""
    thumbs = "".join(
        f'<button type="button" class="thumb" data-good="{good}" aria-label="{label}" title="{label}" aria-pressed="false"></button>'
        for good, label in (("true", "Good answer"), ("false", "Bad answer"))
    )
    field = '<input type="text" maxlength="2000" dir="auto"><button type="button" class="save">Save</button>'
    return (
        f'<div class="feedback" role="group" aria-label="Feedback" data-answer="{escape(answer)}">{thumbs}'
        f'<span class="remark" hidden>{field}</span><span class="told" role="status"></span></div>'
    )


def announcement(exchange: Exchange) -> str:
    """What a screen reader says: the stages, and the answer once, when it is finished."""
    match exchange:
        case Exchange(answer=Answer() as answer):
            told = " ".join((answer.answer, *notes.notes(answer)))
            return escape(told if answer.answered or not answer.reason else f"{answer.answer} {answer.reason}")
        case Exchange(failure=Failure() as failure):
            return escape(f"{as_sentence(failure.message)} {failure.hint}")
        case Exchange(phase="stopped"):
            return "Stopped."
        case _:
            return escape(working(exchange))


# --- the evidence panel -----------------------------------------------------------------------------------------------------------


def panel(exchange: Exchange) -> str:
    """The evidence of one exchange, or the nearest passages where the answer was withheld."""
    if exchange.answer and not exchange.answer.answered:
        return nearest(exchange.answer.hits)
    if exchange.found is None:
        return blank("Searching…" if not exchange.over else "Nothing was searched.")
    if not exchange.found.evidence:
        return nearest(exchange.found.hits)
    return evidence(exchange.found.evidence, cited(exchange.answer) if exchange.answer else ())


def blank(text: str = "The sentences that an answer rests on will stand here, before the answer begins.") -> str:
    return f'<section class="evidence blank" aria-label="Evidence"><h2>Evidence</h2><p class="note">{escape(text)}</p></section>'


def evidence(items: Sequence[Evidence], citations: Sequence[Citation]) -> str:
    groups: dict[tuple[str, str], list[Evidence]] = {}
    for item in items:
        groups.setdefault((item.passage.document, item.passage.title), []).append(item)
    counts = f"{plural(len(items), 'sentence')} from {plural(len(groups), 'article')}, chosen for this question"
    sources = "".join(source(group, citations) for group in groups.values())
    return f'<section class="evidence" aria-label="Evidence"><h2>Evidence</h2><p class="note">{counts}</p>{sources}</section>'


def source(items: Sequence[Evidence], citations: Sequence[Citation]) -> str:
    """One article: what it is, its chosen sentences, and the passages that they stand in, folded."""
    rows = "".join(evidence_row(item, citations) for item in items)
    return f'<article class="source">{heading(items[0].passage)}<ol class="sentences">{rows}</ol>{fold(items)}</article>'


def evidence_row(item: Evidence, citations: Sequence[Citation]) -> str:
    noted = [c for c in citations if c.document == item.passage.document and c.start < item.end and item.start < c.end]
    badges = "".join(footnote(citation) for citation in noted)
    css = ' class="cited"' if noted else ""
    return f'<li{css}><span class="number">{item.number}</span><span class="words" dir="auto">{words(item)}</span>{badges}</li>'


def words(item: Evidence) -> str:
    """A sentence of evidence, its likely answer marked."""
    if item.answer is None or item.answers is None or item.answers < LIKELY:
        return escape(item.text)
    start, end = item.answer.start - item.start, item.answer.end - item.start
    marked = f'<mark class="likely" title="The likely answer">{escape(item.likely)}</mark>'
    return f"{escape(item.text[:start])}{marked}{escape(item.text[end:])}"


def fold(items: Sequence[Evidence]) -> str:
    """The passages around chosen sentences, folded away."""
    passages = {item.passage.id: item.passage for item in items}.values()
    summary = "Whole passage" if len(passages) == 1 else f"{len(passages)} whole passages"
    texts = "".join(near(passage, [Span(item.start, item.end) for item in items]) for passage in passages)
    return f'<details class="passages"><summary>{summary}</summary>{texts}</details>'


def near(passage: Passage, marked: Sequence[Span] = ()) -> str:
    """A whole passage with a link to its place; spans to mark count characters of the document."""
    text = marks(passage.text, [Span(span.start - passage.start, span.end - passage.start) for span in marked])
    return f'<div class="near"><p dir="auto">{text}</p><a class="open" {place(passage)}>Open in the document</a></div>'


def marks(text: str, spans: Sequence[Span]) -> str:
    """Escaped text with `<mark>` around the spans; overlapping ones run together, what lies outside is cut off."""
    pieces, position = [], 0
    for span in sorted(spans, key=lambda span: span.start):
        start, end = max(span.start, position), min(span.end, len(text))
        if start < end:
            pieces += [escape(text[position:start]), f"<mark>{escape(text[start:end])}</mark>"]
            position = end
    return "".join([*pieces, escape(text[position:])])


def nearest(hits: Sequence[Hit]) -> str:
    """Passages that come nearest to a question which they do not answer."""
    if not hits:
        return blank("No passage comes near this question.")
    groups = itertools.groupby(hits, key=lambda hit: (hit.passage.document, hit.passage.title))
    sources = "".join(near_source([hit.passage for hit in group]) for _, group in groups)
    return (
        '<section class="evidence nearest" aria-label="Nearest passages"><h2>Nearest passages</h2>'
        f'<p class="note">They do not answer the question, but come closest to it.</p>{sources}</section>'
    )


def near_source(items: Sequence[Passage]) -> str:
    return f'<article class="source">{heading(items[0])}{"".join(near(item) for item in items)}</article>'


def heading(item: Passage | Citation) -> str:
    return f'<h3 dir="auto">{escape(item.title)}</h3><p class="details">{details(item)}</p>'


def details(item: Passage | Citation) -> str:
    """Date, file and page, as far as they are known."""
    date = f'<time datetime="{escape(item.date)}">{escape(readable_date(item.date))}</time>' if item.date else ""
    page = f"<span>p. {item.page}</span>" if item.page else ""
    return " · ".join(part for part in (date, f'<span class="file" dir="ltr">{escape(item.file)}</span>', page) if part)


def place(item: Passage | Citation) -> str:
    """The attributes by which page.js opens a document at a span."""
    text = item.quote if isinstance(item, Citation) else item.text
    values = {
        "document": item.document,
        "start": str(item.start),
        "end": str(item.end),
        "quote": text,
        "title": item.title,
        "date": readable_date(item.date) if item.date else "",
        "file": item.file,
        "page": str(item.page or ""),
    }
    return 'href="#document" ' + " ".join(f'data-{name}="{escape(value)}"' for name, value in values.items())


# --- getting ready ----------------------------------------------------------------------------------------------------------------


def status(state: Status) -> str:
    """One line per stage that is not ready yet; nothing when all are."""
    lines = "".join(stage(item) for item in state.stages if item.state != "ready")
    return f'<div class="status">{lines}</div>' if lines else ""


def stage(item: Stage) -> str:
    name = {"index": "Documents", "model": "Language model"}[item.name]
    size = amount(item)
    bar = (
        f'<progress max="{item.total}" value="{item.done}" aria-label="{name}"></progress><span class="amount">{size}</span>'
        if size
        else ""
    )
    return f'<p class="stage" data-state="{item.state}"><b>{name}</b> <span>{escape(item.detail or item.state)}</span>{bar}</p>'


def amount(item: Stage) -> str:
    """`412 of 1,117 MB`; nothing where the total is not known."""
    if not item.total or item.state != "working":
        return ""
    scale, unit = (1, item.unit) if item.unit != "bytes" else (1000, "kB") if item.total < 1_000_000 else (1_000_000, "MB")
    return f"{item.done // scale:,} of {item.total // scale:,} {unit}".strip()

"""The chain: question and history → events. The model points at numbered evidence and answers; the program checks, cites, or is silent."""

import time
import uuid
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import compress
from typing import Any, Final

from langchain_core.messages import AIMessage, AIMessageChunk
from langchain_core.runnables import Runnable, RunnableLambda, RunnablePassthrough

from qa import prompts
from qa.confidence import Confidence, Signals, answering, least, shared_words
from qa.dating import standing_on
from qa.disagreement import differing, rivals
from qa.draft import Draft
from qa.errors import ReplyTooLongError
from qa.followup import leans, points_back, search_text, stand_alone
from qa.library import Library
from qa.models import LanguageModel, share_of_zero, tokens
from qa.namesakes import namesakes
from qa.parts import parts, unmet
from qa.query import without_date
from qa.reply import ReplyReader
from qa.scripts import BEYOND_LATIN, LATIN, scripts
from qa.terms import missing_terms, out_of_time
from qa.topics import sentences_about, topic_of
from qa.types import Answer, Claim, Done, Event, Evidence, Found, Revised, Timing, Token, Trace, Turn, Usage
from qa.words import one_line

SEARCHED: Final = 10  # passages shown
REPLY_TOKENS: Final = 160
MOST_PARTS: Final = 3  # parts of a question that are asked one by one
SILENCE: Final = "The documents do not tell."
ENDLESS: Final = "the model did not come to an end"
NAMED: Final = 0.95  # probability that sentences that name a topic are about it (`make bench-topics`)
UNCONFIRMED: Final = "what was found does not seem to be exactly what was asked"


Asked = dict[str, Any]
"""What runs through the chain: question (str), history (Sequence[Turn]), then found (Found), refusal (why the model need not be asked,
str or None) and reply (AIMessage), each added by its step."""


@dataclass(slots=True)
class Tally:
    """Time and tokens of one answer."""

    began: float = field(default_factory=time.perf_counter)
    retrieve_ms: float = 0.0
    first_token_ms: float | None = None
    usage: Usage = field(default_factory=Usage)

    def elapsed(self) -> float:
        return (time.perf_counter() - self.began) * 1000

    def count(self, message: AIMessage) -> None:
        """Note a piece of a reply: the time of the first, and the tokens where the engine reports them."""
        if self.first_token_ms is None:
            self.first_token_ms = self.elapsed()
        spent = message.usage_metadata
        if spent:
            self.usage = Usage(self.usage.prompt_tokens + spent["input_tokens"], self.usage.completion_tokens + spent["output_tokens"])

    def timing(self) -> Timing:
        return Timing(self.retrieve_ms, self.first_token_ms, self.elapsed())


@dataclass(slots=True)
class Part:
    """One question on its way to an answer: a whole one, or a part of one that asks for several things."""

    question: str
    found: Found
    refusal: str | None  # why the model need not be asked
    draft: Draft
    told: tuple[Evidence, ...] = ()  # sentences that answer as they are: the model need not be asked
    reader: ReplyReader = field(default_factory=ReplyReader)
    stated: float | None = None  # the model's probability, at its first pointer, that a sentence states the answer
    signals: Signals = field(default_factory=Signals)
    confidence: float = 0.0
    reason: str | None = None  # why nothing stands
    doubted: bool = False  # whether the second look was taken
    endless: bool = False  # whether the model wrote all that it was allowed, and more

    def note(self, message: AIMessage) -> None:
        """Note the first number of the reply, where the engine tells how likely it was."""
        if self.stated is None:
            zero = next((share_of_zero(likely) for token, likely in tokens(message) if any(map(str.isdecimal, token))), None)
            self.stated = None if zero is None else 1 - zero


class Answerer:
    """Answers questions from one library with one language model."""

    def __init__(self, library: Library, model: LanguageModel, judge: Confidence, budget: int, caution: float) -> None:
        self._library = library
        self._model = model
        self._judge = judge
        self._budget = budget
        self._caution = caution
        self._prompt = prompts.load("answer")
        self._confirm = prompts.load("confirm")
        self._finding: Runnable[Asked, Asked] = RunnablePassthrough.assign(found=self._find) | RunnablePassthrough.assign(refusal=refusal)
        self._writing: Runnable[Asked, Asked] = RunnablePassthrough.assign(reply=RunnableLambda(self._reply))

    def _reply(self, asked: Asked) -> Runnable[Asked, AIMessage]:
        if asked["refusal"]:
            return RunnableLambda(lambda _: AIMessageChunk(content=""))
        grammar = reply_grammar(asked["found"].evidence)
        return RunnableLambda(self._messages) | self._model.runnable(max_tokens=REPLY_TOKENS, grammar=grammar, logprobs=True)

    def ask(self, question: str, history: Sequence[Turn]) -> Iterator[Event]:
        """Found, then Token and Revised as the model writes, then Done. Raises EngineError; closing the iterator stops the model.

        A question about a topic and nothing more is answered by the sentences that name it, and the model is not asked. A question that
        asks for several things is found as a whole, then asked part by part, so that one may stand where another does not.
        """
        tally = Tally()
        whole = self._finding.invoke({"question": question, "history": history})
        found: Found = whole["found"]
        tally.retrieve_ms = tally.elapsed()
        yield found
        wanted = parts(found.standalone_question)
        wanted = wanted if len(wanted) <= MOST_PARTS else ()
        done: list[Part] = []
        for text in wanted or (found.standalone_question,):
            asked = self._asked_for(text, done) if wanted else whole
            told = () if asked["refusal"] else self._told_of(text, asked["found"])
            part = Part(text, asked["found"], asked["refusal"], self._draft(asked["found"], done), told)
            done.append(part)
            before = _text(done[:-1])
            yield from _tell(part, before) if told else self._write(part, asked, tally, before)
            self._decide(part)
        if len(done) > 1:
            yield Revised(_text(done))
        rewritten = leans(question, history) or any(points_back(part.question) for part in done[1:])
        yield Done(self._conclude(question, found, done, tally, rewritten=rewritten))

    def _asked_for(self, part: str, done: Sequence[Part]) -> Asked:
        """What is found for a part of a question; where it points back ("when was it held"), after what came of the parts before it."""
        question = f"{part[:1].upper()}{part[1:]}?"
        said = done if points_back(question) else ()
        before = [turn for one in said for turn in (Turn("user", f"{one.question}?"), Turn("assistant", one.draft.text() or SILENCE))]
        asked: Asked = self._finding.invoke({"question": question, "history": before})
        return asked

    def _told_of(self, question: str, found: Found) -> tuple[Evidence, ...]:
        """What answers a question about a topic and nothing more."""
        topic = topic_of(question)
        return sentences_about(self._library.spelt(topic), found.evidence) if topic else ()

    @staticmethod
    def _draft(found: Found, done: Sequence[Part]) -> Draft:
        """An empty draft that goes on counting where those before it end."""
        draft = Draft(found.standalone_question, found.evidence)
        for part in done:
            draft.citations |= part.draft.citations
            draft.withdrawn = part.draft.withdrawn
        return draft

    def _write(self, part: Part, asked: Asked, tally: Tally, before: str) -> Iterator[Event]:
        if before:
            yield Token(" ")
        try:
            for step in self._writing.stream(asked):
                if "reply" in step and step["reply"].content:
                    yield from _read(part.reader.feed(str(step["reply"].content)), part.draft, before)
                if "reply" in step:
                    tally.count(step["reply"])
                    part.note(step["reply"])
        except ReplyTooLongError:  # what it rambled to its limit is no answer, though sentences of it may stand
            part.endless = True
            return
        yield from _read(part.reader.finish(), part.draft, before)
        if part.draft.quote():
            yield Revised(" ".join(filter(None, (before, part.draft.text()))))

    def _find(self, asked: Asked) -> Found:
        asked_, history = asked["question"], asked["history"]
        question = stand_alone(asked_, history, self._model)
        beside = dict.fromkeys((asked_, search_text(asked_, history))) if history else {}
        found = self._library.search(
            topic_of(question) or question, SEARCHED, self._model.count, self._budget, [text for text in beside if text != question]
        )
        return Found(question, found.hits, found.evidence)

    def _messages(self, asked: Asked) -> list[prompts.Message]:
        found = asked["found"]
        return self._prompt.fill(evidence=numbered(found.evidence), question=found.standalone_question)

    def _decide(self, part: Part) -> None:
        """Withdraw all of a part that is no answer, or not likely enough to be right."""
        part.reason = part.refusal or (ENDLESS if part.endless else unanswered(part.found, part.draft))
        part.doubted = part.reason is None and not part.told
        if part.told:
            part.confidence = NAMED
        if part.doubted:
            part.signals = self._signals(part.found, part.draft, part.stated)
            part.confidence = self._judge.probability(part.signals)
        if part.reason is None and part.confidence < self._caution:
            part.reason = UNCONFIRMED
        if part.reason is not None:
            part.draft.withdraw_all(part.reason)

    def _conclude(self, question: str, found: Found, done: Sequence[Part], tally: Tally, *, rewritten: bool) -> Answer:
        standing = [part for part in done if part.reason is None]
        asked = found.standalone_question
        sentences = tuple(sentence for part in standing for sentence in part.draft.sentences)
        support = [group for part in standing for group in part.draft.support]
        citations = {citation.number: citation for part in standing for citation in part.draft.citations.values()}
        cited = tuple(citations[number] for number in sorted(citations) if any(number in one.citations for one in sentences))
        evidence = tuple(dict.fromkeys(item for part in done for item in part.found.evidence))
        stated = list(zip((sentence.text for sentence in sentences), support, strict=True))
        open_ = tuple(part.question for part in done if part.reason is not None) or unmet(asked, [text for text, _ in stated])
        last = max((citation.number for citation in cited), default=0)
        return Answer(
            id=uuid.uuid4().hex[:12],
            question=question,
            standalone_question=asked,
            answered=bool(standing),
            answer=_text(done) if standing else SILENCE,
            confidence=min((part.confidence for part in standing or done), default=0.0),
            reason=None if standing else done[0].reason,
            sentences=sentences,
            citations=cited,
            hits=found.hits,
            withdrawn=tuple(done[-1].draft.withdrawn),
            model=self._model.name,
            usage=tally.usage,
            timing=tally.timing(),
            trace=self._trace(done, evidence, rewritten=rewritten),
            differing=differing(rivals(asked, stated, evidence), last),
            missing=open_ if standing else (),
            namesakes=namesakes(asked, evidence) if standing else (),
            as_of=standing_on(asked, [item for group in support for item in group]) if standing else None,
        )

    def _trace(self, done: Sequence[Part], evidence: tuple[Evidence, ...], *, rewritten: bool) -> Trace:
        asked = [part for part in done if not part.refusal and not part.told]
        messages = tuple(message for part in asked for message in self._messages({"found": part.found}))
        used = compress(("standalone", "answer", "confirm"), (rewritten, bool(asked), any(part.doubted for part in done)))
        doubted = [part.signals for part in done if part.doubted]
        return Trace(evidence, messages, "\n".join(part.reader.text for part in asked), tuple(used), least(doubted).told())

    def _signals(self, found: Found, draft: Draft, stated: float | None) -> Signals:
        """What speaks for the answer, of its weakest sentence each; the model looks once more at each sentence's sources alone."""
        question, _ = without_date(found.standalone_question)  # of that the sources' dates tell, not their words
        spelt = self._library.spelt(question) if self._library.reader else question
        several = []
        for sentence, group in zip(draft.sentences, draft.support, strict=True):
            source = " ".join((f"“{group[0].passage.title}”.", *(one_line(item.text) for item in group)))
            messages = self._confirm.fill(source=source, question=question, answer=sentence.text)
            several.append(
                Signals(
                    yes=self._model.yes(messages),
                    stated=stated,
                    answers=answering(self._library.reader, spelt, group),
                    words=shared_words(question, group),
                    found=min(item.score for item in group),
                )
            )
        return least(several)


def refusal(asked: Asked) -> str | None:
    """Why the documents cannot answer, whatever a model says: nothing was found, or nothing that names what the question names."""
    found = asked["found"]
    if not found.evidence:
        return "nothing was found in the documents"
    if missing := missing_terms(found.standalone_question, (), surroundings(found, None)):
        return f"nothing that was found speaks of “{missing[0]}”"
    day = out_of_time(found.standalone_question, [item.passage for item in found.evidence])
    return f"nothing that was found is of the time of “{day}”" if day else None


def reply_grammar(shown: Sequence[Evidence]) -> str:
    """GBNF of a reply about these sentences: lines of `[number] text`, or that it is not stated. About Latin letters it uses no others."""
    numbers = " | ".join(f'"{item.number}"' for item in shown)
    others = BEYOND_LATIN if scripts(text for item in shown for text in (item.text, item.passage.heading)) <= LATIN else ""
    return (
        'root ::= "[0] Not stated" | line ("\\n" line){0,4}\n'
        'line ::= "[" number (", " number){0,2} "] " [^\\n\\[\\]'
        f"{others}]{{2,300}}\n"
        f"number ::= {numbers}"
    )


def unanswered(found: Found, draft: Draft) -> str | None:
    """Why what stands of a reply is no answer: nothing stands, or its sources do not speak of what the question names."""
    if not draft.sentences:
        return draft.withdrawn[0].reason if draft.withdrawn else "no sentence of them states it"
    support = [item for group in draft.support for item in group]
    documents = frozenset(item.passage.document for item in support)
    missing = missing_terms(found.standalone_question, support, surroundings(found, documents))
    near = missing_terms(found.standalone_question, support, [item.passage.text for item in support])
    missing += tuple(term for term in near if term[:1].isdigit())  # a year elsewhere in an article is another event's
    if missing:
        return f"the source of the answer does not speak of “{missing[0]}”"
    day = out_of_time(found.standalone_question, [item.passage for item in support])
    return f"the source of the answer is not of the time of “{day}”" if day else None


def surroundings(found: Found, documents: frozenset[str] | None) -> Iterable[str]:
    """The found passages of some documents (None: of all) with their headings, as text; those of the evidence are among them."""
    passages = dict.fromkeys([hit.passage for hit in found.hits] + [item.passage for item in found.evidence])
    for passage in passages:
        if documents is None or passage.document in documents:
            yield passage.heading
            yield passage.text


def numbered(shown: Sequence[Evidence]) -> str:
    """The evidence as the model sees it: each article's heading, and under it its sentences with their numbers."""
    lines: list[str] = []
    heading = ""
    for item in shown:
        if item.passage.heading != heading:
            heading = item.passage.heading
            lines.append(f"“{item.passage.title}”" + heading.removeprefix(item.passage.title))
        lines.append(f"[{item.number}] {one_line(item.text)}")
    return "\n".join(lines)


def _read(pieces: Iterator[str | list[Claim]], draft: Draft, before: str) -> Iterator[Event]:
    """`before`: what stands of the parts before this one."""
    for piece in pieces:
        if isinstance(piece, str):
            yield Token(piece)
            continue
        for claim in piece:
            draft.take(claim)
        yield Revised(" ".join(filter(None, (before, draft.text()))))


def _tell(part: Part, before: str) -> Iterator[Event]:
    for item in part.told:
        part.draft.tell(item)
    yield Revised(" ".join(filter(None, (before, part.draft.text()))))


def _text(done: Sequence[Part]) -> str:
    return " ".join(filter(None, (part.draft.text() for part in done)))

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
from qa.confidence import answering, confidence
from qa.draft import Draft
from qa.errors import ReplyCutError
from qa.followup import leans, search_text, stand_alone
from qa.library import Library
from qa.models import LanguageModel
from qa.reply import ReplyReader
from qa.types import Answer, Claim, Done, Event, Evidence, Found, Revised, Timing, Token, Trace, Turn, Usage
from qa.verify import missing_terms

SEARCHED: Final = 10  # passages shown
REPLY_TOKENS: Final = 160
SILENCE: Final = "The documents do not tell."
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


class Answerer:
    """Answers questions from one library with one language model."""

    def __init__(self, library: Library, model: LanguageModel, budget: int, caution: float) -> None:
        self._library = library
        self._model = model
        self._budget = budget
        self._caution = caution
        self._prompt = prompts.load("answer")
        self._confirm = prompts.load("confirm")
        self._chain = self._build()

    def _build(self) -> Runnable[Asked, Asked]:
        """question, history → found → refusal → reply; nothing is asked of the model where there is a refusal."""
        return (
            RunnablePassthrough.assign(found=self._find)
            | RunnablePassthrough.assign(refusal=refusal)
            | RunnablePassthrough.assign(reply=RunnableLambda(self._reply))
        )

    def _reply(self, asked: Asked) -> Runnable[Asked, AIMessage]:
        if asked["refusal"]:
            return RunnableLambda(lambda _: AIMessageChunk(content=""))
        grammar = reply_grammar(len(asked["found"].evidence))
        return RunnableLambda(self._messages) | self._model.runnable(max_tokens=REPLY_TOKENS, grammar=grammar)

    def ask(self, question: str, history: Sequence[Turn]) -> Iterator[Event]:
        """Found, then Token and Revised as the model writes, then Done. Raises EngineError; closing the iterator stops the model."""
        tally, reader = Tally(), ReplyReader()
        found: Found | None = None
        draft = Draft(question, ())
        for step in self._chain.stream({"question": question, "history": history}):
            if "found" in step:
                found = step["found"]
                draft = Draft(found.standalone_question, found.evidence)
                tally.retrieve_ms = tally.elapsed()
                yield found
            if "reply" in step and step["reply"].content:
                yield from _read(reader.feed(str(step["reply"].content)), draft)
            if "reply" in step:
                tally.count(step["reply"])
        if found is None:
            raise ReplyCutError("The chain ended before anything was found", "Ask again.")
        yield from _read(reader.finish(), draft)
        yield Done(self._conclude(question, found, draft, tally, reply=reader.text, rewritten=leans(question, history)))

    def _find(self, asked: Asked) -> Found:
        asked_, history = asked["question"], asked["history"]
        question = stand_alone(asked_, history, self._model)
        beside = dict.fromkeys((asked_, search_text(asked_, history))) if history else {}
        found = self._library.search(question, SEARCHED, self._model.count, self._budget, [text for text in beside if text != question])
        return Found(question, found.hits, found.evidence)

    def _messages(self, asked: Asked) -> list[prompts.Message]:
        found = asked["found"]
        return self._prompt.fill(evidence=numbered(found.evidence), question=found.standalone_question)

    def _conclude(self, question: str, found: Found, draft: Draft, tally: Tally, *, reply: str, rewritten: bool) -> Answer:
        confidence = 0.0
        refused = refusal({"found": found})
        reason = refused or unanswered(found, draft)
        doubted = reason is None
        if reason is None:
            confidence = self._confidence(found.standalone_question, draft)
            reason = UNCONFIRMED if confidence < self._caution else None
        if reason is not None:
            draft.withdraw_all(reason)
        return Answer(
            id=uuid.uuid4().hex[:12],
            question=question,
            standalone_question=found.standalone_question,
            answered=reason is None,
            answer=SILENCE if reason else draft.text(),
            confidence=confidence,
            reason=reason,
            sentences=tuple(draft.sentences),
            citations=tuple(draft.citations.values()),
            hits=found.hits,
            withdrawn=tuple(draft.withdrawn),
            model=self._model.name,
            usage=tally.usage,
            timing=tally.timing(),
            trace=Trace(
                found.evidence,
                () if refused else tuple(self._messages({"found": found})),
                reply,
                tuple(compress(("standalone", "answer", "confirm"), (rewritten, not refused, doubted))),
            ),
        )

    def _confidence(self, question: str, draft: Draft) -> float:
        """The least of the probabilities, 0 to 1, that a sentence's sources state it and that it is what was asked."""
        least = 1.0
        second = self._library.reader
        spelt = self._library.spelt(question) if second else question
        for sentence, group in zip(draft.sentences, draft.support, strict=True):
            source = " ".join((f"“{group[0].passage.title}”.", *(" ".join(item.text.split()) for item in group)))
            messages = self._confirm.fill(source=source, question=question, answer=sentence.text)
            answers = answering(second, spelt, group) if second else None
            least = min(least, confidence(self._model.yes(messages), answers))
        return least


def refusal(asked: Asked) -> str | None:
    """Why the documents cannot answer, whatever a model says: nothing was found, or nothing that names what the question names."""
    found = asked["found"]
    if not found.evidence:
        return "nothing was found in the documents"
    missing = missing_terms(found.standalone_question, (), surroundings(found, None))
    return f"nothing that was found speaks of “{missing[0]}”" if missing else None


def reply_grammar(shown: int) -> str:
    """GBNF of a reply about so many numbered sentences: lines of `[number] text`, or that it is not stated."""
    numbers = " | ".join(f'"{number}"' for number in range(1, shown + 1))
    return (
        'root ::= "[0] Not stated" | line ("\\n" line){0,4}\n'
        'line ::= "[" number (", " number){0,2} "] " [^\\n\\[\\]]{2,300}\n'
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
    return f"the source of the answer does not speak of “{missing[0]}”" if missing else None


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
        lines.append(f"[{item.number}] {' '.join(item.text.split())}")
    return "\n".join(lines)


def _read(pieces: Iterator[str | list[Claim]], draft: Draft) -> Iterator[Event]:
    for piece in pieces:
        if isinstance(piece, str):
            yield Token(piece)
            continue
        for claim in piece:
            draft.take(claim)
        yield Revised(draft.text())

"""Asking a case: what came of it, as a `Reply` that can be scored later."""

from collections.abc import Iterable

from qa.errors import PromptTooLongError, ReplyCutError
from qa.evaluation.types import Case, Cited, Reply, Shown
from qa.service import QA
from qa.types import Answer, Citation, Done, Evidence, Hit

SEARCHED = 50  # passages; enough for ten documents


def ask(qa: QA, case: Case) -> tuple[Reply, tuple[str, ...] | None]:
    """The reply to a case, and the names of the prompts that were used for it; None where it failed and is to be asked again next time.

    A prompt or a reply that is too long for the model is a failure of the case. Raises EngineError for an engine that fails, NotReadyError.
    """
    try:
        events = list(qa.ask(case.question, case.history))
    except (PromptTooLongError, ReplyCutError) as error:
        return _unasked(case, error.line(), qa.language_model.name), None
    answer = next(event.answer for event in events if isinstance(event, Done))
    return recorded(qa, case, answer), answer.trace.prompts


def search(qa: QA, case: Case) -> Reply:
    """What retrieval finds for a case, without a language model: a reply that has a ranking and evidence. Raises NotReadyError."""
    found = qa.explain(case.question, SEARCHED)
    return _unasked(case, "", "", ranking=_documents(found.hits), evidence=tuple(map(_shown, found.evidence)))


def recorded(qa: QA, case: Case, answer: Answer) -> Reply:
    return Reply(
        case=case.id,
        question=case.question,
        standalone_question=answer.standalone_question,
        answered=answer.answered,
        answer=answer.answer,
        confidence=answer.confidence,
        reason=answer.reason,
        sentences=answer.sentences,
        citations=tuple(_cited(qa, citation) for citation in answer.citations),
        evidence=tuple(map(_shown, answer.trace.evidence)),
        ranking=_documents(qa.search(answer.standalone_question, SEARCHED)),
        withdrawn=answer.withdrawn,
        prompt=answer.trace.messages,
        output=answer.trace.reply,
        model=answer.model,
        prompt_tokens=answer.usage.prompt_tokens,
        completion_tokens=answer.usage.completion_tokens,
        evidence_ms=answer.timing.retrieve_ms,
        first_token_ms=answer.timing.first_token_ms,
        total_ms=answer.timing.total_ms,
        signals=answer.trace.signals,
    )


def _cited(qa: QA, citation: Citation) -> Cited:
    text = qa.document(citation.document)[0].text
    verbatim = text[citation.start : citation.end] == citation.quote
    return Cited(citation.number, citation.file, citation.title, citation.start, citation.end, citation.quote, verbatim)


def _shown(evidence: Evidence) -> Shown:
    return Shown(evidence.number, evidence.passage.file, evidence.passage.heading, evidence.text)


def _documents(hits: Iterable[Hit]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(hit.passage.file for hit in hits))


def _unasked(case: Case, reason: str, model: str, ranking: tuple[str, ...] = (), evidence: tuple[Shown, ...] = ()) -> Reply:
    return Reply(
        case=case.id,
        question=case.question,
        standalone_question=case.question,
        answered=False,
        answer="",
        confidence=0.0,
        reason=reason or None,
        sentences=(),
        citations=(),
        evidence=evidence,
        ranking=ranking,
        withdrawn=(),
        prompt=(),
        output="",
        model=model,
        prompt_tokens=0,
        completion_tokens=0,
        evidence_ms=None,
        first_token_ms=None,
        total_ms=0.0,
    )

"""Scoring: a case and its reply → marks with their reasons. Pure."""

import functools
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from math import ceil
from typing import Final

from qa.evaluation.matching import can_be_judged, contains, exact_match, judged, token_f1, without_footnotes
from qa.evaluation.ranking import hit, ndcg, recall, reciprocal_rank, same_document
from qa.evaluation.types import Case, Cited, Mark, Outcome, Reply, Scored
from qa.words import fold

FOOTNOTE: Final = re.compile(r"\[(\d+)\]")
OVERLAP: Final = 0.5  # of the words of the shorter of two quotes: from here on they are about the same place

Marks = Iterator[tuple[str, Mark]]


def score(case: Case, reply: Reply) -> Scored:
    """A reply without a model (only searched) has marks for retrieval and evidence alone."""
    if not reply.model:
        return Scored(case, reply, "unjudged", dict([*_retrieval(case, reply), *_evidence(case, reply)]))
    found = judged(case, reply.answer if reply.answered else "") if case.answerable else None
    result = _outcome(case, reply, found)
    parts = (
        _right(case, reply, result, found), _silence(case, reply), _words_of(case, reply),
        _citations(case, reply), _retrieval(case, reply), _evidence(case, reply), _cost(reply),
    )  # fmt: skip
    return Scored(case, reply, result, dict(mark for part in parts for mark in part))


def _outcome(case: Case, reply: Reply, found: Mark | None) -> Outcome:
    """`found` is whether the reply says what the case accepts; None where no exact score fits, or nothing is accepted."""
    if not case.answerable:
        return "invented" if reply.answered else "silent"
    if not reply.answered:
        return "withheld"
    return "unjudged" if found is None else "right" if found.value else "wrong"


def _right(case: Case, reply: Reply, result: Outcome, found: Mark | None) -> Marks:
    """Nothing where a reference answer is too long to be looked for: then silence cannot be weighed against being right either."""
    if case.answerable and found is None:
        return
    mark = Mark(float(result in ("right", "silent")), _why(reply, found))
    yield "overall", mark
    if case.answerable:
        yield "right", mark
    if reply.answered:
        yield "wrong_given", Mark(1 - mark.value, mark.reason)


def _why(reply: Reply, found: Mark | None) -> str:
    if not reply.answered:
        return f"withheld: {reply.reason}" if reply.reason else "withheld"
    return found.reason if found else "answered, though the documents do not tell"


def _silence(case: Case, reply: Reply) -> Marks:
    name = "refused_answerable" if case.answerable else "refused_unanswerable"
    yield name, Mark(float(not reply.answered), reply.reason or "answered")


def _words_of(case: Case, reply: Reply) -> Marks:
    if case.answerable and not case.answers:
        return
    said = without_footnotes(reply.answer) if reply.answered else ""
    yield "exact", Mark(exact_match(said, case.answers), "after SQuAD's normalisation")
    yield "f1", Mark(token_f1(said, case.answers), "words in common with the nearest accepted answer")


def _citations(case: Case, reply: Reply) -> Marks:
    if not reply.answered:
        return
    known = {citation.number: citation for citation in reply.citations}
    numbers = [int(number) for number in FOOTNOTE.findall(reply.answer)]
    invented = [number for number in numbers if number not in known or not known[number].verbatim]
    yield "invented_citations", Mark(len(invented) / max(len(numbers), 1), f"{len(invented)} of {len(numbers)} footnotes stand in no file")
    if not case.support:
        return
    good = {citation.number for citation in reply.citations if holds_support(case, citation)}
    if reply.citations:
        yield "citation_precision", Mark(len(good) / len(known), f"{len(good)} of {len(known)} cited places hold the support")
    if reply.sentences:
        supported = sum(bool(good & set(sentence.citations)) for sentence in reply.sentences)
        yield (
            "citation_recall",
            Mark(supported / len(reply.sentences), f"{supported} of {len(reply.sentences)} sentences cite a place that holds the support"),
        )


def holds_support(case: Case, citation: Cited) -> bool:
    """Whether a citation overlaps a quote of the case in its document; where the case names no quote of it, whether it holds an accepted
    answer; where that is an explanation, which nobody repeats word by word, whether it is of a named document."""
    named = [one for one in case.support if not one.document or same_document(citation.file, one.document)]
    quotes = [one.quote for one in named if one.quote]
    if quotes:
        return any(same_place(quote, citation.quote) for quote in quotes)
    return bool(named) and (not can_be_judged(case) or _holds_answer(case, citation.quote))


def _holds_answer(case: Case, text: str) -> bool:
    options = [*case.answers, *(option for group in case.all_of for option in group)]
    return any(contains(text, option) for option in options) or any(re.search(one, text, re.IGNORECASE) for one in case.patterns)


def same_place(one: str, other: str) -> bool:
    """Whether two quotes of one document are about the same place: the longest run of words they share is half of the shorter one."""
    shorter, longer = sorted((_words(one), _words(other)), key=len)
    run = ceil(OVERLAP * len(shorter))
    text = f" {' '.join(longer)} "
    return run > 0 and any(f" {' '.join(shorter[start : start + run])} " in text for start in range(len(shorter) - run + 1))


@functools.lru_cache(maxsize=20_000)
def _words(text: str) -> list[str]:
    return re.findall(r"\w+", fold(text))


def _retrieval(case: Case, reply: Reply) -> Marks:
    relevant = case.documents
    if not relevant or (reply.model and not reply.ranking):
        return
    ranking = [next((name for name in relevant if same_document(file, name)), file) for file in reply.ranking]
    found = [str(place) for place, name in enumerate(ranking, 1) if name in relevant]
    reason = f"at rank {', '.join(found)}" if found else f"not among {len(ranking)}"
    for k in (1, 5, 10):
        yield f"hit@{k}", Mark(hit(ranking, relevant, k), reason)
    for k in (5, 10):
        yield f"recall@{k}", Mark(recall(ranking, relevant, k), reason)
    yield "mrr", Mark(reciprocal_rank(ranking, relevant), reason)
    yield "ndcg@10", Mark(ndcg(ranking, relevant, 10), reason)


def _evidence(case: Case, reply: Reply) -> Marks:
    if not case.answerable:
        return
    shown = "\n".join(f"{item.heading}\n{item.text}" for item in reply.evidence)
    found = judged(replace(case, patterns=()), shown) if case.answers or case.all_of else None
    if found is not None:
        yield "evidence_answer", Mark(found.value, found.reason)
    quotes = [one.quote for one in case.support if one.quote]
    if quotes:
        there = sum(any(same_place(quote, item.text) for item in reply.evidence) for quote in quotes)
        yield "evidence_quote", Mark(there / len(quotes), f"{there} of {len(quotes)} quotes were shown to the model")


def _cost(reply: Reply) -> Marks:
    if reply.prompt_tokens:
        yield "prompt_tokens", Mark(float(reply.prompt_tokens))
        yield "completion_tokens", Mark(float(reply.completion_tokens))
    times = (("evidence_ms", reply.evidence_ms), ("first_token_ms", reply.first_token_ms), ("total_ms", reply.total_ms))
    yield from ((name, Mark(value)) for name, value in times if value is not None)


def outcomes(scored: Sequence[Scored]) -> dict[Outcome, int]:
    """How many cases ended in each way, the good first."""
    order: tuple[Outcome, ...] = ("right", "silent", "withheld", "wrong", "invented", "unjudged")
    return {name: sum(one.outcome == name for one in scored) for name in order}

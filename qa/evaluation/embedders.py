"""Changing the embedder of an index: the newcomer is compared with the one in use on cases, and takes its place unless it is worse."""

from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from qa import reindex
from qa.embed import open_embedder, setting_of
from qa.errors import UsageError
from qa.evaluation.cases import read_cases, unknown_documents
from qa.evaluation.compare import compare
from qa.evaluation.record import search
from qa.evaluation.score import score
from qa.evaluation.types import Case, Comparison, Scored
from qa.library import Library
from qa.retrieve import Retriever
from qa.service import QA
from qa.settings import Settings, data_folder
from qa.types import Progress
from qa.vectors import Vectors

DECISIVE: Final = ("hit@5", "recall@5", "recall@10", "mrr", "ndcg@10", "evidence_answer")
"""The measures of which none may be significantly worse."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What to do about the embedder. `cases`: what to compare on, None for the questions that ship if their documents are indexed;
    `swap`: change over whatever they say; `compare_only`: never."""

    cases: Path | None = None
    swap: bool = False
    compare_only: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of it: the setting of the embedder in use from now on, and in a sentence why."""

    embedder: str
    swapped: bool
    reason: str
    comparison: Comparison | None = None


def change(wish: Wish) -> Callable[[Settings, Progress], Outcome]:
    """What changes the embedder to that of the settings."""
    return lambda settings, progress: _changed(settings, wish, progress)


def _changed(settings: Settings, wish: Wish, progress: Progress) -> Outcome:
    """Build beside, compare, change over. Raises UsageError, IndexLockedError, EngineError, StoreError; what was embedded is kept."""
    with closing(Library.open(settings, progress, search=False)) as library:
        embedder = reindex.newcomer(library.catalog, settings, progress)
        before = setting_of(library.catalog.meta("embedder") or "")
        shadow = reindex.beside(library, embedder, progress)
        cases = _cases(wish, library)
        comparison = _compared(library, shadow, cases, settings.model_copy(update={"embedder": before}), progress) if cases else None
        swapped, reason = decision(wish, comparison)
        if swapped:
            reindex.swap(library, embedder, settings.chroma_url, progress)
        return Outcome(settings.embedder if swapped else before, swapped, reason, comparison)


def back(settings: Settings, progress: Progress) -> Outcome:
    """Put the embedder back that was in use before. Raises as `change`."""
    with closing(Library.open(settings, progress, search=False)) as library:
        embedder, setting = reindex.predecessor(library.catalog, settings, progress)
        reindex.swap(library, embedder, settings.chroma_url, progress)
        return Outcome(setting, True, "the embedder before is in use again")


def forget(settings: Settings, progress: Progress) -> Outcome:
    """Delete the vectors of all embedders but the one in use. Raises IndexLockedError, StoreError."""
    with closing(Library.open(settings, progress, search=False)) as library:
        deleted = reindex.forget(library)
        return Outcome(setting_of(library.catalog.meta("embedder") or ""), False, f"{deleted:,} vectors of other embedders are deleted")


def _cases(wish: Wish, library: Library) -> tuple[Case, ...]:
    path = wish.cases or reindex.gold(data_folder("seeds") / "questions.jsonl", library.catalog)
    if path is None:
        return ()
    known = {status.file for status in library.catalog.documents() if status.status == "indexed"}
    cases = [case for case in read_cases(path, strict=False).cases if case.answerable]
    unknown = unknown_documents(cases, known)
    kept = tuple(case for case in cases if case.id not in unknown and case.documents)
    if wish.cases and not kept:
        raise UsageError(f"{path} has no answerable case whose documents are indexed", "Name cases with `evidence` in indexed files.")
    return kept


def _compared(library: Library, shadow: Library, cases: Sequence[Case], live: Settings, progress: Progress) -> Comparison:
    """Both by comparing every vector, so that nothing but the embedder differs."""
    embedder = open_embedder(live, progress)
    vectors = Vectors(library.catalog, library.home / "chroma", embedder.fingerprint)
    before = replace(library, embedder=embedder, vectors=vectors, retriever=Retriever(library.catalog, vectors, embedder))
    return compare(_searched(before, cases, progress), _searched(shadow, cases, progress), live.embedder)


def _searched(library: Library, cases: Sequence[Case], progress: Progress) -> list[Scored]:
    qa = QA(library)
    found = []
    for number, case in enumerate(cases):
        progress("searching", number, len(cases))
        found.append(score(case, search(qa, case)))
    return found


def decision(wish: Wish, comparison: Comparison | None) -> tuple[bool, str]:
    """Whether to change over, and why."""
    worse = [one.measure for one in comparison.changes if one.measure in DECISIVE and one.verdict == "worse"] if comparison else []
    told = f"it is worse ({', '.join(worse)})" if worse else "it is no worse" if comparison else "there is nothing to compare on"
    if wish.compare_only:
        return False, f"{told}; only a comparison was asked for"
    if wish.swap:
        return True, f"{told}; the change was asked for whatever comes"
    return not worse, told + ("; `--swap` changes over all the same" if worse else "")

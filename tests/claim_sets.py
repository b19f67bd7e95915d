"""Gold sentences of the public question sets, each with its question and its neighbours: what claims for the checks are made from."""

import json
import random
import re
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import Any, Final

from qa.split import sentences
from qa.types import Evidence, Passage, Span

SETS: Final = ("clapnq", "timeqa_human", "realtimeqa_dev", "squad2_cs224n_dev", "multihop_musique_hotpot")
SHORTEST: Final = 40
LONGEST: Final = 300
"""Characters of a gold sentence: shorter is a heading, longer a list."""
BROKEN: Final = re.compile(r"^[^A-Z\"“'(\d]|[^.!?\"”')]$|\?$|\\|``|\[|…")
"""No whole sentence, a question, or one with marks of its page left in it."""


@dataclass(frozen=True, slots=True)
class Gold:
    """A sentence that answers a question, and where it stands."""

    text: str
    question: str
    answers: tuple[str, ...]
    title: str
    before: str
    after: str

    @property
    def asked(self) -> str:
        """Its question where the sentence has an answer to it; else nothing is asked of it."""
        return self.question if self.answer else ""

    @property
    def answer(self) -> str:
        """The shortest answer that stands in it as it is written."""
        found = [one for one in self.answers if re.search(rf"(?<!\w){re.escape(one)}(?!\w)", self.text)]
        return min(found, key=len, default="")

    @property
    def even(self) -> bool:
        """Whether its article is one of the half that rules are written after."""
        return zlib.crc32(self.title.encode()) % 2 == 0

    def alone(self) -> tuple[Evidence, ...]:
        return evidence(self.title, self.text)

    def among(self) -> tuple[Evidence, ...]:
        return evidence(self.title, *filter(None, (self.before, self.text, self.after)))


def evidence(heading: str, *texts: str) -> tuple[Evidence, ...]:
    """Neighbouring sentences of one article."""
    whole, spans = "", []
    for text in texts:
        whole += " " if whole else ""
        spans.append(Span(len(whole), len(whole) + len(text)))
        whole += text
    passage = Passage("d", "d", "d.txt", heading, None, None, 0, len(whole), whole, tuple(spans))
    return tuple(Evidence(i, passage, span.start, span.end, span.of(whole), 1.0 / i) for i, span in enumerate(spans, 1))


def gold(bench: Path, seed: int) -> list[Gold]:
    """The gold sentences of the sets that are there, each once, of the sets in turn."""
    found = [list(_of(bench / name)) for name in SETS if (bench / name / "questions.jsonl").is_file()]
    for one in found:
        random.Random(seed).shuffle(one)
    unique = {one.text: one for several in zip_longest(*found) for one in several if one}
    return list(unique.values())


def rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def _of(folder: Path) -> Iterator[Gold]:
    documents = {row["id"]: row for row in rows(folder / "corpus.jsonl")}
    for row in rows(folder / "questions.jsonl"):
        if not row.get("answerable", True) or not row.get("answers"):
            continue
        for name in row["evidence_doc_ids"]:
            if name in documents:
                yield from _in_document(row, documents[name])


def _in_document(row: Mapping[str, Any], document: Mapping[str, Any]) -> Iterator[Gold]:
    text = document["text"]
    spans = [span for line in re.finditer(r"[^\n]+", text) for span in sentences(text, Span(*line.span()))]
    question, answers = row.get("question_raw", row["question"]), tuple(row["answers"])
    told = " ".join(row.get("evidence_sentences", ()))
    kept = 0
    for i, span in enumerate(spans):
        said = span.of(text).strip()
        if not SHORTEST <= len(said) <= LONGEST or BROKEN.search(said) or kept == 3:
            continue
        if said in told if told else any(answer.casefold() in said.casefold() for answer in answers):
            around = [spans[j].of(text).strip() if 0 <= j < len(spans) else "" for j in (i - 1, i + 1)]
            kept += 1
            yield Gold(said, question, answers, document["title"], around[0], around[1])

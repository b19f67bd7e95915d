"""What the second reader is measured on: public questions beside texts that answer them or do not, and claims sound and changed."""

import json
import random
import re
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final, TypeVar

from qa.read import read
from qa.reader import Text
from qa.split import sentences
from qa.training.news import sound
from qa.training.questions import LINE
from qa.training.swap import names, swapped
from qa.types import Span
from qa.words import stems

CLAIMS: Final = 2000
OTHERS: Final = 3
"""Texts that do not answer, of each question."""
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Asked:
    """A question and the windows of one text; `answers` what it is to find there, none where the text does not answer."""

    question: str
    group: str
    windows: tuple[Text, ...]
    answers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Claimed:
    """A claim beside the sentence that it was made from; `changed` says what was changed, None of a sound one."""

    claim: str
    group: str
    text: Text
    changed: str | None


def windows(text: str, context: str) -> tuple[Text, ...]:
    """Each sentence of a text with the one before it, as the product reads them."""
    spans = [span for line in LINE.finditer(text) for span in sentences(text, Span(*line.span()))]
    return tuple(Text(text[spans[max(0, i - 1)].start : span.end], context) for i, span in enumerate(spans))


def rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def near_misses(bench: Path, sample: int | None, seed: int) -> list[Asked]:
    """SQuAD 2.0: answerable questions, and those that people wrote so that the passage only seems to answer them."""
    folder = bench / "squad2_cs224n_dev"
    passages = {row["id"]: row for row in rows(folder / "corpus.jsonl")}
    asked = []
    for row in _sample(rows(folder / "questions.jsonl"), sample, seed):
        passage = passages[row["related_doc_ids"][0]]
        asked.append(Asked(row["question"], passage["title"], windows(passage["text"], passage["title"]), tuple(row["answers"])))
    return asked


def other_texts(bench: Path, sample: int | None, seed: int) -> list[Asked]:
    """RealTimeQA: each question beside the text that answers it, where that holds the answer's words, and beside the three nearest by BM25
    of the texts that answer others. (The nearest of the whole corpus often do answer: it has the same event of other years.)"""
    folder = bench / "realtimeqa_dev"
    documents = {row["id"]: row for row in rows(folder / "corpus.jsonl")}
    questions = [row for row in rows(folder / "questions.jsonl") if row["answerable"] and row.get("gold_evidence_text")]
    index = _Index([row["gold_evidence_text"] for row in questions])
    texts = [_explained(row, documents[row["evidence_doc_ids"][0]]) for row in questions]
    asked = []
    for place in _sample(range(len(questions)), sample, seed):
        row = questions[place]
        question, owners = row["question_raw"], set(row["evidence_doc_ids"])
        if not _holds(row, row["gold_evidence_text"]):
            continue
        asked.append(Asked(question, row["id"], texts[place], tuple(row["answers"])))
        near = (k for k in index.nearest(question) if k != place and not owners & set(questions[k]["evidence_doc_ids"]))
        others = [k for k in near if not _holds(row, questions[k]["gold_evidence_text"])]
        asked += [Asked(question, row["id"], texts[k], ()) for k in others[:OTHERS]]
    return asked


def _explained(row: Mapping[str, Any], document: Mapping[str, Any]) -> tuple[Text, ...]:
    return windows(row["gold_evidence_text"], f"{document['title']} · {document['date']}")


def _holds(row: Mapping[str, Any], text: str) -> bool:
    return any(answer.casefold() in text.casefold() for answer in row["answers"])


def seeds(folder: Path) -> list[Asked]:
    """The gold questions beside every window of every article, without retrieval; `answers` are the gold sentences with the answers."""
    texts: list[Text] = []
    for file in sorted(folder.glob("*.txt")):
        for document in read(file, file.name):
            for article in document.articles:
                for block in article.blocks:
                    texts += windows(block.of(document.text), article.title)
    asked = []
    for row in rows(folder / "questions.jsonl"):
        if not row.get("history"):
            quotes = tuple(one["quote"] for one in row.get("evidence", ()))
            asked.append(Asked(row["question"], row["id"], tuple(texts), (*quotes, *row.get("answers", ())) if row["answerable"] else ()))
    return asked


def claims(bench: Path, seed: int, count: int = CLAIMS) -> list[Claimed]:
    """Sentences that answer public questions, said in other words (sound) or with one thing changed: half and half."""
    rng = random.Random(seed)
    made: list[Claimed] = []
    for sentence, text, group in _gold_sentences(bench, rng):
        claim = sound(sentence, rng)
        found = swapped(claim, [name for name in names(text.text) if name not in claim] + _NAMES, rng)
        if found is None or found.text in text.text:
            continue
        made += (Claimed(claim, group, text, None), Claimed(found.text, group, text, found.kind))
        if len(made) >= 2 * count:
            break
    return made


_NAMES: Final = ["Helen Ostrow", "Tomas Varga", "Norchester", "Delmar Group", "Imran Qadir", "Lena Fischer", "Port Ardley", "Marlow"]


def _gold_sentences(bench: Path, rng: random.Random) -> Iterator[tuple[str, Text, str]]:
    """Gold sentences with the window they stand in, of CLAPNQ, TimeQA and SQuAD in turn."""
    found: list[tuple[str, Text, str]] = []
    for name in ("clapnq", "timeqa_human"):
        documents = {row["id"]: row for row in rows(bench / name / "corpus.jsonl")}
        for row in rows(bench / name / "questions.jsonl"):
            for told in row.get("evidence_sentences", ()):
                spans = sentences(told, Span(0, len(told)))
                best = max(spans, key=lambda span: span.end - span.start, default=None)
                if best is not None and 40 <= best.end - best.start <= 260:
                    found.append((best.of(told), Text(best.of(told)), documents[row["evidence_doc_ids"][0]]["title"]))
    passages = {row["id"]: row for row in rows(bench / "squad2_cs224n_dev" / "corpus.jsonl")}
    for row in rows(bench / "squad2_cs224n_dev" / "questions.jsonl"):
        passage = passages[row["related_doc_ids"][0]]
        for answer in row["answers"][:1]:
            held = [one for one in windows(passage["text"], passage["title"]) if answer in one.text]
            spans = sentences(held[0].text, Span(0, len(held[0].text))) if held else []
            for span in spans:
                if answer in span.of(held[0].text) and 40 <= span.end - span.start <= 260:
                    found.append((span.of(held[0].text), held[0], passage["title"]))
                    break
    unique = list({sentence: (sentence, text, group) for sentence, text, group in found}.values())
    rng.shuffle(unique)
    yield from unique


def _sample(found: Sequence[T], sample: int | None, seed: int) -> list[T]:
    if sample is None or sample >= len(found):
        return list(found)
    return random.Random(seed).sample(list(found), sample)


class _Index:
    """BM25 over texts."""

    def __init__(self, texts: Sequence[str]) -> None:
        self._table = sqlite3.connect(":memory:")
        self._table.execute("CREATE VIRTUAL TABLE p USING fts5(text, tokenize='porter')")
        self._table.executemany("INSERT INTO p(rowid, text) VALUES (?, ?)", enumerate(texts))

    def nearest(self, question: str) -> Iterator[int]:
        """Places of texts that have a word of the question, the nearest first."""
        query = " OR ".join(f'"{stem}"' for stem in dict.fromkeys(_words(question)))
        return (place for (place,) in self._table.execute("SELECT rowid FROM p WHERE p MATCH ? ORDER BY rank", (query,)))


@cache
def _words(text: str) -> tuple[str, ...]:
    return tuple(word for word in re.findall(r"\w+", text.casefold()) if len(word) > 2 and stems(word))

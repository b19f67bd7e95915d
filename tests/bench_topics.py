"""Questions about a topic and nothing more: `make bench-topics`.

Of each set (a folder with corpus.jsonl) some articles are indexed and others are not. Names drawn from both, as the page draws its example
questions, are asked about: those of the indexed ones ought to be told of, in sentences that hold the name as it is written; those of the
others, where they stand nowhere in what is indexed, ought not to be. No language model takes part.
"""

import argparse
import json
import random
import tempfile
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from qa.answer import SEARCHED
from qa.evaluation.statistics import wilson
from qa.library import Library
from qa.settings import Settings
from qa.suggest import suggestions
from qa.tokens import estimate
from qa.topics import sentences_about, topic_of
from qa.types import ignore
from qa.words import words

SEED: Final = 11
SETS: Final = ("realtimeqa_dev", "clapnq", "mtrag_un")


@dataclass(frozen=True)
class Told:
    """Topics of indexed articles: all, those told of, and of these those whose every sentence holds the name; topics of others likewise."""

    here: int
    told: int
    named: int
    elsewhere: int
    invented: int


def measure(corpus: Path, articles: int, home: Path) -> Told:
    rows = [json.loads(line) for line in corpus.read_text(encoding="utf-8").splitlines()]
    random.Random(SEED).shuffle(rows)
    inside, outside = rows[:articles], rows[articles : 2 * articles]
    file = home / "some.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in inside), encoding="utf-8")
    spread = " ".join(plain(row["text"]) for row in inside)
    with closing(Library.open(Settings(home=home / "home", embedder="embedded"), ignore)) as library:
        library.sync([file], ignore)
        here = topics(library, [status.id for status in library.catalog.documents()])
        found = [(topic, tell(library, topic)) for topic in here]
        named = sum(all(plain(topic) in plain(text) for text in told) for topic, told in found if told)
        with closing(Library.open(Settings(home=home / "other", embedder="embedded"), ignore, search=False)) as other:
            apart = home / "others.jsonl"
            apart.write_text("".join(json.dumps(row) + "\n" for row in outside), encoding="utf-8")
            other.sync([apart], ignore)
            foreign = [topic for topic in topics(other, [status.id for status in other.catalog.documents()]) if plain(topic) not in spread]
        invented = sum(bool(tell(library, topic)) for topic in foreign)
    return Told(len(here), sum(bool(told) for _, told in found), named, len(foreign), invented)


def topics(library: Library, documents: Sequence[str]) -> list[str]:
    asked = suggestions([library.catalog.passages_of(id_) for id_ in documents], len(documents))
    return [topic for question in asked if (topic := topic_of(question))]


def tell(library: Library, topic: str) -> list[str]:
    found = library.search(topic, SEARCHED, estimate, Settings().evidence_tokens)
    return [item.text for item in sentences_about(topic, found.evidence)]


def plain(text: str) -> str:
    return " ".join(words(text)).casefold()


def main() -> None:
    parser = argparse.ArgumentParser(description="Questions about a topic and nothing more.")
    parser.add_argument("bench", type=Path)
    parser.add_argument("--articles", type=int, default=150)
    parser.add_argument("--sets", nargs="*", default=SETS)
    chosen = parser.parse_args()
    for name in chosen.sets:
        corpus = chosen.bench / name / "corpus.jsonl"
        if not corpus.exists():
            print(f"There is no {corpus}: left out")
            continue
        with tempfile.TemporaryDirectory() as home:
            one = measure(corpus, chosen.articles, Path(home))
        print(f"{name}: told of {share(one.told, one.here)}, all by the name {share(one.named, one.told)}", end="")
        print(f"; of topics that stand nowhere told of {share(one.invented, one.elsewhere)}", flush=True)


def share(part: int, whole: int) -> str:
    low, high = wilson(part, whole)
    return f"{part} of {whole} ({low:.0%}-{high:.0%})"


if __name__ == "__main__":
    main()

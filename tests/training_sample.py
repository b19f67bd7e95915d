"""Training files of invented articles, in the form of the public ones."""

import gzip
import json
import random
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

from qa.training import sources

PEOPLE: Final = ("Rita Holm", "Olaf Brandt", "Mira Castell", "Jonas Weller", "Ada Pruitt", "Teo Lindqvist", "Nora Vance", "Emil Sorrel")
PLACES: Final = ("Orrin", "Tolmark", "Westerby", "Calder Hill", "Marrow Bay", "Elmstead", "Port Quill", "Harrow Ness")
THINGS: Final = ("mill", "lighthouse", "library", "bridge", "harbour", "theatre", "school", "tower")


def article(number: int) -> dict[str, Any]:
    """An invented article of its number: a title, a text of two lines, who built the thing and when."""
    rng = random.Random(number)
    builder, mayor, painter = rng.sample(PEOPLE, 3)
    place, thing, year = rng.choice(PLACES), rng.choice(THINGS), rng.randrange(1620, 1990)
    text = (
        f"The {thing} of {place} was built by {builder} in {year}. "
        f"It took {rng.randrange(3, 9)} years and cost {rng.randrange(100, 900)} crowns. "
        f"The walls are {rng.randrange(11, 60)} metres long.\n"
        f"The Danish president {mayor} opened the {thing} on March {rng.randrange(1, 28)}. "
        f"{painter}, {rng.randrange(31, 89)}, may restore it. "
        f"A storm closed the {thing} before {rng.randrange(2001, 2019)}, and ships from Norway brought new timber."
    )
    return {
        "title": f"{thing.title()} of {place} {number}",
        "text": text,
        "thing": thing,
        "place": place,
        "builder": builder,
        "year": str(year),
    }


def asked(number: int) -> dict[str, Any]:
    """A row of a file of questions; every fourth has no answer in its passage."""
    about = article(number)
    by_year = number % 2 == 0
    question = (
        f"When was the {about['thing']} of {about['place']} built?" if by_year else f"Who built the {about['thing']} of {about['place']}?"
    )
    answer = about["year"] if by_year else about["builder"]
    row = {"title": about["title"], "passage": about["text"], "answerable": number % 4 != 3}
    if not row["answerable"]:
        return row | {"question": f"Who sold the {about['thing']} of {about['place']}?", "answers": []}
    return row | {"question": question, "answers": [{"text": answer, "start": about["text"].index(answer)}]}


def claimed(number: int) -> dict[str, str]:
    """A row of a file of claims, of each label in turn."""
    about = article(number)
    label = ("supported", "refuted", "not_enough")[number % 3]
    verb = {"supported": "built", "refuted": "destroyed", "not_enough": "owned"}[label]
    return {"claim": f"{about['builder']} {verb} the {about['thing']}.", "evidence": about["text"].split("\n")[0], "label": label}


def near(folder: Path, count: int) -> Path:
    """A corpus and questions about it, some of which only seem to be answered: by who built the thing."""
    folder.mkdir()
    told = [article(number) for number in range(count)]
    write(folder / "corpus.jsonl", ({"id": f"d{i}", "title": one["title"], "text": one["text"]} for i, one in enumerate(told)))
    rows = (
        {
            "question": row["question"],
            "answerable": row["answerable"],
            "answers": [one["text"] for one in row["answers"]] or [told[i]["builder"]],
            "related_doc_ids": [f"d{i}"],
        }
        for i, row in enumerate(map(asked, range(count)))
    )
    write(folder / "questions.jsonl", rows)
    return folder


def files(folder: Path, count: int) -> Path:
    """A folder of all training files with so many rows each, no two files about the same articles."""
    folder.mkdir()
    for place, name in enumerate(sources.QUESTIONS):
        write(folder / f"qa_{name}.jsonl.gz", (asked(100 * place + number) for number in range(count)))
    for place, name in enumerate(sources.CLAIMS):
        write(folder / f"claims_{name}.jsonl.gz", (claimed(5000 + 100 * place + number) for number in range(count)))
    return folder


def news(file: Path, count: int) -> Path:
    rows = (article(9000 + number) for number in range(count))
    return write(file, ({"title": row["title"], "text": row["text"], "date": "1 May 2020"} for row in rows))


def write(file: Path, rows: Iterable[Mapping[str, Any]]) -> Path:
    text = "".join(json.dumps(row) + "\n" for row in rows)
    file.write_bytes(gzip.compress(text.encode()) if file.suffix == ".gz" else text.encode())
    return file

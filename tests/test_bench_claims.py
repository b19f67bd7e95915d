"""The harness that measures the checks: what it makes of a sentence, and how it counts."""

import json
import random
from pathlib import Path

import pytest

from tests.bench_claims import checked, made, table, wilson
from tests.claim_changes import CHANGES
from tests.claim_forms import FORMS, keeps_quotations
from tests.claim_sets import Gold, gold

SENTENCE = "In May 1999, Ana Ruiz sold 40 boats to Brent Harbour, which may have been 12 miles north of Lugo, for 3 million dollars."
SOURCE = Gold(SENTENCE, "Who sold boats?", ("Ana Ruiz",), "Ana Ruiz", "Peter Moss lived in Vigo.", "Nothing else is known.")


@pytest.mark.parametrize("kind", CHANGES)
def test_a_change_leaves_the_rest_as_it_is(kind: str) -> None:
    rng = random.Random(3)
    text = next(text for _ in range(20) if (text := CHANGES[kind](SENTENCE, ["Peter Moss"], rng)))
    assert text != SENTENCE
    assert len(set(text.split()) & set(SENTENCE.split())) > 14


@pytest.mark.parametrize("kind", ["verbatim", "shortened", "rewritten", "reworded", "hedged", "short"])
def test_a_sound_form_is_made_where_the_sentence_allows_it(kind: str) -> None:
    text = FORMS[kind](SOURCE, random.Random(1))
    assert text is not None
    assert checked(made([SOURCE], 1)[0]).why


def test_other_forms() -> None:
    turned = Gold("The hall was opened by Ana Ruiz in 1990.", "", (), "Hall", "", "")
    assert FORMS["turned"](turned, random.Random(1)) == "Ana Ruiz opened the hall in 1990."
    moved = Gold("In late 1990, the town opened a hall of its own.", "", (), "Hall", "", "")
    assert FORMS["moved"](moved, random.Random(1)) == "The town opened a hall of its own in late 1990."
    named = Gold("She opened the hall.", "", (), "Ana Ruiz", "", "")
    assert FORMS["named"](named, random.Random(1)) == "Ana Ruiz opened the hall."
    quoted = Gold("He said “it is so”.", "", (), "", "", "")
    assert keeps_quotations("He said “it is so” then.", quoted)
    assert not keeps_quotations("He said “it was so”.", quoted)


def test_gold_sentences_are_read_with_their_neighbours(tmp_path: Path) -> None:
    folder = tmp_path / "clapnq"
    folder.mkdir()
    text = "Lugo lies on a hill above the river. Ana Ruiz opened the great hall of Lugo in 1990. It burned down two years later, in May."
    (folder / "corpus.jsonl").write_text(json.dumps({"id": "d", "title": "Lugo", "text": text}))
    question = {"question": "Who opened it?", "answers": ["Ana Ruiz"], "evidence_doc_ids": ["d"], "answerable": True}
    (folder / "questions.jsonl").write_text(json.dumps(question))
    (one,) = gold(tmp_path, 1)
    assert (one.text, one.answer, one.asked) == ("Ana Ruiz opened the great hall of Lugo in 1990.", "Ana Ruiz", "Who opened it?")
    assert [item.text for item in one.among()] == [one.before, one.text, one.after]


def test_what_is_counted() -> None:
    claims = [checked(claim) for claim in made([SOURCE], 1)]
    assert {claim.kind for claim in claims if not claim.sound} >= {"number", "name", "date"}
    rows = list(table(claims))
    assert rows[0].startswith("corrupted, caught  number         1")
    assert wilson(97, 100) == " 97.0% (91.5-99.0)"
    assert wilson(0, 0) == "none"

"""The catalog: what is put in comes out, what is taken out is gone, and the full-text index always agrees."""

import dataclasses
import sqlite3
from pathlib import Path

import numpy as np
import pytest

from qa.catalog import Catalog, Source
from qa.contents import content_key
from qa.errors import NotFoundError, StoreError
from qa.types import Document, Passage
from tests.samples import HashEmbedder, digest, document, entry, keep, put, source

BRIDGE = "The bridge was opened by the mayor. It had cost 40 million kroner."
FERRY = "The ferry sails at noon. It carries 200 cars."
SCHOOL = "The school was closed. Pupils go to the next village."


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    return Catalog(tmp_path / "catalog.sqlite")


@pytest.fixture
def fake() -> HashEmbedder:
    return HashEmbedder()


def check_full_text(catalog: Catalog, tmp_path: Path) -> None:
    """Raises sqlite3.DatabaseError where index and passages differ (SQLite documentation, "FTS5: integrity-check")."""
    with sqlite3.connect(tmp_path / "catalog.sqlite") as connection:
        connection.execute("INSERT INTO passages_fts(passages_fts, rank) VALUES ('integrity-check', 1)")


def found(catalog: Catalog, *terms: str) -> set[str]:
    return {id_ for id_, _ in catalog.lexical(terms, 10)}


def ids(passages: tuple[Passage, ...]) -> set[str]:
    return {passage.id for passage in passages}


def row_numbers(tmp_path: Path) -> dict[str, int]:
    with sqlite3.connect(tmp_path / "catalog.sqlite") as connection:
        return dict(connection.execute("SELECT id, number FROM passages"))


def store(catalog: Catalog, made: tuple[Document, tuple[Passage, ...]]) -> None:
    keep(catalog, source(made[0].file, made[0].text), entry(made))


def test_documents_and_passages_come_out_as_they_went_in(catalog: Catalog) -> None:
    made, passages = document("notes/a.txt", BRIDGE, FERRY)
    paged = dataclasses.replace(made, pages=(0, 40))
    first = dataclasses.replace(passages[0], page=1)
    store(catalog, (paged, (first, passages[1])))
    assert catalog.document(made.id) == paged
    assert catalog.passages_of(made.id) == (first, passages[1])
    assert catalog.passages([passages[1].id, "unknown"]) == {passages[1].id: passages[1]}
    assert list(catalog.all_passages()) == [first, passages[1]]
    assert catalog.count() == 2


def test_many_passages_are_found_by_id(catalog: Catalog) -> None:
    passages = document("a.txt", *(f"Sentence number {number}." for number in range(1200)))
    store(catalog, passages)
    assert len(catalog.passages([passage.id for passage in passages[1]])) == 1200


def test_an_unknown_document_is_told(catalog: Catalog) -> None:
    with pytest.raises(NotFoundError, match=r"'nowhere'"):
        catalog.document("nowhere")
    assert catalog.passages_of("nowhere") == ()


def test_the_status_of_documents(catalog: Catalog) -> None:
    made, _ = document("b.txt", BRIDGE, FERRY, title="Bridge")
    store(catalog, (dataclasses.replace(made, text=f"{made.text} Read more"), _))
    keep(catalog, dataclasses.replace(source("a.txt"), error="a.txt is empty"))
    unreadable, indexed = catalog.documents()
    assert (unreadable.file, unreadable.status, unreadable.error) == ("a.txt", "unreadable", "a.txt is empty")
    assert (indexed.file, indexed.status, indexed.title, indexed.date, indexed.passages) == ("b.txt", "indexed", "Bridge", "2024-05-04", 2)
    assert (indexed.characters, indexed.kept) == (len(made.text) + 10, len(BRIDGE) + len(FERRY))


def test_replacing_keeps_the_rows_of_unchanged_passages(catalog: Catalog, tmp_path: Path) -> None:
    store(catalog, document("a.txt", BRIDGE, FERRY))
    before = row_numbers(tmp_path)
    changed = document("a.txt", SCHOOL, BRIDGE)
    store(catalog, changed)
    after = row_numbers(tmp_path)
    assert set(after) == ids(changed[1])
    assert after[changed[1][1].id] == before[changed[1][1].id]
    assert catalog.passages_of(changed[0].id) == changed[1]
    check_full_text(catalog, tmp_path)
    assert found(catalog, "ferry") == set()
    assert found(catalog, "school") == {changed[1][0].id}


def test_a_new_title_is_searched_and_the_old_one_not(catalog: Catalog, tmp_path: Path) -> None:
    store(catalog, document("a.txt", BRIDGE, title="Harbour news"))
    retitled = document("a.txt", BRIDGE, title="Gazette")
    store(catalog, retitled)
    check_full_text(catalog, tmp_path)
    assert (found(catalog, "gazette"), found(catalog, "harbour")) == (ids(retitled[1]), set())
    assert catalog.passages_of(retitled[0].id)[0].title == "Gazette"


def test_the_check_of_the_full_text_index_can_fail(catalog: Catalog, tmp_path: Path) -> None:
    store(catalog, document("a.txt", BRIDGE))
    with sqlite3.connect(tmp_path / "catalog.sqlite") as connection:
        connection.execute("INSERT INTO passages_fts(rowid, title, text) VALUES (99, 'x', 'stray words')")
    with pytest.raises(sqlite3.DatabaseError):
        check_full_text(catalog, tmp_path)


def test_a_file_may_come_to_hold_other_documents(catalog: Catalog, tmp_path: Path) -> None:
    rows = [document(f"rows.jsonl#{number}", text) for number, text in enumerate([BRIDGE, FERRY, SCHOOL])]
    keep(catalog, source("rows.jsonl"), *map(entry, rows))
    keep(catalog, source("rows.jsonl", "2"), *map(entry, rows[1:]))
    assert [one.file for one in catalog.documents()] == ["rows.jsonl#1", "rows.jsonl#2"]
    assert catalog.digests("rows.jsonl") == {row[0].id: row[0].digest for row in rows[1:]}
    assert found(catalog, "bridge") == set()
    check_full_text(catalog, tmp_path)


def test_a_file_that_cannot_be_read_any_more_has_no_passages(catalog: Catalog, tmp_path: Path) -> None:
    store(catalog, document("a.txt", BRIDGE))
    keep(catalog, dataclasses.replace(source("a.txt", "2"), error="not text"))
    assert (catalog.count(), found(catalog, "bridge")) == (0, set())
    assert catalog.sources()["a.txt"].error == "not text"
    check_full_text(catalog, tmp_path)


def test_removing_leaves_nothing_behind(catalog: Catalog, tmp_path: Path) -> None:
    gone, kept = document("a.txt", BRIDGE), document("b.txt", FERRY)
    store(catalog, gone)
    store(catalog, kept)
    catalog.arrange(["a.txt", "unknown.txt"])
    assert set(catalog.sources()) == {"b.txt"}
    assert [one.file for one in catalog.documents()] == ["b.txt"]
    assert {passage.id for passage in catalog.all_passages()} == ids(kept[1])
    assert found(catalog, "bridge", "ferry") == ids(kept[1])
    check_full_text(catalog, tmp_path)


def test_a_replacement_that_fails_changes_nothing(catalog: Catalog, tmp_path: Path) -> None:
    made = document("a.txt", BRIDGE, FERRY)
    store(catalog, made)
    broken = entry(document("a.txt", SCHOOL, FERRY))
    with pytest.raises(ValueError, match=r"zip"):
        keep(catalog, source("a.txt", "2"), dataclasses.replace(broken, hashes=broken.hashes[:1]))
    assert catalog.passages_of(made[0].id) == made[1]
    assert catalog.document(made[0].id) == made[0]
    assert catalog.sources()["a.txt"] == source("a.txt", made[0].text)
    check_full_text(catalog, tmp_path)


def test_new_stamps_are_noted(catalog: Catalog) -> None:
    store(catalog, document("a.txt", BRIDGE))
    moved = dataclasses.replace(catalog.sources()["a.txt"], path="/else/a.txt", modified=2)
    catalog.arrange(restamped=[moved])
    assert catalog.sources() == {"a.txt": moved}


def test_words_find_passages_best_first(catalog: Catalog) -> None:
    made = document("a.txt", BRIDGE, FERRY, "The bridge, the bridge, the old bridge.")
    store(catalog, made)
    hits = catalog.lexical(["bridges"], 10)
    assert [id_ for id_, _ in hits] == [made[1][2].id, made[1][0].id]
    assert hits[0][1] > hits[1][1] > 0
    assert len(catalog.lexical(["bridge", "ferry"], 2)) == 2
    assert (catalog.frequency("Bridge"), catalog.frequency("tunnel")) == (2, 0)


def test_a_word_of_the_title_weighs_more(catalog: Catalog) -> None:
    titled, other = document("a.txt", FERRY, title="Bridge"), document("b.txt", BRIDGE, title="Gazette")
    store(catalog, titled)
    store(catalog, other)
    assert catalog.lexical(["bridge"], 1)[0][0] == titled[1][0].id


@pytest.mark.parametrize(
    "term",
    [
        '"',
        '""',
        "*",
        "a*",
        "NEAR(",
        "AND",
        "title:x",
        "^bridge",
        "-",
        "…",
        "",
        " ",
        "\0",
        "a\0b",
        "\ud800",
        "x" * 3000,
        "’",
        "😀",
        "(",
        "\\",
    ],
)
def test_odd_characters_are_searched_for_as_they_are(catalog: Catalog, term: str) -> None:
    made = document("a.txt", BRIDGE)
    store(catalog, made)
    assert found(catalog, term) <= ids(made[1])
    assert found(catalog, term, "bridge") == ids(made[1])
    assert catalog.frequency(term) in (0, 1)


def test_no_terms_find_nothing(catalog: Catalog) -> None:
    store(catalog, document("a.txt", BRIDGE))
    assert catalog.lexical([], 10) == []


def test_accents_and_case_do_not_matter(catalog: Catalog) -> None:
    made = document("a.txt", "Die Brücke in TROMSØ.", "هنا القاهرة.", "東京タワー.")
    store(catalog, made)
    assert found(catalog, "brucke") == {made[1][0].id}
    assert found(catalog, "القاهرة") == {made[1][1].id}
    assert found(catalog, "東京タワー") == {made[1][2].id}


def test_the_vocabulary_tells_terms_by_first_letter_and_length(catalog: Catalog) -> None:
    store(catalog, document("a.txt", "Boats bring bananas, beer and apples."))
    assert catalog.vocabulary("b", 4, 5) == ["beer", "boat", "bring"]


def test_sentences_give_their_vectors_in_order_and_within_half_precision(catalog: Catalog, fake: HashEmbedder) -> None:
    texts = [[f"Ship{n} sails.", f"Port{n} waits.", f"Town{n} sleeps."][: n % 3 + 1] for n in range(1200)]
    passages = put(catalog, fake, "a.txt", *("".join(sentences) for sentences in texts))
    back = catalog.sentence_vectors([passages[0].id, "unknown", *(passage.id for passage in passages)], fake.fingerprint)
    assert back.keys() == ids(passages)
    for passage, sentences in zip(passages, texts, strict=True):
        assert back[passage.id].dtype == np.float32
        assert (back[passage.id] * fake.embed(sentences)).sum(axis=1).min() > 0.998
    assert catalog.sentence_vectors([passages[0].id], "another") == catalog.sentence_vectors([], fake.fingerprint) == {}


def test_a_passage_without_sentences_has_no_rows_of_theirs(catalog: Catalog, fake: HashEmbedder) -> None:
    (passage,) = put(catalog, fake, "a.txt", "A list without a full stop")
    assert catalog.sentence_vectors([passage.id], fake.fingerprint)[passage.id].shape == (0, fake.dimensions)
    assert catalog.content_vectors(fake.fingerprint)[1].shape == (1, fake.dimensions)


def test_it_knows_which_contents_are_embedded(catalog: Catalog, fake: HashEmbedder) -> None:
    keys = [f"key {number}" for number in range(1200)]
    catalog.add_vectors(dict.fromkeys(keys, fake.embed(["word"])), fake.fingerprint)
    assert catalog.embedded([*keys, keys[0], "unknown"], fake.fingerprint) == set(keys)
    assert catalog.embedded(keys, "another") == set()


def test_passages_give_their_vectors(catalog: Catalog, fake: HashEmbedder) -> None:
    passages = put(catalog, fake, "a.txt", BRIDGE, FERRY)
    some, matrix = catalog.passage_vectors(fake.fingerprint, [passages[1].id, "unknown"])
    assert (some, matrix.shape) == ([passages[1].id], (1, fake.dimensions))
    every, matrix = catalog.content_vectors(fake.fingerprint)
    assert (set(every), matrix.shape) == (set(map(content_key, passages)), (2, fake.dimensions))
    assert catalog.passage_vectors(fake.fingerprint, [])[0] == []


def test_vectors_of_another_embedder_are_not_mixed_in(catalog: Catalog, fake: HashEmbedder) -> None:
    (passage,) = put(catalog, fake, "a.txt", BRIDGE)
    with pytest.raises(StoreError, match=r"another embedder"):
        catalog.content_vectors("another")
    assert (catalog.unembedded("another"), catalog.unembedded(fake.fingerprint)) == ([passage.id], [])


def test_pruning_deletes_what_no_passage_uses_of_whichever_embedder(catalog: Catalog, fake: HashEmbedder) -> None:
    other = HashEmbedder("other")
    for embedder in (fake, other):
        passages = put(catalog, embedder, "a.txt", BRIDGE, FERRY)
    put(catalog, fake, "b.txt", BRIDGE, SCHOOL)  # the bridge's passage stands in both files
    catalog.add_vectors({"stray": fake.embed(["stray"])}, fake.fingerprint)
    bridge, ferry = map(content_key, passages)
    catalog.arrange(["a.txt"])
    assert catalog.meta("unpruned") == "2"
    assert catalog.prune() == 3
    assert catalog.meta("unpruned") == "0"
    assert catalog.embedded([bridge, ferry, "stray"], fake.fingerprint) == catalog.embedded([bridge, ferry], other.fingerprint) == {bridge}
    assert catalog.content_vectors(fake.fingerprint)[1].shape == (2, fake.dimensions)
    assert catalog.prune() == 0


def test_every_change_of_a_passage_is_pending_until_it_is_settled(catalog: Catalog, fake: HashEmbedder) -> None:
    first, second = put(catalog, fake, "a.txt", BRIDGE, FERRY)
    number, pending = catalog.pending()
    assert pending == [content_key(first), content_key(second)]
    retitled = document("a.txt", BRIDGE, title="Gazette")
    store(catalog, retitled)  # the first is embedded under another title, the second goes
    catalog.settle(number, "clean")
    other = content_key(retitled[1][0])
    assert set(catalog.pending()[1]) == {content_key(first), content_key(second), other}
    catalog.settle(catalog.pending()[0], "clean")
    assert catalog.pending() == (0, [])
    store(catalog, document("a.txt", BRIDGE, title="Gazette", date="1999-01-01"))
    assert catalog.pending() == (0, [])
    catalog.arrange(["a.txt"])
    assert catalog.pending()[1] == [other]


def test_notes_on_the_whole_index(catalog: Catalog, tmp_path: Path) -> None:
    assert catalog.meta("folders") is None
    catalog.set_meta("folders", "[]")
    catalog.set_meta("folders", '["a"]')
    assert catalog.meta("folders") == '["a"]'
    other = Catalog(tmp_path / "other.sqlite")
    assert catalog.meta("index") != other.meta("index")


def test_feedback_is_kept(catalog: Catalog, tmp_path: Path) -> None:
    catalog.add_feedback("a1", False, "wrong year", "{}")
    with sqlite3.connect(tmp_path / "catalog.sqlite") as connection:
        assert connection.execute("SELECT answer, good, note, trace FROM feedback").fetchall() == [("a1", 0, "wrong year", "{}")]


def test_a_source_is_a_value() -> None:
    assert source("a.txt") == Source("a.txt", "/somewhere/a.txt", 1, 1, digest("1"))

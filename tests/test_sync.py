"""Sync: what changed on disk is done to the index, and nothing else."""

import os
import shutil
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from qa import sync
from qa.catalog import Catalog
from qa.contents import content_key, embed_missing
from qa.errors import EngineError
from qa.read import read
from qa.status import SyncReport
from qa.types import Passage, Span, ignore
from qa.vectors import Vectors
from tests.samples import BRIDGE, FERRY, SCHOOL, HashEmbedder, Index, document


@pytest.fixture
def index(tmp_path: Path) -> Iterator[Index]:
    index = Index(tmp_path)
    yield index
    index.vectors.close()
    index.catalog.close()


# What changed


def test_the_first_sync_indexes_everything(index: Index) -> None:
    index.write({"a.txt": BRIDGE, "deep/er/b.md": FERRY})
    assert index.sync() == SyncReport(added=("docs/a.txt", "docs/deep/er/b.md"))
    assert index.words("bridge") == {"docs/a.txt"}
    assert index.meaning("ferry island sails at noon") == "docs/deep/er/b.md"


def test_nothing_changed_means_nothing_to_do(index: Index) -> None:
    index.write({"a.txt": BRIDGE})
    index.sync()
    before = list(index.embedder.texts)
    assert index.sync() == SyncReport(unchanged=("docs/a.txt",))
    assert index.embedder.texts == before
    assert index.catalog.pending() == (0, [])


def test_new_changed_and_deleted_files_are_told_apart(index: Index) -> None:
    index.write({"a.txt": BRIDGE, "b.txt": FERRY, "c.txt": BRIDGE + FERRY})
    index.sync()
    index.write({"b.txt": SCHOOL, "d.txt": FERRY})
    (index.folder / "a.txt").unlink()
    expected = SyncReport(added=("docs/d.txt",), changed=("docs/b.txt",), deleted=("docs/a.txt",), unchanged=("docs/c.txt",))
    assert index.dry() == expected
    assert index.sync() == expected
    assert index.words("bridge") == {"docs/c.txt"}
    assert index.words("school") == {"docs/b.txt"}
    assert index.words("ferry") == {"docs/c.txt", "docs/d.txt"}
    assert index.meaning("school valley closed on monday") == "docs/b.txt"


def test_a_touched_file_is_not_read_again(index: Index) -> None:
    index.write({"a.txt": BRIDGE})
    index.sync()
    before = list(index.embedder.texts)
    os.utime(index.folder / "a.txt", (1, 1))
    plan = sync.plan(index.catalog, [index.folder])
    assert [source.file for source in plan.restamped] == ["docs/a.txt"]
    assert index.sync() == SyncReport(unchanged=("docs/a.txt",))
    assert index.embedder.texts == before
    assert sync.plan(index.catalog, [index.folder]).unchanged == ("docs/a.txt",)


def test_other_content_of_the_same_size_and_time_is_noticed(index: Index) -> None:
    index.write({"a.txt": "The tower is 90 metres high, said the engineer.\n"})
    stamp = (index.folder / "a.txt").stat()
    index.sync()
    index.write({"a.txt": "The tower is 80 metres high, said the engineer.\n"})
    os.utime(index.folder / "a.txt", ns=(stamp.st_atime_ns, stamp.st_mtime_ns))
    assert index.sync().changed == ("docs/a.txt",)
    assert index.words("80") == {"docs/a.txt"}


@pytest.mark.parametrize("head", ["Harbour news\n\n", ""], ids=["titled", "called after its file"])
def test_a_renamed_file_is_embedded_no_second_time(index: Index, head: str) -> None:
    index.write({"a.txt": head + BRIDGE, "b.txt": FERRY})
    index.sync()
    before = list(index.embedder.texts)
    (index.folder / "a.txt").rename(index.folder / "z.txt")
    moved = SyncReport(moved=(("docs/a.txt", "docs/z.txt"),), unchanged=("docs/b.txt",))
    assert index.dry() == index.sync() == moved
    assert index.embedder.texts == before
    assert index.words("bridge") == {"docs/z.txt"}
    assert index.meaning("bridge over the river was opened") == "docs/z.txt"
    assert index.sync() == SyncReport(unchanged=("docs/b.txt", "docs/z.txt"))


def test_a_moved_library_is_as_if_it_had_been_read_there(index: Index, tmp_path: Path) -> None:
    rows = "\n".join(f'{{"id": "{n}", "title": "Ship {n % 3}", "text": "The ship lies in the harbour of town {n % 2}."}}' for n in range(9))
    index.write({"deep/a.txt": f"Harbour news\n\n{BRIDGE}\n{FERRY * 9}", "deep/rows.jsonl": rows, "deep/empty.txt": "", "b.txt": SCHOOL})
    index.sync()
    before = list(index.embedder.texts)
    (index.folder / "deep").rename(index.folder / "other")
    told = index.sync()
    assert told.moved == (("docs/deep/a.txt", "docs/other/a.txt"), ("docs/deep/rows.jsonl", "docs/other/rows.jsonl"))
    assert index.embedder.texts == before
    assert index.catalog.pending() == (0, [])
    (tmp_path / "fresh").mkdir()
    with closing(Catalog(tmp_path / "fresh" / "catalog.sqlite")) as fresh:
        vectors = Vectors(fresh, tmp_path / "fresh" / "chroma", index.embedder.fingerprint)
        sync.apply(sync.plan(fresh, [index.folder]), fresh, vectors, index.embedder, ignore)
        assert fresh.digest() == index.catalog.digest()
        assert fresh.documents() == index.catalog.documents()
        assert {one.id: one for one in fresh.all_passages()} == {one.id: one for one in index.catalog.all_passages()}


def test_files_that_change_names_with_each_other(index: Index) -> None:
    index.write({"a.txt": f"Harbour news\n\n{BRIDGE}", "b.txt": f"Island news\n\n{FERRY}"})
    index.sync()
    before = list(index.embedder.texts)
    for old, new in (("a.txt", "c.txt"), ("b.txt", "a.txt"), ("c.txt", "b.txt")):
        (index.folder / old).rename(index.folder / new)
    assert index.sync() == SyncReport(changed=("docs/a.txt", "docs/b.txt"))
    assert index.embedder.texts == before
    assert (index.words("bridge"), index.words("ferry")) == ({"docs/b.txt"}, {"docs/a.txt"})


def test_a_file_renamed_to_another_kind_is_read_as_what_it_is_now(index: Index) -> None:
    text = f"---\ntitle: Harbour news\ndate: 2024-05-04\n---\n\n{BRIDGE}"
    index.write({"a.txt": text})
    index.sync()
    (index.folder / "a.txt").rename(index.folder / "a.md")
    assert index.sync() == SyncReport(moved=(("docs/a.txt", "docs/a.md"),))
    (passage,) = index.catalog.all_passages()
    assert (passage.file, passage.title, passage.date) == ("docs/a.md", "Harbour news", "2024-05-04")
    assert index.catalog.document(passage.document).text == BRIDGE


def test_rows_of_a_collection_that_moved_are_known_there(index: Index) -> None:
    rows = [f'{{"id": "{n}", "text": "Row {n} tells of ship number {n}, which lies in the harbour."}}\n' for n in range(9)]
    index.write({"old/rows.jsonl": "".join(rows)})
    index.sync()
    before = index.catalog.digests("docs/old/rows.jsonl")
    (index.folder / "new").mkdir()
    (index.folder / "old" / "rows.jsonl").rename(index.folder / "new" / "rows.jsonl")
    index.sync()
    after = index.catalog.digests("docs/new/rows.jsonl")
    assert sorted(after.values()) == sorted(before.values())
    assert after == {document.id: document.digest for document in read(index.folder / "new" / "rows.jsonl", "docs/new/rows.jsonl")}


def test_of_equal_files_the_one_of_the_same_name_is_taken_to_have_moved(index: Index) -> None:
    index.write({"one/a.txt": BRIDGE, "one/b.txt": BRIDGE})
    index.sync()
    (index.folder / "one").rename(index.folder / "two")
    moved = (("docs/one/a.txt", "docs/two/a.txt"), ("docs/one/b.txt", "docs/two/b.txt"))
    assert index.sync() == SyncReport(moved=moved)


def test_rows_that_did_not_change_are_not_split_again(index: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [f'{{"id": "{n}", "text": "Row {n} tells of ship number {n}, which lies in the harbour."}}' for n in range(500)]
    index.write({"rows.jsonl": "\n".join(rows)})
    index.sync()
    before = list(index.embedder.texts)
    rows[7] = '{"id": "7", "text": "The lighthouse was built in the year of the storm."}'
    del rows[300]
    index.write({"rows.jsonl": "\n".join(rows)})
    counted: list[str] = []
    count = index.embedder.count

    def note(text: str) -> int:
        counted.append(text)
        return count(text)

    monkeypatch.setattr(index.embedder, "count", note)
    assert index.sync() == SyncReport(changed=("docs/rows.jsonl",))
    assert [text for text in counted if "ship" in text] == []
    assert index.embedder.texts == [*before, "The lighthouse was built in the year of the storm."]
    assert index.words("lighthouse") == {"docs/rows.jsonl#7"}
    assert index.words("300") == set()
    assert index.catalog.count() == 499


def test_only_what_is_new_in_a_changed_file_is_embedded(index: Index) -> None:
    head = "Harbour news\n\n"
    paragraphs = [
        f"Paragraph {n} tells of ship number {n}. It is long enough to be kept, as all of these {n} are.\n\n" * 4 for n in range(40)
    ]
    index.write({"a.txt": head + "".join(paragraphs)})
    index.sync()
    before = list(index.embedder.texts)
    numbers = {passage.id for passage in index.catalog.all_passages()}
    paragraphs[38] = "Another paragraph stands here now. It tells of the lighthouse on the cape.\n\n"
    index.write({"a.txt": head + "".join(paragraphs)})
    index.sync()
    new = index.embedder.texts[len(before) :]
    assert "Another paragraph stands here now. It tells of the lighthouse on the cape." in " ".join(new)
    assert not set(new) & set(before)
    assert len(new) < len(before) / 4
    assert len({passage.id for passage in index.catalog.all_passages()} & numbers) > len(numbers) * 3 / 4


def test_content_that_stands_in_another_file_is_embedded_no_second_time(index: Index) -> None:
    index.write({"a.txt": f"Harbour news\n\n{BRIDGE}\n{FERRY}"})
    index.sync()
    before = list(index.embedder.texts)
    index.write({"b.txt": f"Harbour news\n\n{BRIDGE}\n{FERRY}"})
    index.sync()
    assert index.embedder.texts == before
    assert index.words("ferry") == {"docs/a.txt", "docs/b.txt"}


# The vectors of sentences


def test_every_sentence_of_a_passage_has_its_vector(index: Index) -> None:
    index.write({"a.txt": f"Harbour news\n\n{BRIDGE}\n{FERRY * 20}", "b.txt": SCHOOL})
    index.sync()
    passages = list(index.catalog.all_passages())
    made = index.catalog.sentence_vectors([passage.id for passage in passages], index.embedder.fingerprint)
    assert len(passages) > 3
    for passage in passages:
        text = index.catalog.document(passage.document).text
        expected = index.embedder.embed([span.of(text) for span in passage.sentences])
        assert (made[passage.id] * expected).sum(axis=1).min() > 0.998


def embed(index: Index, *made: Passage) -> list[str]:
    """What the embedder is asked for when these passages are to have vectors."""
    before = len(index.embedder.texts)
    embed_missing(made, index.catalog, index.embedder, lambda _: None)
    return index.embedder.texts[before:]


def test_a_passage_cut_into_other_sentences_is_embedded_anew(index: Index) -> None:
    _, (passage, other) = document("a.txt", BRIDGE, FERRY)
    assert embed(index, passage, other) == [f"Harbour news\n{BRIDGE}", f"Harbour news\n{FERRY}"]
    uncut = replace(passage, sentences=(Span(passage.start, passage.end),))
    assert embed(index, uncut, other) == [f"Harbour news\n{BRIDGE}"]
    assert embed(index, passage, uncut, other) == []
    assert content_key(uncut) != content_key(passage)


def test_a_passage_that_moved_in_its_document_is_not_embedded_anew(index: Index) -> None:
    _, (passage, _) = document("a.txt", BRIDGE, FERRY)
    _, (first, moved) = document("a.txt", SCHOOL, BRIDGE, date=None)
    assert (moved.start, moved.text, len(moved.sentences)) == (len(SCHOOL) + 2, passage.text, 2)
    embed(index, passage)
    assert embed(index, first, moved) == [f"Harbour news\n{SCHOOL}"]
    assert embed(index, replace(moved, title="Gazette")) == [f"Gazette\n{BRIDGE}"]


# What is left behind, and what is told meanwhile


def test_vectors_go_when_enough_of_what_used_them_has_gone(index: Index) -> None:
    index.write({"a.txt": BRIDGE, "b.txt": FERRY})
    index.sync()
    keys = [content_key(passage) for passage in index.catalog.all_passages()]
    (index.folder / "a.txt").unlink()
    index.sync()
    (left,) = map(content_key, index.catalog.all_passages())
    assert len(keys) == 2
    assert index.catalog.embedded(keys, index.embedder.fingerprint) == {left}
    (index.folder / "b.txt").unlink()
    index.sync()
    assert index.catalog.embedded(keys, index.embedder.fingerprint) == set()


def test_a_few_leftovers_are_not_worth_looking_for(index: Index) -> None:
    index.write({f"{n}.txt": f"Ship number {n} lies in the harbour of town {n}, as the captain said." for n in range(30)})
    index.sync()
    (index.folder / "3.txt").unlink()
    index.sync()
    assert index.catalog.meta("unpruned") == "1"


def test_progress_counts_files_and_tells_how_far_a_long_one_is(index: Index) -> None:
    rows = "\n".join(f'{{"id": "{n}", "text": "Row {n} tells of ship number {n}, which lies in the harbour."}}' for n in range(100))
    index.write({"a.txt": BRIDGE, "rows.jsonl": rows})
    calls: list[tuple[str, int, int]] = []
    plan = sync.plan(index.catalog, [index.folder])
    sync.apply(plan, index.catalog, index.vectors, index.embedder, lambda *call: calls.append(call))
    assert calls[0] == ("indexing docs/a.txt", 0, 2)
    assert calls[-2:] == [("indexing", 2, 2), ("arranging vectors", 0, 101)]
    long = [label for label, done, _ in calls if label.startswith("indexing docs/rows.jsonl:") and done == 1]
    assert long == ["indexing docs/rows.jsonl: 0 of 101 passages", "indexing docs/rows.jsonl: 51 of 101 passages"]


def test_a_sync_that_fails_goes_on_where_it_stopped(index: Index) -> None:
    index.write({"a.txt": BRIDGE, "b.txt": FERRY})
    index.embedder.refused = "ferry"
    with pytest.raises(EngineError, match=r"ferry"):
        index.sync()
    before = list(index.embedder.texts)
    index.embedder.refused = None
    assert index.sync() == SyncReport(added=("docs/a.txt", "docs/b.txt"))
    assert not set(index.embedder.texts[len(before) :]) & set(before)
    assert index.meaning("bridge over the river was opened") == "docs/a.txt"
    assert index.meaning("ferry island sails at noon") == "docs/b.txt"


def test_another_embedder_embeds_the_stored_texts_though_the_files_are_gone(index: Index) -> None:
    index.write({"a.txt": BRIDGE + FERRY * 8, "b.txt": SCHOOL})
    index.sync()
    shutil.rmtree(index.folder)
    other = HashEmbedder("other", dimensions=24)
    assert len(index.catalog.unembedded(other.fingerprint)) == index.catalog.count()
    sync.embed_all(index.catalog, other, ignore)
    assert index.catalog.unembedded(other.fingerprint) == []
    passages = list(index.catalog.all_passages())
    assert {passage.file for passage in passages} == {"docs/a.txt", "docs/b.txt"}
    made = index.catalog.sentence_vectors([passage.id for passage in passages], other.fingerprint)
    assert {id_: matrix.shape for id_, matrix in made.items()} == {passage.id: (len(passage.sentences), 24) for passage in passages}

"""Sync: what changed on disk is done to the index, and nothing else."""

import os
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from qa import sync
from qa.errors import EngineError
from qa.types import Passage, Span, SyncReport, ignore
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


def test_a_renamed_file_is_embedded_no_second_time(index: Index) -> None:
    index.write({"a.txt": f"Harbour news\n\n{BRIDGE}", "b.txt": FERRY})
    index.sync()
    before = list(index.embedder.texts)
    (index.folder / "a.txt").rename(index.folder / "z.txt")
    assert index.sync() == SyncReport(added=("docs/z.txt",), deleted=("docs/a.txt",), unchanged=("docs/b.txt",))
    assert index.embedder.texts == before
    assert index.words("bridge") == {"docs/z.txt"}


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
        np.testing.assert_allclose(made[passage.id], expected, atol=2**-11)


def embed(index: Index, *made: Passage) -> list[str]:
    """What the embedder is asked for when these passages are to have vectors."""
    before = len(index.embedder.texts)
    sync.embed_missing(made, index.catalog, index.embedder, lambda _: None)
    return index.embedder.texts[before:]


def test_a_passage_cut_into_other_sentences_is_embedded_anew(index: Index) -> None:
    _, (passage, other) = document("a.txt", BRIDGE, FERRY)
    assert embed(index, passage, other) == [f"Harbour news\n{BRIDGE}", f"Harbour news\n{FERRY}"]
    uncut = replace(passage, sentences=(Span(passage.start, passage.end),))
    assert embed(index, uncut, other) == [f"Harbour news\n{BRIDGE}"]
    assert embed(index, passage, uncut, other) == []
    assert sync.content_key(uncut) != sync.content_key(passage)


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
    keys = [sync.content_key(passage) for passage in index.catalog.all_passages()]
    (index.folder / "a.txt").unlink()
    index.sync()
    (left,) = map(sync.content_key, index.catalog.all_passages())
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
    assert calls[-1] == ("indexing", 2, 2)
    long = [label for label, done, _ in calls if label.startswith("indexing docs/rows.jsonl:") and done == 1]
    assert long[0] == "indexing docs/rows.jsonl: 0 of 100 passages"
    assert long[-1] == "indexing docs/rows.jsonl: 96 of 100 passages"
    assert len(long) == 7


def test_a_sync_that_fails_goes_on_where_it_stopped(index: Index) -> None:
    index.write({"a.txt": BRIDGE, "b.txt": FERRY})
    index.embedder.refused = "ferry"
    with pytest.raises(EngineError, match=r"ferry"):
        index.sync()
    before = list(index.embedder.texts)
    index.embedder.refused = None
    assert index.sync() == SyncReport(added=("docs/b.txt",), unchanged=("docs/a.txt",))
    assert not set(index.embedder.texts[len(before) :]) & set(before)
    assert index.meaning("bridge over the river was opened") == "docs/a.txt"
    assert index.meaning("ferry island sails at noon") == "docs/b.txt"


def test_another_embedder_embeds_the_stored_texts_though_the_files_are_gone(index: Index) -> None:
    index.write({"a.txt": BRIDGE + FERRY * 8, "b.txt": SCHOOL})
    index.sync()
    shutil.rmtree(index.folder)
    other = HashEmbedder("other", dimensions=24)
    other.limit = 60
    assert index.catalog.unembedded(other.fingerprint) == ["docs/a.txt", "docs/b.txt"]
    sync.embed_anew(index.catalog, other, ignore)
    assert index.catalog.unembedded(other.fingerprint) == []
    passages = list(index.catalog.all_passages())
    assert {passage.file for passage in passages} == {"docs/a.txt", "docs/b.txt"}
    assert max(other.count(sync.embedded_text(passage)) for passage in passages) <= other.limit
    made = index.catalog.sentence_vectors([passage.id for passage in passages], other.fingerprint)
    assert {id_: matrix.shape for id_, matrix in made.items()} == {passage.id: (len(passage.sentences), 24) for passage in passages}

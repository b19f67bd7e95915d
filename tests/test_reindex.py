"""Another embedder: made beside the one in use, compared with it, put in its place at once, and put back."""

import json
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from qa import reindex
from qa.catalog import Catalog
from qa.contents import embedded_text
from qa.errors import EngineError, IndexLockedError, StoreError, UsageError
from qa.evaluation import embedders
from qa.evaluation.embedders import Wish
from qa.library import CATALOG, Library, claim
from qa.settings import Settings
from qa.sync import embed_all
from qa.types import ignore
from tests.fake_ollama import FakeOllama, Model
from tests.processes import check_failure, footnote, make_environment
from tests.samples import BRIDGE, FERRY, SCHOOL, HashEmbedder, python

FILES = {"bridge.txt": BRIDGE, "ferry.txt": FERRY, "school.txt": SCHOOL}
SHIPS = "".join(f"Ship number {number} lies in the harbour of town {number}, as its captain said.\n" for number in range(40))


@pytest.fixture
def docs(tmp_path: Path) -> Path:
    folder = tmp_path / "docs"
    folder.mkdir()
    for name, text in {**FILES, "ships.txt": SHIPS}.items():
        (folder / name).write_text(f"Harbour news of the {name[:-4]}\n\n{text}", encoding="utf-8")
    return folder


def opened(home: Path, embedder: HashEmbedder) -> Library:
    return Library.of(Catalog(home / CATALOG), embedder, home, claim(home))


@pytest.fixture
def library(home: Path, docs: Path) -> Iterator[Library]:
    home.mkdir()
    with closing(opened(home, HashEmbedder())) as library:
        library.sync([docs], ignore)
        yield library


@pytest.fixture
def other() -> HashEmbedder:
    return HashEmbedder("other", dimensions=24)


def files(library: Library, text: str) -> list[str]:
    """The files of the nearest passages."""
    ids = [id_ for id_, _ in library.vectors.nearest(library.embedder.embed([text])[0], 3)]
    passages = library.catalog.passages(ids)
    return [passages[id_].file for id_ in ids]


def test_an_index_is_not_searched_with_another_embedder(library: Library, home: Path, docs: Path, other: HashEmbedder) -> None:
    library.close()
    with closing(opened(home, other)) as wrong:
        with pytest.raises(StoreError, match=r"another version of it") as told:
            wrong.sync([docs], ignore)
        assert "footnote reindex" in told.value.hint
        assert not other.texts
    with closing(opened(home, HashEmbedder())) as right:
        assert len(right.sync([docs], ignore).unchanged) == 4


def test_the_one_in_use_answers_as_before_while_another_is_made(library: Library, other: HashEmbedder) -> None:
    before = files(library, BRIDGE)
    done = threading.Event()
    found: list[list[str]] = []

    def ask() -> None:
        while not done.is_set():
            found.append(files(library, BRIDGE))

    asking = threading.Thread(target=ask)
    asking.start()
    shadow = reindex.beside(library, other, ignore)
    done.set()
    asking.join()
    assert found
    assert all(one == before for one in found)
    assert files(shadow, FERRY)[0] == "docs/ferry.txt"
    assert (library.catalog.meta("embedder"), library.vectors.is_open) == (HashEmbedder().fingerprint, True)
    assert sorted(other.texts[:-1]) == sorted({embedded_text(passage) for passage in library.catalog.all_passages()})


def test_the_making_goes_on_where_it_stopped(library: Library, other: HashEmbedder) -> None:
    other.refused = "school"
    with pytest.raises(EngineError, match=r"school"):
        reindex.beside(library, other, ignore)
    left = len(library.catalog.unembedded(other.fingerprint))
    assert 0 < left < library.catalog.count()
    other.refused = None
    other.texts.clear()
    reindex.beside(library, other, ignore)
    assert len(other.texts) == left
    assert library.catalog.unembedded(other.fingerprint) == []


def test_a_change_and_the_way_back(library: Library, home: Path, docs: Path, other: HashEmbedder) -> None:
    reindex.beside(library, other, ignore)
    (docs / "new.txt").write_text("Lighthouse news\n\nThe lighthouse was built in the year of the storm.\n", encoding="utf-8")
    library.sync([docs], ignore)
    reindex.swap(library, other, None, ignore)
    assert library.catalog.unembedded(other.fingerprint) == []  # what came in the meantime too
    library.close()
    with closing(opened(home, other)) as changed:
        assert changed.vectors.is_open
        assert files(changed, FERRY)[0] == "docs/ferry.txt"
        assert changed.catalog.meta("previous") == HashEmbedder().fingerprint
        (docs / "later.txt").write_text("Gull news\n\nThe gull came late to the harbour in spring.\n", encoding="utf-8")
        changed.sync([docs], ignore)
        first = HashEmbedder()
        reindex.swap(changed, first, None, ignore)
        assert first.texts == ["Gull news\nThe gull came late to the harbour in spring."]
    with closing(opened(home, HashEmbedder())) as back:
        assert back.vectors.is_open
        assert files(back, "The gull came late to the harbour in spring.")[0] == "docs/later.txt"
        assert reindex.forget(back) == back.catalog.count()
        assert (back.catalog.meta("previous"), len(back.catalog.unembedded(other.fingerprint))) == (None, back.catalog.count())


def test_only_the_writer_changes_the_embedder(library: Library, home: Path, other: HashEmbedder) -> None:
    with closing(opened(home, HashEmbedder())) as second:
        assert second.lock is None
        reindex.beside(second, other, ignore)  # may be made, beside a server too
        with pytest.raises(IndexLockedError, match=r"being used by process"):
            reindex.swap(second, other, None, ignore)
        with pytest.raises(IndexLockedError, match=r"being used by process"):
            reindex.forget(second)
    assert library.catalog.meta("embedder") == HashEmbedder().fingerprint


SWAPPING = """
import sys
from pathlib import Path
from tests.samples import HashEmbedder
from qa import reindex
from qa.catalog import Catalog
from qa.library import CATALOG, Library, claim
from qa.types import ignore

home = Path(sys.argv[1])
library = Library.of(Catalog(home / CATALOG), HashEmbedder(), home, claim(home))
def tell(label, done, total):
    print(label, flush=True)
    if label.startswith("arranging"):
        sys.stdin.readline()
reindex.swap(library, HashEmbedder("other", dimensions=24, seconds=0.05), None, tell)
print("done", flush=True)
"""


@pytest.mark.parametrize("label", [b"embedding passages\n", b"arranging vectors\n"])
def test_a_kill_leaves_the_one_embedder_or_the_other(library: Library, home: Path, other: HashEmbedder, label: bytes) -> None:
    library.close()
    process = python(SWAPPING, str(home))
    assert process.stdout
    while process.stdout.readline() != label:
        assert process.poll() is None
    process.kill()
    process.communicate()
    changed = label.startswith(b"arranging")
    with closing(opened(home, other if changed else HashEmbedder())) as left:
        assert left.catalog.meta("embedder") == left.embedder.fingerprint
        assert left.vectors.is_open
        assert files(left, FERRY)[0] == "docs/ferry.txt"


def test_a_passage_too_long_for_it_is_embedded_in_pieces(library: Library, other: HashEmbedder) -> None:
    other.limit = 40
    embed_all(library.catalog, other, ignore)
    assert max(map(other.count, other.texts)) <= 40
    passages = list(library.catalog.all_passages())
    made = library.catalog.sentence_vectors([passage.id for passage in passages], other.fingerprint)
    assert {id_: len(matrix) for id_, matrix in made.items()} == {passage.id: len(passage.sentences) for passage in passages}
    long = max(passages, key=lambda passage: len(passage.sentences))
    assert other.count(embedded_text(long)) > 40
    _, vectors = library.catalog.passage_vectors(other.fingerprint, [long.id])
    whole = other.embed([embedded_text(long)])[0]
    assert float(vectors[0] @ whole) > 0.9  # the mean of its words, by pieces or not
    np.testing.assert_allclose(np.linalg.norm(vectors), 1.0, atol=1e-3)


# The command, from the embedded model to one of a server


@pytest.fixture
def ollama() -> Iterator[FakeOllama]:
    with FakeOllama(models={"small:latest": Model(capabilities=("embedding",), context=512)}) as server:
        yield server


@pytest.fixture
def environment(tmp_path: Path, ollama: FakeOllama, files: Settings) -> dict[str, str]:
    return make_environment(tmp_path, ollama.url, files)


def cases(tmp_path: Path) -> Path:
    path = tmp_path / "cases.jsonl"
    evidence = [{"file": "letters/bridge.txt"}]
    case = {
        "id": "1",
        "question": "Where did the mayor open the bridge?",
        "answerable": True,
        "answers": ["Nesodden"],
        "evidence": evidence,
    }
    path.write_text(f"{json.dumps(case)}\n", encoding="utf-8")
    return path


def test_the_command_changes_compares_and_goes_back(environment: dict[str, str], tmp_path: Path) -> None:
    newcomer = ("--embedder", "ollama:small")
    check_failure(footnote("reindex", environment=environment), 2, "embedded already")
    check_failure(footnote("search", "bridge", *newcomer, environment=environment), 1, "footnote reindex --embedder ollama:small")
    only = footnote("reindex", *newcomer, "--cases", str(cases(tmp_path)), "--only-compare", environment=environment)
    assert only.returncode == 0, only.stderr
    assert "Against embedded, on the 1 cases of both" in only.stdout
    assert "The index uses embedded: it is no worse; only a comparison was asked for." in only.stdout
    assert "Nesodden" in footnote("search", "bridge", environment=environment).stdout
    done = json.loads(footnote("reindex", *newcomer, "--json", environment=environment).stdout)
    assert (done["embedder"], done["swapped"], done["reason"]) == ("ollama:small", True, "there is nothing to compare on")
    assert "Nesodden" in footnote("search", "bridge", *newcomer, environment=environment).stdout
    check_failure(footnote("search", "bridge", environment=environment), 1, "FOOTNOTE_EMBEDDER=ollama:small")
    check_failure(footnote("sync", environment=environment), 1, "FOOTNOTE_EMBEDDER=ollama:small")
    back = footnote("reindex", "--back", environment=environment)
    assert back.stdout == "The index uses embedded: the embedder before is in use again. FOOTNOTE_EMBEDDER=embedded names it.\n"
    assert "Nesodden" in footnote("search", "bridge", environment=environment).stdout
    assert "1 vectors of other embedders are deleted" in footnote("reindex", "--forget", environment=environment).stdout
    check_failure(footnote("reindex", "--back", environment=environment), 2, "no embedder to go back to")
    check_failure(footnote("reindex", "--back", "--swap", environment=environment), 2, "Only one of")


def test_a_worse_embedder_is_not_taken(library: Library) -> None:
    from qa.evaluation.types import Change, Comparison

    worse = Change("recall@5", 40, 0.9, 0.5, -0.6, -0.2, None, None, None, "worse")
    comparison = Comparison("embedded", (worse,), (), ())
    assert embedders.decision(Wish(), comparison) == (False, "it is worse (recall@5); `--swap` changes over all the same")
    assert embedders.decision(Wish(swap=True), comparison)[0]
    assert not embedders.decision(Wish(compare_only=True), comparison)[0]
    assert embedders.decision(Wish(), None)[0]


def test_nothing_to_embed_anew_is_told(home: Path, files: Settings) -> None:
    with pytest.raises(UsageError, match=r"nothing to embed anew"):
        embedders.change(Wish())(files.model_copy(update={"home": home}), ignore)

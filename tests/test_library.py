"""The library: one writer, any number of readers, and an index that bears whatever interrupts it."""

import os
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from qa import vectors
from qa.catalog import Catalog
from qa.embed import Embedder
from qa.errors import IndexLockedError, SettingsError, StoreError, UsageError
from qa.library import CATALOG, Library, claim
from qa.settings import Settings, data_folder
from qa.status import SyncReport
from qa.types import ignore
from tests.samples import HashEmbedder, digest, python

TEXTS = {
    "bridge.txt": "The old bridge over the river was opened by the mayor. It had cost forty million kroner, the town said.\n",
    "ferry.txt": "The ferry to the island sails at noon. It carries two hundred cars, said the captain of the vessel.\n",
}


@pytest.fixture
def docs(tmp_path: Path) -> Path:
    folder = tmp_path / "docs"
    folder.mkdir()
    for name, text in TEXTS.items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def opened(home: Path, embedder: HashEmbedder | None = None) -> Library:
    """As `Library.open` does it, with an embedder that is quick."""
    home.mkdir(exist_ok=True)
    return Library.of(Catalog(home / CATALOG), embedder or HashEmbedder(), home, claim(home))


def best(library: Library, question: str) -> str:
    return library.search(question, 3, len, 500).hits[0].passage.file


def nearest(library: Library, text: str) -> str:
    (id_, _), *_ = library.vectors.nearest(library.embedder.embed([text])[0], 1)
    return library.catalog.passages([id_])[id_].file


def contents(home: Path) -> dict[str, bytes]:
    """Every file but those that SQLite and the lock keep for the processes of the moment."""
    return {str(path): path.read_bytes() for path in home.rglob("*") if path.is_file() and not path.name.endswith(("-shm", "lock"))}


def test_the_real_embedder_finds_by_meaning(settings: Settings, docs: Path, embedder: Embedder) -> None:
    with closing(Library.open(settings, ignore)) as library:
        assert library.embedder.fingerprint == embedder.fingerprint
        assert library.sync([docs], ignore) == SyncReport(added=("docs/bridge.txt", "docs/ferry.txt"))
        assert nearest(library, "At what time does the ship leave?") == "docs/ferry.txt"
    with closing(Library.open(settings, ignore)) as library:
        assert best(library, "Who inaugurated the crossing?") == "docs/bridge.txt"
        assert library.sync([], ignore).unchanged == ("docs/bridge.txt", "docs/ferry.txt")


def test_the_folders_are_those_asked_for_then_those_of_the_last_sync_then_the_seeds(home: Path, docs: Path, tmp_path: Path) -> None:
    with closing(opened(home)) as library:
        assert library.folders([]) == (data_folder("seeds"),)
        library.sync([docs], ignore)
        assert library.folders([]) == (docs,)
        assert library.folders([tmp_path]) == (tmp_path,)
    with closing(opened(home)) as library:
        assert library.folders([]) == (docs,)


def test_folders_are_remembered_as_absolute_paths(home: Path, docs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(docs)
    with closing(opened(home)) as library:
        assert library.sync([Path("../docs/.")], ignore).added == ("docs/bridge.txt", "docs/ferry.txt")
        monkeypatch.chdir("/")
        assert library.sync([], ignore).unchanged == ("docs/bridge.txt", "docs/ferry.txt")


def test_a_wrong_folder_is_not_remembered(home: Path, docs: Path, tmp_path: Path) -> None:
    with closing(opened(home)) as library:
        library.sync([docs], ignore)
        with pytest.raises(UsageError, match=r"nowhere"):
            library.sync([tmp_path / "nowhere"], ignore)
        assert library.folders([]) == (docs,)


def test_planning_touches_nothing(home: Path, docs: Path) -> None:
    with closing(opened(home)) as library:
        library.sync([docs], ignore)
        (docs / "new.txt").write_text(TEXTS["ferry.txt"], encoding="utf-8")
        (docs / "bridge.txt").unlink()
        before = contents(home)
        plan = library.plan([])
        assert ([source.file for source in plan.added], plan.deleted) == (["docs/new.txt"], ("docs/bridge.txt",))
        assert contents(home) == before


def test_threads_may_sync_and_ask_at_once(home: Path, docs: Path) -> None:
    with closing(opened(home)) as library, ThreadPoolExecutor(4) as pool:
        library.sync([docs], ignore)
        for number in range(4):
            (docs / f"{number}.txt").write_text(f"Ship number {number} lies in the harbour of town {number}.\n", encoding="utf-8")
            (docs / f"{number - 2}.txt").unlink(missing_ok=True)
            syncing = [pool.submit(library.sync, [], ignore) for _ in range(2)]
            asking = [pool.submit(best, library, "Who opened the bridge?") for _ in range(6)]
            assert {one.result() for one in asking} == {"docs/bridge.txt"}
            assert all(f"docs/{number}.txt" in (*one.result().added, *one.result().unchanged) for one in syncing)
        assert [status.file for status in library.catalog.documents()] == ["docs/2.txt", "docs/3.txt", "docs/bridge.txt", "docs/ferry.txt"]
        assert nearest(library, "ship number 3 town") == "docs/3.txt"
        assert library.catalog.pending() == (0, [])


# Search


def test_a_search_tells_passages_evidence_and_how_it_came_to_them(home: Path, docs: Path) -> None:
    with closing(opened(home)) as library:
        library.sync([docs], ignore)
        found = library.search("When does the ferry to the island sail?", 1, len, 500)
    assert [hit.passage.file for hit in found.hits] == ["docs/ferry.txt"]
    assert found.evidence[0].text == "The ferry to the island sails at noon."
    assert [step.stage for step in found.steps] == ["fuse", "rescore", "date", "hop", "spread"]
    assert found.steps[-1].hits == found.hits
    assert all(len(step.hits) == 2 for step in found.steps[:-1])


def test_evidence_comes_from_more_than_the_passages_shown(home: Path, docs: Path) -> None:
    with closing(opened(home)) as library:
        library.sync([docs], ignore)
        question = "What do the ferry to the island and the bridge over the river have in common?"
        one, two = (library.search(question, limit, len, 5000) for limit in (1, 2))
    assert (len(one.hits), len(two.hits)) == (1, 2)
    assert one.evidence == two.evidence


# A process that only syncs


def only_syncing(home: Path) -> Library:
    return Library.of(Catalog(home / CATALOG), HashEmbedder(), home, claim(home), search=False)


def test_a_few_changes_are_left_to_the_next_process_that_searches(home: Path, docs: Path) -> None:
    with closing(only_syncing(home)) as library:
        library.sync([docs], ignore)
        assert library.vectors.is_open  # there was no store to be trusted
        assert library.catalog.pending() == (0, [])
    before = contents(home / "chroma")
    (docs / "school.txt").write_text("The school in the valley was closed on Monday, and its pupils go by bus.\n", encoding="utf-8")
    (docs / "bridge.txt").unlink()
    for added in (("docs/school.txt",), ()):
        with closing(only_syncing(home)) as library:
            assert library.sync([], ignore).added == added
            assert not library.vectors.is_open
            assert nearest(library, "school valley was closed on monday") == "docs/school.txt"
    assert before
    assert contents(home / "chroma") == before
    with closing(opened(home)) as library:
        assert library.vectors.is_open
        assert library.catalog.pending() == (0, [])
        assert nearest(library, "school valley was closed on monday") == "docs/school.txt"
        assert len(library.vectors.nearest(library.embedder.embed(["bridge"])[0], 9)) == 2


def test_many_changes_are_not_left(home: Path, docs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with closing(only_syncing(home)) as library:
        library.sync([docs], ignore)
    monkeypatch.setattr(vectors, "BATCH", 1)
    for number in range(2):
        (docs / f"{number}.txt").write_text(f"Ship number {number} lies in the harbour of town {number}.\n", encoding="utf-8")
    with closing(only_syncing(home)) as library:
        library.sync([], ignore)
        assert library.vectors.is_open
        assert library.catalog.pending() == (0, [])


# Several processes

WRITER = """
import sys
from pathlib import Path
from tests.samples import HashEmbedder
from qa import vectors
from qa.catalog import Catalog
from qa.library import CATALOG, Library, claim
from qa.types import ignore

home, docs, log = map(Path, sys.argv[1:4])
home.mkdir(exist_ok=True)
library = Library.of(Catalog(home / CATALOG), HashEmbedder(log=log, seconds=0.01), home, claim(home))
for _ in sys.stdin:
    library.sync([docs], ignore)
    print("synced", flush=True)
"""


class Writer:
    """Another process that is the index's writer."""

    def __init__(self, home: Path, docs: Path, log: Path) -> None:
        self.process = python(WRITER, str(home), str(docs), str(log))

    def begin(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(b"\n")
        self.process.stdin.flush()

    def sync(self) -> None:
        assert self.process.stdout is not None
        self.begin()
        assert self.process.stdout.readline() == b"synced\n"

    def kill(self) -> None:
        self.process.kill()
        self.process.communicate()


@pytest.fixture
def writer(home: Path, docs: Path, tmp_path: Path) -> Iterator[Writer]:
    writer = Writer(home, docs, tmp_path / "log")
    yield writer
    writer.kill()


def test_a_second_process_reads_while_the_first_writes(home: Path, docs: Path, writer: Writer) -> None:
    writer.sync()
    with closing(opened(home)) as reader:
        assert reader.lock is None
        assert nearest(reader, "ferry island sails at noon") == "docs/ferry.txt"
        assert best(reader, "Who opened the bridge?") == "docs/bridge.txt"
        with pytest.raises(IndexLockedError, match=rf"process {writer.process.pid}\b"):
            reader.sync([docs], ignore)
        (docs / "school.txt").write_text("The school in the valley was closed on Monday, and its pupils go by bus.\n", encoding="utf-8")
        writer.sync()
        assert nearest(reader, "school valley was closed on monday") == "docs/school.txt"
        writer.kill()
        assert best(reader, "Who opened the bridge?") == "docs/bridge.txt"
    with closing(opened(home)) as heir:
        assert heir.lock is not None
        assert (home / "owner").read_text(encoding="utf-8") == str(os.getpid())
        assert len(heir.sync([], ignore).unchanged) == 3
        assert heir.vectors.is_open


def test_the_lock_goes_with_the_library(home: Path) -> None:
    for _ in range(2):
        with closing(opened(home)) as library:
            assert library.lock is not None
            assert claim(home) is None


@pytest.mark.parametrize("files", [1, 25])
def test_a_sync_that_was_killed_goes_on_where_it_stopped(home: Path, docs: Path, writer: Writer, tmp_path: Path, files: int) -> None:
    for number in range(60):
        text = f"Ship number {number} lies in the harbour of town {number}. Its captain {number} said that it sails to port {number}.\n"
        (docs / f"{number:02}.txt").write_text(text, encoding="utf-8")
    home.mkdir(exist_ok=True)
    writer.begin()
    with closing(Catalog(home / CATALOG)) as catalog:
        while len(catalog.sources()) < files:
            assert writer.process.poll() is None
            time.sleep(0.01)
    writer.kill()
    second = HashEmbedder()
    with closing(opened(home, second)) as library:
        told = library.sync([], ignore)  # the folder was remembered
        assert len(told.unchanged) >= files
        assert len(told.added) + len(told.unchanged) == 62
        first = (tmp_path / "log").read_text(encoding="utf-8").split()
        twice = {digest(text) for text in second.texts} & set(first)
        assert len(twice) <= 1  # the passage of the file in hand
        assert library.vectors.is_open
        assert nearest(library, "captain 59 said port 59") == "docs/59.txt"
        assert nearest(library, "captain 0 said port 0") == "docs/00.txt"
        assert library.catalog.pending() == (0, [])


# What can go wrong at the door


def test_a_home_that_is_a_file_is_told(settings: Settings) -> None:
    settings.home.write_text("not a folder", encoding="utf-8")
    with pytest.raises(StoreError, match=r"cannot be used"):
        Library.open(settings, ignore)


def test_what_fails_while_opening_leaves_the_index_free(settings: Settings) -> None:
    settings.home.mkdir()
    (settings.home / CATALOG).write_bytes(b"no catalog at all, but a letter" * 100)
    with pytest.raises(StoreError, match=r"catalog\.sqlite") as first:
        Library.open(settings, ignore)
    (settings.home / CATALOG).unlink()
    with pytest.raises(SettingsError, match=r"no embedder") as second:
        Library.open(settings.model_copy(update={"embedder": "crystal ball"}), ignore)
    assert first.tb  # both errors are still alive, and what their frames hold
    assert second.tb
    with closing(Library.open(settings, ignore)) as library:
        assert library.lock is not None

"""The short form of `make chaos`; and that its check of an index finds what is wrong with one."""

from contextlib import closing
from pathlib import Path

from qa.catalog import Catalog
from qa.database import Database
from qa.library import CATALOG, Library, claim
from qa.types import ignore
from tests.chaos import Chaos
from tests.chaos_checks import difference
from tests.chaos_folder import Folder
from tests.samples import HashEmbedder

KILLS = 6


def test_what_is_killed_at_random_loses_and_doubles_nothing(tmp_path: Path) -> None:
    result = Chaos(tmp_path, documents=40, seed=3).run(KILLS)
    assert result.good, "\n".join(result.lines())
    assert result.kills >= KILLS
    assert result.opened >= KILLS // 2  # after each kill, but for those whose heirs were killed too
    assert 30 <= result.documents <= 50


def test_the_check_finds_what_is_wrong(tmp_path: Path) -> None:
    folder, home, embedder = Folder(tmp_path / "docs", 20, seed=1), tmp_path / "home", HashEmbedder()
    home.mkdir()
    with closing(Library.of(Catalog(home / CATALOG), embedder, home, claim(home))) as library:
        library.sync([folder.path], ignore)
    sound = difference(home, folder.path, folder.texts(), embedder, tmp_path / "first")
    assert vars(sound) == {"lost": [], "doubled": [], "wrong": []}
    with closing(Database(home / CATALOG)) as database, database.transaction() as connection:
        connection.execute("DELETE FROM passages WHERE number = (SELECT min(number) FROM passages)")
        connection.execute("UPDATE documents SET file = file || 'x' WHERE rowid = (SELECT max(rowid) FROM documents)")
        connection.execute("UPDATE vectors SET vector = (SELECT max(vector) FROM vectors)")
    told = difference(home, folder.path, folder.texts(), embedder, tmp_path / "second")
    assert {line.partition(":")[0] for line in told.lost} == {"text", "documents", "passages"}
    assert {line.partition(":")[0] for line in told.doubled} >= {"text", "documents", "Chroma"}
    assert {line.partition(":")[0] for line in told.wrong} == {"pending", "vectors", "Chroma"}

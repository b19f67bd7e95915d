"""A real Chroma server in the place of files: it may hold several indexes, and several processes may ask it."""

import socket
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import chromadb
import pytest

from qa.catalog import Catalog
from qa.errors import ChromaUnreachableError, SettingsError
from qa.vectors import Vectors
from tests.processes import free_port, served_chroma
from tests.samples import PARAGRAPHS, HashEmbedder, Opener, check_agreement, check_content, put


@pytest.fixture
def catalog(tmp_path: Path) -> Iterator[Catalog]:
    catalog = Catalog(tmp_path / "catalog.sqlite")
    yield catalog
    catalog.close()


@pytest.fixture
def fake() -> HashEmbedder:
    return HashEmbedder()


@pytest.fixture
def make(catalog: Catalog, tmp_path: Path, fake: HashEmbedder) -> Iterator[Opener]:
    with closing(Opener(catalog, tmp_path / "chroma", fake.fingerprint)) as make:
        yield make


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with served_chroma(tmp_path_factory.mktemp("server")) as url:
        yield url


def test_a_server_may_keep_the_vectors(catalog: Catalog, fake: HashEmbedder, make: Opener, server: str, tmp_path: Path) -> None:
    put(catalog, fake, "a.txt", *PARAGRAPHS)
    vectors = make(url=server)
    check_agreement(vectors, fake)
    put(catalog, fake, "a.txt", PARAGRAPHS[0], "The tower fell.")
    vectors.update()
    check_agreement(vectors, fake)
    assert not (tmp_path / "chroma").exists()
    reader = make(writer=False, url=server)
    check_agreement(reader, fake)
    put(catalog, fake, "b.txt", "The library lends books.")
    vectors.update()
    check_agreement(reader, fake)


def test_several_indexes_share_a_server(catalog: Catalog, fake: HashEmbedder, make: Opener, server: str, tmp_path: Path) -> None:
    put(catalog, fake, "a.txt", *PARAGRAPHS)
    vectors = make(url=server)
    elsewhere = Catalog(tmp_path / "elsewhere.sqlite")
    put(elsewhere, fake, "b.txt", "The library lends books.")
    others = Vectors(elsewhere, tmp_path / "unused", fake.fingerprint, server)
    others.open()
    check_agreement(others, fake)
    check_agreement(vectors, fake)
    vectors.close()
    check_agreement(make(url=server), fake)
    others.close()
    elsewhere.close()


def test_a_server_gets_a_collection_for_each_embedder_and_keeps_the_last(
    catalog: Catalog, fake: HashEmbedder, make: Opener, server: str
) -> None:
    put(catalog, fake, "a.txt", *PARAGRAPHS)
    make(url=server).close()
    other = HashEmbedder("other", dimensions=24)
    put(catalog, other, "a.txt", *PARAGRAPHS)
    check_agreement(make(url=server, fingerprint=other.fingerprint), other)
    host, _, port = server.removeprefix("http://").partition(":")
    names = [one.name for one in chromadb.HttpClient(host, int(port)).list_collections()]
    assert len([name for name in names if str(catalog.meta("index")) in name]) == 1


def test_from_a_server_back_to_files(catalog: Catalog, fake: HashEmbedder, make: Opener, server: str, tmp_path: Path) -> None:
    put(catalog, fake, "a.txt", *PARAGRAPHS)
    make().close()
    vectors = make(url=server)
    put(catalog, fake, "a.txt", *PARAGRAPHS[:3], "The tower fell.")
    vectors.update()
    vectors.close()
    files = make()
    check_agreement(files, fake)
    files.close()
    check_content(catalog, tmp_path / "chroma", fake)


@pytest.mark.parametrize("url", ["chroma", "127.0.0.1:8000", "ftp://127.0.0.1", "http://"])
def test_an_address_that_is_none_is_refused(catalog: Catalog, fake: HashEmbedder, tmp_path: Path, url: str) -> None:
    with pytest.raises(SettingsError, match=r"no address of a Chroma server"):
        Vectors(catalog, tmp_path / "chroma", fake.fingerprint, url).open()


def test_a_server_that_does_not_answer_is_told(catalog: Catalog, fake: HashEmbedder, tmp_path: Path) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{closed.getsockname()[1]}"
        with pytest.raises(ChromaUnreachableError, match=r"Chroma does not answer at http://127") as caught:
            Vectors(catalog, tmp_path / "chroma", fake.fingerprint, url).open()
    assert "FOOTNOTE_CHROMA_URL" in caught.value.hint


def test_a_server_may_be_started_again(catalog: Catalog, fake: HashEmbedder, make: Opener, tmp_path: Path) -> None:
    put(catalog, fake, "a.txt", *PARAGRAPHS)
    (tmp_path / "server").mkdir()
    port = free_port()
    with served_chroma(tmp_path / "server", port) as url:
        vectors = make(url=url)
        check_agreement(vectors, fake)
    for _ in range(2):
        with pytest.raises(ChromaUnreachableError, match=r"Chroma does not answer when asked"):
            check_agreement(vectors, fake)
    with served_chroma(tmp_path / "server", port):
        check_agreement(vectors, fake)


def test_who_only_reads_asks_a_server_once_the_writer_has_filled_it(
    catalog: Catalog, fake: HashEmbedder, make: Opener, server: str
) -> None:
    put(catalog, fake, "a.txt", *PARAGRAPHS)
    reader = make(writer=False, url=server)
    vector = fake.embed([PARAGRAPHS[0]])[0]
    compared = reader.nearest(vector, 1)
    assert not reader.is_open
    make(url=server)
    assert reader.nearest(vector, 1)[0][0] == compared[0][0]
    check_agreement(reader, fake)

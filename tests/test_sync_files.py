"""Sync: which files it takes, what it calls them, and what it says of those that it cannot read."""

import contextlib
import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from qa import read, sync
from qa.errors import ReadError, UsageError
from qa.folder import files
from qa.status import SyncReport
from tests.samples import BRIDGE, FERRY, SCHOOL, Index


@pytest.fixture
def index(tmp_path: Path) -> Iterator[Index]:
    index = Index(tmp_path)
    yield index
    index.vectors.close()
    index.catalog.close()


# Files that cannot be read


def test_a_file_that_cannot_be_read_is_told_and_the_others_are_indexed(index: Index) -> None:
    index.write({"a.txt": BRIDGE, "c.txt": FERRY, "empty.txt": ""})
    (index.folder / "b.txt").write_bytes(b"\x00\x01\x02" * 1000)
    told = index.sync()
    assert told.added == ("docs/a.txt", "docs/c.txt")
    assert [file for file, _ in told.unreadable] == ["docs/b.txt", "docs/empty.txt"]
    assert all("\n" not in reason and reason for _, reason in told.unreadable)
    assert index.sync() == SyncReport(unchanged=("docs/a.txt", "docs/c.txt"), unreadable=told.unreadable)
    assert index.dry() == index.sync()


def test_a_file_that_was_mended_is_indexed(index: Index) -> None:
    index.write({"a.txt": ""})
    index.sync()
    index.write({"a.txt": BRIDGE})
    assert index.dry() == SyncReport(changed=("docs/a.txt",))
    assert index.sync() == SyncReport(changed=("docs/a.txt",))
    assert index.words("bridge") == {"docs/a.txt"}


def test_rows_that_are_no_documents_are_no_complaint(index: Index) -> None:
    index.write({"a.txt": BRIDGE, "questions.jsonl": '{"question": "Who opened the bridge?"}\n'})
    assert index.sync().unreadable == ()
    assert index.sync() == SyncReport(unchanged=("docs/a.txt", "docs/questions.jsonl"))
    assert [status.file for status in index.catalog.documents()] == ["docs/a.txt"]


def test_an_unreadable_file_that_is_gone_is_not_told_any_more(index: Index) -> None:
    index.write({"a.txt": ""})
    index.sync()
    (index.folder / "a.txt").unlink()
    assert index.dry() == index.sync() == SyncReport(deleted=("docs/a.txt",))


def test_a_file_that_became_unreadable_is_no_longer_found(index: Index) -> None:
    index.write({"a.txt": BRIDGE})
    index.sync()
    index.write({"a.txt": ""})
    assert [file for file, _ in index.sync().unreadable] == ["docs/a.txt"]
    assert index.words("bridge") == set()
    assert index.catalog.count() == 0


def test_a_file_that_the_system_refuses_is_told(index: Index) -> None:
    index.write({"a.txt": BRIDGE})
    refused = Path("/proc/self/mem")
    if not refused.is_file():
        pytest.skip("needs /proc")
    told = index.sync(index.folder, refused)
    assert told.added == ("docs/a.txt",)
    assert told.unreadable == (("mem", "cannot be read: Input/output error"),)
    assert index.sync(index.folder, refused) == SyncReport(unchanged=("docs/a.txt",), unreadable=told.unreadable)


@contextlib.contextmanager
def as_nobody() -> Iterator[None]:
    """Without the right of the superuser to read everything."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


def test_folders_and_files_without_permission_are_told(index: Index) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name).resolve() / "docs"
        for part in ("open", "closed", "listed"):
            (folder / part).mkdir(parents=True)
            (folder / part / "a.txt").write_text(BRIDGE, encoding="utf-8")
        (folder / "open" / "b.txt").write_text(BRIDGE, encoding="utf-8")
        folder.parent.chmod(0o755)
        for path, mode in ((folder / "open" / "b.txt", 0o000), (folder / "closed", 0o000), (folder / "listed", 0o444)):
            path.chmod(mode)
        try:
            with as_nobody():
                plan = sync.plan(index.catalog, [folder])
        finally:
            for path in (folder / "closed", folder / "listed"):
                path.chmod(0o755)
    refused = "cannot be read: Permission denied"
    assert {source.file: source.error for source in plan.added} == {
        "docs/open/a.txt": None,
        "docs/open/b.txt": refused,
        "docs/listed/a.txt": refused,
        "docs/closed": refused,
    }


def test_a_name_that_is_not_utf_8_is_told(index: Index) -> None:
    index.write({"a.txt": BRIDGE})
    try:
        (index.folder / os.fsdecode(b"caf\xe9.txt")).write_text(FERRY, encoding="utf-8")
    except OSError:
        pytest.skip("this file system takes no such names")
    told = index.sync()
    assert told.added == ("docs/a.txt",)
    assert told.unreadable == (("docs/caf\\udce9.txt", "its name is not UTF-8: rename it"),)
    assert index.sync().unreadable == told.unreadable


def test_odd_names_and_texts_are_no_trouble(index: Index) -> None:
    index.write({"Ünïcode 東京.txt": BRIDGE, "it's; --.txt": FERRY, "new\nline.txt": SCHOOL})
    index.write({"rows.jsonl": '{"id": "1", "text": "A lone \\ud800 surrogate stands here, and nobody knows why."}\n'})
    told = index.sync()
    assert len(told.added) + len(told.unreadable) == 4
    assert {"docs/Ünïcode 東京.txt", "docs/it's; --.txt", "docs/new\nline.txt"} <= set(told.added)


# Which files


def test_hidden_files_unknown_kinds_and_ways_out_are_left_out(index: Index, tmp_path: Path) -> None:
    index.write({"a.txt": BRIDGE, ".hidden.txt": FERRY, ".git/b.txt": FERRY, "picture.xyz": FERRY, "UPPER.TXT": SCHOOL})
    (tmp_path / "secret.txt").write_text(FERRY, encoding="utf-8")
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "c.txt").write_text(FERRY, encoding="utf-8")
    (index.folder / "link.txt").symlink_to(tmp_path / "secret.txt")
    (index.folder / "folder").symlink_to(tmp_path / "outside")
    (index.folder / "broken.txt").symlink_to(tmp_path / "nowhere.txt")
    (index.folder / "loop.txt").symlink_to(index.folder / "loop.txt")
    (index.folder / "inside.txt").symlink_to(index.folder / "a.txt")
    (index.folder / "folder.txt").mkdir()
    assert set(files([index.folder])) == {"docs/a.txt", "docs/UPPER.TXT", "docs/inside.txt"}


def test_sockets_and_pipes_are_never_read(index: Index) -> None:
    index.write({"a.txt": BRIDGE})
    os.mkfifo(index.folder / "pipe.txt")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(index.folder / "socket.txt"))
        assert set(files([index.folder])) == {"docs/a.txt"}
    with pytest.raises(ReadError, match=r"no file with content"):
        read.load(index.folder / "pipe.txt", "pipe.txt")


def test_what_is_to_be_ignored_is_written_as_for_git(index: Index) -> None:
    names = ["a.txt", "b.md", "draft-1.txt", "keep/draft-2.txt", "old/c.txt", "new/old/d.txt", "new/e.txt", "new/f.md", "new/deep/f.md"]
    index.write(dict.fromkeys(names, BRIDGE))
    index.write({".footnoteignore": "# what is not finished\ndraft-*\n!keep/draft-2.txt\n/old/\n"})
    index.write({"new/.footnoteignore": "*.md\n!deep/*.md\n"})
    expected = {"docs/a.txt", "docs/b.md", "docs/keep/draft-2.txt", "docs/new/old/d.txt", "docs/new/e.txt", "docs/new/deep/f.md"}
    assert set(files([index.folder])) == expected
    assert as_git_sees_it(index.folder, index.home / "git") == expected


def as_git_sees_it(folder: Path, repository: Path) -> set[str]:
    """The files that git would take, with the same rules."""
    subprocess.run(["git", "init", "--quiet", "--bare", str(repository)], check=True)
    listing = ["git", f"--git-dir={repository}", f"--work-tree={folder}", "ls-files", "--others", "--exclude-per-directory=.footnoteignore"]
    listed = subprocess.run(listing, cwd=folder, capture_output=True, text=True, check=True).stdout.split()
    return {f"docs/{name}" for name in listed if not name.endswith(".footnoteignore")}


def test_a_file_that_is_ignored_from_now_on_is_forgotten(index: Index) -> None:
    index.write({"a.txt": BRIDGE, "b.txt": FERRY})
    index.sync()
    index.write({".footnoteignore": "b.txt"})
    assert index.sync() == SyncReport(deleted=("docs/b.txt",), unchanged=("docs/a.txt",))
    assert index.words("ferry") == set()


def test_rules_that_cannot_be_read_stop_the_sync(index: Index) -> None:
    index.write({"a.txt": BRIDGE})
    (index.folder / ".footnoteignore").write_bytes(b"secret\xff\n")
    with pytest.raises(ReadError, match=r"\.footnoteignore cannot be read"):
        index.sync()


def test_a_folder_that_is_a_link_is_followed(index: Index, tmp_path: Path) -> None:
    index.write({"a.txt": BRIDGE})
    (tmp_path / "library").symlink_to(index.folder)
    assert set(files([tmp_path / "library"])) == {"library/a.txt"}


def test_files_are_named_after_their_folder(tmp_path: Path) -> None:
    for name in ("one/docs/a.txt", "two/docs/a.txt", "three/notes/a.txt", "three/single.txt"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(BRIDGE, encoding="utf-8")
    alone = files([tmp_path / "one" / "docs", tmp_path / "three" / "notes", tmp_path / "three" / "single.txt"])
    assert list(alone) == ["docs/a.txt", "notes/a.txt", "single.txt"]
    alike = files([tmp_path / "one" / "docs", tmp_path / "two" / "docs"])
    prefix = tmp_path.as_posix().lstrip("/")
    assert alike == {f"{prefix}/one/docs/a.txt": tmp_path / "one/docs/a.txt", f"{prefix}/two/docs/a.txt": tmp_path / "two/docs/a.txt"}


def test_a_second_folder_of_the_same_name_costs_no_embedding(index: Index, tmp_path: Path) -> None:
    index.write({"a.txt": f"Harbour news\n\n{BRIDGE}"})
    index.sync()
    before = list(index.embedder.texts)
    twin = tmp_path / "twin" / "docs"
    shutil.copytree(index.folder, twin)
    told = index.sync(index.folder, twin)
    assert (len(told.added), len(told.moved), len(told.deleted)) == (1, 1, 0)
    assert index.embedder.texts == before


def test_a_folder_that_does_not_exist_is_told_before_anything_is_deleted(index: Index, tmp_path: Path) -> None:
    index.write({"a.txt": BRIDGE})
    index.sync()
    with pytest.raises(UsageError, match=r"no folder .*nowhere"):
        index.sync(tmp_path / "nowhere")
    assert index.words("bridge") == {"docs/a.txt"}

"""S-24: a huge, slow or exploding repository costs a bounded time, memory and disk."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

import pytest

from gitops import git as room
from gitops.git import FetchLimits
from gitops.tree import LimitExceeded, TreeLimits
from tests.fakes import git, processes
from tests.fakes.git_reader import Reader

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def repository(git_server: git.GitServer) -> git.Repository:
    return git.Repository.create(git_server.directory, "fleet", url=git_server.url)


@pytest.fixture
def reader(git_server: git.GitServer, tmp_path: Path) -> Reader:
    return Reader.of(git_server, tmp_path / "hub")


def disk_use(path: Path) -> int:
    return sum(one.stat().st_size for one in path.rglob("*") if one.is_file())


def test_a_large_repository_is_refused_and_its_bytes_are_given_back(
    reader: Reader, repository: git.Repository, tmp_path: Path
) -> None:
    commit = repository.commit({"large": os.urandom(3 << 20)})

    with pytest.raises(room.RepositoryTooLarge, match="more than 1048576 bytes"):
        reader.fetch(commit, limits=FetchLimits(max_pack_bytes=1 << 20))

    assert disk_use(tmp_path / "hub") < 100_000


def test_a_large_commit_is_refused_and_what_was_here_before_stays(
    reader: Reader, repository: git.Repository, tmp_path: Path
) -> None:
    good = repository.commit({"a": "1"})
    reader.fetch(good)
    commit = repository.commit({"large": os.urandom(3 << 20)})

    with pytest.raises(room.RepositoryTooLarge):
        reader.fetch(commit, limits=FetchLimits(max_pack_bytes=1 << 20))

    assert reader.files(good) == {"a": b"1"}
    assert disk_use(tmp_path / "hub") < 100_000


def test_a_repository_that_grows_too_large_gives_its_bytes_back_too(
    reader: Reader, repository: git.Repository, tmp_path: Path
) -> None:
    limits = FetchLimits(max_pack_bytes=1 << 20)
    for number in range(3):
        commit = repository.commit({f"part{number}": os.urandom(500 << 10)})
        if number < 2:
            reader.fetch(commit, limits=limits)

    with pytest.raises(room.RepositoryTooLarge):
        reader.fetch(commit, limits=limits)

    assert not reader.mirror.has(commit)
    assert disk_use(tmp_path / "hub") < 100_000


@pytest.mark.parametrize("only", ["info/refs", "git-upload-pack"])
def test_a_server_that_dribbles_is_left_at_the_deadline(
    reader: Reader, repository: git.Repository, git_server: git.GitServer, only: str
) -> None:
    commit = repository.commit({"a": "1"})
    git_server.fault = git.Dribble(bytes_per_second=5, only=only)
    before = time.monotonic()

    with pytest.raises(room.RemoteTimeout) as late:
        reader.fetch(commit, timeout=1.5)

    assert time.monotonic() - before < 5
    assert late.value.reason == "FetchTimeout"
    assert late.value.retryable
    assert processes.gone(git_server.url)


def test_a_tree_bomb_is_counted_and_not_written(reader: Reader, repository: git.Repository) -> None:
    blob = repository.git("hash-object", "-w", "--stdin", data=b"boom").strip()
    entry, name = "100644 blob", blob
    for _ in range(10):
        lines = "".join(f"{entry} {name}\td{number}\n" for number in range(10))
        entry, name = "040000 tree", repository.git("mktree", data=lines.encode()).strip()
    who = ("-c", "user.name=a", "-c", "user.email=a@x.test")
    commit = repository.git(*who, "commit-tree", "-m", "bomb", name).strip()
    repository.git("update-ref", "refs/heads/main", commit)
    reader.fetch(commit)
    before = time.monotonic()

    with (
        pytest.raises(LimitExceeded, match=r"at least \d+ files; the limit is 1000"),
        reader.mirror.tree(commit, limits=TreeLimits(max_files=1000)),
    ):
        pytest.fail("ten thousand million files")

    assert time.monotonic() - before < 10
    assert processes.gone_from(reader.mirror.path)


def test_a_file_that_was_packed_small_is_not_unpacked(
    reader: Reader, repository: git.Repository, tmp_path: Path
) -> None:
    commit = repository.commit({"zeros.yaml": bytes(32 << 20), "a": "1"})
    reader.fetch(commit, limits=FetchLimits(max_pack_bytes=1 << 20))

    with reader.mirror.tree(commit) as tree:
        written = disk_use(tree.root)
        with pytest.raises(LimitExceeded, match="33554432 bytes"):
            tree.read("zeros.yaml")

    assert written == 1
    assert disk_use(tmp_path / "hub") < 1 << 20

"""S-04: nothing in a repository runs, fetches from elsewhere, or is changed while it is opened."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gitops import git as room
from tests.fakes import git
from tests.fakes.git_reader import Reader

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

POINTER = (
    "version https://git-lfs.github.com/spec/v1\n"
    "oid sha256:4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393\nsize 12345\n"
)


@pytest.fixture
def canary(tmp_path: Path) -> Iterator[git.GitServer]:
    """Serve a repository that nobody has any business with."""
    with git.serve(tmp_path / "canary") as server:
        git.Repository.create(server.directory, "module").commit({"secret": "x"})
        yield server


@pytest.fixture
def repository(git_server: git.GitServer) -> git.Repository:
    return git.Repository.create(git_server.directory, "fleet", url=git_server.url)


@pytest.fixture
def reader(git_server: git.GitServer, tmp_path: Path) -> Reader:
    return Reader.of(git_server, tmp_path)


def test_a_submodule_is_named_and_never_fetched(
    reader: Reader, repository: git.Repository, canary: git.GitServer
) -> None:
    module = f'[submodule "m"]\n\tpath = m\n\turl = {canary.url}/module.git\n'
    commit = repository.commit({".gitmodules": module, "m": git.Submodule("c" * 40), "a": "1"})
    reader.fetch(commit)

    with reader.mirror.tree(commit) as tree:
        submodules, has_content = tree.submodules, tree.has_dir("m")

    assert submodules == {"m"}
    assert not has_content
    assert canary.requests == []


def test_a_submodule_that_would_run_a_command_is_refused_whole(
    reader: Reader, repository: git.Repository
) -> None:
    module = '[submodule "m"]\n\tpath = m\n\turl = -u./payload\n'
    commit = repository.commit({".gitmodules": module, "m": git.Submodule("c" * 40)})

    with pytest.raises(room.CorruptRepository, match="gitmodules"):
        reader.fetch(commit)

    assert not reader.mirror.has(commit)


def test_an_lfs_pointer_stays_a_pointer(reader: Reader, repository: git.Repository) -> None:
    repository.commit({".gitattributes": "*.bin filter=lfs diff=lfs\n", "a.bin": POINTER})

    assert reader.read()["a.bin"].decode() == POINTER


def test_filters_hooks_and_configuration_of_a_repository_are_only_files(
    reader: Reader, repository: git.Repository, tmp_path: Path
) -> None:
    marker = tmp_path / "PWNED"
    files = {
        ".gitattributes": "* filter=x\n",
        ".gitconfig": f'[filter "x"]\n\tsmudge = touch {marker}\n',
        "hooks/post-checkout": git.Executable(f"#!/bin/sh\ntouch {marker}\n"),
        "config": f"[core]\n\tfsmonitor = touch {marker}\n",
        "HEAD": "ref: refs/heads/main\n",
        "objects/info/alternates": "/etc\n",
    }
    repository.commit(files)

    found = reader.read()

    assert found.keys() == files.keys()
    assert not marker.exists()


@pytest.mark.parametrize("name", [".git", ".GIT", ".git ", "..", "."])
def test_a_tree_with_a_forbidden_name_is_refused(
    reader: Reader, repository: git.Repository, name: str
) -> None:
    good = repository.commit({"a": "1"})
    reader.fetch(good)
    blob = repository.git("rev-parse", f"{good}:a").strip()

    bad = _commit_tree(repository, [f"100644 {name}".encode() + b"\0" + bytes.fromhex(blob)])

    with pytest.raises(room.CorruptRepository, match="git refused an object"):
        reader.fetch(bad)
    assert not reader.mirror.has(bad)
    assert reader.files(good) == {"a": b"1"}


def test_a_tree_with_a_name_twice_is_refused(reader: Reader, repository: git.Repository) -> None:
    blob = repository.git("rev-parse", f"{repository.commit({'a': '1'})}:a").strip()

    bad = _commit_tree(repository, [b"100644 a\0" + bytes.fromhex(blob)] * 2)

    with pytest.raises(room.CorruptRepository, match="duplicateEntries"):
        reader.fetch(bad)


def test_a_link_out_of_the_repository_is_never_on_disk(
    reader: Reader, repository: git.Repository
) -> None:
    commit = repository.commit(
        {"environ.yaml": git.Symlink("/proc/self/environ"), "up": git.Symlink(".."), "a": "1"}
    )
    reader.fetch(commit)

    with reader.mirror.tree(commit) as tree:
        on_disk = [path for path in tree.root.rglob("*") if path.is_symlink()]
        links = tree.links

    assert on_disk == []
    assert links == {"environ.yaml", "up"}


def _commit_tree(repository: git.Repository, entries: list[bytes]) -> str:
    """Make a commit of a tree that no honest git would write."""
    tree = repository.git(
        "hash-object", "-t", "tree", "-w", "--literally", "--stdin", data=b"".join(entries)
    ).strip()
    who = ("-c", "user.name=a", "-c", "user.email=a@x.test")
    commit = repository.git(*who, "commit-tree", "-m", "bad", tree).strip()
    repository.git("update-ref", "refs/heads/main", commit)
    return commit

"""S-02: no branch, tag or commit becomes an option of git, or means more than one name."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gitops import git as room
from gitops.git import GitRef
from tests.fakes import git
from tests.fakes.git_reader import Reader

if TYPE_CHECKING:
    from pathlib import Path

DANGEROUS = [
    "--upload-pack=touch PWNED;git-upload-pack",
    "-q",
    "--help",
    "a..b",
    "@{-1}",
    "x y",
    "$(id)",
    "a;b",
    "x" * 300,
    "a\0b",
    "refs/heads/../x",
    "a:refs/heads/b",
    "+main",
    "ma*n",
    "main^{}",
]


@pytest.fixture
def reader(git_server: git.GitServer, tmp_path: Path) -> Reader:
    git.Repository.create(git_server.directory, "fleet").commit({"a": "1"})
    return Reader.of(git_server, tmp_path)


@pytest.mark.parametrize("field", ["branch", "tag", "commit"])
@pytest.mark.parametrize("text", DANGEROUS)
def test_a_dangerous_name_is_refused_and_no_server_is_asked(
    reader: Reader, text: str, field: str, tmp_path: Path
) -> None:
    forged = GitRef(**{field: text})

    with pytest.raises(room.InvalidRef) as refused:
        reader.head(forged)
    with pytest.raises(room.InvalidRef):
        reader.fetch("a" * 40, forged)

    assert refused.value.reason == "InvalidRef"
    assert field in refused.value.message
    assert reader.server.requests == []
    assert not list(tmp_path.rglob("PWNED"))


@pytest.mark.parametrize("text", DANGEROUS)
def test_a_dangerous_commit_is_refused_by_the_mirror(reader: Reader, text: str) -> None:
    reader.read()

    with pytest.raises(room.InvalidRef):
        reader.fetch(text)
    with pytest.raises(room.InvalidRef):
        reader.mirror.has(text)
    with pytest.raises(room.InvalidRef), reader.mirror.tree(text):
        pytest.fail("no such commit")

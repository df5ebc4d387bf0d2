"""A repository with one commit behind the test server, and a reader that is let in."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.fakes import git
from tests.fakes.git_reader import Reader

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def repository(git_server: git.GitServer) -> git.Repository:
    """The repository `fleet`, with one commit on main."""
    made = git.Repository.create(git_server.directory, "fleet", url=git_server.url)
    made.commit({"apps/web.yaml": "a: 1\n", "README.md": "fleet\n"}, message="first\n\nlonger")
    return made


@pytest.fixture
def reader(git_server: git.GitServer, repository: git.Repository, tmp_path: Path) -> Reader:
    """Reads the repository with the right password."""
    assert repository.path.is_dir()
    return Reader.of(git_server, tmp_path)

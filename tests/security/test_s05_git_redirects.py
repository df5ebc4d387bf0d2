"""S-05: a credential goes to the server it was given for, whatever that server answers."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from gitops import git as room
from gitops.git import Credentials, process, remote
from tests.fakes import git
from tests.fakes.git_reader import Reader

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def canary(tmp_path: Path) -> Iterator[git.GitServer]:
    """Serve the same repository elsewhere, to everybody."""
    with git.serve(tmp_path / "canary") as server:
        git.Repository.create(server.directory, "fleet").commit({"a": "1"})
        yield server


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize(
    "credentials",
    [Credentials(username="robot", password="correct horse"), Credentials(bearer_token="token-1")],
)
def test_a_redirect_is_refused_and_not_followed(
    git_server: git.GitServer,
    canary: git.GitServer,
    tmp_path: Path,
    status: int,
    credentials: Credentials,
) -> None:
    commit = git.Repository.create(git_server.directory, "fleet").commit({"a": "1"})
    git_server.fault = git.Redirect(to=canary.url, status=status)
    reader = Reader(git_server, tmp_path, credentials=credentials)

    with pytest.raises(room.RedirectRefused) as refused:
        reader.head()
    with pytest.raises(room.RedirectRefused):
        reader.fetch(commit)

    assert refused.value.reason == "RedirectRefused"
    assert canary.requests == []
    assert "authorization" in git_server.requests[0].headers


def test_a_redirect_in_the_middle_of_a_fetch_is_refused_too(
    git_server: git.GitServer, canary: git.GitServer, tmp_path: Path
) -> None:
    commit = git.Repository.create(git_server.directory, "fleet").commit({"a": "1"})
    git_server.fault = git.Redirect(to=canary.url, only="/git-upload-pack")
    reader = Reader.of(git_server, tmp_path)

    with pytest.raises(room.RedirectRefused):
        reader.fetch(commit)

    assert any(request.method == "POST" for request in git_server.requests)
    assert canary.requests == []


def test_the_header_is_bound_to_scheme_host_and_port(
    git_server: git.GitServer, canary: git.GitServer, tmp_path: Path
) -> None:
    """Were a redirect ever followed, git would still keep the header to its origin."""
    git.Repository.create(git_server.directory, "fleet").commit({"a": "1"})
    reader = Reader.of(git_server, tmp_path)
    with remote.connect(
        remote.Remote(url=reader.url, credentials=reader.credentials, policy=reader.policy),
        deadline=time.monotonic() + 20,
    ) as setting:
        finished = process.run(setting, "ls-remote", "--end-of-options", f"{canary.url}/fleet.git")

    assert finished.returncode == 0
    assert canary.requests
    assert all("authorization" not in request.headers for request in canary.requests)

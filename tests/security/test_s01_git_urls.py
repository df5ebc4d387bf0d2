"""S-01: no repository URL makes git run a helper, read a file, or speak to where it should not."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from gitops import git as room
from gitops.git import GitRef, RepositoryUrl, environment, process, remote
from gitops.git.environment import Setting
from tests.fakes.git_reader import OPEN

if TYPE_CHECKING:
    from pathlib import Path

REFUSED = [
    "ext::sh -c id",
    "file:///etc",
    "/srv/x",
    "../x",
    "git://h/x",
    "fd::7",
    "ssh://-oProxyCommand=x/y",
    "git@-oX:y",
    "https://h/a%0ahost=evil",
    "https://user:pw@h/x",
]


@pytest.mark.parametrize("text", REFUSED)
def test_a_dangerous_url_is_refused_when_it_is_read(text: str) -> None:
    with pytest.raises(room.InvalidUrl) as refused:
        RepositoryUrl.parse(text, policy=OPEN)

    assert refused.value.reason == "InvalidURL"
    assert "URL" in refused.value.message
    assert "pw" not in refused.value.message


def test_an_unusual_spelling_is_normalised() -> None:
    assert str(RepositoryUrl.parse("HTTPS://h")) == "https://h"


@pytest.mark.parametrize(
    "forged",
    [
        RepositoryUrl(scheme="file", host="", port=0, path="/etc"),
        RepositoryUrl(scheme="ext::sh -c touch${IFS}PWNED #", host="h", port=1, path="/x"),
        RepositoryUrl(scheme="https", host="user:pw@h", port=443, path="/x"),
        RepositoryUrl(scheme="https", host="h", port=443, path="/x\nhost=evil"),
        RepositoryUrl(scheme="https", host="169.254.169.254", port=443, path="/x"),
    ],
)
def test_a_forged_row_is_refused_before_git_starts(
    forged: RepositoryUrl, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started = _record_starts(tmp_path, monkeypatch)

    with pytest.raises(room.InvalidUrl):
        room.head(url=forged, ref=GitRef(), policy=OPEN)
    with pytest.raises(room.InvalidUrl):
        room.Mirror(tmp_path / "m").fetch(url=forged, ref=GitRef(), commit="a" * 40, policy=OPEN)

    assert not started.exists()
    assert not (tmp_path / "m").exists()


@pytest.mark.parametrize(
    "text",
    ["ext::sh -c 'touch PWNED'", "file://{repository}", "{repository}", "git://127.0.0.1:1/x"],
)
@pytest.mark.parametrize("command", ["ls-remote", "fetch"])
def test_git_itself_refuses_what_would_get_past_the_parser(
    text: str, command: str, tmp_path: Path
) -> None:
    """The second wall: GIT_ALLOW_PROTOCOL, as the room sets it for https."""
    repository, mirror = tmp_path / "theirs", tmp_path / "ours"
    for path in (repository, mirror):
        path.mkdir()
        process.run(_setting(path), "init", "--quiet", "--bare", str(path))
    https = remote.Remote(url=RepositoryUrl.parse("https://8.8.8.8/x"))
    with remote.connect(https, deadline=time.monotonic() + 20) as setting:
        protocols = setting.protocols
    here = Setting(
        directory=mirror,
        is_repository=True,
        deadline=time.monotonic() + 20,
        protocols=protocols,
    )

    finished = process.run(
        here, command, "--end-of-options", text.format(repository=repository), "refs/heads/main"
    )

    assert finished.returncode == 128
    assert "not allowed" in finished.stderr
    assert not list(tmp_path.rglob("PWNED"))


def _setting(path: Path) -> Setting:
    return Setting(directory=path, deadline=time.monotonic() + 20)


def _record_starts(directory: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Put a git on the path that only notes that it was started."""
    programs, log = directory / "bin", directory / "started"
    programs.mkdir()
    fake = programs / "git"
    fake.write_text(f"#!/bin/sh\necho started >>{log}\n")
    fake.chmod(0o755)
    monkeypatch.setattr(environment, "PATH", str(programs))
    return log

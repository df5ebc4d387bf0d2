"""S-06, S-07: SSH is not served yet: no host key goes unchecked, no command is built from text.

When SSH comes, these become the tests of known_hosts and of the constant GIT_SSH_COMMAND.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from gitops import git as room
from gitops.git import Credentials, GitRef, RepositoryUrl
from tests.fakes import git
from tests.fakes.git_reader import OPEN, Reader

ROOM = Path(__file__).resolve().parents[2] / "gitops" / "git"


@pytest.mark.parametrize(
    "text",
    [
        "ssh://git@host/x",
        "ssh://host;touch p/x",
        "git+ssh://git@host/x",
        "git@host:x",
        "host:x",
        "git@host:$(touch p)",
        "`touch p`@host:x",
    ],
)
def test_an_ssh_url_is_refused_at_creation(text: str) -> None:
    with pytest.raises(room.InvalidUrl, match="URL"):
        RepositoryUrl.parse(text, policy=OPEN)


def test_an_ssh_url_forged_into_a_row_is_refused_by_the_worker() -> None:
    forged = RepositoryUrl(scheme="ssh", host="host", port=22, path="/x", user="git")

    with pytest.raises(room.InvalidUrl, match="SSH"):
        room.head(url=forged, ref=GitRef(), policy=OPEN)


@pytest.mark.parametrize("key", ["identity", "known_hosts"])
def test_a_secret_for_ssh_is_refused_by_key(key: str) -> None:
    with pytest.raises(room.SecretInvalid, match=f"key {key}: SSH keys are not supported yet"):
        Credentials.from_secret({key: "x"})


@pytest.mark.parametrize(
    "password", [";touch PWNED", "$(touch PWNED)", "`touch PWNED`", "a b'c\"d", "\\$IFS&|><!"]
)
def test_shell_signs_in_a_credential_are_taken_literally(password: str, tmp_path: Path) -> None:
    with git.serve(tmp_path / "git", username="robot", password=password) as server:
        git.Repository.create(server.directory, "fleet").commit({"a": "1"})

        found = Reader.of(server, tmp_path).read()

    assert found == {"a": b"1"}
    assert not list(tmp_path.rglob("PWNED"))


def test_the_room_starts_no_shell() -> None:
    sources = {path.name: path.read_text(encoding="utf-8") for path in ROOM.glob("*.py")}

    starting = {name for name, text in sources.items() if "subprocess" in text}
    shells = {name for name, text in sources.items() if re.search(r"shell=|os\.system|popen", text)}
    assert starting == {"process.py"}
    assert shells == set()

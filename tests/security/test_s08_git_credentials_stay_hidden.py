"""S-08: a git credential is in no error, no argument, no log, and no process but git's own."""

from __future__ import annotations

import base64
import logging
import threading
import time
import traceback
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest

from gitops import git as room
from gitops.git import Credentials
from projects.errors import DomainError
from tests.fakes import git, processes
from tests.fakes.git_reader import Reader

if TYPE_CHECKING:
    from pathlib import Path

CANARY = "CANARY-7f3/+ç=&"
BASIC = Credentials(username="robot", password=CANARY)
BEARER = Credentials(bearer_token="CANARY-7f3/+~=")
FAULTS = [
    None,
    git.Redirect(to="http://127.0.0.1:1"),
    git.Answer(status=403),
    git.Answer(status=500),
    git.Answer(status=200, text="not git\n"),
    git.Answer(status=400, text=f"bad request: {CANARY}\n"),
]


def spellings(credentials: Credentials) -> list[str]:
    """All the ways in which a credential could show itself."""
    value = credentials.password or credentials.bearer_token
    pair = f"{credentials.username}:{credentials.password}"
    encoded = [base64.b64encode(text.encode()).decode() for text in (value, pair)]
    return [value, quote(value, safe=""), quote(value), *encoded]


@pytest.fixture
def server(git_server: git.GitServer) -> git.GitServer:
    git.Repository.create(git_server.directory, "fleet").commit({"a": "1"})
    return git_server


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("credentials", [BASIC, BEARER])
def test_no_error_repeats_a_credential(
    server: git.GitServer,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    fault: git.Fault | None,
    credentials: Credentials,
) -> None:
    server.fault = fault
    reader = Reader(server, tmp_path, credentials=credentials)

    with caplog.at_level(logging.DEBUG), pytest.raises(DomainError) as asked:
        reader.head()
    with caplog.at_level(logging.DEBUG), pytest.raises(DomainError) as fetched:
        reader.fetch("a" * 40)

    said = [repr(credentials), caplog.text]
    for caught in (asked, fetched):
        said += [str(caught.value), repr(caught.value), *traceback.format_exception(caught.value)]
    told = [one for one in spellings(credentials) if one in "".join(said)]
    assert told == []


def test_a_server_that_echoes_the_header_changes_nothing(
    server: git.GitServer, tmp_path: Path
) -> None:
    echo = f"you sent {BASIC.header}, which is {CANARY}\n"
    server.fault = git.Answer(status=500, text=echo)

    with pytest.raises(room.RemoteUnavailable) as caught:
        Reader(server, tmp_path, credentials=BASIC).head()

    shown = "".join(traceback.format_exception(caught.value))
    assert [one for one in spellings(BASIC) if one in shown] == []


@pytest.mark.parametrize("credentials", [BASIC, BEARER])
def test_no_process_but_git_s_own_knows_a_credential(
    tmp_path: Path, credentials: Credentials
) -> None:
    with git.serve(
        tmp_path / "git",
        username=credentials.username,
        password=credentials.password,
        token=credentials.bearer_token,
    ) as server:
        commit = git.Repository.create(server.directory, "fleet").commit({"a": "1"})
        server.fault = git.Dribble(bytes_per_second=5)
        reader = Reader(server, tmp_path, credentials=credentials)
        fetching = threading.Thread(target=_try, args=(reader, commit))
        fetching.start()
        helpers = processes.seen(f"git-remote-http\0{server.url}/fleet.git")
        time.sleep(0.2)
        ours = processes.with_argument(server.url)
        in_arguments = [
            number for one in spellings(credentials) for number in processes.with_argument(one)
        ]
        header = credentials.header.rpartition(" ")[2]
        in_variables = processes.with_variable(header)
        fetching.join()

    assert helpers
    assert in_arguments == []
    assert in_variables
    assert set(in_variables) <= set(ours)


def test_nothing_of_a_credential_stays_on_disk(server: git.GitServer, tmp_path: Path) -> None:
    reader = Reader.of(server, tmp_path / "hub")
    reader.read()

    header = reader.credentials.header.rpartition(" ")[2].encode()
    telling = [
        path
        for path in (tmp_path / "hub").rglob("*")
        if path.is_file()
        and (header in path.read_bytes() or server.password.encode() in path.read_bytes())
    ]
    assert telling == []


def _try(reader: Reader, commit: str) -> None:
    with pytest.raises(room.RemoteTimeout):
        reader.fetch(commit, timeout=2.0)

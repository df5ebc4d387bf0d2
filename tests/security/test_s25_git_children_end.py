"""S-25: when a run of git is over, however it ended, nothing that it started is still there."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from typing import TYPE_CHECKING

import pytest

from gitops import git as room
from tests.fakes import git, processes
from tests.fakes.git_reader import Reader

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def hanging(git_server: git.GitServer) -> git.GitServer:
    """Serve a repository whose objects never arrive."""
    git.Repository.create(git_server.directory, "fleet").commit({"a": "1"})
    git_server.fault = git.Hang(only="/git-upload-pack")
    return git_server


def test_a_timeout_during_a_fetch_ends_git_and_its_helper(
    hanging: git.GitServer, tmp_path: Path
) -> None:
    reader = Reader.of(hanging, tmp_path)
    seen: list[int] = []
    watching = threading.Thread(
        target=lambda: seen.extend(processes.seen(f"git-remote-http\0{hanging.url}"))
    )
    watching.start()

    with pytest.raises(room.RemoteTimeout):
        reader.fetch("a" * 40, timeout=2.0)
    watching.join()

    assert seen
    assert processes.gone(hanging.url, within=2.0)


def test_an_exception_in_the_middle_ends_git_and_its_helper(
    hanging: git.GitServer, tmp_path: Path
) -> None:
    worker = subprocess.Popen(
        [sys.executable, "-c", _WORKER, hanging.url, str(tmp_path)],
        env={**os.environ, "TMPDIR": str(tmp_path)},
        stderr=subprocess.PIPE,
    )
    assert processes.seen(f"git-remote-http\0{hanging.url}", within=20)

    worker.send_signal(signal.SIGINT)
    _, said = worker.communicate(timeout=20)

    assert b"KeyboardInterrupt" in said
    assert processes.gone(f"\0{hanging.url}/", within=2.0)


def test_the_killed_worker_s_git_keeps_others_out_of_the_mirror(
    hanging: git.GitServer, tmp_path: Path
) -> None:
    """Nobody can end a process after SIGKILL; so its git keeps the lock until it gives up."""
    worker = subprocess.Popen(
        [sys.executable, "-c", _WORKER, hanging.url, str(tmp_path)],
        env={**os.environ, "TMPDIR": str(tmp_path)},  # it cannot clean up after itself
    )
    orphans = processes.seen(f"git-remote-http\0{hanging.url}", within=20)
    worker.kill()
    worker.communicate()
    reader = Reader.of(hanging, tmp_path)

    with pytest.raises(room.MirrorBusy):
        reader.fetch("a" * 40, timeout=0.5)
    for number in orphans:
        os.killpg(os.getpgid(number), signal.SIGKILL)
    assert processes.gone(f"\0{hanging.url}/")
    hanging.fault = None

    assert reader.read() == {"a": b"1"}


_WORKER = """
import pathlib, sys
from tests.fakes.git import GitServer
from tests.fakes.git_reader import Reader
host, port = sys.argv[1].removeprefix("http://").split(":")
server = GitServer(
    directory=pathlib.Path("/nonexistent"),
    address=(host, int(port)),
    username="robot",
    password="correct horse",
)
Reader.of(server, pathlib.Path(sys.argv[2])).fetch("a" * 40, timeout=60)
"""

"""The lock of a mirror lets many read or one write, and dies with its last holder."""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from gitops.git import locks
from tests.fakes import processes

if TYPE_CHECKING:
    from pathlib import Path


def soon(seconds: float = 0.2) -> float:
    return time.monotonic() + seconds


def test_readers_do_not_hinder_each_other(tmp_path: Path) -> None:
    path = tmp_path / "lock"

    with (
        locks.held(path, exclusive=False, deadline=soon()),
        locks.held(path, exclusive=False, deadline=soon()) as second,
    ):
        assert second > 0


@pytest.mark.parametrize(("first", "second"), [(True, True), (True, False), (False, True)])
def test_a_writer_is_alone(tmp_path: Path, first: bool, second: bool) -> None:
    path = tmp_path / "lock"

    with (
        locks.held(path, exclusive=first, deadline=soon()),
        pytest.raises(locks.MirrorBusy),
        locks.held(path, exclusive=second, deadline=soon()),
    ):
        pytest.fail("two at once")

    with locks.held(path, exclusive=True, deadline=soon()) as again:
        assert again > 0


def test_a_lock_file_that_was_removed_is_not_taken_for_the_lock(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "lock"
    lock, removals = fcntl.flock, [path]

    def remove_first(descriptor: int, kind: int) -> None:
        if removals:
            removals.pop().unlink()  # its mirror is dropped between our open and our lock
        lock(descriptor, kind)

    monkeypatch.setattr(fcntl, "flock", remove_first)

    with locks.held(path, exclusive=True, deadline=soon(5)) as held:
        inode = os.fstat(held).st_ino

    assert removals == []
    assert inode == path.stat().st_ino


def test_an_orphan_that_inherited_the_lock_keeps_it_until_it_ends(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    worker = subprocess.Popen([sys.executable, "-c", _WORKER, str(path)], stdout=subprocess.PIPE)
    assert worker.stdout is not None
    orphan = int(worker.stdout.readline())
    worker.send_signal(signal.SIGKILL)
    worker.communicate()

    with pytest.raises(locks.MirrorBusy), locks.held(path, exclusive=True, deadline=soon()):
        pytest.fail("the orphan still writes")
    os.kill(orphan, signal.SIGKILL)

    assert processes.gone("65.25")
    with locks.held(path, exclusive=True, deadline=soon(5)) as lock:
        assert lock > 0


_WORKER = """
import pathlib, subprocess, sys, time
from gitops.git import locks
with locks.held(pathlib.Path(sys.argv[1]), exclusive=True, deadline=time.monotonic() + 5) as lock:
    child = subprocess.Popen(["sleep", "65.25"], pass_fds=[lock], stdout=subprocess.DEVNULL)
    print(child.pid, flush=True)
    child.wait()
"""

"""One lock file per mirror: many may read, or one may write, across processes and threads.

In: the path of the lock file and until when to wait. Out: an open descriptor that is the lock. The
lock is the kernel's (flock), so it cannot be left behind by a process that was killed; a git child
that inherits the descriptor keeps it until it has ended too: nobody writes beside an orphan.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import time
from typing import TYPE_CHECKING

from projects.errors import Unavailable
from projects.kube.conditions import Reason

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_PAUSE = 0.05


class MirrorBusy(Unavailable):
    """Somebody else was using the mirror for all of the time there was."""

    default_reason = Reason.FETCH_TIMEOUT


@contextlib.contextmanager
def held(path: Path, *, exclusive: bool, deadline: float) -> Iterator[int]:
    """Hold the lock for the length of a block.

    Raises: MirrorBusy.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    kind = fcntl.LOCK_EX if exclusive else fcntl.LOCK_SH
    while (descriptor := _try(path, kind)) is None:
        if time.monotonic() >= deadline:
            raise MirrorBusy("another worker was using the local copy of the repository all along")
        time.sleep(_PAUSE)
    try:
        yield descriptor
    finally:
        # Closing, not unlocking: LOCK_UN would also take the lock from a child that inherited it.
        os.close(descriptor)


def _try(path: Path, kind: int) -> int | None:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
        # The file may have been removed with its mirror between open and lock.
        current = os.fstat(descriptor).st_nlink > 0
    except BlockingIOError:
        current = False
    if not current:
        os.close(descriptor)
        return None
    return descriptor

"""The folder of one demo, .demo: everything it makes is in there, and one demo at a time uses it.

In: a path. Out: a Folder that is empty and ours. What an earlier demo left is removed, whatever way
it ended; a folder with other people's files is refused. The lock is the kernel's, so that a demo
that was killed never locks the next one out.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING

from scripts.demo import DemoFailed
from scripts.demo.telling import shown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

# Its presence says that the folder is a demo's; its lock, that the demo is alive.
_MARK = "alive"


@dataclass(frozen=True, slots=True)
class Folder:
    """Where things are."""

    root: Path

    @property
    def facts(self) -> Path:
        """What people read, for scripts."""
        return self.root / "demo.json"

    @property
    def git(self) -> Path:
        """What the Git server serves."""
        return self.root / "git"

    @property
    def worktree(self) -> Path:
        """Where the reader changes the shop."""
        return self.root / "shop"

    @property
    def hub(self) -> Path:
        """Settings, keys, database and mirrors of the hub."""
        return self.root / "hub"

    @property
    def hub_id(self) -> Path:
        """The id the hub labels its objects with; there only if clusters of the reader have it."""
        return self.root / "hub-id"

    @property
    def manage(self) -> Path:
        """manage.py with the hub's settings."""
        return self.root / "manage"

    @property
    def logs(self) -> Path:
        """What worker and web write."""
        return self.root / "logs"

    @property
    def stopped(self) -> Path:
        """A file in here with the name of a cluster stops that cluster."""
        return self.root / "stopped"

    def kubeconfig(self, cluster: str) -> Path:
        """The administrator's kubeconfig of a cluster."""
        return self.root / "clusters" / cluster / "kubeconfig"


@contextlib.contextmanager
def claim(root: Path, *, before_removal: Callable[[Folder], None]) -> Iterator[Folder]:
    """Take the folder, remove what an earlier demo left in it, and hold it until the block ends.

    Raises: DemoFailed when a demo runs in it or it is no demo's.
    """
    folder = Folder(root)
    root.mkdir(mode=0o700, parents=True, exist_ok=True)
    _check_ours(root)
    with (root / _MARK).open("a") as mark:
        try:
            fcntl.flock(mark, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise DemoFailed(
                f"a demo is running in {shown(root)}: end it with Ctrl-C where it runs"
            ) from None
        root.chmod(0o700)
        before_removal(folder)
        _empty(root)
        for made in (folder.git, folder.hub, folder.logs, folder.stopped):
            made.mkdir(mode=0o700)
        yield folder


def write_private(path: Path, text: str, *, mode: int = 0o600) -> None:
    """Write a file that only its owner reads, whole or not at all."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    unfinished = path.with_name(path.name + ".new")
    unfinished.unlink(missing_ok=True)
    with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "w") as file:
        file.write(text)
    unfinished.replace(path)


def _check_ours(root: Path) -> None:
    if not (root / _MARK).is_file() and any(root.iterdir()):
        raise DemoFailed(f"{root} has files that are no demo's: empty it, or name another folder")


def _empty(root: Path) -> None:
    for path in root.iterdir():
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        elif path.name != _MARK:
            path.unlink()

"""Bring commits here and give out their files.

In: a URL, a ref, a commit, credentials. Out: a bare mirror on our disk, one per GitRepository, that
holds the commit and a bounded stretch of history; and for one commit at a time a FileTree in a
directory of its own that is gone when the block ends. Nothing is ever checked out: no work tree, no
submodule, no hook, no filter. Which commit is wanted is decided elsewhere (gitops.git.remote).

One fetch at a time per mirror, over all processes. A mirror that cannot be read is replaced by a
clean one, and only when the clean one is complete.
"""

from __future__ import annotations

import contextlib
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from gitops.git import environment, extraction, failures, fetching, locks, refs, remote
from gitops.git.credentials import ANONYMOUS, Credentials
from gitops.git.environment import Setting
from gitops.git.urls import DEFAULT_POLICY, RepositoryUrl, UrlPolicy
from gitops.tree import DEFAULT_LIMITS, FileTree, TreeLimits
from projects.errors import NotFound
from projects.kube.conditions import Reason

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gitops.git.refs import GitRef

_TREE_PREFIX = "slipway-tree-"
_LOCAL_SECONDS = 10.0


class CommitNotFetched(NotFound):
    """The mirror does not hold the commit; fetch it first."""

    default_reason = Reason.ARTIFACT_FAILED


class Mirror:
    """A bare copy of one repository. Cheap to make; all state is on disk."""

    def __init__(self, path: Path, *, work_directory: Path | None = None) -> None:
        self.path = path.absolute()
        self._work_directory = work_directory
        self._lock = self.path.with_name(f"{self.path.name}.lock")

    def has(self, commit: str) -> bool:
        """Tell whether the commit is here."""
        refs.check_commit(commit)
        try:
            return self.path.is_dir() and fetching.holds(self._local(), commit)
        except environment.GitNotStarted:
            if self.path.is_dir():
                raise
            return False  # it was dropped or replaced between the two questions

    def fetch(
        self,
        *,
        url: RepositoryUrl,
        ref: GitRef,
        commit: str,
        credentials: Credentials = ANONYMOUS,
        policy: UrlPolicy = DEFAULT_POLICY,
        limits: fetching.FetchLimits = fetching.DEFAULT_LIMITS,
        timeout: float = 120.0,
    ) -> None:
        """Bring one commit of a ref here.

        Raises: RefNotFound when the ref is gone, CorruptRepository when a clean copy fails as
        well, RepositoryTooLarge, MirrorBusy, and whatever gitops.git.remote raises.
        """
        ref.check()
        refs.check_commit(commit)
        wanted = fetching.Wanted(
            remote=remote.Remote(url=url, credentials=credentials, policy=policy),
            ref=ref,
            commit=commit,
            limits=limits,
        )
        deadline = time.monotonic() + timeout
        with (
            failures.full_disk_told(),
            locks.held(self._lock, exclusive=True, deadline=deadline) as lock,
            remote.connect(wanted.remote, deadline=deadline) as setting,
        ):
            setting = replace(setting, kept_open=(lock,))
            try:
                fetching.fetch(self.path, wanted, setting)
            except fetching.Unusable:
                self._replace(wanted, setting)

    @contextlib.contextmanager
    def tree(
        self, commit: str, *, limits: TreeLimits = DEFAULT_LIMITS, timeout: float = 60.0
    ) -> Iterator[FileTree]:
        """Write the files of a commit into a fresh private directory for the length of a block.

        Raises: CommitNotFetched; MirrorDamaged, after which the commit is no longer here.
        """
        refs.check_commit(commit)
        with failures.full_disk_told():
            directory = Path(tempfile.mkdtemp(prefix=_TREE_PREFIX, dir=self._work_directory))
        try:
            yield self._extract(commit, directory, limits, deadline=time.monotonic() + timeout)
        finally:
            fetching.remove(directory)

    @contextlib.contextmanager
    def reading(self, *, deadline: float) -> Iterator[None]:
        """Keep fetches away for the length of a block."""
        with locks.held(self._lock, exclusive=False, deadline=deadline):
            yield

    def drop(self) -> None:
        """Remove the mirror, when it is damaged or its GitRepository is gone."""
        deadline = time.monotonic() + _LOCAL_SECONDS
        with locks.held(self._lock, exclusive=True, deadline=deadline):
            fetching.remove(self.path)
            fetching.remove(self._fresh)
            self._lock.unlink()

    @property
    def _fresh(self) -> Path:
        return self.path.with_name(f"{self.path.name}.new")

    def _local(self) -> Setting:
        return Setting(
            directory=self.path, is_repository=True, deadline=time.monotonic() + _LOCAL_SECONDS
        )

    def _extract(
        self, commit: str, directory: Path, limits: TreeLimits, *, deadline: float
    ) -> FileTree:
        setting = replace(self._local(), deadline=deadline)
        try:
            with failures.full_disk_told(), self.reading(deadline=deadline):
                if not self.has(commit):
                    raise CommitNotFetched(
                        f"commit {commit} is not in the local copy of the repository"
                    )
                return extraction.extract(setting, commit, root=directory, limits=limits)
        except extraction.MirrorDamaged:
            self.drop()
            raise

    def _replace(self, wanted: fetching.Wanted, setting: Setting) -> None:
        """Make a clean mirror beside the old one and put it in its place once it is complete."""
        fetching.remove(self._fresh)
        try:
            fetching.make(self._fresh, setting)
            fetching.fetch(self._fresh, wanted, setting)
            fetching.remove(self.path)
            self._fresh.rename(self.path)
        except failures.RepositoryTooLarge:
            fetching.remove(self.path)  # what is here has outgrown the limit too
            raise
        except fetching.Unusable as error:
            raise failures.CorruptRepository(
                f"a clean copy of {wanted.remote.url} cannot be read either: {error}"
            ) from error
        finally:
            fetching.remove(self._fresh)


def sweep(directory: Path, *, older_than: float) -> int:
    """Remove what killed workers left in a work or temporary directory, by age in seconds.

    Returns how many directories went.
    """
    before = time.time() - older_than
    stale = [
        path
        for prefix in (_TREE_PREFIX, remote.SCRATCH_PREFIX)
        for path in directory.glob(f"{prefix}*")
        if path.is_dir() and not path.is_symlink() and path.stat().st_mtime < before
    ]
    for path in stale:
        fetching.remove(path)
    return len(stale)

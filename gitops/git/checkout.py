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
import os
import shutil
import tempfile
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from gitops.git import extraction, failures, locks, process, refs, remote
from gitops.git.credentials import ANONYMOUS, Credentials
from gitops.git.environment import ProcessLimits, Setting
from gitops.git.urls import DEFAULT_POLICY, RepositoryUrl, UrlPolicy
from gitops.tree import DEFAULT_LIMITS, FileTree, TreeLimits
from projects.errors import NotFound
from projects.kube.conditions import Reason

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gitops.git.refs import GitRef
    from gitops.git.remote import Remote

# One name for whatever is deployed: a mirror reads one ref, and `a` and `a/b` cannot both be refs.
_KEPT_REF = "refs/slipway/head"
_TREE_PREFIX = "slipway-tree-"
_LOCAL_SECONDS = 10.0
_MOST_PACKS = 20


class CommitNotFetched(NotFound):
    """The mirror does not hold the commit; fetch it first."""

    default_reason = Reason.ARTIFACT_FAILED


class _Unusable(Exception):
    """This mirror fails for a reason of its own; a clean one may do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchLimits:
    """How much is fetched: bytes in one pack and in the mirror, commits of history."""

    max_pack_bytes: int = 512 << 20
    depth: int = 50


DEFAULT_FETCH = FetchLimits()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wanted:
    remote: Remote
    ref: GitRef
    commit: str
    limits: FetchLimits


class Mirror:
    """A bare copy of one repository. Cheap to make; all state is on disk."""

    def __init__(self, path: Path, *, work_directory: Path | None = None) -> None:
        self.path = path.absolute()
        self._work_directory = work_directory
        self._lock = self.path.with_name(f"{self.path.name}.lock")

    def has(self, commit: str) -> bool:
        """Tell whether the commit is here."""
        refs.check_commit(commit)
        return self.path.is_dir() and _holds(self._local(), commit)

    def fetch(
        self,
        *,
        url: RepositoryUrl,
        ref: GitRef,
        commit: str,
        credentials: Credentials = ANONYMOUS,
        policy: UrlPolicy = DEFAULT_POLICY,
        limits: FetchLimits = DEFAULT_FETCH,
        timeout: float = 120.0,
    ) -> None:
        """Bring one commit of a ref here.

        Raises: RefNotFound when the ref is gone, CorruptRepository when a clean copy fails as
        well, RepositoryTooLarge, MirrorBusy, and whatever gitops.git.remote raises.
        """
        ref.check()
        refs.check_commit(commit)
        wanted = _Wanted(
            remote=remote.Remote(url=url, credentials=credentials, policy=policy),
            ref=ref,
            commit=commit,
            limits=limits,
        )
        deadline = time.monotonic() + timeout
        with (
            locks.held(self._lock, exclusive=True, deadline=deadline) as lock,
            remote.connect(wanted.remote, deadline=deadline) as setting,
        ):
            setting = replace(setting, kept_open=(lock,))
            if self.path.is_dir():
                with contextlib.suppress(_Unusable):
                    return _fetch_into(self.path, wanted, setting)
            self._replace(wanted, setting)

    @contextlib.contextmanager
    def tree(
        self, commit: str, *, limits: TreeLimits = DEFAULT_LIMITS, timeout: float = 60.0
    ) -> Iterator[FileTree]:
        """Write the files of a commit into a fresh private directory for the length of a block.

        Raises: CommitNotFetched; MirrorDamaged, after which the commit is no longer here.
        """
        if not self.has(commit):
            raise CommitNotFetched(f"commit {commit} is not in the local copy of the repository")
        deadline = time.monotonic() + timeout
        directory = Path(tempfile.mkdtemp(prefix=_TREE_PREFIX, dir=self._work_directory))
        try:
            with self.reading(deadline=deadline):
                found = extraction.extract(
                    replace(self._local(), deadline=deadline),
                    commit,
                    root=directory,
                    limits=limits,
                )
            yield found
        except extraction.MirrorDamaged:
            self.drop()
            raise
        finally:
            _remove(directory)

    @contextlib.contextmanager
    def reading(self, *, deadline: float) -> Iterator[None]:
        """Keep fetches away for the length of a block."""
        with locks.held(self._lock, exclusive=False, deadline=deadline):
            yield

    def drop(self) -> None:
        """Remove the mirror, when it is damaged or its GitRepository is gone."""
        deadline = time.monotonic() + _LOCAL_SECONDS
        with locks.held(self._lock, exclusive=True, deadline=deadline):
            _remove(self.path)
            _remove(self._fresh)
            self._lock.unlink()

    @property
    def _fresh(self) -> Path:
        return self.path.with_name(f"{self.path.name}.new")

    def _local(self) -> Setting:
        return Setting(
            directory=self.path, is_repository=True, deadline=time.monotonic() + _LOCAL_SECONDS
        )

    def _replace(self, wanted: _Wanted, setting: Setting) -> None:
        """Make a clean mirror beside the old one and put it in its place once it is complete."""
        _remove(self._fresh)
        try:
            _make(self._fresh, setting)
            _fetch_into(self._fresh, wanted, setting)
            _remove(self.path)
            self._fresh.rename(self.path)
        except _Unusable as error:
            raise failures.CorruptRepository(
                f"a clean copy of {wanted.remote.url} cannot be read either: {error}"
            ) from error
        finally:
            _remove(self._fresh)


def sweep(work_directory: Path, *, older_than: float) -> int:
    """Remove file trees that killed workers left behind, by age in seconds; tell how many."""
    before = time.time() - older_than
    stale = [
        path
        for path in work_directory.glob(f"{_TREE_PREFIX}*")
        if path.is_dir() and not path.is_symlink() and path.stat().st_mtime < before
    ]
    for path in stale:
        _remove(path)
    return len(stale)

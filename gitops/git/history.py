"""What a mirror knows about commits: who, when, what changed, which came first.

In: a mirror on our disk and commit ids. Out: values, or None where a shallow history cannot tell.
Never the network, and no text of a person becomes an argument: GitPython is handed object ids only,
which it looks up in one `git cat-file`. Text from commits is made fit for one line.

Not re-exported by gitops.git: importing GitPython takes long and wants a git program.
"""

from __future__ import annotations

import configparser
import contextlib
import os
import time
from collections import deque
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import git

from gitops.git import environment, refs
from gitops.git.checkout import CommitNotFetched
from gitops.git.extraction import MirrorDamaged
from projects.kube import masking

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gitops.git.checkout import Mirror

_LOCK_SECONDS = 10.0
_LARGEST_OBJECT = 8 << 20  # a commit or tree larger than this is no honest one
_MOST_COMMITS = 5_000
_MOST_TREES = 20_000
_TREE_MODE = 0o040000
_BROKEN = (
    ValueError,  # "could not be resolved": missing, cut off, or unreadable
    LookupError,
    OSError,
    configparser.Error,
    git.exc.GitError,
    git.exc.ODBError,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class CommitInfo:
    """One commit, fit to be shown."""

    commit: str
    author: str
    committed_at: datetime
    subject: str


class _NotHere(Exception):
    """The object was never fetched, or cannot be read."""


def commit_info(mirror: Mirror, commit: str) -> CommitInfo:
    """Read one commit.

    Raises: CommitNotFetched; MirrorDamaged when it is here but cannot be read.
    """
    if not mirror.has(commit):
        raise CommitNotFetched(f"commit {commit} is not in the local copy of the repository")
    try:
        with _reading(mirror) as repository:
            found = _commit(repository, commit)
            return CommitInfo(
                commit=commit,
                author=masking.printable(found.author.name or "", 200),
                committed_at=_moment(found.committed_date),
                subject=masking.printable(_text(found.message).partition("\n")[0], 200),
            )
    except _NotHere as error:
        raise MirrorDamaged(f"commit {commit} cannot be read from the local copy") from error


def is_ancestor(mirror: Mirror, old: str, new: str) -> bool | None:
    """Tell whether `old` came before `new`; None when the history here ends too early to say."""
    refs.check_commit(old)
    seen, todo, complete = {new}, deque([new]), True
    with contextlib.suppress(_NotHere), _reading(mirror) as repository:
        while todo:
            current = todo.popleft()
            if current == old:
                return True
            parents = _parents(repository, current)
            complete = complete and parents is not None
            fresh = [parent for parent in parents or () if parent not in seen]
            seen.update(fresh)
            todo.extend(fresh)
            if len(seen) > _MOST_COMMITS:
                return None
        return False if complete else None
    return None


def changed_files(mirror: Mirror, old: str, new: str) -> tuple[str, ...] | None:
    """List the paths that differ between two commits; None when one of them is not here."""
    try:
        with _reading(mirror) as repository:
            before, after = _commit(repository, old).tree, _commit(repository, new).tree
            return tuple(sorted(_differences(repository, before.binsha, after.binsha)))
    except _NotHere:
        return None


@contextlib.contextmanager
def _reading(mirror: Mirror) -> Iterator[git.Repo]:
    """Open the mirror, fetches kept away; GitPython's child is gone when the block ends."""
    with mirror.reading(deadline=time.monotonic() + _LOCK_SECONDS):
        try:
            repository = git.Repo(mirror.path, expand_vars=False)
        except _BROKEN as error:
            raise _NotHere(str(error)) from error
        try:
            repository.git.update_environment(**_environment(mirror))
            yield repository
        finally:
            repository.close()


def _environment(mirror: Mirror) -> dict[str, str]:
    # GitPython gives git all of our environment, keys and passwords included. It can be added to
    # but not replaced, so every name that is not wanted is emptied; no value is read here.
    wanted = environment.variables(environment.Setting(directory=mirror.path, deadline=0.0))
    return {**dict.fromkeys(os.environ, ""), **wanted}


def _commit(repository: git.Repo, commit: str) -> git.Commit:
    refs.check_commit(commit)
    found = git.Commit(repository, bytes.fromhex(commit))
    _load(repository, found, "parents")
    return found


def _parents(repository: git.Repo, commit: str) -> tuple[str, ...] | None:
    try:
        return tuple(parent.hexsha for parent in _commit(repository, commit).parents)
    except _NotHere:
        return None


def _load(repository: git.Repo, found: git.Commit | git.Tree, field: str) -> None:
    """Make GitPython read an object, which it does when a field is asked for."""
    try:
        info = repository.odb.info(found.binsha)
        if info.size > _LARGEST_OBJECT or info.type != found.type.encode():
            raise _NotHere(f"object {found.hexsha} is not a {found.type} of ordinary size")
        getattr(found, field)
    except _BROKEN as error:
        raise _NotHere(str(error)) from error


def _differences(repository: git.Repo, before: bytes, after: bytes) -> Iterator[str]:
    """Compare two trees, going only into directories that differ."""
    todo: list[tuple[str, bytes, bytes]] = [("", before, after)]
    visited = 0
    while todo:
        prefix, left, right = todo.pop()
        old, new = _entries(repository, left), _entries(repository, right)
        visited += 1
        if visited > _MOST_TREES:
            raise _NotHere("the commits differ in too many directories")
        for name in old.keys() | new.keys():
            was, now = old.get(name, _NOTHING), new.get(name, _NOTHING)
            if was == now:
                continue
            sides = [side for side in (was, now) if side != _NOTHING]
            modes = {mode for _, mode in sides}
            if modes != {_TREE_MODE}:
                yield prefix + name
            if _TREE_MODE in modes:
                todo.append((f"{prefix}{name}/", _directory(was), _directory(now)))


_NOTHING = (b"", 0)


def _directory(side: tuple[bytes, int]) -> bytes:
    return side[0] if side[1] == _TREE_MODE else b""


def _entries(repository: git.Repo, name: bytes) -> dict[str, tuple[bytes, int]]:
    if not name:
        return {}
    found = git.Tree(repository, name, _TREE_MODE, "")
    _load(repository, found, "trees")
    return {entry.name: (entry.binsha, entry.mode) for entry in found}


def _moment(seconds: int) -> datetime:
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, OSError, ValueError):
        return datetime.fromtimestamp(0, UTC)  # git takes any number; a calendar does not


def _text(message: str | bytes) -> str:
    return message if isinstance(message, str) else message.decode(errors="replace")

"""A bounded, read-only view of the files of one commit.

In: a directory that holds nothing but the files of one commit (gitops.git.checkout writes it).
Out: sorted POSIX paths and bytes, each within the limits. Nothing is parsed here and nothing is
written; links and submodules of the commit are only named, so that a renderer can say why a path
is not there. Stands below gitops.git and gitops.render, which both speak it.

Paths follow git's own form: relative to the root of the repository, "/" between parts, never "..".
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from projects.errors import Invalid, NotFound
from projects.kube import masking
from projects.kube.conditions import Reason

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

LONGEST_PATH = 1024
LONGEST_NAME = 255  # bytes; what Linux file systems take
DEEPEST = 64  # directories; one long path would otherwise make hundreds
_PERCENT_FORM = re.compile(r"%[0-9a-fA-F]{2}")
_NOTHING: Mapping[str, int] = MappingProxyType({})


class InvalidPath(Invalid):
    """The text is not a path below the root of a repository."""

    default_reason = Reason.INVALID_PATH


class PathNotFound(NotFound):
    """The commit has no such file."""

    default_reason = Reason.PATH_NOT_FOUND


class LimitExceeded(Invalid):
    """The commit has more or larger files than the limits allow."""

    default_reason = Reason.LIMIT_EXCEEDED


@dataclass(frozen=True, slots=True, kw_only=True)
class TreeLimits:
    """How much of a repository is looked at."""

    max_file_bytes: int = 1 << 20
    max_total_bytes: int = 64 << 20
    max_files: int = 20_000

    def check(self, *, files: int, total_bytes: int) -> None:
        """Raises: LimitExceeded with the limit and the number found."""
        if files > self.max_files:
            raise LimitExceeded(f"the commit has {files} files; the limit is {self.max_files}")
        if total_bytes > self.max_total_bytes:
            raise LimitExceeded(
                f"the files of the commit have {total_bytes} bytes; "
                f"the limit is {self.max_total_bytes}"
            )


DEFAULT_LIMITS = TreeLimits()


def normalise(path: str) -> str:
    """Bring a path a person wrote into git's form; the root of the repository is "".

    Raises: InvalidPath when it is absolute, climbs, or is spelt in a way that hides either.
    """
    problem = _problem(path)
    if problem:
        shown = masking.printable(path, 80)
        raise InvalidPath(
            f"path {shown!r} {problem}; want a path below the root of the repository, "
            "for example apps/prod"
        )
    return "/".join(part for part in path.split("/") if part not in ("", "."))


def _problem(path: str) -> str:
    if len(path) > LONGEST_PATH:
        return f"is longer than {LONGEST_PATH} characters"
    if not path.isprintable():
        return "holds a control character"
    if "\\" in path:
        return "holds a backslash"
    if path.startswith("/"):
        return "is absolute"
    if "//" in path:
        return "holds an empty part"
    if _PERCENT_FORM.search(path):
        return "holds a percent form"
    parts = path.split("/")
    if ".." in parts:
        return "climbs with .."
    if len(parts) > DEEPEST:
        return f"is deeper than {DEEPEST} directories"
    if any(len(part.encode()) > LONGEST_NAME for part in parts):
        return f"has a part longer than {LONGEST_NAME} bytes"
    return ""


def directories(paths: Iterable[str]) -> frozenset[str]:
    """Name every directory that stands above one of the paths, the root excepted."""
    found: set[str] = set()
    for path in paths:
        directory = path.rpartition("/")[0]
        while directory and directory not in found:
            found.add(directory)
            directory = directory.rpartition("/")[0]
    return frozenset(found)


class FileTree:
    """The files below one directory; made once, never written through.

    A file larger than the limit is listed but cannot be read: leaving it out silently would look
    like its removal, and removal means pruning.
    """

    __slots__ = ("_directories", "_files", "limits", "links", "root", "submodules")

    def __init__(
        self,
        root: Path,
        *,
        limits: TreeLimits = DEFAULT_LIMITS,
        links: Iterable[str] = (),
        submodules: Iterable[str] = (),
        oversized: Mapping[str, int] = _NOTHING,
    ) -> None:
        self.root = root.resolve()
        self.limits = limits
        self.submodules = frozenset(submodules)
        found, found_links = _scan(self.root)
        found.update(oversized)
        readable = [size for size in found.values() if size <= limits.max_file_bytes]
        limits.check(files=len(found), total_bytes=sum(readable))
        self.links = frozenset(links) | self.submodules | found_links
        self._files = dict(sorted(found.items()))
        self._directories = directories(found)

    def files(self, under: str = "") -> tuple[str, ...]:
        """List the regular files below a directory, in path order."""
        directory = self._key(under)
        if not directory:
            return tuple(self._files)
        return tuple(path for path in self._files if path.startswith(f"{directory}/"))

    def has_file(self, path: str) -> bool:
        return self._key(path) in self._files

    def has_dir(self, path: str) -> bool:
        """Tell whether a directory holds at least one file, at any depth; git knows no others."""
        key = self._key(path)
        return not key or key in self._directories

    def read(self, path: str) -> bytes:
        """Return the bytes of one file.

        Raises: PathNotFound; LimitExceeded when it is larger than one file may be.
        """
        key = self._key(path)
        if key not in self._files:
            raise PathNotFound(f"{masking.printable(path, 200)} is not a file of this commit")
        size = self._files[key]
        if size <= self.limits.max_file_bytes:
            data = self._open(key)
            size = len(data)
        if size > self.limits.max_file_bytes:
            raise LimitExceeded(
                f"{key} has {size} bytes; the limit for one file is {self.limits.max_file_bytes}"
            )
        return data

    def _open(self, key: str) -> bytes:
        target = self.root / key
        # The tree is ours alone, yet a renderer ran in it: never follow what it may have left.
        if not target.parent.resolve().is_relative_to(self.root):
            raise PathNotFound(f"{key} is no longer a file of this commit")
        try:
            descriptor = os.open(target, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        except OSError as error:
            raise PathNotFound(f"{key} is no longer a file of this commit") from error
        with os.fdopen(descriptor, "rb") as stream:
            return stream.read(self.limits.max_file_bytes + 1)

    def _key(self, path: str) -> str:
        # A name git gave us is taken as it is: systemd units, for one, have backslashes in theirs.
        return path if path in self._files else normalise(path)


def _scan(root: Path) -> tuple[dict[str, int], frozenset[str]]:
    """Walk without following anything: sizes of regular files, names of everything else."""
    files: dict[str, int] = {}
    others: set[str] = set()
    todo = [""]
    while todo:
        prefix = todo.pop()
        with os.scandir(root / prefix) as entries:
            for entry in entries:
                path = prefix + entry.name
                if entry.is_dir(follow_symlinks=False):
                    todo.append(f"{path}/")
                elif entry.is_file(follow_symlinks=False):
                    files[path] = entry.stat(follow_symlinks=False).st_size
                else:
                    others.add(path)
    return files, frozenset(others)

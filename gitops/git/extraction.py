"""Write the files of one commit into a directory.

In: a bare mirror, a commit, limits. Out: regular files, 0600 in directories 0700, and the names of
what was not written: links, submodules, files larger than one file may be. The whole listing is
judged before the first byte is written. Blobs are taken as they are (git cat-file): no filter,
attribute, line ending or executable bit applies, and there is no work tree to be tricked.

`git archive` is not used: .gitattributes would edit its files (export-ignore, export-subst).
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gitops import tree
from gitops.git import failures, process
from projects.errors import Unavailable
from projects.kube import masking
from projects.kube.conditions import Reason

if TYPE_CHECKING:
    from pathlib import Path

    from gitops.git.environment import Setting
    from gitops.git.process import Running

_SUBMODULE = "160000"
_FILES = ("100644", "100755", "100664")  # the last is old; git still reads it
_LONGEST_RECORD = 8192
_COUNTED = 20  # times the limit; beyond it the number is not worth the time


class MirrorDamaged(Unavailable):
    """The local copy cannot be read; it is dropped, and the next fetch makes a new one."""

    default_reason = Reason.CORRUPT_REPOSITORY


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line of a listing; submodules have no size."""

    mode: str
    name: str  # of the object
    size: int
    path: str


def extract(setting: Setting, commit: str, *, root: Path, limits: tree.TreeLimits) -> tree.FileTree:
    """Write a commit below an empty directory and return the view of it.

    Raises: MirrorDamaged, tree.LimitExceeded, tree.InvalidPath, process.GitTimeout.
    """
    entries = _list(setting, commit, limits)
    files = [entry for entry in entries if entry.mode in _FILES]
    written = [entry for entry in files if entry.size <= limits.max_file_bytes]
    oversized = {entry.path: entry.size for entry in files if entry.size > limits.max_file_bytes}
    limits.check(files=len(files), total_bytes=sum(entry.size for entry in written))
    for entry in entries:
        _check_path(entry.path)
    _make_directories(root, written, limits)
    _write(setting, written, root)
    return tree.FileTree(
        root,
        limits=limits,
        links=[entry.path for entry in entries if entry.mode not in _FILES],
        submodules=[entry.path for entry in entries if entry.mode == _SUBMODULE],
        oversized=oversized,
    )


def _list(setting: Setting, commit: str, limits: tree.TreeLimits) -> list[Entry]:
    entries: list[Entry] = []
    count = 0
    with process.start(setting, "ls-tree", "-r", "-z", "-l", "--full-tree", commit) as running:
        while record := _record(running):
            count += 1
            if count <= limits.max_files:
                entries.append(_entry(record))
            elif count > limits.max_files * _COUNTED:
                break
        else:
            if running.finish().returncode != 0:
                raise MirrorDamaged("the local copy of the repository cannot be listed")
    if count > limits.max_files:
        found = f"at least {count}" if count > limits.max_files * _COUNTED else str(count)
        raise tree.LimitExceeded(f"the commit has {found} files; the limit is {limits.max_files}")
    return entries


def _record(running: Running) -> bytes:
    try:
        return running.read_until(b"\0", limit=_LONGEST_RECORD)
    except process.OutputTooLarge as error:
        raise tree.InvalidPath(
            f"the commit has a path longer than {tree.LONGEST_PATH} characters"
        ) from error


def _entry(record: bytes) -> Entry:
    head, _, path = record.partition(b"\t")
    mode, kind, name, size = head.decode("ascii", errors="replace").split()
    if kind == "commit":
        size = "0"
    if not size.isdigit():  # git writes BAD
        raise MirrorDamaged("an object of the local copy of the repository cannot be read")
    try:
        text = path.decode()
    except UnicodeDecodeError as error:
        shown = masking.printable(path.decode(errors="replace"), 200)
        raise tree.InvalidPath(f"the commit has a file whose name is not UTF-8: {shown}") from error
    return Entry(mode=mode, name=name, size=int(size), path=text)


def _check_path(path: str) -> None:
    """Refuse what fsck should have refused, and names no file system or renderer takes."""
    parts = path.split("/")
    shown = masking.printable(path, 200)
    if any(part in ("", ".", "..") or part.casefold() == ".git" for part in parts):
        raise failures.CorruptRepository(f"the commit has a forbidden path: {shown}")
    too_long = len(path) > tree.LONGEST_PATH or len(parts) > tree.DEEPEST
    if too_long or any(len(part.encode()) > tree.LONGEST_NAME for part in parts):
        raise tree.InvalidPath(f"the commit has a path that is too long or too deep: {shown}")
    if not path.isprintable():
        raise tree.InvalidPath(f"the commit has a file name with a control character: {shown}")


def _make_directories(root: Path, entries: list[Entry], limits: tree.TreeLimits) -> None:
    directories = tree.directories(entry.path for entry in entries)
    if len(directories) > limits.max_files:
        raise tree.LimitExceeded(
            f"the commit has {len(directories)} directories; the limit is {limits.max_files}"
        )
    for directory in sorted(directories):  # parents sort before their children
        (root / directory).mkdir(mode=0o700)


def _write(setting: Setting, entries: list[Entry], root: Path) -> None:
    with process.start(setting, "cat-file", "--batch") as running:
        for entry in entries:
            data = _read(running, entry)
            with open(f"{root}/{entry.path}", "xb", opener=_private) as stream:
                stream.write(data)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NOFOLLOW, 0o600)


def _read(running: Running, entry: Entry) -> bytes:
    running.ask(entry.name)
    answer = running.read_until(b"\n", limit=_LONGEST_RECORD)
    if answer.decode(errors="replace") != f"{entry.name} blob {entry.size}":
        raise MirrorDamaged(f"{entry.path} cannot be read from the local copy of the repository")
    data = running.read_exactly(entry.size + 1)  # and the line break after it
    if len(data) != entry.size + 1:
        raise MirrorDamaged(f"{entry.path} cannot be read from the local copy of the repository")
    return data[:-1]

"""What one entry of a kustomization names: a path of the same repository, or something refused.

In: the text of an entry, the directory of its kustomization, and where it stands. Out: the path in
git's form. RemoteReferenceNotAllowed: kustomize would fetch it, by HTTP or by running git with
parts of the text as options (CVE-2026-113708); the list of spellings is that of kustomize's own
api/internal/git/repospec.go, taken widely. PathOutsideSource: it is absolute or climbs above the
root (CVE-2022-24877, and directories above the root, which kustomize itself would read). Only the
text is judged here; whether the path exists is for prescan.
"""

from __future__ import annotations

import posixpath
import re

from projects.errors import Invalid
from projects.kube.conditions import Reason
from projects.kube.masking import printable

# Hosts kustomize knows without a scheme. A directory of that name is refused too: kustomize asks
# git before it looks at the disk.
_HOSTS = re.compile(r"(?:www\.)?(?:github|gitlab|bitbucket)\.(?:com|org)(?:[/:]|$)|gh:")
_QUERY = re.compile(r"\?(?:.*&)?(?:ref|version|timeout|submodules)=")
_REMOTE_MARKS = ("://", "::", "git@", "//")
_SCP_FORM = re.compile(r"[^/]+:")
_WANTED = "want a path within this repository"


class RemoteReferenceNotAllowed(Invalid):
    """An entry that would make the renderer call another machine."""

    default_reason = Reason.REMOTE_REFERENCE_NOT_ALLOWED


class PathOutsideSource(Invalid):
    """An entry that leaves the repository."""

    default_reason = Reason.PATH_OUTSIDE_SOURCE


def local_path(entry: str, *, directory: str, where: str) -> str:
    """Return the path an entry names, relative to the root of the repository.

    Raises: RemoteReferenceNotAllowed, PathOutsideSource.
    """
    refuse_remote(entry, where=where)
    shown = repr(printable(entry, 200))
    if entry.startswith("/"):
        raise PathOutsideSource(f"{where}: {shown} is an absolute path; {_WANTED}")
    path = posixpath.normpath(posixpath.join(directory, entry))
    if path == ".." or path.startswith("../"):
        raise PathOutsideSource(f"{where}: {shown} leaves the repository; {_WANTED}")
    return "" if path == "." else path


def refuse_remote(entry: str, *, where: str) -> None:
    """Refuse whatever kustomize could take for an address.

    Raises: RemoteReferenceNotAllowed.
    """
    text = entry.strip().casefold()
    is_remote = (
        any(mark in text for mark in _REMOTE_MARKS)
        or _HOSTS.match(text)
        or _QUERY.search(text)
        or _SCP_FORM.match(text)
    )
    if is_remote:
        shown = repr(printable(entry, 200))
        raise RemoteReferenceNotAllowed(f"{where}: {shown} is a remote reference; {_WANTED}")


def is_inline(entry: str) -> bool:
    """Tell whether an entry is a document written in place rather than a path."""
    text = entry.lstrip()
    return "\n" in text.rstrip() or text.startswith("{")

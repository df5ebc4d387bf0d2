"""Refusing symbolic links and submodules where rendering would need them.

In: a tree and a path in it. Out: nothing, or SymlinkNotAllowed naming the link. A link of a commit
is never written to disk (gitops.git.checkout), so following one is impossible; this module only
says so in words, instead of leaving the file out, which would read as its removal (S-09,
CVE-2022-24904, CVE-2022-31036). Links inside the repository are refused alike: one rule, no path
arithmetic.
"""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from projects.errors import Invalid
from projects.kube.conditions import Reason
from projects.kube.masking import printable

if TYPE_CHECKING:
    from gitops.tree import FileTree


class SymlinkNotAllowed(Invalid):
    """A path that is needed is, or lies behind, a symbolic link or a submodule."""

    default_reason = Reason.SYMLINK_NOT_ALLOWED


def check(tree: FileTree, path: str, *, where: str = "") -> None:
    """Refuse a path that is a link or lies behind one; where names the file that wants it.

    Raises: SymlinkNotAllowed.
    """
    if not tree.links or not path:
        return
    for part in (path, *(parent.as_posix() for parent in PurePosixPath(path).parents)):
        if part in tree.links:
            raise refusal(tree, part, where=where)


def refusal(tree: FileTree, link: str, *, where: str = "") -> SymlinkNotAllowed:
    """Say which link it is and what would be accepted."""
    wanted = f"{where}: " if where else ""
    shown = printable(link, 300)
    if link in tree.submodules:
        return SymlinkNotAllowed(
            f"{wanted}{shown} is a submodule; submodules are not supported, commit its files"
        )
    return SymlinkNotAllowed(
        f"{wanted}{shown} is a symbolic link; links are not followed, commit the file itself"
    )

"""What of a repository is deployed: a branch, a tag or one commit.

In: names a person typed, or a row that may have been forged. Out: full ref names that git cannot
read as an option, a revision expression or a pattern. Whether the ref exists is not asked here.

The names are git's (git check-ref-format), narrowed to letters, digits and `. _ / -`; the revision
is Flux's (`main@sha1:<commit>`, `sha1:<commit>` for a bare commit).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from projects.errors import Invalid
from projects.kube import masking
from projects.kube.conditions import Reason

DEFAULT_BRANCH = "main"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]{0,254}")
_COMMIT = re.compile(r"[0-9a-f]{40}")
_SHORT = 12


class InvalidRef(Invalid):
    """The text is not a branch, tag or commit that is passed to git."""

    default_reason = Reason.INVALID_REF


@dataclass(frozen=True, slots=True, kw_only=True)
class GitRef:
    """One of branch, tag and commit; the branch main when none is given."""

    branch: str = ""
    tag: str = ""
    commit: str = ""

    def check(self) -> None:
        """Raises: InvalidRef naming the field."""
        given = [field for field in ("branch", "tag", "commit") if getattr(self, field)]
        if len(given) > 1:
            raise InvalidRef(f"ref names {' and '.join(given)}; give one of them")
        if self.commit:
            check_commit(self.commit)
        elif self.tag:
            _check_name("tag", self.tag)
        elif self.branch:
            _check_name("branch", self.branch)

    @property
    def name(self) -> str:
        """Short, for people: `main`, `v1`, or the start of the commit id."""
        return self.commit[:_SHORT] or self.tag or self.branch or DEFAULT_BRANCH

    @property
    def full_name(self) -> str:
        """The ref on the server; "" for a commit, which has none."""
        if self.commit:
            return ""
        return (
            f"refs/tags/{self.tag}" if self.tag else f"refs/heads/{self.branch or DEFAULT_BRANCH}"
        )

    def revision(self, commit: str) -> str:
        return f"sha1:{commit}" if self.commit else f"{self.name}@sha1:{commit}"

    def __str__(self) -> str:
        if self.commit:
            return f"commit {self.name}"
        return f"tag {self.name}" if self.tag else f"branch {self.name}"


def check_commit(commit: str) -> None:
    """Raises: InvalidRef unless it is a full commit id."""
    if not _COMMIT.fullmatch(commit):
        shown = masking.printable(commit, 80)
        raise InvalidRef(f"commit {shown!r} is not a full commit id of 40 lower-case hex digits")


def _check_name(field: str, name: str) -> None:
    problem = _problem(name)
    if problem:
        shown = masking.printable(name, 80)
        raise InvalidRef(
            f"{field} {shown!r} {problem}; want at most 255 of letters, digits and . _ - /, "
            "starting with a letter or digit"
        )


def _problem(name: str) -> str:
    if not _NAME.fullmatch(name):
        return "has characters git refs may not have here, or is too long"
    if name.startswith("refs/"):
        return "is a full ref name"
    if ".." in name or name.endswith("."):
        return "has two dots in a row or ends with a dot"
    parts = name.split("/")
    if any(not part or part.startswith(".") or part.endswith(".lock") for part in parts):
        return "has an empty part, a part starting with a dot or ending with .lock"
    return ""

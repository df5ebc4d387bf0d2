"""What it means when git fails: the errors of speaking to a server, and the table that picks one.

In: git's own words on standard error, already scrubbed. Out: one error with a sentence a person can
act on, or None when the words do not speak of the server. Text that the server sent ("remote:") is
never believed about anything but its own corruption.

The words are those of git 2.39 to 2.5x in the C locale; tests/unit/gitops/git make git say them.
"""

from __future__ import annotations

import contextlib
import errno
import re
from typing import TYPE_CHECKING

from gitops.git.urls import InvalidUrl, RepositoryUrl
from projects.errors import DomainError, Invalid, NotFound, Unavailable
from projects.kube import masking
from projects.kube.conditions import Reason

if TYPE_CHECKING:
    from collections.abc import Iterator


class AuthenticationFailed(Invalid):
    """The server wants a credential, or refused the one it was given."""

    default_reason = Reason.AUTHENTICATION_FAILED


class RepositoryNotFound(NotFound):
    """The server knows no such repository, or hides it from this credential."""

    default_reason = Reason.REPOSITORY_NOT_FOUND


class UnsupportedRepository(Invalid):
    """It is a repository, of a kind that is not served."""

    default_reason = Reason.GIT_OPERATION_FAILED


class RefNotFound(NotFound):
    """The branch, tag or commit is not in the repository (any more)."""

    default_reason = Reason.REF_NOT_FOUND


class RedirectRefused(Invalid):
    """The server sent us elsewhere; credentials stay where they were meant to go."""

    default_reason = Reason.REDIRECT_REFUSED


class RepositoryTooLarge(Invalid):
    """The server sends more than the limits allow."""

    default_reason = Reason.REPOSITORY_TOO_LARGE


class CorruptRepository(Invalid):
    """Git refused the objects the server sent, or the server could not read its own."""

    default_reason = Reason.CORRUPT_REPOSITORY


class RemoteUnavailable(Unavailable):
    """The server could not be reached, or was in no state to answer."""

    default_reason = Reason.GIT_OPERATION_FAILED


class RequestRefused(RemoteUnavailable):
    """The server understood and would not, for a reason of its own."""


class RemoteTimeout(RemoteUnavailable):
    """The server took longer than allowed."""

    default_reason = Reason.FETCH_TIMEOUT


class CertificateRefused(RemoteUnavailable):
    """The server's certificate could not be verified; it may be renewed any time."""

    default_reason = Reason.TLS_VERIFY_FAILED


class DiskFull(Unavailable):
    """There is no room here to write what was fetched."""

    default_reason = Reason.DISK_FULL


_SERVER_CORRUPT = re.compile(r"remote: .*(possible repository corruption|is corrupt|bad object)")

# First match wins. Learned by making git 2.39 fail each way; tests/unit/gitops/git hold them.
_MEANINGS: tuple[tuple[re.Pattern[str], type[DomainError], str], ...] = tuple(
    (re.compile(pattern), kind, sentence)
    for pattern, kind, sentence in (
        (
            r"No space left on device",
            DiskFull,
            "there is no space left to write what {url} sends",
        ),
        (
            r"died of signal 25|File too large|[Oo]ut of memory|mmap failed|async thread",
            RepositoryTooLarge,
            "the repository {url} is larger than the limits for one fetch allow",
        ),
        (
            r"could not read Username|Authentication failed|returned error: (?P<found>401|403)",
            AuthenticationFailed,
            "{url} wants a credential that may read it, and the Secret holds none or a wrong one",
        ),
        (
            r"returned error: (?P<found>30\d)|from redirection",
            RedirectRefused,
            "{url} redirects to another address ({found}), which is not followed; use the address "
            "it leads to (often the same with .git at its end)",
        ),
        (
            r"repository '[^']*' not found|returned error: (?P<found>404|410)",
            RepositoryNotFound,
            "{url} is not a repository there, or is hidden from this credential",
        ),
        (
            r"not our ref|unadvertised object|couldn't find remote ref",
            RefNotFound,
            "the ref is not in the repository {url}",
        ),
        (
            r"remote error: (?P<found>[^\n]*)",
            RequestRefused,
            "{url} refused: {found}",
        ),
        (
            r"(?P<found>[Ss]erver does not support [^\n]*)",
            UnsupportedRepository,
            "{url} cannot be fetched: {found}",
        ),
        (
            r"transport '(?P<found>[^']*)' not allowed",
            InvalidUrl,
            "{url}: transport {found} is not allowed",
        ),
        (
            r"unable to access '[^']*': (?P<found>[^\n.]*([Cc]ertificate|gnutls_|SSL)[^\n.]*)",
            CertificateRefused,
            "the TLS connection to {url} failed: {found}",
        ),
        (
            r"is this a git repository|dumb http transport",
            InvalidUrl,
            "{url} answers, but not as a Git server does",
        ),
        (
            r"error: object \w+: (?P<found>[^\n]*)\n[^\n]*fsck error",
            CorruptRepository,
            "git refused an object that {url} sent: {found}",
        ),
        (
            r"(?P<found>pack is corrupted|bad pack header|serious inflate inconsistency)",
            CorruptRepository,
            "git refused what {url} sent: {found}",
        ),
        (
            r"Operation too slow|[Tt]imed? ?out",
            RemoteTimeout,
            "{url} sent nothing, or too little, for too long",
        ),
        (
            r"returned error: (?P<found>\d{3})",
            RemoteUnavailable,
            "{url} answered with HTTP status {found}",
        ),
        (
            r"unable to access '[^']*': (?P<found>[^\n]*)",
            RemoteUnavailable,
            "{url} could not be reached: {found}",
        ),
        (
            r"(?P<found>RPC failed[^\n]*|early EOF|unexpected disconnect[^\n]*|hung up[^\n]*)",
            RemoteUnavailable,
            "{url} broke off its answer: {found}",
        ),
    )
)


def meaning(stderr: str, *, url: RepositoryUrl) -> DomainError | None:
    """Tell what git's words mean; None when the server is not known to be at fault."""
    lines = [line.rstrip() for line in stderr.splitlines()]
    # What the server said stands behind "remote:"; it may say anything, so it explains nothing
    # but its own corruption.
    ours = "\n".join(line for line in lines if not line.startswith("remote:"))
    if any(_SERVER_CORRUPT.match(line) for line in lines):
        return CorruptRepository(f"the server cannot read its own repository {url}")
    for pattern, kind, sentence in _MEANINGS:
        match = pattern.search(ours)
        if match:
            found = match.groupdict().get("found") or ""
            return kind(sentence.format(url=url, found=masking.printable(found, 200)))
    return None


@contextlib.contextmanager
def full_disk_told() -> Iterator[None]:
    """Turn a full disk, met by ourselves and not by git, into the same error."""
    try:
        yield
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        raise DiskFull("there is no space left to write the repository") from error


def unexplained(stderr: str, *, url: RepositoryUrl) -> RemoteUnavailable:
    """Wrap words of git that are in no table."""
    said = [line for line in stderr.splitlines() if line.startswith(("fatal:", "error:"))]
    last = masking.printable(said[-1], 300) if said else "no reason given"
    return RemoteUnavailable(f"git could not read {url}: {last}")

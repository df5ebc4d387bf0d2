"""Git over HTTPS: which commit is a ref at, bring it here, give out its files. No Django, no rows.

In: text from rows (checked again here), the payload of a Secret. Out: commit ids, FileTrees, and
errors whose messages hold no secret. The network is spoken by git's own program, in a clean and
bounded environment (gitops.git.process); GitPython only reads local mirrors (gitops.git.history,
imported where it is used). SSH and SHA-256 repositories are not served yet.
"""

from __future__ import annotations

from gitops.git.addresses import AddressNotAllowed, HostNotFound
from gitops.git.checkout import CommitNotFetched, Mirror, sweep
from gitops.git.credentials import ANONYMOUS, Credentials, SecretInvalid
from gitops.git.environment import GitNotStarted
from gitops.git.extraction import MirrorDamaged
from gitops.git.failures import (
    AuthenticationFailed,
    CertificateRefused,
    CorruptRepository,
    DiskFull,
    RedirectRefused,
    RefNotFound,
    RemoteTimeout,
    RemoteUnavailable,
    RepositoryNotFound,
    RepositoryTooLarge,
    UnsupportedRepository,
)
from gitops.git.fetching import FetchLimits, RefMoved
from gitops.git.locks import MirrorBusy
from gitops.git.process import GitTimeout
from gitops.git.refs import GitRef, InvalidRef
from gitops.git.remote import head
from gitops.git.urls import InvalidUrl, RepositoryUrl, UrlPolicy

__all__ = [
    "ANONYMOUS",
    "AddressNotAllowed",
    "AuthenticationFailed",
    "CertificateRefused",
    "CommitNotFetched",
    "CorruptRepository",
    "Credentials",
    "DiskFull",
    "FetchLimits",
    "GitNotStarted",
    "GitRef",
    "GitTimeout",
    "HostNotFound",
    "InvalidRef",
    "InvalidUrl",
    "Mirror",
    "MirrorBusy",
    "MirrorDamaged",
    "RedirectRefused",
    "RefMoved",
    "RefNotFound",
    "RemoteTimeout",
    "RemoteUnavailable",
    "RepositoryNotFound",
    "RepositoryTooLarge",
    "RepositoryUrl",
    "SecretInvalid",
    "UnsupportedRepository",
    "UrlPolicy",
    "head",
    "sweep",
]

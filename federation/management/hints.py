"""What a person at the command line does next after an error.

In: a DomainError. Out: one sentence, by its reason where that says enough, else by its kind; ""
where nothing sensible can be said. Messages say what is wrong; only this table says what to do,
because the other doors have other means.
"""

from __future__ import annotations

from federation.management.errors import Stalled
from projects.errors import (
    AlreadyExists,
    Conflict,
    Denied,
    DomainError,
    Expired,
    Invalid,
    NotFound,
    Unavailable,
)
from projects.kube.conditions import Reason

INIT = "run `manage.py init`"
DATABASE = f"check DATABASE_URL and that the database is up; {INIT} to make or migrate its tables"

_BY_REASON: dict[str, str] = {
    "NotInitialised": INIT,
    "NoEncryptionKey": INIT,
    "CredentialUndecryptable": "put the key it was sealed with back into SLIPWAY_ENCRYPTION_KEYS",
    "WaitedInVain": "it goes on without you: look with the list and status actions, or wait again",
    Reason.ADDRESS_NOT_ALLOWED: "private addresses want SLIPWAY_ALLOW_PRIVATE_ADDRESSES=true",
    Reason.CLUSTER_CONFIG_MALFORMED: "correct that place in the kubeconfig and repeat",
    Reason.CLUSTER_IDENTITY_CHANGED: "register it under a name of its own with `cluster add`",
    Reason.CLUSTER_UNREACHABLE: "check from this machine that the address answers, then repeat",
    Reason.CLUSTER_ERROR: "check that the address is that of a Kubernetes API server, then repeat",
    Reason.TLS_VERIFY_FAILED: "correct certificate-authority-data or tls-server-name",
    Reason.UNAUTHORIZED: "use a token or client certificate that the cluster accepts",
    Reason.FORBIDDEN: "grant the credential that right on the cluster, then repeat",
    Reason.INVALID_URL: "give an https:// address; credentials go into a secret (`secret create`)",
    Reason.SECRET_NOT_FOUND: "keep it with `manage.py secret create`, or name another",
    Reason.SECRET_INVALID: "correct the value and repeat",
    Reason.SUSPENDED: "`manage.py source resume` lets it go on",
}
_BY_KIND: tuple[tuple[type[DomainError], str], ...] = (
    (Stalled, "see to what the message names, then `source sync`; `source status` tells more"),
    (Invalid, "correct the value and repeat; --help says what is accepted"),
    (
        NotFound,
        "`project list`, `cluster list`, `secret list` and `source list` show what is there",
    ),
    (AlreadyExists, "choose another name, or look at what is there with the list action"),
    (Conflict, "see to what the message names, then repeat"),
    (Unavailable, "try again in a moment"),
    (Denied, ""),
    (Expired, ""),
)


def after(error: DomainError) -> str:
    """Say what to do next, in one sentence, or ""."""
    if error.reason in _BY_REASON:
        return _BY_REASON[error.reason]
    return next((hint for kind, hint in _BY_KIND if isinstance(error, kind)), "")

"""Kubeconfigs as people paste them: a good one, and ways to spoil it at a named place."""

from __future__ import annotations

import base64
import copy
import json
from functools import cache
from typing import Any

from tests.realcluster.pki import Authority, KeyPair

TOKEN = "a-bearer-token"


@cache
def authority() -> Authority:
    """One authority for all kubeconfigs that are only read."""
    return Authority()


def encoded(text: str) -> str:
    """Base64, as the `-data` keys want it."""
    return base64.b64encode(text.encode()).decode()


def document(
    *, server: str = "https://cluster.example:6443", ca_pem: str = "", token: str = TOKEN
) -> dict[str, Any]:
    """Make a kubeconfig with one cluster, one user, one context."""
    cluster = {
        "server": server,
        "certificate-authority-data": encoded(ca_pem or authority().pem),
    }
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "prod", "cluster": cluster}],
        "users": [{"name": "deployer", "user": {"token": token}}],
        "contexts": [{"name": "main", "context": {"cluster": "prod", "user": "deployer"}}],
        "current-context": "main",
    }


def text(**changes: Any) -> str:
    """Write a good kubeconfig; see `document`."""
    return json.dumps(document(**changes))


def with_certificate(pair: KeyPair, **changes: Any) -> str:
    """Write a kubeconfig whose user has a client certificate and no token."""
    made = document(**changes)
    made["users"][0]["user"] = {
        "client-certificate-data": encoded(pair.cert_pem),
        "client-key-data": encoded(pair.key_pem),
    }
    return json.dumps(made)


def spoiled(kind: str, key: str, value: Any, *, second: bool = False) -> str:
    """Set a key in the cluster, user or context; with `second`, in one that nothing uses."""
    made = document()
    entries = made[f"{kind}s"]
    if second:
        entries.append({**copy.deepcopy(entries[0]), "name": "unused"})
    entries[-1][kind][key] = value
    return json.dumps(made)

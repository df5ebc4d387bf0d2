"""Who we are at a member cluster: server, CA, and token or client certificate. Never a program.

In: a kubeconfig as a person pastes it, or the single values. Out: a ClusterAccess whose every field
has been checked and written anew, and whose repr shows no secret. A kubeconfig is read by an
allow-list over the whole file, not only the chosen context: what would run a program, read a file
of ours, use a proxy or switch verification off is refused by name (security.md S-29 to S-31;
kubernetes.io warns of such files).

Nothing is looked up or connected to here; addresses are judged in addresses.py.
"""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from federation.member import documents, pem
from federation.member.addresses import AddressPolicy, Endpoint, check_host
from federation.member.errors import AccessInvalid

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

__all__ = ["AccessInvalid", "AddressPolicy", "ClusterAccess", "parse_kubeconfig"]

# Visible ASCII: what may stand in an HTTP header without ending it.
_TOKEN = re.compile(r"[\x21-\x7e]{1,16384}")

_FILE_KEYS = frozenset(
    {"apiVersion", "kind", "clusters", "users", "contexts", "current-context", "preferences"}
)
_KEYS: dict[str, frozenset[str]] = {
    "cluster": frozenset(
        {"server", "certificate-authority-data", "tls-server-name", "disable-compression"}
    ),
    "user": frozenset({"token", "client-certificate-data", "client-key-data"}),
    "context": frozenset({"cluster", "user", "namespace"}),
}
# Tools keep notes for themselves in `extensions`; clients ignore them, and so do we.
_IGNORED = "extensions"
_PROGRAM = "programs are not run; use token or client-certificate-data"
_REFUSED: dict[str, str] = {
    "exec": _PROGRAM,
    "auth-provider": _PROGRAM,
    "tokenFile": "files are not read; use token",
    "client-certificate": "files are not read; use client-certificate-data",
    "client-key": "files are not read; use client-key-data",
    "certificate-authority": "files are not read; use certificate-authority-data",
    "proxy-url": "proxies are not used",
    "insecure-skip-tls-verify": "certificates are always verified; use certificate-authority-data",
    "username": "passwords are not used; use token",
    "password": "passwords are not used; use token",
    "as": "impersonation is decided by the hub",
    "as-uid": "impersonation is decided by the hub",
    "as-groups": "impersonation is decided by the hub",
    "as-user-extra": "impersonation is decided by the hub",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterAccess:
    """One cluster and one identity at it. No CA means the machine's own trusted roots.

    Every instance is valid: it checks itself, so a row that was tampered with is found out here.
    """

    server: str
    ca_pem: str = field(default="", repr=False)
    tls_server_name: str = ""
    token: str = field(default="", repr=False)
    client_cert_pem: str = field(default="", repr=False)
    client_key_pem: str = field(default="", repr=False)

    def __post_init__(self) -> None:
        checked = _checked(
            {name: getattr(self, name) for name in self.__dataclass_fields__},
            fields={name: name for name in self.__dataclass_fields__},
        )
        for name, value in checked.items():
            object.__setattr__(self, name, value)

    @property
    def endpoint(self) -> Endpoint:
        return Endpoint.parse(self.server)

    @property
    def secrets(self) -> tuple[str, ...]:
        """The values to scrub from any text."""
        return tuple(value for value in (self.token, self.client_key_pem) if value)

    @property
    def expires_at(self) -> datetime | None:
        """When the client certificate ends; None without one."""
        return pem.expires_at(self.client_cert_pem) if self.client_cert_pem else None


def parse_kubeconfig(text: str, *, context: str = "") -> ClusterAccess:
    """Take one cluster and user out of a kubeconfig.

    Raises: AccessInvalid naming the key by its path in the file.
    """
    document = documents.read(text)
    _allow(document, _FILE_KEYS, where="")
    for key, want in (("apiVersion", "v1"), ("kind", "Config")):
        if document.get(key, want) != want:
            raise AccessInvalid(key, f"want {want}")
    clusters, users, contexts = (_entries(document, kind) for kind in _KEYS)
    for where, cluster in clusters.values():
        Endpoint.parse(_string(cluster, "server", where), field=f"{where}.server")
    where, chosen = _choose(document, contexts, context)
    cluster_at, cluster = _named(clusters, chosen, "cluster", where)
    user_at, user = _named(users, chosen, "user", where)
    values = {
        "server": _string(cluster, "server", cluster_at),
        "ca_pem": _decoded(cluster, "certificate-authority-data", cluster_at),
        "tls_server_name": _string(cluster, "tls-server-name", cluster_at),
        "token": _string(user, "token", user_at).strip(),
        "client_cert_pem": _decoded(user, "client-certificate-data", user_at),
        "client_key_pem": _decoded(user, "client-key-data", user_at),
    }
    fields = {
        "server": f"{cluster_at}.server",
        "ca_pem": f"{cluster_at}.certificate-authority-data",
        "tls_server_name": f"{cluster_at}.tls-server-name",
        "token": f"{user_at}.token",
        "client_cert_pem": f"{user_at}.client-certificate-data",
        "client_key_pem": f"{user_at}.client-key-data",
    }
    return ClusterAccess(**_checked(values, fields=fields))


def _checked(values: Mapping[str, str], *, fields: Mapping[str, str]) -> dict[str, str]:
    """Check and normalise the six values; `fields` says what to call each in an error."""
    found = dict(values)
    found["server"] = str(Endpoint.parse(values["server"], field=fields["server"]))
    if name := values["tls_server_name"]:
        found["tls_server_name"] = check_host(name, field=fields["tls_server_name"])
    for name in ("ca_pem", "client_cert_pem"):
        if values[name]:
            found[name] = pem.certificates(values[name], field=fields[name])
    if values["token"] and not _TOKEN.fullmatch(values["token"]):
        raise AccessInvalid(fields["token"], "want one line of visible ASCII characters")
    certificate, key = found["client_cert_pem"], values["client_key_pem"]
    if bool(certificate) != bool(key):
        raise AccessInvalid(
            fields["client_key_pem"], "a client certificate and its key go together"
        )
    if key:
        found["client_key_pem"] = pem.private_key(key, field=fields["client_key_pem"])
        pem.check_pair(certificate, found["client_key_pem"], field=fields["client_key_pem"])
    if not values["token"] and not key:
        raise AccessInvalid(fields["token"], "want a token or a client certificate")
    return found


def _entries(document: dict[str, Any], kind: str) -> dict[str, tuple[str, dict[str, Any]]]:
    """Check every entry of clusters, users or contexts; give each by its name, with its path."""
    plural = f"{kind}s"
    listed = document.get(plural) or []
    if not isinstance(listed, list):
        raise AccessInvalid(plural, "want a list")
    found: dict[str, tuple[str, dict[str, Any]]] = {}
    for index, entry in enumerate(listed):
        at = f"{plural}[{index}]"
        _allow(entry, frozenset({"name", kind}), where=at)
        name, value = _string(entry, "name", at), entry.get(kind) or {}
        _allow(value, _KEYS[kind], where=f"{at}.{kind}")
        if not name or name in found:
            raise AccessInvalid(f"{at}.name", "want a name of its own")
        found[name] = (f"{at}.{kind}", value)
    return found


def _allow(mapping: Any, keys: frozenset[str], *, where: str) -> None:
    """Refuse every key that is not listed, saying what to use instead where we know."""
    if not isinstance(mapping, dict):
        raise AccessInvalid(where, "want a mapping")
    for key, value in mapping.items():
        if key in keys or key == _IGNORED:
            continue
        if key == "insecure-skip-tls-verify" and value is False:
            continue  # the default, which some generators write out
        path = f"{where}.{key[:100]}" if where else key[:100]
        raise AccessInvalid(path, _REFUSED.get(key, "not a key that is read here"))


def _choose(
    document: dict[str, Any], contexts: dict[str, tuple[str, dict[str, Any]]], wanted: str
) -> tuple[str, dict[str, Any]]:
    name = wanted or _string(document, "current-context", "")
    if not name and len(contexts) == 1:
        return next(iter(contexts.values()))
    if name in contexts:
        return contexts[name]
    known = ", ".join(sorted(contexts)[:10]) or "none"
    if wanted:
        raise AccessInvalid("contexts", f"no context {wanted[:100]!r}; there are: {known[:200]}")
    raise AccessInvalid("current-context", f"want one of: {known[:200]}")


def _named(
    entries: dict[str, tuple[str, dict[str, Any]]], chosen: dict[str, Any], kind: str, where: str
) -> tuple[str, dict[str, Any]]:
    name = _string(chosen, kind, where)
    if name not in entries:
        raise AccessInvalid(f"{where}.{kind}", f"no {kind} of that name in {kind}s")
    return entries[name]


def _string(mapping: dict[str, Any], key: str, where: str) -> str:
    value = mapping.get(key)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise AccessInvalid(f"{where}.{key}" if where else key, "want a text")
    return value


def _decoded(mapping: dict[str, Any], key: str, where: str) -> str:
    text = "".join(_string(mapping, key, where).split())
    try:
        return base64.b64decode(text, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError) as error:
        raise AccessInvalid(f"{where}.{key}", "not base64 of PEM text") from error

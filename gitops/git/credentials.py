"""What the transport needs to be let in, taken from the payload of a Secret.

In: the opened payload of a Secret, with Flux's keys (source-controller, GitRepository
spec.secretRef): username and password, or bearerToken; caFile or ca.crt beside either or alone.
Out: a Credentials value whose repr shows nothing, the one header git is to send, and the texts to
scrub from whatever git says. Nothing is stored or opened here. SSH and client certificates are not
served yet and are refused by name.
"""

from __future__ import annotations

import base64
import ssl
from dataclasses import dataclass
from typing import TYPE_CHECKING

from projects.errors import Invalid
from projects.kube.conditions import Reason

if TYPE_CHECKING:
    from collections.abc import Mapping

LONGEST_VALUE = 16 * 1024
LONGEST_CA = 512 * 1024
# Some services take the token as the user name; shorter names are words that occur in messages.
_SHORTEST_TOKEN = 20
_TOKEN_USER = "git"  # noqa: S105 - a name, not a secret
_CA_KEYS = ("caFile", "ca.crt")
_NOT_YET = {
    "identity": "SSH keys",
    "identity.pub": "SSH keys",
    "known_hosts": "SSH keys",
    "tls.crt": "client certificates",
    "tls.key": "client certificates",
    "certFile": "client certificates",
    "keyFile": "client certificates",
}


class SecretInvalid(Invalid):
    """The Secret lacks a key, or one of its values cannot be used."""

    default_reason = Reason.SECRET_INVALID


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Credentials:
    """A user name and password, or a bearer token, or neither; and the CA of the server."""

    username: str = ""
    password: str = ""
    bearer_token: str = ""
    ca_pem: str = ""

    @classmethod
    def from_secret(cls, payload: Mapping[str, str]) -> Credentials:
        """Read the payload of a Secret.

        Raises: SecretInvalid naming the key, never its value.
        """
        for key, what in _NOT_YET.items():
            if payload.get(key):
                raise SecretInvalid(f"key {key}: {what} are not supported yet; {_want()}")
        username, password = _line(payload, "username"), _line(payload, "password")
        token = _line(payload, "bearerToken")
        if username and not password:
            raise SecretInvalid(f"key password is missing or empty; {_want()}")
        if password and not username:
            # A token as the password: the services that give such tokens take any name with them.
            username = _TOKEN_USER
        if username and token:
            raise SecretInvalid("keys username and bearerToken are both set; give one of them")
        if ":" in username:
            raise SecretInvalid("key username: holds a colon, which HTTP basic auth cannot carry")
        if not token.isascii() or " " in token:
            raise SecretInvalid("key bearerToken: holds a space or letters outside ASCII")
        ca_pem = _ca(payload)
        if not (username or token or ca_pem):
            raise SecretInvalid(f"none of the keys that git can use is set; {_want()}")
        return cls(username=username, password=password, bearer_token=token, ca_pem=ca_pem)

    @property
    def header(self) -> str:
        """The Authorization header, or "" when there is nothing to send."""
        if self.bearer_token:
            return f"Authorization: Bearer {self.bearer_token}"
        if not self.username:
            return ""
        pair = base64.b64encode(self._pair.encode()).decode()
        return f"Authorization: Basic {pair}"

    @property
    def secrets(self) -> tuple[str, ...]:
        """Every text that may not be shown; longest first, so that none hides inside another."""
        username = self.username if len(self.username) >= _SHORTEST_TOKEN else ""
        pair = self._pair if self.password else ""
        found = {self.password, self.bearer_token, pair, username} - {""}
        return tuple(sorted(found, key=len, reverse=True))

    @property
    def _pair(self) -> str:
        return f"{self.username}:{self.password}"

    def __repr__(self) -> str:
        kind = "bearer" if self.bearer_token else "basic" if self.username else "anonymous"
        return f"Credentials({kind})"


ANONYMOUS = Credentials()


def _want() -> str:
    return "want username and password, or bearerToken, and optionally caFile"


def _line(payload: Mapping[str, str], key: str) -> str:
    value = payload.get(key, "")
    if len(value) > LONGEST_VALUE:
        raise SecretInvalid(f"key {key}: is longer than {LONGEST_VALUE} characters")
    if any(ord(char) < 32 or ord(char) == 127 for char in value):
        # Nearly always the line break that an editor or `echo` put at the end of a file.
        raise SecretInvalid(f"key {key}: holds a line break or another control character")
    if any(0xD800 <= ord(char) <= 0xDFFF for char in value):
        raise SecretInvalid(f"key {key}: is not UTF-8")
    return value


def _ca(payload: Mapping[str, str]) -> str:
    given = [key for key in _CA_KEYS if payload.get(key)]
    if len(given) > 1:
        raise SecretInvalid("keys caFile and ca.crt are both set; give one of them")
    if not given:
        return ""
    key, pem = given[0], payload[given[0]]
    if len(pem) > LONGEST_CA:
        raise SecretInvalid(f"key {key}: is longer than {LONGEST_CA} characters")
    if "PRIVATE KEY" in pem:
        raise SecretInvalid(f"key {key}: holds a private key; want certificates only")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        context.load_verify_locations(cadata=pem)
    except (ssl.SSLError, ValueError) as error:
        raise SecretInvalid(f"key {key}: is not a list of PEM certificates") from error
    return pem

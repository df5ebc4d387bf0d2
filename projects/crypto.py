"""Sealing secrets at rest: a ring of keys, each sealed value bound to the row it belongs to.

A sealed text is `<key id>:<Fernet token>` of {"b": binding, "v": value}; a ciphertext copied to
another row is refused, because its binding differs. The first key seals, all of them open. Digests
of secret content are HMACs under a key derived from the ring, so that a stored or shown digest
cannot be guessed back (architecture 2.1 rule 1).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from cryptography.fernet import Fernet, InvalidToken

from projects.errors import DomainError


class CredentialUndecryptable(DomainError):
    """No key of the ring opens the value, or it belongs to another row."""

    default_reason = "CredentialUndecryptable"


class NoEncryptionKey(DomainError):
    """The ring is empty."""

    default_reason = "NoEncryptionKey"


def generate_key() -> str:
    """Make a fresh key: 32 random bytes, URL-safe base64."""
    return Fernet.generate_key().decode()


@dataclass(frozen=True)
class KeyRing:
    """Keys in order of preference; each is 32 bytes in URL-safe base64."""

    keys: tuple[str, ...] = field(repr=False)

    def seal(self, value: Any, *, binding: str) -> str:
        """Encrypt a JSON value for the place named by binding.

        Raises: NoEncryptionKey.
        """
        key = self._first()
        body = json.dumps({"b": binding, "v": value}, separators=(",", ":")).encode()
        return f"{_key_id(key)}:{Fernet(key).encrypt(body).decode()}"

    def open(self, sealed: str, *, binding: str) -> Any:
        """Decrypt what `seal` made for the same place.

        Raises: CredentialUndecryptable.
        """
        key_id, _, token = sealed.partition(":")
        key = next((key for key in self.keys if _key_id(key) == key_id), None)
        if key is None:
            raise CredentialUndecryptable(
                f"sealed with key {key_id!r}, which is not among SLIPWAY_ENCRYPTION_KEYS"
            )
        try:
            body = json.loads(Fernet(key).decrypt(token.encode()))
        except InvalidToken as error:
            raise CredentialUndecryptable(
                f"the value sealed with key {key_id!r} is damaged"
            ) from error
        if body["b"] != binding:
            raise CredentialUndecryptable("the sealed value belongs to another row")
        return body["v"]

    def is_current(self, sealed: str) -> bool:
        """Tell whether a value is sealed with the first key (rotation skips it then)."""
        return sealed.partition(":")[0] == _key_id(self._first())

    def digest(self, content: bytes) -> str:
        """`hmac-sha256:<hex>` of secret content, comparable within one installation only."""
        return "hmac-sha256:" + hmac.new(self._digest_key, content, hashlib.sha256).hexdigest()

    def chain(self, previous: str, entry: bytes) -> str:
        """The next link of the audit chain: hex HMAC over the previous link and the entry."""
        return hmac.new(
            self._audit_key, previous.encode() + b"\n" + entry, hashlib.sha256
        ).hexdigest()

    # Derived from the LAST key: new keys are put in front, so digests and the chain outlive a
    # rotation.
    @cached_property
    def _digest_key(self) -> bytes:
        return self._derive(b"slipway digest")

    @cached_property
    def _audit_key(self) -> bytes:
        return self._derive(b"slipway audit")

    def _derive(self, purpose: bytes) -> bytes:
        self._first()
        return hmac.new(base64.urlsafe_b64decode(self.keys[-1]), purpose, hashlib.sha256).digest()

    def _first(self) -> str:
        if not self.keys:
            raise NoEncryptionKey("SLIPWAY_ENCRYPTION_KEYS is empty; `manage.py init` makes a key")
        return self.keys[0]


def _key_id(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()[:8]

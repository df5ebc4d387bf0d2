"""Certificates and keys as text: parsed, and written anew.

What is stored and handed to OpenSSL is our own spelling of what was understood, so nothing unread
travels along. Keys that are encrypted are refused here, because OpenSSL would ask the terminal for
the password.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization

from federation.member.errors import AccessInvalid

if TYPE_CHECKING:
    from datetime import datetime

_LONGEST = 128 * 1024
_PUBLIC = (serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)


def certificates(text: str, *, field: str) -> str:
    """Normalise one or more PEM certificates.

    Raises: AccessInvalid naming the field.
    """
    found = _load(text, field=field)
    return "".join(one.public_bytes(serialization.Encoding.PEM).decode() for one in found)


def private_key(text: str, *, field: str) -> str:
    """Normalise an unencrypted PEM private key to PKCS 8.

    Raises: AccessInvalid naming the field.
    """
    try:
        key = serialization.load_pem_private_key(_bounded(text, field=field), password=None)
    except TypeError as error:
        raise AccessInvalid(field, "the key is encrypted; want it without a passphrase") from error
    except (ValueError, UnsupportedAlgorithm) as error:
        raise AccessInvalid(field, "not a PEM private key") from error
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode()


def check_pair(certificate: str, key: str, *, field: str) -> None:
    """Refuse a key that is not the first certificate's.

    Raises: AccessInvalid naming the field.
    """
    public = _load(certificate, field=field)[0].public_key()
    private = serialization.load_pem_private_key(key.encode(), password=None)
    if public.public_bytes(*_PUBLIC) != private.public_key().public_bytes(*_PUBLIC):
        raise AccessInvalid(field, "the key does not belong to the client certificate")


def expires_at(certificate: str) -> datetime:
    """When the first certificate of a normalised text ends; aware, UTC."""
    return x509.load_pem_x509_certificates(certificate.encode())[0].not_valid_after_utc


def _load(text: str, *, field: str) -> list[x509.Certificate]:
    try:
        return x509.load_pem_x509_certificates(_bounded(text, field=field))
    except ValueError as error:
        raise AccessInvalid(field, "not a PEM certificate") from error


def _bounded(text: str, *, field: str) -> bytes:
    data = text.encode(errors="replace")
    if len(data) > _LONGEST:
        raise AccessInvalid(field, f"longer than {_LONGEST} bytes")
    return data

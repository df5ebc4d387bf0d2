"""Keys and certificates of one throw-away cluster, each cluster with an authority of its own.

In: nothing but a folder. Out: PEM files the apiserver is started with, the authority's PEM for
kubeconfigs, and client certificates for any user and groups. Two clusters never share an authority,
so a test in which Slipway mixes up two clusters' trust fails as it would in the field. Nothing here
is kept after the test run.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

if TYPE_CHECKING:
    from pathlib import Path

# What a client may call the apiserver; tests of `tls-server-name` use one of the names.
SERVER_NAMES = ("localhost", "kubernetes", "kubernetes.default.svc")
SERVER_ADDRESSES = ("127.0.0.1", "::1", "10.0.0.1")


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyPair:
    """A certificate and its private key, both PEM."""

    cert_pem: str
    key_pem: str


class Authority:
    """A certificate authority that lives as long as its cluster."""

    def __init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "realcluster-ca")])
        builder = _certificate(subject=self._name, issuer=self._name, key=self._key.public_key())
        builder = builder.add_extension(
            x509.BasicConstraints(ca=True, path_length=0), critical=True
        )
        self._certificate = builder.sign(self._key, hashes.SHA256())

    @property
    def pem(self) -> str:
        """Return the authority's certificate."""
        return self._certificate.public_bytes(serialization.Encoding.PEM).decode()

    def server(self) -> KeyPair:
        """Issue the apiserver's certificate."""
        names: list[x509.GeneralName] = [x509.DNSName(name) for name in SERVER_NAMES]
        names += [x509.IPAddress(ipaddress.ip_address(address)) for address in SERVER_ADDRESSES]
        return self._issue(
            subject=x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "kube-apiserver")]),
            usage=ExtendedKeyUsageOID.SERVER_AUTH,
            names=x509.SubjectAlternativeName(names),
        )

    def client(self, *, user: str, groups: tuple[str, ...] = ()) -> KeyPair:
        """Issue a client certificate: Kubernetes reads CN as the user and O as the groups."""
        attributes = [x509.NameAttribute(NameOID.ORGANIZATION_NAME, group) for group in groups]
        attributes.append(x509.NameAttribute(NameOID.COMMON_NAME, user))
        return self._issue(subject=x509.Name(attributes), usage=ExtendedKeyUsageOID.CLIENT_AUTH)

    def _issue(
        self,
        *,
        subject: x509.Name,
        usage: x509.ObjectIdentifier,
        names: x509.SubjectAlternativeName | None = None,
    ) -> KeyPair:
        key = ec.generate_private_key(ec.SECP256R1())
        builder = _certificate(subject=subject, issuer=self._name, key=key.public_key())
        builder = builder.add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
        if names is not None:
            builder = builder.add_extension(names, critical=False)
        signed = builder.sign(self._key, hashes.SHA256())
        return KeyPair(
            cert_pem=signed.public_bytes(serialization.Encoding.PEM).decode(),
            key_pem=_private_pem(key),
        )


def signing_key() -> str:
    """Make the key that signs service account tokens."""
    return _private_pem(ec.generate_private_key(ec.SECP256R1()))


def write_private(path: Path, text: str) -> Path:
    """Write a file that only this user can read, and return its path."""
    path.touch(mode=0o600)
    path.write_text(text)
    return path


def _private_pem(key: ec.EllipticCurvePrivateKey) -> str:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL,  # the apiserver reads no EC key in PKCS #8
        serialization.NoEncryption(),
    ).decode()


def _certificate(
    *, subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey
) -> x509.CertificateBuilder:
    # Back-dated: a test may freeze the clock a little before now.
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=2))
    )

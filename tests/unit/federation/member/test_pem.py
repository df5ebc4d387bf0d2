"""Certificates and keys as text."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from federation.member import pem
from federation.member.errors import AccessInvalid
from tests.fakes.kubeconfigs import authority


def test_certificates_are_written_anew_without_what_stood_around_them() -> None:
    text = f"subject=/CN=x\n{authority().pem}\n# a note\n{authority().pem}"

    found = pem.certificates(text, field="ca")

    assert found == authority().pem * 2


@pytest.mark.parametrize(
    "text", ["", "x", "-----BEGIN CERTIFICATE-----\nAA\n-----END CERTIFICATE-----"]
)
def test_what_is_no_certificate_is_refused_by_its_field(text: str) -> None:
    with pytest.raises(AccessInvalid, match=r"^ca: not a PEM certificate"):
        pem.certificates(text, field="ca")


def test_a_key_is_written_anew_as_pkcs8() -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    old = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    ).decode()

    found = pem.private_key(f"note\n{old}", field="key")

    assert found.startswith("-----BEGIN PRIVATE KEY-----\n")


def test_an_encrypted_key_is_refused_because_tls_would_ask_the_terminal() -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    text = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(b"x"),
    ).decode()

    with pytest.raises(AccessInvalid, match=r"^key: the key is encrypted"):
        pem.private_key(text, field="key")


def test_a_certificate_in_the_place_of_the_key_is_refused() -> None:
    with pytest.raises(AccessInvalid, match=r"^key: not a PEM private key"):
        pem.private_key(authority().pem, field="key")


def test_a_key_must_belong_to_its_certificate() -> None:
    first, second = authority().client(user="a"), authority().client(user="b")

    pem.check_pair(first.cert_pem, first.key_pem, field="key")
    with pytest.raises(AccessInvalid, match="does not belong"):
        pem.check_pair(first.cert_pem, second.key_pem, field="key")


def test_endless_text_is_refused_before_it_is_parsed() -> None:
    with pytest.raises(AccessInvalid, match="longer than"):
        pem.certificates(authority().pem * 1000, field="ca")


def test_the_end_of_a_certificate_is_an_aware_time() -> None:
    found = pem.expires_at(authority().client(user="a").cert_pem)

    assert found > datetime.now(tz=UTC)

"""S-33, the member's part: what opens a cluster is in no repr, message, log line or traceback."""

from __future__ import annotations

import logging
import traceback
from typing import TYPE_CHECKING

import pytest

from federation.member.client import Client, Impersonation
from federation.member.credentials import AddressPolicy, ClusterAccess, parse_kubeconfig
from federation.member.transport import Transport
from projects.errors import DomainError
from tests.fakes import kubeconfigs, tls_server
from tests.fakes.members import LOOPBACK
from tests.fakes.tls_server import TlsServer

if TYPE_CHECKING:
    from collections.abc import Iterator

CANARY = "canary-7f3-token"


@pytest.fixture
def server() -> Iterator[TlsServer]:
    with TlsServer() as running:
        yield running


@pytest.fixture
def access(server: TlsServer) -> ClusterAccess:
    pair = server.authority.client(user="deployer")
    return ClusterAccess(
        server=server.url,
        ca_pem=server.ca_pem,
        token=CANARY,
        client_cert_pem=pair.cert_pem,
        client_key_pem=pair.key_pem,
    )


def secret_lines(access: ClusterAccess) -> list[str]:
    return [CANARY, *access.client_key_pem.splitlines()[1:-1]]


def test_no_repr_shows_a_secret(access: ClusterAccess) -> None:
    with Transport(access, policy=LOOPBACK) as transport:
        client = Client(transport, impersonate=Impersonation(user="someone"))
        shown = "".join(map(repr, (access, transport, client, [access], {"a": access})))
        shown += f"{access}{access!s}{transport}{client}"

    assert not [line for line in secret_lines(access) if line in shown]


@pytest.mark.parametrize(
    "answer",
    [
        tls_server.silence,
        tls_server.reset,
        tls_server.broken(),
        tls_server.text("<html>"),
        tls_server.failure(401),
        tls_server.failure(500, message="no"),
        tls_server.redirect("https://elsewhere.example"),
    ],
)
def test_no_fault_shows_a_secret_in_messages_logs_or_tracebacks(
    server: TlsServer,
    access: ClusterAccess,
    answer: tls_server.Answer,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    server.answer = answer

    with (
        Transport(access, policy=LOOPBACK, read_timeout=0.3) as transport,
        pytest.raises(DomainError) as caught,
    ):
        Client(transport).version()

    shown = "".join(traceback.format_exception(caught.value)) + caplog.text
    shown += repr(caught.value.causes) + str(caught.value.__cause__)
    assert not [line for line in secret_lines(access) if line in shown]
    assert server.requests[0].headers["authorization"] == f"Bearer {CANARY}"


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("token", f"{CANARY}\nX-Injected: 1"),
        ("token", [CANARY]),
        ("client-key-data", CANARY),
        ("client-certificate-data", kubeconfigs.encoded(CANARY)),
        (f"unknown-{'x' * 200}", CANARY),
        ("exec", {"command": CANARY}),
        ("password", CANARY),
    ],
)
def test_a_refused_kubeconfig_does_not_quote_its_values(key: str, value: object) -> None:
    with pytest.raises(DomainError) as caught:
        parse_kubeconfig(kubeconfigs.spoiled("user", key, value))

    shown = "".join(traceback.format_exception(caught.value)) + repr(caught.value.causes)
    assert CANARY not in shown
    assert kubeconfigs.encoded(CANARY) not in shown


def test_an_address_that_is_refused_shows_no_secret(access: ClusterAccess) -> None:
    with pytest.raises(DomainError) as caught:
        Transport(access, policy=AddressPolicy())

    assert CANARY not in "".join(traceback.format_exception(caught.value))


def test_the_credential_goes_to_no_server_that_was_not_verified(access: ClusterAccess) -> None:
    with TlsServer() as other:
        moved = ClusterAccess(server=other.url, ca_pem=access.ca_pem, token=CANARY)
        with Transport(moved, policy=LOOPBACK) as transport, pytest.raises(DomainError):
            Client(transport).version()

        assert other.requests == []

"""Who is spoken to: names, addresses, certificates, and who we say we are."""

from __future__ import annotations

import os
import socket
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from federation.member import transport as transports
from federation.member.credentials import AddressPolicy, ClusterAccess
from federation.member.errors import (
    AccessInvalid,
    AddressNotAllowed,
    ClusterUnreachable,
    TLSVerifyFailed,
)
from federation.member.transport import Transport
from tests.fakes import tls_server
from tests.fakes.members import LOOPBACK, TOKEN, connect, resolve_as
from tests.fakes.tls_server import TlsServer
from tests.realcluster.pki import Authority

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def server() -> Iterator[TlsServer]:
    with TlsServer() as running:
        yield running


def test_a_refused_connection_says_so() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    access = ClusterAccess(server=f"https://127.0.0.1:{port}", token="t")

    with (
        Transport(access, policy=LOOPBACK) as transport,
        pytest.raises(ClusterUnreachable, match=r"127.0.0.1: connection refused"),
    ):
        transport.request("GET", "/")


def test_a_server_that_speaks_no_tls_is_unreachable() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        access = ClusterAccess(server=f"https://127.0.0.1:{listener.getsockname()[1]}", token="t")
        speaking = threading.Thread(target=_speak_plainly, args=(listener,))
        speaking.start()
        with (
            Transport(access, policy=LOOPBACK) as transport,
            pytest.raises(ClusterUnreachable, match="TLS failed: wrong version number"),
        ):
            transport.request("GET", "/")
        speaking.join()


def test_a_certificate_of_another_authority_is_refused(server: TlsServer) -> None:
    access = ClusterAccess(server=server.url, ca_pem=Authority().pem, token=TOKEN)

    with Transport(access, policy=LOOPBACK) as transport, pytest.raises(TLSVerifyFailed) as caught:
        transport.request("GET", "/")

    assert caught.value.retry_after == 900
    assert server.requests == []


def test_without_an_authority_only_the_machines_own_roots_are_trusted(server: TlsServer) -> None:
    access = ClusterAccess(server=server.url, token=TOKEN)

    with Transport(access, policy=LOOPBACK) as transport, pytest.raises(TLSVerifyFailed):
        transport.request("GET", "/")

    assert server.requests == []


def test_a_certificate_for_another_name_is_refused(server: TlsServer) -> None:
    access = ClusterAccess(
        server=server.url, ca_pem=server.ca_pem, token=TOKEN, tls_server_name="other.example"
    )

    with (
        Transport(access, policy=LOOPBACK) as transport,
        pytest.raises(TLSVerifyFailed, match=r"other.example"),
    ):
        transport.request("GET", "/")


def test_the_tls_server_name_is_the_name_that_counts(server: TlsServer) -> None:
    access = ClusterAccess(
        server=server.url, ca_pem=server.ca_pem, token=TOKEN, tls_server_name="kubernetes"
    )

    with Transport(access, policy=LOOPBACK) as transport:
        assert transport.request("GET", "/").status == 200


def test_ipv6_is_spoken() -> None:
    with TlsServer(host="::1") as server, connect(server) as transport:
        assert transport.request("GET", "/").status == 200
        assert server.requests[0].headers["host"] == f"[::1]:{server.port}"


def test_a_client_certificate_is_presented_and_leaves_no_file(
    server: TlsServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transports.tempfile, "tempdir", str(tmp_path))
    pair = server.authority.client(user="deployer", groups=("team",))
    access = ClusterAccess(
        server=server.url,
        ca_pem=server.ca_pem,
        client_cert_pem=pair.cert_pem,
        client_key_pem=pair.key_pem,
    )
    presented: list[object] = []

    def look(exchange: tls_server.Exchange) -> None:
        presented.append(exchange.sock.getpeercert())
        tls_server.as_json({})(exchange)

    server.answer = look
    with Transport(access, policy=LOOPBACK) as transport:
        transport.request("GET", "/")

    assert "deployer" in str(presented[0])
    assert list(tmp_path.iterdir()) == []
    assert "authorization" not in server.requests[0].headers


def test_the_key_file_is_readable_by_nobody_else_while_it_is_there(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    authority = Authority()
    pair = authority.client(user="deployer")
    access = ClusterAccess(
        server="https://cluster.example",
        client_cert_pem=pair.cert_pem,
        client_key_pem=pair.key_pem,
    )
    modes: list[int] = []
    load = transports.ssl.SSLContext.load_cert_chain

    def watched(context: transports.ssl.SSLContext, path: str, password: str = "") -> None:
        modes.append(Path(path).stat().st_mode & 0o777)
        load(context, path, password=password)

    monkeypatch.setattr(transports.ssl.SSLContext, "load_cert_chain", watched)
    old = os.umask(0)
    try:
        Transport(access, policy=LOOPBACK).close()
    finally:
        os.umask(old)

    assert modes == [0o600]


def test_key_material_that_tls_refuses_is_invalid_access() -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=1024)  # noqa: S505 - too small on purpose
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "deployer")])
    start = datetime.now(tz=UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    pkcs8 = (serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    access = ClusterAccess(
        server="https://cluster.example",
        client_cert_pem=certificate.public_bytes(pem).decode(),
        client_key_pem=key.private_bytes(pem, *pkcs8).decode(),
    )

    with pytest.raises(AccessInvalid, match="TLS does not take it: ee key too small"):
        Transport(access, policy=LOOPBACK)


def test_a_refused_address_is_refused_before_anything_is_opened(server: TlsServer) -> None:
    access = ClusterAccess(server=server.url, ca_pem=server.ca_pem, token=TOKEN)

    with pytest.raises(AddressNotAllowed):
        Transport(access, policy=AddressPolicy(allow_private=True))

    assert server.connections == 0


def test_the_next_address_of_a_name_is_tried_when_the_first_refuses(
    server: TlsServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    resolve_as(monkeypatch, "kubernetes", ("127.0.0.9", "127.0.0.1"))

    with connect(server, url=f"https://kubernetes:{server.port}") as transport:
        response = transport.request("GET", "/")

    assert response.status == 200
    assert server.requests[0].headers["host"] == f"kubernetes:{server.port}"


def _speak_plainly(listener: socket.socket) -> None:
    sock, _ = listener.accept()
    with sock:
        sock.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        sock.recv(1000)

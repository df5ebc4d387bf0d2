"""S-31: a cluster's address leads nowhere but to a cluster: https, verified, and allowed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from federation.member import transport as transports
from federation.member.credentials import (
    AccessInvalid,
    AddressPolicy,
    ClusterAccess,
    parse_kubeconfig,
)
from federation.member.errors import AddressNotAllowed, TLSVerifyFailed
from federation.member.transport import Transport
from tests.fakes import kubeconfigs, tls_server
from tests.fakes.members import TOKEN, connect, resolve_as
from tests.fakes.tls_server import TlsServer

if TYPE_CHECKING:
    from collections.abc import Iterator

METADATA = "169.254.169.254"


@pytest.fixture
def server() -> Iterator[TlsServer]:
    with TlsServer() as running:
        yield running


@pytest.mark.parametrize(
    "server",
    [
        "http://cluster.example",
        "http://169.254.169.254/latest/meta-data",
        "ftp://cluster.example",
        "file:///etc/passwd",
        "//cluster.example",
        "https://0177.0.0.1",
        "https://2130706433",
        "https://0x7f000001",
        "https://127.1",
        "https://user:pw@cluster.example",
        "https://cluster.example@169.254.169.254",
        "https://cluster.example\\@169.254.169.254",
        "https://cluster.example\r\nX-Injected: 1",
        "https://[::ffff:127.0.0.1%25lo]",
    ],
)
@pytest.mark.parametrize("second", [False, True])
def test_a_server_that_is_no_plain_https_address_is_refused(server: str, second: bool) -> None:
    with pytest.raises(AccessInvalid) as caught:
        parse_kubeconfig(kubeconfigs.spoiled("cluster", "server", server, second=second))

    assert caught.value.field == f"clusters[{int(second)}].cluster.server"


@pytest.mark.parametrize("key", ["proxy-url", "insecure-skip-tls-verify"])
@pytest.mark.parametrize("second", [False, True])
def test_a_proxy_and_switching_verification_off_are_refused(key: str, second: bool) -> None:
    value = True if key.startswith("insecure") else "http://169.254.169.254"

    with pytest.raises(AccessInvalid) as caught:
        parse_kubeconfig(kubeconfigs.spoiled("cluster", key, value, second=second))

    assert caught.value.field == f"clusters[{int(second)}].cluster.{key}"


@pytest.mark.parametrize(
    "server",
    [
        "https://127.0.0.1",
        "https://127.8.8.8:6443",
        "https://[::1]",
        "https://169.254.169.254",
        "https://[fe80::1]",
        "https://[fd00:ec2::254]",
        "https://[::ffff:169.254.169.254]",
        "https://[64:ff9b::a9fe:a9fe]",
        "https://0.0.0.0",
        "https://224.0.0.1",
        "https://10.0.0.1",
        "https://192.168.0.1",
    ],
)
def test_an_address_that_is_not_allowed_is_refused_before_a_connection(server: str) -> None:
    access = ClusterAccess(server=server, token=TOKEN)

    with pytest.raises(AddressNotAllowed):
        Transport(access, policy=AddressPolicy())


def test_metadata_services_are_refused_even_when_everything_else_is_allowed() -> None:
    access = ClusterAccess(server=f"https://{METADATA}", token=TOKEN)

    with pytest.raises(AddressNotAllowed):
        Transport(access, policy=AddressPolicy(allow_loopback=True, allow_private=True))


def test_a_name_that_leads_to_the_loopback_is_refused_without_a_connection(
    server: TlsServer,
) -> None:
    access = ClusterAccess(
        server=f"https://localhost:{server.port}", ca_pem=server.ca_pem, token=TOKEN
    )

    with (
        Transport(access, policy=AddressPolicy(allow_private=True)) as transport,
        pytest.raises(AddressNotAllowed),
    ):
        transport.request("GET", "/")

    assert server.connections == 0


def test_the_hubs_own_services_can_be_refused(server: TlsServer) -> None:
    access = ClusterAccess(server=server.url, ca_pem=server.ca_pem, token=TOKEN)
    policy = AddressPolicy(allow_loopback=True, refused=("127.0.0.1",))

    with pytest.raises(AddressNotAllowed):
        Transport(access, policy=policy)

    assert server.connections == 0


def test_a_name_that_flips_after_the_check_is_connected_where_it_was_checked(
    server: TlsServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = resolve_as(monkeypatch, "kubernetes", ("127.0.0.1",), (METADATA,))

    with connect(server, url=f"https://kubernetes:{server.port}") as transport:
        for _ in range(3):
            assert transport.request("GET", "/").status == 200

    assert asked == ["kubernetes"]


def test_a_name_that_flipped_is_checked_anew_for_a_new_connection(
    server: TlsServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transports, "_ADDRESSES_KEPT", 0.0)
    resolve_as(monkeypatch, "kubernetes", ("127.0.0.1",), (METADATA,))
    server.answer = tls_server.as_json({}, headers={"Connection": "close"})

    with connect(server, url=f"https://kubernetes:{server.port}") as transport:
        transport.request("GET", "/")
        with pytest.raises(AddressNotAllowed):
            transport.request("GET", "/")

    assert server.connections == 1


def test_the_name_is_verified_not_the_address_it_leads_to(
    server: TlsServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    resolve_as(monkeypatch, "elsewhere.example", ("127.0.0.1",))

    with (
        connect(server, url=f"https://elsewhere.example:{server.port}") as transport,
        pytest.raises(TLSVerifyFailed),
    ):
        transport.request("GET", "/")

    assert server.requests == []


@pytest.mark.parametrize("name", ["HTTPS_PROXY", "https_proxy", "ALL_PROXY"])
def test_a_proxy_of_the_environment_is_not_used(
    server: TlsServer, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    with TlsServer() as proxy:
        monkeypatch.setenv(name, proxy.url)
        with connect(server) as transport:
            assert transport.request("GET", "/").status == 200

        assert proxy.connections == 0

"""Server URLs and the addresses behind them."""

from __future__ import annotations

import ipaddress
import socket
import threading
import time

import pytest

from federation.member.addresses import AddressPolicy, Endpoint, look_up
from federation.member.errors import AccessInvalid, AddressNotAllowed, ClusterUnreachable


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("https://cluster.example", "https://cluster.example:443"),
        ("HTTPS://Cluster.Example:6443/", "https://cluster.example:6443"),
        (
            "https://rancher.example/k8s/clusters/c-m-1",
            "https://rancher.example:443/k8s/clusters/c-m-1",
        ),
        ("https://10.0.0.1:6443", "https://10.0.0.1:6443"),
        ("https://[2001:DB8::1]:6443", "https://[2001:db8::1]:6443"),
        ("https://cluster.example.", "https://cluster.example:443"),
    ],
)
def test_a_server_is_written_one_way(text: str, normal: str) -> None:
    assert str(Endpoint.parse(text)) == normal


@pytest.mark.parametrize(
    "text",
    [
        "",
        "cluster.example",
        "http://cluster.example",
        "https://",
        "https://user:pw@cluster.example",
        "https://cluster.example:0",
        "https://cluster.example:65536",
        "https://cluster.example:6443x",
        "https://cluster.example/a/../b",
        "https://cluster.example//a",
        "https://cluster.example/?a=b",
        "https://cluster.example/#a",
        "https://cluster.example/\n",
        "https://cluster.example/%2e%2e",
        "https://cluster..example",
        "https://-cluster.example",
        "https://clüster.example",
        "https://[::1",
        "https://[fe80::1%25eth0]",
        "https://2130706433",
        "https://0177.0.0.1",
        "https://0x7f.1",
        "https://127.1",
        "https://127.0.0.01",
        "https://1.2.3.4.5",
        "https://" + "a" * 64 + ".example",
    ],
)
def test_what_is_no_plain_https_address_is_refused(text: str) -> None:
    with pytest.raises(AccessInvalid, match=r"^server: "):
        Endpoint.parse(text)


@pytest.mark.parametrize(
    "text",
    [
        "169.254.169.254",
        "169.254.0.1",
        "fe80::1",
        "fd00:ec2::254",
        "fd20:ce::254",
        "100.100.100.200",
        "168.63.129.16",
        "0.0.0.0",  # noqa: S104 - an address to refuse, not to listen on
        "0.1.2.3",
        "::",
        "224.0.0.1",
        "ff02::1",
        "255.255.255.255",
        "240.0.0.1",
        "::ffff:127.0.0.1",
        "::ffff:8.8.8.8",
        "::127.0.0.1",
        "2002:7f00:1::",
        "2001:0:4136:e378:8000:63bf:3fff:fdd2",
        "64:ff9b::a9fe:a9fe",
    ],
)
def test_some_addresses_are_refused_whatever_is_allowed(text: str) -> None:
    policy = AddressPolicy(allow_loopback=True, allow_private=True)

    assert policy.objection(ipaddress.ip_address(text))


@pytest.mark.parametrize(
    ("text", "needs"),
    [
        ("127.0.0.1", "loopback"),
        ("127.9.9.9", "loopback"),
        ("::1", "loopback"),
        ("10.1.2.3", "private"),
        ("172.16.0.1", "private"),
        ("192.168.1.1", "private"),
        ("100.64.0.1", "private"),
        ("fc00::1", "private"),
        ("fec0::1", "private"),
        ("198.18.0.1", "private"),
        ("64:ff9b::a00:1", "private"),
        ("8.8.8.8", ""),
        ("2001:4860:4860::8888", ""),
        ("64:ff9b::808:808", ""),
    ],
)
def test_loopback_and_private_addresses_need_leave(text: str, needs: str) -> None:
    address = ipaddress.ip_address(text)
    loopback = AddressPolicy(allow_loopback=True)
    private = AddressPolicy(allow_private=True)

    assert bool(AddressPolicy().objection(address)) == bool(needs)
    assert bool(loopback.objection(address)) == (needs == "private")
    assert bool(private.objection(address)) == (needs == "loopback")


def test_networks_of_the_hub_itself_can_be_refused() -> None:
    policy = AddressPolicy(allow_private=True, refused=("10.0.7.0/24", "10.9.9.9"))

    assert policy.objection(ipaddress.ip_address("10.0.7.5"))
    assert policy.objection(ipaddress.ip_address("10.9.9.9"))
    assert not policy.objection(ipaddress.ip_address("10.0.8.5"))


def test_a_literal_address_is_judged_without_a_look_up() -> None:
    with pytest.raises(AddressNotAllowed, match=r"127.0.0.1 is a loopback address"):
        AddressPolicy().check(Endpoint.parse("https://127.0.0.1:6443"))


def test_a_name_is_not_judged_before_it_is_looked_up() -> None:
    AddressPolicy().check(Endpoint.parse("https://localhost:6443"))


def test_a_name_that_leads_to_a_refused_address_is_refused_without_telling_it() -> None:
    with pytest.raises(AddressNotAllowed, match="localhost leads to a loopback address") as caught:
        look_up(Endpoint.parse("https://localhost:6443"), policy=AddressPolicy(), timeout=5)

    assert "127.0.0.1" not in caught.value.message
    assert "::1" not in caught.value.message


def test_one_refused_address_refuses_the_name(monkeypatch: pytest.MonkeyPatch) -> None:
    _answer_with(monkeypatch, "8.8.8.8", "169.254.169.254")

    with pytest.raises(AddressNotAllowed):
        look_up(Endpoint.parse("https://cluster.example"), policy=AddressPolicy(), timeout=5)


def test_all_addresses_of_a_name_are_given_once(monkeypatch: pytest.MonkeyPatch) -> None:
    _answer_with(monkeypatch, "8.8.8.8", "8.8.4.4", "8.8.8.8")

    found = look_up(Endpoint.parse("https://cluster.example"), policy=AddressPolicy(), timeout=5)

    assert found == ("8.8.8.8", "8.8.4.4")


def test_a_name_that_is_not_there_is_unreachable() -> None:
    endpoint = Endpoint.parse("https://no-such-host.invalid")

    with pytest.raises(ClusterUnreachable, match="no such host"):
        look_up(endpoint, policy=AddressPolicy(), timeout=30)


def test_a_resolver_that_does_not_answer_is_left_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    release = threading.Event()

    def hang(*_args: object, **_more: object) -> list[object]:
        release.wait(30)
        return []

    monkeypatch.setattr(socket, "getaddrinfo", hang)
    endpoint = Endpoint.parse("https://cluster.example")
    started = time.monotonic()

    with pytest.raises(ClusterUnreachable, match="not found in"):
        look_up(endpoint, policy=AddressPolicy(), timeout=0.2)

    assert time.monotonic() - started < 5
    release.set()


def _answer_with(monkeypatch: pytest.MonkeyPatch, *addresses: str) -> None:
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, 443)) for one in addresses]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_args, **_more: found)

"""Addresses are judged by what they reach, not by how they are written."""

from __future__ import annotations

import ipaddress
import socket
import threading
import time
from typing import Any

import pytest

from gitops.git import addresses
from projects.errors import Unavailable

NEVER = [
    "169.254.169.254",
    "fe80::1",
    "0.0.0.0",  # noqa: S104 - an address to refuse, not one to bind
    "::",
    "224.0.0.251",
    "ff02::1",
    "255.255.255.255",
    "240.0.0.1",
    "100.100.100.200",
    "168.63.129.16",
    "192.0.0.192",
    "fd00:ec2::254",
    "::ffff:169.254.169.254",
    "64:ff9b::a9fe:a9fe",
    "2002:a9fe:a9fe::1",
    "::a9fe:a9fe",
]
PRIVATE = [
    "127.0.0.1",
    "127.8.8.8",
    "::1",
    "10.0.0.1",
    "172.16.0.1",
    "192.168.1.1",
    "100.64.0.1",
    "fd12::1",
    "fec0::1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b:1::1",
    "2002:7f00:1::1",
    "::7f00:1",
]
PUBLIC = ["8.8.8.8", "140.82.112.3", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"]


@pytest.mark.parametrize("text", NEVER)
def test_some_addresses_are_never_called(text: str) -> None:
    assert addresses.problem(ipaddress.ip_address(text), allow_private=True)


@pytest.mark.parametrize("text", PRIVATE)
def test_private_addresses_are_called_only_when_allowed(text: str) -> None:
    address = ipaddress.ip_address(text)

    assert addresses.problem(address, allow_private=False)
    assert addresses.problem(address, allow_private=True) == ""


@pytest.mark.parametrize("text", PUBLIC)
def test_public_addresses_are_called(text: str) -> None:
    assert addresses.problem(ipaddress.ip_address(text), allow_private=False) == ""


def _answering(*texts: str) -> Any:
    def answer(host: str, port: int, **_: object) -> list[Any]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (text, port)) for text in texts]

    return answer


class TestResolve:
    def test_gives_each_address_once(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(socket, "getaddrinfo", _answering("8.8.8.8", "8.8.4.4", "8.8.8.8"))

        found = addresses.resolve(
            "git.example", 443, allow_private=False, deadline=time.monotonic() + 5
        )

        assert found == ("8.8.8.8", "8.8.4.4")

    def test_refuses_a_name_that_also_points_inside(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(socket, "getaddrinfo", _answering("8.8.8.8", "169.254.169.254"))

        with pytest.raises(addresses.AddressNotAllowed, match=r"git\.example .*169\.254"):
            addresses.resolve("git.example", 443, allow_private=True, deadline=time.monotonic() + 5)

    def test_says_that_a_name_is_unknown(self) -> None:
        with pytest.raises(addresses.HostNotFound, match=r"nope\.invalid"):
            addresses.resolve(
                "nope.invalid", 443, allow_private=False, deadline=time.monotonic() + 20
            )

    def test_does_not_wait_for_a_name_server_beyond_the_deadline(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        answered = threading.Event()

        def hang(*_: object, **__: object) -> list[Any]:
            answered.wait(30)
            return []

        monkeypatch.setattr(socket, "getaddrinfo", hang)
        before = time.monotonic()

        with pytest.raises(Unavailable, match="no answer in time"):
            addresses.resolve("slow.example", 443, allow_private=False, deadline=before + 0.2)
        took = time.monotonic() - before
        answered.set()

        assert took < 5

"""Ways to reach a fake or real member cluster from a test, on the loopback."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING, Any

from federation.member.credentials import AddressPolicy, ClusterAccess
from federation.member.transport import Transport

if TYPE_CHECKING:
    import pytest

    from tests.fakes.tls_server import TlsServer

LOOPBACK = AddressPolicy(allow_loopback=True)
TOKEN = "a-bearer-token"


def connect(server: TlsServer, *, url: str = "", **options: Any) -> Transport:
    """Make a transport to the server; options are those of Transport."""
    access = ClusterAccess(server=url or server.url, ca_pem=server.ca_pem, token=TOKEN)
    return Transport(access, policy=LOOPBACK, **options)


def resolve_as(monkeypatch: pytest.MonkeyPatch, name: str, *answers: tuple[str, ...]) -> list[str]:
    """Answer look-ups of a name with each set of addresses in turn, the last one for good.

    Returns the list of names that were asked for, which grows. Addresses resolve as ever.
    """
    really, asked = socket.getaddrinfo, []
    waiting = list(answers)

    def answer(host: str, port: int, *args: Any, **more: Any) -> list[Any]:
        if host != name:
            return list(really(host, port, *args, **more))
        asked.append(host)
        found = waiting.pop(0) if len(waiting) > 1 else waiting[0]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, port)) for one in found]

    monkeypatch.setattr(socket, "getaddrinfo", answer)
    return asked

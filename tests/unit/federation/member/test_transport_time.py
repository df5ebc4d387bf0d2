"""No call outlasts its time, whatever the other side does or does not."""

from __future__ import annotations

import socket
import threading
import time
from typing import TYPE_CHECKING

import pytest

from federation.member.errors import (
    ClusterUnreachable,
    DeadlineExceeded,
)
from tests.fakes import tls_server
from tests.fakes.members import connect
from tests.fakes.tls_server import TlsServer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from federation.member.transport import Transport


@pytest.fixture
def server() -> Iterator[TlsServer]:
    with TlsServer() as running:
        yield running


def test_a_server_that_never_answers_is_left_after_the_read_timeout(server: TlsServer) -> None:
    server.answer = tls_server.silence
    started = time.monotonic()

    with (
        connect(server, connect_timeout=1.0, read_timeout=0.3) as transport,
        pytest.raises(ClusterUnreachable, match="no answer in time"),
    ):
        transport.request("GET", "/")

    assert time.monotonic() - started < 3


def test_a_server_that_accepts_and_stays_mute_is_left_after_the_connect_timeout() -> None:
    started = time.monotonic()

    with (
        TlsServer(handshakes=False) as server,
        connect(server, connect_timeout=0.3) as transport,
        pytest.raises(ClusterUnreachable, match="no answer in time"),
    ):
        transport.request("GET", "/")

    assert time.monotonic() - started < 3


@pytest.mark.parametrize(
    "head",
    [
        b"",
        b"HTTP/1.1 200 OK\r\nX-Slow: ",
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 9999\r\n\r\n",
    ],
)
def test_a_server_that_dribbles_is_left_at_the_deadline(server: TlsServer, head: bytes) -> None:
    server.answer = tls_server.dribble(head)
    started = time.monotonic()

    with connect(server) as transport, pytest.raises(DeadlineExceeded, match="own time was up"):
        transport.request("GET", "/", deadline=started + 0.5)

    assert 0.4 < time.monotonic() - started < 3


def test_a_dribble_ends_without_a_deadline_too(server: TlsServer) -> None:
    server.answer = tls_server.dribble(b"HTTP/1.1 200 OK\r\nX-Slow: ")
    started = time.monotonic()

    with (
        connect(server, connect_timeout=0.2, read_timeout=0.3) as transport,
        pytest.raises(ClusterUnreachable),
    ):
        transport.request("GET", "/")

    assert time.monotonic() - started < 3


def test_waiting_for_a_free_connection_ends_at_the_deadline(server: TlsServer) -> None:
    server.answer = tls_server.silence

    with connect(server, connections=1, read_timeout=2.0) as transport:
        holder = threading.Thread(target=_swallow, args=(transport,))
        holder.start()
        while not server.requests:
            time.sleep(0.01)
        started = time.monotonic()
        with pytest.raises(DeadlineExceeded):
            transport.request("GET", "/", deadline=started + 0.3)
        waited = time.monotonic() - started
        holder.join()

    assert waited < 1.5


def test_connecting_ends_at_the_deadline_and_is_told_as_such() -> None:
    started = time.monotonic()

    with (
        TlsServer(handshakes=False) as server,
        connect(server) as transport,
        pytest.raises(DeadlineExceeded),
    ):
        transport.request("GET", "/", deadline=started + 0.3)

    assert time.monotonic() - started < 3


def test_a_look_up_ends_at_the_deadline_and_is_told_as_such(
    server: TlsServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    release = threading.Event()

    def hang(*_args: object, **_more: object) -> list[object]:
        release.wait(30)
        return []

    monkeypatch.setattr(socket, "getaddrinfo", hang)

    with (
        connect(server, url=f"https://kubernetes:{server.port}") as transport,
        pytest.raises(DeadlineExceeded),
    ):
        transport.request("GET", "/", deadline=time.monotonic() + 0.3)

    release.set()


def test_no_request_is_made_when_the_deadline_has_passed(server: TlsServer) -> None:
    with connect(server) as transport, pytest.raises(DeadlineExceeded):
        transport.request("GET", "/", deadline=time.monotonic() - 1)

    assert server.connections == 0


def _swallow(transport: Transport) -> None:
    with pytest.raises(ClusterUnreachable):
        transport.request("GET", "/")

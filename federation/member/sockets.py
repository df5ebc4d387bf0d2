"""Connections that go to checked addresses only and never outlast the call they serve.

A socket timeout bounds one read, so a server that sends a byte now and then holds its caller for
ever; here every read and write of a connection is bounded by the end of the call that runs in this
thread. urllib3 keeps the pool and HTTP; this module gives it a socket class and a connection class.
Which addresses are allowed is decided in addresses.py, what a fault means in transport.py.
"""

from __future__ import annotations

import http.client
import ssl
import time
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from urllib3 import HTTPSConnectionPool
from urllib3.connection import HTTPSConnection
from urllib3.exceptions import ProtocolError
from urllib3.util import connection as connecting

from federation.member.errors import ClusterUnreachable

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Iterator

    from _typeshed import ReadableBuffer, WriteableBuffer
    from urllib3 import HTTPResponse


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """The time a call may take: `ends_at` on the monotonic clock, `idle` seconds without a byte."""

    ends_at: float
    idle: float

    def remaining(self) -> float:
        """Seconds that the next wait may last.

        Raises: TimeoutError when there are none; what a socket would raise.
        """
        left = self.ends_at - time.monotonic()
        if left <= 0:
            raise TimeoutError("the call is out of time")
        return min(self.idle, left)


_call: ContextVar[Call | None] = ContextVar("call", default=None)


@contextmanager
def bounded(call: Call) -> Iterator[None]:
    """Bound all reads and writes of this thread while it is in here."""
    token = _call.set(call)
    try:
        yield
    finally:
        _call.reset(token)


class BoundedSocket(ssl.SSLSocket):
    """A TLS socket that looks at the running call before each read and write."""

    def recv_into(self, buffer: WriteableBuffer, nbytes: int | None = None, flags: int = 0) -> int:
        self._bound()
        return super().recv_into(buffer, nbytes, flags)

    def send(self, data: ReadableBuffer, flags: int = 0) -> int:
        self._bound()
        return super().send(data, flags)

    def _bound(self) -> None:
        call = _call.get()
        if call is not None:
            self.settimeout(call.remaining())


class StaleConnection(ProtocolError):
    """A kept connection was closed by the other side before it answered: as good as never sent."""


class PinnedConnection(HTTPSConnection):
    """A connection to the addresses `find_addresses` gives, verified for the name of the URL."""

    def __init__(
        self, *args: Any, find_addresses: Callable[[float], tuple[str, ...]], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self._find_addresses = find_addresses
        self._answers = 0
        self._held: list[bytes] | None = None

    def connect(self) -> None:
        self._answers = 0
        super().connect()

    def request(self, *args: Any, **kwargs: Any) -> None:
        """Send head and body as one write: one TLS record and one packet less for each apply."""
        self._held = []
        try:
            super().request(*args, **kwargs)
            held = b"".join(self._held)
        finally:
            self._held = None
        try:
            super().send(held)
        except (ssl.SSLEOFError, ssl.SSLZeroReturnError) as error:
            if self._answers:
                raise StaleConnection("the kept connection was closed") from error
            raise

    def send(self, data: Any) -> None:
        if self._held is None:
            super().send(data)
        else:
            self._held.append(data)

    def getresponse(self) -> HTTPResponse:  # type: ignore[override]  # as urllib3's own
        try:
            found = super().getresponse()
        except (http.client.RemoteDisconnected, ConnectionError, ssl.SSLEOFError) as error:
            if self._answers:
                raise StaleConnection("the kept connection was closed") from error
            raise
        self._answers += 1
        return found

    def _new_conn(self) -> socket.socket:
        """Connect to the first address that answers; look-up, TCP and TLS share one budget."""
        budget = self.timeout if isinstance(self.timeout, (int, float)) else 5.0
        ends_at = time.monotonic() + budget
        addresses = self._find_addresses(ends_at)
        problem = "no time left to connect"
        for index, address in enumerate(addresses):
            left = ends_at - time.monotonic()
            if left <= 0:
                break
            try:
                sock = connecting.create_connection(
                    (address, self.port),
                    left / (len(addresses) - index),
                    socket_options=self.socket_options,
                )
            except TimeoutError:
                problem = f"no connection in {budget:.0f} s"
            except OSError as error:
                problem = (error.strerror or "no connection").lower()
            else:
                sock.settimeout(max(ends_at - time.monotonic(), 0.001))
                return sock
        raise ClusterUnreachable(f"{self.host}: {problem}")


class PinnedPool(HTTPSConnectionPool):
    """Keeps connections of the class above."""

    ConnectionCls = PinnedConnection

"""A small HTTPS server that behaves as told: what a real API server does not do on request.

Real TLS on the loopback with an authority of its own. `answer` says how the next requests are
answered and may be changed at any time; every request is kept, with its headers. Besides JSON it
knows redirects, huge, endless and broken bodies, silence before and after the handshake, a byte now
and then, and resets. Keep-alive works as in HTTP/1.1, so a test can count connections.
"""

from __future__ import annotations

import contextlib
import json
import socket
import ssl
import struct
import tempfile
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from tests.realcluster.pki import Authority

if TYPE_CHECKING:
    from collections.abc import Mapping

STATUS = {"kind": "Status", "apiVersion": "v1", "status": "Failure"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One request as it came in; header names are in lower case, the last of a name wins."""

    method: str
    path: str
    headers: Mapping[str, str]
    lines: tuple[str, ...]
    body: bytes


@dataclass(slots=True)
class Exchange:
    """One request and the way to answer it; `keep` says whether the connection stays open."""

    request: Request
    sock: ssl.SSLSocket
    stopped: threading.Event
    keep: bool = True

    def send(self, *parts: bytes) -> None:
        """Send bytes as they are."""
        self.sock.sendall(b"".join(parts))

    def head(self, status: int, headers: Mapping[str, str]) -> None:
        """Send a status line and headers."""
        lines = [f"HTTP/1.1 {status} X", *(f"{name}: {value}" for name, value in headers.items())]
        self.send("\r\n".join(lines).encode(), b"\r\n\r\n")

    def reset(self) -> None:
        """End the connection with a TCP reset."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.keep = False


Answer = Callable[[Exchange], None]


def text(
    body: str | bytes,
    *,
    status: int = 200,
    content_type: str = "text/html",
    headers: Mapping[str, str] | None = None,
) -> Answer:
    """Answer with a body."""
    data = body.encode() if isinstance(body, str) else body

    def answer(exchange: Exchange) -> None:
        length = {"Content-Type": content_type, "Content-Length": str(len(data))}
        exchange.head(status, {**length, **(headers or {})})
        exchange.send(data)

    return answer


def as_json(
    document: Any, *, status: int = 200, headers: Mapping[str, str] | None = None
) -> Answer:
    """Answer with a JSON document."""
    body = json.dumps(document)
    return text(body, status=status, content_type="application/json", headers=headers)


def failure(
    code: int, *, message: str = "", headers: Mapping[str, str] | None = None, **more: Any
) -> Answer:
    """Answer with a Status; `more` are its further fields."""
    document = {**STATUS, "code": code, "message": message, **more}
    return as_json(document, status=code, headers=headers)


def redirect(to: str, *, status: int = 302) -> Answer:
    """Answer with a redirect."""
    return text("", status=status, headers={"Location": to})


def huge(size: int) -> Answer:
    """Announce and send a body of that size."""

    def answer(exchange: Exchange) -> None:
        headers = {"Content-Type": "application/json", "Content-Length": str(size)}
        exchange.head(200, headers)
        _pour(exchange, b"0" * 65536, size // 65536)

    return answer


def endless(chunk: bytes = b"0" * 65536) -> Answer:
    """Send chunks for ever."""

    def answer(exchange: Exchange) -> None:
        headers = {"Content-Type": "application/json", "Transfer-Encoding": "chunked"}
        exchange.head(200, headers)
        _pour(exchange, b"%x\r\n%s\r\n" % (len(chunk), chunk), None)

    return answer


def dribble(head: bytes = b"", *, every: float = 0.05) -> Answer:
    """Send `head`, then one byte now and then: never silent, never done."""

    def answer(exchange: Exchange) -> None:
        exchange.send(head)
        while not exchange.stopped.wait(every):
            exchange.send(b"x")

    return answer


def silence(exchange: Exchange) -> None:
    """Take the request and never answer."""
    exchange.stopped.wait()
    exchange.keep = False


def reset(exchange: Exchange) -> None:
    """Take the request and reset the connection."""
    exchange.reset()


def broken(body: bytes = b'{"kind": "Li') -> Answer:
    """Announce more than is sent, then reset: the answer breaks off in the middle."""

    def answer(exchange: Exchange) -> None:
        headers = {"Content-Type": "application/json", "Content-Length": str(len(body) + 100)}
        exchange.head(200, headers)
        exchange.send(body)
        exchange.keep = False

    return answer


def then_close(answer: Answer) -> Answer:
    """Answer, then close the connection without having said so."""

    def closing(exchange: Exchange) -> None:
        answer(exchange)
        exchange.keep = False

    return closing


@dataclass(slots=True)
class TlsServer:
    """The server; a context manager. `handshakes=False` accepts connections and stays mute."""

    answer: Answer = field(default_factory=lambda: as_json({}))
    handshakes: bool = True
    authority: Authority = field(default_factory=Authority)
    host: str = "127.0.0.1"
    requests: list[Request] = field(default_factory=list)
    connections: int = 0
    _stopped: threading.Event = field(default_factory=threading.Event)
    _open: set[socket.socket] = field(default_factory=set)
    _listener: socket.socket | None = None

    def __enter__(self) -> Self:
        family = socket.AF_INET6 if ":" in self.host else socket.AF_INET
        self._listener = socket.create_server((self.host, 0), family=family)
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_exc: object) -> None:
        self._stopped.set()
        for sock in (self._listener, *tuple(self._open)):
            if sock is not None:
                with contextlib.suppress(OSError):
                    sock.shutdown(socket.SHUT_RDWR)
                sock.close()

    @property
    def port(self) -> int:
        """The port that was free."""
        assert self._listener is not None
        return int(self._listener.getsockname()[1])

    @property
    def url(self) -> str:
        """The address, by number."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"https://{host}:{self.port}"

    @property
    def ca_pem(self) -> str:
        """The authority that signed the server's certificate."""
        return self.authority.pem

    def _accept(self) -> None:
        context = self._context()
        while True:
            try:
                sock, _ = self._listener.accept()  # type: ignore[union-attr]
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._serve, args=(sock, context), daemon=True).start()

    def _serve(self, sock: socket.socket, context: ssl.SSLContext) -> None:
        with contextlib.suppress(OSError, ValueError):
            self._open.add(sock)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if not self.handshakes:
                self._stopped.wait()
                return
            with context.wrap_socket(sock, server_side=True) as tls:
                self._open.add(tls)
                while (request := _read(tls)) is not None:
                    self.requests.append(request)
                    exchange = Exchange(request, tls, self._stopped)
                    self.answer(exchange)
                    if not exchange.keep:
                        return

    def _context(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        pair = self.authority.server()
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "server.pem"
            path.write_text(pair.cert_pem + pair.key_pem)
            context.load_cert_chain(path)
        context.load_verify_locations(cadata=self.ca_pem)
        context.verify_mode = ssl.CERT_OPTIONAL
        return context


def _pour(exchange: Exchange, data: bytes, times: int | None) -> None:
    count = 0
    while not exchange.stopped.is_set() and (times is None or count < times):
        exchange.send(data)
        count += 1


def _read(sock: ssl.SSLSocket) -> Request | None:
    """Read one request; None when the client is done."""
    data = b""
    while b"\r\n\r\n" not in data:
        more = sock.recv(65536)
        if not more:
            return None
        data += more
    head, _, body = data.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    method, path, _ = first.split(" ", 2)
    pairs = (line.split(":", 1) for line in lines)
    headers = {name.strip().lower(): value.strip() for name, value in pairs}
    while len(body) < int(headers.get("content-length", 0)):
        more = sock.recv(65536)
        if not more:
            return None
        body += more
    return Request(method=method, path=path, headers=headers, lines=tuple(lines), body=body)

"""A Git server over smart HTTP: git's own http-backend behind a small web server on the loopback.

Serves every bare repository below one directory, wants a user name and password when told to, and
can misbehave on request: redirect, fail, hang, dribble. Every request is kept with its headers,
so that a test can look for a credential where it has no business. For tests and the demo only:
pushing is refused and nothing is hurried.
"""

from __future__ import annotations

import base64
import contextlib
import http.server
import subprocess
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterator, Mapping
    from pathlib import Path

_CHUNK = 16 << 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One request as it came in; header names are in lower case."""

    method: str
    path: str
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """How to misbehave on paths that contain `only`."""

    only: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Redirect(Fault):
    """Answer with a redirect; the path asked for is added to `to`."""

    to: str
    status: int = 302


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer(Fault):
    """Answer with a status and a text."""

    status: int
    text: str = "out of order\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Hang(Fault):
    """Take the request and never answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dribble(Fault):
    """Answer truly, a few bytes at a time."""

    bytes_per_second: int = 20


@dataclass(slots=True)
class GitServer:
    """A running server."""

    directory: Path
    address: tuple[str, int]
    username: str = ""
    password: str = ""
    token: str = ""
    scheme: str = "http"
    fault: Fault | None = None
    requests: list[Request] = field(default_factory=list)
    stopping: threading.Event = field(default_factory=threading.Event)

    @property
    def url(self) -> str:
        host, port = self.address
        return f"{self.scheme}://{host}:{port}"

    def lets_in(self, header: str) -> bool:
        if self.token and header == f"Bearer {self.token}":
            return True
        if self.username:
            pair = base64.b64encode(f"{self.username}:{self.password}".encode()).decode()
            return header == f"Basic {pair}"
        return not self.token


@contextlib.contextmanager
def serve(
    directory: Path,
    *,
    username: str = "",
    password: str = "",
    token: str = "",
    port: int = 0,
    tls: ssl.SSLContext | None = None,
) -> Iterator[GitServer]:
    """Serve the bare repositories of a directory on 127.0.0.1 until the block ends."""
    directory.mkdir(parents=True, exist_ok=True)
    listener = _Listener(("127.0.0.1", port), _Handler)
    server = GitServer(
        directory=directory,
        address=("127.0.0.1", listener.server_address[1]),
        username=username,
        password=password,
        token=token,
        scheme="https" if tls is not None else "http",
    )
    if tls is not None:
        listener.socket = tls.wrap_socket(
            listener.socket, server_side=True, do_handshake_on_connect=False
        )
    listener.git = server
    serving = threading.Thread(target=listener.serve_forever, args=(0.05,), daemon=True)
    serving.start()
    try:
        yield server
    finally:
        server.stopping.set()
        listener.shutdown()
        serving.join()
        listener.server_close()


class _Listener(http.server.ThreadingHTTPServer):
    daemon_threads = True
    git: GitServer

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing: a client that was ended in the middle is what many tests are about."""


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Listener

    def do_GET(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def log_message(self, *args: object) -> None:
        """Keep the test output clean; requests are in GitServer.requests."""

    def _serve(self) -> None:
        git = self.server.git
        headers = {name.lower(): value for name, value in self.headers.items()}
        git.requests.append(Request(method=self.command, path=self.path, headers=headers))
        body = self._body()
        fault = git.fault if git.fault is not None and git.fault.only in self.path else None
        if isinstance(fault, Redirect):
            self._answer(fault.status, b"", location=fault.to + self.path)
        elif isinstance(fault, Answer):
            self._answer(fault.status, fault.text.encode())
        elif isinstance(fault, Hang):
            self.close_connection = True
            git.stopping.wait()
        elif not git.lets_in(headers.get("authorization", "")):
            self._answer(401, b"who are you\n", challenge='Basic realm="git"')
        else:
            self._run_backend(git, body, fault)

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        found = bytearray()
        while size := int(self.rfile.readline().partition(b";")[0], 16):
            found += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return bytes(found)

    def _answer(self, status: int, text: bytes, *, location: str = "", challenge: str = "") -> None:
        self.send_response(status)
        self.send_header("Content-Type", "text/plain")
        self.send_header("Content-Length", str(len(text)))
        if location:
            self.send_header("Location", location)
        if challenge:
            self.send_header("WWW-Authenticate", challenge)
        self.end_headers()
        self.wfile.write(text)

    def _run_backend(self, git: GitServer, body: bytes, fault: Fault | None) -> None:
        parts = urlsplit(self.path)
        environment = {
            "PATH": "/usr/local/bin:/usr/bin:/bin",
            "HOME": "/nonexistent",
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_PROJECT_ROOT": str(git.directory),
            "GIT_HTTP_EXPORT_ALL": "1",
            "REQUEST_METHOD": self.command,
            "PATH_INFO": parts.path,
            "QUERY_STRING": parts.query,
            "CONTENT_TYPE": self.headers.get("Content-Type", ""),
            "CONTENT_LENGTH": str(len(body)),
            "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
            "HTTP_GIT_PROTOCOL": self.headers.get("Git-Protocol", ""),
            "REMOTE_ADDR": self.client_address[0],
            # A test may have made the directory under another user's name.
            "GIT_CONFIG_COUNT": "1",
            "GIT_CONFIG_KEY_0": "safe.directory",
            "GIT_CONFIG_VALUE_0": "*",
        }
        done = subprocess.run(
            ["git", "http-backend"], env=environment, input=body, capture_output=True, check=False
        )
        head, _, content = done.stdout.partition(b"\r\n\r\n")
        fields = dict(line.split(": ", 1) for line in head.decode().splitlines() if ": " in line)
        self.send_response(int(fields.pop("Status", "200").split()[0]))
        for name, value in fields.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self._write(content, fault)

    def _write(self, content: bytes, fault: Fault | None) -> None:
        if not isinstance(fault, Dribble):
            self.wfile.write(content)
            return
        for at in range(len(content)):
            if self.server.git.stopping.is_set():
                self.close_connection = True
                return
            self.wfile.write(content[at : at + 1])
            self.wfile.flush()
            time.sleep(1 / fault.bytes_per_second)

"""HTTPS to one member cluster: keep-alive, verified, bounded, and unimpressed.

In: method, path, query, body. Out: a Response, whatever its status, or an error of errors.py.
Certificates are always verified, against the cluster's own CA if it has one. Redirects are not
followed (CVE-2020-8559, CVE-2018-1002102: they carry credentials away), nothing is retried but a
kept connection found closed, and an answer larger than max_body is dropped while it is read. A call
ends by its deadline, and in any case after connect_timeout + read_timeout.

Which path means what, and what a status means, is known in client.py and answers.py. Safe for many
threads.
"""

from __future__ import annotations

import http.client
import json
import ssl
import tempfile
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urlencode

import urllib3
from urllib3 import exceptions as faults

from federation.member import addresses, answers, sockets
from federation.member.errors import (
    AccessInvalid,
    ClusterError,
    ClusterUnreachable,
    DeadlineExceeded,
    TLSVerifyFailed,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from federation.member.addresses import AddressPolicy
    from federation.member.credentials import ClusterAccess
    from projects.errors import DomainError

# A LIST page of 500 objects' metadata is about 0.4 MB; with resourceVersion=0 there are no pages.
MAX_BODY = 32 * 1024 * 1024
# How long a looked-up name is believed for new connections: load balancers do move.
_ADDRESSES_KEPT = 60.0
_PIECE = 256 * 1024
_OVER = "no answer before the run's own time was up"
_IDEMPOTENT = frozenset({"GET", "PATCH", "PUT", "DELETE"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """An answer, read to its end."""

    status: int
    headers: urllib3.HTTPHeaderDict
    body: bytes

    def document(self) -> Any | None:
        """The decoded JSON, or None if it is not JSON, by its content type or in fact."""
        media = self.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        if media != "application/json":
            return None
        try:
            return json.loads(self.body.decode())
        except (ValueError, RecursionError):
            return None

    @property
    def retry_after(self) -> float | None:
        return answers.seconds(self.headers.get("Retry-After"))


class Transport:
    """The connections to one cluster under one identity."""

    def __init__(
        self,
        access: ClusterAccess,
        *,
        policy: AddressPolicy,
        connections: int = 8,
        connect_timeout: float = 5.0,
        read_timeout: float = 30.0,
        max_body: int = MAX_BODY,
    ) -> None:
        self._endpoint = access.endpoint
        self._policy = policy
        policy.check(self._endpoint)
        self._connect_timeout = connect_timeout
        self._read_timeout = read_timeout
        self._max_body = max_body
        self._found: tuple[float, tuple[str, ...]] = (0.0, ())
        self._lookup_lock = threading.Lock()
        self._headers = urllib3.HTTPHeaderDict({"User-Agent": "slipway"})
        if access.token:
            self._headers["Authorization"] = f"Bearer {access.token}"
        self._pool = sockets.PinnedPool(
            self._endpoint.host,
            self._endpoint.port,
            maxsize=connections,
            block=True,
            ssl_context=_context(access),
            cert_reqs=ssl.CERT_REQUIRED,
            server_hostname=access.tls_server_name or self._endpoint.host,
            find_addresses=self._find_addresses,
        )

    def request(
        self,
        method: str,
        path: str,
        *,
        query: Sequence[tuple[str, str]] = (),
        body: bytes | None = None,
        headers: Sequence[tuple[str, str]] = (),
        deadline: float | None = None,
        max_body: int | None = None,
    ) -> Response:
        """Send one request and read its answer, whatever its status; headers may repeat a name.

        Raises: ClusterUnreachable, ClusterError, TLSVerifyFailed, AddressNotAllowed,
        DeadlineExceeded.
        """
        call = self._call(deadline)
        url = f"{self._endpoint.path}{path}" + (f"?{urlencode(query)}" if query else "")
        sent = self._headers.copy()
        for name, value in headers:
            sent.add(name, value)
        limit = self._max_body if max_body is None else max_body
        try:
            with sockets.bounded(call):
                try:
                    return self._exchange(method, url, sent, body, call, limit)
                except sockets.StaleConnection:
                    if method not in _IDEMPOTENT:
                        raise
                    return self._exchange(method, url, sent, body, call, limit)
        except (faults.HTTPError, http.client.HTTPException, OSError) as error:
            raise self._translated(error, _is_over(call, deadline)) from error
        except ClusterUnreachable as error:
            if _is_over(call, deadline):
                raise DeadlineExceeded(f"{self._endpoint.host}: {_OVER}") from error
            raise

    def close(self) -> None:
        """Drop all connections."""
        self._pool.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"Transport({str(self._endpoint)!r})"

    def _call(self, deadline: float | None) -> sockets.Call:
        now = time.monotonic()
        longest = now + self._connect_timeout + self._read_timeout
        ends_at = longest if deadline is None else min(deadline, longest)
        if ends_at <= now:
            raise DeadlineExceeded("no time was left to ask the cluster")
        return sockets.Call(ends_at=ends_at, idle=self._read_timeout)

    def _exchange(
        self,
        method: str,
        url: str,
        headers: urllib3.HTTPHeaderDict,
        body: bytes | None,
        call: sockets.Call,
        limit: int,
    ) -> Response:
        left = call.remaining()
        answer = self._pool.urlopen(
            method,
            url,
            body=body,
            headers=headers,
            retries=False,
            redirect=False,
            timeout=urllib3.Timeout(connect=min(self._connect_timeout, left), read=left),
            pool_timeout=left,  # type: ignore[arg-type]  # queue.get takes a float
            preload_content=False,
        )
        data: bytes | None = None
        try:
            data = _read(answer, limit)
        finally:
            if data is None:
                answer.close()  # what is left unread would be taken for the next answer
            answer.release_conn()
        return Response(status=answer.status, headers=answer.headers, body=data)

    def _find_addresses(self, ends_at: float) -> tuple[str, ...]:
        """Look the name up, or take the last answer; several threads wait for one look-up."""
        if not self._lookup_lock.acquire(timeout=max(ends_at - time.monotonic(), 0)):
            raise ClusterUnreachable(f"{self._endpoint.host}: no time left to find the name")
        try:
            until, found = self._found
            if time.monotonic() >= until:
                left = max(ends_at - time.monotonic(), 0)
                found = addresses.look_up(self._endpoint, policy=self._policy, timeout=left)
                self._found = (time.monotonic() + _ADDRESSES_KEPT, found)
            return found
        finally:
            self._lookup_lock.release()

    def _translated(self, error: Exception, over: bool) -> DomainError:
        """Say in our words what went wrong; the library's texts show objects, not causes."""
        host, cause = self._endpoint.host, _root(error)
        if isinstance(cause, (faults.TimeoutError, TimeoutError, faults.EmptyPoolError)):
            if over:
                return DeadlineExceeded(f"{host}: {_OVER}")
            return ClusterUnreachable(f"{host}: no answer in time")
        if isinstance(cause, ssl.SSLCertVerificationError):
            return TLSVerifyFailed(f"{host}: {answers.clip(cause.verify_message)}")
        if isinstance(cause, ssl.SSLError):
            return ClusterUnreachable(f"{host}: TLS failed: {_reason(cause)}")
        if isinstance(cause, (http.client.IncompleteRead, faults.IncompleteRead)):
            return ClusterUnreachable(f"{host}: the answer broke off")
        if isinstance(cause, (http.client.RemoteDisconnected, OSError, sockets.StaleConnection)):
            return ClusterUnreachable(f"{host}: the connection was closed without an answer")
        return ClusterError(f"{host}: not an HTTP answer that can be read")


def _is_over(call: sockets.Call, deadline: float | None) -> bool:
    """Tell whether the caller's time ended the call, and not the cluster's share of it."""
    return deadline is not None and call.ends_at == deadline <= time.monotonic()


def _read(answer: urllib3.BaseHTTPResponse, limit: int) -> bytes:
    """Read an answer to its end, or refuse it as soon as it is too large; unpacking counts."""
    encoding = answer.headers.get("Content-Encoding", "").strip().lower()
    if encoding not in ("", "identity", "gzip"):
        raise ClusterError("the answer is packed in a way that was not asked for")
    # In pieces: http.client lists the chunks of one read, and tiny ones cost many times their size.
    data = bytearray()
    while True:
        piece = answer.read(min(_PIECE, limit + 1 - len(data)), decode_content=True)
        data += piece
        if len(data) > limit:
            raise ClusterError(f"the answer is larger than {limit} bytes")
        if not piece or (not encoding and answer.length_remaining == 0):
            return bytes(data)


def _root(error: BaseException) -> BaseException:
    """Find the fault that urllib3 wrapped; it keeps it among the arguments."""
    inner = next((one for one in error.args if isinstance(one, Exception)), None)
    return error if inner is None else _root(inner)


def _reason(error: ssl.SSLError) -> str:
    """OpenSSL's name for the fault, in words; errors that Python itself raises have none."""
    name = getattr(error, "reason", None) or "no reason given"
    return answers.clip(str(name)).lower().replace("_", " ")


def _context(access: ClusterAccess) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # verifies chain and name by default
    context.sslsocket_class = sockets.BoundedSocket
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    # As Go does, so that what kubectl trusts is what we trust: no common names, any given
    # certificate is an anchor, also an intermediate one.
    context.hostname_checks_common_name = False
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    try:
        if access.ca_pem:
            context.load_verify_locations(cadata=access.ca_pem)
        else:
            context.load_default_certs()
        if access.client_cert_pem:
            _load_client_certificate(context, access)
    except ssl.SSLError as error:
        raise AccessInvalid("certificate", f"TLS does not take it: {_reason(error)}") from error
    return context


def _load_client_certificate(context: ssl.SSLContext, access: ClusterAccess) -> None:
    """Hand a key to OpenSSL, which takes only files: one with mode 0600, gone when this returns."""
    with tempfile.NamedTemporaryFile("w", suffix=".pem") as file:
        file.write(access.client_cert_pem + access.client_key_pem)
        file.flush()
        context.load_cert_chain(file.name, password="")

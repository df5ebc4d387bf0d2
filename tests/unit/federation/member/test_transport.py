"""One request and its answer, against a real TLS server that behaves as told."""

from __future__ import annotations

import gzip
import json
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from federation.member.errors import (
    ClusterError,
    ClusterUnreachable,
)
from tests.fakes import tls_server
from tests.fakes.members import TOKEN, connect
from tests.fakes.tls_server import TlsServer

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def server() -> Iterator[TlsServer]:
    with TlsServer() as running:
        yield running


def test_a_request_carries_what_it_was_given(server: TlsServer) -> None:
    server.answer = tls_server.as_json({"a": 1}, status=201)

    with connect(server, url=f"{server.url}/prefix") as transport:
        response = transport.request(
            "PATCH",
            "/api/v1",
            query=[("force", "true"), ("labelSelector", "a=b,c")],
            body=b"{}",
            headers=[("Accept", "x"), ("Impersonate-Group", "a"), ("Impersonate-Group", "b")],
        )

    sent = server.requests[0]
    assert (response.status, response.document()) == (201, {"a": 1})
    assert (sent.method, sent.body) == ("PATCH", b"{}")
    assert sent.path == "/prefix/api/v1?force=true&labelSelector=a%3Db%2Cc"
    assert sent.headers["authorization"] == f"Bearer {TOKEN}"
    assert sent.headers["accept-encoding"] == "identity"
    assert [line for line in sent.lines if line.startswith("Impersonate-Group")] == [
        "Impersonate-Group: a",
        "Impersonate-Group: b",
    ]


def test_a_large_body_arrives_whole(server: TlsServer) -> None:
    body = bytes(range(256)) * 12_000

    with connect(server) as transport:
        transport.request("PATCH", "/", body=body)
        transport.request("GET", "/")

    assert [request.body for request in server.requests] == [body, b""]
    assert server.connections == 1


def test_connections_are_kept_between_requests(server: TlsServer) -> None:
    with connect(server) as transport:
        for _ in range(5):
            transport.request("GET", "/")

    assert len(server.requests) == 5
    assert server.connections == 1


def test_no_more_connections_are_made_than_allowed(server: TlsServer) -> None:
    with connect(server, connections=2) as transport, ThreadPoolExecutor(8) as pool:
        done = list(pool.map(lambda _: transport.request("GET", "/").status, range(40)))

    assert done == [200] * 40
    assert server.connections <= 2


def test_a_kept_connection_that_was_closed_is_replaced_unseen(server: TlsServer) -> None:
    server.answer = tls_server.then_close(tls_server.as_json({}))

    with connect(server) as transport:
        done = [transport.request("PATCH", "/").status for _ in range(10)]

    assert done == [200] * 10
    assert len(server.requests) == 10


def test_a_reset_instead_of_an_answer_is_not_repeated_on_a_new_connection(
    server: TlsServer,
) -> None:
    server.answer = tls_server.reset

    with (
        connect(server) as transport,
        pytest.raises(ClusterUnreachable, match="closed without an answer"),
    ):
        transport.request("PATCH", "/")

    assert len(server.requests) == 1


def test_a_kept_connection_that_resets_is_tried_once_more_but_not_for_a_create(
    server: TlsServer,
) -> None:
    with connect(server) as transport:
        transport.request("GET", "/")
        server.answer = tls_server.reset
        with pytest.raises(ClusterUnreachable):
            transport.request("POST", "/create")
        server.answer = tls_server.as_json({})
        transport.request("GET", "/")
        server.answer = tls_server.reset
        with pytest.raises(ClusterUnreachable):
            transport.request("PATCH", "/apply")

    paths = [request.path for request in server.requests]
    assert paths.count("/create") == 1
    assert paths.count("/apply") == 2


def test_an_answer_that_breaks_off_is_unreachable_and_does_not_poison_the_next(
    server: TlsServer,
) -> None:
    server.answer = tls_server.broken()

    with connect(server, connections=1) as transport:
        with pytest.raises(ClusterUnreachable, match="broke off"):
            transport.request("GET", "/")
        server.answer = tls_server.as_json({"next": True})
        response = transport.request("GET", "/")

    assert response.document() == {"next": True}


def test_an_answer_dropped_as_too_large_does_not_poison_the_next(server: TlsServer) -> None:
    server.answer = tls_server.text("x" * 5000)

    with connect(server, connections=1) as transport:
        with pytest.raises(ClusterError, match="larger than 1000 bytes"):
            transport.request("GET", "/", max_body=1000)
        server.answer = tls_server.as_json({"next": True})
        response = transport.request("GET", "/", max_body=1000)

    assert response.document() == {"next": True}


def test_an_answer_of_exactly_the_limit_is_taken(server: TlsServer) -> None:
    server.answer = tls_server.text("x" * 1000)

    with connect(server) as transport:
        response = transport.request("GET", "/", max_body=1000)

    assert len(response.body) == 1000


def test_packed_answers_are_unpacked_and_count_unpacked(server: TlsServer) -> None:
    packed = gzip.compress(json.dumps({"a": "x" * 100_000}).encode())
    headers = {"Content-Encoding": "gzip"}
    server.answer = tls_server.text(packed, content_type="application/json", headers=headers)

    with connect(server) as transport:
        taken = transport.request("GET", "/", headers=[("Accept-Encoding", "gzip")])
        with pytest.raises(ClusterError, match="larger"):
            transport.request("GET", "/", max_body=50_000)

    assert len(packed) < 1000
    assert taken.document() == {"a": "x" * 100_000}


@pytest.mark.parametrize("encoding", ["br", "zstd", "deflate", "gzip, gzip"])
def test_packing_that_was_not_asked_for_is_refused(server: TlsServer, encoding: str) -> None:
    server.answer = tls_server.text(b"x", headers={"Content-Encoding": encoding})

    with connect(server) as transport, pytest.raises(ClusterError, match="packed"):
        transport.request("GET", "/")


def test_an_answer_that_does_not_unpack_is_an_error(server: TlsServer) -> None:
    server.answer = tls_server.text(b"no gzip", headers={"Content-Encoding": "gzip"})

    with connect(server) as transport, pytest.raises(ClusterError):
        transport.request("GET", "/")


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        ('{"a": 1}', "text/html"),
        ('{"a": 1}', ""),
        ("not json", "application/json"),
        (b"\xff\xfe", "application/json"),
        ("[" * 200_000, "application/json"),
        ("9" * 5000, "application/json"),
    ],
)
def test_what_is_not_json_has_no_document(
    server: TlsServer, body: str | bytes, content_type: str
) -> None:
    server.answer = tls_server.text(body, content_type=content_type)

    with connect(server) as transport:
        response = transport.request("GET", "/")

    assert response.document() is None


def test_json_may_carry_parameters(server: TlsServer) -> None:
    server.answer = tls_server.text("{}", content_type="application/json;g=x;v=v2;as=Y")

    with connect(server) as transport:
        assert transport.request("GET", "/").document() == {}


@pytest.mark.parametrize(
    ("value", "seconds"), [("1", 1.0), ("0", None), ("-5", None), ("x", None), ("99999", 900.0)]
)
def test_retry_after_is_read_in_seconds_and_capped(
    server: TlsServer, value: str, seconds: float | None
) -> None:
    server.answer = tls_server.text("", status=429, headers={"Retry-After": value})

    with connect(server) as transport:
        assert transport.request("GET", "/").retry_after == seconds

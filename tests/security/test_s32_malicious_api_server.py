"""S-32: an API server that means harm gets nothing: no redirect, no memory, no markup, no hang."""

from __future__ import annotations

import contextlib
import json
import time
import tracemalloc
import zlib
from typing import TYPE_CHECKING, Any

import pytest

from federation.member.client import Client
from federation.member.errors import ClusterError, ClusterUnreachable, DeadlineExceeded, Throttled
from projects.errors import DomainError
from projects.kube.refs import GroupVersionKind
from tests.fakes import tls_server
from tests.fakes.members import TOKEN, connect
from tests.fakes.mute_cluster import MANIFEST, REF, MuteCluster
from tests.fakes.tls_server import Exchange, TlsServer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

CONFIG_MAP = GroupVersionKind(group="", version="v1", kind="ConfigMap")
MIB = 1 << 20


@pytest.fixture
def cluster() -> Iterator[MuteCluster]:
    with TlsServer() as server:
        yield MuteCluster(server)


@pytest.fixture
def client(cluster: MuteCluster) -> Iterator[Client]:
    with connect(cluster.server, max_body=4 * MIB) as transport:
        yield Client(transport)


def calls(client: Client) -> list[Callable[[], Any]]:
    return [
        client.version,
        lambda: client.get(REF),
        lambda: client.list_metadata(CONFIG_MAP),
        lambda: client.apply(MANIFEST, force=True),
        lambda: client.delete(REF),
    ]


@contextlib.contextmanager
def memory_below(limit: int) -> Iterator[None]:
    """Fail if Python ever held more than that at once meanwhile, the server's part included."""
    tracemalloc.start()
    try:
        yield
        assert tracemalloc.get_traced_memory()[1] < limit
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(cluster: MuteCluster, client: Client, status: int) -> None:
    with TlsServer() as canary:
        cluster.answer = tls_server.redirect(f"{canary.url}/steal", status=status)

        for call in calls(client):
            with pytest.raises(ClusterError, match="redirects are not followed") as caught:
                call()
            assert "steal" not in caught.value.message

        assert canary.connections == 0


@pytest.mark.parametrize("status", [101, 103, 204, 205, 206, 299])
def test_an_upgrade_or_an_odd_success_is_no_answer(
    cluster: MuteCluster, client: Client, status: int
) -> None:
    def answer(exchange: Exchange) -> None:
        exchange.head(status, {"Upgrade": "websocket", "Connection": "Upgrade"})
        exchange.keep = False

    cluster.answer = answer

    with pytest.raises(ClusterError):
        client.version()


@pytest.mark.parametrize(
    "body", [tls_server.huge(1 << 30), tls_server.endless(), tls_server.endless(b"x" * 5000)]
)
def test_a_body_without_end_is_left_at_the_limit(
    cluster: MuteCluster, client: Client, body: tls_server.Answer
) -> None:
    client.discovery()
    cluster.answer = body

    with memory_below(32 * MIB):
        for call in calls(client):
            with pytest.raises(ClusterError, match="larger than"):
                call()


def test_a_body_of_tiny_chunks_costs_neither_memory_nor_more_than_its_time(
    cluster: MuteCluster,
) -> None:
    cluster.answer = tls_server.endless(b"xx")
    started = time.monotonic()

    with (
        connect(cluster.server) as transport,
        memory_below(16 * MIB),
        pytest.raises((ClusterError, DeadlineExceeded)),
    ):
        Client(transport).version(deadline=started + 1)

    assert time.monotonic() - started < 5


def test_a_packed_bomb_is_left_at_the_limit(cluster: MuteCluster, client: Client) -> None:
    packer = zlib.compressobj(wbits=31)
    bomb = b"".join([*(packer.compress(b" " * MIB) for _ in range(256)), packer.flush()])
    headers = {"Content-Encoding": "gzip"}
    client.discovery()
    cluster.answer = tls_server.text(bomb, content_type="application/json", headers=headers)

    with memory_below(32 * MIB), pytest.raises(ClusterError, match="larger than"):
        client.list_metadata(CONFIG_MAP)

    assert len(bomb) < MIB


@pytest.mark.parametrize("status", [200, 201, 400, 403, 404, 409, 422, 500])
def test_markup_is_never_repeated(cluster: MuteCluster, client: Client, status: int) -> None:
    page = "<script>alert('canary')</script>"
    cluster.answer = tls_server.text(page, status=status)

    for call in calls(client):
        with pytest.raises(ClusterError) as caught:
            call()
        assert "canary" not in caught.value.message


def test_a_status_full_of_markup_and_controls_is_shown_tame(
    cluster: MuteCluster, client: Client
) -> None:
    cluster.answer = tls_server.failure(422, message="a\n\x1b]0;owned\x07\u202e" + "x" * 99_999)

    for call in calls(client):
        with pytest.raises(DomainError) as caught:
            call()
        assert caught.value.message.isprintable()
        assert len(caught.value.message) < 400


@pytest.mark.parametrize(
    "document",
    [
        {"kind": "APIGroupDiscoveryList", "items": "x" * (9 * MIB)},
        {"kind": "APIVersions", "versions": [f"v{n}" for n in range(100_000)]},
        {"kind": "APIGroupDiscoveryList", "items": [{}] * 100_000},
        {
            "kind": "APIGroupList",
            "groups": [{"name": f"g{n}", "versions": [{"version": "v1"}]} for n in range(100_000)],
        },
        [[[]]],
    ],
)
def test_discovery_is_bounded(document: Any) -> None:
    with (
        TlsServer(answer=tls_server.as_json(document)) as server,
        connect(server) as transport,
        pytest.raises(ClusterError),
    ):
        Client(transport).discovery()

    assert len(server.requests) <= 2


def test_pages_without_end_stop_at_the_deadline(cluster: MuteCluster, client: Client) -> None:
    metadata = {"resourceVersion": "1", "continue": "again"}
    page = {"kind": "ConfigMapList", "metadata": metadata, "items": []}
    cluster.answer = tls_server.as_json(page)
    started = time.monotonic()

    with pytest.raises(DeadlineExceeded):
        client.list_metadata(CONFIG_MAP, deadline=started + 0.5)

    assert time.monotonic() - started < 3


@pytest.mark.parametrize(
    "body",
    [
        "[" * 100_000,
        '{"a":' * 100_000,
        "9" * 100_000,
        '"\\ud800"',
        "NaN",
        '{"metadata": 5}',
        "null",
    ],
)
def test_json_made_to_break_parsers_is_an_error_of_the_cluster(
    cluster: MuteCluster, client: Client, body: str
) -> None:
    cluster.answer = tls_server.text(body, content_type="application/json")

    for call in (client.version, lambda: client.apply(MANIFEST, force=True)):
        with pytest.raises(ClusterError):
            call()


def test_headers_without_end_are_no_answer(cluster: MuteCluster, client: Client) -> None:
    def answer(exchange: Exchange) -> None:
        exchange.send(b"HTTP/1.1 200 OK\r\n", *(b"X-%d: x\r\n" % n for n in range(10_000)))
        exchange.keep = False

    cluster.answer = answer

    with pytest.raises((ClusterError, ClusterUnreachable)):
        client.version()


def test_too_many_requests_says_how_long_to_wait(cluster: MuteCluster, client: Client) -> None:
    cluster.answer = tls_server.text("Too many", status=429, headers={"Retry-After": "7"})

    for call in calls(client):
        with pytest.raises(Throttled) as caught:
            call()
        assert caught.value.retry_after == 7


@pytest.mark.parametrize("status", [200, 404, 409, 422, 500])
def test_whatever_it_answers_is_an_answer_or_one_of_our_errors(
    cluster: MuteCluster, client: Client, status: int
) -> None:
    documents = [None, 5, "x", [], {}, {"kind": "Status"}, {"items": 5}, {"metadata": []}]
    told = ""
    for document in documents:
        body = json.dumps(document)
        cluster.answer = tls_server.text(body, status=status, content_type="application/json")
        for call in calls(client):
            try:
                call()
            except DomainError as error:
                told += error.message

    assert told
    assert TOKEN not in told

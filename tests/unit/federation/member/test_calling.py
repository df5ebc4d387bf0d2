"""What every call has in common: who calls, how long it takes, what an odd answer means."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest

from federation.member import errors
from federation.member.client import Client, Impersonation
from federation.member.discovery import NoMatchForKind
from tests.fakes import tls_server
from tests.fakes.members import connect
from tests.fakes.mute_cluster import CONFIG_MAP, MANIFEST, REF, MuteCluster
from tests.fakes.tls_server import TlsServer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@pytest.fixture
def cluster() -> Iterator[MuteCluster]:
    with TlsServer() as server:
        yield MuteCluster(server)


@pytest.fixture
def client(cluster: MuteCluster) -> Iterator[Client]:
    with connect(cluster.server) as transport:
        yield Client(transport)


def test_a_404_by_something_in_the_way_is_never_read_as_gone(
    cluster: MuteCluster, client: Client
) -> None:
    cluster.answer = tls_server.text("404 page not found", status=404, content_type="text/plain")

    for call in _calls(client):
        with pytest.raises(errors.NotServed):
            call()


def test_a_404_because_the_kind_was_removed_says_so(cluster: MuteCluster, client: Client) -> None:
    client.get(REF)
    cluster.answer = tls_server.text("404 page not found", status=404, content_type="text/plain")
    cluster.kinds = {"others": "Other"}

    for call in _calls(client):
        with pytest.raises(NoMatchForKind):
            call()


def test_impersonation_is_on_every_request_but_discovery(
    cluster: MuteCluster, client: Client
) -> None:
    user = Impersonation(user="system:serviceaccount:shop:slipway", groups=("a", "b"))

    client.impersonating(user).get(REF)

    assert cluster.request.headers["impersonate-user"] == "system:serviceaccount:shop:slipway"
    assert [line for line in cluster.request.lines if "Group" in line] == [
        "Impersonate-Group: a",
        "Impersonate-Group: b",
    ]
    first, second = cluster.server.requests[:2]
    assert "impersonate-user" not in {**first.headers, **second.headers}


def test_impersonating_shares_connections_and_discovery(
    cluster: MuteCluster, client: Client
) -> None:
    client.get(REF)
    client.impersonating(Impersonation(user="other")).get(REF)
    client.get(REF)

    assert cluster.server.connections == 1
    assert len(cluster.server.requests) == 5
    assert "impersonate-user" not in cluster.request.headers


def test_the_version_is_the_clusters_word_clipped(cluster: MuteCluster, client: Client) -> None:
    cluster.answer = tls_server.as_json({"gitVersion": "v1.36.3\n" + "x" * 500})

    found = client.version()

    assert found.startswith("v1.36.3\\nxx")
    assert len(found) == 64


def test_a_success_without_json_is_an_error(cluster: MuteCluster, client: Client) -> None:
    cluster.answer = tls_server.text("<html>hello</html>")

    for call in (client.version, *_calls(client)):
        with pytest.raises(errors.ClusterError) as caught:
            call()
        assert "hello" not in caught.value.message


def test_every_call_ends_at_its_deadline(cluster: MuteCluster, client: Client) -> None:
    client.discovery()
    cluster.answer = tls_server.silence

    for call in _calls(client, seconds=0.15):
        started = time.monotonic()
        with pytest.raises(errors.DeadlineExceeded):
            call()
        assert time.monotonic() - started < 2


def _calls(client: Client, seconds: float | None = None) -> list[Callable[[], Any]]:
    def ends_at() -> float | None:
        return None if seconds is None else time.monotonic() + seconds

    return [
        lambda: client.get(REF, deadline=ends_at()),
        lambda: client.get_metadata(REF, deadline=ends_at()),
        lambda: client.list_metadata(CONFIG_MAP, deadline=ends_at()),
        lambda: client.list_objects(CONFIG_MAP, deadline=ends_at()),
        lambda: client.apply(MANIFEST, force=True, deadline=ends_at()),
        lambda: client.create(MANIFEST, deadline=ends_at()),
        lambda: client.patch_json(REF, [{"op": "remove", "path": "/x"}], deadline=ends_at()),
        lambda: client.delete(REF, deadline=ends_at()),
    ]

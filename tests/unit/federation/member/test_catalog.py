"""Fetching discovery: twice only when something changed, and from old servers too."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any

import pytest

from federation.member.catalog import Catalog
from federation.member.discovery import GroupUnavailable
from federation.member.errors import (
    ClusterError,
    ClusterUnreachable,
    DeadlineExceeded,
    Unauthorized,
)
from projects.kube.refs import GroupVersionKind
from tests.fakes import tls_server
from tests.fakes.members import connect
from tests.fakes.tls_server import Exchange, TlsServer

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

POD = GroupVersionKind(group="", version="v1", kind="Pod")
DEPLOYMENT = GroupVersionKind(group="apps", version="v1", kind="Deployment")


def aggregated(group: str, name: str, kind: str) -> dict[str, Any]:
    one = {"resource": name, "responseKind": {"kind": kind}, "scope": "Namespaced", "verbs": []}
    versions = [{"version": "v1", "resources": [one], "freshness": "Current"}]
    items = [{"metadata": {"name": group}, "versions": versions}]
    return {"kind": "APIGroupDiscoveryList", "items": items}


def site(documents: Mapping[str, Any], *, etags: bool = True) -> tls_server.Answer:
    """Serve documents by path, each with an ETag made of its content, and 404 for others."""

    def answer(exchange: Exchange) -> None:
        document = documents.get(exchange.request.path)
        if document is None:
            tls_server.text("404 page not found", status=404)(exchange)
            return
        tag = f'"{hash(str(document))}"'
        if etags and exchange.request.headers.get("if-none-match") == tag:
            exchange.head(304, {"ETag": tag})
            return
        tls_server.as_json(document, headers={"ETag": tag} if etags else {})(exchange)

    return answer


@pytest.fixture
def server() -> Iterator[TlsServer]:
    with TlsServer() as running:
        yield running


@pytest.fixture
def documents() -> dict[str, Any]:
    return {
        "/api": aggregated("", "pods", "Pod"),
        "/apis": aggregated("apps", "deployments", "Deployment"),
    }


def test_two_requests_fetch_everything_once(server: TlsServer, documents: dict[str, Any]) -> None:
    server.answer = site(documents)

    with connect(server) as transport:
        catalog = Catalog(transport)
        first = catalog.get()
        again = catalog.get()

    assert first.resource(POD).name == "pods"
    assert first.resource(DEPLOYMENT).name == "deployments"
    assert again is first
    assert [request.path for request in server.requests] == ["/api", "/apis"]
    assert "as=APIGroupDiscoveryList" in server.requests[0].headers["accept"]


def test_what_did_not_change_is_the_same_value(
    server: TlsServer, documents: dict[str, Any]
) -> None:
    server.answer = site(documents)

    with connect(server) as transport:
        catalog = Catalog(transport)
        first = catalog.get()
        unchanged = catalog.refresh()
        documents["/apis"] = aggregated("batch", "jobs", "Job")
        changed = catalog.refresh()

    assert unchanged is first
    assert {one.name for one in changed.resources()} == {"pods", "jobs"}


def test_a_server_without_etags_is_read_each_time(
    server: TlsServer, documents: dict[str, Any]
) -> None:
    server.answer = site(documents, etags=False)

    with connect(server) as transport:
        catalog = Catalog(transport)
        catalog.get()
        catalog.refresh()

    assert len(server.requests) == 4
    assert all("if-none-match" not in request.headers for request in server.requests)


def test_an_old_server_is_asked_for_each_group_version(server: TlsServer) -> None:
    pods = {"name": "pods", "kind": "Pod", "namespaced": True, "verbs": ["get"]}
    deployments = {"name": "deployments", "kind": "Deployment", "namespaced": True, "verbs": []}
    groups = [
        {"name": "apps", "versions": [{"version": "v1"}]},
        {"name": "metrics.k8s.io", "versions": [{"version": "v1beta1"}]},
    ]
    listed = {"kind": "APIResourceList"}
    server.answer = site(
        {
            "/api": {"kind": "APIVersions", "versions": ["v1"]},
            "/apis": {"kind": "APIGroupList", "groups": groups},
            "/api/v1": {**listed, "groupVersion": "v1", "resources": [pods]},
            "/apis/apps/v1": {**listed, "groupVersion": "apps/v1", "resources": [deployments]},
        }
    )

    with connect(server) as transport:
        found = Catalog(transport).get()

    assert found.resource(POD).name == "pods"
    assert found.resource(DEPLOYMENT).name == "deployments"
    with pytest.raises(GroupUnavailable):
        found.resource(GroupVersionKind.parse("metrics.k8s.io/v1beta1", "PodMetrics"))


def test_a_refused_credential_is_told_as_such(server: TlsServer) -> None:
    server.answer = tls_server.failure(401, message="Unauthorized", reason="Unauthorized")

    with connect(server) as transport, pytest.raises(Unauthorized):
        Catalog(transport).get()


@pytest.mark.parametrize("document", [{}, [], {"kind": "APIGroupDiscoveryList", "items": []}])
def test_a_cluster_that_serves_nothing_is_no_cluster(server: TlsServer, document: Any) -> None:
    server.answer = tls_server.as_json(document)

    with connect(server) as transport, pytest.raises(ClusterError):
        Catalog(transport).get()


def test_a_failure_does_not_lose_what_was_known(
    server: TlsServer, documents: dict[str, Any]
) -> None:
    server.answer = site(documents)

    with connect(server) as transport:
        catalog = Catalog(transport)
        first = catalog.get()
        server.answer = tls_server.failure(503)
        with pytest.raises(ClusterError):
            catalog.refresh()
        kept = catalog.get()

    assert kept is first


def test_a_change_seen_before_a_failure_is_seen_after_it(
    server: TlsServer, documents: dict[str, Any]
) -> None:
    server.answer = site(documents)

    with connect(server) as transport:
        catalog = Catalog(transport)
        catalog.get()
        documents["/api"] = aggregated("", "services", "Service")
        groups = documents.pop("/apis")
        with pytest.raises(ClusterError):
            catalog.refresh()
        documents["/apis"] = groups
        found = catalog.refresh()

    assert {one.name for one in found.resources()} == {"services", "deployments"}


def test_waiting_for_another_threads_refresh_ends_at_the_deadline(server: TlsServer) -> None:
    server.answer = tls_server.silence

    with connect(server, connect_timeout=0.5, read_timeout=1.0) as transport:
        catalog = Catalog(transport)
        holder = threading.Thread(target=_swallow, args=(catalog,))
        holder.start()
        while not server.requests:
            time.sleep(0.01)
        with pytest.raises(DeadlineExceeded):
            catalog.get(deadline=time.monotonic() + 0.1)
        holder.join()


def _swallow(catalog: Catalog) -> None:
    with pytest.raises(ClusterUnreachable):
        catalog.get()

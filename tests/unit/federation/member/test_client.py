"""The verbs, as requests on the wire and as answers read back. Real answers: tests/contract."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from federation.member import errors
from federation.member.client import Client
from projects.errors import Invalid
from tests.fakes import tls_server
from tests.fakes.members import connect
from tests.fakes.mute_cluster import CONFIG_MAP, LIVE, MANIFEST, REF, URL, MuteCluster
from tests.fakes.tls_server import TlsServer

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def cluster() -> Iterator[MuteCluster]:
    with TlsServer() as server:
        yield MuteCluster(server)


@pytest.fixture
def client(cluster: MuteCluster) -> Iterator[Client]:
    with connect(cluster.server) as transport:
        yield Client(transport)


def test_apply_is_a_server_side_apply_that_asks_for_metadata(
    cluster: MuteCluster, client: Client
) -> None:
    found = client.apply(MANIFEST, force=True)

    assert (cluster.request.method, urlsplit(cluster.request.path).path) == ("PATCH", URL)
    assert cluster.query == {
        "fieldManager": ["slipway"],
        "force": ["true"],
        "fieldValidation": ["Strict"],
    }
    assert cluster.request.headers["content-type"] == "application/apply-patch+yaml"
    assert "as=PartialObjectMetadata;" in cluster.request.headers["accept"]
    assert json.loads(cluster.request.body) == MANIFEST
    assert found["kind"] == "PartialObjectMetadata"
    assert found["metadata"]["uid"] == "u1"


def test_a_whole_object_in_the_answer_is_cut_to_its_metadata(client: Client) -> None:
    assert "data" not in client.apply(MANIFEST, force=True)


def test_a_dry_run_says_so(cluster: MuteCluster, client: Client) -> None:
    client.apply(MANIFEST, force=False, dry_run=True, field_manager="other", validate="Warn")

    assert cluster.query == {
        "fieldManager": ["other"],
        "force": ["false"],
        "fieldValidation": ["Warn"],
        "dryRun": ["All"],
    }


def test_create_posts_to_the_collection(cluster: MuteCluster, client: Client) -> None:
    found = client.create(MANIFEST)

    assert cluster.request.method == "POST"
    assert urlsplit(cluster.request.path).path == "/api/v1/namespaces/shop/configmaps"
    assert found["data"] == {"k": "v"}


def test_a_json_patch_sends_its_operations(cluster: MuteCluster, client: Client) -> None:
    ops = [{"op": "test", "path": "/metadata/resourceVersion", "value": "7"}]

    client.patch_json(REF, ops)

    assert cluster.request.headers["content-type"] == "application/json-patch+json"
    assert json.loads(cluster.request.body) == ops


def test_a_failed_test_of_a_json_patch_is_a_conflict(cluster: MuteCluster, client: Client) -> None:
    cluster.answer = tls_server.failure(422, message="the server rejected our request")

    with pytest.raises(errors.WriteConflict, match="changed in between"):
        client.patch_json(REF, [{"op": "test", "path": "/metadata/uid", "value": "u"}])
    with pytest.raises(errors.Rejected):
        client.patch_json(REF, [{"op": "remove", "path": "/data/k"}])


def test_delete_names_the_object_it_means(cluster: MuteCluster, client: Client) -> None:
    cluster.answer = tls_server.as_json({"kind": "Status", "status": "Success"})

    gone = client.delete(REF, uid="u1", propagation="Foreground")

    assert gone is True
    assert json.loads(cluster.request.body) == {
        "apiVersion": "v1",
        "kind": "DeleteOptions",
        "propagationPolicy": "Foreground",
        "preconditions": {"uid": "u1"},
    }


@pytest.mark.parametrize(
    "answer",
    [
        tls_server.failure(404, details={"name": "a", "kind": "configmaps"}),
        tls_server.failure(410, reason="Gone"),
        tls_server.failure(409, message="the UID in the precondition (u1) does not match"),
    ],
)
def test_delete_of_what_is_gone_is_false(
    cluster: MuteCluster, client: Client, answer: tls_server.Answer
) -> None:
    cluster.answer = answer

    assert client.delete(REF, uid="u1") is False


def test_delete_that_is_refused_is_an_error(cluster: MuteCluster, client: Client) -> None:
    cluster.answer = tls_server.failure(409, message="try again", reason="Conflict")

    with pytest.raises(errors.WriteConflict):
        client.delete(REF, uid="u1")


def test_get_is_the_object_or_none(cluster: MuteCluster, client: Client) -> None:
    assert client.get(REF) == LIVE

    cluster.answer = tls_server.failure(404, details={"name": "a", "kind": "configmaps"})

    assert client.get(REF) is None
    assert client.get_metadata(REF) is None


def test_list_asks_for_metadata_by_pages_and_may_be_packed(
    cluster: MuteCluster, client: Client
) -> None:
    document = {"kind": "ConfigMapList", "metadata": {"resourceVersion": "9"}, "items": [LIVE]}
    cluster.answer = tls_server.as_json(document)

    found = client.list_metadata(
        CONFIG_MAP, namespace="shop", selector="slipway.dev/owner=x", resource_version="5"
    )

    assert cluster.query == {
        "limit": ["500"],
        "labelSelector": ["slipway.dev/owner=x"],
        "resourceVersion": ["5"],
        "resourceVersionMatch": ["NotOlderThan"],
    }
    assert cluster.request.headers["accept-encoding"] == "gzip"
    assert found.resource_version == "9"
    assert [sorted(item) for item in found.items] == [["apiVersion", "kind", "metadata"]]
    assert client.list_objects(CONFIG_MAP).items == (LIVE,)


def test_a_missing_namespace_has_no_uid(cluster: MuteCluster, client: Client) -> None:
    cluster.answer = tls_server.failure(404, details={"name": "kube-system", "kind": "namespaces"})

    with pytest.raises(errors.ObjectNotFound):
        client.namespace_uid("kube-system")


def test_a_manifest_without_a_name_is_refused_before_anything_is_sent(
    cluster: MuteCluster, client: Client
) -> None:
    with pytest.raises(Invalid):
        client.apply({"apiVersion": "v1", "kind": "ConfigMap"}, force=True)

    assert cluster.server.requests == []

"""Reading a real cluster: lists, pages, versions, deletes, discovery."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from federation.member import errors, listing
from federation.member.discovery import GroupUnavailable, NoMatchForKind
from projects.kube.refs import GroupVersionKind
from tests.contract.member_world import client_of, config_map, named, ref_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from federation.member.client import Client
    from tests.realcluster.cluster import RealCluster

pytestmark = pytest.mark.realcluster

CONFIG_MAP = GroupVersionKind(group="", version="v1", kind="ConfigMap")
THING = GroupVersionKind(group="contract.example.com", version="v1", kind="Thing")


@pytest.fixture
def namespace(real_cluster: RealCluster) -> str:
    return real_cluster.namespace()


@pytest.fixture
def client(real_cluster: RealCluster) -> Iterator[Client]:
    with client_of(real_cluster) as connected:
        yield connected


def definition() -> dict[str, Any]:
    schema = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    version = {"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}}
    found = named(
        "apiextensions.k8s.io/v1", "CustomResourceDefinition", "", f"things.{THING.group}"
    )
    names = {"plural": "things", "kind": "Thing"}
    spec = {"group": THING.group, "names": names, "scope": "Namespaced", "versions": [version]}
    return {**found, "spec": spec}


def names(found: listing.ObjectList) -> set[str]:
    return {item["metadata"]["name"] for item in found.items}


def test_a_list_is_metadata_by_label(client: Client, namespace: str) -> None:
    for name in ("ours", "theirs"):
        manifest = config_map(namespace, name, k="v")
        manifest["metadata"]["labels"] = {"slipway.dev/owner": name}
        client.apply(manifest, force=True)

    found = client.list_metadata(CONFIG_MAP, namespace=namespace, selector="slipway.dev/owner=ours")

    assert names(found) == {"ours"}
    assert sorted(found.items[0]) == ["apiVersion", "kind", "metadata"]
    assert found.items[0]["metadata"]["managedFields"][0]["manager"] == "slipway"
    assert found.resource_version.isdigit()


def test_a_long_list_comes_in_pages_and_whole(
    client: Client, namespace: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listing, "PAGE", 7)
    with ThreadPoolExecutor(8) as pool:
        wanted = [config_map(namespace, f"c{number}") for number in range(30)]
        list(pool.map(lambda manifest: client.apply(manifest, force=True), wanted))

    found = client.list_metadata(CONFIG_MAP, namespace=namespace)

    ours = [item["metadata"]["name"] for item in found.items]
    assert len(ours) == len(set(ours))
    assert {f"c{number}" for number in range(30)} <= set(ours)


def test_a_list_is_not_older_than_our_own_write(client: Client, namespace: str) -> None:
    for number in range(10):
        manifest = config_map(namespace, f"c{number}")
        version = client.apply(manifest, force=True)["metadata"]["resourceVersion"]

        found = client.list_metadata(CONFIG_MAP, namespace=namespace, resource_version=version)

        assert f"c{number}" in names(found)


def test_a_list_from_memory_is_asked_for_by_zero(client: Client, namespace: str) -> None:
    found = client.list_metadata(CONFIG_MAP, namespace=namespace, resource_version="0")

    assert found.resource_version.isdigit()


def test_a_version_from_the_future_is_asked_for_again_later(client: Client, namespace: str) -> None:
    with pytest.raises(errors.ClusterError, match="Too large resource version") as caught:
        client.list_metadata(CONFIG_MAP, namespace=namespace, resource_version="999999999")

    assert caught.value.retry_after


def test_whole_objects_are_listed_when_asked(client: Client, namespace: str) -> None:
    client.apply(config_map(namespace, "a", k="v"), force=True)

    found = client.list_objects(CONFIG_MAP, namespace=namespace)

    assert {"k": "v"} in [item.get("data") for item in found.items]


def test_delete_tells_whether_the_object_meant_was_there(client: Client, namespace: str) -> None:
    manifest = config_map(namespace, "a")
    uid = client.apply(manifest, force=True)["metadata"]["uid"]
    ref = ref_of(manifest)

    assert client.delete(ref, uid="another-uid") is False
    assert client.get_metadata(ref) is not None
    assert client.delete(ref, uid=uid) is True
    assert client.get_metadata(ref) is None
    assert client.delete(ref, uid=uid) is False
    assert client.delete(ref) is False


def test_delete_of_a_secret_of_the_same_name_leaves_it(client: Client, namespace: str) -> None:
    manifest = named("v1", "Secret", namespace, "s", stringData={"k": "v"})
    client.apply(manifest, force=True)

    assert client.delete(ref_of(manifest), uid="another-uid") is False
    assert client.get_metadata(ref_of(manifest)) is not None


def test_a_finalizer_keeps_a_deleted_object(client: Client, namespace: str) -> None:
    manifest = config_map(namespace, "held")
    manifest["metadata"]["finalizers"] = ["example.com/hold"]
    client.apply(manifest, force=True)
    ref = ref_of(manifest)

    assert client.delete(ref) is True
    held = client.get_metadata(ref)
    assert held is not None
    assert held["metadata"]["deletionTimestamp"]
    client.patch_json(ref, [{"op": "remove", "path": "/metadata/finalizers"}])
    assert client.get_metadata(ref) is None


def test_the_clusters_version_and_identity_are_told(
    real_cluster: RealCluster, client: Client
) -> None:
    uid = real_cluster.request("GET", "/api/v1/namespaces/kube-system").body["metadata"]["uid"]

    assert client.namespace_uid("kube-system") == uid
    assert client.version().startswith("v1.")
    with pytest.raises(errors.ObjectNotFound):
        client.namespace_uid("never-made")


def test_discovery_is_asked_again_only_for_what_is_new(client: Client) -> None:
    first = client.discovery()

    assert client.refresh_discovery() is first
    assert first.resource(CONFIG_MAP).namespaced
    assert not first.resource(GroupVersionKind.parse("v1", "Node")).namespaced
    assert {"get", "list", "patch"} <= set(first.resource(CONFIG_MAP).verbs)


def test_a_kind_comes_and_goes_with_its_definition(
    real_cluster: RealCluster, client: Client, namespace: str
) -> None:
    thing = named(THING.api_version, "Thing", namespace, "a", spec={"size": 1})
    with pytest.raises(NoMatchForKind):
        client.apply(thing, force=True)

    client.apply(definition(), force=True)
    real_cluster.wait_for("Things are served", lambda: _serves_things(client))
    real_cluster.wait_for("Things can be applied", lambda: _applied(client, thing))
    client.delete(ref_of(definition()))
    real_cluster.wait_for("Things are gone", lambda: _refused_as_gone(client, thing))

    with pytest.raises(NoMatchForKind):
        client.discovery().resource(THING)


def test_a_group_whose_own_server_is_away_is_not_gone(
    real_cluster: RealCluster, client: Client, namespace: str
) -> None:
    service = {"name": "nobody", "namespace": namespace, "port": 443}
    spec = {
        "group": "away.example.com",
        "version": "v1",
        "service": service,
        "insecureSkipTLSVerify": True,
        "groupPriorityMinimum": 100,
        "versionPriority": 100,
    }
    api = named("apiregistration.k8s.io/v1", "APIService", "", "v1.away.example.com", spec=spec)
    gvk = GroupVersionKind.parse("away.example.com/v1", "Thing")

    client.apply(api, force=True)
    try:
        real_cluster.wait_for("the group is known", lambda: _is_away(client, gvk))
    finally:
        client.delete(ref_of(api))


def test_every_call_is_bounded_when_the_cluster_stands_still(
    real_cluster: RealCluster, client: Client, namespace: str
) -> None:
    client.discovery()
    real_cluster.freeze()

    started = time.monotonic()
    with pytest.raises(errors.DeadlineExceeded):
        client.apply(config_map(namespace, "a"), force=True, deadline=started + 0.5)
    waited = time.monotonic() - started
    real_cluster.start()

    assert waited < 2
    assert client.apply(config_map(namespace, "a"), force=True)


def test_a_cluster_that_was_away_is_reached_again_by_the_same_client(
    real_cluster: RealCluster, client: Client, namespace: str
) -> None:
    client.apply(config_map(namespace, "a"), force=True)
    real_cluster.stop()

    with pytest.raises(errors.ClusterUnreachable):
        client.apply(config_map(namespace, "a"), force=True)
    real_cluster.start()

    assert client.get(ref_of(config_map(namespace, "a"))) is not None


def _serves_things(client: Client) -> bool:
    try:
        return client.refresh_discovery().resource(THING).name == "things"
    except NoMatchForKind:
        return False


def _applied(client: Client, thing: dict[str, Any]) -> bool:
    try:
        return bool(client.apply(thing, force=True))
    except errors.NotServed:
        return False  # discovery is a moment ahead of the handler


def _refused_as_gone(client: Client, thing: dict[str, Any]) -> bool:
    try:
        client.get(ref_of(thing))
    except NoMatchForKind:
        return True
    except errors.NotServed:
        return False  # and a moment behind it
    return False


def _is_away(client: Client, gvk: GroupVersionKind) -> bool:
    try:
        client.refresh_discovery().resource(gvk)
    except GroupUnavailable:
        return True
    except NoMatchForKind:
        return False
    return False

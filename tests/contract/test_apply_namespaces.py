"""federation.apply on a real cluster: a project's namespace and account, and events."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from federation import apply
from federation.engine.plan import Options
from federation.member.errors import Forbidden, NamespaceNotReady
from tests.contract.apply_world import (
    HUB_ID,
    PROJECT_UID,
    World,
    config_map,
    make_world,
)

if TYPE_CHECKING:
    from tests.realcluster.cluster import RealCluster


@pytest.fixture
def world(real_cluster: RealCluster) -> World:
    return make_world(real_cluster)


def prepare(world: World, namespace: str, **changes: Any) -> str:
    values = {"hub_id": HUB_ID, "project_uid": PROJECT_UID, "adopt": False, **changes}
    return apply.prepare_namespace(
        platform=world.platform, namespace=namespace, deadline=time.monotonic() + 30, **values
    )


def read(world: World, kind: str, name: str) -> dict[str, Any]:
    return json.loads(world.kubectl("get", kind, name, "-o", "json"))


def test_preparing_makes_namespace_account_and_binding(world: World) -> None:
    namespace = read(world, "namespace", world.namespace)
    binding = read(world, "rolebinding", "slipway")

    assert namespace["metadata"]["labels"]["slipway.dev/project"] == PROJECT_UID
    assert read(world, "serviceaccount", "slipway")
    assert binding["roleRef"]["name"] == "cluster-admin"
    assert binding["subjects"] == [
        {"kind": "ServiceAccount", "name": "slipway", "namespace": world.namespace}
    ]


def test_preparing_again_writes_nothing_and_gives_the_same_uid(world: World) -> None:
    uid = read(world, "namespace", world.namespace)["metadata"]["uid"]
    world.transport.requests.clear()

    again = prepare(world, world.namespace)

    assert again == uid
    assert world.writes == []


def test_an_account_deleted_by_hand_comes_back(world: World) -> None:
    world.kubectl("delete", "rolebinding", "slipway")

    prepare(world, world.namespace)

    assert read(world, "rolebinding", "slipway")


def test_a_namespace_made_by_somebody_else_is_refused_until_it_is_adopted(
    world: World, real_cluster: RealCluster
) -> None:
    name = real_cluster.namespace()

    with pytest.raises(apply.NamespaceNotOurs):
        prepare(world, name)
    assert real_cluster.kubectl("-n", name, "get", "rolebinding", "-o", "name") == ""

    prepare(world, name, adopt=True)
    assert read(world, "namespace", name)["metadata"]["labels"]["slipway.dev/hub"] == HUB_ID


def test_a_namespace_of_another_project_is_refused_even_for_adoption(world: World) -> None:
    with pytest.raises(apply.NamespaceNotOurs, match="another project"):
        prepare(world, world.namespace, project_uid="another", adopt=True)


@pytest.mark.parametrize("namespace", ["kube-system", "kube-public", "kube-node-lease"])
def test_the_namespaces_of_kubernetes_are_refused_even_for_adoption(
    world: World, namespace: str
) -> None:
    with pytest.raises(apply.NamespaceNotOurs):
        prepare(world, namespace, adopt=True)


def test_a_namespace_that_is_being_deleted_is_not_ready(world: World) -> None:
    finalized = {"metadata": {"finalizers": ["example.com/hold"]}}
    world.kubectl(
        "patch", "configmap", "kube-root-ca.crt", "--type=merge", "-p", json.dumps(finalized)
    )
    world.kubectl("delete", "namespace", world.namespace, "--wait=false")

    with pytest.raises(NamespaceNotReady):
        prepare(world, world.namespace)
    outcome = world.run([config_map("one")])

    assert outcome.error.reason == "NamespaceNotReady"
    assert outcome.error.retryable
    release = {"metadata": {"finalizers": None}}
    world.kubectl(
        "patch", "configmap", "kube-root-ca.crt", "--type=merge", "-p", json.dumps(release)
    )


def test_releasing_takes_account_and_binding_and_leaves_the_rest(world: World) -> None:
    world.run([config_map("one")])

    apply.release_namespace(
        platform=world.platform,
        namespace=world.namespace,
        hub_id=HUB_ID,
        project_uid=PROJECT_UID,
        deadline=time.monotonic() + 30,
    )

    assert world.kubectl("get", "rolebinding,serviceaccount", "-o", "name").split() == [
        "serviceaccount/default"
    ]
    assert world.live("configmap", "one") is not None


def test_releasing_for_another_project_takes_nothing(world: World) -> None:
    apply.release_namespace(
        platform=world.platform,
        namespace=world.namespace,
        hub_id=HUB_ID,
        project_uid="another",
        deadline=time.monotonic() + 30,
    )

    assert read(world, "rolebinding", "slipway")


def test_the_cluster_itself_keeps_the_account_in_its_namespace(world: World) -> None:
    """Were our own checks to miss a namespace, the role binding would not."""
    elsewhere = config_map("foreign")
    elsewhere["metadata"]["namespace"] = "default"
    world.options = replace(Options(), namespaces=frozenset({"default"}))

    outcome = world.run([elsewhere])

    assert outcome.error.reason == "Forbidden"
    assert world.writes == []


def test_an_event_is_posted_once_beside_its_object(world: World) -> None:
    now = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
    involved = {"apiVersion": "v1", "kind": "ConfigMap", "name": "one"}
    said = {
        "client": world.client,
        "namespace": world.namespace,
        "involved": involved,
        "type": "Warning",
        "reason": "DriftCorrected",
        "message": "a live change\nwas taken back " + 2000 * "x",
        "now": now,
    }

    apply.post_event(**said)
    apply.post_event(**said)

    events = json.loads(world.kubectl("get", "events", "-o", "json"))["items"]
    (event,) = [each for each in events if each["source"].get("component") == "slipway"]
    assert event["involvedObject"]["name"] == "one"
    assert (event["type"], event["reason"], event["count"]) == ("Warning", "DriftCorrected", 1)
    assert event["lastTimestamp"] == "2026-11-23T12:00:00Z"
    assert len(event["message"]) == 1024
    assert event["message"].startswith("a live change was taken back")


def test_an_event_the_account_may_not_write_is_an_error(world: World) -> None:
    with pytest.raises(Forbidden):
        apply.post_event(
            client=world.client,
            namespace="default",
            involved={"kind": "ConfigMap", "name": "one"},
            type="Normal",
            reason="Applied",
            message="hello",
            now=datetime(2026, 11, 23, tzinfo=UTC),
        )

"""federation.apply on a real cluster: a deleted source takes its objects along, or not."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from federation.engine.changeset import Action
from tests.contract.apply_world import World, config_map, deployment, make_world
from tests.contract.test_apply_arrival import ten_kinds, widget, widget_definition
from tests.contract.test_apply_prune import CLAIM

if TYPE_CHECKING:
    from tests.realcluster.cluster import RealCluster

CRD = frozenset({"CustomResourceDefinition"})


@pytest.fixture
def world(real_cluster: RealCluster) -> World:
    return make_world(real_cluster)


def test_removing_deletes_everything_without_asking_how_much(world: World) -> None:
    world.run([*ten_kinds("app"), *(config_map(f"more-{number}") for number in range(15))])

    outcome = world.run([], removing=True)

    assert outcome.error is None
    assert outcome.changeset.count(Action.DELETED) == 25
    assert len(world.journal.inventory) == 0
    assert world.kubectl("get", "cm,secret,deploy", "-l", world.owner.selector) == ""


def test_removing_twice_is_the_same_as_once(world: World) -> None:
    world.run([config_map("one")])
    world.run([], removing=True)

    outcome = world.run([], removing=True)

    assert outcome.error is None
    assert outcome.changeset.entries == ()


def test_removing_leaves_a_volume_claim_unless_it_was_chosen(world: World) -> None:
    world.run([config_map("one"), CLAIM])

    outcome = world.run([], removing=True)

    assert world.live("pvc", "data") is not None
    assert outcome.changeset.summary == "1 skipped, 1 deleted"
    assert len(world.journal.inventory) == 0


def test_removing_deletes_a_volume_claim_that_was_chosen(world: World) -> None:
    world.run([config_map("one"), CLAIM])

    chosen = frozenset({"PersistentVolumeClaim"})
    outcome = world.run([], removing=True, remove_protected_kinds=chosen)

    # The finalizer pvc-protection holds it until its controller looked; that may need another run.
    assert outcome.error is None
    deadline = time.monotonic() + 20
    while len(world.journal.inventory) and time.monotonic() < deadline:
        world.run([], removing=True, remove_protected_kinds=chosen)
    assert world.live("pvc", "data") is None


def test_a_definition_outlives_a_custom_resource_that_a_finalizer_holds(world: World) -> None:
    group = f"{world.namespace}.example.com"
    held = widget(group, "held")
    held["metadata"]["finalizers"] = ["example.com/hold"]
    world.run([widget_definition(group), held], cluster_kinds=CRD)

    outcome = world.run([], removing=True, cluster_kinds=CRD, remove_protected_kinds=CRD)

    assert set(outcome.survivors.values()) == {"DeletionPending"}
    assert len(outcome.survivors) == 2
    crd = ("get", "crd", f"widgets.{group}", "-o")
    assert world.cluster.kubectl(*crd, "jsonpath={.metadata.name}") == f"widgets.{group}"
    assert world.cluster.kubectl(*crd, "jsonpath={.metadata.deletionTimestamp}") == ""


def test_removing_deletes_custom_resources_before_their_definition(world: World) -> None:
    group = f"{world.namespace}.example.com"
    world.run([widget_definition(group), widget(group, "one")], cluster_kinds=CRD)

    outcome = world.run([], removing=True, cluster_kinds=CRD, remove_protected_kinds=CRD)

    deletes = [each.path for each in world.writes if each.method == "DELETE"]
    assert "/widgets/one" in deletes[0]
    assert "customresourcedefinitions" in deletes[1]
    assert outcome.error is None
    assert len(world.journal.inventory) == 0


def test_orphaning_leaves_the_objects_without_our_labels_and_fields(world: World) -> None:
    world.run([config_map("one", key="value"), deployment("web")])
    before = world.live("deployment", "web")

    outcome = world.run([], removing=True, orphan=True)

    assert outcome.error is None
    assert len(world.journal.inventory) == 0
    for kind, name in (("configmap", "one"), ("deployment", "web")):
        metadata = world.live(kind, name)["metadata"]
        assert "slipway.dev/owner" not in metadata.get("labels", {})
        assert "slipway.dev/hub" not in metadata.get("labels", {})
        managers = {each["manager"] for each in metadata.get("managedFields", [])}
        assert "slipway" not in managers
    assert world.live("configmap", "one")["data"] == {"key": "value"}
    assert world.live("deployment", "web")["spec"] == before["spec"]
    assert not any(each.method == "DELETE" for each in world.writes)


def test_an_orphaned_object_belongs_to_nobody_until_it_is_adopted(world: World) -> None:
    world.run([config_map("one")])
    world.run([], removing=True, orphan=True)

    refused = world.run([config_map("one")])
    adopted = world.run([config_map("one", key="new")], adopt=True)

    assert refused.error.reason == "OwnershipConflict"
    assert adopted.error is None
    assert world.live("configmap", "one")["data"] == {"key": "new"}


def test_orphaning_leaves_cluster_scoped_objects_too(world: World) -> None:
    group = f"{world.namespace}.example.com"
    world.run([widget_definition(group)], cluster_kinds=CRD)

    outcome = world.run([], removing=True, orphan=True, cluster_kinds=CRD)

    assert outcome.error is None
    found = world.cluster.kubectl(
        "get", "crd", f"widgets.{group}", "-o", "jsonpath={.metadata.labels}"
    )
    assert "slipway" not in found


def test_removing_keeps_what_lies_in_a_namespace_the_project_may_not_touch(world: World) -> None:
    world.run([config_map("one")])
    entry = next(iter(world.journal.inventory))
    elsewhere = replace(entry, ref=replace(entry.ref, namespace="kube-system"))
    world.journal.applied([elsewhere])

    outcome = world.run([], removing=True)

    assert list(outcome.survivors.values()) == ["ScopeViolation"]
    assert [each.ref.namespace for each in world.journal.inventory] == ["kube-system"]


def test_opting_out_ends_a_removal_without_touching_the_object(world: World) -> None:
    objects: list[dict[str, Any]] = [config_map("one"), config_map("two")]
    world.run(objects)
    world.kubectl("annotate", "configmap", "two", "slipway.dev/reconcile=disabled")
    before = world.live("configmap", "two")

    outcome = world.run([], removing=True)

    assert outcome.error is None
    assert len(world.journal.inventory) == 0
    assert world.live("configmap", "two") == before

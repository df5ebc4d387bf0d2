"""federation.apply on a real cluster: it writes over nothing that is not its own."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from federation.engine.changeset import Action
from federation.engine.ownership import Owner
from tests.contract.apply_world import World, config_map, deployment, make_world
from tests.fakes.journal import MemoryJournal

if TYPE_CHECKING:
    from tests.realcluster.cluster import RealCluster


@pytest.fixture
def world(real_cluster: RealCluster) -> World:
    return make_world(real_cluster)


def create(world: World, manifest: dict[str, Any]) -> None:
    world.kubectl("create", "-f", "-", stdin=json.dumps(manifest))


def annotated(manifest: dict[str, Any], key: str, value: str) -> dict[str, Any]:
    metadata = {**manifest["metadata"], "annotations": {key: value}}
    return {**manifest, "metadata": metadata}


def other_hub(world: World) -> World:
    owner = Owner(hub_id="another-hub", uid=world.owner.uid, namespace=world.namespace)
    return replace(world, owner=owner, journal=MemoryJournal(owner_uid=owner.uid))


def test_an_object_that_is_nobodys_is_refused_and_nothing_is_written(world: World) -> None:
    create(world, config_map("theirs", key="theirs"))

    outcome = world.run([config_map("mine"), config_map("theirs", key="ours")])

    assert outcome.error.reason == "OwnershipConflict"
    assert "configmap.yaml:3" in outcome.error.message
    assert f"ConfigMap {world.namespace}/theirs" in outcome.error.message
    assert world.writes == []
    assert world.live("configmap", "theirs")["data"] == {"key": "theirs"}
    assert len(world.journal.inventory) == 0


def test_adoption_takes_it_over_with_all_that_kubectl_had_put_in(world: World) -> None:
    create(world, config_map("theirs", key="theirs", extra="theirs"))

    outcome = world.run([config_map("theirs", key="ours")], adopt=True)

    assert outcome.error is None
    assert outcome.changeset.summary == "1 configured"
    live = world.live("configmap", "theirs")
    assert live["data"] == {"key": "ours"}
    assert live["metadata"]["labels"] == world.owner.labels
    world.run([config_map("theirs", key="ours")])
    assert world.writes == []


def test_adopting_a_deployment_applied_by_kubectl_keeps_it_running(world: World) -> None:
    world.kubectl("apply", "-f", "-", stdin=json.dumps(deployment("web")))
    uid = world.live("deployment", "web")["metadata"]["uid"]

    outcome = world.run([deployment("web", image="example.com/app:2")], adopt=True)

    assert outcome.error is None
    live = world.live("deployment", "web")
    assert live["metadata"]["uid"] == uid
    assert live["spec"]["template"]["spec"]["containers"][0]["image"] == "example.com/app:2"
    assert "kubectl.kubernetes.io/last-applied-configuration" not in live["metadata"].get(
        "annotations", {}
    )


def test_two_sources_of_one_hub_do_not_steal_from_each_other(world: World) -> None:
    second = world.another_owner()
    world.run([config_map("shared", key="first")])

    outcome = second.run([config_map("shared", key="second")])

    assert outcome.error.reason == "OwnershipConflict"
    assert second.writes == []
    assert world.live("configmap", "shared")["data"] == {"key": "first"}


def test_an_object_the_register_gives_to_a_new_owner_is_taken_and_let_go_by_the_old(
    world: World,
) -> None:
    second = world.another_owner()
    world.run([config_map("stays"), config_map("moves", key="first")])
    key = next(each.ref.key for each in world.journal.inventory if each.ref.name == "moves")
    world.journal.register.owners[key] = second.owner.uid

    taken = second.run([config_map("moves", key="second")])
    pruned = world.run([config_map("stays")])

    assert taken.error is None
    assert pruned.error is None
    live = world.live("configmap", "moves")
    assert live["data"] == {"key": "second"}
    assert live["metadata"]["labels"] == second.owner.labels


def test_an_object_of_another_hub_is_refused_even_when_our_inventory_has_it(world: World) -> None:
    rival = other_hub(world)
    world.run([config_map("one", key="ours")])
    rival.run([config_map("one", key="rival")], adopt=True)

    outcome = world.run([config_map("one", key="ours")])

    assert outcome.error.reason == "OwnershipConflict"
    assert "another hub" in outcome.error.message
    assert world.live("configmap", "one")["data"] == {"key": "rival"}


def test_an_object_made_by_somebody_between_claim_and_apply_of_a_killed_run_is_refused(
    world: World,
) -> None:
    ref = world._desired(config_map("late")).ref
    world.journal.claim([ref])
    create(world, config_map("late", key="theirs"))

    outcome = world.run([config_map("late", key="ours")])

    assert outcome.error.reason == "OwnershipConflict"
    assert world.live("configmap", "late")["data"] == {"key": "theirs"}


def test_the_accounts_own_binding_cannot_be_taken_over(world: World) -> None:
    binding = {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "RoleBinding",
        "metadata": {"name": "slipway"},
        "roleRef": {
            "apiGroup": "rbac.authorization.k8s.io",
            "kind": "ClusterRole",
            "name": "cluster-admin",
        },
        "subjects": [{"kind": "ServiceAccount", "name": "mine"}],
    }

    outcome = world.run([binding], adopt=True)

    assert outcome.error.reason == "OwnershipConflict"
    assert world.live("rolebinding", "slipway")["subjects"][0]["name"] == "slipway"


def test_if_not_present_creates_but_never_touches(world: World) -> None:
    objects = [annotated(config_map("seed", key="ours"), "slipway.dev/ssa", "IfNotPresent")]

    created = world.run(objects)
    world.kubectl("patch", "configmap", "seed", "--type=merge", "-p", '{"data":{"key":"x"}}')
    left = world.run(objects)

    assert created.changeset.summary == "1 created"
    assert left.changeset.summary == "1 skipped"
    assert world.live("configmap", "seed")["data"] == {"key": "x"}


def test_if_not_present_leaves_somebody_elses_object_without_a_conflict(world: World) -> None:
    create(world, config_map("seed", key="theirs"))

    outcome = world.run(
        [annotated(config_map("seed"), "kustomize.toolkit.fluxcd.io/ssa", "IfNotPresent")]
    )

    assert outcome.error is None
    assert outcome.changeset.count(Action.SKIPPED) == 1
    assert len(world.journal.inventory) == 0


def test_an_ignored_object_is_neither_applied_nor_claimed(world: World) -> None:
    outcome = world.run([annotated(config_map("one"), "kustomize.toolkit.fluxcd.io/ssa", "Ignore")])

    assert outcome.changeset.summary == "1 skipped"
    assert world.live("configmap", "one") is None
    assert len(world.journal.inventory) == 0


def test_reconcile_disabled_on_the_live_object_stops_drift_correction(world: World) -> None:
    objects = [config_map("one", key="ours")]
    world.run(objects)
    world.kubectl("annotate", "configmap", "one", "slipway.dev/reconcile=disabled")
    world.kubectl("patch", "configmap", "one", "--type=merge", "-p", '{"data":{"key":"x"}}')

    outcome = world.run(objects)

    assert outcome.changeset.summary == "1 skipped"
    assert world.live("configmap", "one")["data"] == {"key": "x"}


def test_an_object_that_is_being_deleted_fails_and_the_rest_goes_on(world: World) -> None:
    held = config_map("held")
    held["metadata"]["finalizers"] = ["example.com/hold"]
    world.run([held])
    world.kubectl("delete", "configmap", "held", "--wait=false")

    outcome = world.run([held, config_map("other")])

    assert outcome.error.reason == "DeletionPending"
    assert outcome.error.retryable
    assert world.live("configmap", "other") is not None


def test_a_kind_the_cluster_does_not_serve_refuses_the_run_and_prunes_nothing(
    world: World,
) -> None:
    world.run([config_map("one"), config_map("two")])
    old = {**deployment("web"), "apiVersion": "apps/v1beta1"}

    outcome = world.run([config_map("one"), old])

    assert outcome.error.reason == "NoMatchForKind"
    assert "deployment.yaml:3" in outcome.error.message
    assert "apps/v1" in outcome.error.message
    assert world.writes == []
    assert len(world.journal.inventory) == 2

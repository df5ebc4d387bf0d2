"""federation.apply on a real cluster: what is not desired any more goes, and nothing else."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from federation.engine.changeset import Action
from tests.contract.apply_world import World, config_map, deployment, make_world, status_answer

if TYPE_CHECKING:
    from tests.contract.apply_world import Request
    from tests.fakes.journal import MemoryJournal
    from tests.realcluster.cluster import RealCluster

CLAIM: dict[str, Any] = {
    "apiVersion": "v1",
    "kind": "PersistentVolumeClaim",
    "metadata": {"name": "data"},
    "spec": {
        "accessModes": ["ReadWriteOnce"],
        "resources": {"requests": {"storage": "1Gi"}},
        "storageClassName": "none",
    },
}


@pytest.fixture
def world(real_cluster: RealCluster) -> World:
    return make_world(real_cluster)


def names(world: World) -> set[str]:
    found = world.kubectl("get", "configmap", "-l", world.owner.selector, "-o", "name").split()
    return {each.partition("/")[2] for each in found}


def many(count: int) -> list[dict[str, Any]]:
    return [config_map(f"many-{number}") for number in range(count)]


def test_an_object_that_left_the_desired_state_is_deleted(world: World) -> None:
    world.run([config_map("stays"), config_map("leaves"), deployment("leaves")])

    outcome = world.run([config_map("stays")])

    assert outcome.error is None
    assert outcome.changeset.summary == "1 unchanged, 2 deleted"
    assert names(world) == {"stays"}
    assert world.live("deployment", "leaves") is None
    assert [entry.ref.name for entry in world.journal.inventory] == ["stays"]
    assert outcome.inventory == world.journal.inventory


def test_each_delete_names_the_uid_and_is_preceded_by_a_check(world: World) -> None:
    world.run(many(4))
    world.journal.calls.clear()

    world.run(many(1))

    deletes = [each for each in world.writes if each.method == "DELETE"]
    assert len(deletes) == 3
    assert world.journal.calls.count("check") >= 2 + len(deletes)


def test_with_pruning_off_the_object_stays_in_cluster_and_inventory(world: World) -> None:
    world.run(many(2))

    outcome = world.run(many(1), prune=False)

    assert names(world) == {"many-0", "many-1"}
    assert len(world.journal.inventory) == 2
    assert list(outcome.survivors.values()) == ["PruneDisabled"]


@pytest.mark.parametrize(
    "annotation",
    [
        "kustomize.toolkit.fluxcd.io/prune=disabled",
        "kustomize.toolkit.fluxcd.io/prune=Disabled",
        "kustomize.toolkit.fluxcd.io/reconcile=disabled",
        "slipway.dev/prune=disabled",
    ],
)
def test_an_object_that_opted_out_is_not_pruned(world: World, annotation: str) -> None:
    world.run(many(2))
    world.kubectl("annotate", "configmap", "many-1", annotation)

    outcome = world.run(many(1))

    assert outcome.error is None
    assert names(world) == {"many-0", "many-1"}
    assert list(outcome.survivors.values()) == ["PruneDisabled"]


def test_an_opt_out_written_after_the_object_was_seen_is_honoured(world: World) -> None:
    world.run(many(2))

    def opt_out(request: Request) -> None:
        if request.method == "GET" and request.path.endswith("/many-1"):
            world.transport.faults.clear()
            world.kubectl("annotate", "configmap", "many-1", "slipway.dev/prune=disabled")

    world.transport.faults.append(opt_out)

    outcome = world.run(many(1))

    assert names(world) == {"many-0", "many-1"}
    assert list(outcome.survivors.values()) == ["PruneDisabled"]


def test_too_many_deletions_are_blocked_until_the_revision_is_confirmed(world: World) -> None:
    world.run(many(24))

    blocked = world.run(many(11), revision="main@sha1:2")
    left = names(world)
    wrong = world.run(many(11), revision="main@sha1:2", prune_confirmed="main@sha1:1")
    confirmed = world.run(many(11), revision="main@sha1:2", prune_confirmed="main@sha1:2")

    assert blocked.error.reason == "PruneBlocked"
    assert "13 of 24 objects" in blocked.error.message
    assert len(left) == 24
    assert wrong.error.reason == "PruneBlocked"
    assert confirmed.error is None
    assert confirmed.changeset.summary == "11 unchanged, 13 deleted"


def test_a_blocked_prune_still_applies_what_is_desired(world: World) -> None:
    world.run(many(24))

    outcome = world.run([*many(10), config_map("new")])

    assert outcome.error.reason == "PruneBlocked"
    assert outcome.changeset.count(Action.CREATED) == 1
    assert world.live("configmap", "new") is not None


def test_an_empty_desired_state_deletes_nothing_even_when_confirmed(world: World) -> None:
    world.run(many(3))

    outcome = world.run([], revision="main@sha1:2", prune_confirmed="main@sha1:2")

    assert outcome.error.reason == "PruneBlocked"
    assert len(names(world)) == 3
    assert len(world.journal.inventory) == 3


def test_nothing_is_pruned_when_one_object_could_not_be_applied(world: World) -> None:
    world.run(many(2))
    broken = {**config_map("broken"), "data": {"key": {"not": "a string"}}}

    outcome = world.run([config_map("many-0"), broken])

    assert outcome.error.reason == "Rejected"
    assert names(world) == {"many-0", "many-1"}
    assert not any(each.method == "DELETE" for each in world.writes)


def test_a_volume_claim_is_never_pruned_by_omission(world: World) -> None:
    world.run([config_map("stays"), CLAIM])

    outcome = world.run([config_map("stays")])

    assert outcome.error is None
    assert list(outcome.survivors.values()) == ["PruneProtected"]
    assert world.live("pvc", "data") is not None
    assert len(world.journal.inventory) == 2


def test_an_object_held_by_a_finalizer_survives_and_is_forgotten_once_it_is_gone(
    world: World,
) -> None:
    held = config_map("held")
    held["metadata"]["finalizers"] = ["example.com/hold"]
    world.run([config_map("stays"), held])

    pending = world.run([config_map("stays")])
    again = world.run([config_map("stays")])
    kept = len(world.journal.inventory)
    release = json.dumps({"metadata": {"finalizers": None}})
    world.kubectl("patch", "configmap", "held", "--type=merge", "-p", release)
    gone = world.run([config_map("stays")])

    assert pending.error is None
    assert list(pending.survivors.values()) == ["DeletionPending"]
    assert "example.com/hold" in next(
        each.message for each in pending.changeset.entries if each.ref.name == "held"
    )
    assert list(again.survivors.values()) == ["DeletionPending"]
    assert kept == 2
    assert gone.changeset.count(Action.DELETED) == 1
    assert len(world.journal.inventory) == 1


def test_an_object_handed_to_another_owner_is_let_go(world: World) -> None:
    world.run(many(2))
    world.kubectl("label", "--overwrite", "configmap", "many-1", "slipway.dev/owner=another")

    outcome = world.run(many(1))

    assert outcome.error is None
    assert world.live("configmap", "many-1") is not None
    assert [entry.ref.name for entry in world.journal.inventory] == ["many-0"]
    assert outcome.survivors == {}


def test_an_object_that_took_the_name_is_let_go_though_it_copied_our_labels(world: World) -> None:
    world.run(many(2))
    copy = config_map("many-1", own="data")
    copy["metadata"]["labels"] = world.owner.labels
    world.kubectl("delete", "configmap", "many-1")
    world.kubectl("create", "-f", "-", stdin=json.dumps(copy))

    outcome = world.run(many(1))

    assert outcome.error is None
    assert world.live("configmap", "many-1")["data"] == {"own": "data"}
    assert len(world.journal.inventory) == 1


def test_an_object_deleted_by_hand_is_just_forgotten(world: World) -> None:
    world.run(many(2))
    world.kubectl("delete", "configmap", "many-1")

    outcome = world.run(many(1))

    assert outcome.changeset.summary == "1 unchanged, 1 deleted"
    assert not any(each.method == "DELETE" for each in world.writes)
    assert len(world.journal.inventory) == 1


def test_labelled_objects_that_are_not_in_the_inventory_are_not_deleted(world: World) -> None:
    world.run(many(2))
    world.journal.forget([entry.ref for entry in world.journal.inventory][1:])

    world.run(many(1))

    assert names(world) == {"many-0", "many-1"}


def test_a_run_that_is_superseded_stops_before_the_next_delete(world: World) -> None:
    world.run(many(30))

    def fourth_delete(_journal: MemoryJournal) -> bool:
        return sum(each.method == "DELETE" for each in world.writes) >= 3

    world.journal.stop_when = fourth_delete

    outcome = world.run(many(20))

    assert outcome.error.reason == "Superseded"
    assert len(names(world)) > 20
    assert len(world.journal.inventory) >= len(names(world))


def test_a_refused_delete_fails_the_run_and_keeps_the_object_in_the_inventory(
    world: World,
) -> None:
    world.run(many(3))

    def refuse(request: Request) -> object:
        if request.method == "DELETE" and request.path.endswith("many-2"):
            return status_answer(403, "Forbidden", 'configmaps "many-2" is forbidden: no')
        return None

    world.transport.faults.append(refuse)

    outcome = world.run(many(1))

    assert outcome.error.reason == "PruneFailed"
    assert "many-2" in outcome.error.message
    assert list(outcome.survivors.values()) == ["Forbidden"]
    assert {entry.ref.name for entry in world.journal.inventory} == {"many-0", "many-2"}


def test_a_kind_the_cluster_stopped_serving_is_forgotten(world: World) -> None:
    world.run([config_map("stays")])
    entry = next(iter(world.journal.inventory))
    group = "gone.example.com"
    ghost = type(entry.ref)(
        group=group, version="v1", kind="Ghost", namespace=world.namespace, name="one"
    )
    world.journal.applied([type(entry)(ref=ghost, uid="u", digest="d", fingerprint="f")])

    outcome = world.run([config_map("stays")])

    assert outcome.error is None
    assert outcome.changeset.count(Action.DELETED) == 1
    assert len(world.journal.inventory) == 1

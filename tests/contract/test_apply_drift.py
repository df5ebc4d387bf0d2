"""federation.apply on a real cluster: people's changes are taken back, others' stay."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from federation.engine import drift
from federation.engine.changeset import Action
from tests.contract.apply_world import World, config_map, deployment, make_world

if TYPE_CHECKING:
    from tests.realcluster.cluster import RealCluster

MERGE = {"kustomize.toolkit.fluxcd.io/ssa": "Merge"}


@pytest.fixture
def world(real_cluster: RealCluster) -> World:
    return make_world(real_cluster)


def annotated(manifest: dict[str, Any], annotations: dict[str, str]) -> dict[str, Any]:
    return {**manifest, "metadata": {**manifest["metadata"], "annotations": annotations}}


def edit(world: World, kind: str, name: str, patch: dict[str, Any], manager: str) -> None:
    """Change an object the way `kubectl edit` does: a merge patch under its own manager."""
    world.kubectl(
        "patch", kind, name, "--type=merge", f"--field-manager={manager}", "-p", json.dumps(patch)
    )


def test_an_edited_value_is_set_back(world: World) -> None:
    objects = [config_map("one", key="ours"), config_map("two")]
    world.run(objects)
    edit(world, "configmap", "one", {"data": {"key": "theirs"}}, "kubectl-edit")

    outcome = world.run(objects)

    assert world.live("configmap", "one")["data"] == {"key": "ours"}
    assert [ref.name for ref in outcome.drifted] == ["one"]
    assert outcome.changeset.summary == "1 configured, 1 unchanged"


def test_a_key_added_by_kubectl_edit_is_taken_away(world: World) -> None:
    objects = [config_map("one", key="ours")]
    world.run(objects)
    edit(world, "configmap", "one", {"data": {"added": "theirs"}}, "kubectl-edit")

    outcome = world.run(objects)

    assert world.live("configmap", "one")["data"] == {"key": "ours"}
    assert [ref.name for ref in outcome.drifted] == ["one"]
    assert [each.content_type for each in world.writes] == [
        "application/json-patch+json",
        "application/apply-patch+yaml",
    ]


def test_a_label_and_an_annotation_added_by_kubectl_are_taken_away(world: World) -> None:
    objects = [deployment("web")]
    world.run(objects)
    world.kubectl("label", "deployment", "web", "team=blue")
    world.kubectl("annotate", "deployment", "web", "note=mine")

    world.run(objects)

    live = world.live("deployment", "web")
    assert "team" not in live["metadata"]["labels"]
    assert "note" not in live["metadata"].get("annotations", {})
    managers = {each["manager"] for each in live["metadata"]["managedFields"]}
    assert not any(manager.startswith("kubectl") for manager in managers)


def test_a_key_deleted_by_hand_comes_back(world: World) -> None:
    objects = [config_map("one", first="1", second="2")]
    world.run(objects)
    edit(world, "configmap", "one", {"data": {"second": None}}, "kubectl-edit")

    outcome = world.run(objects)

    assert world.live("configmap", "one")["data"] == {"first": "1", "second": "2"}
    assert len(outcome.drifted) == 1


def test_replicas_scaled_by_hand_are_set_back(world: World) -> None:
    objects = [deployment("web")]
    world.run(objects)
    world.kubectl("scale", "deployment", "web", "--replicas=3")

    outcome = world.run(objects)

    assert world.live("deployment", "web")["spec"]["replicas"] == 0
    assert len(outcome.drifted) == 1


def test_a_second_container_added_by_kubectl_edit_is_taken_away(world: World) -> None:
    objects = [deployment("web")]
    world.run(objects)
    containers = [
        {"name": "app", "image": "example.com/app:1"},
        {"name": "spy", "image": "example.com/spy:1"},
    ]
    pod = {"spec": {"template": {"spec": {"containers": containers}}}}
    edit(world, "deployment", "web", pod, "kubectl-edit")

    world.run(objects)

    live = world.live("deployment", "web")["spec"]["template"]["spec"]["containers"]
    assert [each["name"] for each in live] == ["app"]


def test_kubectl_apply_over_our_object_is_undone(world: World) -> None:
    objects = [config_map("one", key="ours")]
    world.run(objects)
    theirs = config_map("one", key="theirs", added="theirs")
    world.kubectl("apply", "-f", "-", stdin=json.dumps(theirs))

    world.run(objects)

    live = world.live("configmap", "one")
    assert live["data"] == {"key": "ours"}
    assert "kubectl.kubernetes.io/last-applied-configuration" not in live["metadata"].get(
        "annotations", {}
    )


def test_a_deleted_object_is_created_again(world: World) -> None:
    objects = [config_map("one"), config_map("two")]
    world.run(objects)
    world.kubectl("delete", "configmap", "one")

    outcome = world.run(objects)

    assert world.live("configmap", "one") is not None
    assert outcome.changeset.summary == "1 created, 1 unchanged"
    assert [ref.name for ref in outcome.drifted] == ["one"]


def test_owner_labels_removed_by_hand_come_back_and_additions_go_in_one_run(
    world: World,
) -> None:
    objects = [config_map("one", key="ours")]
    world.run(objects)
    world.kubectl("label", "configmap", "one", "slipway.dev/owner-", "slipway.dev/hub-", "x=y")

    outcome = world.run(objects)

    labels = world.live("configmap", "one")["metadata"]["labels"]
    assert labels == world.owner.labels
    assert outcome.changeset.count(Action.CONFIGURED) == 1
    assert world.run(objects).changeset.count(Action.UNCHANGED) == 1


def test_a_status_write_by_a_controller_is_no_drift(world: World) -> None:
    objects = [deployment("web")]
    world.run(objects)
    status = {"status": {"observedGeneration": 99}}
    world.kubectl(
        "patch", "deployment", "web", "--subresource=status", "--type=merge",
        "--field-manager=kubectl-edit", "-p", json.dumps(status),
    )  # fmt: skip

    outcome = world.run(objects)

    assert world.writes == []
    assert outcome.drifted == ()


def test_a_field_another_controller_adds_stays(world: World) -> None:
    objects = [config_map("one", key="ours")]
    world.run(objects)
    edit(world, "configmap", "one", {"data": {"theirs": "1"}}, "some-controller")

    outcome = world.run(objects)

    assert world.writes == []
    assert world.live("configmap", "one")["data"] == {"key": "ours", "theirs": "1"}
    assert outcome.drifted == ()


def test_after_taking_back_the_next_run_is_quiet(world: World) -> None:
    objects = [config_map("one", key="ours")]
    world.run(objects)
    edit(world, "configmap", "one", {"data": {"added": "theirs"}}, "kubectl-edit")
    world.run(objects)

    world.run(objects)

    assert world.writes == []


def test_merge_leaves_what_kubectl_added_but_sets_back_what_is_ours(world: World) -> None:
    objects = [annotated(config_map("one", key="ours"), MERGE)]
    world.run(objects)
    change = {"data": {"added": "theirs", "key": "theirs"}}
    edit(world, "configmap", "one", change, "kubectl-edit")

    world.run(objects)

    assert world.live("configmap", "one")["data"] == {"key": "ours", "added": "theirs"}
    world.run(objects)
    assert world.writes == []


def test_an_edit_that_lands_while_we_take_back_is_taken_back_too(world: World) -> None:
    objects = [config_map("one", key="ours")]
    world.run(objects)
    edit(world, "configmap", "one", {"data": {"added": "1"}}, "kubectl-edit")
    intruding = iter(["second"])

    def intrude(request: object) -> None:
        for key in intruding if request.method == "PATCH" else ():
            edit(world, "configmap", "one", {"data": {key: "2"}}, "kubectl-edit")

    world.transport.faults.append(intrude)

    outcome = world.run(objects)

    assert outcome.error is None
    assert world.live("configmap", "one")["data"] == {"key": "ours"}


def test_the_answer_of_an_apply_and_a_later_list_give_one_fingerprint(world: World) -> None:
    world.run([deployment("web")])

    live = world.live("deployment", "web")

    (entry,) = world.journal.inventory
    assert entry.uid == live["metadata"]["uid"]
    assert drift.fingerprint(live) == entry.fingerprint

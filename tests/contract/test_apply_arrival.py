"""federation.apply on a real cluster: objects arrive, and what did not move costs nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from federation.engine.changeset import Action
from tests.contract.apply_world import World, config_map, deployment, make_world

if TYPE_CHECKING:
    from tests.realcluster.cluster import RealCluster

RBAC = "rbac.authorization.k8s.io"


@pytest.fixture
def world(real_cluster: RealCluster) -> World:
    return make_world(real_cluster)


def ten_kinds(name: str) -> list[dict[str, Any]]:
    """One object of each of ten kinds."""
    labels = {"app": name}
    matching = {"matchLabels": labels}
    port = {"port": 80, "targetPort": 8080, "protocol": "TCP"}
    pod = {"containers": [{"name": "app", "image": "example.com/app:1"}], "restartPolicy": "Never"}
    rule = {"apiGroups": [""], "resources": ["configmaps"], "verbs": ["get"]}
    reference = {"apiGroup": RBAC, "kind": "Role", "name": name}
    subject = {"kind": "ServiceAccount", "name": name}
    job = {"template": {"spec": pod}}
    bodies: list[tuple[str, str, dict[str, Any]]] = [
        ("v1", "ConfigMap", {"data": {"key": "value"}}),
        ("v1", "Secret", {"stringData": {"password": "hunter22"}}),
        ("v1", "ServiceAccount", {}),
        ("v1", "Service", {"spec": {"selector": labels, "ports": [port]}}),
        ("apps/v1", "Deployment", {"spec": deployment(name)["spec"]}),
        ("batch/v1", "CronJob", {"spec": {"schedule": "0 0 1 1 *", "jobTemplate": {"spec": job}}}),
        (f"{RBAC}/v1", "Role", {"rules": [rule]}),
        (f"{RBAC}/v1", "RoleBinding", {"roleRef": reference, "subjects": [subject]}),
        ("networking.k8s.io/v1", "NetworkPolicy", {"spec": {"podSelector": matching}}),
        ("policy/v1", "PodDisruptionBudget", {"spec": {"selector": matching}}),
    ]  # fmt: skip
    return [
        {"apiVersion": version, "kind": kind, "metadata": {"name": name}, **body}
        for version, kind, body in bodies
    ]


def thirty_objects() -> list[dict[str, Any]]:
    return [each for number in range(3) for each in ten_kinds(f"app-{number}")]


def test_thirty_objects_of_ten_kinds_arrive(world: World) -> None:
    outcome = world.run(thirty_objects())

    assert outcome.error is None
    assert outcome.changeset.summary == "30 created"
    found = world.kubectl(
        "get", "cm,secret,sa,svc,deploy,cronjob,role,rolebinding,netpol,pdb",
        "-l", world.owner.selector, "-o", "name",
    ).split()  # fmt: skip
    assert len(found) == 30
    assert len(world.journal.inventory) == 30
    assert all(entry.confirmed and entry.fingerprint for entry in world.journal.inventory)
    assert world.journal.calls.index("claim") < world.journal.calls.index("applied")


def test_one_apply_for_each_object_and_one_list_for_each_kind_are_all_it_sends(
    world: World,
) -> None:
    world.run([])

    world.run(thirty_objects())

    lists = [each for each in world.transport.requests if each.method == "GET"]
    assert len(world.writes) == 30
    assert {each.method for each in world.writes} == {"PATCH"}
    assert len([each for each in lists if "/namespaces/" in each.path]) == 10


def test_every_write_is_made_as_the_projects_service_account(world: World) -> None:
    world.run(thirty_objects())

    users = {each.user for each in world.writes}
    assert users == {f"system:serviceaccount:{world.namespace}:slipway"}


def test_a_second_run_only_lists(world: World) -> None:
    world.run(thirty_objects())
    batches = list(world.journal.batches)

    outcome = world.run(thirty_objects())

    assert outcome.changeset.summary == "30 unchanged"
    assert world.writes == []
    assert len(world.transport.requests) == 10
    assert {each.query["labelSelector"] for each in world.transport.requests} == {
        world.owner.selector
    }
    assert world.journal.batches == batches


def test_three_runs_without_a_change_write_nothing_though_the_server_sets_defaults(
    world: World,
) -> None:
    world.run(thirty_objects())

    for _ in range(3):
        assert world.run(thirty_objects()).changeset.count(Action.UNCHANGED) == 30
        assert world.writes == []


def test_a_full_check_applies_everything_and_reports_it_unchanged(world: World) -> None:
    world.run(thirty_objects())

    outcome = world.run(thirty_objects(), full_check=True)

    assert len(world.writes) == 30
    assert outcome.changeset.summary == "30 unchanged"


def test_a_change_of_one_object_is_one_patch(world: World) -> None:
    world.run([config_map("one"), config_map("two", key="old"), deployment("web")])

    outcome = world.run([config_map("one"), config_map("two", key="new"), deployment("web")])

    assert outcome.changeset.summary == "1 configured, 2 unchanged"
    assert [each.method for each in world.writes] == ["PATCH"]
    assert world.live("configmap", "two")["data"] == {"key": "new"}
    assert outcome.drifted == ()


def test_a_field_that_leaves_the_manifest_leaves_the_object(world: World) -> None:
    world.run([config_map("one", first="1", second="2")])

    world.run([config_map("one", first="1")])

    assert world.live("configmap", "one")["data"] == {"first": "1"}


def test_what_was_applied_is_written_down_at_least_every_fifty_objects(world: World) -> None:
    objects = [config_map(f"many-{number}") for number in range(120)]

    world.run(objects)

    assert world.journal.batches == [50, 50, 20]


def test_a_custom_resource_arrives_in_the_same_run_as_its_definition(world: World) -> None:
    group = f"{world.namespace}.example.com"
    objects = [widget_definition(group), widget(group, "first")]

    outcome = world.run(objects, cluster_kinds=frozenset({"CustomResourceDefinition"}))

    assert outcome.error is None
    assert outcome.changeset.summary == "2 created"
    assert world.live(f"widgets.{group}", "first")["spec"] == {"size": 3}
    definition, resource = (
        next(each for each in world.writes if word in each.path)
        for word in ("customresourcedefinitions", "/widgets/")
    )
    assert definition.user == ""
    assert resource.user == f"system:serviceaccount:{world.namespace}:slipway"


def test_a_custom_resource_may_be_cluster_scoped_only_if_policy_allows_its_kind(
    world: World,
) -> None:
    group = f"{world.namespace}.example.com"
    definition = widget_definition(group)
    definition["spec"]["scope"] = "Cluster"
    crd = frozenset({"CustomResourceDefinition"})

    refused = world.run([definition, widget(group, "first")], cluster_kinds=crd)
    written = list(world.writes)
    allowed = world.run(
        [definition, widget(group, "first")], cluster_kinds=crd | {f"Widget.{group}"}
    )

    assert refused.error.reason == "ScopeViolation"
    assert written == []
    assert allowed.error is None
    assert (group, "Widget", "", "first") in world.journal.inventory.by_key


def widget_definition(group: str) -> dict[str, Any]:
    schema = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    version = {
        "name": "v1",
        "served": True,
        "storage": True,
        "schema": {"openAPIV3Schema": schema},
    }
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"widgets.{group}"},
        "spec": {
            "group": group,
            "scope": "Namespaced",
            "names": {"plural": "widgets", "singular": "widget", "kind": "Widget"},
            "versions": [version],
        },
    }


def widget(group: str, name: str) -> dict[str, Any]:
    return {
        "apiVersion": f"{group}/v1",
        "kind": "Widget",
        "metadata": {"name": name},
        "spec": {"size": 3},
    }

"""S-41, S-42: on a member cluster a source writes in its project's namespace and nowhere else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.contract.apply_world import World, config_map, make_world

if TYPE_CHECKING:
    from tests.contract.apply_world import Request
    from tests.realcluster.cluster import RealCluster


@pytest.fixture
def world(real_cluster: RealCluster) -> World:
    return make_world(real_cluster)


def test_an_object_of_a_namespace_outside_the_project_refuses_the_whole_run(world: World) -> None:
    foreign = config_map("foreign")
    foreign["metadata"]["namespace"] = "kube-system"

    outcome = world.run([config_map("mine"), foreign])

    assert outcome.error.reason == "ScopeViolation"
    assert "kube-system" in outcome.error.message
    assert world.writes == []


@pytest.mark.parametrize("namespace", [None, "given"])
def test_a_cluster_scoped_kind_is_refused_with_or_without_a_namespace_written_in_it(
    world: World, namespace: str | None
) -> None:
    role: dict[str, Any] = {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRole",
        "metadata": {"name": "everything", "namespace": namespace and world.namespace},
        "rules": [],
    }

    outcome = world.run([config_map("mine"), role])

    assert outcome.error.reason == "ScopeViolation"
    assert "ClusterRole" in outcome.error.message
    assert "clusterrole.yaml:3" in outcome.error.message
    assert world.writes == []


def test_every_object_out_of_scope_is_listed(world: World) -> None:
    objects = [
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "other"}},
        {
            "apiVersion": "storage.k8s.io/v1",
            "kind": "StorageClass",
            "metadata": {"name": "fast"},
            "provisioner": "none",
        },
        {
            "apiVersion": "scheduling.k8s.io/v1",
            "kind": "PriorityClass",
            "metadata": {"name": "high"},
            "value": 1,
        },
    ]

    outcome = world.run(objects)

    assert len(outcome.error.causes) == 3
    for kind in ("Namespace", "StorageClass", "PriorityClass"):
        assert kind in outcome.error.message


def test_a_run_speaks_as_the_cluster_only_for_cluster_scoped_objects(world: World) -> None:
    role = {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRole",
        "metadata": {"name": f"role-{world.namespace}", "namespace": None},
        "rules": [],
    }

    outcome = world.run([role, config_map("one")], cluster_kinds=frozenset({"ClusterRole"}))

    assert outcome.error is None
    assert _writers(world.writes) == {
        f"/apis/rbac.authorization.k8s.io/v1/clusterroles/role-{world.namespace}": "",
        f"/api/v1/namespaces/{world.namespace}/configmaps/one": (
            f"system:serviceaccount:{world.namespace}:slipway"
        ),
    }


def _writers(requests: list[Request]) -> dict[str, str]:
    return {each.path: each.user for each in requests}

"""Which kinds a cluster serves, from its own documents."""

from __future__ import annotations

from typing import Any

import pytest

from federation.member import discovery
from federation.member.discovery import Discovery, GroupUnavailable, NoMatchForKind
from projects.errors import NotFound, Unavailable
from projects.kube.refs import GroupVersionKind


def gvk(api_version: str, kind: str) -> GroupVersionKind:
    return GroupVersionKind.parse(api_version, kind)


def resource(name: str, kind: str, *, scope: str = "Namespaced", **more: Any) -> dict[str, Any]:
    found = {"resource": name, "responseKind": {"group": "", "version": "", "kind": kind}}
    return {**found, "scope": scope, "verbs": ["get", "list", "patch"], **more}


def group(name: str, *versions: dict[str, Any]) -> dict[str, Any]:
    return {"metadata": {"name": name} if name else {}, "versions": list(versions)}


def version(number: str, *resources: dict[str, Any], freshness: str = "Current") -> dict[str, Any]:
    return {"version": number, "freshness": freshness, "resources": list(resources)}


def aggregated(*groups: dict[str, Any]) -> dict[str, Any]:
    return {"kind": "APIGroupDiscoveryList", "items": list(groups)}


CORE = aggregated(
    group("", version("v1", resource("pods", "Pod"), resource("nodes", "Node", scope="Cluster")))
)
GROUPS = aggregated(
    group(
        "apps",
        version("v1", resource("deployments", "Deployment")),
        version("v2", resource("deployments", "Deployment")),
    ),
    group("metrics.k8s.io", version("v1beta1", freshness="Stale")),
)
LEGACY = {
    "kind": "APIResourceList",
    "groupVersion": "apps/v1",
    "resources": [
        {"name": "deployments", "kind": "Deployment", "namespaced": True, "verbs": ["get"]},
        {"name": "deployments/scale", "kind": "Scale", "namespaced": True, "verbs": ["get"]},
    ],
}


def test_the_aggregated_form_is_read() -> None:
    found = Discovery.parse(CORE, GROUPS)

    pods = found.resource(gvk("v1", "Pod"))
    assert (pods.name, pods.namespaced, pods.path) == ("pods", True, "/api/v1")
    assert pods.verbs == ("get", "list", "patch")
    assert not found.resource(gvk("v1", "Node")).namespaced
    assert found.resource(gvk("apps/v2", "Deployment")).path == "/apis/apps/v2"


def test_the_legacy_form_is_read_without_subresources() -> None:
    found = Discovery.parse(LEGACY)

    assert [one.name for one in found.resources()] == ["deployments"]
    assert found.resource(gvk("apps/v1", "Deployment")).namespaced


def test_a_kind_that_is_not_served_is_named_with_the_versions_that_are() -> None:
    found = Discovery.parse(CORE, GROUPS)

    with pytest.raises(NoMatchForKind) as caught:
        found.resource(gvk("apps/v1beta1", "Deployment"))

    assert isinstance(caught.value, NotFound)
    assert caught.value.reason == "NoMatchForKind"
    assert caught.value.served == ("apps/v1", "apps/v2")
    assert str(caught.value) == (
        "the cluster does not serve apps/v1beta1 Deployment; it serves apps/v1, apps/v2"
    )


@pytest.mark.parametrize(
    "api_version", ["metrics.k8s.io/v1beta1", "metrics.k8s.io/v1", "custom.io/v1"]
)
def test_a_group_that_does_not_answer_now_is_not_a_group_that_is_gone(api_version: str) -> None:
    found = Discovery.parse(CORE, GROUPS, stale=[("custom.io", "v1")])

    with pytest.raises(GroupUnavailable) as caught:
        found.resource(gvk(api_version, "PodMetrics"))

    assert isinstance(caught.value, Unavailable)


def test_a_version_that_answers_tells_that_the_kind_is_not_gone() -> None:
    found = Discovery.parse(GROUPS, stale=[("apps", "v3")])

    with pytest.raises(NoMatchForKind) as caught:
        found.resource(gvk("apps/v1beta1", "Deployment"))
    with pytest.raises(GroupUnavailable):
        found.resource(gvk("apps/v3", "Deployment"))

    assert caught.value.served == ("apps/v1", "apps/v2")


def test_a_stale_group_that_still_says_what_it_serves_is_believed() -> None:
    stale = version("v1", resource("things", "Thing"), freshness="Stale")
    found = Discovery.parse(aggregated(group("x.io", stale)))

    assert found.resource(gvk("x.io/v1", "Thing")).name == "things"


def test_of_two_resources_for_a_kind_the_one_that_can_be_applied_to_counts() -> None:
    listed_only = resource("thinglists", "Thing", verbs=["list"])
    for order in (
        [listed_only, resource("things", "Thing")],
        [resource("things", "Thing"), listed_only],
    ):
        found = Discovery.parse(aggregated(group("x.io", version("v1", *order))))

        assert found.resource(gvk("x.io/v1", "Thing")).name == "things"


@pytest.mark.parametrize(
    "crooked",
    [
        None,
        [],
        {"kind": "APIGroupDiscoveryList"},
        {"kind": "APIGroupDiscoveryList", "items": [None, {"versions": 5}, {"metadata": []}]},
        aggregated(group("../../x", version("v1", resource("things", "Thing")))),
        aggregated(group("x.io", version("v1/../..", resource("things", "Thing")))),
        aggregated(group("x.io", version("v1", resource("../secrets", "Thing")))),
        aggregated(group("x.io", version("v1", resource("things", "T/../x")))),
        aggregated(group("x.io", version("v1", resource("things", "Thing", scope="?")))),
        aggregated(group("x.io", version("v1", {"resource": "things", "scope": "Cluster"}))),
        {"kind": "APIResourceList", "groupVersion": "a/b/c", "resources": [{"name": "x"}]},
        {"kind": "APIResourceList", "groupVersion": 5, "resources": [5]},
        {"kind": "SomethingElse", "items": [group("x.io")]},
    ],
)
def test_what_is_not_well_formed_is_left_out(crooked: Any) -> None:
    assert Discovery.parse(crooked).resources() == ()


def test_legacy_group_versions_are_listed() -> None:
    groups = {
        "kind": "APIGroupList",
        "groups": [
            {"name": "apps", "versions": [{"version": "v1"}, {"version": "v2"}]},
            {"name": "../x", "versions": [{"version": "v1"}]},
        ],
    }

    core = {"kind": "APIVersions", "versions": ["v1", 5]}

    assert tuple(discovery.legacy_versions(core)) == (("", "v1"),)
    assert tuple(discovery.legacy_versions(groups)) == (("apps", "v1"), ("apps", "v2"))
    assert tuple(discovery.legacy_versions(None)) == ()

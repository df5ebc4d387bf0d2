"""All objects pass, made fit to apply, or none does and every violation is told at once."""

from __future__ import annotations

from typing import Any

import pytest

from gitops.render import objects, validate
from gitops.render.kinds import BUILT_IN
from gitops.render.objects import ManifestInvalid
from gitops.render.validate import DuplicateObject, Scope, ScopeViolation
from gitops.render.values import RenderedObject, RenderLimits
from gitops.tree import LimitExceeded

SHOP = Scope(namespace="shop")


def make(
    name: str = "a",
    *,
    kind: str = "ConfigMap",
    api_version: str = "v1",
    at: tuple[str, int] = ("a.yaml", 1),
    metadata: dict[str, Any] | None = None,
    **more: Any,
) -> RenderedObject:
    manifest = {
        "apiVersion": api_version,
        "kind": kind,
        "metadata": {"name": name, **(metadata or {})},
        **more,
    }
    return objects.of_manifest(manifest, file=at[0], line=at[1])


def definition(kind: str, *, scope: str = "Cluster", group: str = "x.io") -> RenderedObject:
    return make(
        f"{kind.lower()}s.{group}",
        kind="CustomResourceDefinition",
        api_version="apiextensions.k8s.io/v1",
        spec={"group": group, "names": {"kind": kind}, "scope": scope},
    )


def test_namespaces_are_filled_in_and_what_servers_write_is_dropped() -> None:
    before = make(
        metadata={"uid": "1", "creationTimestamp": None, "labels": {"a": "b"}},
        status={"ready": True},
        data={"k": "v"},
    )

    (after,) = validate.check((before,), scope=SHOP)

    assert after.manifest == {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "a", "namespace": "shop", "labels": {"a": "b"}},
        "data": {"k": "v"},
    }
    assert after.ref.namespace == "shop"
    assert (after.file, after.line) == ("a.yaml", 1)
    assert before.manifest["metadata"]["uid"] == "1"


def test_the_projects_own_namespace_may_be_written_out() -> None:
    found = validate.check((make(metadata={"namespace": "shop"}),), scope=SHOP)

    assert found[0].ref.namespace == "shop"


@pytest.mark.parametrize("first", ["shop", ""])
def test_an_object_rendered_twice_is_told_with_both_files(first: str) -> None:
    twice = (
        make(at=("a.yaml", 3), metadata={"namespace": first} if first else {}),
        make("b"),
        make(at=("sub/b.yaml", 7)),
    )

    with pytest.raises(DuplicateObject) as caught:
        validate.check(twice, scope=SHOP)

    assert caught.value.message.startswith("sub/b.yaml:7: ConfigMap shop/a is also in a.yaml:3")
    assert len(caught.value.causes) == 1


def test_the_same_kind_in_another_version_is_the_same_object() -> None:
    twice = (
        make(kind="Deployment", api_version="apps/v1"),
        make(kind="Deployment", api_version="apps/v1beta1"),
    )

    with pytest.raises(DuplicateObject):
        validate.check(twice, scope=SHOP)


def test_every_violation_of_scope_is_told_with_file_and_line() -> None:
    rendered = (
        make("other", kind="Namespace", at=("ns.yaml", 1)),
        make("fine"),
        make("far", metadata={"namespace": "kube-system"}, at=("far.yaml", 9)),
        make("all", kind="ClusterRole", api_version="rbac.authorization.k8s.io/v1"),
    )

    with pytest.raises(ScopeViolation) as caught:
        validate.check(rendered, scope=SHOP)

    assert [cause.message for cause in caught.value.causes] == [
        "ns.yaml:1: Namespace other is cluster-scoped; kinds allowed to this project: none",
        "far.yaml:9: ConfigMap kube-system/far is outside the project; want namespace shop or none",
        "a.yaml:1: ClusterRole.rbac.authorization.k8s.io all is cluster-scoped; "
        "kinds allowed to this project: none",
    ]
    assert "fine" not in caught.value.message


@pytest.mark.parametrize(("group", "kind"), sorted(BUILT_IN))
def test_a_cluster_scoped_kind_is_refused_with_or_without_a_namespace(
    group: str, kind: str
) -> None:
    api_version = f"{group}/v1" if group else "v1"
    plain = make(kind=kind, api_version=api_version)
    hidden = make(kind=kind, api_version=api_version, metadata={"namespace": "shop"})

    for found in (plain, hidden):
        with pytest.raises(ScopeViolation, match="cluster-scoped"):
            validate.check((found,), scope=SHOP)


@pytest.mark.parametrize("allowed", ["ClusterRole", "ClusterRole.rbac.authorization.k8s.io"])
def test_an_allowed_cluster_scoped_kind_loses_its_namespace(allowed: str) -> None:
    role = make(
        kind="ClusterRole",
        api_version="rbac.authorization.k8s.io/v1",
        metadata={"namespace": "shop"},
    )

    (found,) = validate.check(
        (role,), scope=Scope(namespace="shop", cluster_kinds=frozenset({allowed}))
    )

    assert found.ref.namespace == ""
    assert "namespace" not in found.manifest["metadata"]


def test_a_kind_of_another_group_is_not_allowed_by_a_name_with_group() -> None:
    scope = Scope(namespace="shop", cluster_kinds=frozenset({"Widget.y.io"}))
    allowed = definition("Widget")

    with pytest.raises(ScopeViolation) as caught:
        validate.check((allowed, make(kind="Widget", api_version="x.io/v1")), scope=scope)

    assert len(caught.value.causes) == 2


def test_a_definition_in_the_same_commit_says_what_is_cluster_scoped() -> None:
    crds = Scope(namespace="shop", cluster_kinds=frozenset({"CustomResourceDefinition"}))
    hidden = make(kind="Widget", api_version="x.io/v1", metadata={"namespace": "shop"})

    with pytest.raises(ScopeViolation, match=r"Widget\.x\.io a is cluster-scoped"):
        validate.check((hidden, definition("Widget")), scope=crds)


def test_a_definition_of_a_namespaced_kind_leaves_its_objects_in_the_namespace() -> None:
    crds = Scope(namespace="shop", cluster_kinds=frozenset({"CustomResourceDefinition"}))
    rendered = (
        definition("Widget", scope="Namespaced"),
        make(kind="Widget", api_version="x.io/v1"),
    )

    found = validate.check(rendered, scope=crds)

    assert [each.ref.namespace for each in found] == ["", "shop"]


@pytest.mark.parametrize(
    "spec", [None, [], {"names": []}, {"scope": "Cluster", "names": {"kind": 1}}]
)
def test_a_broken_definition_defines_nothing(spec: Any) -> None:
    crds = Scope(namespace="shop", cluster_kinds=frozenset({"CustomResourceDefinition"}))
    broken = make(
        "x.x.io", kind="CustomResourceDefinition", api_version="apiextensions.k8s.io/v1", spec=spec
    )

    assert (
        len(validate.check((broken, make(kind="Widget", api_version="x.io/v1")), scope=crds)) == 2
    )


def test_names_and_types_are_told_before_all_else() -> None:
    wrong = (
        make("Bad", at=("b.yaml", 4)),
        make("a", metadata={"labels": {"v": 1}}),
        make("other", kind="Namespace"),
    )

    with pytest.raises(ManifestInvalid) as caught:
        validate.check(wrong, scope=SHOP)

    assert len(caught.value.causes) == 2
    assert caught.value.message.startswith("b.yaml:4: ConfigMap Bad metadata.name 'Bad'")


def test_many_violations_are_cut_in_the_message_and_kept_in_the_causes() -> None:
    rendered = tuple(make(f"n{number}", kind="Namespace") for number in range(50))

    with pytest.raises(ScopeViolation, match=r"and 30 more$") as caught:
        validate.check(rendered, scope=SHOP)

    assert len(caught.value.causes) == 50


def test_an_object_may_be_as_large_as_the_limit_and_no_larger() -> None:
    large = make(data={"k": "v" * 2000})
    limits = RenderLimits(max_object_bytes=2000)

    assert validate.check((large,), scope=SHOP)
    with pytest.raises(LimitExceeded, match=r"ConfigMap shop/a has \d+ bytes; the limit is 2000"):
        validate.check((large,), scope=SHOP, limits=limits)


def test_there_may_be_as_many_objects_as_the_limit_and_no_more() -> None:
    rendered = (make("a"), make("b"))

    with pytest.raises(LimitExceeded, match="2 objects; the limit is 1"):
        validate.check(rendered, scope=SHOP, limits=RenderLimits(max_objects=1))

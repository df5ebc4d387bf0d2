"""Where a project may write."""

from __future__ import annotations

import pytest

from federation.engine.scope import Scope
from projects.kube.refs import ObjectRef

SCOPE = Scope(
    namespaces=frozenset({"shop"}), cluster_kinds=frozenset({"Namespace", "Widget.example.com"})
)


def ref(kind: str, *, namespace: str = "", group: str = "") -> ObjectRef:
    return ObjectRef(group=group, version="v1", kind=kind, namespace=namespace, name="one")


def test_the_projects_own_namespace_is_within() -> None:
    assert SCOPE.refusal(ref("ConfigMap", namespace="shop"), namespaced=True) == ""


@pytest.mark.parametrize("namespace", ["kube-system", "shop2", ""])
def test_any_other_namespace_is_not(namespace: str) -> None:
    refusal = SCOPE.refusal(ref("ConfigMap", namespace=namespace), namespaced=True)

    assert "outside the project; allowed: shop" in refusal


def test_a_cluster_scoped_kind_is_judged_by_what_the_cluster_says_not_by_its_namespace() -> None:
    hidden = ref("ClusterRole", namespace="shop", group="rbac.authorization.k8s.io")

    assert "cluster-scoped" in SCOPE.refusal(hidden, namespaced=False)


def test_a_kind_is_allowed_by_kind_or_by_kind_and_group() -> None:
    assert SCOPE.refusal(ref("Namespace"), namespaced=False) == ""
    assert SCOPE.refusal(ref("Widget", group="example.com"), namespaced=False) == ""
    assert SCOPE.refusal(ref("Widget", group="example.org"), namespaced=False) != ""


def test_an_empty_scope_allows_nothing() -> None:
    nothing = Scope(namespaces=frozenset())

    assert "allowed: none" in nothing.refusal(ref("ConfigMap", namespace="shop"), namespaced=True)
    assert nothing.refusal(ref("Namespace"), namespaced=False) != ""

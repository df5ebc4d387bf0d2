"""Paths that no name can leave, and JSON that YAML reads as the same."""

from __future__ import annotations

import json

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as some

from federation.member import paths
from federation.member.discovery import Resource
from federation.member.errors import Rejected
from projects.kube.refs import GroupVersionKind, ObjectRef

DEPLOYMENTS = Resource(
    name="deployments",
    gvk=GroupVersionKind(group="apps", version="v1", kind="Deployment"),
    namespaced=True,
    verbs=("get", "patch"),
)
CLUSTER_ROLES = Resource(
    name="clusterroles",
    gvk=GroupVersionKind(group="rbac.authorization.k8s.io", version="v1", kind="ClusterRole"),
    namespaced=False,
    verbs=("get", "patch"),
)
PODS = Resource(
    name="pods",
    gvk=GroupVersionKind(group="", version="v1", kind="Pod"),
    namespaced=True,
    verbs=("get",),
)


def ref(name: str, namespace: str = "shop") -> ObjectRef:
    return ObjectRef(group="", version="v1", kind="X", namespace=namespace, name=name)


def test_the_core_group_has_its_own_root() -> None:
    assert paths.one(PODS, ref("a")) == "/api/v1/namespaces/shop/pods/a"
    assert paths.one(DEPLOYMENTS, ref("a")) == "/apis/apps/v1/namespaces/shop/deployments/a"


def test_all_namespaces_are_the_path_without_one() -> None:
    assert paths.collection(PODS, "") == "/api/v1/pods"
    assert paths.collection(PODS, "shop") == "/api/v1/namespaces/shop/pods"


def test_a_cluster_scoped_kind_has_no_namespace_whatever_the_manifest_says() -> None:
    path = paths.one(CLUSTER_ROLES, ref("system:node", namespace="shop"))

    assert path == "/apis/rbac.authorization.k8s.io/v1/clusterroles/system:node"


def test_a_namespaced_kind_without_a_namespace_is_refused() -> None:
    with pytest.raises(Rejected, match=r"want metadata.namespace"):
        paths.one(PODS, ref("a", namespace=""))


@pytest.mark.parametrize(
    "name",
    [
        "",
        ".",
        "..",
        "a/b",
        "../secrets/x",
        "a%2fb",
        "%2e%2e",
        "a\nb",
        "a\x00",
        "x" * 254,
        "a\u2028",
    ],
)
def test_a_name_that_is_path_syntax_is_refused(name: str) -> None:
    with pytest.raises(Rejected, match="not a name"):
        paths.one(PODS, ref(name))


@pytest.mark.parametrize(
    "namespace", ["..", "a/b", "a?b", "kube-system/../x", "A", "-a", "a" * 64, "ä", "a b"]
)
def test_a_namespace_that_is_no_label_is_refused(namespace: str) -> None:
    with pytest.raises(Rejected, match="not a namespace"):
        paths.one(PODS, ref("a", namespace=namespace))


@pytest.mark.parametrize("name", ["a?b", "a#b", "a b", "ä", "a\\b", '"', "a;b", "a..b"])
def test_any_other_name_stays_one_segment(name: str) -> None:
    path = paths.one(PODS, ref(name))

    assert path.count("/") == 6
    assert not set(path) & set('?# "\\')
    assert path.isascii()


@given(some.recursive(
    some.none() | some.booleans() | some.integers(-(2**53), 2**53) | some.text(),
    lambda inner: some.lists(inner, max_size=3)
    | some.dictionaries(some.text(max_size=20), inner, max_size=3),
    max_leaves=10,
))  # fmt: skip
def test_json_is_the_same_value_when_it_is_read_as_yaml(value: object) -> None:
    text = paths.encoded({"v": value}).decode()

    assert json.loads(text) == {"v": value}
    assert yaml.load(text, Loader=yaml.CSafeLoader) == {"v": value}


@pytest.mark.parametrize("value", [float("nan"), float("inf"), {1, 2}, b"x", object()])
def test_what_json_cannot_say_is_refused(value: object) -> None:
    with pytest.raises(Rejected, match="holds a value that is not JSON"):
        paths.encoded({"v": value}, ref("a"))


def test_half_a_character_is_refused() -> None:
    with pytest.raises(Rejected):
        paths.encoded({"v": "\ud800"})


def test_a_manifest_that_holds_itself_is_refused() -> None:
    manifest: dict[str, object] = {}
    manifest["self"] = manifest

    with pytest.raises(Rejected):
        paths.encoded(manifest)

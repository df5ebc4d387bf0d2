"""Names and labels are judged as the API server judges them, broadly."""

from __future__ import annotations

from typing import Any

import pytest

from gitops.render import names
from projects.kube.refs import ObjectRef


def problems(
    name: str = "web", *, api_version: str = "v1", kind: str = "ConfigMap", **metadata: Any
) -> list[str]:
    manifest = {
        "apiVersion": api_version,
        "kind": kind,
        "metadata": {"name": name, **metadata},
    }
    return list(names.problems(manifest, ObjectRef.of(manifest)))


@pytest.mark.parametrize(
    ("name", "api_version", "kind"),
    [
        ("web", "v1", "ConfigMap"),
        ("web.example.com", "v1", "ConfigMap"),
        ("1-2.3", "apps/v1", "Deployment"),
        ("a" * 253, "v1", "ConfigMap"),
        ("a" * 63, "v1", "Service"),
        ("system:basic-user", "rbac.authorization.k8s.io/v1", "ClusterRole"),
        ("Web View", "rbac.authorization.k8s.io/v1", "RoleBinding"),
        ("v1.example.com", "apiregistration.k8s.io/v1", "APIService"),
        ("2001:db8::1", "networking.k8s.io/v1", "IPAddress"),
    ],
)
def test_a_name_the_server_takes_passes(name: str, api_version: str, kind: str) -> None:
    assert problems(name, api_version=api_version, kind=kind) == []


@pytest.mark.parametrize(
    ("name", "api_version", "kind"),
    [
        ("Web", "v1", "ConfigMap"),
        ("web_1", "v1", "ConfigMap"),
        ("-web", "v1", "ConfigMap"),
        ("web..x", "v1", "ConfigMap"),
        ("../x", "v1", "ConfigMap"),
        ("web\n", "v1", "ConfigMap"),
        ("a" * 254, "v1", "ConfigMap"),
        ("web.x", "v1", "Service"),
        ("a" * 64, "v1", "Namespace"),
        ("a/b", "rbac.authorization.k8s.io/v1", "Role"),
        ("..", "rbac.authorization.k8s.io/v1", "Role"),
        ("a%2f", "rbac.authorization.k8s.io/v1", "Role"),
        ("web", "v1", "Config Map"),
        ("web", "v1", "1Map"),
        ("web", "apps/", "Deployment"),
        ("web", "/v1", "Deployment/x"),
        ("web", "Apps/v1", "Deployment"),
        ("web", "a/b/v1", "Deployment"),
        ("web", "V1", "ConfigMap"),
    ],
)
def test_a_name_the_server_refuses_is_told(name: str, api_version: str, kind: str) -> None:
    (first, *_) = problems(name, api_version=api_version, kind=kind)

    assert first.isprintable()


@pytest.mark.parametrize(
    ("metadata", "problem"),
    [
        ({"labels": {"a": 1}}, "metadata.labels: the value of 'a' is not text; put it in quotes"),
        ({"labels": {"a": True}}, "is not text"),
        ({"labels": {"a": None}}, "is not text"),
        ({"labels": {"a": "b c"}}, "is not a label"),
        ({"labels": {"a": "b" * 64}}, "is not a label"),
        ({"labels": {"a": "x/b"}}, "is not a label"),
        ({"labels": ["a"]}, "metadata.labels is not a mapping"),
        ({"labels": {"a/b/c": "x"}}, "has the key 'a/b/c'"),
        ({"labels": {"": "x"}}, "has the key ''"),
        ({"annotations": {"a": 1.5}}, "metadata.annotations: the value of 'a' is not text"),
        ({"annotations": {"a b": "x"}}, "has the key 'a b'"),
        ({"annotations": {"a": "x" * 300_000}}, "the limit is 262144"),
        ({"namespace": "Shop"}, "metadata.namespace 'Shop' is not a DNS label"),
        ({"generateName": "web-"}, "metadata.generateName is not allowed"),
    ],
)
def test_what_is_wrong_in_metadata_is_told(metadata: dict[str, Any], problem: str) -> None:
    assert problem in problems(**metadata)[0]


def test_ordinary_metadata_passes() -> None:
    labels = {"app.kubernetes.io/name": "web", "empty": "", "v": "1.2_3-x"}
    annotations = {"example.com/note": "any text\nat all", "checksum/config": "1"}

    assert problems(labels=labels, annotations=annotations, namespace="shop") == []
    assert problems(labels=None, annotations=None) == []

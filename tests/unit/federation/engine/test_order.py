"""The order in which kinds are applied."""

from __future__ import annotations

from itertools import pairwise

import pytest

from federation.engine import order
from federation.engine.order import Stage
from projects.kube.refs import ObjectRef

RBAC = "rbac.authorization.k8s.io"


def ref(kind: str, group: str = "") -> ObjectRef:
    return ObjectRef(group=group, version="v1", kind=kind, namespace="shop", name="one")


@pytest.mark.parametrize(
    ("kind", "group", "stage"),
    [
        ("CustomResourceDefinition", "apiextensions.k8s.io", Stage.DEFINITIONS),
        ("Namespace", "", Stage.DEFINITIONS),
        ("ClusterRole", RBAC, Stage.DEFINITIONS),
        ("StorageClass", "storage.k8s.io", Stage.CLASSES),
        ("GatewayClass", "gateway.networking.k8s.io", Stage.CLASSES),
        ("ConfigMap", "", Stage.REST),
        ("Namespace", "example.com", Stage.REST),
        ("ClusterRoleBinding", RBAC, Stage.REST),
    ],
)
def test_a_kind_belongs_to_its_stage(kind: str, group: str, stage: Stage) -> None:
    assert order.stage(ref(kind, group)) is stage


def test_what_others_refer_to_comes_before_them() -> None:
    wanted = [
        ref("ResourceQuota"),
        ref("ServiceAccount"),
        ref("Role", RBAC),
        ref("RoleBinding", RBAC),
        ref("Secret"),
        ref("PersistentVolumeClaim"),
        ref("Deployment", "apps"),
        ref("CronJob", "batch"),
        ref("Widget", "example.com"),
        ref("MutatingWebhookConfiguration", "admissionregistration.k8s.io"),
    ]

    assert sorted(wanted, key=order.key) == wanted
    assert all(order.wave(one) < order.wave(two) for one, two in pairwise(wanted))


def test_a_custom_kind_with_a_known_name_is_a_custom_kind() -> None:
    assert order.wave(ref("Service", "serving.example.com")) == order.wave(
        ref("Widget", "example.com")
    )


def test_a_kubernetes_kind_without_a_place_comes_with_the_custom_kinds() -> None:
    assert order.wave(ref("Lease", "coordination.k8s.io")) > order.wave(ref("Deployment", "apps"))

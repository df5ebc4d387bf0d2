"""In which order kinds are applied, and backwards deleted.

In: refs. Out: a stage, a wave within it, and a sort key. Stages are Flux's (ssa ApplyAllStaged):
definitions, then classes, then the rest; a later stage waits for an earlier one to have gone
well. Within the rest the order is kubectl's and cli-utils': what others refer to comes before
them, unknown kinds (custom resources) after all known ones, webhooks last, so that a webhook
never judges the workload that serves it. Objects of one wave are applied at the same time.
"""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from projects.kube.refs import ObjectRef


class Stage(IntEnum):
    """A part of a run that must be done before the next begins."""

    DEFINITIONS = 0
    CLASSES = 1
    REST = 2


DEFINITIONS = frozenset(
    {
        ("apiextensions.k8s.io", "CustomResourceDefinition"),
        ("", "Namespace"),
        ("rbac.authorization.k8s.io", "ClusterRole"),
    }
)

# One line is one wave. A class (StorageClass, IngressClass, ...) is told by its name, as Flux does.
_WAVES = (
    ("ResourceQuota", "LimitRange", "NetworkPolicy"),
    ("ServiceAccount",),
    ("Role",),
    ("RoleBinding", "ClusterRoleBinding"),
    ("ConfigMap", "Secret"),
    ("PersistentVolume", "PersistentVolumeClaim", "Service", "Endpoints", "EndpointSlice"),
    ("Pod", "ReplicationController", "ReplicaSet", "Deployment", "StatefulSet", "DaemonSet"),
    ("Job", "CronJob", "HorizontalPodAutoscaler", "PodDisruptionBudget", "Ingress", "APIService"),
)
_LAST = (
    "ValidatingAdmissionPolicy",
    "ValidatingAdmissionPolicyBinding",
    "MutatingWebhookConfiguration",
    "ValidatingWebhookConfiguration",
)
_UNKNOWN = len(_WAVES)
_WAVE_OF = {kind: number for number, kinds in enumerate(_WAVES) for kind in kinds} | dict.fromkeys(
    _LAST, _UNKNOWN + 1
)
_BUILT_IN_GROUPS = frozenset({"", "apps", "batch", "autoscaling", "policy"})


def stage(ref: ObjectRef) -> Stage:
    """Tell which stage an object belongs to."""
    if (ref.group, ref.kind) in DEFINITIONS:
        return Stage.DEFINITIONS
    return Stage.CLASSES if ref.kind.endswith("Class") else Stage.REST


def wave(ref: ObjectRef) -> int:
    """Number the wave of an object within its stage.

    Only Kubernetes' own groups count: a custom kind that is also called Service is a custom
    resource.
    """
    if ref.group not in _BUILT_IN_GROUPS and not ref.group.endswith(".k8s.io"):
        return _UNKNOWN
    return _WAVE_OF.get(ref.kind, _UNKNOWN)


def key(ref: ObjectRef) -> tuple[int, int, str, str, str, str]:
    """Sort refs into the order of applying; reversed, it is the order of deleting."""
    return (stage(ref), wave(ref), ref.group, ref.kind, ref.namespace, ref.name)

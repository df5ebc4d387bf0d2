"""Which kinds are cluster-scoped, as far as a commit can tell.

In: a ref, and the objects rendered with it. Out: whether its kind lives outside namespaces: a
table of Kubernetes' own kinds (v1.37 discovery, and those that have since gone), and what
CustomResourceDefinitions of the same commit say of theirs. Never metadata.namespace, which anybody
may write (CVE-2019-11247). A kind nobody here knows counts as namespaced; the cluster's discovery
decides again before an apply (federation.engine.scope).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gitops.render.values import RenderedObject
    from projects.kube.refs import ObjectRef

GroupKind = tuple[str, str]

_CRD = ("apiextensions.k8s.io", "CustomResourceDefinition")
_BY_GROUP = {
    "": ("ComponentStatus", "Namespace", "Node", "PersistentVolume"),
    "admissionregistration.k8s.io": (
        "MutatingAdmissionPolicy",
        "MutatingAdmissionPolicyBinding",
        "MutatingWebhookConfiguration",
        "ValidatingAdmissionPolicy",
        "ValidatingAdmissionPolicyBinding",
        "ValidatingWebhookConfiguration",
    ),
    "apiextensions.k8s.io": ("CustomResourceDefinition",),
    "apiregistration.k8s.io": ("APIService",),
    "authentication.k8s.io": ("SelfSubjectReview", "TokenReview"),
    "authorization.k8s.io": (
        "SelfSubjectAccessReview",
        "SelfSubjectRulesReview",
        "SubjectAccessReview",
    ),
    "certificates.k8s.io": ("CertificateSigningRequest", "ClusterTrustBundle"),
    "extensions": ("PodSecurityPolicy",),
    "flowcontrol.apiserver.k8s.io": ("FlowSchema", "PriorityLevelConfiguration"),
    "internal.apiserver.k8s.io": ("StorageVersion",),
    "networking.k8s.io": ("IPAddress", "IngressClass", "ServiceCIDR"),
    "node.k8s.io": ("RuntimeClass",),
    "policy": ("PodSecurityPolicy",),
    "rbac.authorization.k8s.io": ("ClusterRole", "ClusterRoleBinding"),
    "resource.k8s.io": ("DeviceClass", "DeviceTaintRule", "ResourceSlice"),
    "scheduling.k8s.io": ("PriorityClass",),
    "storage.k8s.io": (
        "CSIDriver",
        "CSINode",
        "StorageClass",
        "VolumeAttachment",
        "VolumeAttributesClass",
    ),
    "storagemigration.k8s.io": ("StorageVersionMigration",),
}
BUILT_IN = frozenset((group, kind) for group, kinds in _BY_GROUP.items() for kind in kinds)


def cluster_scoped(objects: Iterable[RenderedObject]) -> frozenset[GroupKind]:
    """Gather every cluster-scoped kind: Kubernetes' own and those the objects themselves define."""
    defined = set()
    for found in objects:
        if (found.ref.group, found.ref.kind) != _CRD:
            continue
        spec = found.manifest.get("spec")
        spec = spec if isinstance(spec, dict) else {}
        names = spec.get("names")
        kind = names.get("kind") if isinstance(names, dict) else None
        if spec.get("scope") == "Cluster" and isinstance(kind, str):
            defined.add((str(spec.get("group")), kind))
    return BUILT_IN | defined


def is_allowed(ref: ObjectRef, allowed: frozenset[str]) -> bool:
    """Tell whether a cluster-scoped kind is among those named, as "Kind" or "Kind.group"."""
    return ref.kind in allowed or (bool(ref.group) and f"{ref.kind}.{ref.group}" in allowed)

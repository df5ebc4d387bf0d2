"""Project, Cluster and Secret rows as Kubernetes manifests, masked: what the ledger keeps and the
doors show.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from projects.kube import masking
from projects.kube.conditions import timestamp

if TYPE_CHECKING:
    from projects.models import Cluster, ObjectMeta, Project, Secret

GROUP = "slipway.dev/v1"


def metadata(row: ObjectMeta, *, name: str, namespace: str = "") -> dict[str, Any]:
    """metadata as the API server would write it; empty keys are left out."""
    found: dict[str, Any] = {
        "name": name,
        "namespace": namespace,
        "uid": str(row.uid),
        "generation": row.generation,
        "labels": dict(row.labels),
    }
    if row.deletion_requested_at is not None:
        found["deletionTimestamp"] = timestamp(row.deletion_requested_at)
    return {key: value for key, value in found.items() if value not in ("", {})}


def project(row: Project) -> dict[str, Any]:
    return {
        "apiVersion": GROUP,
        "kind": "Project",
        "metadata": metadata(row, name=row.name),
        "spec": {
            "displayName": row.display_name,
            "description": row.description,
            "namespaceName": row.namespace,
            "clusterKinds": list(row.cluster_kinds),
        },
    }


def cluster(row: Cluster) -> dict[str, Any]:
    """A KubeFedCluster; the credential is not part of any manifest."""
    return {
        "apiVersion": "core.kubefed.io/v1beta1",
        "kind": "KubeFedCluster",
        "metadata": metadata(row, name=row.name),
        "spec": {"apiEndpoint": row.server},
        "status": {"conditions": list(row.conditions), "kubernetesVersion": row.kubernetes_version},
    }


def secret(row: Secret) -> dict[str, Any]:
    return {
        "apiVersion": "types.kubefed.io/v1beta1",
        "kind": "FederatedSecret",
        "metadata": metadata(row, name=row.name, namespace=row.project.namespace),
        "spec": {
            "template": {"type": row.type, "data": dict.fromkeys(row.key_names, masking.MASK)},
        },
        "status": {"digest": row.digest},
    }

"""GitRepository and Kustomization rows as KubeFed's federated kinds, with exact field names (docs:
apis.md 1.4, 1.5).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from projects import manifests
from projects.kube.conditions import timestamp

if TYPE_CHECKING:
    from gitops.models import GitRepository, Kustomization

TYPES = "types.kubefed.io/v1beta1"


def federated_git_repository(row: GitRepository) -> dict[str, Any]:
    spec: dict[str, Any] = {
        "url": row.url,
        "interval": f"{row.interval_seconds}s",
        "suspend": row.suspend,
    }
    ref = {
        key: value
        for key, value in (("branch", row.branch), ("tag", row.tag), ("commit", row.commit))
        if value
    }
    if ref:
        spec["ref"] = ref
    if row.secret_name:
        spec["secretRef"] = {"name": row.secret_name}
    return {
        "apiVersion": TYPES,
        "kind": "FederatedGitRepository",
        "metadata": manifests.metadata(row, name=row.name, namespace=row.project.namespace),
        "spec": {"template": {"spec": spec}},
        "status": {
            "observedGeneration": row.observed_generation,
            "conditions": list(row.conditions),
            "artifact": {"revision": row.revision.name} if row.revision else None,
        },
    }


def federated_kustomization(row: Kustomization) -> dict[str, Any]:
    spec: dict[str, Any] = {
        "interval": f"{row.interval_seconds}s",
        "path": f"./{row.path}",
        "prune": row.prune,
        "suspend": row.suspend,
        "sourceRef": {"kind": "GitRepository", "name": row.source_name},
    }
    return {
        "apiVersion": TYPES,
        "kind": "FederatedKustomization",
        "metadata": manifests.metadata(row, name=row.name, namespace=row.project.namespace),
        "spec": {"template": {"spec": spec}, "placement": dict(row.placement), "adopt": row.adopt},
        "status": dict(row.federated),
    }


def suspension(row: Any) -> dict[str, Any]:
    """One suspension, for the audit trail and the REST API."""
    return {
        "cluster": row.cluster_name,
        "by": row.by,
        "reason": row.reason,
        "startedAt": timestamp(row.started_at),
        "until": timestamp(row.until) if row.until else None,
    }

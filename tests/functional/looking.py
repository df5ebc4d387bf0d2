"""What a test sees of a cluster, by the cluster's own API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.realcluster.cluster import RealCluster

OWNER = "slipway.dev/owner"
# The collections of the kinds in tests.functional.shop, below a namespace.
COLLECTIONS = (
    ("/api/v1", "configmaps"),
    ("/api/v1", "secrets"),
    ("/api/v1", "services"),
    ("/api/v1", "serviceaccounts"),
    ("/apis/apps/v1", "deployments"),
    ("/apis/apps/v1", "statefulsets"),
    ("/apis/batch/v1", "cronjobs"),
    ("/apis/networking.k8s.io/v1", "ingresses"),
    ("/apis/networking.k8s.io/v1", "networkpolicies"),
    ("/apis/policy/v1", "poddisruptionbudgets"),
    ("/apis/autoscaling/v2", "horizontalpodautoscalers"),
    ("/apis/rbac.authorization.k8s.io/v1", "roles"),
    ("/apis/rbac.authorization.k8s.io/v1", "rolebindings"),
)


def owned(cluster: RealCluster, namespace: str) -> set[str]:
    """Objects in a namespace that a source of a hub owns, as `resource/name`."""
    found = set()
    for prefix, resource in COLLECTIONS:
        path = f"{prefix}/namespaces/{namespace}/{resource}?labelSelector={OWNER}"
        for item in cluster.request("GET", path).body.get("items", []):
            found.add(f"{resource}/{item['metadata']['name']}")
    return found


def get(
    cluster: RealCluster, namespace: str, resource: str, name: str, prefix: str = "/api/v1"
) -> dict[str, Any]:
    """One object, {} if it is not there."""
    answer = cluster.request("GET", f"{prefix}/namespaces/{namespace}/{resource}/{name}")
    return answer.body if answer.status == 200 else {}


def config_map(cluster: RealCluster, namespace: str, name: str) -> dict[str, str]:
    """The data of a ConfigMap, {} if it is not there."""
    data: dict[str, str] = get(cluster, namespace, "configmaps", name).get("data", {})
    return data


def events(cluster: RealCluster, namespace: str) -> list[dict[str, Any]]:
    """The Kubernetes Events that Slipway left in a namespace."""
    items = cluster.request("GET", f"/api/v1/namespaces/{namespace}/events").body.get("items", [])
    return [item for item in items if item.get("source", {}).get("component") == "slipway"]

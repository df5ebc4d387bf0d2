"""A client to one real cluster and the small objects the member contract is tested with."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

from federation.member.client import Client
from federation.member.credentials import parse_kubeconfig
from federation.member.transport import Transport
from projects.kube.refs import ObjectRef
from tests.fakes.members import LOOPBACK

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.realcluster.cluster import RealCluster


@contextlib.contextmanager
def client_of(cluster: RealCluster, *, kubeconfig: str = "", **options: Any) -> Iterator[Client]:
    """Connect as the administrator, or by another kubeconfig; options are those of Transport."""
    access = parse_kubeconfig(kubeconfig or cluster.kubeconfig)
    with Transport(access, policy=LOOPBACK, **options) as transport:
        yield Client(transport)


def config_map(namespace: str, name: str, **data: Any) -> dict[str, Any]:
    """Make a ConfigMap."""
    return named("v1", "ConfigMap", namespace, name, data=data)


def secret(namespace: str, name: str, **fields: Any) -> dict[str, Any]:
    """Make a Secret of the fields given."""
    return named("v1", "Secret", namespace, name, **fields)


def deployment(namespace: str, name: str, *, app: str = "a") -> dict[str, Any]:
    """Make a Deployment without pods."""
    labels = {"app": app}
    template = {
        "metadata": {"labels": labels},
        "spec": {"containers": [{"name": "main", "image": "registry.example/app:1"}]},
    }
    spec = {"replicas": 0, "selector": {"matchLabels": labels}, "template": template}
    return named("apps/v1", "Deployment", namespace, name, spec=spec)


def named(api_version: str, kind: str, namespace: str, name: str, **fields: Any) -> dict[str, Any]:
    """Make an object; namespace is "" for cluster-scoped kinds."""
    metadata = {"name": name, **({"namespace": namespace} if namespace else {})}
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata, **fields}


def ref_of(manifest: dict[str, Any]) -> ObjectRef:
    """Name the object of a manifest."""
    return ObjectRef.of(manifest)

"""Make a project's place on a member cluster: its namespace, and who may write there.

In: the cluster's own credential, the namespace, the ids of hub and project. Out: the namespace's
uid. Applies impersonate the service account made here, whose role binding ends at the namespace,
so that the cluster itself refuses what our own checks should ever miss. A namespace that exists
and is not ours is refused unless platform staff adopt it; one of another project of this hub, and
those of Kubernetes itself, are refused in any case.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, ClassVar

from federation.engine.ownership import HUB_LABEL, PROJECT_LABEL
from federation.member.client import Impersonation
from federation.member.errors import Forbidden, NamespaceNotReady, ObjectExists
from projects.errors import Conflict
from projects.kube import manifest as manifests
from projects.kube.conditions import Reason
from projects.kube.refs import GroupVersionKind, ObjectRef

if TYPE_CHECKING:
    from federation.member.client import Client
    from projects.kube.manifest import Manifest

ACCOUNT = "slipway"
_ROLE = "cluster-admin"
# Whoever is administrator in one of these is administrator of the cluster.
_OF_KUBERNETES = frozenset({"kube-system", "kube-public", "kube-node-lease"})
_RBAC = "rbac.authorization.k8s.io"
_ANY_KIND = GroupVersionKind(group=_RBAC, version="v1", kind="RoleBinding")
_RIGHTS_SECONDS = 10.0
_PAUSE = 0.05


class NamespaceNotOurs(Conflict):
    """The namespace exists and was not made by this hub for this project."""

    default_reason: ClassVar[str] = Reason.NAMESPACE_NOT_OURS


def prepare_namespace(
    *,
    platform: Client,
    namespace: str,
    hub_id: str,
    project_uid: str,
    adopt: bool,
    deadline: float,
) -> str:
    """Make the namespace, the service account and its role binding; return the namespace's uid.

    Raises: NamespaceNotOurs, NamespaceNotReady.
    """
    labels = {HUB_LABEL: hub_id, PROJECT_LABEL: project_uid}
    if namespace in _OF_KUBERNETES:
        raise NamespaceNotOurs(f"namespace {namespace} belongs to Kubernetes itself")
    ref = _namespace_ref(namespace)
    live: Manifest | None = platform.get_metadata(ref, deadline=deadline)
    if live is None:
        live = _create(platform, namespace, labels, deadline)
    _check(live, namespace, labels, adopt=adopt)
    if any(manifests.labels(live).get(key) != value for key, value in labels.items()):
        live = platform.apply(_namespace(namespace, labels), force=True, deadline=deadline)
    made = False
    for manifest in (_account(namespace, labels), _binding(namespace, labels)):
        if not _stands(platform, manifest, labels, deadline):
            platform.apply(manifest, force=True, deadline=deadline)
            made = True
    if made:
        _wait_for_rights(platform, namespace, deadline)
    return manifests.uid(live)


def release_namespace(
    *, platform: Client, namespace: str, hub_id: str, project_uid: str, deadline: float
) -> None:
    """Take back the service account and its rights; the namespace and all in it stay."""
    labels = {HUB_LABEL: hub_id, PROJECT_LABEL: project_uid}
    # The right first: an account without rights does no harm if this ends half-way.
    for manifest in (_binding(namespace, labels), _account(namespace, labels)):
        ref = ObjectRef.of(manifest)
        live = platform.get_metadata(ref, deadline=deadline)
        if live is not None and labels.items() <= manifests.labels(live).items():
            platform.delete(ref, uid=manifests.uid(live), deadline=deadline)


def account(namespace: str) -> Impersonation:
    """Whom to impersonate for writes in a namespace: its service account.

    The API server adds the groups of a service account itself (apiserver, filters/impersonation),
    so the hub's credential needs no right to impersonate groups.
    """
    return Impersonation(user=f"system:serviceaccount:{namespace}:{ACCOUNT}")


def _create(platform: Client, namespace: str, labels: dict[str, str], deadline: float) -> Manifest:
    try:
        return platform.create(_namespace(namespace, labels), deadline=deadline)
    except ObjectExists:
        # Somebody else made it in this very moment; it is judged like any other.
        live = platform.get_metadata(_namespace_ref(namespace), deadline=deadline)
        if live is None:
            raise NamespaceNotReady(f"namespace {namespace} comes and goes") from None
        return live


def _check(live: Manifest, namespace: str, labels: dict[str, str], *, adopt: bool) -> None:
    """Raises: NamespaceNotOurs, NamespaceNotReady."""
    if manifests.metadata(live).get("deletionTimestamp"):
        raise NamespaceNotReady(f"namespace {namespace} is being deleted")
    found = manifests.labels(live)
    if labels.items() <= found.items():
        return
    if found.get(HUB_LABEL) == labels[HUB_LABEL] and PROJECT_LABEL in found:
        raise NamespaceNotOurs(f"namespace {namespace} belongs to another project of this hub")
    if not adopt:
        raise NamespaceNotOurs(
            f"namespace {namespace} exists and was not made for this project;"
            " platform staff may adopt it"
        )


def _stands(platform: Client, manifest: Manifest, labels: dict[str, str], deadline: float) -> bool:
    live = platform.get_metadata(ObjectRef.of(manifest), deadline=deadline)
    return live is not None and labels.items() <= manifests.labels(live).items()


def _wait_for_rights(platform: Client, namespace: str, deadline: float) -> None:
    """Wait until the API server knows of a new binding; it hears of it by a watch, a moment later.

    Raises: NamespaceNotReady.
    """
    client = platform.impersonating(account(namespace))
    end = min(deadline, time.monotonic() + _RIGHTS_SECONDS)
    while True:
        try:
            client.list_metadata(_ANY_KIND, namespace=namespace, deadline=deadline)
        except Forbidden as error:
            if time.monotonic() >= end:
                raise NamespaceNotReady(
                    f"the rights of service account {namespace}/{ACCOUNT} are not in effect yet"
                ) from error
        else:
            return
        time.sleep(_PAUSE)


def _namespace_ref(namespace: str) -> ObjectRef:
    return ObjectRef(group="", version="v1", kind="Namespace", namespace="", name=namespace)


def _namespace(namespace: str, labels: dict[str, str]) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Namespace",
        "metadata": {"name": namespace, "labels": labels},
    }


def _account(namespace: str, labels: dict[str, str]) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "ServiceAccount",
        "metadata": {"name": ACCOUNT, "namespace": namespace, "labels": labels},
    }


def _binding(namespace: str, labels: dict[str, str]) -> dict[str, Any]:
    subject = {"kind": "ServiceAccount", "name": ACCOUNT, "namespace": namespace}
    return {
        "apiVersion": f"{_RBAC}/v1",
        "kind": "RoleBinding",
        "metadata": {"name": ACCOUNT, "namespace": namespace, "labels": labels},
        "roleRef": {"apiGroup": _RBAC, "kind": "ClusterRole", "name": _ROLE},
        "subjects": [subject],
    }

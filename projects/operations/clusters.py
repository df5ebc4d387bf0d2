"""Registering, replacing the credential of, and removing clusters."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from projects import access, keys, ledger, manifests
from projects.errors import Conflict
from projects.kube import conditions as kube
from projects.kube.conditions import Condition, ConditionType
from projects.models import Attachment, Change, Cluster
from projects.operations import naming, rows

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from projects.access import Actor


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterSpec:
    """Where a cluster is and what opens it: a token, or a client certificate with its key (PEM)."""

    server: str
    ca_pem: str
    tls_server_name: str = ""
    credential: Mapping[str, str] = field(default_factory=dict, repr=False)


@ledger.operation()
def register(
    *,
    name: str,
    spec: ClusterSpec,
    actor: Actor,
    now: datetime,
    labels: Mapping[str, str] | None = None,
) -> Cluster:
    """Make a cluster known. The caller has checked that it answers (federation.connecting).

    Raises: Denied, Invalid, AlreadyExists.
    """
    access.require_platform(actor)
    naming.label(name, field="name")
    cluster = Cluster(name=name, labels=dict(labels or {}))
    _fill(cluster, spec)
    taken = f"a cluster named {name!r} exists (or is removed and still owes deletions)"
    rows.insert(cluster, taken=taken)
    _record(cluster, Change.Type.ADDED, verb="register", actor=actor, now=now)
    ledger.wake("Cluster", cluster.pk)
    return cluster


@ledger.operation()
def replace_credential(
    *, cluster: Cluster, spec: ClusterSpec, actor: Actor, now: datetime
) -> Cluster:
    """Give a cluster another address or credential; what waits for it is tried at once.

    Raises: Denied, Invalid.
    """
    access.require_platform(actor)
    lock(cluster=cluster)
    cluster.refresh_from_db()
    _fill(cluster, spec)
    cluster.generation += 1
    cluster.save()
    _record(cluster, Change.Type.MODIFIED, verb="replace-credential", actor=actor, now=now)
    ledger.wake("Cluster", cluster.pk)
    failing = Attachment.objects.filter(cluster=cluster).exclude(reason="")
    failing.wake()
    for pk in failing.values_list("pk", flat=True):
        ledger.wake("Attachment", pk)
    return cluster


@ledger.operation()
def remove(*, cluster: Cluster, actor: Actor, now: datetime) -> None:
    """Forget a cluster that no project uses; what it still owes keeps a hidden row until it is
    paid.

    Raises: Denied, Conflict naming the projects it is attached to.
    """
    access.require_platform(actor)
    # What it owes may be paid in this moment.
    lock(cluster=cluster)
    used_by = sorted(cluster.attachments.values_list("project__name", flat=True))
    if used_by:
        raise Conflict(
            f"cluster {cluster.name!r} is attached to: {', '.join(used_by)}; detach it first"
        )
    _record(cluster, Change.Type.DELETED, verb="remove", actor=actor, now=now)
    if cluster.propagations.exists() or cluster.inventory.exists():
        cluster.removed_at = now
        cluster.save(update_fields=["removed_at"])
    else:
        cluster.delete()


@ledger.operation()
def observe(
    *,
    cluster: Cluster,
    now: datetime,
    ready: bool,
    reason: str,
    message: str,
    identity: str = "",
    version: str = "",
) -> None:
    """Write down how a cluster answered; identity and version only when it did.

    What the caller holds may be old: an identity, once known, is never written over.
    """
    lock(cluster=cluster)
    if not Cluster.objects.filter(pk=cluster.pk).exists():
        return
    cluster.refresh_from_db()
    before = tuple(Condition.from_json(condition) for condition in cluster.conditions)
    new = Condition(
        type=ConditionType.READY,
        status="True" if ready else "False",
        reason=reason,
        message=message,
        observed_generation=cluster.generation,
    )
    conditions = [condition.to_json() for condition in kube.put(before, new, now=now)]
    columns = {
        "conditions": conditions,
        "identity": cluster.identity or identity,
        "kubernetes_version": version or cluster.kubernetes_version,
    }
    same = all(getattr(cluster, column) == value for column, value in columns.items())
    Cluster.objects.filter(pk=cluster.pk).update(**columns, probed_at=now)
    for column, value in columns.items():
        setattr(cluster, column, value)
    if not same:
        _change(cluster, Change.Type.MODIFIED, now)


def lock(*, cluster: Cluster) -> None:
    """Hold the row of a cluster until the transaction ends."""
    list(Cluster.objects.select_for_update().filter(pk=cluster.pk).values("pk"))


def credential(cluster: Cluster) -> dict[str, str]:
    """Give out the credential: for the shells that connect, and nobody else.

    Raises: CredentialUndecryptable.
    """
    opened: dict[str, str] = keys.ring().open(cluster.sealed_credential, binding=_binding(cluster))
    return opened


def _fill(cluster: Cluster, spec: ClusterSpec) -> None:
    if not spec.server.startswith("https://"):
        raise naming.invalid("server", f"{spec.server!r} is not an https:// address")
    given = {key: value for key, value in spec.credential.items() if value}
    if set(given) not in ({"token"}, {"client_cert_pem", "client_key_pem"}):
        raise naming.invalid("credential", "is a token, or a client certificate with its key")
    cluster.server, cluster.ca_pem, cluster.tls_server_name = (
        spec.server,
        spec.ca_pem,
        spec.tls_server_name,
    )
    cluster.sealed_credential = keys.ring().seal(given, binding=_binding(cluster))


def _binding(cluster: Cluster) -> str:
    return f"Cluster/{cluster.uid}"


def _record(
    cluster: Cluster, type_: Change.Type, *, verb: str, actor: Actor, now: datetime
) -> None:
    _change(cluster, type_, now)
    ledger.acted(
        actor=actor,
        verb=verb,
        kind="Cluster",
        name=cluster.name,
        uid=cluster.uid,
        now=now,
        details={"server": cluster.server},
    )


def _change(cluster: Cluster, type_: Change.Type, now: datetime) -> None:
    ledger.changed(
        cluster,
        type=type_,
        kind="KubeFedCluster",
        namespace="",
        name=cluster.name,
        manifest=manifests.cluster(cluster),
        now=now,
    )

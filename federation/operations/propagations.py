"""Propagation rows: placing, claiming, recording what a run did, letting go.

Placement is one transaction: from the source, its desired state and the attached clusters to one
row per cluster. A cluster that is no longer wanted turns to Removing and keeps its row until its
inventory is empty.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db.models import Exists, F, OuterRef, Q, Value
from django.db.models.functions import Now

from federation.engine import placement
from federation.models import InventoryEntry, Propagation
from gitops.models import Kustomization, Suspension
from projects import access, ledger
from projects.kube.conditions import Reason
from projects.models import Attachment, Cluster, Project
from projects.operations import leases
from projects.operations.leases import NEVER, Lease

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from projects.access import Actor

State = Propagation.State
OWNER_KIND = "Kustomization"
# Failures of the cluster as a whole: everything that waits for it waits together.
UNREACHABLE = (
    Reason.CLUSTER_UNREACHABLE,
    Reason.TLS_VERIFY_FAILED,
    Reason.UNAUTHORIZED,
    Reason.CLUSTER_NOT_READY,
)


@ledger.operation()
def place(*, source_id: int) -> bool:
    """Bring the Propagation rows of a source in step with what is wanted; True when any changed.

    Raises: PlacementInvalid.
    """
    source = Kustomization.objects.select_for_update().filter(pk=source_id).first()
    if source is None:
        return False
    wanted = source.placement_wanted
    chosen = _chosen(source)
    rows = {row.cluster_id: row for row in Propagation.objects.of(source.uid)}
    # Without a desired state nothing is known about what should be there: nothing is touched.
    wanting = chosen if source.desired_state_id is not None else ()
    changed = [_want(source, cluster, rows.get(cluster.pk)) for cluster in wanting]
    kept = {cluster.pk for cluster in chosen}
    changed += [_leave(source, row) for row in rows.values() if row.cluster_id not in kept]
    Kustomization.objects.filter(pk=source.pk).update(placement_done=wanted)
    ledger.wake("Propagation", source.pk)
    return any(changed)


def _chosen(source: Kustomization) -> Sequence[Cluster]:
    if source.deletion_requested_at is not None:
        return ()
    attachments = (
        Attachment.objects.in_force().filter(project=source.project_id).select_related("cluster")
    )
    clusters = {attachment.cluster.name: attachment.cluster for attachment in attachments}
    candidates = [
        placement.Candidate(name=name, labels=row.labels) for name, row in clusters.items()
    ]
    found = placement.place(placement=source.placement, clusters=candidates)
    return [clusters[name] for name in found.clusters]


def _want(source: Kustomization, cluster: Cluster, row: Propagation | None) -> bool:
    """Every placement asks for a comparison, even of an unchanged desired state: resume and sync
    mean that.
    """
    columns = {
        "desired_state": source.desired_state,
        "owner_name": source.name,
        "orphan": False,
        "delete_protected_kinds": False,
        "debt_since": None,
    }
    if row is None:
        Propagation.objects.create(
            owner_kind=OWNER_KIND,
            owner_uid=source.uid,
            project_name=source.project.name,
            project_uid=source.project.uid,
            namespace=source.project.namespace,
            cluster=cluster,
            **columns,
        )
        return True
    state = State.PENDING if row.state in (State.REMOVING, State.FAILED) else row.state
    Propagation.objects.filter(pk=row.pk).wake(state=state, stalled=False, **columns)
    return True


def _leave(source: Kustomization, row: Propagation) -> bool:
    orphan = (
        source.deletion_policy == Kustomization.DeletionPolicy.ORPHAN
        and source.deletion_requested_at is not None
    )
    columns = {"orphan": orphan, "delete_protected_kinds": source.delete_protected_kinds}
    if row.state == State.REMOVING and all(
        getattr(row, column) == value for column, value in columns.items()
    ):
        return False
    if not orphan and source.deletion_requested_at is None and not source.prune:
        columns["orphan"] = (
            True  # a source that does not prune does not take its objects from a cluster it leaves
        )
    Propagation.objects.filter(pk=row.pk).wake(state=State.REMOVING, stalled=False, **columns)
    return True


def claimable(rows: Any) -> Any:
    """Rows a worker may take: not suspended, unless they are being removed (deletion overrides
    suspension).
    """
    active = Suspension.objects.active().filter(kustomization__uid=OuterRef("owner_uid"))
    here = active.filter(Q(cluster_name="") | Q(cluster_name=OuterRef("cluster__name")))
    by_spec = Kustomization.objects.filter(uid=OuterRef("owner_uid"), suspend=True)
    return rows.filter(Q(state=State.REMOVING) | (~Exists(here) & ~Exists(by_spec)))


@ledger.operation()
def claim(rows: Any, *, worker: str, limit: int) -> tuple[Lease, ...]:
    """Take rows that are due, free and not suspended."""
    return leases.claim(claimable(rows), worker=worker, limit=limit)


@ledger.operation()
def started(*, lease: Lease, now: datetime) -> bool:
    """Show that a run is going on; a row being removed keeps saying so."""
    rows = lease.held()
    rows.exclude(state=State.REMOVING).update(state=State.CLAIMED)
    return bool(rows.update(attempted_at=now) == 1)


@ledger.operation()
def record(
    *, lease: Lease, next_attempt_at: datetime | None, failed: bool, columns: dict[str, Any]
) -> bool:
    """End a run on one cluster: what it did, when it is due again."""
    return leases.release(lease, next_attempt_at=next_attempt_at, failed=failed, **columns)


@ledger.operation()
def removed(*, lease: Lease) -> bool:
    """Drop the row of a cluster where nothing is left of the owner; wakes who waits for it."""
    row = lease.held().first()
    if row is None or InventoryEntry.objects.of(row.owner_uid, row.cluster_id).exists():
        return False
    row.delete()
    _wake_waiting(row)
    _forget_removed(row.cluster)
    return True


@ledger.operation()
def owe(*, row: Propagation, now: datetime) -> None:
    """Turn a removal that an unreachable cluster holds up into a debt, so that nothing waits for
    it.
    """
    if Propagation.objects.filter(pk=row.pk, state=State.REMOVING, debt_since=None).update(
        debt_since=now
    ):
        _wake_waiting(row)


@ledger.operation()
def write_off(*, row: Propagation, actor: Actor, now: datetime) -> int:
    """Forget what a cluster owes; returns how many objects are left behind there.

    Raises: Denied.
    """
    access.require_platform(actor)
    count, _ = InventoryEntry.objects.of(row.owner_uid, row.cluster_id).delete()
    Propagation.objects.filter(pk=row.pk).delete()
    ledger.acted(
        actor=actor,
        verb="write-off",
        kind="Propagation",
        name=f"{row.owner_name} on {row.cluster.name}",
        project=row.project_name,
        now=now,
        details={"cluster": row.cluster.name, "objects": count},
    )
    _wake_waiting(row)
    _forget_removed(row.cluster)
    return count


@ledger.operation()
def postpone(*, cluster: Cluster, until: datetime) -> None:
    """Let what else waits for an unreachable cluster wait as well: it costs one attempt, not one
    per source.
    """
    rows = Propagation.objects.filter(cluster=cluster, lease_worker="", next_attempt_at__lt=until)
    rows.update(next_attempt_at=Value(until))


@ledger.operation()
def answered(*, cluster: Cluster) -> None:
    """Try at once what waits for a cluster that answers again."""
    waiting = Propagation.objects.filter(
        cluster=cluster, reason__in=UNREACHABLE, next_attempt_at__lt=NEVER
    )
    owners = list(waiting.filter(next_attempt_at__gt=Now()).values_list("owner_uid", flat=True))
    if owners:
        waiting.filter(owner_uid__in=owners).update(next_attempt_at=Now(), failures=0)
        for pk in Kustomization.objects.filter(uid__in=owners).values_list("pk", flat=True):
            ledger.wake("Propagation", pk)


@ledger.operation()
def placement_failed(*, source: Kustomization) -> None:
    """Do not try again what cannot be placed: another spec wakes it."""
    Kustomization.objects.filter(pk=source.pk).update(placement_done=F("placement_wanted"))


@ledger.operation()
def project_changed(*, project: Project) -> None:
    """Place every source of a project again: a cluster came, is ready, or leaves."""
    sources = Kustomization.objects.filter(project=project)
    sources.wake_placement()
    for pk in sources.values_list("pk", flat=True):
        ledger.wake("Placement", pk)


@ledger.operation()
def namespace_lost(*, attachment: Attachment) -> None:
    """Have the namespace of a project prepared again: it is not there, or another one is."""
    if attachment.namespace_uid:
        Attachment.objects.filter(pk=attachment.pk).wake(namespace_uid="")
        ledger.wake("Attachment", attachment.pk)


@ledger.operation()
def set_aside(*, row: Propagation, reason: str, message: str) -> bool:
    """Show that work on a cluster killed its workers too often; False if it was said already."""
    rows = Propagation.objects.filter(pk=row.pk).exclude(reason=reason)
    return bool(rows.update(state=State.FAILED, reason=reason, message=message, stalled=True))


def _forget_removed(cluster: Cluster) -> None:
    """The hidden row of a removed cluster goes with its last debt."""
    if (
        cluster.removed_at is not None
        and not cluster.propagations.exists()
        and not cluster.inventory.exists()
    ):
        cluster.delete()


def _wake_waiting(row: Propagation) -> None:
    attachments = Attachment.objects.filter(project__name=row.project_name, cluster=row.cluster_id)
    attachments.exclude(detach_requested_at=None).wake()
    for pk in attachments.exclude(detach_requested_at=None).values_list("pk", flat=True):
        ledger.wake("Attachment", pk)
    sources = Kustomization.objects.filter(uid=row.owner_uid)
    sources.wake_placement()
    for pk in sources.values_list("pk", flat=True):
        ledger.wake("Placement", pk)

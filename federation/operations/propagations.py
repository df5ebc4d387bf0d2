"""Propagation rows: placing, claiming, recording what a run did, letting go.

Placement is one transaction: from the source, its desired state and the attached clusters to one
row per cluster. A cluster that is no longer wanted turns to Removing and keeps its row until its
inventory is empty.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db.models import Case, Exists, F, OuterRef, Q, Value, When

from federation.engine import placement
from federation.models import InventoryEntry, Propagation
from gitops.models import Kustomization, Suspension
from projects import access, ledger
from projects.errors import Conflict
from projects.models import Attachment, Cluster, Project
from projects.operations import leases
from projects.operations.leases import NEVER, Lease

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from uuid import UUID

    from projects.access import Actor

State = Propagation.State
OWNER_KIND = "Kustomization"


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
    changed = []
    # Without a desired state nothing is brought anywhere, and nothing taken away: having none is
    # never read as "delete all".
    if source.desired_state_id is not None:
        changed = [_want(source, cluster, rows.get(cluster.pk)) for cluster in chosen]
    kept = {cluster.pk for cluster in chosen}
    changed += [_leave(source, row) for row in rows.values() if row.cluster_id not in kept]
    waits = any(row.debt_since is None for row in rows.values())
    if waits or source.deletion_requested_at is None:
        # Otherwise the source goes next, and is found again by the tick until it has gone.
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
        "desired_state_id": source.desired_state_id,
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
    # A source that does not prune does not take its objects from a cluster it leaves either.
    orphan = not source.prune
    if source.deletion_requested_at is not None:
        orphan = source.deletion_policy == Kustomization.DeletionPolicy.ORPHAN
    columns = {"orphan": orphan, "delete_protected_kinds": source.delete_protected_kinds}
    same = all(getattr(row, column) == value for column, value in columns.items())
    # What nothing but a person's word wakes is woken by it.
    asleep = row.next_attempt_at >= NEVER or row.crash_count >= Propagation.CRASH_LIMIT
    if row.state == State.REMOVING and same and not asleep:
        return False
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
    """End a run on one cluster: what it did, when it is due again.

    What placement decided while the run went on stands: a cluster that was left meanwhile is not
    called applied, and one that is wanted again is not removed.
    """
    overtaken = When(wanted_generation__gt=lease.generation, then=F("state"))
    state = Case(overtaken, default=Value(str(columns["state"])))
    columns = {**columns, "state": state, "status_due": True}
    return leases.release(lease, next_attempt_at=next_attempt_at, failed=failed, **columns)


@ledger.operation()
def told(*, owner_uid: UUID) -> None:
    """Note that the status of the owner tells of every run that has ended."""
    Propagation.objects.of(owner_uid).filter(status_due=True).update(status_due=False)


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

    Raises: Denied, Conflict when it was paid or is wanted again meanwhile.
    """
    access.require_platform(actor)
    if not Propagation.objects.debts().select_for_update().filter(pk=row.pk).exists():
        raise Conflict(f"{row.cluster.name} no longer owes anything to {row.owner_name}")
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
def placement_failed(*, source: Kustomization) -> None:
    """Do not try again what cannot be placed: another spec than this one wakes it.

    Clusters that take no part in the project any more are left all the same.
    """
    Kustomization.objects.filter(pk=source.pk).update(placement_done=source.placement_wanted)
    attached = Attachment.objects.in_force().filter(project=source.project_id)
    rows = Propagation.objects.of(source.uid).exclude(cluster__in=attached.values("cluster"))
    left = [_leave(source, row) for row in rows]
    if any(left):
        ledger.wake("Propagation", source.pk)


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
def rights_missing(*, row: Propagation) -> None:
    """Have the project's service account and its rights looked after again: the cluster refused it
    something.
    """
    here = Attachment.objects.filter(project__name=row.project_name, cluster=row.cluster_id)
    rested = list(here.filter(next_attempt_at__gte=NEVER).values_list("pk", flat=True))
    Attachment.objects.filter(pk__in=rested).wake()
    for pk in rested:
        ledger.wake("Attachment", pk)


@ledger.operation()
def set_aside(*, row: Propagation, reason: str, message: str) -> bool:
    """Show that work on a cluster killed its workers too often; False if it was said already."""
    rows = Propagation.objects.filter(pk=row.pk).exclude(reason=reason)
    # One that is being removed stays so: it would be forgotten that it is.
    rows.exclude(state=State.REMOVING).update(state=State.FAILED)
    return bool(rows.update(reason=reason, message=message, stalled=True))


def _forget_removed(cluster: Cluster) -> None:
    """The hidden row of a removed cluster goes with its last debt."""
    # Locked, so that the last debt and the removal of the cluster do not miss each other.
    removed = Cluster.objects.select_for_update().filter(pk=cluster.pk).exclude(removed_at=None)
    for found in removed:
        if not found.propagations.exists() and not found.inventory.exists():
            found.delete()


def _wake_waiting(row: Propagation) -> None:
    attachments = Attachment.objects.filter(project__name=row.project_name, cluster=row.cluster_id)
    attachments.exclude(detach_requested_at=None).wake()
    for pk in attachments.exclude(detach_requested_at=None).values_list("pk", flat=True):
        ledger.wake("Attachment", pk)
    sources = Kustomization.objects.filter(uid=row.owner_uid)
    sources.wake_placement()
    for pk in sources.values_list("pk", flat=True):
        ledger.wake("Placement", pk)

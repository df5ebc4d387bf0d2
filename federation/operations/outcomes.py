"""Writing down what a run did on one cluster: the row, the deployment, the event, the cluster's
readiness.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings

from federation.apply import Outcome, Superseded
from federation.models import Deployment, Propagation
from federation.operations import propagations, waiting
from gitops.models import DesiredState, Kustomization
from projects import backoff, ledger, worker
from projects.kube import verdicts
from projects.kube.conditions import Condition, ConditionType, Reason, find
from projects.kube.verdicts import Fault
from projects.models import Attachment, Cluster, Project
from projects.operations import attachments, clusters, events, leases
from projects.operations.leases import NEVER, Lease

State = Propagation.State
# When something is looked at again that should have been woken.
LOOK_AGAIN = timedelta(seconds=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """A run that reached its cluster. state is None for a removal."""

    outcome: Outcome
    state: DesiredState | None
    message: str
    started_at: datetime


@ledger.operation()
def record(*, lease: Lease, row: Propagation, ended: Ended, now: datetime) -> bool:
    """End a run that reached its cluster: done, half done, or overtaken. False: the lease was lost,
    and nothing is written.
    """
    outcome = ended.outcome
    if not lease.held().exists():
        return False
    _cluster_answered(row.cluster, now=now)
    if not _hold(lease, row):
        return False
    if isinstance(outcome.error, Superseded):
        _start_over(lease)
        return True
    counts = {str(action): count for action, count in outcome.changeset.counts.items()}
    columns: dict[str, Any] = {"counts": counts, "object_count": len(outcome.inventory)}
    if outcome.error is not None:
        _record_fault(lease, row, verdicts.fault(outcome.error), columns, now=now)
    elif ended.state is None:
        _record_removal(lease, row, ended, columns, now=now)
    else:
        _record_applied(lease, row, ended, ended.state, columns, now=now)
    return True


@ledger.operation()
def record_failure(*, lease: Lease, row: Propagation, fault: Fault, now: datetime) -> None:
    """End a run that failed as a whole: its cluster did not answer, or we did not get as far."""
    whole = fault.reason in waiting.WHOLE_CLUSTER
    if whole:
        # Before the row, as everywhere: see _hold.
        clusters.lock(cluster=row.cluster)
    if not _hold(lease, row):
        return
    _record_fault(lease, row, fault, {}, now=now)
    if whole:
        _cluster_silent(row, fault, now=now)


def _hold(lease: Lease, row: Propagation) -> bool:
    """Lock the row while it is still ours; False means that it is not.

    Locks are taken in one order, or two workers wait for each other: source, cluster, row. Ending a
    removal wakes the source.
    """
    if row.state == State.REMOVING:
        list(Kustomization.objects.select_for_update().filter(uid=row.owner_uid).values("pk"))
    return bool(lease.held().select_for_update().exists())


@ledger.operation()
def attachment_failed(*, lease: Lease, attachment: Attachment, fault: Fault, now: datetime) -> None:
    """Write down why preparing a cluster failed, and say it in an event of the project."""
    again = _next_attempt(fault, attachment.failures + 1, now=now)
    kept = attachments.failed(
        lease=lease, reason=fault.reason, message=fault.message, next_attempt_at=again, now=now
    )
    if not kept:
        return
    if fault.reason in waiting.UNREACHABLE:
        clusters.observe(
            cluster=attachment.cluster,
            now=now,
            ready=False,
            reason=fault.reason,
            message=fault.message,
        )
    project = attachment.project
    events.record(
        project=project,
        kind="Project",
        uid=project.uid,
        name=project.name,
        cluster_name=attachment.cluster.name,
        reason=fault.reason,
        message=fault.message,
        warning=True,
        now=now,
    )


def _record_applied(
    lease: Lease,
    row: Propagation,
    ended: Ended,
    state: DesiredState,
    columns: dict[str, Any],
    *,
    now: datetime,
) -> None:
    arrived = (row.applied_digest, row.applied_revision) != (state.digest, state.revision.name)
    sources = Kustomization.objects.filter(uid=row.owner_uid)
    interval = sources.values_list("interval_seconds", flat=True).first()
    kept = propagations.record(
        lease=lease,
        next_attempt_at=backoff.spread(interval or 60, now, jitter=worker.jitter()),
        failed=False,
        columns={
            **columns,
            "state": State.APPLIED,
            "stalled": False,
            "reason": Reason.RECONCILIATION_SUCCEEDED,
            "message": ended.message,
            "applied_digest": state.digest,
            "applied_revision": state.revision.name,
            "applied_at": now if arrived else row.applied_at,
        },
    )
    if not kept:
        return
    if arrived:
        _deployed(row, ended, state, columns["counts"], now=now)
    if arrived or ended.outcome.changeset.changed:
        _event(row, Reason.RECONCILIATION_SUCCEEDED, ended.message, now=now)
    if ended.outcome.drifted:
        names = ", ".join(str(ref) for ref in ended.outcome.drifted[:10])
        _event(row, Reason.DRIFT_CORRECTED, f"took back live changes of {names}", now=now)


def _deployed(
    row: Propagation, ended: Ended, state: DesiredState, counts: dict[str, int], *, now: datetime
) -> None:
    Deployment.objects.create(
        owner_uid=row.owner_uid,
        owner_name=row.owner_name,
        project_name=row.project_name,
        cluster_name=row.cluster.name,
        revision=state.revision.name,
        commit=state.revision.commit,
        digest=state.digest,
        started_at=ended.started_at,
        finished_at=now,
        counts=counts,
    )


def _record_removal(
    lease: Lease, row: Propagation, ended: Ended, columns: dict[str, Any], *, now: datetime
) -> None:
    outcome = ended.outcome
    if lease.held().exclude(wanted_generation=lease.generation).exists():
        # It may be wanted there again.
        _start_over(lease)
        return
    if not len(outcome.inventory) and propagations.removed(lease=lease):
        _event(row, Reason.RECONCILIATION_SUCCEEDED, ended.message, now=now)
        return
    left = "; ".join(sorted(set(outcome.survivors.values()))) or "some objects are still there"
    fault = Fault(
        reason=Reason.DELETION_PENDING, message=f"{len(outcome.inventory)} objects left: {left}"
    )
    _record_fault(lease, row, fault, columns, now=now)


def _record_fault(
    lease: Lease, row: Propagation, fault: Fault, columns: dict[str, Any], *, now: datetime
) -> None:
    state = State.REMOVING if row.state == State.REMOVING else State.FAILED
    kept = propagations.record(
        lease=lease,
        next_attempt_at=_next_attempt(fault, row.failures + 1, now=now),
        failed=True,
        columns={
            **columns,
            "state": state,
            "stalled": fault.stalled,
            "reason": fault.reason,
            "message": fault.message,
        },
    )
    if kept:
        _event(row, fault.reason, fault.message, now=now, warning=True)


def _start_over(lease: Lease) -> None:
    """An overtaken run is no failure: whatever overtook it says when and whether to go on."""
    lease.held().exclude(state=State.REMOVING).update(state=State.PENDING)
    leases.abandon(lease, seconds=0)


def _next_attempt(fault: Fault, failures: int, *, now: datetime) -> datetime | None:
    if not fault.retry:
        return None
    if fault.at_once and failures == 1:
        return now
    return now + backoff.delay(
        failures,
        jitter=worker.jitter(),
        base=settings.SLIPWAY["RETRY_BASE_SECONDS"],
        retry_after=fault.retry_after,
        slow=fault.slow,
    )


def _cluster_silent(row: Propagation, fault: Fault, *, now: datetime) -> None:
    cluster = row.cluster
    clusters.observe(
        cluster=cluster, now=now, ready=False, reason=fault.reason, message=fault.message
    )
    fresh = Propagation.objects.filter(pk=row.pk).values_list("next_attempt_at", flat=True).first()
    if fresh is not None and fresh < NEVER:
        waiting.postpone(cluster=cluster, until=fresh)
    if row.state == State.REMOVING:
        propagations.owe(row=row, now=now)


def _cluster_answered(cluster: Cluster, *, now: datetime) -> None:
    """Written only when it is news."""
    ready = find(
        tuple(Condition.from_json(each) for each in cluster.conditions), ConditionType.READY
    )
    if ready is None or ready.status != "True":
        clusters.observe(
            cluster=cluster,
            now=now,
            ready=True,
            reason=Reason.CLUSTER_READY,
            message="the cluster answers",
        )
        waiting.answered(cluster=cluster)


def _event(
    row: Propagation, reason: str, message: str, *, now: datetime, warning: bool = False
) -> None:
    project = Project.objects.filter(name=row.project_name).first()
    if project is not None:
        events.record(
            project=project,
            kind="FederatedKustomization",
            uid=row.owner_uid,
            name=row.owner_name,
            cluster_name=row.cluster.name,
            reason=reason,
            message=message,
            warning=warning,
            now=now,
        )

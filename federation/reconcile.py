"""From a desired state to the clusters and back to a status: place, prepare, propagate, summarise.

Each function takes a claimed row, or makes one short transaction, and contains no rule: what is
applied and pruned is decided in federation.engine, what an error means in engine.status. A failure
of one cluster is written down on its row and stops nothing else.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from federation import apply, connecting, running, standing
from federation.engine import status
from federation.models import Propagation
from federation.operations import inventories, outcomes, propagations, waiting
from gitops.models import GitRepository, Kustomization
from gitops.operations import sources, statuses
from gitops.operations.desired_states import load
from projects import faults, ledger, worker
from projects.errors import DomainError
from projects.kube import verdicts
from projects.kube.conditions import Reason
from projects.kube.verdicts import Fault
from projects.models import Attachment, Cluster
from projects.operations import attachments, clusters, leases

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    from projects.operations.leases import Lease

logger = logging.getLogger(__name__)


def place(*, source_id: int, now: datetime) -> None:
    """Bring the Propagation rows of a source in step, and let a source go that is deleted
    everywhere.
    """
    source = Kustomization.objects.filter(pk=source_id).select_related("project").first()
    if source is None:
        return
    try:
        propagations.place(source_id=source_id)
    except DomainError as error:
        propagations.placement_failed(source=source)
        summarise(owner_uid=source.uid, now=now, failed=verdicts.fault(error))
        return
    source.refresh_from_db()
    if source.deletion_requested_at is not None and not _waits_for_clusters(source):
        sources.finalize(source=source, now=now)
        return
    summarise(owner_uid=source.uid, now=now)


def prepare(lease: Lease, *, now: datetime) -> None:
    """Make the namespace and service account of a project on a cluster, or leave the cluster."""
    attachment = Attachment.objects.select_related("project", "cluster").filter(pk=lease.pk).first()
    if attachment is None:
        return
    try:
        if attachment.detach_requested_at is not None:
            _leave(lease, attachment, now=now)
        else:
            _enter(lease, attachment, now=now)
    except DomainError as error:
        outcomes.attachment_failed(
            lease=lease, attachment=attachment, fault=verdicts.fault(error), now=now
        )
    except Exception:
        logger.exception("preparing %s failed", attachment)
        outcomes.attachment_failed(lease=lease, attachment=attachment, fault=verdicts.BUG, now=now)
    finally:
        leases.abandon(lease)


def propagate(lease: Lease, *, now: datetime) -> UUID | None:
    """Bring one owner to one cluster, once; gives the owner, whose status may have changed."""
    row = (
        Propagation.objects.select_related("cluster", "desired_state__revision")
        .filter(pk=lease.pk)
        .first()
    )
    if row is None or not propagations.started(lease=lease, now=now):
        return None
    faults.reach("apply-claimed")
    try:
        run = running.run(row, lease=lease)
        faults.reach("before-record")
        ended = outcomes.Ended(
            outcome=run.outcome, state=run.state, message=running.said(run), started_at=now
        )
        # By the clock at its end: a long run that failed must not be due again at once.
        if outcomes.record(lease=lease, row=row, ended=ended, now=worker.database_now()):
            running.tell_cluster(row, run, now=now)
            if running.refused(run):
                propagations.rights_missing(row=row)
    except DomainError as error:
        _failed(lease, row, verdicts.fault(error))
    except Exception:
        logger.exception("propagating %s failed", row)
        _failed(lease, row, verdicts.BUG)
    finally:
        leases.abandon(lease)
    return row.owner_uid


def summarise(*, owner_uid: UUID, now: datetime, failed: Fault | None = None) -> None:
    """Write the status of a source from the rows of its clusters.

    One transaction, which locks the source first: of two workers that look at once, the one that
    writes last has seen all.
    """
    with ledger.operation():
        source = (
            Kustomization.objects.select_for_update(of=("self",))
            .select_related("project", "desired_state__revision")
            .defer("desired_state__objects_gz")
            .filter(uid=owner_uid)
            .first()
        )
        propagations.told(owner_uid=owner_uid)
        if source is not None:
            _summarise(source, now=now, failed=failed)


def _summarise(source: Kustomization, *, now: datetime, failed: Fault | None) -> None:
    rows = Propagation.objects.of(source.uid).select_related("cluster")
    found = [standing.of_row(row, source.desired_state) for row in rows]
    revision = source.desired_state.revision.name if source.desired_state else ""
    staying = [each for each in found if not each.removing]
    arrived = bool(staying) and all(each.arrived for each in staying)
    conditions = load(source)
    # While a commit is rendered, or could not be, the conditions are those of rendering.
    rendered = source.failures == 0 and source.done_generation == source.wanted_generation
    if failed is not None or (rendered and source.desired_state is not None):
        conditions = status.summarise(
            previous=conditions,
            outcomes=found,
            revision=revision,
            generation=source.generation,
            now=now,
            failed=failed,
            suspended=inventories.is_suspended(source.uid, ""),
        )
    federated = status.federated(
        outcomes=found,
        previous=source.federated,
        generation=source.generation,
        now=now,
        failed=failed,
        moved=arrived and revision != source.last_applied_revision,
    )
    statuses.set_status(
        source=source,
        conditions=conditions,
        federated=federated,
        now=now,
        last_applied_revision=revision if arrived else "",
    )


def probe(cluster: Cluster, *, now: datetime) -> None:
    """Ask a cluster how it is, and wake what waited for it."""
    try:
        with connecting.open_client(cluster) as client:
            answer = connecting.introduce(client, known_identity=cluster.identity)
    except DomainError as error:
        clusters.observe(
            cluster=cluster, now=now, ready=False, reason=error.reason, message=error.message
        )
        return
    clusters.observe(
        cluster=cluster,
        now=now,
        ready=True,
        reason=Reason.CLUSTER_READY,
        message="the cluster answers",
        identity=answer.identity,
        version=answer.version,
    )
    waiting.answered(cluster=cluster)


def set_aside(*, now: datetime) -> None:
    """Mark rows whose work killed its workers too often (security.md Q-04)."""
    fault = Fault(
        reason=Reason.WORKER_CRASHED,
        stalled=True,
        message=(
            "the work ended its worker several times and is set aside; "
            "change the source or sync it by hand"
        ),
    )
    for row in leases.quarantined((GitRepository, Kustomization)):
        statuses.quarantine(row=row, fault=fault, now=now)
    for row in leases.quarantined((Attachment,)):
        attachments.set_aside(row=row, reason=fault.reason, message=fault.message)
    for row in leases.quarantined((Propagation,)):
        if propagations.set_aside(row=row, reason=fault.reason, message=fault.message):
            summarise(owner_uid=row.owner_uid, now=now)


def _enter(lease: Lease, attachment: Attachment, *, now: datetime) -> None:
    project, cluster = attachment.project, attachment.cluster
    with connecting.open_client(cluster) as client:
        answer = connecting.introduce(client, known_identity=cluster.identity)
        uid = apply.prepare_namespace(
            platform=client,
            namespace=project.namespace,
            hub_id=str(ledger.hub_row().uid),
            project_uid=str(project.uid),
            adopt=attachment.adopt_namespace,
            deadline=running.deadline(),
        )
    clusters.observe(
        cluster=cluster,
        now=now,
        ready=True,
        reason=Reason.CLUSTER_READY,
        message="the cluster answers",
        identity=answer.identity,
        version=answer.version,
    )
    news = attachment.namespace_uid != uid or attachment.reason
    if attachments.prepared(lease=lease, namespace_uid=uid, now=now) and news:
        propagations.project_changed(project=project)


def _leave(lease: Lease, attachment: Attachment, *, now: datetime) -> None:
    """Detach when every source has left, or owes and is not waited for."""
    project, cluster = attachment.project, attachment.cluster
    rows = Propagation.objects.filter(project_name=project.name, cluster=cluster)
    here = rows.filter(debt_since=None)
    if here.exists():
        if here.exclude(state=Propagation.State.REMOVING).exists():
            propagations.project_changed(project=project)
        # The last row that goes wakes the attachment; this is for a lost wake-up.
        leases.release(lease, next_attempt_at=now + outcomes.LOOK_AGAIN, failed=False)
        return
    if not rows.exists() and attachment.namespace_uid:
        _release(attachment)
    if attachments.detached(lease=lease, now=now):
        # For a placement that went on while the detaching was asked for.
        propagations.project_changed(project=project)


def _release(attachment: Attachment) -> None:
    """Take service account and rights back; a cluster that does not let us holds nothing up."""
    project = attachment.project
    try:
        with connecting.open_client(attachment.cluster) as client:
            apply.release_namespace(
                platform=client,
                namespace=project.namespace,
                hub_id=str(ledger.hub_row().uid),
                project_uid=str(project.uid),
                deadline=running.deadline(),
            )
    except DomainError as error:
        logger.warning(
            "%s: service account and role binding stay behind: %s", attachment, error.message
        )


def _failed(lease: Lease, row: Propagation, fault: Fault) -> None:
    outcomes.record_failure(lease=lease, row=row, fault=fault, now=worker.database_now())


def _waits_for_clusters(source: Kustomization) -> bool:
    return Propagation.objects.of(source.uid).filter(debt_since=None).exists()

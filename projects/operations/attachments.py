"""Attaching clusters to projects and detaching them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from projects import access, ledger
from projects.errors import Conflict
from projects.models import Attachment, Cluster, Project
from projects.operations import leases, rows

if TYPE_CHECKING:
    from datetime import datetime

    from projects.access import Actor
    from projects.operations.leases import Lease


@ledger.operation()
def attach(
    *,
    project: Project,
    cluster: Cluster,
    actor: Actor,
    now: datetime,
    adopt_namespace: bool = False,
) -> Attachment:
    """Let a cluster take part in a project: its namespace is made and every source goes there, at
    once.

    Raises: Denied, AlreadyExists.
    """
    access.require_platform(actor)
    attachment = Attachment(project=project, cluster=cluster, adopt_namespace=adopt_namespace)
    taken = f"cluster {cluster.name!r} is attached to project {project.name!r} already"
    rows.insert(attachment, taken=taken)
    _record(attachment, "attach", actor=actor, now=now)
    ledger.wake("Attachment", attachment.pk)
    return attachment


@ledger.operation()
def detach(*, attachment: Attachment, actor: Actor, now: datetime) -> None:
    """Ask for everything the project's sources applied there to go, then the attachment; asking
    twice changes nothing.

    Raises: Denied.
    """
    access.require_platform(actor)
    if attachment.detach_requested_at is not None:
        return
    attachment.detach_requested_at = now
    attachment.save(update_fields=["detach_requested_at"])
    Attachment.objects.filter(pk=attachment.pk).wake()
    _record(attachment, "detach", actor=actor, now=now)
    ledger.wake("Attachment", attachment.pk)


@ledger.operation()
def prepared(*, lease: Lease, namespace_uid: str, now: datetime) -> bool:
    """Write down that namespace and service account exist on the cluster."""
    return leases.release(
        lease,
        next_attempt_at=None,
        failed=False,
        namespace_uid=namespace_uid,
        reason="",
        message="",
    )


@ledger.operation()
def failed(
    *, lease: Lease, reason: str, message: str, next_attempt_at: datetime | None, now: datetime
) -> bool:
    """Write down why preparing (or leaving) a cluster did not work."""
    return leases.release(
        lease, next_attempt_at=next_attempt_at, failed=True, reason=reason, message=message
    )


@ledger.operation()
def set_aside(*, row: Attachment, reason: str, message: str) -> None:
    """Show that preparing (or leaving) a cluster killed its workers too often."""
    rows = Attachment.objects.filter(pk=row.pk).exclude(reason=reason)
    rows.update(reason=reason, message=message)


@ledger.operation()
def detached(*, lease: Lease, now: datetime) -> bool:
    """Remove the attachment: nothing is left on the cluster, or what is left is kept as debt.

    Raises: Conflict when it is not to be detached.
    """
    attachment = lease.held().select_related("project", "cluster").first()
    if attachment is None:
        return False
    if attachment.detach_requested_at is None:
        raise Conflict(f"{attachment} is not being detached")
    _record(attachment, "detached", actor=access.system(), now=now)
    attachment.delete()
    return True


def _record(attachment: Attachment, verb: str, *, actor: Actor, now: datetime) -> None:
    details: dict[str, Any] = {
        "cluster": attachment.cluster.name,
        "adoptNamespace": attachment.adopt_namespace,
    }
    ledger.acted(
        actor=actor,
        verb=verb,
        kind="Attachment",
        name=f"{attachment.project.name}/{attachment.cluster.name}",
        project=attachment.project.name,
        now=now,
        details=details,
    )

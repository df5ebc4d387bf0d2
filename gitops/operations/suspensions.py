"""Suspend and resume: rows with a name, a reason and an end (architecture 2.1 rule 6)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitops import manifests
from gitops.models import GitRepository, Kustomization, Suspension
from gitops.operations import records
from projects import access, ledger
from projects.access import Actor, system
from projects.operations import naming
from projects.roles import Verb

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime


@ledger.operation()
def suspend(
    *,
    source: Kustomization,
    actor: Actor,
    now: datetime,
    reason: str = "",
    until: datetime | None = None,
    clusters: Sequence[str] = (),
) -> None:
    """Stop polling and propagation, on the named clusters or (none named) on all, until a time or
    until resumed.

    Raises: NotFound, Denied, Invalid when until has passed or a cluster is not attached.
    """
    access.require(actor, Verb.SYNC, source.project)
    if until is not None and until <= now:
        raise naming.invalid("until", "has passed already; give a time to come")
    _check_clusters(source, clusters)
    for cluster_name in clusters or ("",):
        if source.suspensions.active().filter(cluster_name=cluster_name).exists():
            continue  # asking twice is not an error, and is not a change
        row = Suspension.objects.create(
            kustomization=source,
            cluster_name=cluster_name,
            by=actor.name,
            reason=reason,
            until=until,
            started_at=now,
        )
        records.written(
            source,
            verb="suspend",
            actor=actor,
            now=now,
            before=records.manifest(source),
            suspension=manifests.suspension(row),
        )
    Kustomization.objects.filter(pk=source.pk).update(status_due=True)
    ledger.wake("Status", source.pk)


@ledger.operation()
def resume(
    *, source: Kustomization, actor: Actor, now: datetime, clusters: Sequence[str] = ()
) -> None:
    """End suspensions, spec.suspend among them, and sync to the newest commit with a full
    comparison.

    Raises: NotFound, Denied.
    """
    access.require(actor, Verb.SYNC, source.project)
    before = records.manifest(source)
    rows = source.suspensions.active()
    ended = (rows.filter(cluster_name__in=clusters) if clusters else rows).update(
        ended_at=now, ended_by=actor.name
    )
    if source.suspend and not clusters:
        source.suspend = False
        source.generation += 1
        source.save(update_fields=["suspend", "generation"])
    if ended or records.manifest(source) != before:
        records.written(source, verb="resume", actor=actor, now=now, before=before)
    _wake(source)


@ledger.operation()
def end_run_out(*, now: datetime) -> int:
    """Write down the end of suspensions whose time is over, and wake their sources; returns how
    many.
    """
    rows = list(Suspension.objects.run_out().select_related("kustomization__project"))
    count = 0
    for row in rows:
        ended = Suspension.objects.run_out().filter(pk=row.pk)
        if not ended.update(ended_at=row.until, ended_by="its end time"):
            continue  # another worker was quicker
        count += 1
        source = row.kustomization
        records.written(
            source,
            verb="resume",
            actor=system(),
            now=now,
            before=records.manifest(source),
            suspension=manifests.suspension(row),
        )
        _wake(source)
    return count


def _check_clusters(source: Kustomization, clusters: Sequence[str]) -> None:
    attached = set(source.project.attachments.values_list("cluster__name", flat=True))
    for name in clusters:
        if name not in attached:
            known = ", ".join(sorted(attached)) or "none"
            raise naming.invalid(
                "clusters", f"{name!r} is not attached to the project; attached: {known}"
            )


def _wake(source: Kustomization) -> None:
    repositories = GitRepository.objects.filter(project=source.project_id, name=source.source_name)
    repositories.wake()
    for pk in repositories.values_list("pk", flat=True):
        ledger.wake("GitRepository", pk)
    Kustomization.objects.filter(pk=source.pk).wake_placement()
    ledger.wake("Placement", source.pk)

"""Recording what was seen and rendered: immutable rows, and the pointers to the newest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gitops import sealing
from gitops.models import DesiredState, GitRepository, Kustomization, Revision
from gitops.operations import records
from projects import ledger
from projects.kube import verdicts
from projects.kube.conditions import Condition, Reason
from projects.operations import leases

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from projects.operations.leases import Lease


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A commit as git tells of it; name is Flux's `branch@sha1:commit`."""

    name: str
    commit: str
    author: str
    subject: str
    committed_at: datetime | None


@ledger.operation()
def record_revision(*, lease: Lease, seen: Seen, next_attempt_at: datetime, now: datetime) -> bool:
    """Note the commit a GitRepository is at and wake its readers if it is another; False: the lease
    was lost.
    """
    repository = lease.held().select_related("project", "revision").first()
    if repository is None:
        return False
    revision, _ = Revision.objects.get_or_create(
        git_repository=repository,
        name=seen.name,
        defaults={
            "commit": seen.commit,
            "author": seen.author,
            "subject": seen.subject,
            "committed_at": seen.committed_at,
        },
    )
    conditions = verdicts.succeeded(
        load(repository),
        reason=Reason.SUCCEEDED,
        message=f"stored artifact for revision {seen.name}",
        generation=repository.generation,
        now=now,
    )
    moved = repository.revision_id != revision.pk
    kept = leases.release(
        lease,
        next_attempt_at=next_attempt_at,
        failed=False,
        revision=revision,
        checked_at=now,
        conditions=dump(conditions),
        observed_generation=repository.generation,
    )
    if kept and (moved or dump(conditions) != repository.conditions):
        repository.refresh_from_db()
        records.observed(repository, now=now)
    if kept and moved:
        _wake_readers(repository)
    return kept


@ledger.operation()
def publish(
    *,
    lease: Lease,
    revision: Revision,
    inputs_digest: str,
    objects: Sequence[sealing.Object],
    renderer: str,
    now: datetime,
) -> bool:
    """Keep what a revision rendered to, point the Kustomization at it, ask for placement; False:
    the lease was lost.
    """
    source = lease.held().select_related("project").first()
    if source is None:
        return False
    state, _ = DesiredState.objects.get_or_create(
        kustomization=source,
        revision=revision,
        inputs_digest=inputs_digest,
        defaults={
            "digest": sealing.digest(objects),
            "object_count": len(objects),
            "renderer": renderer,
            "objects_gz": sealing.pack(objects, binding=str(source.uid)),
        },
    )
    return _point(lease, source, state, now=now)


@ledger.operation()
def reuse(*, lease: Lease, state: DesiredState, now: datetime) -> bool:
    """Point a Kustomization at what was rendered before for the same revision and inputs."""
    source = lease.held().select_related("project").first()
    return source is not None and _point(lease, source, state, now=now)


def _point(lease: Lease, source: Kustomization, state: DesiredState, *, now: datetime) -> bool:
    changed = source.desired_state_id != state.pk
    conditions = load(source)
    if changed:
        conditions = verdicts.progressing(
            conditions,
            message=f"applying revision {state.revision.name}",
            generation=source.generation,
            now=now,
        )
    kept = leases.release(
        lease,
        next_attempt_at=None,
        failed=False,
        desired_state=state,
        conditions=dump(conditions),
        last_attempted_revision=state.revision.name,
    )
    if kept:
        source.refresh_from_db()
        records.observed(source, now=now)
        Kustomization.objects.filter(pk=source.pk).wake_placement()
        ledger.wake("Placement", source.pk)
    return kept


def _wake_readers(repository: GitRepository) -> None:
    readers = Kustomization.objects.reading(repository)
    readers.wake()
    for pk in readers.values_list("pk", flat=True):
        ledger.wake("Kustomization", pk)


def load(row: Any) -> tuple[Condition, ...]:
    """The conditions of a row as values."""
    return tuple(Condition.from_json(condition) for condition in row.conditions)


def dump(conditions: Sequence[Condition]) -> list[dict[str, Any]]:
    """Conditions as the row keeps them."""
    return [condition.to_json() for condition in conditions]

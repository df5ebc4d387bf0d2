"""Writing down how fetching, rendering and applying went: status columns, by reconcilers only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gitops.models import GitRepository, Kustomization
from gitops.operations import records
from gitops.operations.desired_states import dump, load
from projects import ledger
from projects.kube import verdicts
from projects.operations import events, leases

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from projects.kube.conditions import Condition
    from projects.kube.verdicts import Fault
    from projects.operations.leases import Lease


@ledger.operation()
def failed(
    *,
    lease: Lease,
    fault: Fault,
    next_attempt_at: datetime | None,
    now: datetime,
    **columns: Any,
) -> bool:
    """End a run of fetching or rendering that failed: conditions, an event, the next attempt."""
    row = lease.held().select_related("project").first()
    if row is None:
        return False
    conditions = dump(verdicts.failed(load(row), fault, generation=row.generation, now=now))
    kept = leases.release(
        lease,
        next_attempt_at=next_attempt_at,
        failed=True,
        conditions=conditions,
        observed_generation=row.generation,
        **columns,
    )
    if kept:
        _tell(row, fault, conditions, now=now)
    return kept


@ledger.operation()
def quarantine(*, row: GitRepository | Kustomization, fault: Fault, now: datetime) -> None:
    """Mark a row whose work killed its workers too often; a change or a sync by hand frees it."""
    conditions = dump(verdicts.failed(load(row), fault, generation=row.generation, now=now))
    if conditions == row.conditions:
        return
    type(row).objects.filter(pk=row.pk).update(conditions=conditions)
    _tell(row, fault, conditions, now=now)


@ledger.operation()
def set_status(
    *,
    source: Kustomization,
    conditions: Sequence[Condition],
    federated: dict[str, Any],
    last_applied_revision: str,
    now: datetime,
) -> bool:
    """Write the aggregated status of a source, if it differs; the only step that goes to an earlier
    package.
    """
    new = {
        "conditions": dump(conditions),
        "federated": federated,
        "last_applied_revision": last_applied_revision or source.last_applied_revision,
        "observed_generation": source.generation,
    }
    if source.status_due:
        Kustomization.objects.filter(pk=source.pk).update(status_due=False)
    if all(getattr(source, column) == value for column, value in new.items()):
        return False
    Kustomization.objects.filter(pk=source.pk).update(**new)
    for column, value in new.items():
        setattr(source, column, value)
    records.observed(source, now=now)
    return True


def _tell(
    row: GitRepository | Kustomization, fault: Fault, conditions: Any, *, now: datetime
) -> None:
    differs = conditions != row.conditions
    row.refresh_from_db()
    if differs:
        records.observed(row, now=now)
    events.record(
        project=row.project,
        kind=f"Federated{type(row).__name__}",
        uid=row.uid,
        name=row.name,
        reason=fault.reason,
        message=fault.message,
        warning=True,
        now=now,
    )

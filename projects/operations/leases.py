"""Worker leases and claims: who works on what, by the database's clock (security.md, lease
contract).

A claim is one statement that tests due and free and takes the row; every later write of the run
goes through `held` and so carries worker and epoch. A worker that lost its row learns it from the
next write, which moves nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.db.models import Case, F, IntegerField, Q, Value, When
from django.db.models.functions import Now

from projects import ledger
from projects.models import WorkerLease

if TYPE_CHECKING:
    from collections.abc import Iterable

# How long a row rests after a run that was cut off.
ABANDONED_SECONDS = 30
# "Only when something changes": a time that does not come.
NEVER = datetime(9999, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """A claimed row: which, by whom, under which epoch, and the generation this run works for."""

    model: Any
    pk: int
    worker: str
    epoch: int
    generation: int

    def held(self) -> Any:
        """The queryset of the row while it is still ours: empty once the lease is lost."""
        return self.model._default_manager.filter(
            pk=self.pk, lease_worker=self.worker, lease_epoch=self.epoch
        )


@ledger.operation()
def beat(*, worker: str, group: str, seconds: float, busy: bool) -> None:
    """Say that a worker lives; makes its row on the first beat."""
    values = {"until": Now() + timedelta(seconds=seconds), "heard_at": Now(), "group": group}
    values["busy_since"] = Now() if busy else None
    WorkerLease.objects.update_or_create(name=worker, defaults=values)


@ledger.operation()
def renew(*, worker: str, seconds: float) -> bool:
    """Lengthen a lease that has not ended; False means it has, and the worker must stop writing."""
    found = WorkerLease.objects.filter(name=worker, until__gt=Now())
    return bool(found.update(until=Now() + timedelta(seconds=seconds)) == 1)


@ledger.operation()
def retire(*, group: str) -> int:
    """End the leases of a group whose processes are known to be dead, so that nobody waits for them
    to run out.
    """
    return WorkerLease.objects.filter(group=group).delete()[0]


@ledger.operation()
def forget_expired(*, older_than: timedelta) -> int:
    """Drop rows of workers that ended long ago."""
    return WorkerLease.objects.filter(until__lt=Now() - older_than).delete()[0]


def living() -> Any:
    """Workers within their time."""
    return WorkerLease.objects.filter(until__gt=Now())


def claim(rows: Any, *, worker: str, limit: int = 1) -> tuple[Lease, ...]:
    """Take up to limit of the given rows that are due and free, the oldest first; rows others took
    meanwhile are left out.

    A row whose last run never ended (its worker is gone) counts one crash. Each is taken in a
    transaction of its own: two workers that lock several rows each would wait for each other.
    """
    candidates = rows.due().free(living()).order_by("next_attempt_at", "pk")
    taken = []
    for pk in candidates.values_list("pk", flat=True)[:limit]:
        lease = _claim_one(rows.model, pk, worker)
        if lease is not None:
            taken.append(lease)
    return tuple(taken)


@ledger.operation()
def _claim_one(model: Any, pk: int, worker: str) -> Lease | None:
    crashed = Case(
        When(lease_worker="", then=Value(0)), default=Value(1), output_field=IntegerField()
    )
    moved = (
        model._default_manager.filter(pk=pk)
        .due()
        .free(living())
        .update(
            lease_worker=worker,
            lease_epoch=F("lease_epoch") + 1,
            crash_count=F("crash_count") + crashed,
        )
    )
    if moved != 1:
        return None
    row = model._default_manager.values("lease_epoch", "wanted_generation", "crash_count").get(
        pk=pk
    )
    if row["crash_count"] >= model.CRASH_LIMIT:
        model._default_manager.filter(pk=pk).update(lease_worker="")
        return None
    return Lease(
        model=model,
        pk=pk,
        worker=worker,
        epoch=row["lease_epoch"],
        generation=row["wanted_generation"],
    )


@ledger.operation()
def release(
    lease: Lease, *, next_attempt_at: datetime | None, failed: bool, **columns: Any
) -> bool:
    """End a run: write its columns, say when the next is due, let the row go. False: the lease was
    lost.

    next_attempt_at None means only a change makes it due again. A wake-up that came meanwhile wins
    over it.
    """
    later = Value(NEVER if next_attempt_at is None else next_attempt_at)
    again = Case(When(wanted_generation__gt=lease.generation, then=Now()), default=later)
    failures = F("failures") + 1 if failed else Value(0)
    moved = lease.held().update(
        lease_worker="",
        done_generation=lease.generation,
        dirty_at=Case(
            When(wanted_generation__gt=lease.generation, then=F("dirty_at")), default=Value(None)
        ),
        next_attempt_at=again,
        failures=failures,
        crash_count=0,
        **columns,
    )
    return bool(moved == 1)


@ledger.operation()
def abandon(lease: Lease, *, seconds: float = ABANDONED_SECONDS) -> None:
    """Let a row go whose run ended without a word: a task that was cut off. Does nothing after
    `release`.
    """
    lease.held().update(lease_worker="", next_attempt_at=Now() + timedelta(seconds=seconds))


def quarantined(models: Iterable[Any]) -> list[Any]:
    """Rows that crashed their workers as often as is allowed."""
    return [
        row
        for model in models
        for row in model._default_manager.filter(Q(crash_count__gte=model.CRASH_LIMIT))
    ]

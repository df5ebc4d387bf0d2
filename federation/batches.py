"""Working on many clusters at once: a bounded number of threads, each with one claimed row.

Rows are claimed one by one as threads become free, so that other workers share the load and a dead
cluster holds one thread and nothing else. Statuses are summarised as outcomes come in, at most once
a second for each source.
"""

from __future__ import annotations

import time
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import connection

from federation import reconcile
from federation.operations import propagations
from projects import worker as workers

if TYPE_CHECKING:
    from uuid import UUID

    from projects.operations.leases import Lease

# A batch stops taking rows after this long; the tick goes on with another.
_LONGEST_SECONDS = 60.0
_SUMMARISE_EVERY = 1.0


def propagate(rows: Any, *, worker: str) -> None:
    """Work off the given rows that are due."""
    limit = settings.SLIPWAY["CLUSTER_CONCURRENCY"]
    stop_at = time.monotonic() + _LONGEST_SECONDS
    unsummarised: set[UUID] = set()
    summarised_at = 0.0
    with ThreadPoolExecutor(max_workers=limit, thread_name_prefix="cluster") as pool:
        running: set[Future[UUID | None]] = set()
        while True:
            free = limit - len(running)
            if free and time.monotonic() < stop_at:
                leases = propagations.claim(rows, worker=worker, limit=free)
                running |= {pool.submit(_one, lease) for lease in leases}
            if not running:
                break
            done, running = wait(running, timeout=_SUMMARISE_EVERY, return_when=FIRST_COMPLETED)
            unsummarised |= {owner for future in done if (owner := future.result()) is not None}
            if unsummarised and time.monotonic() - summarised_at >= _SUMMARISE_EVERY:
                summarised_at = time.monotonic()
                _summarise(unsummarised)
    _summarise(unsummarised)


def _one(lease: Lease) -> UUID | None:
    """Runs in a thread of the pool, on a database connection of its own."""
    try:
        return reconcile.propagate(lease, now=workers.database_now())
    finally:
        connection.close()


def _summarise(owners: set[UUID]) -> None:
    now = workers.database_now()
    for owner in owners:
        reconcile.summarise(owner_uid=owner, now=now)
    owners.clear()

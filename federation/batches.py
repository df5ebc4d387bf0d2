"""Working on many clusters at once: a bounded number of threads, each with one claimed row.

Rows are claimed one by one as threads become free, so that other workers share the load and a dead
cluster holds one thread and nothing else. Statuses are summarised as outcomes come in, at most once
a second for each source.
"""

from __future__ import annotations

import logging
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

logger = logging.getLogger(__name__)

# A batch stops taking rows after this long; the tick goes on with another. Until then fetching and
# rendering have one process less.
_LONGEST_SECONDS = 20.0
_SUMMARISE_EVERY = 1.0


def propagate(rows: Any, *, worker: str) -> None:
    """Work off the given rows that are due.

    Raises: the first error that a run could not write down (the database was gone), after all runs
    have ended.
    """
    limit = settings.SLIPWAY["CLUSTER_CONCURRENCY"]
    stop_at = time.monotonic() + _LONGEST_SECONDS
    unsummarised: set[UUID] = set()
    summarised_at = 0.0
    broken: list[BaseException] = []
    with ThreadPoolExecutor(max_workers=limit, thread_name_prefix="cluster") as pool:
        running: set[Future[UUID | None]] = set()
        while True:
            free = limit - len(running)
            if free and not broken and time.monotonic() < stop_at:
                leases = propagations.claim(rows, worker=worker, limit=free)
                running |= {pool.submit(_one, lease) for lease in leases}
            if not running:
                break
            done, running = wait(running, timeout=_SUMMARISE_EVERY, return_when=FIRST_COMPLETED)
            broken += [error for future in done if (error := future.exception()) is not None]
            ended = (future.result() for future in done if future.exception() is None)
            unsummarised |= {owner for owner in ended if owner is not None}
            if unsummarised and time.monotonic() - summarised_at >= _SUMMARISE_EVERY:
                summarised_at = time.monotonic()
                _summarise(unsummarised)
    _summarise(unsummarised)
    if broken:
        raise broken[0]


def _one(lease: Lease) -> UUID | None:
    """Runs in a thread of the pool, on a database connection of its own."""
    try:
        return reconcile.propagate(lease, now=workers.database_now())
    finally:
        connection.close()


def _summarise(owners: set[UUID]) -> None:
    now = workers.database_now()
    for owner in owners:
        try:
            reconcile.summarise(owner_uid=owner, now=now)
        except Exception:
            # The tick finds it again; the sources after it must not wait for that.
            logger.exception("summarising %s failed", owner)
    owners.clear()

"""What django-q2 runs for federation: ids in, claim, one call of a shell. Safe to run twice or
never.
"""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Any

from django.db.models import Exists, OuterRef, Q
from django.db.models.functions import Now
from django_q.conf import Conf
from django_q.models import OrmQ
from django_q.tasks import async_task

from federation import batches, broker, reconcile
from federation.models import Propagation
from federation.operations import propagations, retention
from gitops import mirrors
from gitops.models import GitRepository, Kustomization
from gitops.operations import suspensions
from projects import worker
from projects.models import Attachment, Cluster
from projects.operations import leases

logger = logging.getLogger(__name__)

# How many wake-ups one tick sends of a kind; what is left is found by the next.
_AT_ONCE = 50
# A queue this long needs no more wake-ups.
_LONG_QUEUE = 200
_FORGET_WORKERS_AFTER = timedelta(hours=1)
# A batch summarises each second.
_SUMMARISED_AFTER = timedelta(seconds=10)
# Runs tell how a cluster is; this is for clusters without any, and finds out early that one answers
# again.
_PROBE_AFTER = timedelta(minutes=5)
_PROBES_AT_ONCE = 5


def tick(**_later: Any) -> None:
    """Find what is due and wake it: nothing is lost when a wake-up is (architecture section 5,
    invariant 1).
    """
    with worker.working():
        now = worker.database_now()
        suspensions.end_run_out(now=now)
        reconcile.set_aside(now=now)
        if worker.jitter() < 0.01:
            leases.forget_expired(older_than=_FORGET_WORKERS_AFTER)
            broker.forget_groups(older_than=_FORGET_WORKERS_AFTER)
            retention.forget_old(now=now)
            mirrors.tidy_disk()
        # Ticks of other groups, living or dead, are no work that waits.
        if OrmQ.objects.filter(key=Conf.CLUSTER_NAME).count() < _LONG_QUEUE:
            _sweep()


def place(*, id: int, **_later: Any) -> None:
    """Bring the Propagation rows of a source in step."""
    with worker.working():
        reconcile.place(source_id=id, now=worker.database_now())


def summarise(*, id: int, **_later: Any) -> None:
    """Write the status of a source from what is known of its clusters."""
    source = Kustomization.objects.filter(pk=id).first()
    if source is not None:
        with worker.working():
            reconcile.summarise(owner_uid=source.uid, now=worker.database_now())


def propagate_owner(*, id: int, **_later: Any) -> None:
    """Bring one source to every cluster where it is due."""
    source = Kustomization.objects.filter(pk=id).first()
    if source is not None:
        with worker.working() as me:
            batches.propagate(Propagation.objects.of(source.uid), worker=me)


def propagate_due(**_later: Any) -> None:
    """Bring whatever is due to wherever it is due: retries, comparisons, debts."""
    with worker.working() as me:
        batches.propagate(Propagation.objects.all(), worker=me)


def prepare(*, id: int, **_later: Any) -> None:
    """Make the namespace of a project on a cluster, or leave it."""
    with worker.working() as me:
        for lease in leases.claim(Attachment.objects.filter(pk=id), worker=me):
            reconcile.prepare(lease, now=worker.database_now())


def probe(*, id: int, **_later: Any) -> None:
    """Ask a cluster how it is."""
    cluster = Cluster.objects.present().filter(pk=id).first()
    if cluster is not None:
        with worker.working():
            reconcile.probe(cluster, now=worker.database_now())


def _sweep() -> None:
    """Wake what is due, of each kind the oldest first: where work comes faster than it is done, the
    last in the alphabet must not wait for ever.
    """
    for rows, name in (
        (GitRepository.objects.all(), "gitops.tasks.fetch"),
        (Kustomization.objects.all(), "gitops.tasks.render"),
        (Attachment.objects.all(), "federation.tasks.prepare"),
    ):
        due = rows.due().free(leases.living()).order_by("next_attempt_at", "pk")
        for pk in due.values_list("pk", flat=True)[:_AT_ONCE]:
            async_task(name, id=pk)
    for pk in Kustomization.objects.placement_due().values_list("pk", flat=True)[:_AT_ONCE]:
        async_task("federation.tasks.place", id=pk)
    for pk in _untold().values_list("pk", flat=True)[:_AT_ONCE]:
        async_task("federation.tasks.summarise", id=pk)
    silent = Cluster.objects.present().filter(
        Q(probed_at=None) | Q(probed_at__lt=Now() - _PROBE_AFTER)
    )
    for pk in silent.order_by("probed_at").values_list("pk", flat=True)[:_PROBES_AT_ONCE]:
        async_task("federation.tasks.probe", id=pk)
    if propagations.claimable(Propagation.objects.due().free(leases.living())).exists():
        async_task("federation.tasks.propagate_due")


def _untold() -> Any:
    """Sources whose status does not tell of something that is over: whoever should have said it is
    gone.
    """
    ended = Propagation.objects.filter(
        status_due=True, attempted_at__lt=Now() - _SUMMARISED_AFTER, owner_uid=OuterRef("uid")
    )
    return Kustomization.objects.filter(Q(status_due=True) | Exists(ended))

"""What waits for a cluster waits together: one attempt tells for all, one answer wakes all.

In: a cluster that fell silent, or answered. Only the time of the next attempt is written here; what
was tried and how it went is written by outcomes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db.models import Q, Value
from django.db.models.functions import Now

from federation.models import Propagation
from gitops.models import Kustomization
from projects import ledger
from projects.crypto import CredentialUndecryptable
from projects.kube.conditions import Reason

if TYPE_CHECKING:
    from datetime import datetime

    from projects.models import Cluster

# The cluster does not answer, or not us.
UNREACHABLE = (
    Reason.CLUSTER_UNREACHABLE,
    Reason.TLS_VERIFY_FAILED,
    Reason.UNAUTHORIZED,
    Reason.CLUSTER_NOT_READY,
)
# Failures of a run before it reached any object: whatever waits for the cluster would meet them.
WHOLE_CLUSTER = (
    *UNREACHABLE,
    Reason.CLUSTER_ERROR,
    Reason.FORBIDDEN,
    Reason.CLUSTER_IDENTITY_CHANGED,
    Reason.ADDRESS_NOT_ALLOWED,
    Reason.CLUSTER_CONFIG_MALFORMED,
    CredentialUndecryptable.default_reason,
)


@ledger.operation()
def postpone(*, cluster: Cluster, until: datetime) -> None:
    """Let what else waits for an unreachable cluster wait as well: it costs one attempt, not one
    per source.
    """
    rows = Propagation.objects.filter(cluster=cluster, lease_worker="", next_attempt_at__lt=until)
    rows.update(next_attempt_at=Value(until))
    _tell(cluster)


@ledger.operation()
def answered(*, cluster: Cluster) -> None:
    """Try at once what failed for a cluster that answers again, and what was postponed with it."""
    _tell(cluster)
    failed_or_wanted = Q(reason__in=WHOLE_CLUSTER) | Q(dirty_at__isnull=False)
    waiting = Propagation.objects.filter(failed_or_wanted, cluster=cluster)
    owners = list(waiting.filter(next_attempt_at__gt=Now()).values_list("owner_uid", flat=True))
    if owners:
        waiting.filter(owner_uid__in=owners).update(next_attempt_at=Now(), failures=0)
        for pk in Kustomization.objects.filter(uid__in=owners).values_list("pk", flat=True):
            ledger.wake("Propagation", pk)


def _tell(cluster: Cluster) -> None:
    """Have the status of every source there written again: the cluster is part of it."""
    owners = Propagation.objects.filter(cluster=cluster).values("owner_uid")
    Kustomization.objects.filter(uid__in=owners).update(status_due=True)

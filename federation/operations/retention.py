"""What is dropped with age, so that the database does not grow with every commit and every fault.

Events, deployments and changes go by age. A desired state goes when no source and no cluster is at
it: a commit that comes back is rendered again. Revisions stay, they are small and the history
people look at; so does the audit trail. A bounded number goes at a time, so that no transaction is
long.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db.models import Exists, OuterRef

from federation.models import Deployment, Propagation
from gitops.models import DesiredState, Kustomization
from projects import ledger
from projects.models import Change, ClusterEvent

EVENTS = timedelta(days=30)
DEPLOYMENTS = timedelta(days=365)
CHANGES = timedelta(days=30)
# Long enough for a run that reads it, and for a ref that goes back and forth.
DESIRED_STATES = timedelta(days=7)
_AT_ONCE = 1000


def forget_old(*, now: datetime) -> int:
    """Drop what is old; returns how many rows."""
    wanted = Kustomization.objects.filter(desired_state=OuterRef("pk"))
    brought = Propagation.objects.filter(desired_state=OuterRef("pk"))
    states = DesiredState.objects.filter(created_at__lt=now - DESIRED_STATES)
    return (
        _forget(ClusterEvent, ClusterEvent.objects.filter(last_at__lt=now - EVENTS))
        + _forget(Deployment, Deployment.objects.filter(recorded_at__lt=now - DEPLOYMENTS))
        + _forget(Change, Change.objects.filter(at__lt=now - CHANGES))
        + _forget(DesiredState, states.filter(~Exists(wanted), ~Exists(brought)))
    )


@ledger.operation()
def _forget(model: Any, old: Any) -> int:
    oldest = list(old.order_by("pk").values_list("pk", flat=True)[:_AT_ONCE])
    return int(model._default_manager.filter(pk__in=oldest).delete()[0])

"""Recording facts: a new one is a row, the same one again raises a count."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db.models import F

from projects import ledger
from projects.kube import masking
from projects.models import ClusterEvent, Project

if TYPE_CHECKING:
    from datetime import datetime

# Kubernetes clips event messages at 1 kB.
_LONGEST_MESSAGE = 1000


@ledger.operation()
def record(
    *,
    project: Project,
    kind: str,
    uid: Any,
    name: str,
    reason: str,
    message: str,
    now: datetime,
    warning: bool = False,
    cluster_name: str = "",
) -> None:
    """Note a fact about an object of ours."""
    what = {
        "project": project,
        "kind": kind,
        "uid": uid,
        "name": name,
        "cluster_name": cluster_name,
        "type": ClusterEvent.Type.WARNING if warning else ClusterEvent.Type.NORMAL,
        "reason": reason,
        "message": masking.printable(message, limit=_LONGEST_MESSAGE),
    }
    newest = (
        ClusterEvent.objects.filter(uid=uid, cluster_name=cluster_name)
        .order_by("-last_at", "-id")
        .first()
    )
    same = newest is not None and all(
        getattr(newest, field) == what[field] for field in ("type", "reason", "message")
    )
    if same and newest is not None:
        ClusterEvent.objects.filter(pk=newest.pk).update(count=F("count") + 1, last_at=now)
    else:
        ClusterEvent.objects.create(**what, first_at=now, last_at=now)

"""Turns wake-ups into tasks: an id goes in, an id is enqueued, nothing is decided.

A wake-up that cannot be enqueued is only logged: the tick finds the row anyway.
"""

from __future__ import annotations

import logging
from typing import Any

from django.db import DatabaseError
from django_q.tasks import async_task

from projects import signals

logger = logging.getLogger(__name__)

TASKS = {
    "GitRepository": "gitops.tasks.fetch",
    "Kustomization": "gitops.tasks.render",
    "Placement": "federation.tasks.place",
    "Propagation": "federation.tasks.propagate_owner",
    "Status": "federation.tasks.summarise",
    "Attachment": "federation.tasks.prepare",
    "Cluster": "federation.tasks.probe",
    "Secret": "gitops.tasks.secret_changed",
}


def connect() -> None:
    """Listen to the one signal."""
    signals.changed.connect(_enqueue, dispatch_uid="federation.receivers")


def _enqueue(*, kind: str, id: int, **_later: Any) -> None:
    name = TASKS.get(kind)
    if name is None:
        return
    try:
        async_task(name, id=id)
    except DatabaseError:
        logger.exception(
            "a wake-up of %s %s could not be enqueued; the tick will find it", kind, id
        )

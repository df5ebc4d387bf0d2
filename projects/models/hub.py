"""The installation itself, and the workers that are alive in it."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models.functions import Now


class Hub(models.Model):
    """The one row of this installation: its id on every applied object, and the head of the ledger.

    Locking this row is the ordering lock of the ledger: taken last, once, at the end of a
    transaction. Written by projects.ledger only.
    """

    uid = models.UUIDField(default=uuid.uuid4, editable=False)
    audit_count = models.BigIntegerField(default=0, editable=False)
    audit_head = models.CharField(max_length=64, blank=True, default="", editable=False)

    def __str__(self) -> str:
        return f"hub {self.uid}"


class WorkerLease(models.Model):
    """One worker process that is alive until `until`, by the database's clock.

    Rows name their worker; a row whose worker is not here, or is past its time, is free to take.
    There is no list of what a worker holds: the rows say that.
    """

    name = models.CharField(max_length=100, primary_key=True)
    # The supervisor it belongs to, so that a restart can end the leases of the processes it killed.
    group = models.CharField(max_length=100, blank=True, default="", db_index=True)
    until = models.DateTimeField()
    started_at = models.DateTimeField(db_default=Now())
    # Since when it runs a task; null while idle. The supervisor tells busy from stuck by it.
    busy_since = models.DateTimeField(null=True)
    # When it last began or ended a task; renewing the lease does not count.
    heard_at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return self.name

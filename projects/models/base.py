"""What every row that is also a Kubernetes object has: identity, labels, generation,
resourceVersion.

Spec columns are written by people (each write raises `generation`), status columns by reconcilers.
Deletion is a request (`deletion_requested_at`); the row goes when what it stands for is gone.
"""

from __future__ import annotations

import uuid
from typing import Any

from django.db import models
from django.db.models.functions import Now


class ObjectMeta(models.Model):
    """Abstract: the columns behind metadata.*"""

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    labels = models.JSONField(default=dict, blank=True)
    generation = models.BigIntegerField(default=1, editable=False)
    # The id of the Change that last spoke of this row; written by the ledger only.
    resource_version = models.BigIntegerField(default=0, editable=False)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    deletion_requested_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        abstract = True


class Conditioned(models.Model):
    """Abstract: the status columns every reconciled object has; written by reconcilers only."""

    conditions = models.JSONField(default=list, blank=True, editable=False)
    observed_generation = models.BigIntegerField(default=0, editable=False)

    class Meta:
        abstract = True


class Leased(models.Model):
    """Abstract: the one lease vocabulary (architecture 2.1 rule 7), the real queue.

    Work is due when next_attempt_at has come. A run notes wanted_generation when it starts and
    writes it to done_generation when it ends; a wake-up in between raises wanted_generation and
    makes the row due at once. A row is free when lease_worker is empty or names no living
    WorkerLease; every write of a run carries the lease_epoch its claim gave out. crash_count counts
    claims whose run ended neither well nor badly.
    """

    wanted_generation = models.BigIntegerField(default=1, editable=False)
    done_generation = models.BigIntegerField(default=0, editable=False)
    dirty_at = models.DateTimeField(null=True, db_default=Now(), editable=False)
    next_attempt_at = models.DateTimeField(db_default=Now(), editable=False)
    failures = models.PositiveIntegerField(default=0, editable=False)
    crash_count = models.PositiveIntegerField(default=0, editable=False)
    lease_worker = models.CharField(max_length=100, blank=True, default="", editable=False)
    lease_epoch = models.BigIntegerField(default=0, editable=False)

    class Meta:
        abstract = True
        # The sweep's query: what is due, oldest first.
        indexes = (models.Index(fields=["next_attempt_at"], name="%(class)s_due"),)

    # Claims after which a row is set aside until a person or a new generation touches it
    # (security.md Q-04).
    CRASH_LIMIT = 3


JsonObject = dict[str, Any]

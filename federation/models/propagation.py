"""Propagation: bringing one owner to one cluster; Deployment: that a commit got there."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models.functions import Now

from federation.querysets import PropagationQuerySet
from gitops.models import DesiredState
from projects.models import Cluster, Leased


class Propagation(Leased):
    """One owner (today: a Kustomization) on one cluster: what is wanted there, what was done, when
    it is tried again.

    There is no foreign key to the owner: when a source is deleted while a cluster is unreachable,
    this row stays as the debt (debt_since) and carries all that paying it needs. Placement writes
    owner, project, namespace, desired_state, state Removing; the run writes the rest.
    """

    class State(models.TextChoices):
        PENDING = "Pending"
        CLAIMED = "Claimed"
        APPLIED = "Applied"
        FAILED = "Failed"
        REMOVING = "Removing"

    owner_kind = models.CharField(max_length=50)
    owner_uid = models.UUIDField()
    owner_name = models.CharField(max_length=253)
    project_name = models.CharField(max_length=63)
    project_uid = models.UUIDField()
    namespace = models.CharField(max_length=63)
    cluster = models.ForeignKey(Cluster, on_delete=models.PROTECT, related_name="propagations")

    state = models.CharField(max_length=10, choices=State.choices, default=State.PENDING)
    desired_state = models.ForeignKey(
        DesiredState, null=True, on_delete=models.SET_NULL, related_name="propagations"
    )
    # Removing only: leave the objects and take our labels off; take protected kinds along.
    orphan = models.BooleanField(default=False)
    delete_protected_kinds = models.BooleanField(default=False)

    # Status, written by the run.
    applied_revision = models.CharField(max_length=330, blank=True, default="")
    applied_digest = models.CharField(max_length=80, blank=True, default="")
    applied_at = models.DateTimeField(null=True)
    attempted_at = models.DateTimeField(null=True)
    reason = models.CharField(max_length=100, blank=True, default="")
    message = models.TextField(blank=True, default="")
    stalled = models.BooleanField(default=False)
    object_count = models.PositiveIntegerField(default=0)
    # {"created": n, "configured": n, ...} of the last run.
    counts = models.JSONField(default=dict)
    debt_since = models.DateTimeField(null=True)
    # A run has ended of which the status of the owner does not tell yet.
    status_due = models.BooleanField(default=False)

    objects: ClassVar[PropagationQuerySet] = PropagationQuerySet.as_manager()  # type: ignore[assignment]

    class Meta(Leased.Meta):
        ordering = ("id",)
        constraints = (
            # One writer per owner and cluster begins with one row per owner and cluster.
            models.UniqueConstraint(fields=["owner_uid", "cluster"], name="propagation_once"),
        )

    def __str__(self) -> str:
        return f"{self.owner_kind} {self.project_name}/{self.owner_name} on {self.cluster.name}"


class Deployment(models.Model):
    """That a commit reached a cluster, when, and with what result; append-only, names are copies.

    One row per owner, cluster and desired state that was applied; corrections of drift do not make
    another.
    """

    owner_uid = models.UUIDField(db_index=True)
    owner_name = models.CharField(max_length=253)
    project_name = models.CharField(max_length=63, db_index=True)
    cluster_name = models.CharField(max_length=63)
    revision = models.CharField(max_length=330)
    commit = models.CharField(max_length=64)
    digest = models.CharField(max_length=80)
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField()
    counts = models.JSONField(default=dict)
    recorded_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ("-id",)

    def __str__(self) -> str:
        return f"{self.project_name}/{self.owner_name} {self.revision} on {self.cluster_name}"

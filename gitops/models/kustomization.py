"""Kustomization: a path of a GitRepository and how it is applied; and its suspensions."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models.functions import Now

from gitops.querysets import KustomizationQuerySet, SuspensionQuerySet
from projects.models import Conditioned, Leased, ObjectMeta, Project


class Kustomization(ObjectMeta, Conditioned, Leased):
    """What of a GitRepository goes to which clusters, in Flux's and KubeFed's sense: plain YAML and
    kustomize alike.

    With the GitRepository it names it is a GitOps source. The lease columns are those of rendering.
    Placement has its own pair of counters and no lease, because it is one short transaction: wanted
    is raised by whatever may change the Propagation rows, done is what they were last made for.
    """

    class DeletionPolicy(models.TextChoices):
        DELETE = "Delete"
        ORPHAN = "Orphan"

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="kustomizations")
    name = models.CharField(max_length=253)
    # The GitRepository is named, so that the two may be made in any order.
    source_name = models.CharField(max_length=253)
    path = models.CharField(max_length=1000, blank=True, default="")
    prune = models.BooleanField(default=True)
    # Take over objects that exist and belong to nobody; off: such an object is an
    # OwnershipConflict.
    adopt = models.BooleanField(default=False)
    # KubeFed's placement: {"clusters": [{"name": ...}]} or {"clusterSelector": {...}}; {} is
    # nowhere.
    placement = models.JSONField(default=dict, blank=True)
    # How often live state is compared when nothing changed.
    interval_seconds = models.PositiveIntegerField(default=60)
    suspend = models.BooleanField(default=False)
    deletion_policy = models.CharField(
        max_length=10, choices=DeletionPolicy.choices, default=DeletionPolicy.DELETE
    )
    # Deletion takes Namespaces, CRDs, PVs and PVCs along only if this was chosen.
    delete_protected_kinds = models.BooleanField(default=False)
    # The commit for which a person confirmed a large prune.
    prune_confirmed_commit = models.CharField(max_length=64, blank=True, default="", editable=False)

    placement_wanted = models.BigIntegerField(default=1, editable=False)
    placement_done = models.BigIntegerField(default=0, editable=False)

    # Status: the desired state that is being propagated; it stays when a later commit does not
    # render.
    desired_state = models.ForeignKey(
        "gitops.DesiredState",
        null=True,
        blank=True,
        editable=False,
        on_delete=models.SET_NULL,
        related_name="+",
    )
    last_attempted_revision = models.CharField(
        max_length=330, blank=True, default="", editable=False
    )
    last_applied_revision = models.CharField(max_length=330, blank=True, default="", editable=False)
    # KubeFed's status of the federated object: its one condition, its clusters.
    federated = models.JSONField(default=dict, editable=False)
    # A suspension began or ended of which the conditions do not tell yet.
    status_due = models.BooleanField(default=False, editable=False)

    objects: ClassVar[KustomizationQuerySet] = KustomizationQuerySet.as_manager()  # type: ignore[assignment]

    class Meta(Leased.Meta):
        ordering = ("project", "name")
        constraints = (
            models.UniqueConstraint(
                fields=["project", "name"], name="kustomization_name_in_project"
            ),
        )

    def __str__(self) -> str:
        return f"{self.project.name}/{self.name}"


class Suspension(models.Model):
    """One person's word that a source rests, on one cluster or (cluster_name empty) on all, until a
    time or for good.

    A source is suspended while spec.suspend is true or one of these is active; the end of one never
    touches the other.
    """

    kustomization = models.ForeignKey(
        Kustomization, on_delete=models.CASCADE, related_name="suspensions"
    )
    cluster_name = models.CharField(max_length=63, blank=True, default="")
    by = models.CharField(max_length=200)
    reason = models.TextField(blank=True, default="")
    started_at = models.DateTimeField(db_default=Now())
    until = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_by = models.CharField(max_length=200, blank=True, default="")

    objects: ClassVar[SuspensionQuerySet] = SuspensionQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ("-id",)

    def __str__(self) -> str:
        return f"{self.kustomization} {self.cluster_name or 'everywhere'} by {self.by}"

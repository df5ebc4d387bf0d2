"""Revision: a commit seen at a ref; DesiredState: what it renders to."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now

from gitops.models.git_repository import GitRepository
from gitops.models.kustomization import Kustomization


class Revision(models.Model):
    """One commit that a GitRepository's ref pointed at; never edited.

    There is no "current" flag: GitRepository.revision says which is current, and may go back to an
    older one.
    """

    git_repository = models.ForeignKey(
        GitRepository, on_delete=models.CASCADE, related_name="revisions"
    )
    # Flux's form: main@sha1:<commit>
    name = models.CharField(max_length=330)
    commit = models.CharField(max_length=64)
    author = models.CharField(max_length=300, blank=True, default="")
    subject = models.CharField(max_length=300, blank=True, default="")
    committed_at = models.DateTimeField(null=True)
    seen_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ("-id",)
        constraints = (
            # Seeing a commit again at the same ref is the same revision.
            models.UniqueConstraint(fields=["git_repository", "name"], name="revision_once"),
        )

    def __str__(self) -> str:
        return self.name


class DesiredState(models.Model):
    """What one revision renders to for one Kustomization under one set of inputs; never edited.

    Unique by (Kustomization, revision, inputs_digest): clusters with equal inputs share one.
    `objects` is a JSON list of {"manifest", "digest", "file", "line"} in apply-neutral (path)
    order, compressed; data and stringData of Secrets in it are sealed as a whole, and their digest
    is an HMAC.
    """

    kustomization = models.ForeignKey(
        Kustomization, on_delete=models.CASCADE, related_name="desired_states"
    )
    revision = models.ForeignKey(Revision, on_delete=models.CASCADE, related_name="desired_states")
    inputs_digest = models.CharField(max_length=80)
    digest = models.CharField(max_length=80)
    object_count = models.PositiveIntegerField()
    renderer = models.CharField(max_length=20)
    objects_gz = models.BinaryField()
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ("-id",)
        constraints = (
            models.UniqueConstraint(
                fields=["kustomization", "revision", "inputs_digest"],
                name="desired_state_by_inputs",
            ),
        )

    def __str__(self) -> str:
        return f"{self.kustomization} at {self.revision.name}"

"""Cluster, and its attachment to a project."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models.functions import Now

from projects.models.base import Conditioned, Leased, ObjectMeta
from projects.models.project import Project
from projects.querysets import AttachmentQuerySet, ClusterQuerySet


class Cluster(ObjectMeta, Conditioned):
    """A member cluster: where it is, what opens it, and what it said of itself when last asked.

    A removed cluster stays as a hidden row (removed_at) with its sealed credential until what it
    still owes is deleted or written off. The credential is sealed and bound to the uid; there is no
    column for it in clear.
    """

    name = models.CharField(max_length=63, unique=True)
    server = models.CharField(max_length=500)
    ca_pem = models.TextField()
    tls_server_name = models.CharField(max_length=253, blank=True, default="")
    # {"token": ...} or {"client_cert_pem": ..., "client_key_pem": ...}, sealed.
    sealed_credential = models.TextField(editable=False)
    removed_at = models.DateTimeField(null=True, blank=True, editable=False)

    # Status, written by the probe. The uid of kube-system is the cluster's identity.
    identity = models.CharField(max_length=64, blank=True, default="", editable=False)
    kubernetes_version = models.CharField(max_length=50, blank=True, default="", editable=False)
    probed_at = models.DateTimeField(null=True, editable=False)

    objects: ClassVar[ClusterQuerySet] = ClusterQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name


class Attachment(Leased):
    """One cluster taking part in one project: its namespace and service account exist there, or are
    being made.

    There is no foreign key from what was applied to this row: a detach may end before a dead
    cluster is cleaned.
    """

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="attachments")
    cluster = models.ForeignKey(Cluster, on_delete=models.PROTECT, related_name="attachments")
    # A namespace that exists and is not ours is refused unless platform staff say so here.
    adopt_namespace = models.BooleanField(default=False)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    detach_requested_at = models.DateTimeField(null=True, blank=True, editable=False)

    # Status: the uid of the namespace once it is prepared; reason and message of the last failure.
    namespace_uid = models.CharField(max_length=64, blank=True, default="", editable=False)
    reason = models.CharField(max_length=100, blank=True, default="", editable=False)
    message = models.TextField(blank=True, default="", editable=False)

    objects: ClassVar[AttachmentQuerySet] = AttachmentQuerySet.as_manager()  # type: ignore[assignment]

    class Meta(Leased.Meta):
        ordering = ("id",)
        constraints = (
            # A cluster takes part in a project once.
            models.UniqueConstraint(fields=["project", "cluster"], name="attachment_once"),
        )

    def __str__(self) -> str:
        return f"{self.project.name} on {self.cluster.name}"

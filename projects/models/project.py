"""Project: the tenant."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from projects.models.base import ObjectMeta
from projects.querysets import ProjectQuerySet


class Project(ObjectMeta):
    """One tenant, and so one Kubernetes namespace of the same content on every attached cluster.

    The namespace never changes: objects carry it. Members are not here: they are Django groups
    (projects.roles).
    """

    name = models.CharField(max_length=63, unique=True)
    display_name = models.CharField(max_length=200, blank=True, default="")
    description = models.TextField(blank=True, default="")
    namespace = models.CharField(max_length=63, unique=True)
    # Cluster-scoped kinds its sources may apply: ["ClusterRole.rbac.authorization.k8s.io", ...].
    # Empty: none.
    cluster_kinds = models.JSONField(default=list, blank=True)

    objects: ClassVar[ProjectQuerySet] = ProjectQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name

"""Secret: a sealed payload of a project."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from projects.models.base import ObjectMeta
from projects.models.project import Project
from projects.querysets import SecretQuerySet


class Secret(ObjectMeta):
    """Keys and values a project keeps here, sealed; only key names and an HMAC digest are readable.

    The payload is a JSON object of text to text, sealed and bound to the row's uid. It is opened in
    the shells that architecture 2.1 rule 10 names and nowhere else.
    """

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="secrets")
    name = models.CharField(max_length=253)
    type = models.CharField(max_length=253, default="Opaque")
    sealed_payload = models.TextField(editable=False)
    key_names = models.JSONField(default=list, editable=False)
    digest = models.CharField(max_length=80, editable=False)

    objects: ClassVar[SecretQuerySet] = SecretQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ("project", "name")
        constraints = (
            # One name, one secret, per project: other projects may use the name (S-48).
            models.UniqueConstraint(fields=["project", "name"], name="secret_name_in_project"),
        )

    def __str__(self) -> str:
        return f"{self.project.name}/{self.name}"

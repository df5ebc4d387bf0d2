"""ClusterEvent: a dated fact about an object of a project, mostly on one cluster."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from projects.models.project import Project
from projects.querysets import EventQuerySet


class ClusterEvent(models.Model):
    """One fact, and how often it was seen; the same fact again raises count and last_at.

    uid, kind and name say about which object of ours; names are copies. Messages hold no secret.
    """

    class Type(models.TextChoices):
        NORMAL = "Normal"
        WARNING = "Warning"

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="events")
    kind = models.CharField(max_length=50)
    uid = models.UUIDField()
    name = models.CharField(max_length=253)
    cluster_name = models.CharField(max_length=63, blank=True, default="")
    type = models.CharField(max_length=10, choices=Type.choices)
    reason = models.CharField(max_length=100)
    message = models.TextField(blank=True, default="")
    count = models.PositiveIntegerField(default=1)
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()

    objects: ClassVar[EventQuerySet] = EventQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ("-last_at", "-id")
        indexes = (
            # Finding the fact to raise, and the newest facts about an object.
            models.Index(fields=["uid", "-last_at"], name="event_of_object"),
        )

    def __str__(self) -> str:
        return f"{self.type} {self.reason} {self.kind}/{self.name}"

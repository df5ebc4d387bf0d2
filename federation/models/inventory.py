"""InventoryEntry: an object we own on a cluster."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models.functions import Now

from federation.querysets import InventoryQuerySet
from projects.models import Cluster


class InventoryEntry(models.Model):
    """One object on one cluster that one owner applied, or is about to: written before the first
    apply.

    uid, digest and fingerprint are empty until the apply was confirmed; the row goes only after a
    confirmed deletion.
    """

    cluster = models.ForeignKey(Cluster, on_delete=models.PROTECT, related_name="inventory")
    owner_uid = models.UUIDField()
    group = models.CharField(max_length=253, blank=True, default="")
    version = models.CharField(max_length=63)
    kind = models.CharField(max_length=63)
    namespace = models.CharField(max_length=63, blank=True, default="")
    name = models.CharField(max_length=253)
    uid = models.CharField(max_length=64, blank=True, default="")
    digest = models.CharField(max_length=80, blank=True, default="")
    fingerprint = models.CharField(max_length=80, blank=True, default="")
    resource_version = models.CharField(max_length=64, blank=True, default="")
    claimed_at = models.DateTimeField(db_default=Now())

    objects: ClassVar[InventoryQuerySet] = InventoryQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ("id",)
        verbose_name_plural = "inventory entries"
        constraints = (
            # Between owners of one hub the database decides who has an object (architecture 2.1
            # rule 4).
            models.UniqueConstraint(
                fields=["cluster", "group", "kind", "namespace", "name"], name="inventory_one_owner"
            ),
        )
        indexes = (
            # A run reads and prunes the inventory of its owner on its cluster.
            models.Index(fields=["cluster", "owner_uid"], name="inventory_of_owner"),
        )

    def __str__(self) -> str:
        where = f"{self.namespace}/{self.name}" if self.namespace else self.name
        return f"{self.kind} {where}"

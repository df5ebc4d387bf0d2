"""AuditEntry: who did what; and Change: what objects looked like, numbered."""

from __future__ import annotations

from django.db import models


class AuditEntry(models.Model):
    """One act of a person or machine on one thing, allowed or denied; append-only and chained.

    Names are copies, because the things they name may go. `link` is an HMAC over the previous link
    and this entry, so a removed or changed row shows (manage.py verify_audit). Written by
    projects.ledger only.
    """

    at = models.DateTimeField()
    actor = models.CharField(max_length=200)
    via = models.CharField(max_length=20)
    token_id = models.BigIntegerField(null=True)
    source_ip = models.GenericIPAddressField(null=True)
    request_id = models.CharField(max_length=64, blank=True, default="")
    verb = models.CharField(max_length=50)
    kind = models.CharField(max_length=50)
    uid = models.UUIDField(null=True)
    name = models.CharField(max_length=300)
    project = models.CharField(max_length=63, blank=True, default="", db_index=True)
    allowed = models.BooleanField(default=True)
    # {"before": {...}, "after": {...}} of what changed, secret values never in it.
    details = models.JSONField(default=dict)
    link = models.CharField(max_length=64)

    class Meta:
        ordering = ("id",)
        verbose_name_plural = "audit entries"

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M:%S} {self.actor} {self.verb} {self.kind} {self.name}"


class Change(models.Model):
    """One write of one object; its id is the resourceVersion a watch resumes from.

    Ids are handed out in commit order, under the lock on Hub. The manifest is the object after the
    write (before it, for DELETED), masked. Written by projects.ledger only; compaction drops the
    oldest.
    """

    class Type(models.TextChoices):
        ADDED = "ADDED"
        MODIFIED = "MODIFIED"
        DELETED = "DELETED"

    at = models.DateTimeField()
    type = models.CharField(max_length=10, choices=Type.choices)
    kind = models.CharField(max_length=50)
    uid = models.UUIDField()
    namespace = models.CharField(max_length=63, blank=True, default="")
    name = models.CharField(max_length=253)
    manifest = models.JSONField()

    class Meta:
        ordering = ("id",)
        indexes = (
            # A watch: what happened to one kind in one namespace after a version.
            models.Index(fields=["kind", "namespace", "id"], name="change_watch"),
        )

    def __str__(self) -> str:
        return f"{self.id} {self.type} {self.kind} {self.namespace}/{self.name}"

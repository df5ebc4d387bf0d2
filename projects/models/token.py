"""ApiToken: what a machine, or a person with kubectl, shows instead of a password."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models.functions import Now

from projects.models.project import Project


class ApiToken(models.Model):
    """A bearer token `slw_...`, kept as its SHA-256 only; it can do what its user can, and no more
    than its scope.

    The text itself is shown once, when it is made. project limits it to one project; null means all
    its user sees.
    """

    class Scope(models.TextChoices):
        READ = "read"
        SYNC = "sync"
        WRITE = "write"

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="api_tokens"
    )
    project = models.ForeignKey(Project, null=True, blank=True, on_delete=models.CASCADE)
    name = models.CharField(max_length=100)
    prefix = models.CharField(max_length=12, editable=False)
    # Found by index, so comparing takes the same time for every wrong token.
    digest = models.CharField(max_length=64, unique=True, editable=False)
    scope = models.CharField(max_length=10, choices=Scope.choices, default=Scope.READ)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True, editable=False)
    # Written at most once a minute.
    last_used_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        ordering = ("-id",)

    def __str__(self) -> str:
        return f"{self.prefix}… {self.name}"

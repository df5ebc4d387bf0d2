"""GitRepository: a repository URL and ref, with the secret that opens it."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from gitops.querysets import GitRepositoryQuerySet
from projects.models import Conditioned, Leased, ObjectMeta, Project


class GitRepository(ObjectMeta, Conditioned, Leased):
    """One Git repository at one ref, polled every interval; Flux's GitRepository in meaning.

    Its bare mirror on a worker's disk belongs to this row alone. The secret is named, not referred
    to by key, as in Kubernetes: it may come later or go. The lease columns are those of the fetch.
    """

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="git_repositories")
    name = models.CharField(max_length=253)
    url = models.CharField(max_length=1000)
    # At most one is set; none means the branch main.
    branch = models.CharField(max_length=255, blank=True, default="")
    tag = models.CharField(max_length=255, blank=True, default="")
    commit = models.CharField(max_length=64, blank=True, default="")
    secret_name = models.CharField(max_length=253, blank=True, default="")
    interval_seconds = models.PositiveIntegerField(default=60)
    suspend = models.BooleanField(default=False)

    # Status: the newest revision that was fetched; it stays when the branch goes or the server is
    # down.
    revision = models.ForeignKey(
        "gitops.Revision",
        null=True,
        blank=True,
        editable=False,
        on_delete=models.SET_NULL,
        related_name="+",
    )
    checked_at = models.DateTimeField(null=True, editable=False)

    objects: ClassVar[GitRepositoryQuerySet] = GitRepositoryQuerySet.as_manager()  # type: ignore[assignment]

    class Meta(Leased.Meta):
        ordering = ("project", "name")
        verbose_name = "Git repository"
        verbose_name_plural = "Git repositories"
        constraints = (
            models.UniqueConstraint(
                fields=["project", "name"], name="git_repository_name_in_project"
            ),
        )

    def __str__(self) -> str:
        return f"{self.project.name}/{self.name}"

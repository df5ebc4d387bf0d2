"""Rows of gitops that only the product writes, and GitRepositories, which are written as sources.

Rendered objects are in no page: they are large, and sealed where they are secret.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin

from gitops.models import DesiredState, GitRepository, Revision, Suspension
from projects.admin.base import LookingAdmin

if TYPE_CHECKING:
    from django.http import HttpRequest


@admin.register(GitRepository)
class GitRepositoryAdmin(LookingAdmin):
    """Changed on the page of the Kustomization that reads it: the two are one source."""

    list_display = ("name", "project", "url", "revision", "checked_at", "failures")
    list_filter = ("project",)
    search_fields = ("name", "url")

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).select_related("project", "revision")


@admin.register(Revision)
class RevisionAdmin(LookingAdmin):
    list_display = ("name", "git_repository", "author", "subject", "seen_at")
    search_fields = ("name", "author", "subject")

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).select_related("git_repository__project")


@admin.register(DesiredState)
class DesiredStateAdmin(LookingAdmin):
    hidden = frozenset({"objects_gz"})
    list_display = ("kustomization", "revision", "object_count", "renderer", "created_at")
    list_filter = ("renderer",)

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).select_related("kustomization__project", "revision")


@admin.register(Suspension)
class SuspensionAdmin(LookingAdmin):
    list_display = ("kustomization", "cluster_name", "by", "started_at", "until", "ended_at")
    search_fields = ("by", "reason", "kustomization__name")

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).select_related("kustomization__project")

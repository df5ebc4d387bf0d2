"""Rows of projects that only the product writes: audit entries, changes, events, hub, workers."""

from __future__ import annotations

from django.contrib import admin

from projects.admin.base import LookingAdmin
from projects.models import AuditEntry, Change, ClusterEvent, Hub, WorkerLease


@admin.register(AuditEntry)
class AuditEntryAdmin(LookingAdmin):
    list_display = ("at", "actor", "via", "verb", "kind", "name", "project", "allowed")
    list_filter = ("via", "verb", "kind", "allowed")
    search_fields = ("actor", "name", "project", "request_id")
    ordering = ("-id",)


@admin.register(Change)
class ChangeAdmin(LookingAdmin):
    list_display = ("id", "at", "type", "kind", "namespace", "name")
    list_filter = ("kind", "type")
    search_fields = ("namespace", "name")
    ordering = ("-id",)


@admin.register(ClusterEvent)
class ClusterEventAdmin(LookingAdmin):
    list_display = (
        "last_at",
        "type",
        "reason",
        "kind",
        "name",
        "cluster_name",
        "project",
        "count",
    )
    list_filter = ("type", "reason", "project")
    list_select_related = ("project",)
    search_fields = ("name", "cluster_name", "message")


@admin.register(Hub)
class HubAdmin(LookingAdmin):
    list_display = ("uid", "audit_count")


@admin.register(WorkerLease)
class WorkerLeaseAdmin(LookingAdmin):
    list_display = ("name", "group", "until", "busy_since", "heard_at")

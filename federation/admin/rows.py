"""Rows of federation that only the product writes: propagations, inventories, deployments."""

from __future__ import annotations

from django.contrib import admin

from federation.models import Deployment, InventoryEntry, Propagation
from projects.admin.base import LookingAdmin


@admin.register(Propagation)
class PropagationAdmin(LookingAdmin):
    list_display = (
        "owner_name",
        "project_name",
        "cluster",
        "state",
        "reason",
        "applied_revision",
        "applied_at",
        "failures",
        "debt_since",
    )
    list_filter = ("state", "stalled", "cluster", "reason")
    list_select_related = ("cluster",)
    search_fields = ("owner_name", "project_name")


@admin.register(InventoryEntry)
class InventoryEntryAdmin(LookingAdmin):
    list_display = ("kind", "group", "namespace", "name", "cluster", "claimed_at")
    list_filter = ("cluster", "kind")
    list_select_related = ("cluster",)
    search_fields = ("kind", "namespace", "name")


@admin.register(Deployment)
class DeploymentAdmin(LookingAdmin):
    list_display = ("owner_name", "project_name", "cluster_name", "revision", "finished_at")
    search_fields = ("owner_name", "project_name", "cluster_name", "commit")

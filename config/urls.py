"""Mounts the doors: the admin and the REST API."""

from __future__ import annotations

from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("admin/", admin.site.urls),
    path("api/v1/", include("projects.api.urls")),
    path("api/v1/", include("gitops.api.urls")),
    path("api/v1/", include("federation.api.urls")),
]

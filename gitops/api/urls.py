"""Routes of /api/v1: GitOps sources."""

from __future__ import annotations

from django.urls import path

from gitops.api import views
from projects.api import routes

routes.register()

_SOURCE = "projects/<name:project>/sources/<name:source>"

urlpatterns = [
    path("projects/<name:project>/sources", views.Sources.as_view()),
    path(_SOURCE, views.Source.as_view()),
    path(f"{_SOURCE}/sync", views.Sync.as_view()),
    path(f"{_SOURCE}/suspend", views.Suspend.as_view()),
    path(f"{_SOURCE}/resume", views.Resume.as_view()),
    path(f"{_SOURCE}/confirm-prune", views.ConfirmPrune.as_view()),
    path(f"{_SOURCE}/revisions", views.Revisions.as_view()),
]

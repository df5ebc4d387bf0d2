"""Routes of /api/v1: clusters, sources on clusters; and, last of all, what is no endpoint."""

from __future__ import annotations

from django.urls import path, re_path

from federation.api import views
from projects.api import routes
from projects.api.views import NoSuchEndpoint

routes.register()

_SOURCE = "projects/<name:project>/sources/<name:source>"

urlpatterns = [
    path("clusters", views.Clusters.as_view()),
    path("clusters/<name:cluster>", views.Cluster.as_view()),
    path(f"{_SOURCE}/status", views.Status.as_view()),
    path(f"{_SOURCE}/events", views.Events.as_view()),
    path(f"{_SOURCE}/deployments", views.Deployments.as_view()),
    path(f"{_SOURCE}/objects", views.Objects.as_view()),
    # config.urls includes this module last.
    re_path(r"[\s\S]*", NoSuchEndpoint.as_view()),
]

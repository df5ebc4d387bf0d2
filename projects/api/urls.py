"""Routes of /api/v1: projects and what is in them, tokens, oneself."""

from __future__ import annotations

from django.urls import path

from projects.api import routes, tokens, views

routes.register()

urlpatterns = [
    path("me", views.Me.as_view()),
    path("tokens", tokens.Tokens.as_view()),
    path("tokens/<rowid:pk>", tokens.Token.as_view()),
    path("projects", views.Projects.as_view()),
    path("projects/<name:project>", views.Project.as_view()),
    path("projects/<name:project>/secrets", views.Secrets.as_view()),
    path("projects/<name:project>/secrets/<name:secret>", views.Secret.as_view()),
    path("projects/<name:project>/clusters", views.Attachments.as_view()),
    path("projects/<name:project>/clusters/<name:cluster>", views.Attachment.as_view()),
    path("projects/<name:project>/events", views.Events.as_view()),
    path("projects/<name:project>/audit", views.Audit.as_view()),
]

"""Attachments in the admin: a cluster comes to a project, a cluster is asked to leave it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin

from projects.admin.base import OperationAdmin
from projects.admin.forms import OperationForm
from projects.models import Attachment, Cluster, Project
from projects.operations import attachments

if TYPE_CHECKING:
    from django.http import HttpRequest


class AttachmentAdd(OperationForm):
    project = forms.ModelChoiceField(Project.objects.all())
    cluster = forms.ModelChoiceField(Cluster.objects.present().defer("sealed_credential"))
    adopt_namespace = forms.BooleanField(
        required=False, help_text="Take over a namespace of that name that exists there already."
    )


@admin.register(Attachment)
class AttachmentAdmin(OperationAdmin):
    list_display = ("project", "cluster", "namespace_uid", "reason", "detach_requested_at")
    list_filter = ("project", "cluster", "reason")
    form = AttachmentAdd
    removed = "detaching; the row goes when the cluster is clean"

    def get_queryset(self, request: HttpRequest) -> Any:
        found = super().get_queryset(request).select_related("project", "cluster")
        return found.defer("cluster__sealed_credential")

    def write(self, request: HttpRequest, form: Any, row: Any) -> Any:
        return attachments.attach(**form.cleaned_data, **self.by(request))

    def remove(self, request: HttpRequest, row: Any) -> None:
        attachments.detach(attachment=row, **self.by(request))

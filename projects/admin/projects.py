"""Projects in the admin: made, changed, removed by operations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin
from django.contrib.admin import widgets

from projects.admin.base import OperationAdmin
from projects.admin.forms import Lines, OperationForm
from projects.models import Project
from projects.operations import projects

if TYPE_CHECKING:
    from django.http import HttpRequest

_KINDS = (
    "Cluster-scoped kinds its sources may apply, one on each line: ClusterRole.rbac."
    "authorization.k8s.io"
)


class ProjectAdd(OperationForm):
    name = forms.CharField(max_length=63, widget=widgets.AdminTextInputWidget)
    namespace = forms.CharField(
        max_length=63,
        required=False,
        widget=widgets.AdminTextInputWidget,
        help_text="On every cluster. Empty: the name. It never changes.",
    )
    display_name = forms.CharField(
        max_length=200, required=False, widget=widgets.AdminTextInputWidget
    )
    cluster_kinds = Lines(required=False, help_text=_KINDS)


class ProjectChange(OperationForm):
    display_name = forms.CharField(
        max_length=200, required=False, widget=widgets.AdminTextInputWidget
    )
    description = forms.CharField(required=False, widget=widgets.AdminTextareaWidget)
    cluster_kinds = Lines(required=False, help_text=_KINDS)


@admin.register(Project)
class ProjectAdmin(OperationAdmin):
    list_display = ("name", "display_name", "namespace", "created_at")
    search_fields = ("name", "display_name", "namespace")
    form = ProjectAdd
    change_form = ProjectChange

    def write(self, request: HttpRequest, form: Any, row: Any) -> Any:
        if row is None:
            return projects.create(**form.cleaned_data, **self.by(request))
        return projects.update(project=row, **form.cleaned_data, **self.by(request))

    def remove(self, request: HttpRequest, row: Any) -> None:
        projects.delete(project=row, **self.by(request))

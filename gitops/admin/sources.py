"""GitOps sources in the admin: one form for both rows, and suspend, resume, sync, delete.

In: what staff type or choose. Out: calls of gitops.operations. The page of a source is that of its
Kustomization.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin
from django.contrib.admin import widgets
from django.contrib.admin.helpers import ActionForm

from gitops import queries
from gitops.models import Kustomization
from gitops.operations import sources, suspensions
from gitops.operations.sources import EVERYWHERE, SourceSpec
from projects.admin.base import OperationAdmin
from projects.admin.forms import JsonObject, OperationForm
from projects.models import Project

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from django.http import HttpRequest

# Fields of the form that come from the GitRepository; the others are the Kustomization's.
_OF_REPOSITORY = ("url", "branch", "tag", "commit", "secret_name")


def _text(longest: int, **more: Any) -> forms.CharField:
    more.setdefault("required", False)
    return forms.CharField(max_length=longest, widget=widgets.AdminTextInputWidget, **more)


class SourceChange(OperationForm):
    wire = {"secretRef": "secret_name", "ref": "branch"}  # noqa: RUF012 - the base says ClassVar

    url = _text(1000, required=True, help_text="https://host/path")
    branch = _text(255, help_text="Or a tag, or a commit. None: main.")
    tag = _text(255)
    commit = _text(64)
    secret_name = _text(253, help_text="A secret of the project with username and password.")
    path = _text(1000, help_text="A directory of the repository. Empty: its root.")
    interval = forms.IntegerField(initial=60, help_text="Seconds between two looks.")
    prune = forms.BooleanField(
        required=False, initial=True, help_text="Delete what is no longer in Git."
    )
    adopt = forms.BooleanField(
        required=False, help_text="Take over objects that exist and belong to nobody."
    )
    placement = JsonObject(
        required=False,
        initial=dict(EVERYWHERE),
        widget=widgets.AdminTextareaWidget,
        help_text='{"clusters": [{"name": ...}]} or {"clusterSelector": {"matchLabels": {...}}}.',
    )

    def __init__(self, *args: Any, **more: Any) -> None:
        source = more.get("instance")
        if source is not None:
            repository = queries.repository(source=source)
            known = {name: getattr(repository, name, "") for name in _OF_REPOSITORY}
            for name in ("path", "prune", "adopt", "placement"):
                known[name] = getattr(source, name)
            more["initial"] = {**known, "interval": source.interval_seconds}
        super().__init__(*args, **more)


class SourceAdd(SourceChange):
    project = forms.ModelChoiceField(Project.objects.all())
    name = _text(253, required=True)
    field_order = ("project", "name")


class SuspendFields(forms.Form):
    """What suspending wants to know."""

    reason = forms.CharField(required=False, max_length=1000)
    until = forms.DateTimeField(
        required=False, error_messages={"invalid": "want a date and time, or nothing"}
    )


class SourceActionForm(ActionForm):
    """The stock choice of an action; beside it what suspending wants, which the action checks."""

    reason = forms.CharField(required=False)
    until = forms.CharField(
        required=False, widget=forms.DateTimeInput(attrs={"type": "datetime-local"})
    )


@admin.register(Kustomization)
class SourceAdmin(OperationAdmin):
    list_display = ("name", "project", "path", "last_applied_revision", "suspend", "failures")
    list_filter = ("project", "suspend")
    search_fields = ("name", "path")
    actions = ("sync_now", "suspend", "resume", "delete_selected")
    action_form = SourceActionForm
    form = SourceAdd
    change_form = SourceChange
    removed = "deletion requested; the row goes when every cluster is clean"

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).select_related("project")

    def write(self, request: HttpRequest, form: Any, row: Any) -> Any:
        given = dict(form.cleaned_data)
        if row is not None:
            return sources.update(source=row, spec=SourceSpec(**given), **self.by(request))
        project, name = given.pop("project"), given.pop("name")
        return sources.create(
            project=project, name=name, spec=SourceSpec(**given), **self.by(request)
        )

    def remove(self, request: HttpRequest, row: Any) -> None:
        sources.request_deletion(
            source=row,
            orphan="orphan" in request.POST,
            protected_kinds="protected_kinds" in request.POST,
            **self.by(request),
        )

    @admin.action(description="Sync now", permissions=["change"])
    def sync_now(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        """Fetch, render and compare at once."""
        self.each(
            request, queryset, lambda row: sources.sync(source=row, **self.by(request)), "syncing"
        )

    @admin.action(description="Suspend (reason, until)", permissions=["change"])
    def suspend(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        """Stop polling and propagation until a time, or until resumed."""
        given = SuspendFields(request.POST)
        if not given.is_valid():
            for name, errors in given.errors.items():
                self.message_user(request, f"{name}: {errors[0]}", "ERROR")
            return
        self.each(
            request,
            queryset,
            lambda row: suspensions.suspend(source=row, **given.cleaned_data, **self.by(request)),
            "suspended",
        )

    @admin.action(description="Resume", permissions=["change"])
    def resume(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        """End suspensions and sync to the newest commit."""
        self.each(
            request,
            queryset,
            lambda row: suspensions.resume(source=row, **self.by(request)),
            "resumed",
        )

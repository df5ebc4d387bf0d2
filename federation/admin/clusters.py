"""Clusters in the admin: registered by kubeconfig, given another one, removed.

In: a kubeconfig, pasted or as a file. Out: calls of projects.operations.clusters. What opens a
cluster goes in and never comes out; no cluster is called from here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin
from django.contrib.admin import widgets

from federation import registering
from federation.member.credentials import parse_kubeconfig
from projects.admin.base import OperationAdmin
from projects.admin.forms import Labels, OperationForm, WriteOnlyTextarea
from projects.models import Cluster
from projects.operations import clusters

if TYPE_CHECKING:
    from django.http import HttpRequest

_LONGEST = 1 << 20


class ClusterChange(OperationForm):
    kubeconfig = forms.CharField(
        required=False,
        max_length=_LONGEST,
        widget=WriteOnlyTextarea(attrs={"rows": 12, "cols": 80, "class": "vLargeTextField"}),
        help_text="Pasted here, or as a file below.",
    )
    kubeconfig_file = forms.FileField(required=False)
    context = forms.CharField(
        required=False,
        max_length=253,
        widget=widgets.AdminTextInputWidget,
        help_text="Empty: the file's current-context.",
    )

    def clean(self) -> dict[str, Any]:
        """Make one text of whichever way was taken."""
        given = dict(self.cleaned_data)
        upload = given.pop("kubeconfig_file", None)
        text = given.get("kubeconfig", "")
        if bool(text) == bool(upload):
            self.add_error(None, "Give a kubeconfig, pasted or as a file.")
        elif upload:
            given["kubeconfig"] = self._read(upload)
        return given

    def _read(self, upload: Any) -> str:
        if upload.size > _LONGEST:
            self.add_error("kubeconfig_file", "The file is larger than a kubeconfig is.")
            return ""
        upload.seek(0)  # a form that was refused reads it a second time
        try:
            return str(upload.read().decode())
        except UnicodeDecodeError:
            self.add_error("kubeconfig_file", "The file is not text in UTF-8.")
            return ""


class ClusterAdd(ClusterChange):
    name = forms.CharField(max_length=63, widget=widgets.AdminTextInputWidget)
    labels = Labels(required=False, help_text="One key=value on each line.")
    field_order = ("name", "labels")


@admin.register(Cluster)
class ClusterAdmin(OperationAdmin):
    hidden = frozenset({"sealed_credential"})
    list_display = ("name", "server", "kubernetes_version", "probed_at", "removed_at")
    search_fields = ("name", "server")
    form = ClusterAdd
    change_form = ClusterChange
    removed = "removed"

    def write(self, request: HttpRequest, form: Any, row: Any) -> Any:
        given = dict(form.cleaned_data)
        access = parse_kubeconfig(given.pop("kubeconfig"), context=given.pop("context"))
        spec = registering.spec_of(access)
        if row is None:
            return clusters.register(**given, spec=spec, **self.by(request))
        return clusters.replace_credential(cluster=row, spec=spec, **self.by(request))

    def remove(self, request: HttpRequest, row: Any) -> None:
        clusters.remove(cluster=row, **self.by(request))

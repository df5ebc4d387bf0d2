"""Secrets in the admin: payloads go in and never come out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin
from django.contrib.admin import widgets

from projects.admin.base import OperationAdmin
from projects.admin.forms import JsonObject, OperationForm, WriteOnlyTextarea
from projects.models import Project, Secret
from projects.operations import secrets

if TYPE_CHECKING:
    from django.http import HttpRequest


class SecretChange(OperationForm):
    """A login, or any payload; either takes the place of all that was there."""

    username = forms.CharField(required=False, strip=False, widget=widgets.AdminTextInputWidget)
    password = forms.CharField(
        required=False,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
        help_text="Or a token of the Git server.",
    )
    payload = JsonObject(
        required=False,
        strip=False,
        widget=WriteOnlyTextarea,
        help_text='Instead of a login: a JSON object of text to text, {"key": "value"}.',
    )

    def clean(self) -> dict[str, Any]:
        """Make one payload of whichever way was taken."""
        given = dict(self.cleaned_data)
        login = {name: given.pop(name, "") for name in ("username", "password")}
        payload = given.pop("payload", None)
        if all(login.values()) and not payload:
            payload = login
        elif any(login.values()) or not payload:
            self.add_error(None, "Give a username and a password, or a payload.")
        return {**given, "payload": payload}


class SecretAdd(SecretChange):
    project = forms.ModelChoiceField(Project.objects.all())
    name = forms.CharField(max_length=253, widget=widgets.AdminTextInputWidget)
    type = forms.CharField(max_length=253, initial="Opaque", widget=widgets.AdminTextInputWidget)
    field_order = ("project", "name", "type", "username", "password", "payload")


@admin.register(Secret)
class SecretAdmin(OperationAdmin):
    hidden = frozenset({"sealed_payload"})
    list_display = ("name", "project", "type", "key_names", "created_at")
    list_filter = ("project",)
    list_select_related = ("project",)
    search_fields = ("name",)
    form = SecretAdd
    change_form = SecretChange

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).select_related("project")

    def write(self, request: HttpRequest, form: Any, row: Any) -> Any:
        if row is None:
            return secrets.create(**form.cleaned_data, **self.by(request))
        payload = form.cleaned_data["payload"]
        return secrets.replace(secret=row, payload=payload, **self.by(request))

    def remove(self, request: HttpRequest, row: Any) -> None:
        secrets.delete(secret=row, **self.by(request))

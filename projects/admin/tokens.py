"""API tokens in the admin: made for a user, shown once, revoked; never changed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin
from django.contrib.admin import widgets
from django.contrib.auth import get_user_model
from django.template.response import TemplateResponse

from projects.admin.base import OperationAdmin
from projects.admin.forms import OperationForm
from projects.models import ApiToken, Project
from projects.operations import tokens

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from django.http import HttpRequest, HttpResponse

_TEXT = "_slipway_token_text"


class TokenAdd(OperationForm):
    user = forms.ModelChoiceField(get_user_model()._default_manager.filter(is_active=True))
    name = forms.CharField(max_length=100, widget=widgets.AdminTextInputWidget)
    scope = forms.ChoiceField(choices=ApiToken.Scope.choices, initial=ApiToken.Scope.READ)
    project = forms.ModelChoiceField(
        Project.objects.all(), required=False, help_text="Empty: all that the user sees."
    )
    expires_at = forms.SplitDateTimeField(required=False, widget=widgets.AdminSplitDateTime)


@admin.register(ApiToken)
class ApiTokenAdmin(OperationAdmin):
    hidden = frozenset({"digest"})
    list_display = ("prefix", "name", "user", "scope", "project", "expires_at", "revoked_at")
    list_filter = ("scope", "user", "project")
    list_select_related = ("user", "project")
    search_fields = ("name", "prefix")
    actions = ("revoke",)
    form = TokenAdd

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Keep the rows: audit entries name them."""
        return False

    def write(self, request: HttpRequest, form: Any, row: Any) -> Any:
        token, text = tokens.create(**form.cleaned_data, **self.by(request))
        setattr(request, _TEXT, text)
        return token

    def remove(self, request: HttpRequest, row: Any) -> None:
        tokens.revoke(token=row, **self.by(request))

    def response_add(
        self, request: HttpRequest, obj: Any, post_url_continue: str | None = None
    ) -> HttpResponse:
        """Show the text in this one answer; a message would keep it in a cookie or a session."""
        context = {
            **self.admin_site.each_context(request),
            "title": "The token",
            "opts": self.opts,
            "token": obj,
            "text": getattr(request, _TEXT),
        }
        name = "admin/projects/apitoken/shown_once.html"
        return TemplateResponse(request, name, context)

    @admin.action(description="Revoke selected tokens", permissions=["revoke"])
    def revoke(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        """End tokens; the next request with one is refused."""
        rows = queryset.select_related("user", "project")
        self.each(request, rows, lambda row: self.remove(request, row), "revoked")

    def has_revoke_permission(self, request: HttpRequest) -> bool:
        return self.has_add_permission(request)

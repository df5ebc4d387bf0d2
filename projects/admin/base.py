"""Model admins that show rows and write by operations.

In: staff at /admin. Out: the stock admin pages, with three differences. Who may is asked of
projects.access and of the operation, not of Django's permissions. A save, a deletion and an action
call operations, and what these refuse is an error at its field or a message. Sealed columns are
neither loaded, shown nor filtered by.

The stock views run inside one transaction of their own; these do not, so that an operation is the
outermost transaction, as the ledger wants it (architecture section 4).
"""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any, ClassVar

from django.contrib import admin, messages
from django.contrib.admin import actions as stock
from django.http import HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone

from projects import callers
from projects.admin.forms import OperationForm
from projects.errors import Denied, DomainError
from projects.operations import denials

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime

    from django.db.models import QuerySet
    from django.http import HttpRequest, HttpResponse

    from projects.access import Actor

VIA = "admin"
_ACTOR = "_slipway_actor"
_REFUSED = "_slipway_refused"
# How the filters of a change list spell their choice in the URL.
_SPELLINGS = ("", "__exact", "__isnull", "__id__exact", "__gte", "__lt")


def actor_of(request: HttpRequest) -> Actor:
    """Return who asks; the groups are read once per request."""
    found: Actor | None = getattr(request, _ACTOR, None)
    if found is None:
        found = callers.actor_of(request, via=VIA)
        setattr(request, _ACTOR, found)
    return found


class LookingAdmin(admin.ModelAdmin):
    """Rows that only the product writes: staff of the platform look at them."""

    # Columns that never leave the database.
    hidden: ClassVar[frozenset[str]] = frozenset()
    actions: Any = ()

    def has_module_permission(self, request: HttpRequest) -> bool:
        return actor_of(request).is_platform

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return actor_of(request).is_platform

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).defer(*self.hidden)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        if obj is None:
            return ()
        columns = self.model._meta.concrete_fields
        return tuple(column.name for column in columns if column.name not in self.hidden)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        if obj is None or self.has_change_permission(request, obj):
            return super().get_fields(request, obj)
        return self.get_readonly_fields(request, obj)

    def lookup_allowed(self, lookup: str, value: Any, request: Any = None) -> bool:
        """Filter by what the page offers; the stock admin takes any column, sealed ones too."""
        offered = [name for name in self.get_list_filter(request) if isinstance(name, str)]
        return lookup in {f"{name}{spelling}" for name in offered for spelling in _SPELLINGS}


class OperationAdmin(LookingAdmin):
    """Rows that people write, by operations."""

    form: Any = OperationForm
    change_form: ClassVar[type[OperationForm] | None] = None
    # What is said after a deletion: some are only asked for.
    removed: ClassVar[str] = "deleted"
    actions: Any = ("delete_selected",)

    def write(self, request: HttpRequest, form: Any, row: Any) -> Any:
        """Call the operation that makes (row is None) or changes a row, and return the row.

        Raises: DomainError.
        """
        raise NotImplementedError

    def remove(self, request: HttpRequest, row: Any) -> None:
        """Call the operation that removes a row.

        Raises: DomainError.
        """
        raise NotImplementedError

    def by(self, request: HttpRequest) -> dict[str, Any]:
        """The keyword arguments that every operation takes: who and when."""
        now: datetime = timezone.now()
        return {"actor": actor_of(request), "now": now}

    def has_add_permission(self, request: HttpRequest) -> bool:
        return actor_of(request).is_platform_admin

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.change_form is not None and actor_of(request).is_platform_admin

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return actor_of(request).is_platform_admin

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """Show as text what the form does not take."""
        found = super().get_readonly_fields(request, obj)
        if self.change_form is None or not self.has_change_permission(request, obj):
            return found
        taken = self.change_form.base_fields
        return tuple(name for name in found if name not in taken)

    def get_form(self, request: Any, obj: Any = None, change: bool = False, **more: Any) -> Any:
        more["form"] = self.form if obj is None else self.change_form or OperationForm
        made: Any = super().get_form(request, obj, change, **more)
        made.refused = getattr(request, _REFUSED, None)
        return made

    def changeform_view(
        self, request: Any, object_id: Any = None, form_url: str = "", extra_context: Any = None
    ) -> Any:
        """Serve the form; what the operation refused is shown in it."""
        try:
            return self._served(request, object_id, form_url, extra_context)
        except DomainError as error:
            self._write_down(request, error, object_id or "")
            setattr(request, _REFUSED, error)
            return self._served(request, object_id, form_url, extra_context)

    def save_form(self, request: Any, form: Any, change: Any) -> Any:
        """Call the operation; the admin goes on with the row it returns."""
        return self.write(request, form, form.instance if change else None)

    def save_model(self, request: Any, obj: Any, form: Any, change: Any) -> None:
        """Do nothing: the operation has written (save_form)."""

    def save_related(self, request: Any, form: Any, formsets: Any, change: Any) -> None:
        """Do nothing: no form here writes related rows."""

    def delete_view(self, request: Any, object_id: str, extra_context: Any = None) -> Any:
        """Ask, then call the operation; what it refuses is said on the page of the row."""
        try:
            return super()._delete_view(request, object_id, extra_context)  # type: ignore[misc]
        except DomainError as error:
            self._write_down(request, error, object_id)
            self.message_user(request, error.message, messages.ERROR)
            return HttpResponseRedirect(self._url("change", object_id))

    def delete_model(self, request: Any, obj: Any) -> None:
        named = copy.copy(obj)  # a deleted row forgets its key
        self.remove(request, obj)
        super().log_deletions(request, [named])  # type: ignore[arg-type]

    def delete_queryset(self, request: Any, queryset: QuerySet[Any]) -> None:
        for row in queryset:
            self.delete_model(request, row)

    def log_deletions(self, request: Any, queryset: Iterable[Any]) -> Any:
        """Do nothing yet: the stock admin logs before it deletes, and deletions may be refused."""
        return []

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """Name the rows themselves; what goes with them is the operation's to know."""
        names = [str(row) for row in objs]
        return names, {self.model._meta.verbose_name_plural: len(names)}, set(), []

    def response_delete(self, request: Any, obj_display: str, obj_id: Any) -> HttpResponse:
        self.message_user(request, f"{obj_display}: {self.removed}", messages.SUCCESS)
        return HttpResponseRedirect(self._url("changelist"))

    @admin.action(permissions=["delete"], description="Delete selected %(verbose_name_plural)s")
    def delete_selected(self, request: HttpRequest, queryset: QuerySet[Any]) -> Any:
        """Ask on the stock page, then call the operation for each row."""
        if not request.POST.get("post"):
            return stock.delete_selected(self, request, queryset)
        self.each(request, queryset, lambda row: self.delete_model(request, row), self.removed)
        return None

    def each(
        self,
        request: HttpRequest,
        queryset: QuerySet[Any],
        act: Callable[[Any], object],
        done: str,
    ) -> None:
        """Act on each row by itself, and say for which it was refused."""
        count = 0
        for row in list(queryset):
            name = str(row)
            try:
                act(row)
            except DomainError as error:
                self._write_down(request, error, name)
                self.message_user(request, f"{name}: {error.message}", messages.ERROR)
            else:
                count += 1
        if count:
            self.message_user(request, f"{count} {done}", messages.SUCCESS)

    def _write_down(self, request: HttpRequest, error: DomainError, name: str) -> None:
        if isinstance(error, Denied):
            kind = self.model.__name__
            denials.record(
                error=error, verb="(denied)", kind=kind, name=name, project="", **self.by(request)
            )

    def _served(self, *args: Any) -> Any:
        """The stock view without its transaction."""
        return super()._changeform_view(*args)  # type: ignore[misc]

    def _url(self, page: str, *args: Any) -> str:
        opts = self.model._meta
        return reverse(f"admin:{opts.app_label}_{opts.model_name}_{page}", args=args)

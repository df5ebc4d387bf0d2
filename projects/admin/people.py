"""Users in the admin: the stock pages, but users are deactivated and not deleted.

A deleted user would take their tokens along behind the ledger's back, and audit entries would name
nobody. Deactivating ends every token at the next request.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.contrib.auth import get_user_model
from django.contrib.auth.admin import UserAdmin as StockUserAdmin

if TYPE_CHECKING:
    from django.http import HttpRequest

# Importing the stock module has registered it.
admin.site.unregister(get_user_model())


@admin.register(get_user_model())
class UserAdmin(StockUserAdmin):
    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

"""Grants and what was done to limits and the kill switch, to read. Nothing here is changed by hand."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from unfold.admin import ModelAdmin

from risk.models import AccountGrant, KillEvent, Limit, LimitChange


class ReadOnlyAdmin(ModelAdmin):  # type: ignore[misc]  # the package is untyped
    """Shows rows; edits go through services, which check, audit and need two people."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody adds."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody changes."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody deletes."""
        return False


@admin.register(AccountGrant)
class GrantAdmin(ReadOnlyAdmin):
    """Who may do what on which account."""

    list_display = ("user", "account", "role")
    list_filter = ("role", "account")
    list_select_related = ("user", "account")


@admin.register(Limit)
class LimitAdmin(ReadOnlyAdmin):
    """Limits in force."""

    list_display = ("code", "account", "underlying", "unit", "soft", "hard", "version", "effective_at")
    list_filter = ("account",)
    search_fields = ("code", "underlying")


@admin.register(LimitChange)
class LimitChangeAdmin(ReadOnlyAdmin):
    """Edits of limits."""

    list_display = ("limit", "status", "is_loosening", "requested_by", "requested_at", "decided_by", "decided_at")
    list_filter = ("status", "is_loosening")
    list_select_related = ("limit", "requested_by", "decided_by")


@admin.register(KillEvent)
class KillEventAdmin(ReadOnlyAdmin):
    """What was done to the kill switch."""

    list_display = ("scope", "target", "from_level", "to_level", "actor", "second", "at")
    list_filter = ("scope",)
    list_select_related = ("second",)

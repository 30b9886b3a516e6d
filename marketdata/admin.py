"""Underlyings to read, and their sectors to write."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.admin import ModelAdmin

from allcore.kernel.clock import utc_now
from allcore.kernel.instruments import InstrumentKind
from marketdata.models import Instrument
from marketdata.services.sectors import set_sector


@admin.register(Instrument)
class UnderlyingAdmin(ModelAdmin):  # type: ignore[misc]  # the package is untyped
    """Shares and indices; of these the sector alone is changed by hand."""

    list_display = ("symbol", "kind", "name", "sector", "is_active")
    list_filter = ("sector", "kind")
    search_fields = ("symbol", "name")
    fields = ("symbol", "kind", "name", "sector")
    readonly_fields = ("symbol", "kind", "name")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Instrument]:
        """Return the underlyings: an option has theirs."""
        return Instrument.objects.exclude(kind=InstrumentKind.OPTION)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Nobody adds."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody deletes."""
        return False

    def save_model(self, request: HttpRequest, obj: Instrument, form: Any, change: bool) -> None:  # noqa: FBT001 Django's signature
        """Write the sector by the door that audits it."""
        set_sector(obj.symbol, obj.sector, actor=request.user.get_username(), now=utc_now())

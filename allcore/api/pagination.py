"""Pages by cursor: a row that arrives while somebody reads shifts nothing."""

from typing import Any

from django.db.models import QuerySet
from rest_framework.pagination import CursorPagination
from rest_framework.request import Request
from rest_framework.views import APIView


class DeskCursorPagination(CursorPagination):
    """`{next, previous, results}`; `?limit=` up to 500. A view's `ordering` ends in a unique column."""

    page_size = 50
    page_size_query_param = "limit"
    max_page_size = 500
    ordering = ("-id",)

    def get_ordering(self, request: Request, queryset: QuerySet[Any], view: APIView) -> tuple[str, ...]:
        """Return the view's own ordering, else the newest first."""
        wanted: str | tuple[str, ...] = getattr(view, "ordering", self.ordering)
        return (wanted,) if isinstance(wanted, str) else tuple(wanted)

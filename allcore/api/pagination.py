"""Pages by cursor: a row that arrives while somebody reads shifts nothing."""

from collections.abc import Callable
from typing import Any, TypeVar

from django.db.models import Model, QuerySet
from rest_framework.pagination import CursorPagination
from rest_framework.request import Request
from rest_framework.response import Response
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


Row = TypeVar("Row", bound=Model)


def paged(
    request: Request, view: APIView, found: QuerySet[Row], row_of: Callable[[Row], dict[str, object]]
) -> Response:
    """Answer one page of what was found, each as its row."""
    pages = DeskCursorPagination()
    page = pages.paginate_queryset(found, request, view=view) or []
    return pages.get_paginated_response([row_of(row) for row in page])

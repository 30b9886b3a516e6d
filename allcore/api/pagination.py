"""Pages by cursor: a row that arrives while somebody reads shifts nothing."""

from collections.abc import Callable
from collections.abc import Set as AbstractSet
from typing import Any, TypeVar

from django.core.exceptions import ValidationError
from django.db import DataError
from django.db.models import Model, QuerySet
from django_filters import rest_framework as filters
from django_filters.utils import translate_validation
from rest_framework.exceptions import NotFound
from rest_framework.pagination import CursorPagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from allcore.kernel.errors import InvalidInputError

PAGE = frozenset({"cursor", "limit"})
MOST_DIGITS = 9


class QueryError(InvalidInputError):
    """What was asked of a list cannot be meant: an answer would be another list than the one that was wanted."""

    code = "INVALID_QUERY"


class DeskCursorPagination(CursorPagination):
    """`{next, previous, results}`; `?limit=` up to 500. A view's `ordering` ends in a unique column."""

    page_size = 50
    page_size_query_param = "limit"
    page_size_query_description = "Rows a page, 1 to 500; 50 if it is not said."
    cursor_query_description = "Where the page begins: taken from `next` or `previous` of another page."
    max_page_size = 500
    ordering = ("-id",)

    def get_ordering(self, request: Request, queryset: QuerySet[Any], view: APIView) -> tuple[str, ...]:
        """Return the view's own ordering, else the newest first."""
        wanted: str | tuple[str, ...] = getattr(view, "ordering", self.ordering)
        return (wanted,) if isinstance(wanted, str) else tuple(wanted)

    def get_page_size(self, request: Request) -> int:
        """Return how many rows are wanted, no more than the most.

        Raises:
            QueryError: it is no whole number above zero.
        """
        asked = request.query_params.get("limit")
        if asked is None:
            return self.page_size
        if not (asked.isascii() and asked.isdigit() and len(asked) <= MOST_DIGITS and int(asked) > 0):
            raise QueryError(f"limit is a whole number from 1 to {self.max_page_size}.", limit=asked)
        return min(int(asked), self.max_page_size)

    def paginate_queryset(self, queryset: Any, request: Request, view: APIView | None = None) -> list[Any] | None:
        """Return the page.

        Raises:
            QueryError: the cursor is none that a page of this list told.
        """
        try:
            return super().paginate_queryset(queryset, request, view)
        except (NotFound, ValidationError, ValueError, DataError) as e:  # of the column that the cursor stands in
            if "cursor" not in request.query_params:
                raise
            raise QueryError("The cursor is none that this list gave: begin again without it.") from e


Row = TypeVar("Row", bound=Model)


def paged(
    request: Request, view: APIView, found: QuerySet[Row], row_of: Callable[[Row], dict[str, object]]
) -> Response:
    """Answer one page of what was found, narrowed by the view's `narrowed_by`, each as its row.

    Raises:
        QueryError: there is no such filter: the page would show what was to be left out.
        ValidationError: a filter's value cannot be one.
    """
    pages = DeskCursorPagination()
    page = pages.paginate_queryset(_narrowed(request, view, found), request, view=view) or []
    return pages.get_paginated_response([row_of(row) for row in page])


def whole(request: Request, view: APIView, read: Callable[[], list[dict[str, Any]]]) -> Response:
    """Answer all rows of a list that is told whole, narrowed by those of the view's `columns` that the query names.

    Raises:
        QueryError: there is no such filter: the list would hold what was to be left out.
    """
    columns: tuple[str, ...] = getattr(view, "columns", ())
    _refuse_unknown(request, frozenset(columns))
    wanted = {name: str(request.query_params[name]) for name in columns if name in request.query_params}
    return Response(
        {"results": [row for row in read() if all(str(row[n] or "") == value for n, value in wanted.items())]}
    )


def _refuse_unknown(request: Request, known: AbstractSet[str]) -> None:
    if unknown := sorted(set(request.query_params) - known):
        names = f"there are {', '.join(sorted(known))}" if known else "there is none"
        raise QueryError(f"There is no filter {unknown[0]}; {names}.", unknown=unknown)


def _narrowed(request: Request, view: APIView, found: QuerySet[Row]) -> QuerySet[Row]:
    kind: type[filters.FilterSet] | None = getattr(view, "narrowed_by", None)
    known = PAGE | set(getattr(view, "asks", ())) | set(kind.base_filters if kind else ())
    _refuse_unknown(request, known)
    if kind is None:
        return found
    filtered = kind(request.query_params, found)
    if not filtered.is_valid():
        raise translate_validation(filtered.errors)
    return filtered.qs  # type: ignore[no-any-return]  # the package is untyped

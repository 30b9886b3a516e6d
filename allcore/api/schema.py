"""How the API describes itself: pages as pages, filters, repeats, and the one error shape of every address."""

from typing import Any

from django_filters import rest_framework as filters
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import build_basic_type, build_parameter_type
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import Direction, OpenApiParameter, inline_serializer
from rest_framework import serializers

from allcore.api.pagination import DeskCursorPagination

TYPES = {
    filters.UUIDFilter: OpenApiTypes.UUID,
    filters.DateFilter: OpenApiTypes.DATE,
    filters.BooleanFilter: OpenApiTypes.BOOL,
}
KEY = OpenApiParameter(
    "Idempotency-Key",
    OpenApiTypes.STR,
    OpenApiParameter.HEADER,
    description="Up to 80 characters. A repeat with the key gets the first answer; another body under it is a 422.",
)


class ErrorOut(serializers.Serializer[Any]):
    """Any failure. `code` is stable, `message` is for a person, `detail` what was seen."""

    code = serializers.CharField()
    message = serializers.CharField()
    detail = serializers.JSONField()
    trace_id = serializers.CharField()


def results_of(row: type[serializers.Serializer[Any]]) -> Any:
    """Return the description of `{results: [...]}`, a list that is answered whole."""
    name = row.__name__.removesuffix("Out") + "ListOut"
    return inline_serializer(name, {"results": row(many=True)})


class DeskSchema(AutoSchema):
    """The description of one address and method, read from what the view does."""

    def get_override_parameters(self) -> list[Any]:
        """Name the key where the method answers a repeat with its first answer."""
        method = getattr(self.view, self.method.lower())
        code = getattr(method, "__wrapped__", method).__code__
        return [*super().get_override_parameters(), *([KEY] if "answer_once" in code.co_names else [])]

    def _get_paginator(self) -> DeskCursorPagination | None:
        """A view that has an ordering answers pages."""
        is_paged = self.method == "GET" and hasattr(self.view, "ordering")
        return DeskCursorPagination() if is_paged else None

    def _get_filter_parameters(self) -> list[dict[str, Any]]:
        if self.method != "GET":
            return []
        kind = getattr(self.view, "narrowed_by", None)
        if kind is None:
            return [_column(name) for name in getattr(self.view, "columns", ())]
        return [_parameter(name, one) for name, one in kind.base_filters.items()]

    def _get_response_bodies(self, direction: Direction = "response") -> dict[str, Any]:
        bodies: dict[str, Any] = super()._get_response_bodies(direction)
        failure: dict[str, Any] = self._get_response_for_code(ErrorOut, "400", direction=direction)  # type: ignore[no-untyped-call]  # the package's
        told = {code: failure for code, body in bodies.items() if code >= "400" and "content" not in body}
        return bodies | told | {"default": failure | {"description": "Not done, and why."}}


def _column(name: str) -> dict[str, Any]:
    schema = dict(build_basic_type(OpenApiTypes.STR) or {})
    return dict(build_parameter_type(name=name, schema=schema, location=OpenApiParameter.QUERY))


def _parameter(name: str, one: Any) -> dict[str, Any]:
    schema = dict(build_basic_type(TYPES.get(type(one), OpenApiTypes.STR)) or {})
    if choices := one.extra.get("choices"):
        schema["enum"] = [value for value, _ in choices]
    return dict(build_parameter_type(name=name, schema=schema, location=OpenApiParameter.QUERY))

"""What holds for every address of the API."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from drf_spectacular.drainage import GENERATOR_STATS, reset_generator_stats
from drf_spectacular.generators import SchemaGenerator
from rest_framework.permissions import SAFE_METHODS

from allcore.accounts.models import ApiToken
from allcore.accounts.tokens import HasScope, scope_for

EXAMPLES = {"uuid": "00000000-0000-0000-0000-000000000000", "row": "1", "str": "X", "slug": "x"}
UNSAFE = ("post", "put", "patch", "delete")
OF_A_PERSON_ALONE = {"Tokens", "TokenItem", "Mandates"}  # a token cannot give itself, or another, more rights


def views(patterns: list[Any] | None = None, prefix: str = "") -> Iterator[tuple[str, Any]]:
    for entry in get_resolver().url_patterns if patterns is None else patterns:
        route = prefix + str(entry.pattern)
        if isinstance(entry, URLResolver):
            yield from views(entry.url_patterns, route)
        elif isinstance(entry, URLPattern) and route.startswith("api/v1/"):
            yield route, entry.callback.view_class  # type: ignore[attr-defined]  # as_view() leaves it there


API = dict(views())


def test_there_is_an_api() -> None:
    assert len(API) > 3


@pytest.mark.parametrize("route", API)
def test_a_token_s_scope_is_looked_at(route: str) -> None:
    assert HasScope in API[route].permission_classes


@pytest.mark.parametrize("route", API)
def test_every_method_that_changes_something_names_its_scope(route: str) -> None:
    view = API[route]
    methods = [method.upper() for method in UNSAFE if hasattr(view, method)]
    named = {method: scope_for(view, method) for method in methods}

    if view.__name__ not in OF_A_PERSON_ALONE:
        assert all(scope in ApiToken.Scope.values for scope in named.values()), named
    assert "read" not in named.values()
    assert all(scope_for(view, method) == "read" for method in SAFE_METHODS)


@pytest.mark.parametrize("route", API)
@pytest.mark.parametrize("method", ["get", *UNSAFE])
def test_nobody_gets_in_without_signing_in(route: str, method: str, client: Client, db: None) -> None:
    address = "/" + re.sub(r"<(\w+):\w+>", lambda found: EXAMPLES[found[1]], route)

    answer = getattr(client, method)(address, data={}, content_type="application/json")

    assert answer.status_code == 401, address
    assert set(answer.json()) == {"code", "message", "detail", "trace_id"}


def operations() -> dict[str, dict[str, Any]]:
    paths = SchemaGenerator().get_schema(request=None, public=True)["paths"]
    return {f"{name} {path}": made for path, methods in paths.items() for name, made in methods.items()}


def parameters(operation: dict[str, Any]) -> set[str]:
    return {parameter["name"] for parameter in operation.get("parameters", [])}


def test_the_description_of_every_failure_is_the_one_shape() -> None:
    shapes = {
        (name, code): answer["content"]["application/json"]["schema"]
        for name, operation in operations().items()
        for code, answer in operation["responses"].items()
        if code == "default" or code >= "400"
    }

    assert {name for name, _ in shapes} == set(operations())
    assert {tuple(shape.values()) for shape in shapes.values()} == {("#/components/schemas/ErrorOut",)}


def test_a_list_in_pages_is_described_as_pages() -> None:
    described = operations()["get /api/v1/orders/"]

    shape = described["responses"]["200"]["content"]["application/json"]["schema"]
    assert shape == {"$ref": "#/components/schemas/PaginatedOrderOutList"}
    assert parameters(described) == {"cursor", "limit", "account", "underlying", "status", "trade_date"}


def test_who_may_repeat_a_request_is_told_of_the_key() -> None:
    told = {name for name, operation in operations().items() if "Idempotency-Key" in parameters(operation)}

    assert "post /api/v1/orders/" in told
    assert "post /api/v1/proposals/{proposal_id}/approval/" in told
    assert not any(name.startswith("get ") for name in told)


def test_the_schema_describes_every_address(db: None) -> None:
    reset_generator_stats()

    described = SchemaGenerator().get_schema(request=None, public=True)

    assert len(described["paths"]) == len(API)
    assert described["components"]["securitySchemes"]["token"]["scheme"] == "bearer"
    assert (dict(GENERATOR_STATS._warn_cache), dict(GENERATOR_STATS._error_cache)) == ({}, {})

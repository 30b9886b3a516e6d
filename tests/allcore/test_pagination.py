"""A list answers what was asked of it, or says that it cannot."""

from base64 import b64encode
from collections.abc import Iterator

import orjson
import pytest
from django.test import Client

from allcore import live
from risk.models import Role
from risk.services.limits import ensure_defaults
from tests.builders.risk import NOW, make_account, person

pytestmark = pytest.mark.django_db


@pytest.fixture
def vera() -> Client:
    make_account("GEN-1")
    client = Client()
    client.force_login(person("vera", Role.VIEWER).user)
    return client


def cursor(text: str) -> str:
    return b64encode(text.encode()).decode()


@pytest.mark.parametrize("name", ["orders", "executions", "proposals", "limits/changes"])
@pytest.mark.parametrize("position", ["p=garbage", "p=2026-99-01", "p=2026-01-01T00:00:00+99:99", "p=\x00"])
def test_a_cursor_that_no_page_gave_is_refused(vera: Client, name: str, position: str) -> None:
    answer = vera.get(f"/api/v1/{name}/", {"cursor": cursor(position)})

    assert (answer.status_code, answer.json()["code"]) == (400, "INVALID_QUERY")


def test_a_cursor_that_is_not_even_encoded_is_refused(vera: Client) -> None:
    assert vera.get("/api/v1/orders/", {"cursor": "garbage"}).json()["code"] == "INVALID_QUERY"


@pytest.mark.parametrize("limit", ["0", "-1", "abc", "1.5", "", "\u0663", "9" * 5000])
def test_a_page_that_cannot_be_so_long_is_refused(vera: Client, limit: str) -> None:
    answer = vera.get("/api/v1/orders/", {"limit": limit})

    assert (answer.status_code, answer.json()["code"]) == (400, "INVALID_QUERY")


@pytest.mark.parametrize("limit", ["1", "500", "501", "999999999"])
def test_a_longer_page_than_the_longest_is_the_longest(vera: Client, limit: str) -> None:
    assert vera.get("/api/v1/orders/", {"limit": limit}).status_code == 200


@pytest.mark.parametrize(
    "query",
    [
        {"trade_date": "2026-99-99"},
        {"status": "NOPE"},
        {"status": "\x00"},
        {"accounts": "GEN-1"},
        {"account": "GEN-1", "order": "1"},
    ],
)
def test_a_filter_that_cannot_be_meant_is_refused_and_not_ignored(vera: Client, query: dict[str, str]) -> None:
    answer = vera.get("/api/v1/orders/", query)

    assert answer.status_code == 400
    assert set(answer.json()) == {"code", "message", "detail", "trace_id"}


def test_an_execution_s_order_is_an_id(vera: Client) -> None:
    assert vera.get("/api/v1/executions/", {"order": "7"}).json()["message"].startswith("order:")


@pytest.mark.parametrize("name", ["proposals", "algos", "order-lists", "instruments", "limits/changes", "executions"])
def test_no_list_ignores_a_filter_it_does_not_know(vera: Client, name: str) -> None:
    assert vera.get(f"/api/v1/{name}/", {"nosuch": "1"}).json()["code"] == "INVALID_QUERY"


WHOLE = [
    "accounts",
    "brokers",
    "corporate-actions",
    "expiry-tasks",
    "limits",
    "lots",
    "mandates",
    "name-rules",
    "pnl",
    "pnl/explained",
    "positions",
    "strategy-holds",
    "wash-sales",
]


@pytest.mark.parametrize("name", WHOLE)
def test_a_list_that_is_told_whole_refuses_a_filter_it_does_not_have(vera: Client, name: str) -> None:
    answer = vera.get(f"/api/v1/{name}/", {"nonsense": "1"})

    assert (answer.status_code, answer.json()["code"]) == (400, "INVALID_QUERY")


@pytest.fixture
def held() -> Iterator[None]:
    rows = [("GEN-1", "AAPL"), ("GEN-1", "MSFT"), ("REV-1", "AAPL")]
    for account, symbol in rows:
        row = {"account": account, "symbol": symbol, "underlying": symbol}
        live.client().hset("monitor:positions", f"{account}:{symbol}", orjson.dumps(row))
    yield
    live.client().delete("monitor:positions")


@pytest.mark.usefixtures("held")
@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({}, {"GEN-1:AAPL", "GEN-1:MSFT", "REV-1:AAPL"}),
        ({"account": "GEN-1"}, {"GEN-1:AAPL", "GEN-1:MSFT"}),
        ({"account": "REV-1", "underlying": "AAPL"}, {"REV-1:AAPL"}),
        ({"account": "REV-1", "symbol": "MSFT"}, set()),
        ({"account": "NONE-1"}, set()),
    ],
)
def test_positions_are_those_that_were_asked_for(vera: Client, query: dict[str, str], found: set[str]) -> None:
    make_account("REV-1")

    rows = vera.get("/api/v1/positions/", query).json()["results"]

    assert {f"{row['account']}:{row['symbol']}" for row in rows} == found


def test_limits_of_everybody_are_those_without_an_account(vera: Client) -> None:
    ensure_defaults(NOW)

    rows = vera.get("/api/v1/limits/", {"code": "buffer", "account": ""}).json()["results"]

    assert [row["code"] for row in rows] == ["buffer"]

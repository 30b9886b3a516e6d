"""A target and a stop on a spread: the stop is on the net price of its legs, which the desk watches."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from allcore.kernel.quotes import Greeks
from tests.builders import market
from tests.trading.contingent.conftest import Road
from tests.trading.contingent.test_lists import orders_of, place, states
from trading.domain.proposals.sentences import sentence
from trading.models import OrderList, OrderRequest
from trading.selectors.tickets import ticket_of

EXPIRY = date(2026, 6, 19)
SHORT, LONG = (market.option("AAPL", EXPIRY, "P", strike) for strike in (195, 190))
CASH = {"account": "GEN-1", "underlying": "AAPL"}


def legs(opening: bool) -> list[dict[str, Any]]:
    sides = ("SELL", "BUY") if opening else ("BUY", "SELL")
    effect = "OPEN" if opening else "CLOSE"
    both = zip((SHORT, LONG), sides, strict=True)
    return [{"symbol": symbol, "side": side, "position_effect": effect, "ratio": 1} for symbol, side in both]


def spread_bracket(quantity: int = 2, stop: str = "2.50") -> list[dict[str, Any]]:
    """Sell the put spread for 1.40, buy it back at 0.70, or at the market once it costs the stop."""
    common = {"underlying": "AAPL", "quantity": quantity, "time_in_force": "DAY", "stop_price": None}
    net = {"when": {"what": "NET", "is": ">=", "value": stop, "confirm": 2}}
    exit_ = {**common, "legs": legs(opening=False), "price_effect": "DEBIT"}
    entry = {**common, "legs": legs(opening=True), "price_effect": "CREDIT", "ord_type": "LIMIT"}
    return [
        {**entry, "role": "ENTRY", "limit_price": Decimal("1.40")},
        {**exit_, "role": "TARGET", "ord_type": "LIMIT", "limit_price": Decimal("0.70")},
        {**exit_, "role": "STOP", "ord_type": "MARKET", "limit_price": None, "condition": net},
    ]


def show(road: Road, short: tuple[str, str], long: tuple[str, str]) -> None:
    road.show(*short, symbol=SHORT)  # first: the other way round the spread would be cheap for a moment
    road.show(*long, symbol=LONG)


@pytest.fixture
def spreads(road: Road) -> Road:
    """The desk with two puts that are quoted: the spread is worth 1.45."""
    for symbol in (SHORT, LONG):
        market.instrument(symbol)
    values = {symbol: Greeks(2.0, 0.3, -0.3, 0.01, -0.05, 0.1, -0.01) for symbol in (SHORT, LONG)}
    market.write_greeks(values, open_interest=5_000)
    show(road, ("2.95", "3.00"), ("1.50", "1.55"))
    return road


def test_the_stop_of_a_spread_is_set_off_by_its_net_price_once_the_target_is_cancelled(spreads: Road) -> None:
    made = place(spreads, "BRACKET", spread_bracket())
    spreads.settle_down()
    assert states(made) == ["FILLED", "NEW", "HELD"]

    show(spreads, ("4.95", "5.00"), ("2.50", "2.55"))  # 2.45: not yet
    spreads.look(3)
    assert states(made) == ["FILLED", "NEW", "HELD"]
    show(spreads, ("5.00", "5.05"), ("2.45", "2.50"))  # 2.55
    spreads.look()
    show(spreads, ("5.01", "5.06"), ("2.45", "2.50"))
    spreads.look()
    assert not OrderRequest.objects.filter(order=orders_of(made)[2]).exists()  # the target is cancelled first
    spreads.settle_down()

    assert states(made) == ["FILLED", "CANCELED", "FILLED"]
    assert (spreads.position(SHORT), spreads.position(LONG)) == (0, 0)


def test_the_target_of_a_spread_ends_its_stop(spreads: Road) -> None:
    made = place(spreads, "BRACKET", spread_bracket())
    spreads.settle_down()

    show(spreads, ("1.00", "1.05"), ("0.40", "0.45"))
    spreads.settle_down()

    assert states(made) == ["FILLED", "FILLED", "ABANDONED"]


@pytest.fixture
def browser(spreads: Road) -> Client:
    client = Client()
    client.force_login(spreads.actor.user)
    return client


def look(browser: Client, orders: Sequence[dict[str, Any]], kind: str = "BRACKET") -> Any:
    market.write_clock()  # vouched for again: a machine may be slow
    shown = [(SHORT, "2.95", "3.00"), (LONG, "1.50", "1.55"), ("AAPL", "199.98", "200.02")]
    market.write_quotes([market.quote(*one, size=500) for one in shown])
    body = {"kind": kind, "account": "GEN-1", "orders": list(orders)}
    return browser.post("/api/v1/order-lists/preview/", data=body, content_type="application/json")


def test_the_preview_judges_every_order_of_the_list_and_writes_nothing(browser: Client) -> None:
    seen = look(browser, spread_bracket()).json()

    assert [(row["role"], row["outcome"]) for row in seen["orders"]] == [
        ("ENTRY", "PASS"), ("TARGET", "PASS"), ("STOP", "PASS"),
    ]  # fmt: skip
    assert seen["outcome"] == "PASS"
    assert seen["orders"][2]["waits_for"].startswith("waits until the middle of this order is at or above 2.50")
    assert all(row["checks"] for row in seen["orders"])
    assert (OrderList.objects.count(), OrderRequest.objects.count()) == (0, 0)


def test_the_preview_says_who_would_hold_the_list_and_placing_does_so(spreads: Road, browser: Client) -> None:
    seen = look(browser, spread_bracket()).json()

    made = place(spreads, "BRACKET", spread_bracket())

    assert (seen["is_native"], seen["held_because"]) == (made.is_native, made.held_because)
    assert seen["held_because"]


def test_a_market_entry_is_shown_as_the_limit_that_it_is_sent_as(spreads: Road, browser: Client) -> None:
    orders = spread_bracket()
    orders[0] |= {"ord_type": "MARKET", "limit_price": None}

    seen = look(browser, orders).json()

    made = place(spreads, "BRACKET", orders)
    entry = orders_of(made)[0]
    assert [row["is_collared"] for row in seen["orders"]] == [True, False, False]
    assert seen["outcome"] == "PASS"
    assert entry.ord_type == "LIMIT"
    assert seen["orders"][0]["sentence"] == sentence(ticket_of(entry))


def test_the_preview_names_the_order_that_a_rule_refuses(browser: Client) -> None:
    wrong = spread_bracket()
    wrong[1]["limit_price"] = Decimal("0.705")  # off the tick

    seen = look(browser, wrong).json()

    assert seen["outcome"] == "HARD_BLOCK"
    assert [(row["outcome"], bool(row["reason"])) for row in seen["orders"]] == [
        ("PASS", False), ("HARD_BLOCK", True), ("PASS", False),
    ]  # fmt: skip


def test_a_list_that_is_none_is_refused_with_what_is_missing(browser: Client) -> None:
    answer = look(browser, spread_bracket()[:2])

    assert (answer.status_code, answer.json()["code"]) == (400, "INVALID_ORDER_LIST")


@pytest.mark.parametrize("path", ["order-lists/preview/", "order-lists/"])
def test_an_order_of_a_list_that_waits_for_what_nobody_sees_is_refused(browser: Client, path: str) -> None:
    unseen = spread_bracket()
    unseen[2]["condition"] = {"when": {"what": "PRICE", "symbol": "NOWHERE", "is": ">=", "value": "1"}}
    body = {"kind": "BRACKET", "account": "GEN-1", "orders": unseen}

    answer = browser.post(f"/api/v1/{path}", data=body, content_type="application/json", HTTP_IDEMPOTENCY_KEY="k")

    assert (answer.status_code, answer.json()["code"]) == (400, "INVALID_CONDITION")
    assert OrderList.objects.count() == 0


def test_a_list_for_an_account_that_is_not_theirs_is_not_looked_at(browser: Client) -> None:
    body = {"kind": "BRACKET", "account": "NONE", "orders": spread_bracket()}

    answer = browser.post("/api/v1/order-lists/preview/", data=body, content_type="application/json")

    assert answer.status_code == 404

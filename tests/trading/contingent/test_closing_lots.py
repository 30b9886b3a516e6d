"""An order that names the lots it closes, in one call: both are written, or neither."""

from typing import Any

import pytest
from django.test import Client

from tests.trading.contingent.conftest import Road
from trading.models import Lot, LotInstruction, Order

SELL = {"symbol": "AAPL", "side": "SELL", "position_effect": "CLOSE"}


@pytest.fixture
def browser(road: Road) -> Client:
    """Ten shares bought, then twelve: two lots."""
    for key, quantity in (("one", 10), ("two", 12)):  # twice the same at once would be taken for a mistake
        road.show("199.98", "200.02")
        road.place(key, quantity=quantity)
        road.settle_down()
    client = Client()
    client.force_login(road.actor.user)
    return client


def sell(browser: Client, *lots: dict[str, Any], **changes: object) -> Any:
    body = {
        "account": "GEN-1", "underlying": "AAPL", "legs": [SELL], "quantity": 10, "ord_type": "LIMIT",
        "limit_price": "199.98", "lots": list(lots), **changes,
    }  # fmt: skip
    headers = {"Idempotency-Key": "sell"}
    return browser.post("/api/v1/orders/", data=body, content_type="application/json", headers=headers)


def test_the_lot_that_is_named_is_the_one_that_is_closed(browser: Client, road: Road) -> None:
    older, newer = Lot.objects.order_by("id")
    road.show("199.98", "200.02")

    answer = sell(browser, {"lot": f"E{newer.execution_id}", "qty": 10})
    road.settle_down()

    assert answer.status_code == 201, answer.content
    left = {lot.execution_id: lot.open_qty for lot in Lot.objects.all()}
    assert (left.get(older.execution_id), left.get(newer.execution_id)) == (10, 2)


@pytest.mark.parametrize(("qty", "status"), [(12, 201), (13, 400)])
def test_more_than_the_lot_has_is_refused_and_no_order_is_made(
    browser: Client, road: Road, qty: int, status: int
) -> None:
    newer = Lot.objects.latest("id")
    road.show("199.98", "200.02")
    before = Order.objects.count()

    answer = sell(browser, {"lot": f"E{newer.execution_id}", "qty": qty}, quantity=20)

    assert answer.status_code == status, answer.content
    is_made = status == 201
    assert Order.objects.count() - before == is_made
    assert LotInstruction.objects.count() == is_made
    assert is_made or answer.json()["code"] == "NO_SUCH_LOT"


def test_a_lot_that_is_not_there_is_named(browser: Client, road: Road) -> None:
    road.show("199.98", "200.02")

    answer = sell(browser, {"lot": "E999999", "qty": 1})

    assert (answer.status_code, answer.json()["code"]) == (400, "NO_SUCH_LOT")
    assert "E999999" in answer.json()["message"]


def sell_by_list(browser: Client, *lots: dict[str, Any], kind: str = "OCO", key: str = "list") -> Any:
    """A target at once, and a stop below it, that close the same ten shares of the same lots."""
    common = {"underlying": "AAPL", "legs": [SELL], "quantity": 10, "lots": list(lots)}
    target = {**common, "ord_type": "LIMIT", "limit_price": "199.98", "role": "MEMBER"}
    stop = {**common, "ord_type": "STOP", "stop_price": "150.00", "role": "MEMBER"}
    body = {"kind": kind, "account": "GEN-1", "orders": [target, stop]}
    headers = {"Idempotency-Key": key}
    return browser.post("/api/v1/order-lists/", data=body, content_type="application/json", headers=headers)


def test_each_order_of_a_list_closes_the_lot_that_it_names(browser: Client, road: Road) -> None:
    older, newer = Lot.objects.order_by("id")
    road.show("199.98", "200.02")

    answer = sell_by_list(browser, {"lot": f"E{newer.execution_id}", "qty": 10})
    road.settle_down()

    assert answer.status_code == 201, answer.content
    left = {lot.execution_id: lot.open_qty for lot in Lot.objects.all()}
    assert (left.get(older.execution_id), left.get(newer.execution_id)) == (10, 2)


def test_a_list_with_a_lot_that_is_not_there_is_refused_whole(browser: Client, road: Road) -> None:
    road.show("199.98", "200.02")
    before = Order.objects.count()

    answer = sell_by_list(browser, {"lot": "E999999", "qty": 1})

    assert (answer.status_code, answer.json()["code"]) == (400, "NO_SUCH_LOT")
    assert (Order.objects.count(), LotInstruction.objects.count()) == (before, 0)

"""Lists and waiting orders over the API."""

from typing import Any

import pytest
from django.test import Client

from tests.trading.contingent.conftest import Road
from trading.models import Order, OrderList

BUY = {"symbol": "AAPL", "side": "BUY", "position_effect": "OPEN"}
SELL = {"symbol": "AAPL", "side": "SELL", "position_effect": "CLOSE"}
BRACKET: dict[str, Any] = {
    "kind": "BRACKET",
    "account": "GEN-1",
    "orders": [
        {
            "role": "ENTRY",
            "underlying": "AAPL",
            "legs": [BUY],
            "quantity": 10,
            "ord_type": "LIMIT",
            "limit_price": "200.02",
        },
        {
            "role": "TARGET",
            "underlying": "AAPL",
            "legs": [SELL],
            "quantity": 10,
            "ord_type": "LIMIT",
            "limit_price": "205",
        },
        {
            "role": "STOP",
            "underlying": "AAPL",
            "legs": [SELL],
            "quantity": 10,
            "ord_type": "TRAILING_STOP",
            "trail_percent": "2",
        },
    ],
}

ALONE = {name: value for name, value in BRACKET["orders"][0].items() if name != "role"} | {"account": "GEN-1"}


@pytest.fixture
def browser(road: Road) -> Client:
    client = Client()
    client.force_login(road.actor.user)
    return client


def post(browser: Client, path: str, body: object = None, key: str = "k") -> Any:
    return browser.post(
        f"/api/v1/{path}", data=body or {}, content_type="application/json", headers={"Idempotency-Key": key}
    )


def test_a_bracket_is_placed_in_one_call_once_and_shown_with_its_links(browser: Client) -> None:
    first, again = post(browser, "order-lists/", BRACKET), post(browser, "order-lists/", BRACKET)

    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()
    assert OrderList.objects.count() == 1
    shown = browser.get(f"/api/v1/order-lists/{first.json()['id']}/").json()
    assert [(o["role"], o["order"]["status"], o["order"]["held_locally"]) for o in shown["orders"]] == [
        ("ENTRY", "READY", False),
        ("TARGET", "HELD", True),
        ("STOP", "HELD", True),
    ]
    assert shown["orders"][2]["hold"]["state"] == "WAITING"
    assert shown["orders"][2]["order"]["trail_percent"] == "2.00"
    detail = browser.get(f"/api/v1/orders/{shown['orders'][2]['order']['id']}/").json()
    assert detail["link"]["order_list_id"] == shown["id"]


def test_a_list_of_which_one_order_is_denied_names_the_rule_and_sends_nothing(browser: Client) -> None:
    orders = [*BRACKET["orders"][:1], {**BRACKET["orders"][1], "limit_price": "205.001"}, BRACKET["orders"][2]]

    answer = post(browser, "order-lists/", {**BRACKET, "orders": orders})

    assert answer.status_code == 422
    assert answer.json()["code"] == "RISK_DENIED"
    assert "205.0010 is not a multiple of 0.01" in answer.json()["message"]
    assert "None of its orders was sent" in answer.json()["message"]
    assert not Order.objects.exists()


def test_lists_are_listed_and_cancelled(browser: Client) -> None:
    made = post(browser, "order-lists/", BRACKET).json()

    assert [row["id"] for row in browser.get("/api/v1/order-lists/?is_open=true").json()["results"]] == [made["id"]]
    answer = post(browser, f"order-lists/{made['id']}/cancel/", key="c")

    assert answer.status_code == 202
    assert {order["order"]["status"] for order in answer.json()["orders"]} == {"ABANDONED"}
    assert post(browser, f"order-lists/{made['id']}/cancel/", key="c2").status_code == 409


def test_a_conditional_order_is_placed_and_its_condition_shown(browser: Client) -> None:
    condition = {"when": {"what": "PRICE", "symbol": "AMZN", "is": ">=", "value": "195"}}
    entry = {**ALONE, "condition": condition}

    made = post(browser, "orders/", entry)
    shown = browser.get(f"/api/v1/orders/{made.json()['id']}/").json()

    assert (made.status_code, made.json()["status"], made.json()["held_locally"]) == (201, "HELD", True)
    assert shown["hold"]["condition"] == condition
    assert shown["hold"]["state"] == "ARMED"


@pytest.mark.parametrize(
    ("changes", "status", "says"),
    [
        ({"condition": {"when": {"what": "MOON"}}}, 400, "Nothing was sent"),
        ({"time_in_force": "GTD", "expire_at": "2026-06-09T14:00:00Z"}, 422, "the exchange's clock shows"),
        ({"time_in_force": "OPG"}, 422, "The opening auction is over"),
        ({"ord_type": "TRAILING_STOP", "limit_price": None}, 400, "trailing amount or a trailing percentage"),
    ],
)
def test_a_refusal_names_the_rule_and_what_was_seen(
    browser: Client, changes: dict[str, object], status: int, says: str
) -> None:
    entry = {**ALONE, **changes}

    answer = post(browser, "orders/", entry)

    assert answer.status_code == status
    assert says in answer.json()["message"]
    assert not Order.objects.exclude(status="DENIED").exists()


def test_nobody_sees_a_list_of_an_account_that_is_not_theirs(browser: Client, road: Road) -> None:
    made = post(browser, "order-lists/", BRACKET).json()
    stranger = Client()
    stranger.force_login(type(road.actor.user).objects.create_user("stranger"))

    assert stranger.get(f"/api/v1/order-lists/{made['id']}/").status_code == 404
    assert stranger.get("/api/v1/order-lists/").json()["results"] == []


def test_a_held_order_is_replaced_at_the_desk_and_a_repeat_is_not_done_twice(browser: Client) -> None:
    condition = {"when": {"what": "PRICE", "symbol": "AMZN", "is": ">=", "value": "195"}}
    made = post(browser, "orders/", {**ALONE, "condition": condition}).json()
    other = {"when": {**condition["when"], "value": "191"}, "confirm": 3}
    path = f"orders/{made['id']}/replace/"

    first = post(browser, path, {"limit_price": "199.5", "quantity": 5, "condition": other}, key="r")
    again = post(browser, path, {"limit_price": "199.5", "quantity": 5, "condition": other}, key="r")

    assert (first.status_code, again.json()) == (202, first.json())
    assert (first.json()["status"], first.json()["limit_price"], first.json()["order_qty"]) == ("HELD", "199.50", 5)
    shown = browser.get(f"/api/v1/orders/{made['id']}/").json()
    assert shown["hold"]["condition"] == other
    assert [event["event"] for event in shown["events"]] == ["submit", "risk_pass", "revise"]


def test_a_replace_that_asks_for_nothing_reaches_no_broker(browser: Client) -> None:
    made = post(browser, "orders/", {**ALONE}).json()

    answer = post(browser, f"orders/{made['id']}/replace/", {}, key="r")

    assert (answer.status_code, answer.json()["code"]) == (400, "INVALID_INPUT")
    assert Order.objects.get().requests.filter(kind="REPLACE").count() == 0


def test_what_the_desk_keeps_cannot_be_changed_of_an_order_that_was_sent(browser: Client) -> None:
    made = post(browser, "orders/", {**ALONE}).json()

    answer = post(browser, f"orders/{made['id']}/replace/", {"condition": None}, key="r")

    assert (answer.status_code, answer.json()["code"]) == (409, "ORDER_SET_OFF")

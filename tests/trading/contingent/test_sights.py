"""What an order waits for in words, and what it sees with its age, as a person reads it."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from tests.builders import market
from tests.trading.contingent.conftest import Road
from tests.trading.contingent.test_held import SELL, bought
from tests.trading.contingent.test_lists import bracket, orders_of, place
from trading.domain.contingent.conditions import parse
from trading.domain.contingent.words import condition_said

PUT = "AAPL  260619P00190000"


def price(symbol: str, value: str, **more: object) -> dict[str, object]:
    return {"what": "PRICE", "symbol": symbol, "is": ">=", "value": value, **more}


@pytest.mark.parametrize(
    ("condition", "said"),
    [
        ({"when": price("AMZN", "195")}, "AMZN's middle is at or above 195.00"),
        (
            {"when": price("AMZN", "195", source="LAST", confirm=2, reset="190")},
            "AMZN's last trade is at or above 195.00 (and stays so until 190.00), 2 in a row",
        ),
        (
            {"when": {"what": "DELTA", "symbol": PUT, "is": "<", "value": "-0.4"}},
            "AAPL 19 Jun 190 put's delta is below -0.40",
        ),
        ({"when": {"what": "NET", "is": "<=", "value": "1.5"}}, "the middle of this order is at or below 1.50"),
        (
            {"when": {"what": "UNREALISED", "is": ">", "value": "50"}, "confirm": 3},
            "the account's unrealised P&L is above 50.00, 3 in a row",
        ),
        ({"when": {"what": "TIME", "value": "2026-06-10T14:00:00+00:00"}}, "the time is from 10 Jun 10:00"),
        (
            {"when": {"all": [price("A", "1"), {"any": [price("B", "2"), {"not": price("C", "3")}]}]}},
            (
                "A's middle is at or above 1.00 and "
                "(B's middle is at or above 2.00 or not (C's middle is at or above 3.00))"
            ),
        ),
        (
            {"when": price("A", "1"), "expire_at": "2026-06-10T20:00:00+00:00"},
            "A's middle is at or above 1.00, given up at 10 Jun 16:00",
        ),
    ],
)
def test_a_condition_is_said_as_a_person_would(condition: dict[str, Any], said: str) -> None:
    assert condition_said(parse(condition)) == said


def held(road: Road) -> dict[str, Any]:
    client = Client()
    client.force_login(road.actor.user)
    answer = client.get("/api/v1/orders/held/")
    assert answer.status_code == 200, answer.content
    return dict(answer.json())


def test_a_held_order_says_what_it_sees_how_old_that_is_and_how_far_the_count_is(road: Road) -> None:
    road.show("189.98", "190.02", symbol="AMZN")
    road.place(condition={"when": price("AMZN", "190", confirm=3)})
    road.look()

    (row,) = held(road)["results"]

    assert row["hold"]["waits_for"] == "Waits until AMZN's middle is at or above 190.00, 3 in a row"
    (sight,) = row["sights"]
    assert (sight["says"], sight["wanted"], sight["seen"]) == ("AMZN's middle", "at or above 190.00", "190.00")
    assert (sight["count"], sight["needed"], sight["holds"], sight["is_believed"]) == (1, 3, False, True)
    assert 0 <= sight["age"] < 2


@pytest.mark.parametrize(("seconds", "is_believed"), [(1.5, True), (4.0, False)])
def test_a_value_too_old_to_act_on_is_shown_with_its_age_and_said_to_be_old(
    road: Road, seconds: float, is_believed: bool
) -> None:
    road.place(condition={"when": price("AMZN", "195")})
    market.write_quotes([market.quote("AMZN", "191.98", "192.02", received_at=market.seconds_ago(seconds))])

    (sight,) = held(road)["results"][0]["sights"]

    assert (sight["seen"], sight["is_believed"]) == ("192.00", is_believed)
    assert seconds <= sight["age"] < seconds + 0.5


def test_a_quote_that_came_while_it_was_looked_at_has_no_age_below_nothing(road: Road) -> None:
    road.place(condition={"when": price("AMZN", "195")})
    market.write_quotes([market.quote("AMZN", "191.98", "192.02", received_at=market.seconds_ago(-30))])

    (sight,) = held(road)["results"][0]["sights"]

    assert sight["age"] == 0.0


@pytest.mark.usefixtures("plain_broker")
def test_a_trailing_stop_says_its_best_price_and_where_it_is_set_off(road: Road) -> None:
    bought(road)
    road.place(ord_type="TRAILING_STOP", trail_amount=Decimal("2.00"), **SELL)
    for bid in ("203.00", "200.98"):
        road.show(bid, f"{Decimal(bid) + Decimal('0.04')}")
        road.look()

    (row,) = held(road)["results"]

    assert row["hold"]["waits_for"] == (
        "Watches until AAPL's bid is at or below 201.00, 2.00 from its best, 203.00, 2 in a row"
    )
    (sight,) = row["sights"]
    assert (sight["seen"], sight["count"], sight["needed"]) == ("200.98", 1, 2)


def test_the_orders_of_a_bracket_say_where_they_are_and_what_each_waits_for(road: Road) -> None:
    made = place(road, "BRACKET", bracket())
    client = Client()
    client.force_login(road.actor.user)

    def shown() -> list[tuple[str, str, str | None]]:
        row = client.get(f"/api/v1/order-lists/{made.pk}/").json()
        return [(o["role"], o["where"], o["hold"] and o["hold"]["waits_for"]) for o in row["orders"]]

    assert shown() == [
        ("ENTRY", "OUTBOX", None),
        ("TARGET", "DESK", "Waits for the entry to fill; then goes to the broker"),
        (
            "STOP",
            "DESK",
            "Waits for the entry to fill; then watches until AAPL's bid is at or below 195.00, 2 in a row",
        ),
    ]
    assert [row["sights"] for row in held(road)["results"]] == [[], []]
    road.settle_down()
    assert shown()[1:] == [
        ("TARGET", "BROKER", "Its turn in the list has come."),
        ("STOP", "DESK", "Watches until AAPL's bid is at or below 195.00, 2 in a row"),
    ]


def test_a_stop_that_was_set_off_says_so_until_the_target_is_cancelled(road: Road) -> None:
    made = place(road, "BRACKET", bracket())
    road.settle_down()
    for bid, ask in (("194.98", "195.02"), ("194.97", "195.01")):
        road.show(bid, ask)
        road.look()

    (row,) = held(road)["results"]

    assert row["id"] == str(orders_of(made)[2].pk)
    assert row["hold"]["waits_for"] == (
        "Set off: AAPL's bid was at or below 195.00, 2 in a row. It leaves once the order linked to it is cancelled"
    )


def test_without_a_feed_the_orders_are_shown_and_the_reason_why_nothing_is_seen(road: Road) -> None:
    road.place(condition={"when": price("AMZN", "195")})
    market.clear()

    shown = held(road)

    assert [row["sights"] for row in shown["results"]] == [[]]
    assert shown["blind"] != ""


def test_nobody_sees_what_is_held_on_an_account_that_is_not_theirs(road: Road) -> None:
    road.place(condition={"when": price("AMZN", "195")})
    stranger = Client()
    stranger.force_login(type(road.actor.user).objects.create_user("stranger"))

    assert stranger.get("/api/v1/orders/held/").json()["results"] == []


def test_an_order_for_the_close_says_when_it_goes(road: Road, plain_broker: None) -> None:
    road.place(time_in_force="CLS", limit_price=Decimal("190.00"))

    (row,) = held(road)["results"]

    closes = market.START.replace(hour=20, minute=0) - timedelta(seconds=60)
    assert row["hold"]["send_at"] == closes.isoformat()
    assert row["hold"]["waits_for"] == "Goes out at 10 Jun 15:59, New York"

"""What the desk holds in a broker's stead, from ticket to fill, with the real database and the paper exchange."""

from datetime import timedelta
from decimal import Decimal
from threading import Barrier, Thread
from typing import Any

import pytest
from django.db import connections

from allcore.kernel.clock import utc_now
from allcore.kernel.tickets import content_hash
from risk.models import Reservation
from risk.services import kill
from tests.builders import market
from tests.trading.contingent.conftest import Road
from trading.domain.contingent.conditions import InvalidConditionError
from trading.models import Hold, Order, OrderRequest
from trading.selectors.tickets import ticket_of
from trading.services import submit
from trading.services.contingent import engine

LEG = {"symbol": "AAPL", "side": "SELL", "position_effect": "CLOSE", "ratio": 1}
SELL: dict[str, Any] = {"legs": [LEG], "limit_price": None}


def bought(road: Road, quantity: int = 10) -> Order:
    order = road.place("entry", quantity=quantity)
    road.settle_down()
    order.refresh_from_db()
    assert order.status == "FILLED", order.reason
    return order


def fresh(order: Order) -> Order:
    return Order.objects.get(pk=order.pk)


def test_a_stop_that_the_broker_has_natively_goes_out_as_it_is(road: Road) -> None:
    bought(road)

    order = road.place(ord_type="STOP", stop_price=Decimal("195.00"), **SELL)

    assert order.status == "READY"
    assert not Hold.objects.exists()
    (outbound,) = road.pump()
    assert outbound.ticket is not None
    assert outbound.ticket.ord_type == "STOP"


@pytest.mark.usefixtures("plain_broker")
def test_a_stop_that_the_broker_has_not_is_held_triggers_on_the_second_quote_and_sells_at_the_market(
    road: Road,
) -> None:
    bought(road)
    order = road.place(ord_type="STOP", stop_price=Decimal("195.00"), **SELL)
    assert (order.status, order.staged_at) == ("HELD", None)
    assert road.pump() == []

    road.show("194.98", "195.02")
    road.look()
    assert fresh(order).status == "HELD"  # one quote is not a price
    road.show("194.97", "195.01")
    road.look()
    (outbound,) = road.pump()

    assert outbound.ticket is not None
    assert outbound.ticket.ord_type == "MARKET"
    assert fresh(order).status == "FILLED"
    assert road.position() == 0
    assert Hold.objects.get(order=order).state == "RELEASED"


@pytest.mark.usefixtures("plain_broker")
def test_a_stale_or_crossed_quote_triggers_nothing(road: Road) -> None:
    bought(road)
    order = road.place(ord_type="STOP", stop_price=Decimal("195.00"), **SELL)

    for seconds in (3.0, 2.5):
        market.write_quotes([market.quote("AAPL", "190.00", "190.04", received_at=market.seconds_ago(seconds))])
        road.look()
    market.write_quotes([market.quote("AAPL", "190.04", "190.00")])
    road.look(2)

    assert fresh(order).status == "HELD"


@pytest.mark.usefixtures("plain_broker")
def test_a_trailing_stop_ratchets_in_favour_survives_a_restart_and_sells_below_its_mark(road: Road) -> None:
    bought(road)
    order = road.place(ord_type="TRAILING_STOP", trail_amount=Decimal("2.00"), **SELL)
    for bid, ask in (("199.98", "200.02"), ("203.00", "203.04"), ("202.00", "202.04")):
        road.show(bid, ask)
        road.look()

    hold = Hold.objects.get(order=order)  # all an engine knows is here: the next one begins with it
    assert (hold.mark, hold.level) == (Decimal("203.0000"), Decimal("201.0000"))
    for bid, ask in (("201.00", "201.04"), ("200.99", "201.03")):
        road.show(bid, ask)
        road.look()
    road.settle_down()

    assert fresh(order).status == "FILLED"
    assert road.position() == 0


@pytest.mark.usefixtures("plain_broker")
def test_a_touch_sends_its_limit_order(road: Road) -> None:
    bought(road)
    order = road.place(
        ord_type="LIMIT_IF_TOUCHED", stop_price=Decimal("205.00"), **{**SELL, "limit_price": Decimal("204.90")}
    )
    for bid, ask in (("205.00", "205.04"), ("205.01", "205.05")):
        road.show(bid, ask)
        road.look()

    (outbound,) = road.pump()

    assert outbound.ticket is not None
    assert (outbound.ticket.ord_type, outbound.ticket.limit_price) == ("LIMIT", Decimal("204.90"))
    assert fresh(order).status == "FILLED"


CONDITION = {
    "when": {
        "all": [
            {"what": "PRICE", "symbol": "AMZN", "source": "MID", "is": ">=", "value": "195"},
            {"what": "TIME", "value": market.START.isoformat()},
        ]
    }
}


def test_a_conditional_order_waits_is_approved_with_its_condition_and_goes_when_it_holds(road: Road) -> None:
    order = road.place(condition=CONDITION)
    assert order.status == "HELD"
    assert order.approval is not None
    assert order.approval.content_hash == content_hash({**ticket_of(order).as_dict(), "condition": CONDITION})
    assert Reservation.objects.get(order_id=order.pk, released_at=None).cash > 0

    road.look()
    assert fresh(order).status == "HELD"
    road.show("195.00", "195.04", symbol="AMZN")
    road.show("199.98", "200.02")
    road.look()
    road.settle_down()

    assert fresh(order).status == "FILLED"
    assert [e.event for e in order.events.order_by("seq")][:3] == ["submit", "risk_pass", "trigger"]


def test_what_is_unknown_is_not_false(road: Road) -> None:
    market.instrument("NVDA")  # known, and without a quote
    order = road.place(condition={"when": {"not": {"what": "PRICE", "symbol": "NVDA", "is": ">=", "value": "1"}}})

    road.look(3)

    assert fresh(order).status == "HELD"


def test_a_condition_on_the_account_s_own_profit_sells_when_it_is_reached(road: Road) -> None:
    bought(road)
    condition = {"when": {"what": "UNREALISED", "is": ">=", "value": "50"}}
    order = road.place(condition=condition, ord_type="MARKET", **SELL)

    road.look()
    assert fresh(order).status == "HELD"
    road.show("206.00", "206.04")
    road.look()
    road.settle_down()

    assert fresh(order).status == "FILLED"


def test_a_condition_on_what_the_desk_does_not_know_is_refused_and_nothing_is_kept(road: Road) -> None:
    unseen = {"when": {"what": "PRICE", "symbol": "NOWHERE", "is": ">=", "value": "1"}}

    with pytest.raises(InvalidConditionError, match="knows no NOWHERE"):
        road.place(condition=unseen)

    assert not Order.objects.exists()


def test_a_malformed_or_expired_condition_is_refused_and_nothing_is_kept(road: Road) -> None:
    for condition in ({"when": {"what": "MOON"}}, {**CONDITION, "expire_at": market.START.isoformat()}):
        with pytest.raises(InvalidConditionError, match="Nothing was sent"):
            road.place(condition=condition)

    assert not Order.objects.exists()


def test_a_released_order_is_checked_again_and_denied_if_a_rule_has_come_to_refuse_it(road: Road) -> None:
    order = road.place(condition=CONDITION)
    engage(road)
    road.show("195.00", "195.04", symbol="AMZN")
    road.show("199.98", "200.02")

    road.look()

    order = fresh(order)
    assert order.status == "DENIED"
    assert "kill switch" in order.reason.lower()
    assert not OrderRequest.objects.filter(order=order).exists()
    assert Reservation.objects.get(order_id=order.pk).released_at is not None


def engage(road: Road) -> None:
    kill.engage(scope="GLOBAL", target="", level=1, actor=road.actor, reason="a test", now=utc_now())


def test_two_engines_that_see_the_trigger_at_once_release_once(road: Road) -> None:
    order = road.place(condition=CONDITION)
    road.show("195.00", "195.04", symbol="AMZN")
    road.show("199.98", "200.02")
    barrier, faults = Barrier(2), []

    def run() -> None:
        try:
            barrier.wait()
            engine.look(utc_now())
        except Exception as e:  # noqa: BLE001 told by the assertion below
            faults.append(e)
        finally:
            connections.close_all()

    threads = [Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert faults == []
    assert OrderRequest.objects.filter(order=order).count() == 1
    assert order.events.filter(event="trigger").count() == 1


def test_a_held_order_is_cancelled_at_the_desk(road: Road) -> None:
    order = road.place(condition=CONDITION)

    submit.cancel(order_id=order.pk, actor=road.actor, now=utc_now())

    assert fresh(order).status == "ABANDONED"
    assert Hold.objects.get(order=order).state == "ENDED"
    assert Reservation.objects.get(order_id=order.pk).released_at is not None
    assert road.look() == 0


@pytest.mark.usefixtures("plain_broker")
def test_a_good_till_date_order_that_the_desk_keeps_goes_for_the_day_and_is_taken_back_in_time(road: Road) -> None:
    ends = market.START + timedelta(minutes=30)
    order = road.place(time_in_force="GTD", expire_at=ends, limit_price=Decimal("190.00"))
    road.look()
    (outbound,) = road.pump()
    assert outbound.ticket is not None
    assert (outbound.ticket.time_in_force, outbound.ticket.expire_at) == ("DAY", None)

    market.write_clock(ends)
    road.show("199.98", "200.02")
    road.look()
    road.settle_down()

    assert fresh(order).status == "CANCELED"


def test_a_good_till_cancelled_order_says_when_the_broker_ends_it(road: Road) -> None:
    order = road.place(time_in_force="GTC")

    assert order.expire_at is not None
    assert timedelta(days=89) < order.expire_at - market.START < timedelta(days=91)
    (outbound,) = road.pump()
    assert outbound.ticket is not None
    assert outbound.ticket.expire_at is None

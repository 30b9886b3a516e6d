"""What the broker takes, what the desk holds in its stead, and what neither can do."""

from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest

from allcore.kernel.calendar import Phase
from allcore.kernel.orders import OrdType, PositionEffect, PriceEffect, Side, TimeInForce, TriggerPrice
from allcore.kernel.tickets import OrderTicket
from risk.domain import native
from risk.domain.request import Awaits
from risk.domain.verdict import Outcome
from tests.builders.risk import (
    NOW,
    PUT,
    SHARE,
    TAKES,
    book,
    buy_back,
    check,
    combo,
    dec,
    holding,
    leg,
    market,
    pending,
    request,
    roll,
    sell_put,
    sell_shares,
    single,
)

PLAIN = replace(
    TAKES,
    ord_types=frozenset({OrdType.MARKET, OrdType.LIMIT}),
    times_in_force=frozenset({TimeInForce.DAY, TimeInForce.GTC}),
    triggers=frozenset(),
)
PASS, HARD = Outcome.PASS, Outcome.HARD_BLOCK


def stop(**fields: object) -> OrderTicket:
    return single(
        SHARE, Side.SELL, PositionEffect.CLOSE, 10, None, ord_type=OrdType.STOP, stop_price=dec(240), **fields
    )


def test_a_stop_that_the_broker_has_goes_out_and_one_that_it_has_not_is_held() -> None:
    assert not native.is_watched(stop(), TAKES)
    assert native.is_watched(stop(), PLAIN)
    assert check("broker_takes", request(stop(), market=market(takes=PLAIN))).outcome is PASS


def test_a_trigger_that_the_broker_cannot_name_is_watched_by_the_desk() -> None:
    by_mid = stop(trigger=TriggerPrice.MID)

    assert not native.is_watched(by_mid, TAKES)
    assert native.is_watched(by_mid, replace(TAKES, triggers=frozenset({TriggerPrice.LAST})))


@pytest.mark.parametrize("legs", [1, 2])
def test_more_legs_than_the_broker_takes_are_refused(legs: int) -> None:
    found = check(
        "broker_takes",
        request(roll(effect=PriceEffect.CREDIT, limit="1.00"), market=market(takes=replace(TAKES, max_legs=legs))),
    )

    assert found.outcome is (PASS if legs == 2 else HARD)
    assert legs == 2 or "takes 1 legs in one order at most, the ticket has 2" in found.message


def test_a_limit_order_at_a_broker_without_limit_orders_is_refused() -> None:
    takes = replace(TAKES, ord_types=frozenset({OrdType.MARKET}))

    assert check("broker_takes", request(market=market(takes=takes))).outcome is HARD


@pytest.mark.parametrize("time", [TimeInForce.IOC, TimeInForce.FOK])
def test_a_time_that_nobody_can_keep_is_refused(time: TimeInForce) -> None:
    ticket = replace(sell_put(), time_in_force=time)

    assert check("broker_takes", request(ticket, market=market(takes=PLAIN))).outcome is HARD
    assert check("broker_takes", request(ticket)).outcome is PASS


def test_a_broker_nobody_knows_passes_nothing() -> None:
    assert check("broker_takes", request(market=market(takes=None))).outcome is Outcome.ERROR


@pytest.mark.parametrize(("seconds", "outcome"), [(-1, HARD), (0, HARD), (1, PASS)])
def test_a_good_till_date_order_ends_in_the_future(seconds: int, outcome: Outcome) -> None:
    ticket = replace(sell_put(), time_in_force=TimeInForce.GTD, expire_at=NOW + timedelta(seconds=seconds))

    assert check("time_in_force", request(ticket)).outcome is outcome


def test_auctions_are_for_shares() -> None:
    put, share = (replace(t, time_in_force=TimeInForce.CLS) for t in (sell_put(), sell_shares(10)))

    assert check("time_in_force", request(put)).outcome is HARD
    assert check("time_in_force", request(share)).outcome is PASS


@pytest.mark.parametrize(("phase", "outcome"), [(Phase.PRE_OPEN, PASS), (Phase.OPEN, HARD)])
def test_an_order_for_the_opening_comes_before_it(phase: Phase, outcome: Outcome) -> None:
    ticket = replace(sell_shares(10), time_in_force=TimeInForce.OPG)

    assert check("time_in_force", request(ticket, market=market(phase=phase))).outcome is outcome
    assert check("market_hours", request(ticket, market=market(phase=phase))).outcome is PASS


def test_a_touch_waits_on_the_other_side_than_a_stop() -> None:
    held = book(holdings=(holding(SHARE, 100, "250"),))
    touch = single(
        SHARE, Side.SELL, PositionEffect.CLOSE, 10, "260", ord_type=OrdType.LIMIT_IF_TOUCHED, stop_price=dec(260)
    )

    assert check("stop_side", request(touch, book=held)).outcome is PASS
    assert check("stop_side", request(replace(touch, stop_price=dec(240)), book=held)).outcome is HARD


def test_a_trailing_distance_is_on_the_grid() -> None:
    trail = single(
        SHARE, Side.SELL, PositionEffect.CLOSE, 10, None, ord_type=OrdType.TRAILING_STOP, trail_amount=dec("1.005")
    )

    assert check("tick", request(trail)).outcome is HARD
    assert check("tick", request(replace(trail, trail_amount=dec("1.01")))).outcome is PASS


def test_a_stop_by_the_underlying_is_no_price_of_the_option() -> None:
    ticket = buy_back(1, None, ord_type=OrdType.STOP, stop_price=dec("240.03"), trigger=TriggerPrice.UNDERLYING_LAST)
    held = book(holdings=(holding(PUT, -1),))

    for code in ("tick", "stop_side", "price_collar"):
        assert check(code, request(ticket, book=held)).outcome is PASS


def test_what_waits_is_measured_by_the_market_when_it_is_released() -> None:
    far = sell_put(limit="2.00")

    assert check("price_collar", request(far)).outcome is HARD
    assert check("price_collar", request(far, awaits=Awaits.TRIGGER)).outcome is PASS


def test_siblings_that_close_one_position_count_once() -> None:
    group = uuid4()
    held = book(
        holdings=(holding(SHARE, 10, "250"),),
        pending=(replace(pending(sell_shares(10, "260")), group=group),),
    )

    assert check("position_effect", request(stop(), book=held)).outcome is HARD
    assert check("position_effect", request(stop(), book=held, group=group)).outcome is PASS
    assert check("short_stock", request(stop(), book=held, group=group)).outcome is PASS


def test_siblings_that_open_count_each() -> None:
    group = uuid4()
    other = replace(pending(sell_put(limit="4.20")), group=group)

    assert request(sell_put(), book=book(pending=(other,)), group=group).pending == (other,)
    assert combo(leg(PUT, Side.SELL, PositionEffect.OPEN), effect=PriceEffect.CREDIT).is_opening

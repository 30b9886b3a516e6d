"""What the account would come to hold."""

from dataclasses import replace
from datetime import timedelta

import pytest

from allcore.kernel.orders import PositionEffect, PriceEffect, Side
from allcore.kernel.tickets import OrderTicket
from risk.domain.book import Holding, Pending
from risk.domain.verdict import Outcome
from tests.builders.risk import (
    CALL,
    CLOSE,
    GEN_TERMS,
    HIGHER_CALL,
    PUT,
    SHARE,
    book,
    check,
    combo,
    holding,
    leg,
    limits,
    market,
    pending,
    put_spread,
    request,
    roll,
    sell_call,
    sell_put,
    sell_shares,
    single,
)

HARD, SOFT, PASS, WARN = Outcome.HARD_BLOCK, Outcome.SOFT_BLOCK, Outcome.PASS, Outcome.WARN
OPEN, BUY, SELL = PositionEffect.OPEN, Side.BUY, Side.SELL
SHARES = (holding(SHARE, 100, "250"),)

CALLS: dict[str, tuple[OrderTicket, tuple[Holding, ...], tuple[Pending, ...], Outcome]] = {
    "on shares": (sell_call(1), SHARES, (), PASS),
    "on nothing": (sell_call(1), (), (), HARD),
    "on too few shares": (sell_call(1), (holding(SHARE, 99, "250"),), (), HARD),
    "twice on the same shares": (sell_call(2), SHARES, (), HARD),
    "on shares that cover another call": (sell_call(1), (*SHARES, holding(HIGHER_CALL, -1)), (), HARD),
    "on shares that another order's call would use": (
        sell_call(1, "2.03"),
        SHARES,
        (pending(sell_call(1, "0.83", HIGHER_CALL)),),
        HARD,
    ),
    "on shares that another order would sell": (sell_call(1), SHARES, (pending(sell_shares(100)),), HARD),
    "on shares that another order would buy": (
        sell_call(1),
        (),
        (pending(single(SHARE, BUY, OPEN, 100, "250.00")),),
        HARD,
    ),
    "against a held long call": (sell_call(1), (holding(HIGHER_CALL, 1),), (), PASS),
    "against a long call bought with it": (
        combo(leg(CALL, SELL, OPEN), leg(HIGHER_CALL, BUY, OPEN), effect=PriceEffect.CREDIT, limit="1.20"),
        (),
        (),
        PASS,
    ),
    "as a straddle": (
        combo(leg(CALL, SELL, OPEN), leg(PUT, SELL, OPEN), effect=PriceEffect.CREDIT, limit="6.00"),
        (),
        (),
        HARD,
    ),
}


@pytest.mark.parametrize(("ticket", "holdings", "working", "outcome"), CALLS.values(), ids=CALLS.keys())
def test_a_call_is_sold_only_where_something_of_its_own_covers_it(
    ticket: OrderTicket, holdings: tuple[Holding, ...], working: tuple[Pending, ...], outcome: Outcome
) -> None:
    asked = request(ticket, book=book(holdings=holdings, pending=working))

    assert check("naked_calls", asked).outcome is outcome


def test_shares_that_cover_a_call_are_not_sold() -> None:
    asked = request(sell_shares(100), book=book(holdings=(*SHARES, holding(CALL, -1))))

    assert check("naked_calls", asked).outcome is HARD


STOCK = {
    "what is held": (sell_shares(100), SHARES, (), PASS),
    "one more than is held": (sell_shares(101), SHARES, (), HARD),
    "to open": (single(SHARE, SELL, OPEN, 1, "250.02"), (), (), HARD),
    "what another order sells": (sell_shares(60), SHARES, (pending(sell_shares(60)),), HARD),
    "what another order has yet to buy": (
        sell_shares(100),
        (),
        (pending(single(SHARE, BUY, OPEN, 100, "250.00")),),
        HARD,
    ),
}


@pytest.mark.parametrize(("ticket", "holdings", "working", "outcome"), STOCK.values(), ids=STOCK.keys())
def test_only_held_shares_are_sold(
    ticket: OrderTicket, holdings: tuple[Holding, ...], working: tuple[Pending, ...], outcome: Outcome
) -> None:
    asked = request(ticket, book=book(holdings=holdings, pending=working))

    assert check("short_stock", asked).outcome is outcome


@pytest.mark.parametrize(("quantity", "outcome"), [(4, PASS), (5, PASS), (6, HARD)])
def test_contracts_in_a_name_count_positions_and_working_orders(quantity: int, outcome: Outcome) -> None:
    asked = request(
        sell_put(quantity),
        book=book(holdings=(holding(PUT, -2),), pending=(pending(sell_put(3, "4.20")),)),
        limits=limits(position_contracts=(None, "10")),
    )

    assert check("position_contracts", asked).outcome is outcome


def test_two_orders_that_fit_alone_do_not_fit_together() -> None:
    small = limits(position_contracts=(None, "10"))
    alone = request(sell_put(6), limits=small)

    assert check("position_contracts", alone).outcome is PASS
    together = replace(alone, book=book(pending=(pending(sell_put(6, "4.20")),)))
    assert check("position_contracts", together).outcome is HARD


def test_a_roll_adds_no_contracts() -> None:
    asked = request(
        roll(effect=PriceEffect.CREDIT, limit="0.10"),
        book=book(holdings=(holding(PUT, -1),)),
        limits=limits(position_contracts=(None, "1")),
    )

    assert check("position_contracts", asked).outcome is PASS


@pytest.mark.parametrize(("most", "outcome"), [(3, PASS), (2, HARD)])
def test_positions_are_counted_with_those_on_order(most: int, outcome: Outcome) -> None:
    asked = request(
        sell_put(1),
        book=book(holdings=SHARES, pending=(pending(sell_call(1)),)),
        terms=replace(GEN_TERMS, max_positions=most),
    )

    assert check("positions", asked).outcome is outcome


def test_more_of_what_is_held_is_no_new_position() -> None:
    asked = request(sell_put(1), book=book(holdings=(holding(PUT, -1), *SHARES)), limits=limits(positions=(None, "1")))

    assert check("positions", asked).outcome is WARN


@pytest.mark.parametrize(("minutes", "outcome"), [(121, PASS), (120, PASS), (119, HARD)])
def test_nothing_is_opened_in_an_options_last_two_hours(minutes: int, outcome: Outcome) -> None:
    friday = CLOSE + timedelta(days=1)
    seen = market(exchange_now=friday - timedelta(minutes=minutes), closes_at=friday)

    assert check("expiry_day", request(sell_put(), market=seen)).outcome is outcome


def test_the_day_before_expiry_is_not_the_last_day() -> None:
    seen = market(exchange_now=CLOSE - timedelta(minutes=1))

    assert check("expiry_day", request(sell_put(), market=seen)).outcome is PASS


def test_a_spread_of_puts_leaves_no_call_uncovered() -> None:
    assert check("naked_calls", request(put_spread())).outcome is PASS

"""Prices on the grid, possible, and near the market."""

import pytest

from allcore.kernel.instruments import TickRule
from allcore.kernel.orders import OrdType, PositionEffect, PriceEffect, Side
from allcore.kernel.tickets import OrderTicket
from risk.domain.verdict import Outcome
from tests.builders.risk import (
    CALL,
    HIGHER_CALL,
    LOWER_PUT,
    PUT,
    SHARE,
    book,
    buy_back,
    check,
    combo,
    dec,
    holding,
    leg,
    listing,
    market,
    market_with,
    put_spread,
    quote,
    request,
    roll,
    sell_put,
    sell_shares,
    single,
)

HARD, SOFT, PASS, WARN, ERROR = (
    Outcome.HARD_BLOCK,
    Outcome.SOFT_BLOCK,
    Outcome.PASS,
    Outcome.WARN,
    Outcome.ERROR,
)
OPEN, CLOSE, BUY, SELL = PositionEffect.OPEN, PositionEffect.CLOSE, Side.BUY, Side.SELL
DEBIT, CREDIT = PriceEffect.DEBIT, PriceEffect.CREDIT


@pytest.mark.parametrize(
    ("rule", "price", "outcome"),
    [
        (TickRule.CENT, "4.16", PASS),
        (TickRule.CENT, "4.165", HARD),
        (TickRule.PENNY, "2.99", PASS),
        (TickRule.PENNY, "3.00", PASS),
        (TickRule.PENNY, "3.01", HARD),
        (TickRule.NICKEL, "2.95", PASS),
        (TickRule.NICKEL, "2.96", HARD),
        (TickRule.NICKEL, "3.05", HARD),
        (TickRule.NICKEL, "3.10", PASS),
    ],
)
def test_a_price_is_a_multiple_of_its_step(rule: TickRule, price: str, outcome: Outcome) -> None:
    seen = market(listings={PUT: listing(PUT, tick_rule=rule)})

    assert check("tick", request(sell_put(1, price), market=seen)).outcome is outcome


def test_a_stop_is_on_the_grid_too() -> None:
    ticket = single(PUT, BUY, CLOSE, 1, None, ord_type=OrdType.STOP, stop_price=dec("5.01"))
    held = book(holdings=(holding(PUT, -1),))
    coarse = market(listings={PUT: listing(PUT, tick_rule=TickRule.NICKEL)})

    assert check("tick", request(ticket, book=held)).outcome is PASS
    assert check("tick", request(ticket, book=held, market=coarse)).outcome is HARD


def test_combos_trade_in_cents_whatever_their_legs_do() -> None:
    coarse = market(listings={s: listing(s, tick_rule=TickRule.NICKEL) for s in (PUT, LOWER_PUT)})

    assert check("tick", request(put_spread(1, "2.57"), market=coarse)).outcome is PASS
    assert check("tick", request(put_spread(1, "2.575"), market=coarse)).outcome is HARD


COLLAR = [
    # a sale: the bid is 4.10, so ten percent through it is 3.69 and twenty 3.28
    (sell_put(1, "9.00"), PASS),
    (sell_put(1, "4.10"), PASS),
    (sell_put(1, "3.69"), PASS),
    (sell_put(1, "3.68"), SOFT),
    (sell_put(1, "3.28"), SOFT),
    (sell_put(1, "3.27"), HARD),
    # a purchase: the ask is 2.10
    (single(CALL, BUY, OPEN, 1, "0.05"), PASS),
    (single(CALL, BUY, OPEN, 1, "2.31"), PASS),
    (single(CALL, BUY, OPEN, 1, "2.32"), SOFT),
    (single(CALL, BUY, OPEN, 1, "2.52"), SOFT),
    (single(CALL, BUY, OPEN, 1, "2.53"), HARD),
    # ten cents are never far: the ask is 0.86
    (single(HIGHER_CALL, BUY, OPEN, 1, "0.96"), PASS),
    (single(HIGHER_CALL, BUY, OPEN, 1, "0.97"), SOFT),
    # a combo: sold at once it brings 4.10 - 1.60 = 2.50
    (put_spread(1, "2.25"), PASS),
    (put_spread(1, "2.24"), SOFT),
    (put_spread(1, "2.00"), SOFT),
    (put_spread(1, "1.99"), HARD),
]


@pytest.mark.parametrize(
    ("ticket", "outcome"), COLLAR, ids=[f"{t.side}-{t.legs[0].symbol[-9:]}-{t.limit_price}" for t, _ in COLLAR]
)
def test_a_limit_goes_through_the_quote_by_little(ticket: OrderTicket, outcome: Outcome) -> None:
    assert check("price_collar", request(ticket)).outcome is outcome


def test_a_combo_that_is_paid_for_is_held_by_the_same_collar() -> None:
    legs = (leg(PUT, BUY, OPEN), leg(LOWER_PUT, SELL, OPEN))  # at once it costs 4.24 - 1.50 = 2.74
    near, far = (combo(*legs, effect=DEBIT, limit=limit) for limit in ("3.01", "3.29"))

    assert check("price_collar", request(near)).outcome is PASS
    assert check("price_collar", request(far)).outcome is HARD


def test_a_missing_quote_blocks() -> None:
    assert check("price_collar", request(market=market(quotes={SHARE: quote(SHARE)}))).outcome is ERROR


@pytest.mark.parametrize(("limit", "outcome"), [("3.67", PASS), ("3.12", HARD), ("3.13", PASS)])
def test_a_limit_is_near_the_middle_on_the_side_that_hurts(limit: str, outcome: Outcome) -> None:
    # The middle is 4.17: a quarter of it is 1.0425.
    assert check("price_from_mid", request(sell_put(1, limit))).outcome is outcome


def test_fifty_cents_are_near_the_middle_at_any_price() -> None:
    cheap = market_with(quote(PUT, "0.40", "0.60"))

    assert check("price_from_mid", request(sell_put(1, "0.01"), market=cheap)).outcome is PASS


POSSIBLE = {
    "a put below its strike": (buy_back(1, "249.99"), PASS),
    "a put at its strike": (buy_back(1, "250.00"), HARD),
    "a call below the share": (single(CALL, BUY, OPEN, 1, "250.03"), PASS),
    "a call at the share": (single(CALL, BUY, OPEN, 1, "250.04"), HARD),
    "a sale for nothing": (sell_put(1, "0"), HARD),
    "a credit below the width": (put_spread(1, "9.99"), PASS),
    "a credit of the width": (put_spread(1, "10.00"), HARD),
    "a debit for the cheaper side": (
        combo(leg(PUT, SELL, OPEN), leg(LOWER_PUT, BUY, OPEN), effect=DEBIT, limit="0.50"),
        HARD,
    ),
    "a credit for the dearer side": (
        combo(leg(PUT, BUY, OPEN), leg(LOWER_PUT, SELL, OPEN), effect=CREDIT, limit="0.50"),
        HARD,
    ),
    "a debit of the width": (
        combo(leg(CALL, BUY, OPEN), leg(HIGHER_CALL, SELL, OPEN), effect=DEBIT, limit="10.00"),
        PASS,
    ),
    "a debit above the width": (
        combo(leg(CALL, BUY, OPEN), leg(HIGHER_CALL, SELL, OPEN), effect=DEBIT, limit="10.01"),
        HARD,
    ),
    "a debit below the width": (
        combo(leg(CALL, BUY, OPEN), leg(HIGHER_CALL, SELL, OPEN), effect=DEBIT, limit="9.99"),
        PASS,
    ),
    "an even roll": (roll(effect=PriceEffect.EVEN, limit="0"), PASS),
    "a debit of nothing": (roll(effect=DEBIT, limit="0"), HARD),
}


@pytest.mark.parametrize(("ticket", "outcome"), POSSIBLE.values(), ids=POSSIBLE.keys())
def test_a_price_that_cannot_be_meant_is_blocked(ticket: OrderTicket, outcome: Outcome) -> None:
    assert check("price_possible", request(ticket)).outcome is outcome


def test_options_are_not_opened_without_a_limit() -> None:
    assert check("market_width", request(sell_put(1, None, ord_type=OrdType.MARKET))).outcome is HARD


def test_options_are_closed_without_a_limit_where_the_quote_is_narrow() -> None:
    held = book(holdings=(holding(PUT, -1),))
    ticket = buy_back(1, None, ord_type=OrdType.MARKET)
    wide, narrow = (market_with(quote(PUT, "4.00", ask)) for ask in ("4.51", "4.50"))

    assert check("market_width", request(ticket, book=held, market=narrow)).outcome is PASS
    assert check("market_width", request(ticket, book=held, market=wide)).outcome is HARD


def test_shares_are_sold_without_a_limit_where_the_quote_is_narrow() -> None:
    held = book(holdings=(holding(SHARE, 100, "250"),))
    ticket = sell_shares(100, None, ord_type=OrdType.MARKET)
    wide = market_with(quote(SHARE, "230.00", "250.00"))

    assert check("market_width", request(ticket, book=held)).outcome is PASS
    assert check("market_width", request(ticket, book=held, market=wide)).outcome is HARD


@pytest.mark.parametrize(
    ("side", "stop", "outcome"),
    [(BUY, "4.25", PASS), (BUY, "4.24", HARD), (SELL, "4.09", PASS), (SELL, "4.10", HARD)],
)
def test_a_stop_waits_beyond_the_market(side: Side, stop: str, outcome: Outcome) -> None:
    qty = -1 if side is BUY else 1
    ticket = single(PUT, side, CLOSE, 1, None, ord_type=OrdType.STOP, stop_price=dec(stop))

    assert check("stop_side", request(ticket, book=book(holdings=(holding(PUT, qty),)))).outcome is outcome


@pytest.mark.parametrize(("limit", "outcome"), [("5.50", PASS), ("5.51", SOFT), ("6.01", HARD)])
def test_a_stop_limit_is_measured_from_its_stop(limit: str, outcome: Outcome) -> None:
    ticket = single(PUT, BUY, CLOSE, 1, limit, ord_type=OrdType.STOP_LIMIT, stop_price=dec("5.00"))

    assert check("price_collar", request(ticket, book=book(holdings=(holding(PUT, -1),)))).outcome is outcome

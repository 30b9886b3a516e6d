"""A market order for options goes out as a limit within its collar, or not at all."""

from dataclasses import replace
from decimal import Decimal

import pytest

from allcore.kernel.orders import OrdType, PositionEffect, PriceEffect, Side
from allcore.kernel.quotes import Quote
from allcore.kernel.tickets import OrderTicket
from risk.domain.limits import MissingNumberError
from tests.builders.risk import LOWER_PUT, PUT, SHARE, leg, quote, sell_put, single
from trading.domain.contingent.collar import NoMarketError, collared, needs_collar

OPEN, CLOSE = PositionEffect.OPEN, PositionEffect.CLOSE


def market_order(symbol: str = PUT, side: Side = Side.BUY) -> OrderTicket:
    return single(symbol, side, CLOSE, 1, None, ord_type=OrdType.MARKET)


def limited(ticket: OrderTicket, *quotes: Quote, tick: str = "0.01") -> OrderTicket:
    return collared(ticket, {q.symbol: q for q in quotes}, lambda *_: Decimal(tick))


def test_shares_go_at_the_market_and_limits_as_they_are() -> None:
    assert not needs_collar(market_order(SHARE))
    assert limited(sell_put()) == sell_put()


@pytest.mark.parametrize(
    ("side", "bid", "ask", "tick", "price"),
    [
        (Side.BUY, "4.10", "4.24", "0.01", "4.58"),  # 4.17 and a tenth of it, down to the step
        (Side.SELL, "4.10", "4.24", "0.01", "3.76"),
        (Side.BUY, "4.10", "4.24", "0.05", "4.55"),
        (Side.SELL, "4.10", "4.24", "0.05", "3.80"),
        (Side.BUY, "0.45", "0.55", "0.01", "0.60"),  # ten cents at least
        (Side.SELL, "0.02", "0.04", "0.01", "0.01"),  # never for nothing
    ],
)
def test_the_limit_is_the_middle_and_the_collar(side: Side, bid: str, ask: str, tick: str, price: str) -> None:
    found = limited(market_order(side=side), quote(PUT, bid, ask), tick=tick)

    assert (found.ord_type, found.limit_price) == (OrdType.LIMIT, Decimal(price))


@pytest.mark.parametrize(("ask", "passes"), [("1.20", True), ("1.22", True), ("1.23", False)])
def test_a_far_side_beyond_the_collar_is_no_market(ask: str, *, passes: bool) -> None:
    wide = quote(PUT, "1.00", ask)

    if passes:
        assert limited(market_order(), wide).limit_price is not None
        return
    with pytest.raises(NoMarketError, match="Nothing was sent"):
        limited(market_order(), wide)


def test_without_both_sides_there_is_no_limit() -> None:
    with pytest.raises(MissingNumberError):
        limited(market_order(), replace(quote(PUT), ask=None))


def test_a_spread_is_collared_by_its_own_middle() -> None:
    spread = OrderTicket(
        "GEN-1",
        "TSLA",
        (leg(PUT, Side.SELL, OPEN), leg(LOWER_PUT, Side.BUY, OPEN)),
        1,
        OrdType.MARKET,
        single(PUT, Side.BUY, OPEN).time_in_force,
        PriceEffect.EVEN,
    )

    found = limited(spread, quote(PUT, "4.10", "4.24"), quote(LOWER_PUT, "1.50", "1.60"))

    assert (found.price_effect, found.limit_price) == (PriceEffect.CREDIT, Decimal("2.36"))

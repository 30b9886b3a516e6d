"""The last look before an order leaves."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from allcore.kernel.calendar import Phase
from allcore.kernel.orders import OrdType, PositionEffect, PriceEffect, Side, TimeInForce
from allcore.kernel.quotes import Quote
from allcore.kernel.tickets import OrderTicket, TicketLeg
from trading.domain.approval.drift import combo_mid, has_drifted
from trading.domain.approval.release import ReleaseView, refusal

NOW = datetime(2026, 6, 10, 14, 0, tzinfo=UTC)
SYMBOL = "AAPL  260612P00195000"
LEG = TicketLeg(SYMBOL, Side.SELL, PositionEffect.OPEN)
OPENING = OrderTicket(
    account="REV-1",
    underlying="AAPL",
    legs=(LEG,),
    quantity=1,
    ord_type=OrdType.LIMIT,
    time_in_force=TimeInForce.DAY,
    price_effect=PriceEffect.CREDIT,
    limit_price=Decimal("1.25"),
)
CLOSING = replace(OPENING, legs=(TicketLeg(SYMBOL, Side.BUY, PositionEffect.CLOSE),), price_effect=PriceEffect.DEBIT)


def quote(bid: str, ask: str, *, age: float = 0.0, symbol: str = SYMBOL) -> Quote:
    seen = NOW - timedelta(seconds=age)
    return Quote(symbol, Decimal(bid), Decimal(ask), 10, 10, None, seen, seen, "SIMULATED")


VIEW = ReleaseView(
    quotes={SYMBOL: quote("1.24", "1.26")},
    mid_shown=Decimal("1.25"),
    now=NOW,
    phase=Phase.OPEN,
    kill_level=0,
    is_paused=False,
    environment_agrees=True,
)


def test_an_order_leaves_when_nothing_has_spoilt_it() -> None:
    assert refusal(OPENING, VIEW) is None


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"environment_agrees": False}, "environment"),
        ({"phase": Phase.AFTER_CLOSE}, "not open"),
        ({"kill_level": 1}, "kill switch"),
        ({"is_paused": True}, "paused"),
        ({"quotes": {}}, "no quote"),
        ({"quotes": {SYMBOL: quote("1.27", "1.26")}}, "crossed"),
        ({"quotes": {SYMBOL: quote("1.24", "1.26", age=2.001)}}, "old"),
        ({"mid_shown": None}, "not known"),
        ({"mid_shown": Decimal("1.40")}, "moved"),
    ],
)
def test_an_opening_order_is_held_back_by_each_fault(change: dict[str, object], word: str) -> None:
    said = refusal(OPENING, replace(VIEW, **change))  # type: ignore[arg-type]  # one field at a time

    assert said is not None
    assert word in said


def test_a_quote_of_exactly_two_seconds_is_fresh() -> None:
    assert refusal(OPENING, replace(VIEW, quotes={SYMBOL: quote("1.24", "1.26", age=2.0)})) is None


@pytest.mark.parametrize("change", [{"kill_level": 3}, {"is_paused": True}, {"quotes": {}}])
def test_a_closing_order_leaves_under_the_kill_switch_and_without_quotes(change: dict[str, object]) -> None:
    assert refusal(CLOSING, replace(VIEW, **change)) is None  # type: ignore[arg-type]  # one field at a time


def test_a_closing_order_does_not_leave_outside_the_session() -> None:
    assert refusal(CLOSING, replace(VIEW, phase=Phase.CLOSED)) is not None


@pytest.mark.parametrize(
    ("shown", "now", "drifted"),
    [
        ("1.25", "1.375", False),
        ("1.25", "1.376", True),
        ("1.25", "1.124", True),
        ("0.20", "0.25", False),
        ("0.20", "0.251", True),
        ("0.00", "0.05", False),
    ],
)
def test_the_market_may_move_a_tenth_of_the_premium_or_five_cents(shown: str, now: str, drifted: bool) -> None:
    assert has_drifted(Decimal(shown), Decimal(now)) is drifted


def test_a_combo_s_mid_is_what_it_pays_or_costs() -> None:
    near, far = "AAPL  260612P00195000", "AAPL  260619P00195000"
    legs = (TicketLeg(near, Side.BUY, PositionEffect.CLOSE), TicketLeg(far, Side.SELL, PositionEffect.OPEN))
    quotes = {near: quote("1.00", "1.10", symbol=near), far: quote("2.00", "2.10", symbol=far)}

    assert combo_mid(legs, quotes, PriceEffect.CREDIT) == Decimal("1.00")
    assert combo_mid(legs, quotes, PriceEffect.DEBIT) == Decimal("-1.00")
    assert combo_mid(legs, {near: quotes[near]}, PriceEffect.CREDIT) is None

"""The margin of an order as the preview tells it."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from allcore.kernel.orders import PositionEffect, Side
from risk.domain.margin import what_if
from tests.builders import risk as given

LEAP = "TSLA  270407C00260000"


@pytest.mark.parametrize(
    ("at", "asked"),
    [
        (datetime(2026, 7, 6, 18, 0, tzinfo=UTC), "750.00"),  # in New York 275 days before it expires
        (datetime(2026, 7, 7, 0, 30, tzinfo=UTC), "750.00"),  # the same evening there
        (datetime(2026, 7, 7, 18, 0, tzinfo=UTC), "1000.00"),  # 274 days
    ],
)
def test_nine_months_are_counted_from_the_day_in_new_york(at: datetime, asked: str) -> None:
    bought = given.single(LEAP, Side.BUY, PositionEffect.OPEN)
    base = given.market()
    quotes = {LEAP: given.quote(LEAP, "9.90", "10.10")}
    market = replace(base, exchange_now=at, quotes=quotes)

    told = what_if.estimate(given.request(bought, market=market, book=given.book(holdings=())), dividend=0.0, rate=0.04)

    assert told.strategy_after == Decimal(asked)

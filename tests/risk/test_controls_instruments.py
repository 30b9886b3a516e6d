"""Instruments known, alive and standard; legs that do what they say."""

from datetime import UTC, datetime
from typing import Any

import pytest

from allcore.kernel.calendar import Phase
from allcore.kernel.instruments import InstrumentKind
from allcore.kernel.orders import PositionEffect, Side
from allcore.kernel.tickets import OrderTicket
from risk.domain.book import Holding
from risk.domain.verdict import Outcome
from tests.builders.risk import (
    PUT,
    book,
    buy_back,
    check,
    holding,
    listing,
    market,
    pending,
    request,
    sell_put,
    single,
)

HARD, PASS = Outcome.HARD_BLOCK, Outcome.PASS


@pytest.mark.parametrize(
    "changes",
    [
        {"kind": InstrumentKind.INDEX},
        {"underlying": "NVDA"},
        {"multiplier": 10},
        {"kind": InstrumentKind.EQUITY},
    ],
)
def test_an_instrument_is_what_the_ticket_says(changes: dict[str, Any]) -> None:
    asked = request(market=market(listings={PUT: listing(PUT, **changes)}))

    assert check("listed", asked).outcome is HARD


def test_an_unknown_instrument_is_blocked_even_to_close() -> None:
    asked = request(buy_back(), book=book(holdings=(holding(PUT, -1),)), market=market(listings={}))

    assert check("listed", asked).outcome is HARD


@pytest.mark.parametrize(
    ("at", "phase", "outcome"),
    [
        (datetime(2026, 6, 12, 19, 59, tzinfo=UTC), Phase.OPEN, PASS),
        (datetime(2026, 6, 12, 20, 0, tzinfo=UTC), Phase.AFTER_CLOSE, HARD),
        (datetime(2026, 6, 13, 3, 59, tzinfo=UTC), Phase.AFTER_CLOSE, HARD),  # 23:59 on the 12th in New York
        (datetime(2026, 6, 13, 4, 0, tzinfo=UTC), Phase.CLOSED, HARD),
    ],
)
def test_an_option_trades_until_the_close_of_its_last_day(at: datetime, phase: Phase, outcome: Outcome) -> None:
    asked = request(market=market(exchange_now=at, phase=phase, closes_at=None))

    assert check("alive", asked).outcome is outcome


def test_nothing_is_opened_in_an_adjusted_contract() -> None:
    adjusted = listing(PUT, multiplier=150)

    assert check("standard", request(market=market(listings={PUT: adjusted}))).outcome is HARD


def test_nothing_is_opened_in_what_is_not_listed_any_more() -> None:
    gone = market(listings={PUT: listing(PUT, is_active=False)})

    assert check("standard", request(market=gone)).outcome is HARD
    assert check("standard", request(buy_back(), book=book(holdings=(holding(PUT, -1),)), market=gone)).outcome is PASS


EFFECTS = {
    "closing what is held": (buy_back(2), (holding(PUT, -2),), PASS),
    "closing more than is held": (buy_back(3), (holding(PUT, -2),), HARD),
    "closing nothing": (buy_back(1), (), HARD),
    "closing on the wrong side": (single(PUT, Side.SELL, PositionEffect.CLOSE), (holding(PUT, -1),), HARD),
    "opening more of the same": (sell_put(1), (holding(PUT, -1),), PASS),
    "opening against a position": (sell_put(1), (holding(PUT, 1),), HARD),
}


@pytest.mark.parametrize(("ticket", "holdings", "outcome"), EFFECTS.values(), ids=EFFECTS.keys())
def test_a_leg_opens_or_closes_as_it_says(ticket: OrderTicket, holdings: tuple[Holding, ...], outcome: Outcome) -> None:
    assert check("position_effect", request(ticket, book=book(holdings=holdings))).outcome is outcome


def test_what_another_order_is_closing_is_not_there_to_close() -> None:
    working = pending(buy_back(1))
    asked = request(buy_back(2), book=book(holdings=(holding(PUT, -2),), pending=(working,)))

    assert check("position_effect", asked).outcome is HARD


def test_an_order_that_is_replaced_does_not_stand_in_its_own_way() -> None:
    working = pending(buy_back(1))
    asked = request(
        buy_back(2),
        book=book(holdings=(holding(PUT, -2),), pending=(working,)),
        exclude_order_id=working.order_id,
    )

    assert check("position_effect", asked).outcome is PASS

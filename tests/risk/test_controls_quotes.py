"""Quotes: fresh, whole, narrow."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from risk.domain.verdict import Outcome
from tests.builders.risk import (
    LOWER_PUT,
    NOW,
    PUT,
    SHARE,
    book,
    buy_back,
    check,
    dec,
    holding,
    limits,
    market,
    market_with,
    put_spread,
    quote,
    request,
    sell_put,
)

HARD, SOFT, PASS, WARN = Outcome.HARD_BLOCK, Outcome.SOFT_BLOCK, Outcome.PASS, Outcome.WARN
AGES = [("1.999", PASS), ("2.000", PASS), ("2.001", HARD)]


@pytest.mark.parametrize(("age", "outcome"), AGES)
def test_a_legs_quote_is_two_seconds_old_at_most(age: str, outcome: Outcome) -> None:
    old = quote(PUT, received_at=NOW - timedelta(seconds=float(age)))

    assert check("quote_age", request(market=market_with(old))).outcome is outcome


@pytest.mark.parametrize(("age", "outcome"), AGES)
def test_so_is_the_underlyings(age: str, outcome: Outcome) -> None:
    old = quote(SHARE, received_at=NOW - timedelta(seconds=float(age)))

    assert check("spot_age", request(market=market_with(old))).outcome is outcome


def test_the_oldest_leg_counts() -> None:
    old = quote(LOWER_PUT, received_at=NOW - timedelta(seconds=3))

    result = check("quote_age", request(put_spread(), market=market_with(old)))

    assert (result.outcome, result.value) == (HARD, dec("3.000"))


def test_age_is_of_the_vouching_not_of_the_last_change() -> None:
    still = quote(PUT, source_at=NOW - timedelta(minutes=10))

    assert check("quote_age", request(market=market_with(still))).outcome is PASS


def test_an_old_quote_warns_of_closing() -> None:
    old = market_with(quote(PUT, received_at=NOW - timedelta(seconds=3)))

    assert check("quote_age", request(buy_back(), book=book(holdings=(holding(PUT, -1),)), market=old)).outcome is WARN


@pytest.mark.parametrize(
    "bad",
    [
        quote(PUT, "4.30", "4.20"),
        quote(PUT, "4.20", "4.20"),
        quote(PUT, is_halted=True),
        quote(SHARE, is_halted=True),
        quote(SHARE, "251.00", "250.00"),
    ],
    ids=["crossed", "locked", "halted", "underlying halted", "underlying crossed"],
)
def test_a_quote_that_may_not_be_traded_on_blocks(bad: object) -> None:
    assert check("quote_quality", request(market=market_with(bad))).outcome is HARD  # type: ignore[arg-type]  # any quote


@pytest.mark.parametrize("sides", [{"bid": None}, {"ask": None}, {"bid": None, "ask": None}])
def test_a_quote_that_lacks_a_side_blocks(sides: dict[str, Any]) -> None:
    half = replace(quote(PUT), **sides)

    assert check("quote_quality", request(market=market_with(half))).outcome is HARD


@pytest.mark.parametrize(
    ("bid", "ask", "outcome"),
    [
        ("0.05", "0.20", PASS),  # 15 cents: narrow at any price
        ("3.70", "4.30", PASS),  # 15 %
        ("3.69", "4.31", SOFT),
        ("3.00", "5.00", SOFT),  # 50 %
        ("2.99", "5.01", HARD),
        ("0.05", "0.21", HARD),
    ],
)
def test_the_spread_is_a_small_part_of_the_price(bid: str, ask: str, outcome: Outcome) -> None:
    assert check("quote_width", request(market=market_with(quote(PUT, bid, ask)))).outcome is outcome


def test_a_limit_that_is_lowered_holds_the_next_order() -> None:
    old = market_with(quote(PUT, received_at=NOW - timedelta(seconds=1.5)))

    before = check("quote_age", request(sell_put(), market=old))
    after = check("quote_age", request(sell_put(), market=old, limits=limits(quote_age=(None, "1"))))

    assert (before.outcome, after.outcome) == (PASS, HARD)


def test_no_quote_at_all_is_an_error() -> None:
    assert check("quote_quality", request(market=market(quotes={}))).outcome is Outcome.ERROR

"""Enough others to trade with."""

import pytest

from allcore.kernel.orders import PositionEffect, Side
from risk.domain.verdict import Level, Outcome
from tests.builders.risk import (
    LOWER_PUT,
    PUT,
    SHARE,
    around,
    book,
    buy_back,
    check,
    holding,
    market_with,
    put_spread,
    quote,
    request,
    sell_put,
    single,
)

SOFT, PASS, WARN = Outcome.SOFT_BLOCK, Outcome.PASS, Outcome.WARN


@pytest.mark.parametrize(("count", "outcome"), [(99, SOFT), (100, PASS), (101, PASS)])
def test_an_option_has_a_hundred_open_contracts(count: int, outcome: Outcome) -> None:
    result = check("open_interest", request(is_manual=True, around=around(interest={PUT: count})))

    assert (result.outcome, result.level) == (outcome, Level.RISK_SOFT)


def test_of_a_spread_the_leg_with_the_fewest_counts() -> None:
    asked = request(put_spread(), is_manual=True, around=around(interest={PUT: 900, LOWER_PUT: 99}))

    assert LOWER_PUT in check("open_interest", asked).message


@pytest.mark.parametrize(("quantity", "outcome"), [(9, PASS), (10, PASS), (11, SOFT)])
def test_an_order_is_a_tenth_of_the_open_contracts(quantity: int, outcome: Outcome) -> None:
    asked = request(sell_put(quantity), is_manual=True, around=around(interest={PUT: 100}))

    assert check("order_of_interest", asked).outcome is outcome


@pytest.mark.parametrize(("quantity", "outcome"), [(6, PASS), (7, PASS), (8, SOFT)])
def test_an_order_is_no_more_than_what_is_bid_for(quantity: int, outcome: Outcome) -> None:
    seen = market_with(quote(PUT, bid_size=7, ask_size=1))

    asked = request(sell_put(quantity), is_manual=True, market=seen)

    assert check("order_of_display", asked).outcome is outcome


def test_what_an_algorithm_works_meets_the_market_in_slices() -> None:
    asked = request(sell_put(40), is_manual=True, is_sliced=True, market=market_with(quote(PUT, bid_size=7)))

    assert check("order_of_display", asked).outcome is PASS


def test_a_purchase_meets_what_is_offered() -> None:
    bought = single(PUT, Side.BUY, PositionEffect.OPEN, 2, "4.20")

    asked = request(bought, is_manual=True, market=market_with(quote(PUT, bid_size=9, ask_size=1)))

    assert check("order_of_display", asked).outcome is SOFT


def test_what_nobody_bids_for_is_not_sold() -> None:
    asked = request(is_manual=True, market=market_with(quote(PUT, "0.00", "0.05")))

    assert "Nobody bids" in check("order_of_display", asked).message
    assert check("order_of_display", asked).outcome is SOFT


@pytest.mark.parametrize("code", ["open_interest", "order_of_interest"])
def test_interest_that_is_not_known_is_told_and_refuses_nothing(code: str) -> None:
    assert check(code, request(is_manual=True, around=around(interest={}))).outcome is WARN


def test_no_displayed_size_is_told_and_refuses_nothing() -> None:
    seen = market_with(quote(PUT, bid_size=0))

    assert check("order_of_display", request(is_manual=True, market=seen)).outcome is WARN


def test_what_the_desk_sized_is_told_and_not_stopped() -> None:
    assert check("open_interest", request(around=around(interest={PUT: 1}))).outcome is WARN


def test_shares_and_what_only_closes_are_not_held() -> None:
    shares = single(SHARE, Side.BUY, PositionEffect.OPEN, 100, "250.02")
    closing = request(buy_back(), book=book(holdings=(holding(PUT, -1),)), around=around(interest={}), is_manual=True)

    assert check("open_interest", request(shares, is_manual=True, around=around(interest={}))).outcome is PASS
    assert check("open_interest", closing).outcome is PASS

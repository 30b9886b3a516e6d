"""The exchanges' position limits, over all accounts of the owner."""

import pytest

from allcore.kernel.orders import PositionEffect, Side
from risk.domain.verdict import Outcome
from tests.builders.risk import (
    CALL,
    PUT,
    SHARE,
    book,
    buy_back,
    check,
    holding,
    limits,
    pending,
    request,
    sell_call,
    sell_put,
    single,
)

PASS, SOFT, HARD = Outcome.PASS, Outcome.SOFT_BLOCK, Outcome.HARD_BLOCK
TIER = limits(exchange_position=("8", "10"))
OPEN, BUY = PositionEffect.OPEN, Side.BUY


@pytest.mark.parametrize(("held", "outcome"), [(6, PASS), (7, PASS), (8, SOFT), (9, SOFT), (10, HARD)])
def test_contracts_are_counted_up_to_the_limit(held: int, outcome: Outcome) -> None:
    asked = request(sell_put(), book=book(holdings=(holding(PUT, -held),)), limits=TIER)

    assert check("exchange_position", asked).outcome is outcome


def test_long_calls_and_short_puts_are_on_one_side() -> None:
    asked = request(sell_put(2), book=book(holdings=(holding(CALL, 9),)), limits=TIER)

    refused = check("exchange_position", asked)
    assert refused.outcome is HARD
    assert (refused.before, refused.after) == (9, 11)
    assert "Contracts on one side of TSLA in all accounts come to 11 contracts" in refused.message


def test_short_calls_are_on_the_other_side_than_short_puts() -> None:
    asked = request(sell_put(2), book=book(holdings=(holding(CALL, -10), holding(SHARE, 1000, "250"))), limits=TIER)

    assert check("exchange_position", asked).after == 10
    assert check("exchange_position", asked).outcome is Outcome.WARN  # over the soft limit before, and not by this


def test_the_other_accounts_and_their_working_orders_count() -> None:
    theirs = book(others=(holding(PUT, -5),), elsewhere=(pending(sell_put(4, account="REV-1")),))

    assert check("exchange_position", request(sell_put(1), book=theirs, limits=TIER)).after == 10
    assert check("exchange_position", request(sell_put(2), book=theirs, limits=TIER)).outcome is HARD


def test_an_order_that_would_close_is_not_counted_on_before_it_fills() -> None:
    closing = book(holdings=(holding(PUT, -9),), pending=(pending(buy_back(9)),))

    assert check("exchange_position", request(sell_put(2), book=closing, limits=TIER)).after == 11


def test_two_orders_of_which_each_fits_do_not_both_pass() -> None:
    first = request(sell_put(6), limits=limits(exchange_position=(None, "10")))
    second = request(
        sell_put(6), book=book(pending=(pending(sell_put(6)),)), limits=limits(exchange_position=(None, "10"))
    )

    assert check("exchange_position", first).outcome is PASS
    assert check("exchange_position", second).outcome is HARD


def test_shares_and_closing_orders_are_not_held() -> None:
    full = book(holdings=(holding(PUT, -12),))

    assert (
        check("exchange_position", request(single(SHARE, BUY, OPEN, 10, "250"), book=full, limits=TIER)).outcome is PASS
    )
    assert check("exchange_position", request(buy_back(), book=full, limits=TIER)).outcome is PASS


def test_the_other_side_is_measured_for_calls_sold() -> None:
    asked = request(sell_call(3), book=book(holdings=(holding(PUT, 8), holding(SHARE, 300, "250"))), limits=TIER)

    assert check("exchange_position", asked).outcome is HARD

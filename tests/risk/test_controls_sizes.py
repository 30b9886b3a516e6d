"""One order's size, at the limit and beyond."""

from dataclasses import replace

import pytest

from allcore.kernel.orders import PositionEffect, PriceEffect, Side
from allcore.kernel.tickets import OrderTicket
from risk.domain.verdict import Outcome
from tests.builders.risk import (
    CALL,
    GEN_TERMS,
    PUT,
    SHARE,
    book,
    check,
    dec,
    greeks,
    holding,
    limits,
    market,
    put_spread,
    request,
    roll,
    sell_call,
    sell_put,
    single,
)

HARD, SOFT, PASS = Outcome.HARD_BLOCK, Outcome.SOFT_BLOCK, Outcome.PASS
OPEN, BUY = PositionEffect.OPEN, Side.BUY


@pytest.mark.parametrize(
    ("ticket", "outcome"),
    [
        (sell_put(20), PASS),
        (sell_put(21), SOFT),
        (sell_put(50), SOFT),
        (sell_put(51), HARD),
        (single(SHARE, BUY, OPEN, 2_000, "250.04"), PASS),
        (single(SHARE, BUY, OPEN, 2_001, "250.04"), SOFT),
        (single(SHARE, BUY, OPEN, 5_001, "250.04"), HARD),
    ],
)
def test_an_orders_contracts_are_limited(ticket: OrderTicket, outcome: Outcome) -> None:
    assert check("order_contracts", request(ticket)).outcome is outcome


@pytest.mark.parametrize(("hard", "outcome"), [("832.01", PASS), ("832", PASS), ("831.99", HARD)])
def test_an_orders_premium_is_limited(hard: str, outcome: Outcome) -> None:
    asked = request(sell_put(2, "4.16"), limits=limits(order_premium=(None, hard)))

    assert check("order_premium", asked).outcome is outcome


def test_shares_have_no_premium() -> None:
    asked = request(single(SHARE, BUY, OPEN, 1_000, "250.04"))

    assert check("order_premium", asked).outcome is PASS


@pytest.mark.parametrize(("hard", "outcome"), [("25002", PASS), ("25001.99", HARD)])
def test_an_orders_delta_is_limited(hard: str, outcome: Outcome) -> None:
    asked = request(sell_put(2), market=market(greeks={PUT: greeks(-0.5)}), limits=limits(order_delta=(None, hard)))

    assert check("order_delta", asked).outcome is outcome  # 0.5 x 200 x 250.02


def test_a_rolls_deltas_are_not_netted() -> None:
    held = book(holdings=(holding(PUT, -1),))
    result = check("order_delta", request(roll(effect=PriceEffect.CREDIT, limit="0.10"), book=held))

    assert result.value == dec("0.789") * 100 * dec("250.02")


@pytest.mark.parametrize(
    ("quantity", "mode", "outcome"),
    [(4, "paper", PASS), (5, "paper", SOFT), (2, "live", PASS), (3, "live", SOFT)],
)
def test_an_orders_notional_is_soft_by_mode(quantity: int, mode: str, outcome: Outcome) -> None:
    asked = request(
        sell_put(quantity),
        book=book(environment=mode.upper()),
        market=market(trading_mode=mode, feed_source="LIVE"),
    )

    assert check("order_notional", asked).outcome is outcome


@pytest.mark.parametrize(("equity", "outcome"), [("90910", PASS), ("90909", HARD)])
def test_a_protocol_accounts_order_is_never_above_what_one_name_may_have(equity: str, outcome: Outcome) -> None:
    asked = request(sell_put(2), terms=GEN_TERMS, book=book(equity=dec(equity)))  # 50,000 / 0.55 = 90,909.09

    assert check("order_notional", asked).outcome is outcome


def test_a_covered_call_puts_nothing_to_work() -> None:
    asked = request(sell_call(1), terms=GEN_TERMS, book=book(holdings=(holding(SHARE, 100, "250"),)))

    assert check("order_notional", asked).value == 0


def test_a_roll_is_counted_at_its_new_strike() -> None:
    held = book(holdings=(holding(PUT, -1),))

    assert check("order_notional", request(roll(effect=PriceEffect.CREDIT, limit="0.10"), book=held)).value == dec(
        24_000
    )


@pytest.mark.parametrize(("quantity", "outcome"), [(2, PASS), (3, SOFT), (5, SOFT), (6, HARD)])
def test_a_spread_may_lose_a_small_part_of_equity(quantity: int, outcome: Outcome) -> None:
    assert check("structure_loss", request(put_spread(quantity))).outcome is outcome


@pytest.mark.parametrize(("quantity", "outcome"), [(9, PASS), (10, SOFT), (24, SOFT), (25, HARD)])
def test_so_may_long_options(quantity: int, outcome: Outcome) -> None:
    assert check("structure_loss", request(single(CALL, BUY, OPEN, quantity, "2.05"))).outcome is outcome


def test_a_cash_secured_put_is_left_to_the_protocols_caps() -> None:
    assert check("structure_loss", request(sell_put(3))).outcome is PASS


def test_a_limit_for_one_order_is_about_the_whole_order_when_it_is_replaced() -> None:
    asked = request(sell_put(51), filled=50)

    assert check("order_contracts", asked).outcome is HARD
    assert check("order_contracts", replace(asked, ticket=sell_put(50))).outcome is SOFT


@pytest.mark.parametrize(
    ("soft", "hard", "is_said"),
    [("20", "50", True), ("50", "50", True), ("51", "50", False)],
)
def test_a_soft_limit_that_lies_beyond_the_hard_one_is_not_said(soft: str, hard: str, is_said: bool) -> None:
    asked = request(sell_put(60), limits=limits(order_contracts=(soft, hard)))

    message = check("order_contracts", asked).message

    assert ("soft limit" in message) is is_said
    assert "the hard limit is 50" in message

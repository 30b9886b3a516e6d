"""Cash, buffer, caps on deployment and names, the day's loss: at the limit and beyond it."""

from dataclasses import replace

import pytest

from allcore.kernel.orders import PriceEffect
from risk.domain.protocol import NOT_PROTOCOL
from risk.domain.verdict import Outcome
from tests.builders.risk import (
    GEN_TERMS,
    PUT,
    SHARE,
    book,
    buy_back,
    check,
    dec,
    holding,
    limits,
    pending,
    request,
    roll,
    sell_call,
    sell_put,
)

HARD, SOFT, PASS, WARN = Outcome.HARD_BLOCK, Outcome.SOFT_BLOCK, Outcome.PASS, Outcome.WARN


@pytest.mark.parametrize(("cash", "outcome"), [("50000.01", PASS), ("50000", PASS), ("49999.99", HARD)])
def test_cash_covers_every_strike_to_the_cent(cash: str, outcome: Outcome) -> None:
    assert check("cash_secured", request(sell_put(2), book=book(cash=dec(cash)))).outcome is outcome


@pytest.mark.parametrize(("cash", "outcome"), [("75000", PASS), ("74999.99", HARD)])
def test_cash_covers_positions_and_working_orders_first(cash: str, outcome: Outcome) -> None:
    held = book(cash=dec(cash), holdings=(holding(PUT, -1),), pending=(pending(sell_put(1, "4.20"), cash="25000"),))

    assert check("cash_secured", request(sell_put(1), book=held)).outcome is outcome


def test_a_premium_that_is_not_yet_received_secures_nothing() -> None:
    # 24,600 of cash and 416 of premium would be enough together.
    assert check("cash_secured", request(sell_put(1), book=book(cash=dec(24_600)))).outcome is HARD


def test_an_order_that_is_replaced_gives_its_cash_to_its_successor() -> None:
    working = pending(sell_put(3, "4.20"), cash="75000")
    asked = request(sell_put(4), book=book(pending=(working,)), exclude_order_id=working.order_id)

    assert check("cash_secured", asked).outcome is PASS
    assert check("cash_secured", replace(asked, exclude_order_id=None)).outcome is HARD


def test_a_covered_call_needs_no_cash_even_where_none_is_left() -> None:
    held = book(cash=dec(-10), holdings=(holding(SHARE, 100, "250"),))

    assert check("cash_secured", request(sell_call(1), book=held)).outcome is PASS


def test_closing_without_the_cash_is_warned_of() -> None:
    held = book(cash=dec(100), holdings=(holding(SHARE, 100, "250"), holding("TSLA  260612C00260000", -1)))
    ticket = buy_back(1, "2.05", symbol="TSLA  260612C00260000")

    assert check("cash_secured", request(ticket, book=held)).outcome is WARN


@pytest.mark.parametrize(("cash", "outcome"), [("55000.01", PASS), ("55000", PASS), ("54999.99", HARD)])
def test_a_twentieth_of_equity_stays_free(cash: str, outcome: Outcome) -> None:
    asked = request(sell_put(2), terms=GEN_TERMS, book=book(cash=dec(cash)))

    assert check("buffer", asked).outcome is outcome


@pytest.mark.parametrize(("cash", "outcome"), [("27000", PASS), ("26999.99", HARD)])
def test_a_small_account_keeps_two_thousand_dollars_free(cash: str, outcome: Outcome) -> None:
    asked = request(sell_put(1), terms=GEN_TERMS, book=book(cash=dec(cash), equity=dec(30_000)))

    assert check("buffer", asked).outcome is outcome


def test_a_roll_may_spend_the_buffer() -> None:
    held = book(cash=dec(25_100), holdings=(holding(PUT, -1),))
    asked = request(roll(effect=PriceEffect.DEBIT, limit="0.50"), terms=GEN_TERMS, book=held)

    assert check("buffer", asked).outcome is PASS


def test_a_covered_call_is_let_through_below_the_buffer() -> None:
    held = book(cash=dec(100), holdings=(holding(SHARE, 100, "250"),))

    assert check("buffer", request(sell_call(1), terms=GEN_TERMS, book=held)).outcome is WARN


@pytest.mark.parametrize(("equity", "outcome"), [("78948", PASS), ("78947", HARD)])
def test_no_more_than_the_cap_is_deployed(equity: str, outcome: Outcome) -> None:
    asked = request(sell_put(3), book=book(equity=dec(equity)))  # 75,000 / 0.95 = 78,947.37

    assert check("deployment", asked).outcome is outcome


@pytest.mark.parametrize(("cap", "outcome"), [("0.75", PASS), ("0.7499", HARD), ("1.00", PASS)])
def test_the_protocols_cap_counts_where_it_is_the_stricter(cap: str, outcome: Outcome) -> None:
    asked = request(sell_put(3), terms=replace(GEN_TERMS, deployment_cap=dec(cap)))

    assert check("deployment", asked).outcome is outcome


def test_the_desks_cap_counts_where_it_is_the_stricter() -> None:
    asked = request(sell_put(3), terms=GEN_TERMS, limits=limits(deployment=(None, "0.70")))

    assert check("deployment", asked).outcome is HARD


def test_an_outsider_is_held_by_the_desks_limits_alone() -> None:
    assert check("deployment", request(sell_put(3), terms=NOT_PROTOCOL)).outcome is PASS


def test_what_an_order_does_not_make_worse_does_not_block_it() -> None:
    # Shares that have risen are above the cap: the call that they cover adds nothing, and passes with a warning.
    held = book(holdings=(holding(SHARE, 400, "250"),), cash=dec(1_000), equity=dec(101_000))

    result = check("deployment", request(sell_call(1), terms=GEN_TERMS, book=held))

    assert result.outcome is WARN
    assert result.before == result.after


@pytest.mark.parametrize(("equity", "outcome"), [("90910", PASS), ("90909", SOFT)])
def test_one_name_has_its_part_of_the_account(equity: str, outcome: Outcome) -> None:
    held = book(equity=dec(equity), holdings=(holding(PUT, -1),))

    assert check("name_account", request(sell_put(1), terms=GEN_TERMS, book=held)).outcome is outcome


def test_other_names_do_not_count_against_one() -> None:
    held = book(holdings=(holding("NVDA", 300, "130"),))

    assert check("name_account", request(sell_put(2), terms=GEN_TERMS, book=held)).value == dec("0.5")


@pytest.mark.parametrize(
    ("elsewhere", "outcome"),
    [("0", PASS), ("25000", PASS), ("25000.01", SOFT), ("37500", SOFT), ("37500.01", HARD)],
)
def test_one_name_has_its_part_of_all_accounts(elsewhere: str, outcome: Outcome) -> None:
    held = book(household_notional={"TSLA": dec(elsewhere)})  # of 250,000; the order adds 25,000

    assert check("name_household", request(sell_put(1), book=held)).outcome is outcome


def test_what_is_replaced_leaves_the_households_figure() -> None:
    working = pending(sell_put(2, "4.20"), cash="50000")
    held = book(pending=(working,), household_notional={"TSLA": dec(50_000)})

    replacing = check("name_household", request(sell_put(2), book=held, exclude_order_id=working.order_id))
    adding = check("name_household", request(sell_put(2), book=held))

    assert (replacing.value, replacing.outcome) == (dec("0.2"), PASS)
    assert (adding.value, adding.outcome) == (dec("0.4"), HARD)


@pytest.mark.parametrize(
    ("pnl", "outcome"), [("1000", PASS), ("-2499", PASS), ("-2500", HARD), ("-2501", HARD), ("-9000", HARD)]
)
def test_a_days_loss_that_reaches_its_limit_blocks(pnl: str, outcome: Outcome) -> None:
    assert check("day_loss", request(book=book(day_pnl=dec(pnl)))).outcome is outcome


def test_a_days_loss_does_not_block_closing() -> None:
    held = book(day_pnl=dec(-9_000), holdings=(holding(PUT, -1),))

    assert check("day_loss", request(buy_back(), book=held)).outcome is PASS

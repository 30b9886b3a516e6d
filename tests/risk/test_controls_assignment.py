"""Short options that are soon assigned."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from allcore.kernel.instruments import OptionContract
from risk.domain.circumstances import Dividend
from risk.domain.controls.assignment import kept, twin_of
from risk.domain.request import GateRequest
from risk.domain.verdict import Outcome
from tests.builders.risk import (
    CALL,
    NEXT_PUT,
    SHARE,
    around,
    check,
    dec,
    market,
    market_with,
    quote,
    request,
    sell_call,
    sell_put,
)

SOFT, PASS, WARN = Outcome.SOFT_BLOCK, Outcome.PASS, Outcome.WARN
LONGER_CALL = "TSLA  260618C00240000"


def inside(price: str, *, is_manual: bool = True) -> GateRequest:
    """A put of 240 sold at a middle of `price`, the share at 230."""
    near = Decimal("0.005")
    shown = quote(NEXT_PUT, str(dec(price) - near), str(dec(price) + near))
    seen = market_with(shown, quote(SHARE, "229.99", "230.01"))
    return request(sell_put(symbol=NEXT_PUT, limit=price), market=seen, is_manual=is_manual)


@pytest.mark.parametrize(("price", "outcome"), [("10.04", SOFT), ("10.05", PASS), ("10.06", PASS)])
def test_a_short_in_the_money_has_five_cents_of_time_value(price: str, outcome: Outcome) -> None:
    assert check("time_value", inside(price)).outcome is outcome


def test_what_the_desk_chose_is_told() -> None:
    assert check("time_value", inside("10.04", is_manual=False)).outcome is WARN


@pytest.mark.parametrize(("spot", "outcome"), [("250.00", PASS), ("249.99", SOFT), ("250.01", PASS)])
def test_a_short_in_the_money_that_expires_with_the_next_session_is_near_assignment(
    spot: str, outcome: Outcome
) -> None:
    seen = market_with(quote(SHARE, spot, spot))

    assert check("time_value", request(is_manual=True, market=seen)).outcome is outcome


def test_a_price_that_is_missing_is_told() -> None:
    seen = replace(market(), spots={})

    assert check("time_value", request(is_manual=True, market=seen)).outcome is WARN


def call_over(amount: str, ex_date: date = date(2026, 6, 12), **changes: object) -> GateRequest:
    """A call of 240 whose put is worth 0.40; the interest on the strike for a week is 0.2300."""
    put = twin_of(OptionContract.parse(LONGER_CALL))
    seen = market_with(quote(put, "0.39", "0.41"), quote(LONGER_CALL, "12.00", "12.10"))
    given = around(dividends=(Dividend(ex_date, dec(amount)),), **changes)
    return request(sell_call(symbol=LONGER_CALL, limit="12.02"), market=seen, around=given, is_manual=True)


@pytest.mark.parametrize(("amount", "outcome"), [("0.63", PASS), ("0.6301", SOFT)])
def test_a_short_call_is_not_worth_exercising_for_a_dividend(amount: str, outcome: Outcome) -> None:
    assert kept(OptionContract.parse(LONGER_CALL), dec("0.40"), 0.05, 7).quantize(dec("0.001")) == dec("0.630")
    assert check("early_exercise", call_over(amount)).outcome is outcome


def test_the_vectors_of_early_exercise_are_met() -> None:
    """EE-02: the put 0.1092 and the interest 0.1369 are more than a dividend of 0.20."""
    call = OptionContract.parse("TSLA  260621C00100000")

    assert abs(kept(call, dec("0.1092"), 0.05, 10) - dec("0.2461")) < dec("0.0001")


def test_a_dividend_after_the_option_counts_for_nothing() -> None:
    assert check("early_exercise", call_over("9.00", date(2026, 6, 19))).outcome is PASS


def test_without_the_rate_the_dividend_is_told() -> None:
    assert check("early_exercise", call_over("9.00", rate=None)).outcome is WARN


def test_puts_and_names_without_a_dividend_are_not_weighed() -> None:
    due = around(dividends=(Dividend(date(2026, 6, 12), dec("9.00")),))

    assert check("early_exercise", request(is_manual=True, around=due)).outcome is PASS
    assert check("early_exercise", request(sell_call(symbol=CALL), is_manual=True)).outcome is PASS

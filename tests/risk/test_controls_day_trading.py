"""Day trading, under the old rule and the new."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from allcore.kernel.orders import PositionEffect
from allcore.kernel.tickets import OrderTicket
from risk.domain.book import Book
from risk.domain.day_trades import DayTrades, Regime, Trade, counted, regime, window_start
from risk.domain.request import GateRequest
from risk.domain.verdict import Outcome
from tests.builders.risk import (
    NOW,
    PUT,
    TAKES,
    book,
    buy_back,
    check,
    dec,
    holding,
    market,
    request,
    sell_put,
    without_limit,
)

PASS, WARN, HARD = Outcome.PASS, Outcome.WARN, Outcome.HARD_BLOCK
TODAY = NOW.date()
OPEN, CLOSE = PositionEffect.OPEN, PositionEffect.CLOSE
OTHER = market(takes=replace(TAKES, broker="schwab"))  # not known to have changed: the old rule


def seen(used: int, *, trades: int = 8, opened: tuple[str, ...] = ()) -> DayTrades:
    return DayTrades(used, trades, frozenset(opened))


def small(used: DayTrades | None, **changes: object) -> Book:
    return book(equity=dec("24999.99"), day_trades=used, **changes)


def legacy(held: Book, ticket: OrderTicket | None = None) -> GateRequest:
    return request(ticket or sell_put(), book=held, market=OTHER)


@pytest.mark.parametrize(("used", "outcome"), [(1, PASS), (2, PASS), (3, HARD), (4, HARD)])
def test_the_fourth_day_trade_of_a_small_account_is_refused(used: int, outcome: Outcome) -> None:
    found = check("day_trading", legacy(small(seen(used))))

    assert found.outcome is outcome
    assert "come to" in found.message
    assert (found.value, found.hard) == (used + 1, 3)


@pytest.mark.parametrize(("equity", "outcome"), [("24999.99", HARD), ("25000.00", PASS), ("25000.01", PASS)])
def test_equity_from_the_limit_on_trades_freely(equity: str, outcome: Outcome) -> None:
    held = replace(small(seen(3)), equity=dec(equity))

    assert check("day_trading", legacy(held)).outcome is outcome


@pytest.mark.parametrize(("trades", "outcome"), [(65, HARD), (66, PASS), (67, PASS)])
def test_day_trades_that_are_at_most_six_per_cent_of_all_are_free(trades: int, outcome: Outcome) -> None:
    # With the order: 4 of 66 is 6.06 %, 4 of 67 is 5.97 %.
    assert check("day_trading", legacy(small(seen(3, trades=trades)))).outcome is outcome


def test_closing_what_was_opened_today_is_warned_of_and_not_held_back() -> None:
    held = small(seen(3, opened=(PUT,)), holdings=(holding(PUT, -1, "4.16"),))

    assert check("day_trading", legacy(held, buy_back())).outcome is WARN


def test_closing_what_was_opened_earlier_is_no_day_trade() -> None:
    held = small(seen(3), holdings=(holding(PUT, -1, "4.16"),))

    assert check("day_trading", legacy(held, buy_back())).outcome is PASS


def test_without_the_count_an_opening_order_is_refused() -> None:
    assert check("day_trading", legacy(small(None))).outcome is Outcome.ERROR


@pytest.mark.parametrize(("cash", "outcome"), [("24999.99", HARD), ("25000.00", PASS), ("25000.01", PASS)])
def test_under_the_new_rule_what_is_left_within_the_day_is_not_below_nothing(cash: str, outcome: Outcome) -> None:
    found = check("day_trading", request(sell_put(), book=book(cash=dec(cash), day_trades=seen(9))))

    assert found.outcome is outcome
    assert "Margin left within the day is" in found.message


@pytest.mark.parametrize(
    ("broker", "day", "changed_on", "rule"),
    [
        ("paper", date(2026, 6, 3), None, Regime.LEGACY_PDT),
        ("paper", date(2026, 6, 4), None, Regime.INTRADAY_MARGIN),
        ("schwab", date(2026, 6, 4), None, Regime.LEGACY_PDT),
        ("schwab", date(2027, 10, 19), None, Regime.LEGACY_PDT),
        ("schwab", date(2027, 10, 20), None, Regime.INTRADAY_MARGIN),
        ("schwab", date(2026, 8, 31), date(2026, 9, 1), Regime.LEGACY_PDT),
        ("schwab", date(2026, 9, 1), date(2026, 9, 1), Regime.INTRADAY_MARGIN),
        ("schwab", date(2026, 6, 3), date(2020, 1, 1), Regime.LEGACY_PDT),  # no broker could before the rule was there
        ("schwab", date(2027, 10, 20), date(2030, 1, 1), Regime.INTRADAY_MARGIN),  # nor keep it for ever
    ],
)
def test_the_rule_goes_by_broker_and_date(broker: str, day: date, changed_on: date | None, rule: Regime) -> None:
    assert regime(broker, day, changed_on=changed_on) is rule


def test_a_connection_that_says_when_its_broker_changed_is_believed() -> None:
    held = small(seen(3), intraday_margin_from=TODAY, cash=dec(100_000))

    assert check("day_trading", legacy(held)).outcome is PASS
    assert check("day_trading", legacy(replace(held, intraday_margin_from=TODAY + timedelta(days=1)))).outcome is HARD


def at(minute: int, effect: PositionEffect, *, symbol: str = PUT, day: date = TODAY) -> Trade:
    return Trade(symbol, day, effect, datetime(day.year, day.month, day.day, 15, minute, tzinfo=UTC))


@pytest.mark.parametrize(
    ("trades", "used"),
    [
        ([at(1, OPEN)], 0),
        ([at(1, OPEN), at(2, CLOSE)], 1),
        ([at(1, OPEN), at(2, OPEN), at(3, CLOSE)], 1),
        ([at(1, OPEN), at(2, CLOSE), at(3, CLOSE)], 1),
        ([at(1, OPEN), at(2, CLOSE), at(3, OPEN), at(4, CLOSE)], 2),
        ([at(2, CLOSE), at(3, OPEN)], 0),
        ([at(1, OPEN, symbol="TSLA"), at(2, CLOSE)], 0),
        ([at(1, OPEN, day=TODAY - timedelta(days=1)), at(2, CLOSE)], 0),
    ],
)
def test_a_day_trade_opens_and_closes_one_instrument_on_one_day(trades: list[Trade], used: int) -> None:
    found = counted(reversed(trades), today=TODAY)

    assert (found.used, found.trades) == (used, len(trades))


def test_five_business_days_leave_out_the_weekend_and_a_holiday() -> None:
    # Juneteenth is on Friday the 19th.
    assert window_start(date(2026, 6, 11)) == date(2026, 6, 5)
    assert window_start(date(2026, 6, 23)) == date(2026, 6, 16)


@pytest.mark.parametrize("code", ["day_trades", "day_trade_equity"])
def test_without_its_limit_an_opening_order_is_refused(code: str) -> None:
    asked = replace(legacy(small(seen(0))), limits=without_limit(code))

    assert check("day_trading", asked).outcome is Outcome.ERROR

"""Which rule of day trading a broker applies on a day, and what counts as a day trade.

The rule on pattern day traders (four in five business days, more than 6 % of all trades, less than $25,000 of equity)
was replaced by a test of intraday margin on 4 June 2026; a broker may keep the old one until 20 October 2027. One that
is not known to have changed is taken to keep it.
Source: FINRA Rule 4210(f)(8); SEC Release 34-105226, SR-FINRA-2025-017.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from allcore.kernel import calendar
from allcore.kernel.orders import PositionEffect

IN_FORCE = date(2026, 6, 4)
PHASED_IN = date(2027, 10, 20)
CHANGED_ON: Mapping[str, date] = {"paper": IN_FORCE}
BUSINESS_DAYS = 5


class Regime(StrEnum):
    """The rule that a broker applies."""

    LEGACY_PDT = "LEGACY_PDT"
    INTRADAY_MARGIN = "INTRADAY_MARGIN"


@dataclass(frozen=True, slots=True)
class Trade:
    """What one order did to one instrument on one day, `at` its first fill."""

    symbol: str
    day: date  # New York
    effect: PositionEffect
    at: datetime


@dataclass(frozen=True, slots=True)
class DayTrades:
    """The last five business days: day trades, all trades, and what was opened today and may be closed today."""

    used: int
    trades: int
    opened_today: frozenset[str]


def regime(broker: str, day: date, *, changed_on: date | None = None) -> Regime:
    """Return the rule on the day; `changed_on` is what the connection says of its broker."""
    first = CHANGED_ON.get(broker, PHASED_IN) if changed_on is None else changed_on
    return Regime.INTRADAY_MARGIN if day >= max(min(first, PHASED_IN), IN_FORCE) else Regime.LEGACY_PDT


def window_start(today: date) -> date:
    """Return the first of the five business days that end today."""
    day = today
    for _ in range(BUSINESS_DAYS - 1):
        day = calendar.previous_session(day).day
    return day


def counted(trades: Iterable[Trade], *, today: date) -> DayTrades:
    """Count: each closing after an opening of the same instrument on the same day is one; several in a row are one."""
    used, count, is_open = 0, 0, dict[tuple[str, date], bool]()
    opened_today = set()
    for trade in sorted(trades, key=lambda one: one.at):
        key, count = (trade.symbol, trade.day), count + 1
        if trade.effect is PositionEffect.OPEN:
            is_open[key] = True
            if trade.day == today:
                opened_today.add(trade.symbol)
        elif is_open.pop(key, False):
            used += 1
    return DayTrades(used, count, frozenset(opened_today))

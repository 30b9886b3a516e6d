"""The New York Stock Exchange's sessions, half days included, and what follows from them for weekly options."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from functools import lru_cache

from holidays.financial.ny_stock_exchange import NewYorkStockExchange

from allcore.kernel.clock import NEW_YORK, new_york_date

OPEN = time(9, 30)
CLOSE = time(16, 0)
EARLY_CLOSE = time(13, 0)
SATURDAY = 5
FRIDAY = 4


class Phase(StrEnum):
    """Where the exchange is in its day."""

    CLOSED = "CLOSED"
    PRE_OPEN = "PRE_OPEN"
    OPEN = "OPEN"
    AFTER_CLOSE = "AFTER_CLOSE"


@dataclass(frozen=True, slots=True)
class Session:
    """One trading day; `opens_at` and `closes_at` are UTC."""

    day: date
    opens_at: datetime
    closes_at: datetime

    @property
    def is_short(self) -> bool:
        """Whether the exchange closes early."""
        return self.closes_at.astimezone(NEW_YORK).time() == EARLY_CLOSE


@lru_cache(maxsize=64)
def _holidays(year: int) -> NewYorkStockExchange:
    return NewYorkStockExchange(years=year)  # type: ignore[no-untyped-call]  # the package is untyped


@lru_cache(maxsize=64)
def _half_days(year: int) -> NewYorkStockExchange:
    return NewYorkStockExchange(years=year, categories=("half_day",))  # type: ignore[no-untyped-call]  # the package is untyped


def is_session(day: date) -> bool:
    """Return whether the exchange trades on the day."""
    return day.weekday() < SATURDAY and day not in _holidays(day.year)


@lru_cache(maxsize=4096)
def session_on(day: date) -> Session | None:
    """Return the day's session, or None on a weekend or holiday."""
    if not is_session(day):
        return None
    close = EARLY_CLOSE if day in _half_days(day.year) else CLOSE
    return Session(
        day=day,
        opens_at=datetime.combine(day, OPEN, NEW_YORK).astimezone(UTC),
        closes_at=datetime.combine(day, close, NEW_YORK).astimezone(UTC),
    )


def phase_at(moment: datetime) -> Phase:
    """Return the exchange's phase; the open belongs to the session, the close does not."""
    session = session_on(new_york_date(moment))
    if session is None:
        return Phase.CLOSED
    if moment < session.opens_at:
        return Phase.PRE_OPEN
    return Phase.OPEN if moment < session.closes_at else Phase.AFTER_CLOSE


def next_session(day: date) -> Session:
    """Return the first session after the day."""
    day += timedelta(days=1)
    while (session := session_on(day)) is None:
        day += timedelta(days=1)
    return session


def previous_session(day: date) -> Session:
    """Return the last session before the day."""
    day -= timedelta(days=1)
    while (session := session_on(day)) is None:
        day -= timedelta(days=1)
    return session


def sessions_until(start: date, end: date) -> int:
    """Return how many sessions lie after `start` up to and including `end`: Thursday to Friday is 1."""
    return sum(is_session(start + timedelta(days=n)) for n in range(1, (end - start).days + 1))


def monday_of(day: date) -> date:
    """Return the Monday of the day's ISO week, the name of a market week here."""
    return day - timedelta(days=day.weekday())


def weekly_expiry(day: date) -> date:
    """Return the last session of the day's week: where weekly options expire."""
    last = monday_of(day) + timedelta(days=FRIDAY)
    while not is_session(last):
        last -= timedelta(days=1)
    return last

"""What holding money and being short cost overnight. Values in, values out.

Each session opens with what the nights before it came to, as bookings dated at its opening: a weekend is three nights.
Interest is on settled cash, a borrow fee on the value of the shares at the close before, both by a year of 360 days,
which is how American brokers count both.
"""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal

from allcore.kernel.calendar import Session, previous_session, session_on
from allcore.kernel.money import to_cents
from allcore.kernel.reports import CURRENCY, BookKind
from brokers.paper.fees import row_on
from brokers.paper.rates import Rate, Rates
from brokers.paper.records import BookingRecord, Carried

YEAR = 360


def sessions_between(after: date, until: date) -> Iterator[Session]:
    """Return the sessions after one of New York's dates up to another, oldest first."""
    day = after
    while day < until:
        day += timedelta(days=1)
        if (session := session_on(day)) is not None:
            yield session


def nights_before(session: Session) -> int:
    """Return how many nights there were since the session before."""
    return (session.day - previous_session(session.day).day).days


def interest(cash: Decimal, rate: Rate, nights: int) -> Decimal:
    """Return the dollars that so much settled cash earned; below zero, what a debit cost."""
    due = cash * rate.debit if cash < 0 else max(cash - rate.credit_from, Decimal(0)) * rate.credit
    return to_cents(due * nights / YEAR)


def borrow_fee(short: int, close: Decimal, rate: Rate, nights: int) -> Decimal:
    """Return the dollars that so many borrowed shares cost, above zero."""
    return to_cents(short * close * rate.borrow * nights / YEAR)


def interest_booked(
    account: str, cash: Decimal, rates: Rates, session: Session, *, now: datetime
) -> BookingRecord | None:
    """Return the booking of a session's interest, or None if it comes to nothing."""
    amount = interest(cash, row_on(rates.rows, session.day), nights_before(session))
    return _booked(account, BookKind.INTEREST, CURRENCY, 0, amount, at=session.opens_at, now=now)


def borrow_fee_booked(  # noqa: PLR0913 one argument a fact
    account: str, symbol: str, qty: int, close: Decimal, rates: Rates, session: Session, *, now: datetime
) -> BookingRecord | None:
    """Return the booking of a session's borrow fee on a short position, or None if it comes to nothing."""
    amount = borrow_fee(-qty, close, row_on(rates.rows, session.day), nights_before(session))
    return _booked(account, BookKind.BORROW_FEE, symbol, qty, -amount, at=session.opens_at, now=now)


def _booked(  # noqa: PLR0913 one argument a column
    account: str, kind: BookKind, symbol: str, qty: int, amount: Decimal, *, at: datetime, now: datetime
) -> BookingRecord | None:
    if not amount:
        return None
    return BookingRecord(
        account=account,
        event_id=f"{account}:{kind}:{symbol}:{at:%Y%m%d}",
        kind=kind,
        symbol=symbol,
        qty=qty,
        transact_at=at,
        booked_at=now,
        carried=Carried(cash=amount),
    )

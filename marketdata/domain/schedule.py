"""How the exchange's clock passes over closed hours when nobody wants to wait for them."""

from dataclasses import replace
from datetime import datetime, timedelta

from allcore.kernel import calendar
from allcore.kernel.calendar import Phase
from allcore.kernel.clock import ExchangeClock, new_york_date, seconds_between

BEFORE_OPEN = timedelta(minutes=5)
AFTER_END = timedelta(minutes=5)


def last_close(at: datetime) -> datetime:
    """Return the last close at or before the moment."""
    session = calendar.session_on(new_york_date(at))
    if session is not None and at >= session.closes_at:
        return session.closes_at
    return calendar.previous_session(new_york_date(at)).closes_at


def passed_over(clock: ExchangeClock, now: datetime, *, pause: float, reopens_at: datetime | None) -> ExchangeClock:
    """Return the clock, moved to just before the next open once the market has been closed for `pause` real seconds.

    Without a next open (`reopens_at` None: the recording has ended) the clock stands still soon after the close.
    """
    at = clock.at(now)
    if calendar.phase_at(at) is Phase.OPEN:
        return clock
    closed_at = last_close(at)
    if reopens_at is None:
        return replace(clock, stops_at=closed_at + AFTER_END)
    target = reopens_at - BEFORE_OPEN
    waited = seconds_between(clock.system_at(closed_at), now)
    return clock if at >= target or waited < pause else replace(clock, system_anchor=now, exchange_anchor=target)

"""Time as variance: how much a price may move between two moments.

A session carries 1/252 of a year's variance, a quarter of it in the gap before its open, be that a night or a weekend.
"""

from datetime import date, datetime, timedelta
from functools import lru_cache

from allcore.kernel import calendar
from allcore.kernel.calendar import Session
from allcore.kernel.clock import new_york_date

SESSIONS_A_YEAR = 252.0
OVERNIGHT = 0.25 / SESSIONS_A_YEAR
IN_SESSION = 0.75 / SESSIONS_A_YEAR
LEAST = 1e-7


@lru_cache(maxsize=256)
def session_on(day: date) -> Session | None:
    """Return the day's session, or None."""
    return calendar.session_on(day)


def last_started(at: datetime) -> Session:
    """Return the session that is open, or else the last that closed."""
    day = new_york_date(at)
    session = session_on(day)
    return session if session is not None and at >= session.opens_at else calendar.previous_session(day)


def fraction_left(at: datetime) -> float:
    """Return how much of the session is still to come: 1 before it opens, 0 from its close and on other days."""
    session = session_on(new_york_date(at))
    if session is None or at >= session.closes_at:
        return 0.0
    return (session.closes_at - max(at, session.opens_at)) / (session.closes_at - session.opens_at)


def variance_of(session: Session, elapsed: timedelta) -> float:
    """Return the variance that `elapsed` of the session carries, in years."""
    return IN_SESSION * (elapsed / (session.closes_at - session.opens_at))


@lru_cache(maxsize=512)
def _sessions_until(day: date, expiry: date) -> int:
    return calendar.sessions_until(day, expiry)


def variance_until(at: datetime, expiry: date) -> float:
    """Return the variance left to the expiry's close, in years; never quite nothing."""
    day = new_york_date(at)
    session = session_on(day)
    gap = OVERNIGHT if session is not None and at < session.opens_at else 0.0
    later = _sessions_until(day, expiry) * (OVERNIGHT + IN_SESSION)
    return max(gap + IN_SESSION * fraction_left(at) + later, LEAST)

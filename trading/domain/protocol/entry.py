"""On which days, at which hours and to which expiry positions are opened (protocol 1.2), by the exchange's calendar."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from allcore.kernel import calendar
from allcore.kernel.clock import NEW_YORK, new_york
from trading.domain.protocol.parameter_groups import EntryWindow, TierRules
from trading.domain.protocol.parameters import LAST_BEFORE_EXPIRY, QUARTERLY, Parameters
from trading.domain.protocol.words import Reason

DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday")
WEEK = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Opening:
    """Whether positions may be opened now, to which expiries, and if not, why."""

    is_open: bool
    expiries: tuple[date, ...]
    reason: Reason | None
    sentence: str


def put_opening(rules: TierRules, parameters: Parameters, exchange_now: datetime) -> Opening:
    """Return when puts are opened: the tier's day, within the window, to an expiry the tier allows."""
    today = new_york(exchange_now).date()
    if shut := _not_a_session(today):
        return shut
    expiries = put_expiries(rules, today)
    if rules.entry == QUARTERLY and not is_quarterly_week(today, parameters.reinvest.months):
        months = ", ".join(f"{date(today.year, month, 1):%B}" for month in parameters.reinvest.months)
        return _shut(
            Reason.ENTRY_DAY, f"Puts are opened by the quarterly plan only, in the first full week of {months}."
        )
    if not expiries:
        return _shut(Reason.ENTRY_DAY, _put_days(rules, today))
    return _by_the_hour(parameters.entry_window, exchange_now, expiries)


def call_opening(rules: TierRules, parameters: Parameters, exchange_now: datetime) -> Opening:
    """Return when covered calls are sold."""
    today = new_york(exchange_now).date()
    if shut := _not_a_session(today):
        return shut
    expiries = call_expiries(rules, today)
    if not expiries:
        first, last = rules.call_dte_days
        return _shut(
            Reason.ENTRY_DAY, f"Calls are sold {_named(rules.call_days)}, {first} to {last} days before they expire."
        )
    return _by_the_hour(parameters.entry_window, exchange_now, expiries)


def put_expiries(rules: TierRules, today: date) -> tuple[date, ...]:
    """Return the expiries to which a put may be opened on the day, nearest first."""
    if rules.entry != LAST_BEFORE_EXPIRY and today.weekday() not in rules.entry_days:
        return ()
    least, most = rules.dte_sessions
    return tuple(day for day in _weeklies(today) if least <= calendar.sessions_until(today, day) <= most)


def call_expiries(rules: TierRules, today: date) -> tuple[date, ...]:
    """Return the expiries to which a call may be sold on the day, nearest first."""
    least, most = rules.call_dte_days
    if today.weekday() not in rules.call_days:
        return ()
    return tuple(day for day in _weeklies(today) if least <= (day - today).days <= most)


def roll_expiries(today: date, expiry: date, max_days: int) -> tuple[date, ...]:
    """Return the weekly expiries after `expiry` to which a put may be rolled: the next, then the one after."""
    later = tuple(calendar.weekly_expiry(expiry + n * WEEK) for n in (1, 2))
    return tuple(day for day in later if (day - today).days <= max_days)


def is_quarterly_week(today: date, months: tuple[int, ...]) -> bool:
    """Return whether the day lies in the first full week (Monday to Friday) of one of the months."""
    monday = calendar.monday_of(today)
    return monday.month in months and monday.day <= WEEK.days


def _weeklies(today: date) -> tuple[date, ...]:
    return tuple(day for n in (0, 1, 2) if (day := calendar.weekly_expiry(today + n * WEEK)) > today)


def _not_a_session(today: date) -> Opening | None:
    if calendar.is_session(today):
        return None
    return _shut(Reason.HOLIDAY, "The exchange is closed today.")


def _put_days(rules: TierRules, today: date) -> str:
    if rules.entry == LAST_BEFORE_EXPIRY:
        next_expiry = _weeklies(today)[0]
        entry_day = calendar.previous_session(next_expiry).day
        if entry_day <= today:
            entry_day = calendar.previous_session(_weeklies(today)[1]).day
        when = f"{entry_day:%A} {entry_day.day} {entry_day:%b}"
        return f"Puts are opened on the last session before the weekly expiry: {when}."
    least, most = rules.dte_sessions
    return f"Puts are opened {_named(rules.entry_days)}, {least} to {most} sessions before they expire."


def _named(days: tuple[int, ...]) -> str:
    names = [DAYS[day] for day in days]
    return f"{', '.join(names[:-1])} and {names[-1]}" if len(names) > 1 else "".join(names)


def _by_the_hour(window: EntryWindow, exchange_now: datetime, expiries: tuple[date, ...]) -> Opening:
    session = calendar.session_on(new_york(exchange_now).date())
    if session is None:
        return _shut(Reason.HOLIDAY, "The exchange is closed today.")
    quiet = timedelta(minutes=window.quiet_minutes)
    day = session.day
    start = max(session.opens_at + quiet, datetime.combine(day, window.start, NEW_YORK))
    end = min(session.closes_at - quiet, datetime.combine(day, window.end, NEW_YORK))
    if start <= exchange_now < end:
        return Opening(is_open=True, expiries=expiries, reason=None, sentence="")
    hours = f"{start.astimezone(NEW_YORK):%H:%M} to {end.astimezone(NEW_YORK):%H:%M}"
    return _shut(Reason.ENTRY_TIME, f"Positions are opened from {hours} New York time today.")


def _shut(reason: Reason, sentence: str) -> Opening:
    return Opening(is_open=False, expiries=(), reason=reason, sentence=sentence)

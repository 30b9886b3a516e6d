"""Sessions, half days and weekly expiries."""

from datetime import UTC, date, datetime

import pytest

from allcore.kernel.calendar import (
    Phase,
    is_session,
    next_session,
    phase_at,
    previous_session,
    session_on,
    sessions_until,
    weekly_expiry,
)
from allcore.kernel.clock import NEW_YORK, ExchangeClock


@pytest.mark.parametrize(
    "day", [date(2015, 12, 25), date(2026, 4, 3), date(2026, 6, 19), date(2026, 11, 26), date(2026, 11, 28)]
)
def test_holidays_and_weekends_have_no_session(day: date) -> None:
    assert not is_session(day)


def test_christmas_eve_of_2015_closes_at_one() -> None:
    session = session_on(date(2015, 12, 24))

    assert session is not None
    assert session.is_short
    assert session.closes_at == datetime(2015, 12, 24, 18, 0, tzinfo=UTC)


def test_a_weekly_option_expires_on_thursday_when_friday_is_a_holiday() -> None:
    assert weekly_expiry(date(2015, 12, 21)) == date(2015, 12, 24)
    assert weekly_expiry(date(2026, 6, 10)) == date(2026, 6, 12)


@pytest.mark.parametrize(
    ("hour", "minute", "second", "phase"),
    [
        (9, 29, 59, Phase.PRE_OPEN),
        (9, 30, 0, Phase.OPEN),
        (15, 59, 59, Phase.OPEN),
        (16, 0, 0, Phase.AFTER_CLOSE),
    ],
)
def test_the_open_belongs_to_the_session_and_the_close_does_not(
    hour: int, minute: int, second: int, phase: Phase
) -> None:
    moment = datetime(2026, 6, 10, hour, minute, second, tzinfo=NEW_YORK)

    assert phase_at(moment) is phase


def test_wednesday_to_friday_is_two_sessions_and_a_holiday_is_none() -> None:
    assert sessions_until(date(2026, 6, 10), date(2026, 6, 12)) == 2
    assert sessions_until(date(2026, 11, 25), date(2026, 11, 27)) == 1


def test_sessions_follow_one_another_over_the_weekend() -> None:
    assert next_session(date(2026, 6, 12)).day == date(2026, 6, 15)
    assert previous_session(date(2026, 6, 15)).day == date(2026, 6, 12)


def test_an_exchange_clock_runs_at_its_speed_and_stops_where_told() -> None:
    start = datetime(2026, 1, 1, tzinfo=UTC)
    shown = datetime(2015, 12, 23, 14, 30, tzinfo=UTC)
    stop = datetime(2015, 12, 23, 15, 0, tzinfo=UTC)
    clock = ExchangeClock(start, shown, speed=60.0, stops_at=stop)

    assert clock.at(start.replace(second=10)) == shown.replace(minute=40)
    assert clock.at(start.replace(minute=5)) == stop
    assert clock.system_at(shown.replace(minute=40)) == start.replace(second=10)

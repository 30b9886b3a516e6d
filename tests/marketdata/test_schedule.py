"""The exchange's clock does not make anybody wait for a night."""

from datetime import UTC, datetime, timedelta

import pytest

from allcore.kernel.clock import ExchangeClock
from marketdata.domain import schedule

CLOSE = datetime(2026, 6, 12, 20, 0, tzinfo=UTC)  # a Friday
MONDAY = datetime(2026, 6, 15, 13, 30, tzinfo=UTC)
NOW = datetime(2026, 11, 22, 15, 0, tzinfo=UTC)


def after(exchange: datetime, waited: float, speed: float = 1.0) -> datetime:
    """What the clock shows `waited` real seconds after it showed `exchange`, closed hours passed over."""
    clock = ExchangeClock(NOW, exchange, speed)
    now = NOW + timedelta(seconds=waited)
    return schedule.passed_over(clock, now, pause=300, reopens_at=MONDAY).at(now)


@pytest.mark.parametrize(
    ("waited", "shown"),
    [
        (299, CLOSE + timedelta(seconds=299)),
        (300, MONDAY - timedelta(minutes=5)),
        (301, MONDAY - timedelta(minutes=5)),
    ],
)
def test_five_real_minutes_after_the_close_it_is_five_minutes_to_the_next_open(waited: float, shown: datetime) -> None:
    assert after(CLOSE, waited) == shown


def test_the_pause_is_real_time_whatever_the_speed() -> None:
    assert after(CLOSE, 299, speed=60) == CLOSE + timedelta(seconds=299 * 60)
    assert after(CLOSE, 300, speed=60) == MONDAY - timedelta(minutes=5)


def test_while_the_exchange_is_open_the_clock_is_left_alone() -> None:
    assert after(CLOSE - timedelta(hours=1), 3599) == CLOSE - timedelta(seconds=1)


def test_the_minutes_before_the_open_are_lived_through() -> None:
    assert after(MONDAY - timedelta(minutes=5), 200) == MONDAY - timedelta(seconds=100)


def test_after_the_last_recorded_session_the_clock_stands_still() -> None:
    clock = schedule.passed_over(ExchangeClock(NOW, CLOSE), NOW, pause=300, reopens_at=None)

    assert clock.at(NOW + timedelta(hours=9)) == CLOSE + timedelta(minutes=5)

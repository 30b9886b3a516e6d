"""When a connection is tried again."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from brokers.ibkr.orders import CAPABILITIES
from brokers.ports import Health
from brokers.quiet import QuietWindow, window_at
from trading.gateway.life import SilentSessionError, ensure_heard
from trading.gateway.pace import MOST, QUIET, SLOW, TRIPS_AFTER, WITHIN, Cause, Pace

NOW = datetime(2026, 6, 10, 15, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def failed(pace: Pace, times: int, *, apart: timedelta = SECOND, start: datetime = NOW) -> str:
    return [pace.fell("No gateway.", Cause.FAILED, None, start + apart * n) for n in range(times)][-1]


def test_tries_come_ever_later_up_to_a_limit() -> None:
    pace = Pace("w1/ibkr")

    pauses = []
    for n in range(9):
        failed(pace, 1, start=NOW + WITHIN * n)
        pauses.append(pace.pause)

    assert all(0.25 * 2**n <= pause <= 0.5 * 2**n for n, pause in enumerate(pauses[:5]))
    assert all(MOST / 2 <= pause <= MOST for pause in pauses[5:])


def test_workers_that_fail_at_one_moment_do_not_return_at_one_moment() -> None:
    paces = [Pace(f"w{n}/ibkr") for n in range(20)]

    for pace in paces:
        failed(pace, 1)

    assert len({pace.pause for pace in paces}) == 20


def test_the_circuit_holds_just_below_its_number_of_failures() -> None:
    pace = Pace("w1/ibkr")

    said = failed(pace, TRIPS_AFTER - 1)

    assert not pace.is_tripped
    assert said == "No gateway."


def test_the_circuit_trips_with_its_reason_and_is_tried_slowly() -> None:
    pace = Pace("w1/ibkr")

    said = failed(pace, TRIPS_AFTER)

    assert pace.is_tripped
    assert said.startswith("Tripped after 5 failures")
    assert said.endswith("No gateway.")
    assert SLOW / 2 <= pace.pause <= SLOW


@pytest.mark.parametrize(("beyond", "trips"), [(timedelta(0), True), (SECOND, False)])
def test_only_failures_within_the_window_trip_it(beyond: timedelta, trips: bool) -> None:
    pace = Pace("w1/ibkr")

    failed(pace, TRIPS_AFTER, apart=(WITHIN + beyond) / (TRIPS_AFTER - 1))

    assert pace.is_tripped is trips


def test_it_stays_tripped_until_it_is_reset() -> None:
    pace = Pace("w1/ibkr")
    failed(pace, TRIPS_AFTER)

    failed(pace, 1, start=NOW + WITHIN * 10)
    assert pace.is_tripped
    pace.reset()

    assert failed(pace, 1) == "No gateway."
    assert pace.pause <= 0.5


def test_what_is_expected_never_trips_it_and_says_until_when() -> None:
    pace = Pace("w1/ibkr")
    window = window_at(CAPABILITIES.quiet, datetime(2026, 6, 10, 5, 0, tzinfo=UTC))

    said = [pace.fell("Lost.", Cause.FAILED, window, NOW) for _ in range(TRIPS_AFTER * 2)][-1]

    assert not pace.is_tripped
    assert said == "Expected: The broker's daily reset until 01:45 New York. Lost."
    assert QUIET / 2 <= pace.pause <= QUIET


def test_what_only_a_person_can_mend_is_tried_slowly_from_the_first() -> None:
    pace = Pace("w1/schwab")

    said = pace.fell("The leave has ended.", Cause.NEEDS_A_PERSON, None, NOW)

    assert said == "Needs a person: The leave has ended."
    assert pace.pause >= SLOW / 2


NEW_YORK = ZoneInfo("America/New_York")
NEW_YORK_SUMMER = timedelta(hours=4)  # behind UTC
WEDNESDAY, FRIDAY, SATURDAY, SUNDAY = (datetime(2026, 6, day, tzinfo=UTC) for day in (10, 12, 13, 14))


@pytest.mark.parametrize(
    ("day", "clock", "is_quiet"),
    [
        (WEDNESDAY, "00:14:59", False),
        (WEDNESDAY, "00:15:00", True),
        (WEDNESDAY, "01:44:59", True),
        (WEDNESDAY, "01:45:00", False),
        (FRIDAY, "22:59:59", False),
        (FRIDAY, "23:00:00", True),
        (FRIDAY, "23:59:59", True),
        (SATURDAY, "00:00:00", True),
        (SATURDAY, "02:59:59", True),
        (SATURDAY, "03:00:00", False),
        (SUNDAY, "01:00:00", True),
    ],
)
def test_the_hours_of_interactive_brokers_resets(day: datetime, clock: str, is_quiet: bool) -> None:
    hours, minutes, seconds = (int(part) for part in clock.split(":"))
    moment = day + timedelta(hours=hours, minutes=minutes, seconds=seconds) + NEW_YORK_SUMMER

    window = window_at(CAPABILITIES.quiet, moment)

    assert isinstance(window, QuietWindow) is is_quiet


@pytest.mark.parametrize("day", range(7))
def test_every_night_has_a_reset_in_winter_as_in_summer(day: int) -> None:
    winter, summer = (datetime(2026, month, 9, 0, 30, tzinfo=NEW_YORK) + timedelta(days=day) for month in (1, 6))

    assert window_at(CAPABILITIES.quiet, winter) is not None
    assert window_at(CAPABILITIES.quiet, summer) is not None
    assert window_at(CAPABILITIES.quiet, winter + timedelta(hours=9)) is None


@pytest.mark.parametrize(("utc_hour", "is_quiet"), [(4, False), (5, True), (6, True), (7, False)])
def test_the_hour_that_comes_twice_in_autumn_is_quiet_twice(utc_hour: int, is_quiet: bool) -> None:
    moment = datetime(2026, 11, 1, utc_hour, 0, tzinfo=UTC)  # midnight, one, one again, two in New York

    assert (window_at(CAPABILITIES.quiet, moment) is not None) is is_quiet


@pytest.mark.parametrize(("silence", "is_dead"), [(59, False), (60, False), (61, True)])
def test_a_session_that_hears_nothing_for_too_long_is_dead(silence: int, is_dead: bool) -> None:
    health = Health(is_connected=True, heard_at=NOW - SECOND * silence)

    if not is_dead:
        return ensure_heard("ibkr", health, SECOND * 60, NOW)
    with pytest.raises(SilentSessionError):
        ensure_heard("ibkr", health, SECOND * 60, NOW)
    return None


def test_an_adapter_that_judges_its_silence_itself_is_believed() -> None:
    ensure_heard("schwab", Health(is_connected=True, heard_at=NOW - SECOND * 9999), None, NOW)

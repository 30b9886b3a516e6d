"""The gateway's times. A time without a zone is refused: it could be off by hours."""

from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from allcore.kernel.clock import new_york
from brokers.ibkr.errors import ContradictionError

DAILY = (time(0, 15), time(1, 45))  # the servers' daily reset, New York, Sunday to Friday
FRIDAY, SATURDAY = 4, 5
WEEKEND = (time(23, 0), time(3, 0))


def read_time(text: str) -> datetime:
    """Read `yyyymmdd hh:mm:ss Zone`, `yyyymmdd-hh:mm:ss` (UTC) or seconds since 1970.

    Raises:
        ContradictionError: it has no zone, or is no time at all.
    """
    try:
        if text.isdigit() and len(text) > 8:
            return datetime.fromtimestamp(int(text), UTC)
        if "-" in text[:9]:
            return datetime.strptime(text, "%Y%m%d-%H:%M:%S").replace(tzinfo=UTC)
        day, clock, zone = text.split()
        naive = datetime.strptime(f"{day} {clock}", "%Y%m%d %H:%M:%S")  # noqa: DTZ007 its zone follows
        return naive.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)
    except (ValueError, ZoneInfoNotFoundError, OverflowError, OSError) as e:
        raise ContradictionError(
            f"The gateway's time {text!r} has no zone that is known: set its time zone to UTC.", text=text
        ) from e


def write_utc(moment: datetime) -> str:
    """Return the moment as orders carry it, in UTC."""
    return f"{moment.astimezone(UTC):%Y%m%d-%H:%M:%S}"


def in_reset_window(now: datetime) -> bool:
    """Return whether the broker's servers are being reset, so that a lost line is nothing unusual.

    Source: the broker's page on system status; the hours move, so this only quietens an alert.
    """
    there = new_york(now)
    clock, day = there.time(), there.weekday()
    if (day == FRIDAY and clock >= WEEKEND[0]) or (day == SATURDAY and clock < WEEKEND[1]):
        return True
    return day != SATURDAY and DAILY[0] <= clock < DAILY[1]

"""The gateway's times. A time without a zone is refused: it could be off by hours."""

from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from brokers.ibkr.errors import ContradictionError
from brokers.quiet import FRIDAY, MONDAY, SATURDAY, SUNDAY, THURSDAY, TUESDAY, WEDNESDAY, QuietWindow

# Source: the broker's page on system status, North America. A lost line is then nothing unusual; the weekend's spans
# midnight, hence its two rows. The weekly sign-in ends on Sundays at 01:00, inside the daily reset.
QUIET = (
    QuietWindow(
        frozenset({SUNDAY, MONDAY, TUESDAY, WEDNESDAY, THURSDAY, FRIDAY}),
        time(0, 15),
        time(1, 45),
        "The broker's daily reset",
    ),
    QuietWindow(frozenset({FRIDAY}), time(23, 0), None, "The broker's weekend reset"),
    QuietWindow(frozenset({SATURDAY}), time(0, 0), time(3, 0), "The broker's weekend reset"),
)


# Java's short names that no zone file has. CST is left out: it is Chicago's, and China's.
SHORT_ZONES = {
    "EDT": "America/New_York",
    "CDT": "America/Chicago",
    "MDT": "America/Denver",
    "PDT": "America/Los_Angeles",
    "PST": "America/Los_Angeles",
}


def read_time(text: str) -> datetime:
    """Read `yyyymmdd hh:mm:ss Zone`, `yyyymmdd-hh:mm:ss` (UTC) or seconds since 1970.

    Raises:
        ContradictionError: it has no zone, or is no time at all.
    """
    try:
        if text.isdigit() and len(text) > 8:
            return datetime.fromtimestamp(int(text), UTC)
        if "-" in text[:9]:
            return datetime.strptime(text.partition(".")[0], "%Y%m%d-%H:%M:%S").replace(tzinfo=UTC)
        day, clock, zone = text.split()
        naive = datetime.strptime(f"{day} {clock.partition('.')[0]}", "%Y%m%d %H:%M:%S")  # noqa: DTZ007 its zone follows
        return naive.replace(tzinfo=ZoneInfo(SHORT_ZONES.get(zone, zone))).astimezone(UTC)
    except (ValueError, ZoneInfoNotFoundError, OverflowError, OSError) as e:
        raise ContradictionError(
            f"The gateway's time {text!r} has no zone that is known: set its time zone to UTC.", text=text
        ) from e


def write_utc(moment: datetime) -> str:
    """Return the moment as orders carry it, in UTC."""
    return f"{moment.astimezone(UTC):%Y%m%d-%H:%M:%S}"
